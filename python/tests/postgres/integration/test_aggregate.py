"""`query_aggregate`: aggregates, groups, windows, CTEs, subqueries, set operations, and what it refuses."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import _engine, connection, errors


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute("""
        CREATE TABLE sales (
            id int PRIMARY KEY, region text, item text, units int, big bigint, price numeric, rate float8, day date,
            info jsonb
        );
        INSERT INTO sales VALUES
            (1, 'north', 'a', 10, 100, 1.50, 0.5, '2024-01-01', '{"k": 1}'),
            (2, 'north', 'b', 20, 200, 2.50, 1.5, '2024-01-02', '{"k": 2}'),
            (3, 'south', 'a', 30, 300, 3.50, 2.5, '2024-01-03', NULL),
            (4, 'south', 'a', NULL, NULL, NULL, NULL, '2024-01-04', NULL),
            (5, 'west', 'c', 50, 500, 5.50, 4.5, '2024-01-05', NULL);
        CREATE TABLE regions (name text, head text);
        INSERT INTO regions VALUES ('north', 'Ada'), ('east', 'Eve');
        CREATE TABLE "Odd" ("Order" int, "user" text);
        INSERT INTO "Odd" VALUES (1, 'a'), (2, 'a');
        CREATE SCHEMA other CREATE TABLE sales (id int, units int)
    """)


async def column(pg: ModuleType, name: str, *args: Any, **options: Any) -> list[Any]:
    return [row[name] for row in await pg.query_aggregate(*args, **options)]


async def test_results_have_the_types_of_the_server(pg: ModuleType) -> None:
    rows = await pg.query_aggregate(
        "sales",
        [
            ("count", None, "a"),
            ("COUNT_COLUMN", "units", "b"),
            ("Count_Distinct", "item", "c"),
            ("sum", "units", "d"),
            ("sum", "big", "e"),
            ("sum", "price", "f"),
            ("avg", "units", "g"),
            ("avg", "rate", "h"),
            ("min", "day", "i"),
            ("max", "item", "j"),
            ("max", "price", "k"),
        ],
    )
    assert list(rows[0]) == list("abcdefghijk")
    kinds = [type(value).__name__ for value in rows[0].values()]
    assert kinds == ["int", "int", "int", "int", "Decimal", "Decimal", "Decimal", "float", "date", "str", "Decimal"]
    assert [rows[0][name] for name in "abcdefgh"] == [5, 4, 3, 110, 1100, 13, 27.5, 2.25]
    assert rows[0]["k"] == Decimal("5.50")


async def test_no_rows(pg: ModuleType) -> None:
    none = [("id", "lt", 0)]
    aggregates = [("count", None, None), ("sum", "units", None), ("max", "day", None)]
    assert await pg.query_aggregate("sales", aggregates, where_conditions=none) == [
        {"count": 0, "sum": None, "max": None}
    ]
    assert await pg.query_aggregate("sales", aggregates, ["region"], where_conditions=none) == []


async def test_the_column_of_count_is_ignored(pg: ModuleType) -> None:
    for ignored in (None, "*", "", "x; DROP TABLE sales"):
        assert await pg.query_aggregate("sales", [("count", ignored, "n")]) == [{"n": 5}]


async def test_groups_come_first_and_tuples_may_be_lists(pg: ModuleType) -> None:
    rows = await pg.query_aggregate(
        "sales", [["sum", "units", "s"]], ("region", "item"), order_by=[["s", "DESC"]], limit=2
    )
    assert rows == [{"region": "south", "item": "a", "s": 30}, {"region": "west", "item": "c", "s": 50}] or rows == [
        {"region": "west", "item": "c", "s": 50},
        {"region": "south", "item": "a", "s": 30},
    ]
    assert [list(row) for row in rows] == [["region", "item", "s"]] * 2
    assert await column(pg, "region", "sales", [], ["region"], order_by=("region", "asc")) == ["north", "south", "west"]


@pytest.mark.parametrize(
    ("having", "expected"),
    [
        ([("count", None, "eq", 2)], ["north", "south"]),
        ([("count", None, ">", 1.5)], ["north", "south"]),
        ([("COUNT", "x y", "!=", 2)], ["west"]),
        ([("sum", "units", "gt", 30.5)], ["west"]),
        ([("sum", "units", ">=", 30), ("sum", "units", "<", 50)], ["north", "south"]),
        ([("sum", "price", "lte", Decimal("4.0"))], ["north", "south"]),
        ([("avg", "rate", "<=", 1)], ["north"]),
        ([("sum", "units", "lt", 9_999_999_999_999)], ["north", "south", "west"]),
        ([("max", "item", "in", ["b", "c"])], ["north", "west"]),
        ([("max", "item", "not_in", ["b"])], ["south", "west"]),
        ([("count", None, "between", (2, 3))], ["north", "south"]),
        ([("count_column", "units", "eq", 1)], ["south", "west"]),
        ([("count_distinct", "item", "eq", 2)], ["north"]),
        ([("min", "info", "is_null", None)], None),
        ([("sum", "units", "IS_NOT_NULL", None)], ["north", "south", "west"]),
        ([("min", "day", "gte", "2024-01-03")], ["south", "west"]),
        ([("sum", "units", "eq", None)], []),
    ],
)
async def test_having(pg: ModuleType, having: Any, expected: list[str] | None) -> None:
    call = column(pg, "region", "sales", [("count", None, "n")], ["region"], having, order_by=[("region", "asc")])
    if expected is None:  # there is no min(jsonb)
        with pytest.raises(errors.QueryError, match=r"^Aggregate query failed: .*min\(jsonb\)"):
            await call
    else:
        assert await call == expected


async def test_conditions_order_and_page(pg: ModuleType) -> None:
    assert await pg.query_aggregate("sales", [("sum", "units", "s")], None, None, {"region": "north"}) == [{"s": 30}]
    conditions = [("info", "json_contains", {"k": 2}), ("day", "gt", "2024-01-01")]
    assert await pg.query_aggregate("sales", [("count", None, "n")], where_conditions=conditions) == [{"n": 1}]
    order = [("total", "desc nulls last"), ("id", "ASC")]
    options: dict[str, Any] = {"group_by": ["id"], "order_by": order}
    totals = [("sum", "units", "total")]
    assert await column(pg, "id", "sales", totals, **options) == [5, 3, 2, 1, 4]
    assert await column(pg, "id", "sales", totals, **options, limit=2, offset=1) == [3, 2]
    assert await column(pg, "id", "sales", totals, **options, limit=0) == []
    first = {**options, "order_by": ("total", "Asc  Nulls First")}
    assert await column(pg, "id", "sales", totals, **first, limit=1) == [4]


async def test_names_that_need_quotes_and_qualified_names(pg: ModuleType) -> None:
    rows = await pg.query_aggregate("Odd", [("sum", "Order", "Größe")], ["user"], order_by=[("Größe", "asc")])
    assert rows == [{"user": "a", "Größe": 3}]
    rows = await pg.query_aggregate("public.sales", [("max", "public.sales.units", "m")], ["sales.region"], limit=9)
    assert {row["region"]: row["m"] for row in rows} == {"north": 20, "south": 30, "west": 50}
    assert await pg.query_aggregate("other.sales", [("count", None, None)]) == [{"count": 0}]


async def test_distinct(pg: ModuleType) -> None:
    double = ("double", "SELECT 1 AS x UNION ALL SELECT 1", [])
    window = ("count", None, None, None, None, None, "n")
    for distinct, expected in ((None, 2), (False, 2), (True, 1)):
        rows = await pg.query_aggregate("double", None, windows=[window], ctes=[double], distinct=distinct)
        assert rows == [{"x": 1, "n": 2}] * expected
    having = [("count", None, "gt", 1)]
    assert len(await pg.query_aggregate("sales", [], ["region"], having, distinct=True, limit=1)) == 1


async def test_distinct_on_takes_the_latest_of_each_group(pg: ModuleType) -> None:
    options: dict[str, Any] = {"group_by": ["region", "day"], "distinct_on": ["region"]}
    rows = await pg.query_aggregate("sales", None, **options, order_by=[("day", "desc")], distinct=True)
    assert [(row["region"], row["day"].day) for row in rows] == [("north", 2), ("south", 4), ("west", 5)]
    rows = await pg.query_aggregate("sales", None, **options, order_by=[("day", "asc"), ("region", "desc")])
    assert [(row["region"], row["day"].day) for row in rows] == [("west", 5), ("south", 3), ("north", 1)]
    rows = await pg.query_aggregate(
        "sales",
        [("sum", "units", "s")],
        ["region", "day"],
        distinct_on="region",
        order_by=[("region", "asc"), ("s", "desc nulls last")],
    )
    assert [row["s"] for row in rows] == [20, 30, 50]
    assert len(await pg.query_aggregate("sales", None, **options)) == 3
    found = await pg.find_many("sales", distinct_on=["region"], order_by=[("day", "desc")], select_columns=["id"])
    assert [row["id"] for row in found] == [2, 4, 5]


async def test_ctes_and_subqueries_number_their_own_parameters(pg: ModuleType) -> None:
    rows = await pg.query_aggregate(
        "Chosen",
        [("sum", "units", "s")],
        ["region"],
        [("sum", "units", "gt", 5)],
        [("units", "in", [10, 20, 30])],
        [("region", "asc")],
        10,
        None,
        None,
        [
            ("base", "\n SELECT * FROM sales WHERE units < $2 AND region <> $1 AND '$3' <> $1 -- $9\n ;", ["west", 99]),
            ("Chosen", "SELECT * FROM base WHERE item = ANY($1)", [["a", "b"]]),
        ],
        [
            ("IN", "region", "SELECT name FROM regions WHERE head = $1", ["Ada"]),
            ("exists", None, 'SELECT 1 FROM "Chosen" c WHERE c.id <> "Chosen".id AND c.id > $1', [0]),
            ("Not_Exists", "ignored", "SELECT 1 FROM regions WHERE head = $1 OR head = $1", ["Bob"]),
            ("not_in", "item", "SELECT $1::text", ["z"]),
        ],
    )
    assert rows == [{"region": "north", "s": 30}]


async def test_not_in_keeps_the_semantics_of_sql(pg: ModuleType) -> None:
    for sql, expected in (("SELECT 'north'", 3), ("SELECT 'north' UNION SELECT NULL", 0)):
        rows = await pg.query_aggregate("sales", [("count", None, "n")], subqueries=[("not_in", "region", sql, None)])
        assert rows == [{"n": expected}]


WINDOWS: list[tuple[tuple[Any, ...], list[Any]]] = [
    (("ROW_NUMBER", None, None, None, ["region"], [("id", "desc")], "w"), [2, 1, 2, 1, 1]),
    (("rank", None, None, None, None, [("region", "asc")], "w"), [1, 1, 3, 3, 5]),
    (("dense_rank", None, None, None, None, ("region", "asc"), "w"), [1, 1, 2, 2, 3]),
    (("ntile", None, 2, None, None, [("id", "asc")], "w"), [1, 1, 1, 2, 2]),
    (("lag", "units", None, None, None, [("id", "asc")], "w"), [None, 10, 20, 30, None]),
    (("lag", "units", 2, 0, None, [("id", "asc")], "w"), [0, 0, 10, 20, 30]),
    (("lead", "units", 1, -1, ["region"], [("id", "asc")], "w"), [20, -1, None, -1, -1]),
    (("lag", "units", 1, 0.5, None, [("id", "asc")], "w"), [0.5, 10, 20, 30, None]),
    (("lag", "region", 1, "'; --", None, [("id", "asc")], "w"), ["'; --", "north", "north", "south", "south"]),
    (("first_value", "id", None, None, ["region"], [("id", "desc")], "w"), [2, 2, 4, 4, 5]),
    (("last_value", "id", None, None, None, [("id", "asc")], "w"), [1, 2, 3, 4, 5]),
    (("last_value", "id", None, None, None, [("id", "asc")], "w", ("rows", None, None)), [5, 5, 5, 5, 5]),
    (("sum", "id", None, None, None, [("id", "asc")], "w", ("ROWS", -1, 0)), [1, 3, 5, 7, 9]),
    (("sum", "id", None, None, None, [("id", "asc")], "w", ("range", 0, 1)), [3, 5, 7, 9, 5]),
    (("sum", "units", None, None, ["region"], None, "w", None), [30, 30, 30, 30, 50]),
    (("sum", "units", None, None, [], [], "w"), [110] * 5),
    (("avg", "id", None, None, ["region"], None, "w"), [1.5, 1.5, 3.5, 3.5, 5]),
    (("min", "id", None, None, ["region"], None, "w"), [1, 1, 3, 3, 5]),
    (("max", "id", None, None, ["region"], None, "w"), [2, 2, 4, 4, 5]),
    (("count", None, None, None, ["region"], None, "w"), [2, 2, 2, 2, 1]),
    (("count_column", "units", None, None, ["region"], None, "w"), [2, 2, 1, 1, 1]),
    (("percent_rank", None, None, None, None, [("id", "asc")], "w"), [0, 0.25, 0.5, 0.75, 1]),
    (("cume_dist", None, None, None, None, [("id", "asc")], "w"), [0.2, 0.4, 0.6, 0.8, 1]),
    (("nth_value", "id", 2, None, None, [("id", "asc")], "w"), [None, 2, 2, 2, 2]),
    (("row_number", None, None, None, None, [("units", "asc nulls first")], "w"), [2, 3, 4, 1, 5]),
]


@pytest.mark.parametrize("case", WINDOWS, ids=lambda case: f"{case[0][0]} {case[0][1:]}"[:50])
async def test_windows(pg: ModuleType, case: tuple[tuple[Any, ...], list[Any]]) -> None:
    window, expected = case
    rows = await pg.query_aggregate("sales", None, windows=[window], order_by=[("id", "asc")])
    assert [row["w"] for row in rows] == expected
    assert [list(row)[index] for row in rows for index in (0, 9)] == ["id", "w"] * 5


async def test_windows_over_groups(pg: ModuleType) -> None:
    place = ("rank", None, None, None, None, [("region", "desc")], "place")
    rows = await pg.query_aggregate(
        "sales", [("sum", "units", "s")], ["region"], windows=[place], order_by=("place", "asc")
    )
    assert rows == [
        {"region": "west", "s": 50, "place": 1},
        {"region": "south", "s": 30, "place": 2},
        {"region": "north", "s": 30, "place": 3},
    ]
    assert [list(row) for row in rows] == [["region", "s", "place"]] * 3
    rows = await pg.query_aggregate("sales", [], ["region"], windows=[place], order_by=("place", "asc"), limit=1)
    assert rows == [{"region": "west", "place": 1}]


async def test_set_operations_apply_from_left_to_right(pg: ModuleType) -> None:
    async def united(*operations: tuple[str, str, list[Any]], **options: Any) -> list[Any]:
        return await column(
            pg, "region", "sales", None, ["region"], set_operations=operations, order_by=("region", "asc"), **options
        )

    assert await united(("UNION", "SELECT name FROM regions", [])) == ["east", "north", "south", "west"]
    assert await united(("union_all", "SELECT name FROM regions WHERE head = $1", ["Ada"])) == [
        "north",
        "north",
        "south",
        "west",
    ]
    assert await united(("intersect", "SELECT name FROM regions", [])) == ["north"]
    assert await united(("except", "SELECT name FROM regions", [])) == ["south", "west"]
    assert await united(("except_all", "SELECT $1::text", ["west"])) == ["north", "south"]
    assert await united(("intersect_all", "SELECT $1::text ORDER BY 1 LIMIT $2", ["west", 1])) == ["west"]
    chain = (("union", "SELECT $1::text", ["east"]), ("intersect", "SELECT unnest($1::text[])", [["east"]]))
    assert await united(*chain) == ["east"]  # and not north, south, west and east
    union = ("union", "SELECT name FROM regions WHERE name <> $1", ["x"])
    assert await united(union, where_conditions=[("id", "gt", 0)], limit=2, offset=1) == ["north", "south"]


async def test_set_operations_alone_read_the_table(pg: ModuleType) -> None:
    rows = await pg.query_aggregate("regions", None, set_operations=[("except", "SELECT 'east', $1", ["Eve"])])
    assert rows == [{"name": "north", "head": "Ada"}]


async def test_equal_names_are_refused(pg: ModuleType, database: Database) -> None:
    sent = pg.pool_metrics()["queries_executed"]
    for arguments in (
        ([("count", None, None), ("count_distinct", "item", None)],),
        ([("sum", "units", "region")], ["region"]),
        ([("sum", "units", None), ("sum", "big", None)],),
        (None, ["region", "sales.region"]),
    ):
        with pytest.raises(ValueError, match="two result columns are called .*alias"):
            await pg.query_aggregate("sales", *arguments)
    assert pg.pool_metrics()["queries_executed"] == sent
    with pytest.raises(ValueError, match="two result columns are called id"):
        await pg.query_aggregate("sales", None, windows=[("rank", None, None, None, None, None, "id")])


W: tuple[Any, ...] = ("rank", None, None, None, None, None, "w")

REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({}, ValueError, "one of aggregates, group_by, windows and set_operations"),
    ({"aggregates": [], "group_by": [], "windows": [], "set_operations": []}, ValueError, "one of aggregates"),
    ({"aggregates": [("median", "units", None)]}, ValueError, "^Unknown aggregate function: median"),
    ({"aggregates": [("sum(units) --", "units", None)]}, ValueError, "^Unknown aggregate function: sum"),
    ({"aggregates": [("count", None, "n"), ("SUM", None, None)]}, ValueError, r"^sum requires a column name .*\[1"),
    ({"aggregates": [("count_column", None, None)]}, ValueError, "^count_column requires a column name"),
    ({"aggregates": [("sum", "units")]}, ValueError, r"aggregates\[0\] must be a tuple \(function, column, alias\)"),
    ({"aggregates": ["sum"]}, TypeError, r"aggregates\[0\] must be a tuple"),
    ({"aggregates": "count"}, TypeError, "aggregates must be a list"),
    ({"aggregates": [(1, None, None)]}, TypeError, r"the function of aggregates\[0\]"),
    ({"aggregates": [("sum", 1, None)]}, TypeError, r"the column of aggregates\[0\]"),
    ({"aggregates": [("sum", "units", 1)]}, TypeError, r"the alias of aggregates\[0\]"),
    ({"aggregates": [("sum", "units", "")]}, ValueError, r"the alias of aggregates\[0\] cannot be empty"),
    ({"group_by": "region"}, TypeError, "group_by must be a list"),
    ({"group_by": [1]}, TypeError, "each of group_by"),
    ({"having": [("median", "units", "gt", 1)]}, ValueError, "^Unknown aggregate function: median"),
    ({"having": [("sum", None, "gt", 1)]}, ValueError, r"^sum requires a column name \(having\[0\]\)"),
    ({"having": [("sum", "units", "like", "1")]}, ValueError, r"^Unknown operator: like \(having\[0\]\)"),
    ({"having": [("sum", "units", "> 0 OR 1 =", 1)]}, ValueError, "^Unknown operator: "),
    ({"having": [("sum", "units", "gt", None)]}, ValueError, r"gt .*having\[0\] needs a value"),
    ({"having": [("sum", "units", "between", [1])]}, ValueError, "between"),
    ({"having": [("sum", "units", "in", 1)]}, ValueError, "needs a list"),
    ({"having": [("sum", "units", "gt")]}, ValueError, r"having\[0\] must be a tuple"),
    ({"having": [("sum", "units", 1, 1)]}, TypeError, r"the operator of having\[0\]"),
    ({"where_conditions": [("id", "nope", 1)]}, ValueError, "^Unknown operator: nope"),
    ({"where_conditions": [("id", "lt", None)]}, ValueError, "needs a value"),
    ({"where_conditions": [("id", "eq")]}, ValueError, r"where_conditions\[0\]"),
    ({"order_by": [("region", "up")]}, ValueError, r"order_by\[0\]: the direction must be"),
    ({"order_by": [("region", "asc nulls")]}, ValueError, r"order_by\[0\]: the direction must be"),
    ({"order_by": [("region", "")]}, ValueError, r"order_by\[0\]: the direction must be"),
    ({"order_by": [("region", "asc, (SELECT 1)")]}, ValueError, r"order_by\[0\]: the direction must be"),
    ({"limit": -1}, ValueError, "limit"),
    ({"offset": -1}, ValueError, "offset"),
    ({"limit": "1"}, TypeError, "limit"),
    ({"limit": 2**70}, ValueError, "limit"),
    ({"distinct": 1}, TypeError, "distinct"),
    ({"distinct_on": 1}, TypeError, "distinct_on"),
    ({"subqueries": [("some", "id", "SELECT 1", [])]}, ValueError, "^Unknown subquery type: some"),
    ({"subqueries": [("in", None, "SELECT 1", [])]}, ValueError, "^IN subquery requires a field name"),
    ({"subqueries": [("NOT_IN", "", "SELECT 1", [])]}, ValueError, "^NOT IN subquery requires a field name"),
    ({"subqueries": [("exists", None, "SELECT 1")]}, ValueError, r"subqueries\[0\] must be a tuple"),
    ({"subqueries": [("exists", None, 1, [])]}, TypeError, r"the SQL of subqueries\[0\]"),
    ({"subqueries": [("exists", None, "SELECT $1", {"a": 1})]}, TypeError, r"the params of subqueries\[0\]"),
    ({"subqueries": [("exists", None, "SELECT $2", [1])]}, ValueError, r"^subqueries\[0\]: .*\$2"),
    ({"ctes": [("c", "SELECT $1", [])]}, ValueError, r"^ctes\[0\]: .*\$1"),
    ({"ctes": [("c", "SELECT 1", [1])]}, ValueError, r"^ctes\[0\]: .*does not use \$1"),
    ({"ctes": [("c", "SELECT $0", [])]}, ValueError, r"^ctes\[0\]: Invalid placeholder"),
    ({"ctes": [("c", "SELECT $65536", [])]}, ValueError, "Invalid placeholder"),
    ({"ctes": [("c", " ; ", [])]}, ValueError, "empty"),
    ({"ctes": [("c", "SELECT 1; DROP TABLE sales", [])]}, ValueError, ";"),
    ({"ctes": [("c", "SELECT \x00", [])]}, ValueError, "NUL"),
    ({"ctes": [("c", "SELECT $1", ["\x00"])]}, ValueError, "NUL"),
    ({"ctes": [("c", "SELECT 1", []), ("c", "SELECT 2", [])]}, ValueError, r"^Duplicate CTE name in ctes\[1\]: c"),
    ({"ctes": [("c", "SELECT 1", [], 1)]}, ValueError, r"ctes\[0\] must be a tuple"),
    ({"set_operations": [("minus", "SELECT 1", [])]}, ValueError, "^Unknown set operation: minus"),
    ({"set_operations": [("union", "", [])]}, ValueError, r"^set_operations\[0\]: .*empty"),
    ({"set_operations": [("union", "SELECT $1", [])]}, ValueError, r"^set_operations\[0\]: .*\$1"),
    ({"windows": [("median", *W[1:])]}, ValueError, "^Unknown window function: median"),
    ({"windows": [("ntile", *W[1:])]}, ValueError, "ntile requires an offset"),
    ({"windows": [("nth_value", "id", *W[2:])]}, ValueError, "nth_value requires an offset"),
    ({"windows": [("lag", *W[1:])]}, ValueError, "lag requires a column name"),
    ({"windows": [(*W[:2], 1, *W[3:])]}, ValueError, "rank takes no offset"),
    ({"windows": [("sum", "id", None, 0, *W[4:])]}, ValueError, "sum takes no default"),
    ({"windows": [(*W[:6], None)]}, ValueError, "requires an alias"),
    ({"windows": [W[:6]]}, ValueError, r"windows\[0\] must be a tuple"),
    ({"windows": [(*W[:2], "1", *W[3:])]}, TypeError, r"the offset of windows\[0\]"),
    ({"windows": [(*W[:5], [("id", "up")], "w")]}, ValueError, r"order_by of windows\[0\]\[0\]: the direction"),
    ({"windows": [(*W, ("groups", 0, 1))]}, ValueError, "Unknown frame unit: groups"),
    ({"windows": [(*W, ("rows", "0", 1))]}, TypeError, r"the frame of windows\[0\]"),
    ({"windows": [(*W, ("rows", 0))]}, ValueError, r"the frame of windows\[0\]"),
    ({"distinct_on": ["region"], "order_by": ("region", "asc"), "group_by": ["region"],
      "set_operations": [("union", "SELECT 1", [])]}, ValueError, "exclude each other"),
    ({"group_by": ["\ud800"]}, ValueError, "surrogate"),
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: str(case[0])[:70])
async def test_refused_before_anything_is_sent(pg: ModuleType, case: tuple[Any, type[Exception], str]) -> None:
    arguments, error, text = case
    fields = dict(arguments)
    if not fields.keys() & {"aggregates", "group_by", "windows", "set_operations"} and fields:
        fields["group_by"] = ["region"]
    sent = pg.pool_metrics()["queries_executed"]
    with pytest.raises(error, match=text):
        await pg.query_aggregate("sales", fields.pop("aggregates", None), **fields)
    assert pg.pool_metrics()["queries_executed"] == sent


SQL = "SELECT 1"
POSITIONS: dict[str, tuple[str, Any]] = {
    "table": ("Invalid table name", lambda n: (n, [("count", None, None)], {})),
    "aggregate": ("Invalid aggregate", lambda n: ("sales", [("max", n, "m")], {})),
    "alias": ("Invalid aggregate", lambda n: ("sales", [("count", None, n)], {})),
    "group_by": ("Invalid group_by", lambda n: ("sales", None, {"group_by": [n]})),
    "having": (
        "Invalid having clause",
        lambda n: ("sales", None, {"group_by": ["id"], "having": [("sum", n, "gt", 1)]}),
    ),
    "filter": ("Invalid filter", lambda n: ("sales", None, {"group_by": ["id"], "where_conditions": [(n, "eq", 1)]})),
    "order_by": ("Invalid order_by", lambda n: ("sales", None, {"group_by": ["id"], "order_by": [(n, "asc")]})),
    "distinct_on": ("Invalid distinct_on", lambda n: ("sales", None, {"group_by": ["id"], "distinct_on": [n]})),
    "cte": ("Invalid CTE", lambda n: ("sales", None, {"group_by": ["id"], "ctes": [(n, SQL, [])]})),
    "in": ("Invalid IN subquery", lambda n: ("sales", None, {"group_by": ["id"], "subqueries": [("in", n, SQL, [])]})),
    "not in": (
        "Invalid NOT IN subquery",
        lambda n: ("sales", None, {"group_by": ["id"], "subqueries": [("not_in", n, SQL, [])]}),
    ),
    "window": ("Invalid window function", lambda n: ("sales", None, {"windows": [("max", n, *W[2:])]})),
    "window alias": ("Invalid window function", lambda n: ("sales", None, {"windows": [(*W[:6], n)]})),
    "partition": ("Invalid window function", lambda n: ("sales", None, {"windows": [(*W[:4], [n], None, "w")]})),
    "window order": (
        "Invalid window function",
        lambda n: ("sales", None, {"windows": [(*W[:5], [(n, "asc")], "w")]}),
    ),
}

HOSTILE = [
    "id; DROP TABLE sales",
    'id" OR 1=1 --',
    "id--",
    "id'",
    "a b",
    "1id",
    "*",
    "x" * 64,
    "a.b.c.d",
    "id)",
    "\x00",
]


@pytest.mark.parametrize("position", POSITIONS)
async def test_hostile_names(pg: ModuleType, database: Database, position: str) -> None:
    text, call = POSITIONS[position]
    sent = pg.pool_metrics()["queries_executed"]
    for name in HOSTILE:
        table, aggregates, options = call(name)
        with pytest.raises(errors.IdentifierError, match=f"^{text}") as caught:
            await pg.query_aggregate(table, aggregates, **options)
        assert "DROP" not in str(caught.value)
    assert pg.pool_metrics()["queries_executed"] == sent
    assert database.query("SELECT count(*) AS n FROM sales") == [{"n": 5}]


@pytest.mark.parametrize("table", ["pg_class", "pg_catalog.pg_class", "information_schema.tables", "PG_TEMP.x"])
async def test_system_catalogues(pg: ModuleType, table: str) -> None:
    with pytest.raises(errors.IdentifierError, match=r"Access to .* is not allowed"):
        await pg.query_aggregate(table, [("count", None, None)])
    with pytest.raises(errors.IdentifierError, match=r"Access to .* is not allowed"):
        await pg.query_aggregate("sales", None, [f"{table.split('.')[0]}.oid"])


async def test_hostile_values_are_values(pg: ModuleType, database: Database) -> None:
    value = "'; DROP TABLE sales; --"
    rows = await pg.query_aggregate(
        "c",
        [("count", None, "n")],
        where_conditions=[("v", "eq", value)],
        having=[("max", "v", "eq", value)],
        ctes=[("c", "SELECT $1::text AS v", [value])],
        subqueries=[("in", "v", "SELECT $1::text", [value])],
        set_operations=[("union_all", "SELECT length($1)", [value])],
    )
    assert sorted(row["n"] for row in rows) == [1, len(value)]
    assert database.query("SELECT count(*) AS n FROM sales") == [{"n": 5}]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (("missing", [("count", None, None)]), errors.UndefinedTableError, "missing"),
        (("sales", [("sum", "missing", None)]), errors.UndefinedColumnError, "missing"),
        (("sales", [("sum", "region", None)]), errors.QueryError, r"sum\(text\)"),
        (("sales", [("sum", "units", "s")], None, None, [("region", "gt", 1.5)]), errors.QueryError, "operator"),
    ],
)
async def test_errors_of_the_server(pg: ModuleType, arguments: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=f"^Aggregate query failed: .*{text}"):
        await pg.query_aggregate(*arguments)
    with pytest.raises(errors.QueryError, match="^Aggregate query failed: .*UNION"):
        await pg.query_aggregate("sales", None, ["id"], set_operations=[("union", "SELECT 1, 2", [])])


async def test_joins_the_ambient_transaction(pg: ModuleType) -> None:
    async with pg.begin_transaction() as tx:
        await pg.execute("DELETE FROM sales WHERE id > 1")
        for module in (pg, connection, _engine):
            assert await module.query_aggregate("sales", [("count", None, "n")]) == [{"n": 1}]
        outside = await asyncio.create_task(
            pg.query_aggregate("sales", [("sum", "units", "s")], having=[("count", None, "gt", 0.5)])
        )
        assert outside == [{"s": 10}]
        await tx.rollback()
        with pytest.raises(errors.TransactionClosedError):
            await pg.query_aggregate("sales", [("count", None, "n")])
    assert await pg.query_aggregate("sales", [("count", None, "n")]) == [{"n": 5}]


async def test_a_table_that_changes_between_calls(pg: ModuleType) -> None:
    window = ("row_number", None, None, None, None, [("id", "asc")], "w")
    assert len((await pg.query_aggregate("sales", None, windows=[window]))[0]) == 10
    await pg.execute("ALTER TABLE sales DROP COLUMN rate")
    assert len((await pg.query_aggregate("sales", None, windows=[window]))[0]) == 9


async def test_without_a_pool(pg: ModuleType) -> None:
    await pg.close()
    with pytest.raises(errors.NotConnectedError, match=r"Call init\(\) first"):
        await pg.query_aggregate("sales", [("count", None, None)])
