"""P2.2 and §3.2: transient errors are retried where it is safe, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import psycopg
import pytest

from fixtures.database import Database
from fixtures.observe import blocked_backends, until
from fixtures.proxy import TcpProxy

from .conftest import Records

# The first two that come by wait for each other after their first row; a statement that runs again passes.
MEETING = """
CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL);
INSERT INTO accounts VALUES (1, 100), (2, 100);
CREATE SEQUENCE arrivals;
CREATE FUNCTION meet() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM nextval('arrivals');
    WHILE (SELECT last_value < 2 FROM arrivals) LOOP
        PERFORM pg_sleep(0.005);
    END LOOP;
END $$;
CREATE FUNCTION transfer(source int, target int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accounts SET balance = balance - 10 WHERE id = source;
    PERFORM meet();
    UPDATE accounts SET balance = balance + 10 WHERE id = target;
    RETURN source;
END $$;
CREATE FUNCTION deposit(target int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    seen int;
BEGIN
    SELECT balance INTO seen FROM accounts WHERE id = target;
    PERFORM meet();
    UPDATE accounts SET balance = seen + 10 WHERE id = target;
    RETURN seen + 10;
END $$
"""


def set_default(database: Database, setting: str, value: str) -> None:
    """Sets a default for all connections to the database that follow."""
    name = database.query("SELECT current_database() AS name")[0]["name"]
    database.query(f"ALTER DATABASE {name} SET {setting} = '{value}'")


@pytest.fixture
def clean_defaults(database: Database) -> Iterator[None]:
    """Takes the defaults of the database away at the end."""
    yield
    name = database.query("SELECT current_database() AS name")[0]["name"]
    database.query(f"ALTER DATABASE {name} RESET ALL")


pytestmark = pytest.mark.usefixtures("clean_defaults")


def failures(records: Records) -> list[tuple[str, int, bool]]:
    """State, attempt and verdict of the failures that were logged."""
    return [
        (record.__dict__["sqlstate"], record.__dict__["attempt"], record.__dict__["retryable"])
        for record in records.named("Query failed")
    ]


async def test_p2_2_two_tasks_in_a_deadlock_both_succeed(
    engine: ModuleType, database: Database, records: Records
) -> None:
    set_default(database, "deadlock_timeout", "20ms")
    await engine.init(database.dsn)
    await engine.execute(MEETING)
    results = await asyncio.gather(
        engine.execute("SELECT transfer($1, $2) AS t", [1, 2]), engine.execute("SELECT transfer($1, $2) AS t", [2, 1])
    )
    assert list(results) == [[{"t": 1}], [{"t": 2}]]
    assert failures(records) == [("40P01", 1, True)]
    assert engine.pool_metrics()["retries"] == 1
    assert database.query("SELECT balance FROM accounts ORDER BY id") == [{"balance": 100}, {"balance": 100}]
    assert database.query("SELECT last_value FROM arrivals") == [{"last_value": 3}]


async def test_p2_2_a_deadlock_inside_a_transaction_is_the_callers(engine: ModuleType, database: Database) -> None:
    """P2.2: not retried there; is_retryable says that the block may be run again, as run_in_transaction does."""
    set_default(database, "deadlock_timeout", "20ms")
    await engine.init(database.dsn)
    await engine.execute(MEETING)

    async def move(source: int, target: int) -> object:
        async with engine.begin_transaction():
            return await engine.execute("SELECT transfer($1, $2) AS t", [source, target])

    results = await asyncio.gather(move(1, 2), move(2, 1), return_exceptions=True)
    error: Any = next(result for result in results if isinstance(result, Exception))
    assert type(error) is engine.DeadlockError
    assert error.is_retryable
    assert engine.pool_metrics()["retries"] == 0
    assert database.query("SELECT last_value FROM arrivals") == [{"last_value": 2}]


async def test_p2_2_run_in_transaction_runs_the_block_again(engine: ModuleType, database: Database) -> None:
    set_default(database, "deadlock_timeout", "20ms")
    await engine.init(database.dsn)
    await engine.execute(MEETING)
    runs: list[int] = []

    async def move(source: int, target: int) -> int:
        async def block(tx: object) -> int:
            runs.append(source)
            (row,) = await engine.execute("SELECT transfer($1, $2) AS t", [source, target])
            moved: int = row["t"]
            return moved

        done: int = await engine.run_in_transaction(block)
        return done

    assert list(await asyncio.gather(move(1, 2), move(2, 1))) == [1, 2]
    assert len(runs) == 3
    assert database.query("SELECT balance FROM accounts ORDER BY id") == [{"balance": 100}, {"balance": 100}]


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
async def test_p2_2_serialization_failures_are_retried(
    engine: ModuleType, database: Database, records: Records, level: str
) -> None:
    """P2.2: both have read the same balance; the second to write is refused, runs again, and sees the first."""
    set_default(database, "default_transaction_isolation", level)
    await engine.init(database.dsn)
    await engine.execute(MEETING)
    results = await asyncio.gather(*(engine.execute("SELECT deposit(1) AS b") for _ in range(2)))
    assert sorted(rows[0]["b"] for rows in results) == [110, 120]
    assert failures(records) == [("40001", 1, True)]
    assert database.query("SELECT balance FROM accounts WHERE id = 1") == [{"balance": 120}]


async def test_p2_2_serialization_failure_inside_a_transaction(engine: ModuleType, database: Database) -> None:
    await engine.init(database.dsn)
    await engine.execute(MEETING)

    async def deposit() -> None:
        async with engine.begin_transaction("serializable"):
            await engine.execute("SELECT deposit(1) AS b")

    results = await asyncio.gather(deposit(), deposit(), return_exceptions=True)
    error: Any = next(result for result in results if result is not None)
    assert type(error) is engine.SerializationError
    assert error.is_retryable
    assert engine.pool_metrics()["retries"] == 0
    assert database.query("SELECT balance FROM accounts WHERE id = 1") == [{"balance": 110}]


async def test_p2_2_attempts_are_limited_and_delays_are_options(
    engine: ModuleType, database: Database, records: Records
) -> None:
    await engine.init(database.dsn, query_max_retries=2, query_retry_initial_delay_ms=1)
    await engine.execute("CREATE SEQUENCE runs")
    always = "DO $$ BEGIN PERFORM nextval('runs'); RAISE EXCEPTION 'provoked' USING ERRCODE = '40001'; END $$"
    with pytest.raises(engine.SerializationError, match="provoked"):
        await engine.execute(always)
    assert failures(records) == [("40001", 1, True), ("40001", 2, True), ("40001", 3, True)]
    assert database.query("SELECT last_value FROM runs") == [{"last_value": 3}]
    await engine.init(database.dsn, query_max_retries=0)
    with pytest.raises(engine.SerializationError):
        await engine.execute(always)
    assert database.query("SELECT last_value FROM runs") == [{"last_value": 4}]


@pytest.mark.parametrize(
    ("sqlstate", "runs"),
    [("40001", 2), ("40P01", 2), ("40002", 2), ("40000", 2), ("40003", 1), ("55P03", 1), ("57014", 1), ("23505", 1)],
)
async def test_3_2_which_states_are_retried(engine: ModuleType, database: Database, sqlstate: str, runs: int) -> None:
    await engine.init(database.dsn, query_max_retries=1, query_retry_initial_delay_ms=1)
    await engine.execute("CREATE SEQUENCE runs")
    with pytest.raises(engine.PostgresError) as caught:
        await engine.execute(
            f"DO $$ BEGIN PERFORM nextval('runs'); RAISE EXCEPTION 'provoked' USING ERRCODE = '{sqlstate}'; END $$"
        )
    assert caught.value.sqlstate == sqlstate
    assert database.query("SELECT last_value FROM runs") == [{"last_value": runs}]


async def test_3_2_helpers_of_several_statements_are_retried_from_their_begin(
    engine: ModuleType, database: Database
) -> None:
    """A chunked insert whose second chunk fails once: the first chunk is not in the table twice."""
    await engine.init(database.dsn)
    await engine.execute(
        """
        CREATE TABLE rows (n int);
        CREATE SEQUENCE runs;
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.n = 25 AND nextval('runs') = 1 THEN
                RAISE EXCEPTION 'provoked' USING ERRCODE = '40001';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON rows FOR EACH ROW EXECUTE FUNCTION refuse()
        """
    )
    rows = [{"n": n} for n in range(50)]
    assert await engine.insert_many("rows", rows, batch_size=10) == rows
    assert database.query("SELECT count(*) AS n, count(DISTINCT n) AS d FROM rows") == [{"n": 50, "d": 50}]
    assert database.query("SELECT last_value FROM runs") == [{"last_value": 2}]


async def test_3_2_a_read_is_run_again_when_its_connection_is_lost(
    engine: ModuleType, database: Database, records: Records
) -> None:
    await engine.init(database.dsn, max_connections=2)
    await engine.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)")
    with psycopg.connect(database.dsn) as holder:
        holder.execute("LOCK TABLE t")
        reading = asyncio.create_task(engine.execute("SELECT n FROM t"))
        (pid,) = await until(lambda: blocked_backends(database))
        database.query("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert await reading == [{"n": 1}]
    assert failures(records) == [("57P01", 1, True)]


async def test_3_2_a_write_is_not_run_again_when_its_connection_is_lost(
    engine: ModuleType, database: Database, records: Records
) -> None:
    await engine.init(database.dsn, max_connections=2)
    await engine.execute("CREATE TABLE t (n int)")
    with psycopg.connect(database.dsn) as holder:
        holder.execute("LOCK TABLE t")
        writing = asyncio.create_task(engine.execute("INSERT INTO t VALUES (1)"))
        (pid,) = await until(lambda: blocked_backends(database))
        database.query("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with pytest.raises(engine.ConnectionFailedError) as caught:
        await writing
    assert (caught.value.sqlstate, caught.value.is_retryable) == ("57P01", False)
    assert engine.pool_metrics()["retries"] == 0
    assert await engine.execute("SELECT count(*) AS n FROM t") == [{"n": 0}]


async def test_3_2_a_write_whose_answer_is_lost_is_not_run_again(
    engine: ModuleType, database: Database, proxy: TcpProxy
) -> None:
    """The server has done it, the client cannot know: one row and not two."""
    await engine.init(proxy.dsn)
    await engine.execute("CREATE TABLE t (name text)")
    for name in ("first", "second"):
        await engine.insert_one("t", {"name": name})
    proxy.cut_at(b"needle")
    with pytest.raises(engine.ConnectionFailedError, match="^Insert failed: the connection was lost") as caught:
        await engine.insert_one("t", {"name": "needle"})
    proxy.cut_at(None)
    assert (caught.value.is_retryable, caught.value.in_doubt, caught.value.sqlstate) == (False, True, None)
    await until(lambda: database.query("SELECT 1 AS n FROM t WHERE name = 'needle'"))
    assert await engine.count("t", {"name": "needle"}) == 1


async def test_3_2_a_commit_whose_answer_is_lost_is_in_doubt(
    engine: ModuleType, database: Database, proxy: TcpProxy
) -> None:
    await engine.init(proxy.dsn)
    await engine.execute("CREATE TABLE t (n int)")
    with pytest.raises(engine.ConnectionFailedError, match="the outcome is unknown") as caught:
        async with engine.begin_transaction():
            await engine.insert_one("t", {"n": 1})
            proxy.cut_at(b"COMMIT")
    proxy.cut_at(None)
    assert (caught.value.is_retryable, caught.value.in_doubt) == (False, True)
    await until(lambda: database.query("SELECT 1 AS n FROM t"))
    assert await engine.count("t") == 1


async def test_3_2_what_was_not_sent_is_sent_on_a_fresh_connection(
    engine: ModuleType, database: Database, proxy: TcpProxy
) -> None:
    """Idle connections that died are noticed before a write is sent over them."""
    await engine.init(proxy.dsn, min_connections=4, max_connections=4)
    await engine.execute("CREATE TABLE t (n int)")
    for n in range(5):
        await asyncio.gather(*(engine.execute("SELECT pg_sleep(0.01)") for _ in range(4)))
        proxy.drop()
        await engine.insert_one("t", {"n": n})
    assert await engine.count("t") == 5


async def test_3_2_what_was_not_sent_to_a_killed_backend_is_sent_to_another(
    engine: ModuleType, database: Database
) -> None:
    await engine.init(database.dsn, min_connections=4, max_connections=4)
    await engine.execute("CREATE TABLE t (n int)")
    for n in range(5):
        await asyncio.gather(*(engine.execute("SELECT pg_sleep(0.01)") for _ in range(4)))
        database.query("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s) AS pid", [database.backends()])
        await engine.insert_one("t", {"n": n})
    assert await engine.count("t") == 5


async def test_3_2_connection_lost_inside_a_transaction(engine: ModuleType, database: Database) -> None:
    """Nothing is retried; the transaction is over and rolled back, and the pool is none the worse."""
    await engine.init(database.dsn, max_connections=1)
    await engine.execute("CREATE TABLE t (n int)")
    with pytest.raises(engine.ConnectionFailedError) as caught:
        async with engine.begin_transaction() as tx:
            await engine.insert_one("t", {"n": 1})
            (row,) = await engine.execute("SELECT pg_backend_pid() AS pid")
            database.query("SELECT pg_terminate_backend(%s, 5000)", [row["pid"]])
            await engine.execute("SELECT 1")
    assert caught.value.is_retryable
    assert tx.is_completed
    with pytest.raises(engine.TransactionClosedError):
        await tx.execute("SELECT 1")
    assert await engine.execute("SELECT count(*) AS n FROM t") == [{"n": 0}]


async def test_3_2_a_stalled_connection_can_be_given_up(
    engine: ModuleType, proxy: TcpProxy, database: Database
) -> None:
    """No answer comes: the task can be cancelled, and the pool works when the network does again."""
    await engine.init(proxy.dsn, max_connections=2)
    await engine.execute("SELECT 1")
    proxy.stall()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await engine.execute("SELECT 1")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1), engine.begin_transaction():
            await engine.execute("SELECT 1")
    proxy.resume()
    assert await engine.execute("SELECT 2 AS n") == [{"n": 2}]
    await until(lambda: engine.pool_metrics()["num_active"] == 0)
