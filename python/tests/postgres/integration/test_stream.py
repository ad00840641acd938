"""Queries read in batches: what is asked of the server, and that every way of ending gives everything back."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from fixtures.observe import running, until
from fixtures.proxy import TcpProxy
from ouroboros_postgres import _binding, _session
from ouroboros_postgres._cursor import stream, stream_through

SLOW = "SELECT n, pg_sleep(CASE WHEN n > 2 THEN 60 ELSE 0 END)::text AS s FROM generate_series(1, 5) AS n"


@pytest.fixture
async def single(database: Database) -> AsyncIterator[ModuleType]:
    """The package with one connection, which is free again at the end and has no transaction."""
    import ouroboros_postgres

    await ouroboros_postgres.init(database.dsn, max_connections=1)
    yield ouroboros_postgres
    assert await ouroboros_postgres.execute("SELECT 1 AS n") == [{"n": 1}]
    assert cursors() == 0
    in_transaction = "SELECT state, query FROM pg_stat_activity WHERE pid = ANY(%s) AND xact_start IS NOT NULL"
    assert database.query(in_transaction, [database.backends()]) == []
    await until(lambda: ouroboros_postgres.pool_metrics()["num_active"] == 0)
    await ouroboros_postgres.close()


def cursors() -> int:
    """How many cursors the engine holds."""
    counted: dict[str, int] = json.loads(_binding.counters())
    return counted["cursors"]


def sql(text: str, *args: Any, batch: int = 2) -> AsyncGenerator[list[dict[str, Any]], None]:
    return stream({"sql": text, "args": list(args)}, batch_size=batch)


def numbers(last: int, batch: int = 2) -> AsyncGenerator[list[dict[str, Any]], None]:
    return sql("SELECT n FROM generate_series(1, $1) AS n", last, batch=batch)


def plain(rows: list[dict[str, Any]]) -> list[int]:
    return [row["n"] for row in rows]


@pytest.mark.parametrize("batch", [1, 500, 3333, 9999, 10_000, 10_001])
@pytest.mark.parametrize("in_transaction", [False, True])
async def test_all_rows_once_in_order(single: ModuleType, batch: int, in_transaction: bool) -> None:
    async def read() -> None:
        sizes: list[int] = []
        seen: list[int] = []
        async for rows in numbers(10_000, batch):
            sizes.append(len(rows))
            seen += plain(rows)
        assert seen == list(range(1, 10_001))
        full, rest = divmod(10_000, batch)
        assert sizes == [batch] * full + [rest] * bool(rest)

    if in_transaction:
        async with single.begin_transaction():
            await read()
    else:
        await read()


async def test_no_rows_no_batch(single: ModuleType) -> None:
    assert [rows async for rows in numbers(0)] == []


async def test_values_are_those_of_a_query(single: ModuleType) -> None:
    text = (
        "SELECT $1 AS free, 1.10 AS exact, ARRAY[1, NULL] AS list, '{\"a\": [1]}'::jsonb AS json, now()::date AS day,"
        " ROW(1, ROW('x', NULL)) AS nested, 'é' AS \"Ä b\", gen_random_uuid() IS NULL AS no"
    )
    assert [rows async for rows in sql(text, "a")] == [await single.execute(text, ["a"])]


async def test_no_more_is_computed_than_is_asked_for(pg: ModuleType, database: Database) -> None:
    database.query("CREATE SEQUENCE seen")

    def seen() -> int | None:
        row = database.query("SELECT last_value, is_called FROM seen")[0]
        return row["last_value"] if row["is_called"] else None

    async with aclosing(sql("SELECT nextval('seen') AS n FROM generate_series(1, 100000)", batch=10)) as batches:
        assert seen() is None
        assert plain(await anext(batches)) == list(range(1, 11))
        assert seen() == 10
        assert plain(await anext(batches)) == list(range(11, 21))
        assert seen() == 20
    assert seen() == 20


async def test_nothing_is_sent_before_the_first_batch_is_asked_for(single: ModuleType) -> None:
    batches = sql("this is no SQL")
    await batches.aclose()
    assert single.pool_metrics()["num_active"] == 0


async def test_the_transaction_of_its_own(single: ModuleType, database: Database) -> None:
    database.query("CREATE TABLE done (n int)")
    database.query("CREATE FUNCTION do_it(n int) RETURNS int LANGUAGE sql AS 'INSERT INTO done VALUES (n) RETURNING n'")
    text = "SELECT do_it(n) AS n FROM generate_series(1, 3) AS n"
    async with aclosing(sql(text)) as batches:
        assert plain(await anext(batches)) == [1, 2]
    assert database.query("SELECT n FROM done") == []
    assert [plain(rows) async for rows in sql(text)] == [[1, 2], [3]]
    assert database.query("SELECT n FROM done ORDER BY n") == [{"n": 1}, {"n": 2}, {"n": 3}]


async def test_aclose_gives_the_connection_back(single: ModuleType) -> None:
    batches = numbers(10)
    await anext(batches)
    assert (single.pool_metrics()["num_active"], cursors()) == (1, 1)
    await batches.aclose()
    assert (single.pool_metrics()["num_active"], cursors()) == (0, 0)
    with pytest.raises(StopAsyncIteration):
        await anext(batches)


async def test_break_gives_the_connection_back(single: ModuleType) -> None:
    async for rows in numbers(10):
        assert plain(rows) == [1, 2]
        break
    # The generator is garbage, and its end on its way.
    assert await single.execute("SELECT 1 AS n") == [{"n": 1}]
    await until(lambda: cursors() == 0)


async def test_an_exception_in_the_loop_gives_the_connection_back(single: ModuleType) -> None:
    with pytest.raises(LookupError):
        async with aclosing(numbers(10)) as batches:
            async for _ in batches:
                raise LookupError
    assert (single.pool_metrics()["num_active"], cursors()) == (0, 0)


async def test_a_generator_nobody_closes(single: ModuleType) -> None:
    """Collected where no loop can close it any more: the handle goes with it."""

    async def start() -> AsyncGenerator[list[dict[str, Any]], None]:
        batches = numbers(10)
        await anext(batches)
        return batches

    def in_a_loop_of_its_own() -> None:
        loop = asyncio.new_event_loop()
        try:
            batches = loop.run_until_complete(start())
        finally:
            loop.close()
        assert cursors() == 1
        del batches
        gc.collect()

    await asyncio.to_thread(in_a_loop_of_its_own)
    assert cursors() == 0
    assert await single.execute("SELECT 1 AS n") == [{"n": 1}]


async def test_cancelled_in_a_fetch(single: ModuleType, database: Database) -> None:
    seen: list[int] = []

    async def read() -> None:
        async for rows in sql(SLOW):
            seen.extend(plain(rows))

    task = asyncio.ensure_future(read())
    await until(lambda: seen and running(database, "pg_sleep"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == [1, 2]
    assert cursors() == 0
    await until(lambda: not running(database, "pg_sleep"))


async def test_cancelled_while_it_is_opened(single: ModuleType) -> None:
    for turns in range(8):
        task = asyncio.ensure_future(anext(numbers(10)))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    await until(lambda: cursors() == 0)


async def test_cancelled_in_a_fetch_of_a_transaction(single: ModuleType, database: Database) -> None:
    database.query("CREATE TABLE t (n int)")

    async def read() -> None:
        async with single.begin_transaction():
            await single.insert_one("t", {"n": 1})
            async for _ in sql(SLOW):
                pass

    task = asyncio.ensure_future(read())
    await until(lambda: running(database, "pg_sleep"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not running(database, "pg_sleep"))
    assert database.query("SELECT n FROM t") == []


async def test_an_error_in_the_middle(single: ModuleType) -> None:
    seen: list[int] = []
    text = "SELECT 1 / (4 - n) AS q, n FROM generate_series(1, 10) AS n"
    with pytest.raises(single.DataError, match="^Query failed: division by zero") as failure:
        async for rows in sql(text):
            seen.extend(plain(rows))
    assert seen == [1, 2]
    assert (failure.value.sqlstate, failure.value.query) == ("22012", text)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("SELECT nothing", "UndefinedColumnError", 'Query failed: column "nothing" does not exist'),
        ("SELECT 1 +", "SQLSyntaxError", "Query failed: syntax error at end of input"),
        ("SELECT 1; SELECT 2", "QueryError", "Query failed: a cursor reads one statement, not 2"),
        ("", "QueryError", "Query failed: the statement is empty"),
        ("SET work_mem = '1MB'", "QueryError", "Query failed: the statement returns no rows that a cursor could read"),
        ("COMMIT", "TransactionError", "Query failed: COMMIT inside a transaction block"),
    ],
)
async def test_statements_that_cannot_be_read(single: ModuleType, text: str, error: str, message: str) -> None:
    with pytest.raises(getattr(single, error)) as failure:
        await anext(sql(text))
    assert str(failure.value).startswith(message)


async def test_bad_batch_sizes(single: ModuleType) -> None:
    for size in (0, -1, 2**31):
        with pytest.raises(ValueError, match="batch_size must be between 1 and 2147483647"):
            sql("SELECT 1", batch=size)
    for wrong in (True, 1.5, "2", None):
        with pytest.raises(TypeError, match="batch_size must be int, not"):
            stream({"sql": "SELECT 1"}, batch_size=wrong)  # type: ignore[arg-type] # the point of the test


async def test_a_killed_backend(single: ModuleType, database: Database) -> None:
    batches = numbers(10)
    await anext(batches)
    (backend,) = database.backends()
    database.query("SELECT pg_terminate_backend(%s, 5000)", [backend])
    with pytest.raises(single.ConnectionFailedError, match="^Query failed: ") as failure:
        await anext(batches)
    assert not failure.value.in_doubt


async def test_a_killed_backend_under_a_transaction(single: ModuleType, database: Database) -> None:
    with pytest.raises(single.ConnectionFailedError, match="^Query failed: "):
        async with single.begin_transaction() as tx:
            batches = numbers(10)
            await anext(batches)
            (backend,) = database.backends()
            database.query("SELECT pg_terminate_backend(%s, 5000)", [backend])
            try:
                await anext(batches)
            finally:
                assert tx.is_completed


async def test_a_dropped_connection(proxy: TcpProxy) -> None:
    import ouroboros_postgres as pg

    await pg.init(proxy.dsn, max_connections=1)
    try:
        seen: list[int] = []
        with pytest.raises(pg.ConnectionFailedError, match="^Query failed: "):
            async for rows in numbers(10):
                seen.extend(plain(rows))
                await asyncio.to_thread(proxy.drop)
        assert seen == [1, 2]
        assert [plain(rows) async for rows in numbers(3)] == [[1, 2], [3]]
    finally:
        await pg.close()


async def test_a_stalled_connection_can_be_given_up(proxy: TcpProxy, database: Database) -> None:
    import ouroboros_postgres as pg

    await pg.init(proxy.dsn, max_connections=1)
    try:
        batches = numbers(10)
        await anext(batches)
        await asyncio.to_thread(proxy.stall)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(batches), 0.05)
        assert cursors() == 0
        await until(lambda: pg.pool_metrics()["num_active"] == 0)  # the server was not to be reached: closed
        await asyncio.to_thread(proxy.resume)
        assert [plain(rows) async for rows in numbers(3)] == [[1, 2], [3]]
    finally:
        await pg.close()


async def test_a_connection_lost_while_idle_is_replaced(single: ModuleType, database: Database) -> None:
    await single.execute("SELECT 1")
    (backend,) = database.backends()
    database.query("SELECT pg_terminate_backend(%s, 5000)", [backend])
    assert [plain(rows) async for rows in numbers(3)] == [[1, 2], [3]]


async def test_statement_timeout_is_for_one_batch(database: Database) -> None:
    import ouroboros_postgres as pg

    await pg.init(database.dsn, max_connections=1, statement_timeout_ms=1000)
    try:
        text = "SELECT n, pg_sleep(CASE WHEN n > 6 THEN 60 ELSE 0.2 END)::text AS s FROM generate_series(1, 9) AS n"
        seen: list[int] = []
        with pytest.raises(pg.QueryTimeoutError, match="^Query failed: "):
            async for rows in sql(text):
                seen.extend(plain(rows))
        assert seen == [1, 2, 3, 4, 5, 6]  # 1.2 s together
        assert await pg.execute("SELECT 1 AS n") == [{"n": 1}]
    finally:
        await pg.close()


async def test_statements_and_streams_share_a_transaction(single: ModuleType, database: Database) -> None:
    database.query("CREATE TABLE t (n int)")
    database.query("INSERT INTO t SELECT generate_series(1, 6)")
    async with single.begin_transaction():
        first, second = sql("SELECT n FROM t ORDER BY n", batch=2), sql("SELECT n FROM t ORDER BY n DESC", batch=4)
        assert plain(await anext(first)) == [1, 2]
        await single.execute("DELETE FROM t WHERE n > 4")
        assert plain(await anext(second)) == [4, 3, 2, 1]
        assert [plain(rows) async for rows in first] == [[3, 4], [5, 6]]  # as the table was when it began
        assert [plain(rows) async for rows in second] == []
        assert await single.count("t") == 4


async def test_two_streams_read_by_two_tasks_in_one_transaction(single: ModuleType) -> None:
    async def read(last: int) -> list[int]:
        return [n async for rows in numbers(last, 7) for n in plain(rows)]

    async with single.begin_transaction():
        first, second, other = await asyncio.gather(read(100), read(101), single.execute("SELECT 1 AS n"))
    assert (first, second) == (list(range(1, 101)), list(range(1, 102)))
    assert other == [{"n": 1}]


async def test_a_stream_sees_its_transaction(single: ModuleType, database: Database) -> None:
    database.query("CREATE TABLE t (n int)")
    async with single.begin_transaction():
        await single.insert_many("t", [{"n": 1}, {"n": 2}, {"n": 3}])
        assert [plain(rows) async for rows in sql("SELECT n FROM t ORDER BY n")] == [[1, 2], [3]]
        on_the_pool = stream({"sql": "SELECT 1"}, target=_session.target())
        assert [rows async for rows in on_the_pool] == [[{"?column?": 1}]]
        assert single.pool_metrics()["num_active"] == 1


async def test_early_exit_keeps_the_transaction(single: ModuleType) -> None:
    async with single.begin_transaction() as tx:
        async with aclosing(numbers(10)) as batches:
            await anext(batches)
        async for _ in numbers(10):
            break
        await until(lambda: cursors() == 0)
        assert await single.execute("SELECT count(*) AS n FROM pg_cursors WHERE name <> ''") == [{"n": 0}]
        assert tx.is_active


async def test_the_end_of_the_transaction_ends_the_stream(single: ModuleType) -> None:
    async with single.begin_transaction():
        batches = numbers(10)
        assert plain(await anext(batches)) == [1, 2]
    with pytest.raises(single.TransactionClosedError, match="^the cursor has ended with its transaction$"):
        await anext(batches)


async def test_the_end_of_a_savepoint_ends_the_stream(single: ModuleType) -> None:
    async with single.begin_transaction() as tx:
        outer = numbers(10)
        await anext(outer)
        with pytest.raises(LookupError):
            async with single.begin_transaction():
                inner = numbers(10)
                await anext(inner)
                raise LookupError
        with pytest.raises(single.TransactionClosedError, match="^the cursor has ended with the savepoint"):
            await anext(inner)
        assert plain(await anext(outer)) == [3, 4]
        assert tx.is_active
        await outer.aclose()


async def test_an_aborted_transaction(single: ModuleType) -> None:
    tx = await single.begin_transaction()
    async with tx:
        batches = numbers(10)
        await anext(batches)
        with pytest.raises(single.DataError):
            await single.execute("SELECT 1 / 0")
        with pytest.raises(single.InFailedTransactionError, match="^Query failed: "):
            await anext(batches)
        await tx.rollback()


async def test_without_prepared_statements(database: Database) -> None:
    import ouroboros_postgres as pg

    await pg.init(database.dsn, statement_cache_capacity=0)
    try:
        assert [rows async for rows in sql("SELECT $1 AS x, n FROM generate_series(1, $2) AS n", "a", 3)] == [
            [{"x": "a", "n": 1}, {"x": "a", "n": 2}],
            [{"x": "a", "n": 3}],
        ]
    finally:
        await pg.close()


async def test_through_pgbouncer(pgbouncer_dsn: str) -> None:
    import ouroboros_postgres as pg

    await pg.init(pgbouncer_dsn, max_connections=8, statement_cache_capacity=0)
    try:

        async def read(last: int) -> list[int]:
            seen: list[int] = []
            async for rows in numbers(last, 10):
                seen += plain(rows)
                await asyncio.sleep(0)
            return seen

        # More than PgBouncer has connections to the server.
        assert await asyncio.gather(*(read(100 + n) for n in range(8))) == [list(range(1, 101 + n)) for n in range(8)]
        async with pg.begin_transaction():
            batches = numbers(5)
            await anext(batches)
            await pg.execute("SELECT 1")
            assert [plain(rows) async for rows in batches] == [[3, 4], [5]]
        async with aclosing(numbers(5)) as batches:
            await anext(batches)
        await until(lambda: pg.pool_metrics()["num_active"] == 0)
    finally:
        await pg.close()


async def test_closing_the_pool_ends_streams(database: Database) -> None:
    import ouroboros_postgres as pg

    await pg.init(database.dsn, close_timeout=0)
    batches = numbers(10)
    await anext(batches)
    await pg.close()
    with pytest.raises(pg.PostgresError):
        await anext(batches)
    assert database.backends() == []
    assert cursors() == 0


async def test_a_tree(single: ModuleType, database: Database) -> None:
    database.query("CREATE TABLE t AS SELECT n, n %% 2 = 0 AS even FROM generate_series(1, %s) AS n", [10])
    of_t = {"column": {"name": "n"}}
    tree = {
        "select": {
            "from": {"table": "t"},
            "where": [{"compare": {"left": of_t, "operator": ">", "value": 0}}],
            "order": [{"expression": of_t, "direction": "DESC"}],
        }
    }
    for least in (4, 8):
        batches = stream({"statement": tree, "args": [least]}, batch_size=4)
        assert [n async for rows in batches for n in plain(rows)] == list(range(10, least, -1))
    with pytest.raises(ValueError, match="statement excludes sql and named"):
        await anext(stream({"statement": tree, "sql": "SELECT 1"}))
    with pytest.raises(ValueError, match="slot"):
        await anext(stream({"statement": tree}))
    with pytest.raises(single.QueryError, match="returns no rows"):
        await anext(stream({"statement": {"delete": {"table": {"table": "t"}}}}))
    assert await single.count("t") == 10


async def test_an_idle_transaction_that_the_server_ended(database: Database) -> None:
    import ouroboros_postgres as pg

    separator = "&" if "?" in database.dsn else "?"
    await pg.init(f"{database.dsn}{separator}options=-c%20idle_in_transaction_session_timeout%3D500", max_connections=1)
    try:
        batches = numbers(10)
        await anext(batches)
        await until(lambda: not database.backends())
        with pytest.raises(pg.PostgresError, match="^Query failed: .*idle-in-transaction timeout"):
            await anext(batches)
        assert await pg.execute("SELECT 1 AS n") == [{"n": 1}]
    finally:
        await pg.close()


async def test_other_shapes_after_ddl(single: ModuleType, database: Database) -> None:
    database.query("CREATE TABLE t (n int)")
    database.query("INSERT INTO t VALUES (1)")
    assert [rows async for rows in sql("SELECT * FROM t")] == [[{"n": 1}]]
    database.query("ALTER TABLE t ADD m text DEFAULT 'x'")
    assert [rows async for rows in sql("SELECT * FROM t")] == [[{"n": 1, "m": "x"}]]


async def test_metrics_count_batches(single: ModuleType) -> None:
    single.reset_metrics()
    assert [plain(rows) async for rows in numbers(5)] == [[1, 2], [3, 4], [5]]
    assert single.pool_metrics()["queries_executed"] == 3


async def doubled(rows: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Asks the server about a batch; says also which connection was asked."""
    import ouroboros_postgres as pg

    found = await pg.execute("SELECT n * 2 AS n, pg_backend_pid() AS pid FROM unnest($1::int[]) AS n", [plain(rows)])
    assert isinstance(found, list)
    return [(row["n"], row["pid"]) for row in found]


async def test_statements_about_a_batch_share_its_connection(single: ModuleType) -> None:
    request = {"sql": "SELECT n, pg_backend_pid() AS pid FROM generate_series(1, 5) AS n"}
    (backend,) = await single.execute("SELECT pg_backend_pid() AS pid")
    seen: list[tuple[int, int]] = []
    async for batch in stream_through(request, doubled, batch_size=2):
        seen += batch
        assert _session.active_transaction.get() is None  # the reader has none
    assert seen == [(n * 2, backend["pid"]) for n in range(1, 6)]


async def test_as_many_streams_as_connections(database: Database) -> None:
    """Each asks about its batches: none needs a connection that another one has."""
    import ouroboros_postgres as pg

    await pg.init(database.dsn, max_connections=3, acquire_timeout=20)
    opened = asyncio.Barrier(3)

    async def read() -> list[int]:
        seen: list[int] = []
        async with aclosing(
            stream_through({"sql": "SELECT generate_series(1, 5) AS n"}, doubled, batch_size=2)
        ) as batches:
            async for batch in batches:
                if not seen:
                    await opened.wait()  # all connections are taken
                seen += [n for n, _ in batch]
        return seen

    try:
        assert list(await asyncio.gather(read(), read(), read())) == [[2, 4, 6, 8, 10]] * 3
    finally:
        await pg.close()


async def test_statements_about_a_batch_join_the_ambient_transaction(single: ModuleType, database: Database) -> None:
    database.query("CREATE TABLE t (n int)")

    async def insert(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        inserted: list[dict[str, Any]] = await single.insert_many("t", rows)
        return inserted

    with pytest.raises(LookupError):
        async with single.begin_transaction():
            async for _ in stream_through({"sql": "SELECT generate_series(1, 5) AS n"}, insert, batch_size=2):
                pass
            assert await single.count("t") == 5
            raise LookupError
    assert database.query("SELECT n FROM t") == []
    async for _ in stream_through({"sql": "SELECT generate_series(1, 5) AS n"}, insert, batch_size=2):
        assert database.query("SELECT n FROM t") == []
    assert database.query("SELECT count(*) AS n FROM t") == [{"n": 5}]
    async with aclosing(stream_through({"sql": "SELECT generate_series(1, 5) AS n"}, insert, batch_size=2)) as batches:
        await anext(batches)
    assert single.pool_metrics()["num_active"] == 0
    assert database.query("SELECT count(*) AS n FROM t") == [{"n": 5}]


@pytest.mark.parametrize("end", ["break", "error in finish", "error in the query", "cancelled"])
async def test_every_end_of_a_stream_through_a_function(single: ModuleType, database: Database, end: str) -> None:
    async def finish(rows: list[dict[str, Any]]) -> list[int]:
        if end == "error in finish":
            await single.execute("SELECT 1 / 0")
        elif end == "cancelled":
            await single.execute("SELECT pg_sleep(60)")
        return plain(rows)

    text = "SELECT n, 1 / (4 - n) AS q FROM generate_series(1, 5) AS n"

    async def read() -> None:
        async for _ in stream_through({"sql": text}, finish, batch_size=2):
            if end == "break":
                break

    task = asyncio.ensure_future(read())
    if end == "cancelled":
        await until(lambda: running(database, "pg_sleep"))
        task.cancel()
    await asyncio.wait([task])
    if end == "cancelled":
        assert task.cancelled()
    elif end == "break":
        assert task.exception() is None
    else:
        assert isinstance(task.exception(), single.DataError)
    await until(lambda: cursors() == 0)
