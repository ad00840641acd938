"""§3.5: how calls share the pool, and that no caller meets what another one left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import ModuleType

import pytest

from fixtures.database import Database
from fixtures.observe import running, until


@pytest.fixture
async def single(engine: ModuleType, database: Database) -> AsyncIterator[ModuleType]:
    """The package with one connection, so that each call meets what the one before left."""
    await engine.init(database.dsn, max_connections=1)
    yield engine


CONTROL = [
    "BEGIN", "begin work", "START TRANSACTION READ ONLY", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT a",
    "RELEASE a", "RELEASE SAVEPOINT a", "ROLLBACK TO a", "PREPARE TRANSACTION 'x'", "-- comment\n BEGIN;",
]  # fmt: skip


@pytest.mark.parametrize("sql", CONTROL)
async def test_3_5_transaction_control_outside_a_transaction_is_refused(single: ModuleType, sql: str) -> None:
    with pytest.raises(single.TransactionError, match="begin_transaction") as caught:
        await single.execute(sql)
    assert caught.value.sqlstate is None
    assert await single.execute("SELECT 1 AS n") == [{"n": 1}]


async def test_3_5_transaction_control_inside_a_transaction(single: ModuleType) -> None:
    await single.execute("CREATE TABLE t (n int)")
    async with single.begin_transaction():
        for sql in ("BEGIN", "COMMIT", "ROLLBACK", "START TRANSACTION", "PREPARE TRANSACTION 'x'"):
            with pytest.raises(single.TransactionError):
                await single.execute(sql)
        await single.execute("INSERT INTO t VALUES (1)")
        await single.execute("SAVEPOINT a")
        await single.execute("INSERT INTO t VALUES (2)")
        await single.execute("ROLLBACK TO a")
        await single.execute("RELEASE SAVEPOINT a")
    assert await single.execute("SELECT n FROM t") == [{"n": 1}]


async def test_3_5_a_batch_that_leaves_a_transaction_open_is_rolled_back(single: ModuleType) -> None:
    await single.execute("CREATE TABLE t (n int)")
    with pytest.raises(single.TransactionError):
        await single.execute("BEGIN; INSERT INTO t VALUES (1)")
    assert await single.execute("SELECT count(*) AS n FROM t") == [{"n": 0}]
    assert await single.execute("INSERT INTO t VALUES (2)") == 1


async def test_3_5_settings_do_not_survive_the_call(single: ModuleType) -> None:
    fresh = await single.execute("SELECT name, setting FROM pg_settings ORDER BY name")
    pid = await single.execute("SELECT pg_backend_pid() AS pid")
    for sql in (
        "SET work_mem = '1234kB'",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "SET search_path = pg_catalog",
        "SET TIME ZONE 'Asia/Kathmandu'",
        "SET ROLE pg_monitor",
        "SET SESSION AUTHORIZATION pg_monitor",
        "SELECT set_config('statement_timeout', '1', false)",
        "SET application_name = 'other'",
        "SET lock_timeout = 1; SET idle_in_transaction_session_timeout = 1",
        "SET custom.setting = 'x'",
    ):
        await single.execute(sql)
        settings = await single.execute("SELECT name, setting FROM pg_settings ORDER BY name")
        assert [s for s in settings if s not in fresh and s["name"] != "custom.setting"] == [], sql
        assert await single.execute("SELECT current_user = session_user AND current_user <> 'pg_monitor' AS same") == [
            {"same": True}
        ]
    assert await single.execute("SELECT coalesce(current_setting('custom.setting', true), '') AS s") == [{"s": ""}]
    assert await single.execute("SELECT pg_backend_pid() AS pid") == pid


async def test_3_5_set_local_works_inside_a_transaction_and_ends_with_it(single: ModuleType) -> None:
    before = await single.execute("SHOW work_mem")
    async with single.begin_transaction():
        await single.execute("SET LOCAL work_mem = '1234kB'")
        assert await single.execute("SHOW work_mem") == [{"work_mem": "1234kB"}]
    assert await single.execute("SHOW work_mem") == before


async def test_3_5_set_inside_a_transaction_does_not_survive_it(single: ModuleType) -> None:
    before = await single.execute("SHOW work_mem")
    async with single.begin_transaction():
        await single.execute("SET work_mem = '1234kB'")
        assert await single.execute("SHOW work_mem") == [{"work_mem": "1234kB"}]
    assert await single.execute("SHOW work_mem") == before


async def test_3_5_the_settings_of_the_pool_do_survive(engine: ModuleType, database: Database) -> None:
    """What init asked for is the state that a connection is reset to."""
    await engine.init(database.dsn, max_connections=1, statement_timeout_ms=54_321, application_name="mine")
    await engine.execute("SET statement_timeout = 0; SET application_name = 'other'")
    assert await engine.execute("SHOW statement_timeout") == [{"statement_timeout": "54321ms"}]
    assert await engine.execute("SHOW application_name") == [{"application_name": "mine"}]


async def test_3_5_locks_listeners_and_cursors_do_not_survive(single: ModuleType) -> None:
    for sql in (
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_try_advisory_lock_shared(2)",
        "LISTEN news",
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
    ):
        await single.execute(sql)
        assert await single.execute(
            "SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,"
            " (SELECT count(*) FROM pg_listening_channels()) AS channels,"
            " (SELECT count(*) FROM pg_cursors WHERE is_holdable) AS cursors"
        ) == [{"locks": 0, "channels": 0, "cursors": 0}], sql


async def test_3_5_an_aborted_transaction_leaves_a_clean_connection(single: ModuleType) -> None:
    pid = await single.execute("SELECT pg_backend_pid() AS pid")
    with pytest.raises(single.DataError):
        async with single.begin_transaction():
            await single.execute("SELECT 1 / 0")
    assert await single.execute("SELECT pg_backend_pid() AS pid") == pid
    assert await single.execute("SELECT 1 AS n") == [{"n": 1}]


async def test_3_5_an_abandoned_transaction_is_rolled_back(single: ModuleType, database: Database) -> None:
    await single.execute("CREATE TABLE t (n int)")
    tx = await single.begin_transaction()
    await tx.execute("INSERT INTO t VALUES (1)")
    del tx
    assert await single.execute("SELECT count(*) AS n FROM t") == [{"n": 0}]


async def test_3_5_calls_run_in_parallel_up_to_the_limit(engine: ModuleType, database: Database) -> None:
    """Four statements hold their connections at the same time, the fifth waits for one of them."""
    await engine.init(database.dsn, max_connections=4)
    database.query("SELECT pg_advisory_lock(7)")
    try:
        calls = [asyncio.create_task(engine.execute("SELECT pg_advisory_xact_lock(7)")) for _ in range(9)]
        await until(lambda: len(running(database, "pg_advisory_xact_lock(7)")) == 4)
        await until(lambda: engine.pool_metrics()["num_active"] == 4)
        assert engine.pool_metrics()["pool_size"] == 4
        assert len(database.backends()) == 4
        assert not any(call.done() for call in calls)
    finally:
        database.query("SELECT pg_advisory_unlock(7)")
    await asyncio.gather(*calls)
    assert engine.pool_metrics()["pool_size"] <= 4


async def test_3_5_cancelling_ends_the_statement_on_the_server(single: ModuleType, database: Database) -> None:
    """§1: and the next call gets a connection on which nothing of it is left."""
    for _ in range(3):
        sleeping = asyncio.create_task(single.execute("SELECT pg_sleep(600)"))
        await until(lambda: running(database, "pg_sleep(600)"))
        sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
        assert await single.execute("SELECT 1 AS n") == [{"n": 1}]
        assert running(database, "pg_sleep(600)") == []


async def test_3_5_cancelling_inside_a_transaction_rolls_it_back(single: ModuleType, database: Database) -> None:
    await single.execute("CREATE TABLE t (n int)")

    async def work() -> None:
        async with single.begin_transaction():
            await single.execute("INSERT INTO t VALUES (1)")
            await single.execute("SELECT pg_sleep(600)")

    task = asyncio.create_task(work())
    await until(lambda: running(database, "pg_sleep(600)"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await single.execute("SELECT count(*) AS n FROM t") == [{"n": 0}]
