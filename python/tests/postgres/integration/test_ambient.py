"""The ambient transaction: every function joins it; tasks, loops, threads and the end of the block."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import pytest

import ouroboros_postgres as package
from fixtures.database import Database
from fixtures.observe import until
from ouroboros_postgres import _engine, connection, errors, pg_transaction
from ouroboros_postgres.connection import begin_transaction


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (id int PRIMARY KEY, name text)")
    await pg.execute("CREATE TABLE child (id serial PRIMARY KEY, t_id int REFERENCES t ON DELETE CASCADE)")


def stored(database: Database) -> list[int]:
    return [row["id"] for row in database.query("SELECT id FROM t ORDER BY id")]


Call = Callable[[], Awaitable[Any]]

# Each runs after row 1 has been inserted in the same transaction, and shows that it sees or changes it.
CALLS: dict[str, tuple[Call, Any]] = {
    "execute": (lambda: package.execute("SELECT id FROM t"), [{"id": 1}]),
    "engine execute": (lambda: _engine.execute("UPDATE t SET name = 'x'"), 1),
    "engine query": (lambda: _engine.query("SELECT id FROM t"), [{"id": 1}]),
    "insert_one": (lambda: connection.insert_one("t", {"id": 2}), {"id": 2, "name": None}),
    "engine insert_one": (lambda: _engine.insert_one("t", {"id": 2}), {"id": 2, "name": None}),
    "insert_many": (lambda: package.insert_many("t", [{"id": 2}]), [{"id": 2, "name": None}]),
    "engine insert_many": (lambda: _engine.insert_many("t", [{"id": 2}]), [{"id": 2, "name": None}]),
    "upsert_one": (lambda: package.upsert_one("t", {"id": 1, "name": "x"}, "id"), {"id": 1, "name": "x"}),
    "upsert_many": (lambda: package.upsert_many("t", [{"id": 1, "name": "x"}], "id"), [{"id": 1, "name": "x"}]),
    "find_one": (lambda: package.find_one("t"), {"id": 1, "name": "a"}),
    "engine find_one": (lambda: _engine.find_one("t", "id", 1), {"id": 1, "name": "a"}),
    "find_many": (lambda: package.find_many("t"), [{"id": 1, "name": "a"}]),
    "engine find_many": (lambda: _engine.find_many("t", "", []), [{"id": 1, "name": "a"}]),
    "fetch_one": (lambda: _engine.fetch_one("t", {}), {"id": 1, "name": "a"}),
    "fetch_all": (lambda: _engine.fetch_all("t", {}), [{"id": 1, "name": "a"}]),
    "count": (lambda: package.count("t"), 1),
    "engine count": (lambda: _engine.count("t", "", []), 1),
    "query_aggregate": (lambda: package.query_aggregate("t", [("count", None, "n")]), [{"n": 1}]),
    "query_with_cte": (lambda: package.query_with_cte("c", [("c", "SELECT id FROM t", [])]), [{"id": 1}]),
    "find_by_foreign_key": (lambda: package.find_by_foreign_key("t", "id", 1), {"id": 1, "name": "a"}),
    "update_one": (lambda: package.update_one("t", "id", 1, {"name": "x"}), 1),
    "update_many": (lambda: package.update_many("t", None, {"name": "x"}), 1),
    "engine update_many": (lambda: _engine.update_many("t", {"name": "x"}, "", []), 1),
    "delete_one": (lambda: package.delete_one("t", "id", 1), 1),
    "delete_many": (lambda: package.delete_many("t", None), 1),
    "engine delete_many": (lambda: _engine.delete_many("t", "", []), 1),
    "fetch_one_with_relations": (lambda: package.fetch_one_with_relations("t", 1, []), {"id": 1, "name": "a"}),
    "fetch_one_eager": (lambda: package.fetch_one_eager("t", 1, []), {"id": 1, "name": "a"}),
    "fetch_many_with_relations": (lambda: package.fetch_many_with_relations("t", []), [{"id": 1, "name": "a"}]),
    "delete_with_cascade": (lambda: package.delete_with_cascade("t", 1), 1),
    "delete_checked": (lambda: package.delete_checked("t", 1), 1),
    "list_tables": (lambda: package.list_tables(), ["child", "fresh", "t"]),
    "table_exists": (lambda: package.table_exists("fresh"), True),
    "get_columns": (lambda: package.get_columns("missing"), []),
    "m2m_count_related": (lambda: _engine.m2m_count_related("child", "t_id", "id", "t", 1), 0),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("block", [begin_transaction, pg_transaction])
async def test_every_function_joins(database: Database, name: str, block: Any) -> None:
    call, expected = CALLS[name]
    async with block() as tx:
        await connection.execute("CREATE TABLE fresh (n int)")
        await connection.insert_one("t", {"id": 1, "name": "a"})
        assert await call() == expected
        await tx.rollback()
    assert stored(database) == []
    assert await package.table_exists("fresh") is False


async def test_calls_after_the_block_use_the_pool(database: Database) -> None:
    async with begin_transaction():
        [first] = await connection.execute("SELECT pg_current_xact_id() AS x")
        assert await connection.execute("SELECT pg_current_xact_id() AS x") == [first]
    assert await connection.execute("SELECT pg_current_xact_id() AS x") != [first]


async def test_the_context_variable() -> None:
    variable = connection._active_transaction
    assert isinstance(variable, contextvars.ContextVar)
    assert variable.get() is None
    async with begin_transaction() as outer:
        assert variable.get() is outer
        async with begin_transaction() as inner:
            assert variable.get() is inner
        assert variable.get() is outer
    assert variable.get() is None
    with pytest.raises(ZeroDivisionError):
        async with begin_transaction():
            raise ZeroDivisionError
    assert variable.get() is None
    async with pg_transaction() as tx:
        wrapper = variable.get()
        assert wrapper is not None and wrapper._tx is tx._tx
    assert variable.get() is None


async def test_tasks_made_inside_join_and_others_do_not(database: Database) -> None:
    start, seen = asyncio.Event(), asyncio.Event()

    async def outside() -> int:
        await start.wait()
        number: int = await connection.count("t")
        seen.set()
        return number

    before = asyncio.create_task(outside())
    async with begin_transaction() as tx:
        await connection.insert_one("t", {"id": 1})
        inside = asyncio.create_task(connection.insert_one("t", {"id": 2}))
        assert await inside == {"id": 2, "name": None}
        async with asyncio.TaskGroup() as group:
            group.create_task(connection.insert_one("t", {"id": 3}))
        assert await connection.count("t") == 3
        start.set()
        await seen.wait()
        assert await before == 0
        await tx.rollback()
    assert stored(database) == []


async def test_a_child_that_outlives_the_block(database: Database) -> None:
    release = asyncio.Event()

    async def child() -> Any:
        await release.wait()
        return await connection.insert_one("t", {"id": 1})

    for block in (begin_transaction, pg_transaction):
        release.clear()
        async with block():
            task = asyncio.create_task(child())
            await connection.execute("SELECT 1")
        release.set()
        with pytest.raises(errors.TransactionClosedError, match="Transaction already completed"):
            await task
    assert stored(database) == []


@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_calls_in_the_block_after_its_end(database: Database, end: str) -> None:
    for block in (begin_transaction, pg_transaction):
        async with block() as tx:
            await getattr(tx, end)()
            for call, _ in CALLS.values():
                with pytest.raises(errors.TransactionClosedError):
                    await call()
            with pytest.raises(errors.TransactionClosedError):
                async with begin_transaction():
                    pass
            async with begin_transaction(independent=True):
                assert await connection.count("t") == 0
    assert stored(database) == []


async def test_concurrent_transactions_do_not_see_each_other(database: Database) -> None:
    both = asyncio.Barrier(2)

    async def work(number: int) -> None:
        async with begin_transaction():
            await connection.insert_one("t", {"id": number})
            await both.wait()
            assert [row["id"] for row in await connection.find_many("t")] == [number]
            await both.wait()

    await asyncio.gather(work(1), work(2))
    assert stored(database) == [1, 2]


async def test_more_transactions_than_connections(database: Database) -> None:
    await connection.init(database.dsn, max_connections=3)

    async def work(number: int) -> None:
        async with begin_transaction():
            await connection.insert_one("t", {"id": number})
            await connection.update_one("t", "id", number, {"name": "x"})

    await asyncio.gather(*(work(number) for number in range(40)))
    assert stored(database) == list(range(40))


async def test_concurrent_calls_run_in_parallel(database: Database) -> None:
    """Two calls that wait for each other: only possible on two connections at the same time."""
    statement = """
        DO $$ BEGIN
            INSERT INTO t VALUES ({mine});
            COMMIT;
            WHILE NOT EXISTS (SELECT FROM t WHERE id = {other}) LOOP COMMIT; END LOOP;
        END $$
    """
    await asyncio.gather(
        connection.execute(statement.format(mine=1, other=2)), connection.execute(statement.format(mine=2, other=1))
    )
    assert stored(database) == [1, 2]


def test_one_pool_for_many_loops(database: Database) -> None:
    asyncio.run(connection.init(database.dsn))
    for number in range(3):
        row = asyncio.run(connection.insert_one("t", {"id": number}))
        assert row["id"] == number
        assert connection.is_connected()

    async def block() -> None:
        async with begin_transaction():
            await connection.insert_one("t", {"id": 10})

    asyncio.run(block())
    assert stored(database) == [0, 1, 2, 10]
    asyncio.run(connection.close())


def test_loops_in_threads_share_the_pool(database: Database) -> None:
    asyncio.run(connection.init(database.dsn, max_connections=4))
    failures: list[BaseException] = []

    async def work(number: int) -> None:
        for step in range(10):
            async with begin_transaction() as tx:
                await connection.insert_one("t", {"id": number * 100 + step})
                if step % 2:
                    await tx.rollback()
            assert await connection.execute("SELECT $1::int AS n", [step]) == [{"n": step}]

    def run(number: int) -> None:
        try:
            asyncio.run(work(number))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(stored(database)) == 30
    asyncio.run(connection.close())


async def test_cancelled_calls_leave_nothing_behind(database: Database) -> None:
    sleeping = "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(300)' AND state = 'active'"
    await connection.init(database.dsn, max_connections=2)
    for _ in range(5):
        tasks = [asyncio.create_task(connection.execute("SELECT pg_sleep(300)")) for _ in range(4)]
        await until(lambda: database.query(sleeping))
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
        assert await connection.execute("SELECT 1 AS n") == [{"n": 1}]
    await until(lambda: not database.query(sleeping))
    assert len(database.backends()) <= 2
