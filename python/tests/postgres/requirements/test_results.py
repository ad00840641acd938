"""P0.1: what a statement gives back is decided by what the server answered, not by its text."""

from __future__ import annotations

from types import ModuleType

import pytest


@pytest.fixture(autouse=True)
async def items(pg: ModuleType) -> None:
    """A table with two rows."""
    await pg.execute("CREATE TABLE items (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, name text)")
    await pg.execute("INSERT INTO items (name) VALUES ('a'), ('b')")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "INSERT INTO items (name) VALUES ('c'), ('d') RETURNING id, name",
            [{"id": 3, "name": "c"}, {"id": 4, "name": "d"}],
        ),
        ("UPDATE items SET name = 'x' WHERE id = 1 RETURNING id, name", [{"id": 1, "name": "x"}]),
        ("DELETE FROM items WHERE id = 2 RETURNING id, name", [{"id": 2, "name": "b"}]),
        ("DELETE FROM items WHERE id = 99 RETURNING id", []),
        ("INSERT INTO items (name) SELECT 'c' WHERE false RETURNING id", []),
        ("WITH gone AS (DELETE FROM items RETURNING id) SELECT count(*) AS n FROM gone", [{"n": 2}]),
        ("with i as (select 'c' AS name) insert into items (name) select name from i returning name", [{"name": "c"}]),
    ],
)
async def test_p0_1_returning_gives_rows(pg: ModuleType, sql: str, expected: list[dict[str, object]]) -> None:
    assert await pg.execute(sql) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("INSERT INTO items (name) VALUES ('c'), ('d')", 2),
        ("INSERT INTO items (name) VALUES (' RETURNING id')", 1),
        ("UPDATE items SET name = 'x'", 2),
        ("UPDATE items SET name = 'x' WHERE id = 99", 0),
        ("DELETE FROM items WHERE id = 1", 1),
        ("DELETE FROM items WHERE name = 'RETURNING *'", 0),
        ("WITH chosen AS (SELECT 1 AS id) DELETE FROM items USING chosen WHERE items.id = chosen.id", 1),
        ("-- RETURNING\n  /* RETURNING */ DELETE FROM items;", 2),
    ],
)
async def test_p0_1_without_returning_gives_the_affected_count(pg: ModuleType, sql: str, expected: int) -> None:
    result = await pg.execute(sql)
    assert (type(result), result) == (int, expected)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE other (id int)",
        "CREATE TABLE other AS SELECT * FROM items",
        "ALTER TABLE items ADD returning_customer bool",
        "TRUNCATE items",
        "DROP TABLE items",
        "COMMENT ON TABLE items IS 'INSERT … RETURNING'",
        "DO $$ BEGIN INSERT INTO items (name) VALUES ('c'); END $$",
        "SET LOCAL work_mem = '1MB'",
    ],
)
async def test_p0_1_ddl_and_commands_give_none(pg: ModuleType, sql: str) -> None:
    assert await pg.execute(sql) is None


async def test_p0_1_rows_come_in_the_order_of_values_and_columns(pg: ModuleType) -> None:
    names = [f"n{i}" for i in range(100, 0, -1)]
    values = ", ".join(f"(${i})" for i in range(1, len(names) + 1))
    rows = await pg.execute(f"INSERT INTO items (name) VALUES {values} RETURNING name, id", names)
    assert [row["name"] for row in rows] == names
    assert [row["id"] for row in rows] == list(range(3, 103))
    assert list(rows[0]) == ["name", "id"]


async def test_p0_1_holds_inside_a_transaction(pg: ModuleType) -> None:
    async with pg.begin_transaction() as tx:
        assert await tx.execute("INSERT INTO items (name) VALUES ('c') RETURNING name") == [{"name": "c"}]
        assert await pg.execute("UPDATE items SET name = 'x'") == 3
        assert await pg.execute("CREATE TABLE other (id int)") is None
