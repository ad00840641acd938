"""`begin_transaction`, `pg_transaction`, the objects they give, their options, failures, nesting and cancellation."""

from __future__ import annotations

import asyncio
import gc
import logging
import typing
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import pytest

import ouroboros_postgres
from fixtures.database import Database
from fixtures.observe import until
from ouroboros_postgres import (
    IsolationLevel,
    Transaction,
    _engine,
    connection,
    errors,
    pg_transaction,
    run_in_transaction,
    transactions,
)
from ouroboros_postgres.connection import begin_transaction


@pytest.fixture(autouse=True)
async def table(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (id int PRIMARY KEY, name text)")


def stored(database: Database) -> list[int]:
    return [row["id"] for row in database.query("SELECT id FROM t ORDER BY id")]


async def wait_for_idle(database: Database) -> None:
    """Until no other session is in a transaction."""
    busy = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend' AND state <> 'idle'"
    )
    await until(lambda: not database.query(busy))


def test_isolation_levels() -> None:
    expected = ("read_uncommitted", "read_committed", "repeatable_read", "serializable")
    assert typing.get_args(IsolationLevel) == typing.get_args(connection.IsolationLevel) == expected


def test_names_of_the_module() -> None:
    assert {"pg_transaction", "Transaction", "Savepoint"} <= set(transactions.__all__)
    assert transactions.pg_transaction is ouroboros_postgres.pg_transaction


async def test_a_normal_exit_commits(database: Database) -> None:
    async with begin_transaction() as tx:
        row = await tx.insert_one("t", {"id": 1, "name": "a"})
        assert row == {"id": 1, "name": "a"}
        assert stored(database) == []
        assert tx.is_active and not tx.is_completed
    assert tx.is_completed and not tx.is_active
    assert stored(database) == [1]


async def test_an_exception_rolls_back_and_passes_unchanged(database: Database) -> None:
    class Mine(Exception):
        pass

    mine = Mine("text", 5)
    for block in (begin_transaction, pg_transaction):
        with pytest.raises(Mine) as caught:
            async with block():
                await connection.insert_one("t", {"id": 1})
                raise mine
        assert caught.value is mine
        assert caught.value.args == ("text", 5)
    assert stored(database) == []


async def test_explicit_commit_and_rollback_are_done_at_once(database: Database) -> None:
    async with begin_transaction() as tx:
        await tx.insert_one("t", {"id": 1})
        assert await tx.commit() is None
        assert stored(database) == [1]
        assert tx.is_completed
        await tx.commit()
        await tx.rollback()
    async with begin_transaction() as tx:
        await tx.insert_one("t", {"id": 2})
        assert await tx.rollback() is None
        assert tx.is_completed
        await tx.rollback()
        await tx.commit()
    assert stored(database) == [1]


async def test_an_exception_after_the_commit(database: Database) -> None:
    with pytest.raises(KeyError):
        async with begin_transaction() as tx:
            await tx.insert_one("t", {"id": 1})
            await tx.commit()
            raise KeyError("x")
    assert stored(database) == [1]


async def test_the_wrappers_row_functions(database: Database) -> None:
    async with begin_transaction() as tx:
        assert await tx.insert_one("t", {"id": 1, "name": "a"}) == {"id": 1, "name": "a"}
        assert await tx.insert_one(table="t", document={"id": 2}) == {"id": 2, "name": None}
        assert await tx.fetch_one("t", {"id": 1}) == {"id": 1, "name": "a"}
        assert await tx.fetch_one(table="t", filter={"name": None}) == {"id": 2, "name": None}
        assert await tx.fetch_one("t", {"id": 9}) is None
        assert await tx.update_one("t", "id", 1, {"name": "b"}) == 1
        assert await tx.update_one(table="t", pk_column="id", pk_value=2, update={"name": "c"}) == 2
        assert await tx.delete_one("t", "id", 2) == 1
        assert await tx.delete_one(table="t", pk_column="id", pk_value=2) == 0
        assert await tx.execute("SELECT name FROM t WHERE id = $1", [1]) == [{"name": "b"}]
        assert await tx.execute(sql="UPDATE t SET name = :n", params={"n": "d"}) == 1
        assert await tx.execute("SET LOCAL work_mem = '1MB'") is None
        with pytest.raises(errors.RowNotFoundError, match="Update failed: no rows affected"):
            await tx.update_one("t", "id", 9, {"name": "x"})
    assert database.query("SELECT * FROM t") == [{"id": 1, "name": "d"}]


async def test_the_raw_transaction(database: Database) -> None:
    async with begin_transaction() as tx:
        raw = tx._tx
        assert await raw.insert_one("t", {"id": 1}) == {"id": 1, "name": None}
        assert await raw.savepoint("a") is None
        assert await raw.execute("INSERT INTO t VALUES (2)") == 1
        assert await raw.rollback_to_savepoint("a") is None
        assert await raw.release_savepoint("a") is None
        assert await raw.fetch_one("t", {"id": 2}) is None
        assert await raw.update_one("t", "id", 1, {"name": "x"}) == 1
        assert await raw.insert_one("t", {"id": 3}) == {"id": 3, "name": None}
        assert await raw.delete_one("t", "id", 3) == 1
        assert await raw.commit() is None
        assert tx.is_completed
        for call in (raw.commit, raw.rollback):
            with pytest.raises(errors.TransactionClosedError, match="Transaction already completed"):
                await call()
    assert stored(database) == [1]


async def test_the_raw_transaction_of_the_engine(database: Database) -> None:
    for arguments, options in (
        ((), {}),
        (("serializable",), {}),
        ((), {"isolation_level": "repeatable_read", "read_only": False}),
    ):
        raw = await _engine.begin_transaction(*arguments, **options)
        await raw.execute("INSERT INTO t VALUES (1)")
        assert await raw.rollback() is None
    assert stored(database) == []
    raw = await _engine.begin_transaction("serializable", read_only=True, deferrable=True)
    assert await raw.execute("SHOW transaction_isolation") == [{"transaction_isolation": "serializable"}]
    assert await raw.execute("SHOW transaction_deferrable") == [{"transaction_deferrable": "on"}]
    await raw.commit()


@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_use_after_the_end(database: Database, end: str) -> None:
    tx = await begin_transaction()
    await getattr(tx, end)()
    calls = [
        lambda: tx.execute("SELECT 1"),
        lambda: tx.insert_one("t", {"id": 1}),
        lambda: tx.fetch_one("t", {}),
        lambda: tx.update_one("t", "id", 1, {"name": "x"}),
        lambda: tx.delete_one("t", "id", 1),
        lambda: tx._tx.execute("SELECT 1"),
        lambda: tx._tx.insert_one("t", {"id": 1}),
        lambda: tx._tx.fetch_one("t", {}),
        lambda: tx._tx.update_one("t", "id", 1, {"name": "x"}),
        lambda: tx._tx.delete_one("t", "id", 1),
        lambda: tx._tx.savepoint("a"),
        lambda: tx._tx.rollback_to_savepoint("a"),
        lambda: tx._tx.release_savepoint("a"),
        lambda: tx._tx.commit(),
        lambda: tx._tx.rollback(),
    ]
    for call in calls:
        with pytest.raises(errors.TransactionClosedError, match="^Transaction already completed") as caught:
            await call()
        assert isinstance(caught.value, RuntimeError)
    with pytest.raises(errors.TransactionClosedError):
        await tx.savepoint("a")
    with pytest.raises(errors.TransactionClosedError):
        async with tx:
            pass
    assert stored(database) == []


async def test_pg_transaction(database: Database) -> None:
    async with pg_transaction() as tx:
        assert isinstance(tx, Transaction)
        assert tx.is_active and not tx._committed and not tx._rolled_back
        await tx._tx.insert_one("t", {"id": 1})
    assert tx._committed and not tx._rolled_back and not tx.is_active
    async with pg_transaction() as tx:
        await tx._tx.execute("INSERT INTO t VALUES (2)")
        await tx.commit()
        assert tx._committed and not tx.is_active
        for call in (tx.commit, tx.rollback, lambda: tx.savepoint("a")):
            with pytest.raises(RuntimeError, match="^Transaction is not active"):
                await call()
    async with pg_transaction() as tx:
        await tx._tx.execute("INSERT INTO t VALUES (3)")
        await tx.rollback()
        assert tx._rolled_back and not tx._committed
        with pytest.raises(RuntimeError, match="Transaction is not active"):
            await tx.rollback()
    with pytest.raises(ZeroDivisionError):
        async with pg_transaction() as tx:
            await tx._tx.execute("INSERT INTO t VALUES (4)")
            raise ZeroDivisionError
    assert tx._rolled_back and not tx._committed and not tx.is_active
    assert stored(database) == [1, 2]


LEVELS = {
    "read_uncommitted": "read uncommitted",
    "read_committed": "read committed",
    "repeatable_read": "repeatable read",
    "serializable": "serializable",
    "SERIALIZABLE": "serializable",
    "repeatable read": "repeatable read",
    "Repeatable-Read": "repeatable read",
    "READ COMMITTED": "read committed",
}


@pytest.mark.parametrize("level", LEVELS)
async def test_levels(level: str) -> None:
    for block in (
        begin_transaction(level),
        begin_transaction(isolation_level=level),
        pg_transaction(isolation_level=level),
    ):
        async with block:
            assert await connection.execute("SHOW transaction_isolation") == [{"transaction_isolation": LEVELS[level]}]


@pytest.mark.parametrize("level", ["nope", "", "serializable; DROP TABLE t", "read", "READ  ONLY", "snapshot"])
async def test_unknown_levels(level: str) -> None:
    for call in (
        lambda: begin_transaction(level),
        lambda: pg_transaction(isolation_level=level),
        lambda: _engine.begin_transaction(level),
        lambda: run_in_transaction(work, isolation_level=level),
    ):
        with pytest.raises(ValueError, match="Invalid isolation level: ") as caught:
            block = call()
            if hasattr(block, "__aenter__"):
                async with block:
                    pass
            else:
                await block
        assert level in str(caught.value)


async def work(tx: Any) -> int:
    return 1


async def test_the_servers_default_level(database: Database) -> None:
    name = database.query("SELECT current_database() AS n")[0]["n"]
    database.query(f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")
    try:
        await connection.init(database.dsn)
        async with begin_transaction() as tx:
            assert await tx.execute("SHOW transaction_isolation") == [{"transaction_isolation": "repeatable read"}]
    finally:
        database.query(f"ALTER DATABASE {name} RESET default_transaction_isolation")


async def test_read_only(database: Database) -> None:
    for block in (
        begin_transaction(read_only=True),
        begin_transaction("serializable", read_only=True),
        pg_transaction(read_only=True),
    ):
        with pytest.raises(errors.ReadOnlyTransactionError, match="read-only transaction") as caught:
            async with block:
                assert await connection.execute("SHOW transaction_read_only") == [{"transaction_read_only": "on"}]
                await connection.insert_one("t", {"id": 1})
        assert caught.value.sqlstate == "25006"
    async with begin_transaction(read_only=False) as tx:
        assert await tx.execute("SHOW transaction_read_only") == [{"transaction_read_only": "off"}]
    assert stored(database) == []


async def test_deferrable(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "ouroboros_postgres")
    async with begin_transaction("serializable", read_only=True, deferrable=True) as tx:
        assert await tx.execute("SHOW transaction_deferrable") == [{"transaction_deferrable": "on"}]
    assert caplog.records == []
    for level, read_only in ((None, True), ("serializable", False), ("repeatable_read", True)):
        caplog.clear()
        async with begin_transaction(level, read_only=read_only, deferrable=True) as tx:
            assert await tx.execute("SHOW transaction_deferrable") == [{"transaction_deferrable": "off"}]
        assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize(
    "options", [{"read_only": 1}, {"deferrable": "yes"}, {"independent": None}, {"isolation_level": 5}]
)
async def test_options_of_the_wrong_type(options: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        async with begin_transaction(**options):
            pass


async def test_a_failed_statement_aborts(database: Database) -> None:
    async with begin_transaction() as tx:
        await tx.insert_one("t", {"id": 1})
        with pytest.raises(errors.ConflictError, match="violates"):
            await tx.insert_one("t", {"id": 1})
        for call in (lambda: tx.execute("SELECT 1"), lambda: connection.count("t"), lambda: tx.fetch_one("t", {})):
            with pytest.raises(errors.InFailedTransactionError) as caught:
                await call()
            assert caught.value.sqlstate == "25P02"
        await tx.rollback()
    assert stored(database) == []


async def test_commit_of_an_aborted_transaction(database: Database) -> None:
    for block in (begin_transaction, pg_transaction):
        async with block() as tx:
            await connection.insert_one("t", {"id": 1})
            with pytest.raises(errors.DataError):
                await connection.execute("SELECT 1/0")
            with pytest.raises(errors.InFailedTransactionError):
                await tx.commit()
            assert not tx.is_active
        if isinstance(tx, Transaction):
            assert tx._rolled_back and not tx._committed
    assert stored(database) == []


async def test_the_exit_of_an_aborted_transaction_is_quiet(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    for block in (begin_transaction, pg_transaction):
        caplog.clear()
        async with block() as tx:
            await connection.insert_one("t", {"id": 1})
            with pytest.raises(errors.DataError):
                await connection.execute("SELECT 1/0")
        assert not tx.is_active
        assert "transaction was aborted; changes rolled back" in [record.getMessage() for record in caplog.records]
    assert stored(database) == []


async def test_transaction_control_through_execute(database: Database) -> None:
    async with begin_transaction() as tx:
        await tx.insert_one("t", {"id": 1})
        for statement in (
            "BEGIN",
            "COMMIT",
            "ROLLBACK",
            "END",
            "START TRANSACTION",
            "PREPARE TRANSACTION 'x'",
            "ABORT",
        ):
            for call in (tx.execute, connection.execute, tx._tx.execute):
                with pytest.raises(errors.TransactionError):
                    await call(statement)
        assert await tx.execute("SAVEPOINT a") is None
        await tx.insert_one("t", {"id": 2})
        assert await tx.execute("ROLLBACK TO SAVEPOINT a") is None
        await tx.insert_one("t", {"id": 3})
        assert await tx.execute("ROLLBACK TO a") is None
        assert await tx.execute("RELEASE SAVEPOINT a") is None
        assert await tx.execute("SELECT count(*) FROM t") == [{"count": 1}]
    assert stored(database) == [1]


async def test_nested_blocks_undo_only_themselves(database: Database) -> None:
    async with begin_transaction() as outer:
        await connection.insert_one("t", {"id": 1})
        with pytest.raises(ZeroDivisionError):
            async with begin_transaction():
                await connection.insert_one("t", {"id": 2})
                raise ZeroDivisionError
        async with begin_transaction() as inner:
            await connection.insert_one("t", {"id": 3})
            async with pg_transaction() as innermost:
                await connection.insert_one("t", {"id": 4})
                await innermost.rollback()
            assert not inner.is_completed
        async with begin_transaction() as inner:
            await inner.insert_one("t", {"id": 5})
            await inner.rollback()
        async with pg_transaction() as third:
            await connection.insert_one("t", {"id": 6})
            await third.commit()
        assert stored(database) == []
        assert outer.is_active
    assert stored(database) == [1, 3, 6]


async def test_the_outer_block_decides(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with begin_transaction():
            async with begin_transaction():
                await connection.insert_one("t", {"id": 1})
            async with pg_transaction() as tx:
                await connection.insert_one("t", {"id": 2})
                await tx.commit()
            raise ZeroDivisionError
    assert stored(database) == []


async def test_an_error_in_a_nested_block_leaves_the_outer_usable(database: Database) -> None:
    async with begin_transaction():
        await connection.insert_one("t", {"id": 1})
        with pytest.raises(errors.ConflictError):
            async with begin_transaction():
                await connection.insert_one("t", {"id": 1})
        await connection.insert_one("t", {"id": 2})
        async with begin_transaction():
            with pytest.raises(errors.ConflictError):
                await connection.insert_one("t", {"id": 1})
        await connection.insert_one("t", {"id": 3})
    assert stored(database) == [1, 2, 3]


async def test_nested_blocks_share_the_only_connection(database: Database) -> None:
    await connection.init(database.dsn, max_connections=1)
    async with begin_transaction() as outer:
        [first] = await outer.execute("SELECT pg_backend_pid() AS pid")
        async with begin_transaction(), pg_transaction() as inner:
            assert await inner._tx.execute("SELECT pg_backend_pid() AS pid") == [first]


async def test_options_of_nested_blocks() -> None:
    async with begin_transaction("serializable"):
        async with begin_transaction("serializable"), begin_transaction():
            pass
        for options in ({"isolation_level": "read_committed"}, {"read_only": True}):
            with pytest.raises(ValueError):
                async with begin_transaction(**options):
                    pass
            with pytest.raises(ValueError):
                async with pg_transaction(**options):
                    pass
        await connection.execute("SELECT 1")
    async with begin_transaction(read_only=True), begin_transaction(read_only=True), begin_transaction():
        with pytest.raises(errors.ReadOnlyTransactionError):
            await connection.insert_one("t", {"id": 1})


async def test_independent_transactions(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with begin_transaction() as outer:
            [first] = await outer.execute("SELECT pg_backend_pid() AS pid")
            async with begin_transaction("serializable", independent=True) as inner:
                assert await connection.execute("SELECT pg_backend_pid() AS pid") != [first]
                await inner.insert_one("t", {"id": 1})
            assert await connection.execute("SELECT pg_backend_pid() AS pid") == [first]
            await outer.insert_one("t", {"id": 2})
            raise ZeroDivisionError
    assert stored(database) == [1]


async def test_the_manual_style(database: Database) -> None:
    tx = await begin_transaction()
    await tx.insert_one("t", {"id": 1})
    assert await connection.count("t") == 0
    assert connection._active_transaction.get() is None
    async with tx:
        assert await connection.count("t") == 1
        assert connection._active_transaction.get() is tx
    assert tx.is_completed
    tx = await begin_transaction("repeatable_read")
    try:
        await tx.insert_one("t", {"id": 2})
        await tx.commit()
    except BaseException:
        await tx.rollback()
        raise
    tx = await begin_transaction()
    await tx.insert_one("t", {"id": 3})
    await tx.rollback()
    assert stored(database) == [1, 2]


async def test_an_abandoned_transaction_is_rolled_back(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    tx = await begin_transaction()
    await tx.insert_one("t", {"id": 1})
    del tx
    gc.collect()
    await wait_for_idle(database)
    assert stored(database) == []
    assert any(record.levelno == logging.WARNING and "roll" in record.getMessage() for record in caplog.records)


def test_a_loop_that_closes_with_an_open_transaction(database: Database) -> None:
    async def leave_open() -> None:
        await connection.init(database.dsn, max_connections=1)
        tx = await begin_transaction()
        await tx.insert_one("t", {"id": 1})

    async def look() -> None:
        await wait_for_idle(database)
        assert await connection.count("t") == 0
        await connection.close()

    asyncio.run(leave_open())
    gc.collect()
    asyncio.run(look())


async def test_cancellation_rolls_back(database: Database) -> None:
    for block in (begin_transaction, pg_transaction):
        entered = asyncio.Event()
        kept: list[Any] = []  # else the transaction would end because nobody has it any more

        async def body(block: Any = block, entered: asyncio.Event = entered, kept: list[Any] = kept) -> None:
            async with block() as tx:
                kept.append(tx)
                await connection.insert_one("t", {"id": 1})
                entered.set()
                await connection.execute("SELECT pg_sleep(300)")

        task = asyncio.create_task(body())
        await entered.wait()
        sleeping = "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(300)' AND state = 'active'"
        await until(lambda sleeping=sleeping: database.query(sleeping))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not kept[0].is_active
        await wait_for_idle(database)
        assert stored(database) == []
        assert await connection.execute("SELECT 1 AS n") == [{"n": 1}]


async def test_cancellation_between_statements_rolls_back(database: Database) -> None:
    entered = asyncio.Event()
    kept: list[Any] = []

    async def body() -> None:
        async with begin_transaction() as tx:
            kept.append(tx)
            await connection.insert_one("t", {"id": 1})
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(body())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not kept[0].is_active
    await wait_for_idle(database)
    assert stored(database) == []


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
async def test_other_exceptions_roll_back(database: Database, kind: type[BaseException]) -> None:
    for block in (begin_transaction, pg_transaction):
        with pytest.raises(kind):
            async with block() as tx:
                await connection.insert_one("t", {"id": 1})
                raise kind
        assert not tx.is_active
        await wait_for_idle(database)
    assert stored(database) == []


async def test_an_async_generator_that_is_closed(database: Database) -> None:
    async def rows() -> AsyncIterator[int]:
        async with begin_transaction():
            await connection.insert_one("t", {"id": 1})
            yield 1
            yield 2

    generator = rows()
    assert await anext(generator) == 1
    await generator.aclose()  # type: ignore[attr-defined]
    await wait_for_idle(database)
    assert stored(database) == []
    assert await connection.execute("SELECT 1 AS n") == [{"n": 1}]


async def test_statements_of_one_transaction_never_interleave(database: Database) -> None:
    async with begin_transaction() as tx:
        results = await asyncio.gather(
            *(tx.execute("SELECT $1::int AS n, pg_backend_pid() AS pid", [n]) for n in range(100)),
            *(connection.insert_one("t", {"id": n}) for n in range(100)),
        )
    assert [result[0]["n"] for result in results[:100]] == list(range(100))
    assert len({result[0]["pid"] for result in results[:100]}) == 1
    assert [result["id"] for result in results[100:]] == list(range(100))
    assert stored(database) == list(range(100))


async def test_statements_run_in_order() -> None:
    async with begin_transaction() as tx:
        await tx.execute("CREATE TABLE log (id serial, n int)")
        await asyncio.gather(*(tx.execute("INSERT INTO log (n) VALUES ($1)", [n]) for n in range(50)))
        assert [row["n"] for row in await tx.execute("SELECT n FROM log ORDER BY id")] == list(range(50))


async def test_run_in_transaction(database: Database) -> None:
    async def insert(tx: Any) -> str:
        await tx.insert_one("t", {"id": 1})
        await connection.insert_one("t", {"id": 2})
        return "done"

    assert await run_in_transaction(insert) == "done"
    assert stored(database) == [1, 2]
    with pytest.raises(errors.ConflictError):
        await run_in_transaction(insert)
    assert stored(database) == [1, 2]


async def conflict(level: str, max_retries: int) -> tuple[int, Exception | None]:
    """Two transactions that read what the other writes; how often the first ran, and how it ended."""
    await connection.execute("INSERT INTO t VALUES (1, '0') ON CONFLICT DO NOTHING")
    runs = 0

    async def increment(tx: Any) -> None:
        nonlocal runs
        runs += 1
        row = await tx.fetch_one("t", {"id": 1})
        if runs < 3:
            async with begin_transaction(level, independent=True) as other:
                await other.update_one("t", "id", 1, {"name": str(int(row["name"]) + 10)})
        await tx.update_one("t", "id", 1, {"name": str(int(row["name"]) + 1)})

    try:
        await run_in_transaction(increment, isolation_level=level, max_retries=max_retries, initial_delay_ms=0)
    except errors.SerializationError as error:
        return runs, error
    return runs, None


async def test_run_in_transaction_runs_again_after_a_conflict(database: Database) -> None:
    assert await conflict("repeatable_read", 3) == (3, None)
    assert database.query("SELECT name FROM t") == [{"name": "21"}]


async def test_run_in_transaction_gives_up(database: Database) -> None:
    runs, error = await conflict("serializable", 1)
    assert runs == 2
    assert isinstance(error, errors.TransientError) and error.sqlstate == "40001" and error.is_retryable
    assert database.query("SELECT name FROM t") == [{"name": "20"}]


async def test_run_in_transaction_inside_another_runs_once(database: Database) -> None:
    calls = 0

    async def fail(tx: Any) -> None:
        nonlocal calls
        calls += 1
        raise errors.SerializationError("again")

    async with begin_transaction():
        with pytest.raises(errors.SerializationError):
            await run_in_transaction(fail, initial_delay_ms=0)
        await connection.insert_one("t", {"id": 1})
    assert calls == 1
    assert stored(database) == [1]


async def test_without_a_pool(pg: ModuleType) -> None:
    await connection.close()
    for call in (
        lambda: begin_transaction().__aenter__(),
        lambda: pg_transaction().__aenter__(),
        lambda: _engine.begin_transaction(),
        lambda: run_in_transaction(work),
    ):
        with pytest.raises(RuntimeError, match="PostgreSQL connection not initialized. Call init\\(\\) first."):
            await call()


async def test_closing_the_pool_under_an_open_transaction(database: Database) -> None:
    await connection.init(database.dsn, close_timeout=0)
    tx = await begin_transaction()
    await tx.insert_one("t", {"id": 1})
    await connection.close()
    with pytest.raises(RuntimeError):
        await tx.execute("SELECT 1")
    await tx.rollback()
    assert tx.is_completed
    await wait_for_idle(database)
    assert stored(database) == []
