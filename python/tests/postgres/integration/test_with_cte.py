"""`query_with_cte`: named queries, recursion, what they may do, and what it refuses."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import _engine, connection, errors


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute("""
        CREATE TABLE staff (id int PRIMARY KEY, name text, boss int, pay numeric);
        INSERT INTO staff VALUES (1, 'Ada', NULL, 100), (2, 'Bob', 1, 50), (3, 'Eve', 2, 20), (4, 'Zoe', NULL, 10);
        CREATE TABLE teams (id int, staff_id int);
        INSERT INTO teams VALUES (7, 1), (7, 2), (8, 4)
    """)


async def names(pg: ModuleType, *args: Any, **options: Any) -> list[str]:
    return [row["name"] for row in await pg.query_with_cte(*args, **options)]


RICH = ("rich", "SELECT * FROM staff WHERE pay >= $1", [50])


async def test_columns(pg: ModuleType) -> None:
    for every in (None, [], ["*"], ("*",)):
        rows = await pg.query_with_cte("rich", [RICH], every, order_by=[("id", "asc")])
        assert [list(row) for row in rows] == [["id", "name", "boss", "pay"]] * 2
    rows = await pg.query_with_cte("rich", [list(RICH)], ["name", "rich.id"], order_by=("id", "desc"))
    assert rows == [{"name": "Bob", "id": 2}, {"name": "Ada", "id": 1}]
    assert list(rows[0]) == ["name", "id"]


async def test_every_part_with_parameters_of_its_own(pg: ModuleType) -> None:
    found = await names(
        pg,
        "Paid",
        [
            (
                "rich",
                "\n\n  SELECT s.*, t.id AS team FROM staff s JOIN teams t ON t.staff_id = s.id WHERE pay > $1;\n",
                [5],
            ),
            (
                "Paid",
                "SELECT name, team, sum(pay) AS pay FROM rich WHERE name <> $2 GROUP BY 1, 2 HAVING sum(pay) > $1",
                [5, "x"],
            ),
        ],
        ["name"],
        [("pay", "lt", 100.5), ("team", "in", [7, 8])],
        [("pay", "desc"), ("name", "asc nulls first")],
        2,
        [
            ("in", "team", "SELECT id FROM teams WHERE id < $1", [9]),
            ("exists", None, 'SELECT 1 FROM "Paid" WHERE pay < $1', [11]),
        ],
        offset=1,
    )
    assert found == ["Bob", "Zoe"]


async def test_the_main_table_may_be_a_real_one(pg: ModuleType) -> None:
    subquery = ("in", "id", "SELECT id FROM rich", None)
    assert await names(pg, "staff", [RICH], subqueries=[subquery], order_by=("id", "asc")) == ["Ada", "Bob"]
    assert await names(
        pg, "public.staff", [RICH], where_conditions={"boss": None}, limit=1, order_by=("id", "asc")
    ) == ["Ada"]
    assert await names(pg, "staff", [], where_conditions=[("name", "like", "A%")]) == ["Ada"]


async def test_a_name_hides_the_table_that_it_reads(pg: ModuleType) -> None:
    """WITH RECURSIVE would make it refer to itself."""
    same = ("staff", "SELECT * FROM staff WHERE pay > $1", [60])
    assert await names(pg, "staff", [same]) == ["Ada"]
    with pytest.raises(errors.QueryError, match="^CTE query failed: "):
        await names(pg, "staff", [same], recursive=True)


BELOW = """
    SELECT id, name FROM staff WHERE id = $1
    UNION ALL SELECT s.id, s.name FROM staff s JOIN below b ON s.boss = b.id WHERE s.pay > $2
"""


async def test_recursion(pg: ModuleType) -> None:
    assert await names(pg, "below", [("below", BELOW, [1, 0])], recursive=True, order_by=("id", "asc")) == [
        "Ada",
        "Bob",
        "Eve",
    ]
    inner = f"WITH RECURSIVE below AS ({BELOW}) SELECT * FROM below"
    assert await names(pg, "below", [("below", inner, [2, 0])], order_by=("id", "asc")) == ["Bob", "Eve"]
    with pytest.raises(errors.UndefinedTableError, match="^CTE query failed: "):
        await names(pg, "below", [("below", BELOW, [1, 0])])


async def test_bodies_may_change_data(pg: ModuleType, database: Database) -> None:
    moved = ("moved", "DELETE FROM staff WHERE id = $1 RETURNING *", [4])
    assert await names(pg, "moved", [moved]) == ["Zoe"]
    assert database.query("SELECT count(*) AS n FROM staff") == [{"n": 3}]


async def test_values_of_many_types(pg: ModuleType) -> None:
    sql = "SELECT $1::jsonb AS j, $2::date AS d, $3::int[] AS a, $4::text AS n, '$5' AS q, $1::jsonb -> 'k' AS k"
    rows = await pg.query_with_cte("c", [("c", sql, ['{"k": [1]}', "2024-01-15", [1, 2], None])])
    assert rows[0]["j"] == {"k": [1]} and rows[0]["d"].isoformat() == "2024-01-15"
    assert (rows[0]["a"], rows[0]["n"], rows[0]["q"], rows[0]["k"]) == ([1, 2], None, "$5", [1])
    assert await pg.query_with_cte("c", [("c", "SELECT 1 AS x WHERE false", None)]) == []


REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"ctes": [("c", "SELECT $2", [1]), ("d", "SELECT $1", [2])]}, ValueError, r"^ctes\[0\]: .*\$2"),
    ({"ctes": [("c", "SELECT 1", [1])]}, ValueError, r"^ctes\[0\]: .*does not use \$1"),
    ({"ctes": [("c", "-- nothing", [])]}, ValueError, "empty"),
    ({"ctes": [("c", "SELECT 1; SELECT 2", [])]}, ValueError, ";"),
    ({"ctes": [("c", SQL := "SELECT 1 AS x", []), ('"c"', SQL, [])]}, ValueError, "^Duplicate CTE name"),
    ({"ctes": [("c", SQL)]}, ValueError, r"ctes\[0\] must be a tuple \(name, sql, params\)"),
    ({"ctes": [("c", SQL, "x")]}, TypeError, r"the params of ctes\[0\]"),
    ({"ctes": [(1, SQL, [])]}, TypeError, r"the name of ctes\[0\]"),
    ({"ctes": [("c", b"SELECT 1", [])]}, TypeError, r"the SQL of ctes\[0\]"),
    ({"ctes": "c"}, TypeError, "ctes must be a list"),
    ({"ctes": {"c": SQL}}, TypeError, "ctes must be a list"),
    ({"select_columns": "x"}, TypeError, "select_columns"),
    ({"select_columns": ["x", "c.x"]}, ValueError, "two result columns are called x"),
    ({"where_conditions": [("x", "nope", 1)]}, ValueError, "^Unknown operator: nope"),
    ({"subqueries": [("nope", None, SQL, [])]}, ValueError, "^Unknown subquery type: nope"),
    ({"subqueries": [("in", None, SQL, [])]}, ValueError, "^IN subquery requires a field name"),
    ({"subqueries": [("not_in", None, SQL, [])]}, ValueError, "^NOT IN subquery requires a field name"),
    ({"order_by": [("x", "sideways")]}, ValueError, r"order_by\[0\]"),
    ({"limit": -1}, ValueError, "limit"),
    ({"offset": 1.5}, TypeError, "offset"),
    ({"recursive": "yes"}, TypeError, "recursive"),
    ({"main_table": 1}, TypeError, "table"),
    ({"ctes": [("c", "SELECT $1", [object()])]}, TypeError, "object"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: str(case[0])[:70])
async def test_refused_before_anything_is_sent(pg: ModuleType, case: tuple[Any, type[Exception], str]) -> None:
    fields, error, text = case
    sent = pg.pool_metrics()["queries_executed"]
    with pytest.raises(error, match=text):
        await pg.query_with_cte(**{"main_table": "c", "ctes": [("c", SQL, [])], **fields})
    assert pg.pool_metrics()["queries_executed"] == sent


POSITIONS: dict[str, tuple[str, Any]] = {
    "main_table": ("Invalid table name", lambda n: {"main_table": n}),
    "cte": ("Invalid CTE", lambda n: {"ctes": [(n, SQL, [])]}),
    "select": ("Invalid select columns", lambda n: {"select_columns": ["x", n]}),
    "filter": ("Invalid filter", lambda n: {"where_conditions": [(n, "eq", 1)]}),
    "order": ("Invalid order_by", lambda n: {"order_by": [(n, "asc")]}),
    "in": ("Invalid IN subquery", lambda n: {"subqueries": [("in", n, SQL, [])]}),
    "not in": ("Invalid NOT IN subquery", lambda n: {"subqueries": [("not_in", n, SQL, [])]}),
}


@pytest.mark.parametrize("position", POSITIONS)
async def test_hostile_names(pg: ModuleType, database: Database, position: str) -> None:
    text, fields = POSITIONS[position]
    sent = pg.pool_metrics()["queries_executed"]
    for name in ("x; DROP TABLE staff", 'x" --', "x'", "a b", "1x", "*", "é" * 32, "a.b.c.d", "x)", "x\x00"):
        with pytest.raises(errors.IdentifierError, match=f"^{text}"):
            await pg.query_with_cte(**{"main_table": "c", "ctes": [("c", SQL, [])], **fields(name)})
    assert pg.pool_metrics()["queries_executed"] == sent
    assert database.query("SELECT count(*) AS n FROM staff") == [{"n": 4}]


async def test_a_body_with_equal_names_is_refused(pg: ModuleType) -> None:
    with pytest.raises(ValueError, match="two result columns are called x"):
        await pg.query_with_cte("c", [("c", "SELECT 1 AS x, 2 AS x", [])])


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"ctes": [("c", "SELEC 1", [])]}, errors.SQLSyntaxError),
        ({"main_table": "missing"}, errors.UndefinedTableError),
        ({"select_columns": ["missing"]}, errors.UndefinedColumnError),
        ({"where_conditions": [("missing", "eq", 1)]}, errors.UndefinedColumnError),
        ({"ctes": [("C", SQL, [])], "main_table": "c"}, errors.UndefinedTableError),
        ({"ctes": [("c", "SELECT 1 / $1 AS x", [0])]}, errors.DataError),
    ],
)
async def test_errors_of_the_server(pg: ModuleType, fields: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match="^CTE query failed: "):
        await pg.query_with_cte(**{"main_table": "c", "ctes": [("c", SQL, [])], **fields})


async def test_joins_the_ambient_transaction(pg: ModuleType) -> None:
    async with pg.begin_transaction() as tx:
        await pg.execute("UPDATE staff SET pay = 99 WHERE id = 4")
        for module in (pg, connection, _engine):
            assert "Zoe" in await names(module, "rich", [RICH])
        await tx.rollback()
        with pytest.raises(errors.TransactionClosedError):
            await pg.query_with_cte("rich", [RICH])
    assert "Zoe" not in await names(pg, "rich", [RICH])


async def test_without_a_pool(pg: ModuleType) -> None:
    await pg.close()
    with pytest.raises(errors.NotConnectedError, match=r"Call init\(\) first"):
        await pg.query_with_cte("rich", [RICH])
