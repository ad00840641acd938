"""P2.1 and §3.3: prepared statements are reused, bounded, and never felt when the schema changes under them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from fixtures.proxy import TcpProxy

STATEMENTS = "SELECT statement FROM pg_prepared_statements ORDER BY prepare_time, name"


@pytest.fixture
async def single(engine: ModuleType, database: Database) -> AsyncIterator[ModuleType]:
    """The package with one connection, so that two calls meet."""
    await engine.init(database.dsn, max_connections=1)
    yield engine


async def prepared(pg: ModuleType) -> list[str]:
    """The statements prepared on the one connection, this question not included."""
    return [row["statement"] for row in await pg.execute(STATEMENTS) if row["statement"] != STATEMENTS]


async def test_p2_1_one_entry_per_repeated_statement(single: ModuleType) -> None:
    for n in range(20):
        assert await single.execute("SELECT $1::int AS n", [n]) == [{"n": n}]
        assert await single.execute("SELECT $1::text AS t", [str(n)]) == [{"t": str(n)}]
    assert await prepared(single) == ["SELECT $1::int AS n", "SELECT $1::text AS t"]


async def test_p2_1_crud_helpers_share_their_statements(single: ModuleType) -> None:
    await single.execute("CREATE TABLE t (id serial PRIMARY KEY, n int)")
    for n in range(10):
        row = await single.insert_one("t", {"n": n})
        assert await single.find_one("t", {"id": row["id"]}) == row
        await single.update_one("t", "id", row["id"], {"n": n + 1})
    texts = await prepared(single)
    assert len(texts) == len(set(texts))
    assert len([text for text in texts if '"t"' in text]) == 3


async def test_p2_1_capacity_is_kept_and_the_latest_survive(engine: ModuleType, database: Database) -> None:
    await engine.init(database.dsn, max_connections=1, statement_cache_capacity=3)
    for n in range(10):
        await engine.execute(f"SELECT {n} AS n")
        await engine.execute("SELECT 'often' AS t")
    await engine.execute(STATEMENTS)
    texts = [row["statement"] for row in await engine.execute(STATEMENTS)]
    assert sorted(texts) == sorted([STATEMENTS, "SELECT 'often' AS t", "SELECT 9 AS n"])


async def test_p2_1_capacity_zero_prepares_nothing(engine: ModuleType, database: Database) -> None:
    await engine.init(database.dsn, max_connections=1, statement_cache_capacity=0)
    await engine.execute("CREATE TABLE t (id serial PRIMARY KEY, n int, tags text[], at timestamptz)")
    for n in range(5):
        row = await engine.insert_one("t", {"n": n, "tags": ["x", None]})
        assert await engine.execute("SELECT * FROM t WHERE id = $1", [row["id"]]) == [row]
        async with engine.begin_transaction():
            assert await engine.execute("SELECT $1 AS x", [n]) == [{"x": n}]
            assert await engine.execute("SELECT count(*) AS c FROM t WHERE n > $1", [0.5]) == [{"c": n}]
    assert await engine.execute("SELECT name FROM pg_prepared_statements") == []


async def test_p2_1_utility_statements_are_not_cached(single: ModuleType) -> None:
    for _ in range(3):
        await single.execute("CREATE TABLE IF NOT EXISTS t (n int)")
        await single.execute("SHOW work_mem")
        await single.execute("EXPLAIN SELECT 1")
    assert await prepared(single) == []


async def test_p2_1_each_set_of_declared_types_has_its_own_statement(single: ModuleType) -> None:
    for _ in range(2):
        for value in (5, 2.5, True, "x"):
            assert await single.execute("SELECT $1 AS x", [value]) == [{"x": value}]
    assert len(await prepared(single)) <= 4


COLUMNS: list[tuple[str, dict[str, Any]]] = [
    ("id int, name text", {"id": 1, "name": "a"}),
    ("name text, id int, flag bool DEFAULT true", {"name": "a", "id": 1, "flag": True}),
    ("id text", {"id": "1"}),
    ("id int[], at date", {"id": [1], "at": None}),
    ("id jsonb", {"id": {"n": 1}}),
]


@pytest.mark.parametrize("connections", [1, 4])
async def test_3_3_drop_and_create_with_other_columns(engine: ModuleType, database: Database, connections: int) -> None:
    """The same text on all connections, before and after its table has got other columns."""
    await engine.init(database.dsn, min_connections=connections, max_connections=connections)
    for definition, row in COLUMNS * 2:
        await engine.execute("DROP TABLE IF EXISTS shape")
        await engine.execute(f"CREATE TABLE shape ({definition})")
        assert await engine.insert_one("shape", {key: value for key, value in row.items() if value is not None}) == row
        for result in await asyncio.gather(*(engine.execute("SELECT * FROM shape") for _ in range(8))):
            assert result == [row]
        assert await engine.find_many("shape") == [row]


async def test_3_3_drop_and_create_inside_a_transaction(single: ModuleType) -> None:
    for definition, row in COLUMNS * 2:
        async with single.begin_transaction():
            await single.execute("DROP TABLE IF EXISTS shape")
            await single.execute(f"CREATE TABLE shape ({definition})")
            inserted = {key: value for key, value in row.items() if value is not None}
            assert await single.insert_one("shape", inserted) == row
            assert await single.execute("SELECT * FROM shape") == [row]


async def test_3_3_own_ddl_is_not_felt_inside_a_later_transaction(engine: ModuleType, database: Database) -> None:
    """Several connections have the statement prepared; after DDL each of them runs it in a transaction."""
    await engine.init(database.dsn, min_connections=3, max_connections=3)
    await engine.execute("CREATE TABLE shape (id int)")
    await asyncio.gather(*(engine.execute("SELECT *, pg_sleep(0.05) FROM shape") for _ in range(3)))
    await asyncio.gather(*(engine.execute("SELECT * FROM shape") for _ in range(12)))
    await engine.execute("ALTER TABLE shape ADD extra text DEFAULT 'x'")
    await engine.insert_one("shape", {"id": 1})

    async def read() -> list[dict[str, object]]:
        async with engine.begin_transaction():
            await engine.execute("SELECT 1")
            rows: list[dict[str, object]] = await engine.execute("SELECT * FROM shape")
            return rows

    async with (
        engine.begin_transaction(independent=True) as first,
        engine.begin_transaction(independent=True) as second,
        engine.begin_transaction(independent=True) as third,
    ):
        for tx in (first, second, third):
            assert await tx.execute("SELECT * FROM shape") == [{"id": 1, "extra": "x"}]
    assert await read() == [{"id": 1, "extra": "x"}]


async def test_3_3_foreign_ddl_is_not_felt_outside_a_transaction(single: ModuleType, database: Database) -> None:
    """Another program changes the table: 0A000 never leaks out."""
    database.query("CREATE TABLE shape (id int)")
    assert await single.execute("SELECT * FROM shape") == []
    database.query("ALTER TABLE shape ADD name text DEFAULT 'x'")
    database.query("INSERT INTO shape VALUES (1)")
    assert await single.execute("SELECT * FROM shape") == [{"id": 1, "name": "x"}]
    database.query("DROP TABLE shape")
    with pytest.raises(single.UndefinedTableError):
        await single.execute("SELECT * FROM shape")
    database.query("CREATE TABLE shape (id text)")
    assert await single.execute("SELECT * FROM shape") == []
    assert single.pool_metrics()["pool_size"] == 1


async def test_3_3_statements_that_the_server_has_forgotten(single: ModuleType) -> None:
    """26000 never leaks out: DEALLOCATE ALL and DISCARD ALL take the statements away."""
    for command in ("DEALLOCATE ALL", "DISCARD ALL"):
        assert await single.execute("SELECT 1 AS n") == [{"n": 1}]
        await single.execute(command)
        assert await single.execute("SELECT 1 AS n") == [{"n": 1}]
        async with single.begin_transaction():
            assert await single.execute("SELECT 1 AS n") == [{"n": 1}]


async def test_3_3_types_are_refreshed_with_the_schema(single: ModuleType) -> None:
    """An enum and a composite that come back under the same name with another OID and other members."""
    for labels, fields, value in (("'a', 'b'", "x int", {"x": 1}), ("'b', 'c'", "y text, z int", {"y": "t", "z": 2})):
        await single.execute("DROP TYPE IF EXISTS mood, pair")
        await single.execute(f"CREATE TYPE mood AS ENUM ({labels}); CREATE TYPE pair AS ({fields})")
        assert await single.execute("SELECT $1::mood AS m, ARRAY[$1]::mood[] AS a", ["b"]) == [{"m": "b", "a": ["b"]}]
        row = ", ".join(f"'{part}'" for part in value.values())
        assert await single.execute(f"SELECT ROW({row})::pair AS p") == [{"p": value}]


async def test_3_3_ddl_rolled_back_leaves_no_trace(single: ModuleType) -> None:
    await single.execute("CREATE TABLE shape (id int)")
    assert await single.execute("SELECT * FROM shape") == []
    with pytest.raises(ZeroDivisionError):
        async with single.begin_transaction():
            await single.execute("ALTER TABLE shape ADD name text")
            await single.execute("INSERT INTO shape VALUES (1, 'x')")
            assert await single.execute("SELECT * FROM shape") == [{"id": 1, "name": "x"}]
            raise ZeroDivisionError
    assert await single.execute("SELECT * FROM shape") == []
    assert (await single.insert_one("shape", {"id": 1})) == {"id": 1}


async def mixed_work(pg: ModuleType, worker: int) -> None:
    """What a program does, with enough different statements to meet another client's."""
    for n in range(15):
        row = await pg.insert_one("t", {"n": n, "who": worker})
        assert await pg.execute("SELECT who, n FROM t WHERE id = $1", [row["id"]]) == [{"who": worker, "n": n}]
        assert await pg.execute(f"SELECT {worker}{n} AS x, $1 AS y", [n]) == [{"x": int(f"{worker}{n}"), "y": n}]
        async with pg.begin_transaction():
            assert await pg.execute("UPDATE t SET n = n + 1 WHERE id = $1", [row["id"]]) == 1
            assert (await pg.find_one("t", {"id": row["id"]}))["n"] == n + 1
            async with pg.begin_transaction():
                assert await pg.count("t", {"who": worker}) == n + 1


async def test_p2_1_behind_pgbouncer_in_transaction_mode(
    engine: ModuleType, pgbouncer_dsn: str, database: Database
) -> None:
    """P2.1: capacity 0 behind a proxy that gives every transaction another server connection."""
    await engine.init(pgbouncer_dsn, statement_cache_capacity=0, min_connections=8, max_connections=8)
    await engine.execute("CREATE TABLE t (id serial PRIMARY KEY, n int, who int)")
    await asyncio.gather(*(mixed_work(engine, worker) for worker in range(16)))
    assert await engine.count("t") == 16 * 15
    await engine.execute("ALTER TABLE t ADD extra text")
    await asyncio.gather(*(mixed_work(engine, worker) for worker in range(16, 20)))
    assert len(database.backends()) <= 4
    for _ in range(8):
        assert await engine.execute("SELECT name FROM pg_prepared_statements") == []


async def test_p2_1_cancellation_behind_pgbouncer(engine: ModuleType, pgbouncer_dsn: str, database: Database) -> None:
    await engine.init(pgbouncer_dsn, statement_cache_capacity=0, max_connections=4)
    for _ in range(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await engine.execute("SELECT pg_sleep(600)")
    results = await asyncio.gather(*(engine.execute("SELECT $1::int AS n", [n]) for n in range(40)))
    assert results == [[{"n": n}] for n in range(40)]


async def test_3_3_a_preparation_cut_off_by_the_network(engine: ModuleType, proxy: TcpProxy) -> None:
    """The connection is lost while a statement is prepared, which has no effect: it is tried again."""
    await engine.init(proxy.dsn, max_connections=1)
    await engine.execute("SELECT 1")
    proxy.drop()
    assert await engine.execute("SELECT 2 AS n") == [{"n": 2}]


async def test_3_3_foreign_ddl_inside_a_transaction_is_felt_once(engine: ModuleType, database: Database) -> None:
    """The server aborts the transaction that notices first; no connection of the pool stumbles over it again."""
    await engine.init(database.dsn, min_connections=2, max_connections=2)
    database.query("CREATE TABLE shape (id int)")
    async with engine.begin_transaction() as first, engine.begin_transaction(independent=True) as second:
        for tx in (first, second):
            await tx.execute("SELECT * FROM shape")
    database.query("ALTER TABLE shape ADD name text")
    with pytest.raises(engine.QueryError, match="cached plan must not change result type") as caught:
        async with engine.begin_transaction() as tx:
            await tx.execute("SELECT * FROM shape")
    assert caught.value.sqlstate == "0A000"
    async with engine.begin_transaction() as first, engine.begin_transaction(independent=True) as second:
        for tx in (first, second):
            assert await tx.execute("SELECT * FROM shape") == []
