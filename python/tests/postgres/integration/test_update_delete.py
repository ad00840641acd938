"""`update_one`, `update_many`, `delete_one`, `delete_many`, public and of the engine."""

from __future__ import annotations

from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import _engine, connection, errors


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute(
        "CREATE TABLE t (id int PRIMARY KEY, name text UNIQUE, age int"
        " CHECK (age > 0), info jsonb, price numeric(10,2))"
    )
    await pg.insert_many("t", [{"id": n, "name": f"n{n}", "age": n * 10} for n in range(1, 5)])
    await pg.execute('CREATE TABLE "Odd" ("Order" int, "user" text)')
    await pg.insert_one("Odd", {"Order": 1, "user": "a"})


def ages(database: Database) -> list[int]:
    return [row["age"] for row in database.query("SELECT age FROM t ORDER BY id")]


async def test_update_one(pg: ModuleType, database: Database) -> None:
    for number, call in enumerate((pg.update_one, connection.update_one, _engine.update_one), 100):
        assert await call("t", "id", 1, {"age": number}) == 1
        assert ages(database)[0] == number
    assert await pg.update_one(table="t", pk_column="name", pk_value="n2", update={"age": 5, "price": 1.5}) == "n2"
    assert database.query("SELECT age, price FROM t WHERE id = 2") == [{"age": 5, "price": Decimal("1.50")}]


@pytest.mark.parametrize("key", [99, None])
async def test_update_one_without_a_match(pg: ModuleType, database: Database, key: Any) -> None:
    for call in (pg.update_one, _engine.update_one):
        with pytest.raises(errors.RowNotFoundError, match="Update failed: no rows affected") as caught:
            await call("t", "id", key, {"age": 1})
        assert isinstance(caught.value, errors.QueryError)
    assert ages(database) == [10, 20, 30, 40]


async def test_updates_must_not_be_empty(pg: ModuleType, database: Database) -> None:
    for call in (
        lambda: pg.update_one("t", "id", 1, {}),
        lambda: pg.update_many("t", None, {}),
        lambda: _engine.update_many("t", {}, "", []),
        lambda: _engine.update_one("t", "id", 1, {}),
    ):
        with pytest.raises(ValueError, match="empty"):
            await call()


async def test_update_many(pg: ModuleType, database: Database) -> None:
    assert await pg.update_many("t", [("age", "gt", 20)], {"age": 7}) == 2
    assert ages(database) == [10, 20, 7, 7]
    assert await pg.update_many("t", {"id": 99}, {"age": 1}) == 0
    assert await pg.update_many("t", {"id": 1}, {"name": None, "info": {"a": 1}}) == 1
    assert await pg.update_many(table="t", where_conditions=None, updates={"age": 3}) == 4
    assert await pg.update_many("t", [], {"age": 4}) == 4
    assert ages(database) == [4, 4, 4, 4]


async def test_update_many_returning(pg: ModuleType) -> None:
    assert await pg.update_many("t", {"id": 1}, {"age": 5}, returning=["age", "id"]) == [{"age": 5, "id": 1}]
    [row] = await pg.update_many("t", {"id": 1}, {"age": 6}, returning=["*"])
    assert row == {"id": 1, "name": "n1", "age": 6, "info": None, "price": None}
    assert await pg.update_many("t", {"id": 99}, {"age": 6}, returning=["id"]) == []
    assert await pg.update_many("t", {"id": 1}, {"age": 6}, returning=[]) == 1
    assert await pg.update_many("t", {"id": 1}, {"age": 6}, returning=None) == 1


async def test_the_engines_update_many_shifts_placeholders(pg: ModuleType, database: Database) -> None:
    assert await _engine.update_many("t", {"age": 5, "price": 2}, "id = $1 OR name = $2", [1, "n2"]) == 2
    assert ages(database) == [5, 5, 30, 40]
    assert await _engine.update_many("t", {"age": 6}, "", []) == 4
    assert await _engine.update_many("t", {"age": 7}, "", None) == 4
    assert await _engine.update_many(
        table="t", updates={"age": 8}, where_clause="id = $1", params=[1], returning=["age"]
    ) == [{"age": 8}]
    assert await _engine.update_many("t", {"age": 9}, "id = $1", [1], []) == 1
    assert len(await _engine.update_many("t", {"age": 9}, "", [], ["*"])) == 4


TRICKY_WHERE = [
    "id = $1 AND name <> '$1'",
    "id = $1 AND name <> $$ $1 $2 $$",
    "id = $1 AND name <> $tag$ $1 $tag$ /* $2 */",
    "id = $1 -- $2\n",
    "/* $9 /* $8 */ */ id = $1",
    "id = $1 AND name <> E'\\'$2'",
    'id = $1 AND "name" IS NOT NULL AND $1 = $1',
    "id = $1::int AND name <> 'it''s $2'",
    "$1 = id",
    "(id=$1)",
]


@pytest.mark.parametrize("where", TRICKY_WHERE)
async def test_shifting_skips_what_only_looks_like_a_placeholder(
    pg: ModuleType, database: Database, where: str
) -> None:
    assert await _engine.update_many("t", {"age": 77, "info": {"a": 1}}, where, [2]) == 1
    assert ages(database) == [10, 77, 30, 40]
    assert await _engine.delete_many("t", where, [2]) == 1
    assert await _engine.count("t", where, [3]) == 1
    assert [row["id"] for row in await _engine.find_many("t", where, [3], limit=5)] == [3]


async def test_many_where_parameters(pg: ModuleType, database: Database) -> None:
    where = " OR ".join(f"id = ${n}" for n in range(15, 0, -1))
    assert await _engine.update_many("t", {"age": 1, "price": 2, "info": [1]}, where, [99] * 10 + [1] + [98] * 4) == 1
    assert ages(database) == [1, 20, 30, 40]


async def test_delete_one(pg: ModuleType, database: Database) -> None:
    for number, call in enumerate((pg.delete_one, connection.delete_one, _engine.delete_one), 1):
        assert await call("t", "id", number) == 1
        assert await call("t", "id", number) == 0
        assert await call("t", "id", None) == 0
    assert await pg.delete_one(table="t", pk_column="name", pk_value="n4") == 1
    assert ages(database) == []


async def test_delete_many(pg: ModuleType, database: Database) -> None:
    assert await pg.delete_many("t", [("age", "lt", 25)]) == 2
    assert await pg.delete_many("t", {"id": 99}) == 0
    assert await pg.delete_many("t", {"id": 3}, returning=["id", "name"]) == [{"id": 3, "name": "n3"}]
    assert await pg.delete_many("t", {"id": 3}, returning=["*"]) == []
    assert await pg.delete_many(table="t", where_conditions={"id": 99}, returning=[]) == 0
    assert await pg.delete_many("t", None) == 1
    assert ages(database) == []


async def test_the_engines_delete_many(pg: ModuleType, database: Database) -> None:
    assert await _engine.delete_many("t", "id = $1", [1]) == 1
    assert await _engine.delete_many("t", "id = $1", [2], ["id"]) == [{"id": 2}]
    assert await _engine.delete_many(table="t", where_clause="id = $1", params=[3], returning=["*"]) == [
        {"id": 3, "name": "n3", "age": 30, "info": None, "price": None}
    ]
    assert await _engine.delete_many("t", "", [], []) == 1
    assert ages(database) == []


async def test_names_are_kept(pg: ModuleType) -> None:
    assert await pg.update_one("Odd", "Order", 1, {"user": "b"}) == 1
    assert await pg.update_many("Odd", {"user": "b"}, {"Order": 2}, returning=["Order"]) == [{"Order": 2}]
    assert await _engine.update_many("Odd", {"user": "c"}, '"Order" = $1', [2], ["user"]) == [{"user": "c"}]
    assert await _engine.delete_many("Odd", '"Order" = $1', [2], ["user", "Order"]) == [{"user": "c", "Order": 2}]


@pytest.mark.parametrize(
    ("updates", "kind", "wording"),
    [
        ({"name": "n2"}, errors.ConflictError, "violates unique constraint"),
        ({"age": -1}, errors.CheckError, "violates check constraint"),
        ({"id": None}, errors.NotNullError, "violates not-null constraint"),
        ({"nope": 1}, errors.UndefinedColumnError, "does not exist"),
        ({"age": "old"}, errors.DataError, "invalid input syntax"),
        ({"age": 2**40}, errors.DataError, "out of range"),
    ],
)
async def test_update_errors(
    pg: ModuleType, database: Database, updates: dict[str, Any], kind: type[errors.PostgresError], wording: str
) -> None:
    for call in (
        lambda: pg.update_one("t", "id", 1, updates),
        lambda: pg.update_many("t", {"id": 1}, updates),
        lambda: _engine.update_many("t", updates, "id = $1", [1]),
    ):
        with pytest.raises(kind, match=wording) as caught:
            await call()
        assert str(caught.value).startswith("Update failed: ")
    assert ages(database) == [10, 20, 30, 40]


async def test_delete_errors(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE child (t_id int REFERENCES t (id))")
    await pg.insert_one("child", {"t_id": 1})
    for call in (
        lambda: pg.delete_one("t", "id", 1),
        lambda: pg.delete_many("t", {"id": 1}),
        lambda: _engine.delete_many("t", "id = $1", [1]),
    ):
        with pytest.raises(errors.ForeignKeyError, match="violates foreign key constraint") as caught:
            await call()
        assert str(caught.value).startswith("Delete failed: ")
    with pytest.raises(errors.UndefinedTableError):
        await pg.delete_many("missing", None)
