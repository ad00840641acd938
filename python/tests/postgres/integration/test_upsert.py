"""`upsert_one` and `upsert_many`: targets, update columns, insert or keep, order, errors."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import _engine, connection, errors


@pytest.fixture(autouse=True)
def tables(database: Database) -> None:
    database.query("CREATE TABLE users (id serial PRIMARY KEY, email text UNIQUE, name text, age int DEFAULT 18)")
    database.query("CREATE TABLE pairs (a int, b int, v text DEFAULT 'd', PRIMARY KEY (a, b))")
    database.query('CREATE TABLE "Odd" ("Key" int UNIQUE, "order" text)')


async def test_insert_then_update(pg: ModuleType, database: Database) -> None:
    first = await pg.upsert_one("users", {"email": "a@x", "name": "Ada"}, "email")
    assert first == {"id": 1, "email": "a@x", "name": "Ada", "age": 18}
    second = await pg.upsert_one("users", {"email": "a@x", "name": "Grace"}, ["email"])
    assert second == {"id": 1, "email": "a@x", "name": "Grace", "age": 18}
    assert database.query("SELECT * FROM users") == [second]


async def test_every_way_to_call(pg: ModuleType) -> None:
    document = {"email": "a@x", "name": "Ada"}
    for module in (pg, connection):
        assert (await module.upsert_one("users", document, "email", ["name"]))["id"] == 1
        assert (
            await module.upsert_one(table="users", document=document, conflict_target="email", update_columns=None)
        )["id"] == 1
        assert len(await module.upsert_many("users", [document], "email", ["name"])) == 1
        assert len(await module.upsert_many(table="users", documents=[document], conflict_target=["email"])) == 1
    assert (await _engine.upsert_one("users", document, ["email"], ["name"]))["id"] == 1
    assert len(await _engine.upsert_many("users", [document], ["email"], None)) == 1


async def test_composite_target(pg: ModuleType) -> None:
    await pg.upsert_one("pairs", {"a": 1, "b": 1, "v": "x"}, ["a", "b"])
    assert await pg.upsert_one("pairs", {"a": 1, "b": 1, "v": "y"}, ["a", "b"]) == {"a": 1, "b": 1, "v": "y"}
    assert await pg.upsert_one("pairs", {"a": 1, "b": 2, "v": "z"}, ("b", "a")) == {"a": 1, "b": 2, "v": "z"}
    assert await pg.count("pairs") == 2


async def test_update_columns_leave_the_rest(pg: ModuleType) -> None:
    await pg.insert_one("users", {"email": "a@x", "name": "Ada", "age": 36})
    document = {"email": "a@x", "name": "New", "age": 99}
    assert (await pg.upsert_one("users", document, "email", ["name"])) == {
        "id": 1,
        "email": "a@x",
        "name": "New",
        "age": 36,
    }
    assert (await pg.upsert_many("users", [document], "email", ["age"]))[0]["age"] == 99
    assert (await pg.upsert_one("users", {"email": "b@x", "name": "B", "age": 5}, "email", ["name"]))["age"] == 5


@pytest.mark.parametrize("columns", [None, []])
async def test_insert_or_keep(pg: ModuleType, columns: Any) -> None:
    kept = await pg.insert_one("users", {"email": "a@x", "name": "Ada"})
    assert await pg.upsert_one("users", {"email": "a@x"}, "email", columns) == kept
    assert await pg.upsert_many("users", [{"email": "a@x"}, {"email": "b@x"}], "email", columns) == [
        kept,
        {"id": 4, "email": "b@x", "name": None, "age": 18},
    ]
    if columns == []:
        assert await pg.upsert_one("users", {"email": "a@x", "name": "Other"}, "email", columns) == kept
        rows = await pg.upsert_many(
            "users", [{"email": "c@x", "name": "C"}, {"email": "a@x", "name": "D"}], "email", []
        )
        assert [row["name"] for row in rows] == ["C", "Ada"]


async def test_rows_come_back_in_input_order(pg: ModuleType) -> None:
    await pg.insert_many("users", [{"email": f"e{n}", "name": "old"} for n in range(0, 100, 3)])
    documents = [{"email": f"e{n * 37 % 100}", "name": f"n{n}"} for n in range(100)]
    rows = await pg.upsert_many("users", documents, "email")
    assert [(row["email"], row["name"]) for row in rows] == [(d["email"], d["name"]) for d in documents]
    again = await pg.upsert_many("users", documents, "email", batch_size=7)
    assert again == rows
    kept = await pg.upsert_many("users", [{"email": d["email"]} for d in documents], "email", batch_size=9)
    assert kept == rows
    assert await pg.count("users") == 100


async def test_large_batches_are_atomic(pg: ModuleType, database: Database) -> None:
    documents: list[dict[str, Any]] = [{"email": f"e{n}", "age": n} for n in range(3000)]
    rows = await pg.upsert_many("users", documents, "email")
    assert [row["age"] for row in rows] == list(range(3000))
    changed = [{**document, "age": -1} for document in documents]
    changed[-1]["age"] = 2**40
    with pytest.raises(errors.DataError, match="^Batch upsert failed: "):
        await pg.upsert_many("users", changed, "email")
    assert database.query("SELECT count(*) AS n FROM users WHERE age = -1") == [{"n": 0}]


async def test_nothing_to_upsert(pg: ModuleType) -> None:
    assert await pg.upsert_many("users", [], "email") == []


@pytest.mark.parametrize("target", [[], "", (), [""]])
async def test_empty_targets(pg: ModuleType, database: Database, target: Any) -> None:
    for call in (
        lambda: pg.upsert_one("users", {"email": "a"}, target),
        lambda: pg.upsert_many("users", [{"email": "a"}], target),
        lambda: _engine.upsert_one("users", {"email": "a"}, target),
    ):
        with pytest.raises(Exception, match="Conflict target cannot be empty") as caught:
            await call()
        assert not isinstance(caught.value, AssertionError)
        assert "upsert" in str(caught.value).lower() and "failed" in str(caught.value)
    assert database.query("SELECT * FROM users") == []


async def test_update_columns_must_be_in_the_document(pg: ModuleType, database: Database) -> None:
    with pytest.raises(ValueError, match="age"):
        await pg.upsert_one("users", {"email": "a", "name": "n"}, "email", ["age"])
    with pytest.raises(ValueError, match="age"):
        await pg.upsert_many("users", [{"email": "a", "name": "n"}], "email", ["name", "age"])
    assert database.query("SELECT * FROM users") == []


async def test_the_same_key_twice(pg: ModuleType, database: Database) -> None:
    documents = [{"email": "a@x", "name": "1"}, {"email": "b@x", "name": "2"}, {"email": "a@x", "name": "3"}]
    for columns in (None, ["name"], []):
        with pytest.raises(errors.QueryError, match=r"a@x") as caught:
            await pg.upsert_many("users", documents, "email", columns)
        assert caught.value.sqlstate == "21000"
        assert str(caught.value).startswith("Batch upsert failed: ")
    assert database.query("SELECT * FROM users") == []


async def test_the_same_key_twice_across_chunks(pg: ModuleType, database: Database) -> None:
    documents = [{"email": f"e{n % 4}", "name": str(n)} for n in range(6)]
    with pytest.raises(errors.QueryError) as caught:
        await pg.upsert_many("users", documents, "email", batch_size=4)
    assert caught.value.sqlstate == "21000"
    assert database.query("SELECT * FROM users") == []


FAILURES: list[tuple[str, dict[str, Any], Any, type[errors.PostgresError], str | None, str]] = [
    ("users", {"email": "a", "name": "n"}, "name", errors.QueryError, "42P10", "no unique or exclusion constraint"),
    ("users", {"email": "a"}, "nope", errors.UndefinedColumnError, "42703", 'column "nope" does not exist'),
    ("users", {"email": "a", "nope": 1}, "email", errors.UndefinedColumnError, "42703", "does not exist"),
    ("missing", {"email": "a"}, "email", errors.UndefinedTableError, "42P01", 'relation "missing" does not exist'),
    ("pairs", {"a": 1}, ["a", "b"], errors.NotNullError, "23502", "violates not-null constraint"),
    ("users", {"email": "a", "id": 1}, "email", errors.ConflictError, "23505", "duplicate key value violates unique"),
]


@pytest.mark.parametrize(("table", "document", "target", "kind", "sqlstate", "wording"), FAILURES)
async def test_errors(
    pg: ModuleType,
    table: str,
    document: dict[str, Any],
    target: Any,
    kind: type[errors.PostgresError],
    sqlstate: str | None,
    wording: str,
) -> None:
    await pg.insert_one("users", {"id": 1, "email": "first"})
    for prefix, call in (
        ("Upsert failed: ", lambda: pg.upsert_one(table, document, target)),
        ("Batch upsert failed: ", lambda: pg.upsert_many(table, [document], target)),
    ):
        with pytest.raises(kind) as caught:
            await call()
        assert caught.value.sqlstate == sqlstate
        assert str(caught.value).startswith(prefix)
        assert wording in str(caught.value)


async def test_key_sets_must_be_the_same(pg: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"1.*age"):
        await pg.upsert_many("users", [{"email": "a", "age": 1}, {"email": "b"}], "email")


async def test_names_are_kept_and_quoted(pg: ModuleType) -> None:
    await pg.upsert_one("Odd", {"Key": 1, "order": "a"}, "Key")
    assert await pg.upsert_one("Odd", {"Key": 1, "order": "b"}, "Key", ["order"]) == {"Key": 1, "order": "b"}
    assert await pg.upsert_many("Odd", [{"Key": 1, "order": "c"}], ["Key"]) == [{"Key": 1, "order": "c"}]


async def test_inside_a_transaction(pg: ModuleType, database: Database) -> None:
    async with pg.begin_transaction() as tx:
        await pg.upsert_one("users", {"email": "a", "name": "1"}, "email")
        await pg.upsert_many("users", [{"email": "a", "name": "2"}], "email")
        assert database.query("SELECT * FROM users") == []
        await tx.rollback()
    assert database.query("SELECT * FROM users") == []


async def test_a_partial_or_null_key_inserts(pg: ModuleType) -> None:
    first = await pg.upsert_one("users", {"email": None, "name": "a"}, "email")
    second = await pg.upsert_one("users", {"email": None, "name": "b"}, "email")
    assert first["id"] != second["id"]
    rows = await pg.upsert_many("users", [{"email": None, "name": "c"}, {"email": None, "name": "d"}], "email")
    assert [row["name"] for row in rows] == ["c", "d"]
    kept = await pg.upsert_many("users", [{"email": None, "name": "e"}, {"email": None, "name": "f"}], "email", [])
    assert [row["name"] for row in kept] == ["e", "f"]
