"""`find_one`, `find_many`, `count` and the engine's readers: conditions, order, limits, columns, distinct."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import _engine, connection, errors

ROWS = [
    {"id": 1, "name": "Ada", "age": 36, "tags": ["a", "b"], "info": {"k": 1, "deep": {"x": [1]}}, "note": None},
    {"id": 2, "name": "Bob", "age": 20, "tags": ["b"], "info": {"j": 2}, "note": "n"},
    {"id": 3, "name": "ada", "age": 36, "tags": [], "info": None, "note": "n"},
    {"id": 4, "name": "Eve", "age": None, "tags": None, "info": ["k", "z"], "note": "50%_x"},
]


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (id int PRIMARY KEY, name text, age int, tags text[], info jsonb, note text)")
    await pg.insert_many("t", ROWS)
    await pg.execute('CREATE TABLE "Odd" ("Order" int, "user" text)')
    await pg.insert_many("Odd", [{"Order": 2, "user": "b"}, {"Order": 1, "user": "a"}])
    await pg.execute("CREATE SCHEMA other CREATE TABLE t (id int)")


async def ids(pg: ModuleType, conditions: Any) -> list[int]:
    """What find_many finds, in agreement with count, find_one and the other spelling of the operator."""
    found = [row["id"] for row in await pg.find_many("t", conditions, order_by=("id", "asc"))]
    assert await pg.count("t", conditions) == len(found)
    first = await pg.find_one("t", conditions, order_by=("id", "asc"))
    assert (first["id"] if first else None) == (found[0] if found else None)
    return found


CONDITIONS: list[tuple[Any, list[int]]] = [
    (None, [1, 2, 3, 4]),
    ([], [1, 2, 3, 4]),
    ({}, [1, 2, 3, 4]),
    ({"age": 36}, [1, 3]),
    ({"age": 36, "name": "ada"}, [3]),
    ({"age": None}, [4]),
    ([("age", "eq", 36)], [1, 3]),
    ([("age", "=", 36)], [1, 3]),
    ([("age", "EQ", 36)], [1, 3]),
    ([["age", "eq", 36]], [1, 3]),
    ((("age", "eq", 36),), [1, 3]),
    ([("age", "ne", 36)], [2]),
    ([("age", "!=", 36)], [2]),
    ([("age", "<>", 36)], [2]),
    ([("age", "eq", None)], [4]),
    ([("age", "ne", None)], [1, 2, 3]),
    ([("age", "gt", 20)], [1, 3]),
    ([("age", ">", 20)], [1, 3]),
    ([("age", "gte", 20)], [1, 2, 3]),
    ([("age", ">=", 36)], [1, 3]),
    ([("age", "lt", 36)], [2]),
    ([("age", "<", 20)], []),
    ([("age", "lte", 36)], [1, 2, 3]),
    ([("age", "<=", 20)], [2]),
    ([("age", "Gt", 20.5)], [1, 3]),
    ([("name", "like", "A%")], [1]),
    ([("name", "LIKE", "%a")], [1, 3]),
    ([("name", "ilike", "a%")], [1, 3]),
    ([("note", "like", "50\\%\\_%")], [4]),
    ([("age", "in", [36, 20])], [1, 2, 3]),
    ([("age", "in", (20,))], [2]),
    ([("age", "in", [])], []),
    ([("age", "IN", {36})], [1, 3]),
    ([("age", "not_in", [36])], [2]),
    ([("age", "not_in", [])], [1, 2, 3, 4]),
    ([("name", "in", ["Ada", "Eve"])], [1, 4]),
    ([("age", "is_null", None)], [4]),
    ([("age", "IS_NULL", True)], [4]),
    ([("age", "is_not_null", None)], [1, 2, 3]),
    ([("info", "json_contains", {"k": 1})], [1]),
    ([("info", "json_contains", {"deep": {"x": [1]}})], [1]),
    ([("info", "json_contains", ["k"])], [4]),
    ([("info", "json_contained_by", {"j": 2, "k": 3})], [2]),
    ([("info", "json_key_exists", "k")], [1, 4]),
    ([("info", "json_any_key_exists", ["j", "z"])], [2, 4]),
    ([("info", "json_any_key_exists", [])], []),
    ([("info", "json_all_keys_exist", ["k", "z"])], [4]),
    ([("info", "json_all_keys_exist", ["k", "deep"])], [1]),
    ([("info", "json_key_exists", "'] || pg_sleep(9) || ['")], []),
    ([("info", "json_any_key_exists", ["k'], 'x"])], []),
    ([("tags", "any", "b")], [1, 2]),
    ([("tags", "has", "a")], [1]),
    ([("tags", "array_contains", ["a", "b"])], [1]),
    ([("tags", "has_all", ["b"])], [1, 2]),
    ([("tags", "array_contains", [])], [1, 2, 3]),
    ([("tags", "array_contained_by", ["b", "c"])], [2, 3]),
    ([("tags", "array_overlaps", ["a", "c"])], [1]),
    ([("tags", "has_any", ["b"])], [1, 2]),
    ([("tags", "eq", ["a", "b"])], [1]),
    ([("age", "gt", 10), ("age", "lt", 30)], [2]),
    ([("age", "eq", 36), ("name", "like", "A%")], [1]),
    ([("age", "eq", 9_999_999_999)], []),
    ([("name", "eq", "'; DROP TABLE t; --")], []),
]


@pytest.mark.parametrize("case", CONDITIONS, ids=lambda case: str(case[0])[:60])
async def test_conditions(pg: ModuleType, case: tuple[Any, list[int]]) -> None:
    conditions, expected = case
    assert await ids(pg, conditions) == expected


async def test_conditions_may_be_any_iterable(pg: ModuleType) -> None:
    assert len(await pg.find_many("t", (("age", "eq", 36) for _ in range(1)))) == 2


@pytest.mark.parametrize("operator", ["nope", "", "= 1 OR 1 =", "eq;", "==", "isnull", "contains"])
async def test_unknown_operators(pg: ModuleType, operator: str) -> None:
    for call in (pg.find_many, pg.find_one, pg.count):
        with pytest.raises(ValueError, match="Unknown operator: ") as caught:
            await call("t", [("age", operator, 1)])
        assert operator in str(caught.value)
        assert not isinstance(caught.value, RuntimeError)


@pytest.mark.parametrize(
    "conditions",
    ["age = 1", 5, [("age", "eq")], [("age", 1, 2, 3)], ["age"], [None], [(1, "eq", 2)], [("age", 1, 2)], {1: 2}],
)
async def test_malformed_conditions(pg: ModuleType, conditions: Any) -> None:
    for call in (pg.find_many, pg.find_one, pg.count):
        with pytest.raises((TypeError, ValueError)):
            await call("t", conditions)


async def test_operands_of_the_wrong_shape(pg: ModuleType) -> None:
    for condition in (
        ("age", "in", 5),
        ("age", "not_in", "36"),
        ("info", "json_any_key_exists", "k"),
        ("age", "in", None),
    ):
        with pytest.raises((TypeError, ValueError, errors.PostgresError)):
            await pg.find_many("t", [condition])
    assert await pg.count("t") == 4


async def test_every_way_to_call(pg: ModuleType) -> None:
    for module in (pg, connection):
        assert await module.find_many("t", {"id": 1}) == [ROWS[0]]
        assert await module.find_many(table="t", where_conditions=[("id", "eq", 1)]) == [ROWS[0]]
        assert await module.find_one("t", {"id": 1}) == ROWS[0]
        assert await module.find_one(table="t", where_conditions={"id": 99}) is None
        assert await module.count("t") == 4
        assert await module.count(table="t", where_conditions={"id": 1}) == 1


async def test_order_limit_offset(pg: ModuleType) -> None:
    async def found(**options: Any) -> list[int]:
        return [row["id"] for row in await pg.find_many("t", None, **options)]

    assert await found(order_by=("id", "desc")) == [4, 3, 2, 1]
    assert await found(order_by=[("id", "desc")]) == [4, 3, 2, 1]
    assert await found(order_by=[("age", "asc"), ("id", "DESC")]) == [2, 3, 1, 4]
    assert await found(order_by=(("id", "Asc"),), limit=2) == [1, 2]
    assert (await found(order_by=[("age", "asc nulls first"), ("id", "asc")]))[:1] == [4]
    assert (await found(order_by=[("age", "DESC NULLS LAST"), ("id", "asc")]))[-1:] == [4]
    assert await found(order_by=("id", "asc"), limit=2, offset=1) == [2, 3]
    assert await found(order_by=("id", "asc"), offset=3) == [4]
    assert await found(order_by=("id", "asc"), limit=0) == []
    assert await found(order_by=("id", "asc"), offset=100) == []
    assert sorted(await found(order_by=[])) == [1, 2, 3, 4]


async def test_columns_and_distinct(pg: ModuleType) -> None:
    rows = await pg.find_many("t", {"id": 1}, select_columns=["name", "id"])
    assert rows == [{"name": "Ada", "id": 1}]
    assert list(rows[0]) == ["name", "id"]
    assert await pg.find_many("t", {"id": 1}, select_columns=[]) == [ROWS[0]]
    assert await pg.find_many("t", [("age", "eq", 36)], select_columns=["age"], distinct=True) == [{"age": 36}]
    assert len(await pg.find_many("t", [("age", "eq", 36)], select_columns=["age"], distinct=False)) == 2
    assert await pg.find_one("t", {"id": 2}, select_columns=["age"]) == {"age": 20}
    assert (await pg.find_one("t", order_by=("id", "desc"))) == ROWS[3]
    rows = await pg.find_many(
        "t", None, distinct_on=["age"], order_by=[("age", "asc"), ("id", "desc")], select_columns=["id"]
    )
    assert [row["id"] for row in rows] == [2, 3, 4]


@pytest.mark.parametrize("direction", ["up", "", "asc; DROP TABLE t", "ascending", "asc nulls"])
async def test_bad_directions(pg: ModuleType, direction: str) -> None:
    with pytest.raises(ValueError, match="direction|asc"):
        await pg.find_many("t", order_by=("id", direction))
    with pytest.raises(ValueError, match="direction|asc"):
        await _engine.find_many("t", "", [], [("id", direction)])
    with pytest.raises(ValueError, match="direction|asc"):
        await _engine.fetch_all("t", {}, order_by=[("id", direction)])


@pytest.mark.parametrize("name", ["limit", "offset"])
async def test_bad_limits(pg: ModuleType, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        await pg.find_many("t", None, **{name: -1})
    for value in ("1", 1.5, True, "1; DROP TABLE t"):
        with pytest.raises(TypeError, match=name):
            await pg.find_many("t", None, **{name: value})
    with pytest.raises(ValueError, match=name):
        await _engine.find_many("t", "", [], **{name: -1})
    with pytest.raises(ValueError, match=name):
        await _engine.fetch_all("t", {}, **{name: -1})


async def test_missing_tables_and_columns(pg: ModuleType) -> None:
    for call in (pg.find_many, pg.find_one, pg.count):
        with pytest.raises(errors.UndefinedTableError, match='relation "missing" does not exist'):
            await call("missing")
        with pytest.raises(errors.UndefinedColumnError, match="does not exist"):
            await call("t", {"nope": 1})
    with pytest.raises(errors.UndefinedColumnError):
        await pg.find_many("t", order_by=("nope", "asc"))


async def test_names_are_kept_and_schemas_respected(pg: ModuleType) -> None:
    assert await pg.find_many("Odd", {"Order": 1}) == [{"Order": 1, "user": "a"}]
    assert await pg.find_many("Odd", None, order_by=("Order", "asc"), select_columns=["user"]) == [
        {"user": "a"},
        {"user": "b"},
    ]
    assert await pg.count("Odd", [("user", "in", ["a"])]) == 1
    assert await pg.find_many("other.t") == []
    assert await pg.find_many("public.t", {"id": 1}) == [ROWS[0]]


async def test_the_engines_find_many(pg: ModuleType) -> None:
    async def found(*arguments: Any, **options: Any) -> list[int]:
        return [row["id"] for row in await _engine.find_many(*arguments, **options)]

    assert await found("t", "", []) == [1, 2, 3, 4]
    assert await found("t", "", None) == [1, 2, 3, 4]
    assert await found("t", "age = $1 AND name LIKE $2", [36, "A%"]) == [1]
    # order_by, offset, limit, select_cols: the offset comes before the limit.
    assert await found("t", "", [], [("id", "desc")], 1, 2, ["id"]) == [3, 2]
    assert await found("t", "age = $1", [36], [("id", "asc")], None, 1) == [1]
    assert await found(table="t", where_clause="id > $1", params=[1], limit=1) == [2]
    assert await found(table="t", where_clause="", params=[], order_by=[("id", "desc")], offset=3) == [1]
    assert await _engine.find_many("t", "age = 36", [], None, None, None, ["age"], True) == [{"age": 36}]
    rows = await _engine.find_many(
        "t", "", [], [("age", "asc"), ("id", "asc")], None, None, ["id", "age"], None, ["age"]
    )
    assert [row["id"] for row in rows] == [2, 1, 4]
    assert await found("Odd", '"Order" = $1', [1], select_cols=None, limit=0) == []
    assert await found("t", "info ? $1 AND tags && $2", ["k", ["a"]]) == [1]


async def test_the_engines_fetch_functions(pg: ModuleType) -> None:
    assert await _engine.fetch_one("t", {"id": 1}) == ROWS[0]
    assert await _engine.fetch_one("t", {"age": 36, "name": "ada"}) == ROWS[2]
    assert await _engine.fetch_one("t", {"age": None}) == ROWS[3]
    assert await _engine.fetch_one("t", {"id": 99}) is None
    assert await _engine.fetch_one(table="t", filter={}) in ROWS
    assert await _engine.fetch_all("t", {"age": 36}) == [ROWS[0], ROWS[2]]
    assert await _engine.fetch_all("t", {}, 2, 1, [("id", "asc")]) == [ROWS[1], ROWS[2]]
    assert await _engine.fetch_all("t", {"age": None}) == [ROWS[3]]
    assert await _engine.fetch_all(table="t", filter={}, limit=0) == []
    assert len(await _engine.fetch_all("t", {}, None, None, [("age", "asc")], None, ["age"])) == 3
    assert await _engine.find_one("t", "id", 1) == ROWS[0]
    assert await _engine.find_one("t", "id", 99) is None
    assert await _engine.find_one(table="t", pk_column="name", pk_value="Bob") == ROWS[1]
    assert await _engine.count("t", "", []) == 4
    assert await _engine.count("t", "age > $1", [20]) == 2
    assert await _engine.count(table="t", where_clause="age IS NULL", params=None) == 1


async def test_find_by_foreign_key(pg: ModuleType) -> None:
    for call in (pg.find_by_foreign_key, connection.find_by_foreign_key, _engine.find_by_foreign_key):
        assert await call("t", "id", 1) == ROWS[0]
        assert await call(table="t", foreign_key_column="age", foreign_key_value=20) == ROWS[1]
        assert await call("t", "id", 99) is None
        assert await call("t", "name", "Ada") == ROWS[0]
        before = pg.pool_metrics()["queries_executed"]
        assert await call("t", "age", None) is None
        assert pg.pool_metrics()["queries_executed"] == before


async def test_a_raw_condition_with_the_wrong_parameters(pg: ModuleType, database: Database) -> None:
    with pytest.raises(errors.QueryError, match=r"2.*1|1.*2"):
        await _engine.find_many("t", "id = $1 AND age = $2", [1])
    with pytest.raises(errors.QueryError):
        await _engine.count("t", "id = $1", [])
    with pytest.raises(errors.PostgresError):
        await _engine.find_many("t", "1 = 1; DROP TABLE t", [])
    with pytest.raises(errors.PostgresError):
        await _engine.delete_many("t", "true; DROP TABLE t; --", [])
    assert database.query("SELECT count(*) AS n FROM t") == [{"n": 4}]
