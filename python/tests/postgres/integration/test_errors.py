"""The classes, attributes and texts of errors, as a real server provokes them."""

from __future__ import annotations

import asyncio
import pickle
from types import ModuleType
from typing import Any

import psycopg
import pytest

import ouroboros_postgres
from fixtures.address import with_address, with_database
from fixtures.database import Database
from ouroboros_postgres import connection, errors

TREE: dict[str, tuple[type[BaseException], ...]] = {
    "PostgresError": (RuntimeError,),
    "ConnectionFailedError": (errors.PostgresError, ConnectionError),
    "AuthenticationError": (errors.ConnectionFailedError,),
    "NotConnectedError": (errors.ConnectionFailedError,),
    "PostgresTimeoutError": (errors.PostgresError, TimeoutError),
    "PoolTimeoutError": (errors.PostgresTimeoutError,),
    "QueryTimeoutError": (errors.PostgresTimeoutError,),
    "LockTimeoutError": (errors.PostgresTimeoutError,),
    "IntegrityError": (errors.PostgresError,),
    "ConflictError": (errors.IntegrityError,),
    "ForeignKeyError": (errors.IntegrityError,),
    "NotNullError": (errors.IntegrityError,),
    "CheckError": (errors.IntegrityError,),
    "TransientError": (errors.PostgresError,),
    "SerializationError": (errors.TransientError,),
    "DeadlockError": (errors.TransientError,),
    "TransactionError": (errors.PostgresError,),
    "ReadOnlyTransactionError": (errors.TransactionError,),
    "InFailedTransactionError": (errors.TransactionError,),
    "TransactionClosedError": (errors.TransactionError,),
    "SavepointError": (errors.TransactionError,),
    "QueryError": (errors.PostgresError,),
    "UndefinedTableError": (errors.QueryError,),
    "UndefinedColumnError": (errors.QueryError,),
    "SQLSyntaxError": (errors.QueryError,),
    "PermissionDeniedError": (errors.QueryError,),
    "RowNotFoundError": (errors.QueryError,),
    "DataError": (errors.PostgresError, ValueError),
    "DeserializationError": (errors.PostgresError,),
    "IdentifierError": (errors.PostgresError, ValueError),
    "MigrationError": (errors.PostgresError,),
    "InternalError": (errors.PostgresError,),
}

ATTRIBUTES = (
    *(
        "sqlstate",
        "message",
        "detail",
        "hint",
        "severity",
        "schema_name",
        "table_name",
        "column_name",
        "constraint_name",
    ),
    *("datatype_name", "position", "query", "is_retryable", "is_constraint_violation"),
)


def test_the_tree() -> None:
    for name, bases in TREE.items():
        kind = getattr(errors, name)
        assert getattr(ouroboros_postgres, name) is kind
        assert issubclass(kind, RuntimeError) and not issubclass(kind, AssertionError)
        assert kind.__bases__ == bases
    assert errors.DataBridgeError is errors.PostgresError is ouroboros_postgres.DataBridgeError


# What a PL/pgSQL function raises with this SQLSTATE, and the class that it becomes.
STATES = {
    "08006": errors.ConnectionFailedError,
    "0A000": errors.QueryError,
    "0B000": errors.TransactionError,
    "21000": errors.QueryError,
    "22003": errors.DataError,
    "22P02": errors.DataError,
    "23000": errors.IntegrityError,
    "23001": errors.ForeignKeyError,
    "23502": errors.NotNullError,
    "23503": errors.ForeignKeyError,
    "23505": errors.ConflictError,
    "23514": errors.CheckError,
    "23P01": errors.ConflictError,
    "25001": errors.TransactionError,
    "25006": errors.ReadOnlyTransactionError,
    "28000": errors.AuthenticationError,
    "28P01": errors.AuthenticationError,
    "2D000": errors.TransactionError,
    "3B001": errors.SavepointError,
    "3B000": errors.TransactionError,
    "40002": errors.TransientError,
    "42501": errors.PermissionDeniedError,
    "42601": errors.SQLSyntaxError,
    "42703": errors.UndefinedColumnError,
    "42883": errors.QueryError,
    "42P01": errors.UndefinedTableError,
    "42P07": errors.QueryError,
    "53100": errors.QueryError,
    "53300": errors.ConnectionFailedError,
    "54000": errors.QueryError,
    "55P03": errors.LockTimeoutError,
    "57014": errors.QueryTimeoutError,
    "P0001": errors.QueryError,
    "P0002": errors.QueryError,
    "XX000": errors.InternalError,
    "99999": errors.QueryError,
}

RETRYABLE = (errors.TransientError, errors.LockTimeoutError)


@pytest.mark.parametrize("state", STATES)
async def test_classes_by_sqlstate(pg: ModuleType, state: str) -> None:
    statement = f"DO $$ BEGIN RAISE EXCEPTION 'the text' USING ERRCODE = '{state}', DETAIL = 'more', HINT = 'do', "
    statement += "SCHEMA = 's', TABLE = 't', COLUMN = 'c', CONSTRAINT = 'k', DATATYPE = 'd'; END $$"
    async with pg.begin_transaction() as tx:  # no retries
        with pytest.raises(errors.PostgresError) as caught:
            await pg.execute(statement)
        error = caught.value
        await tx.rollback()
    assert type(error) is STATES[state]
    assert (error.sqlstate, error.message, error.detail, error.hint) == (state, "the text", "more", "do")
    assert (error.schema_name, error.table_name, error.column_name, error.constraint_name) == ("s", "t", "c", "k")
    assert (error.datatype_name, error.severity) == ("d", "ERROR")
    assert str(error) == "Query execution failed: the text (more)"
    assert error.is_constraint_violation is state.startswith("23")
    if not isinstance(error, errors.ConnectionFailedError):
        assert error.is_retryable is isinstance(error, RETRYABLE)


async def test_attributes_are_there_without_a_server(pg: ModuleType) -> None:
    with pytest.raises(errors.QueryError) as caught:
        await pg.execute("")
    assert caught.value.sqlstate is None
    for name in ATTRIBUTES:
        assert hasattr(caught.value, name)
    assert caught.value.is_retryable is False


async def test_the_query_is_shortened_and_has_no_values(pg: ModuleType) -> None:
    with pytest.raises(errors.UndefinedTableError) as caught:
        await pg.execute("SELECT * FROM missing WHERE a = $1 AND " + "b = b AND " * 50 + "true", ["s3cret"])
    assert caught.value.query is not None and len(caught.value.query) <= 100
    assert caught.value.query.startswith("SELECT * FROM missing")
    assert "s3cret" not in str(caught.value) and "s3cret" not in repr(vars(caught.value))
    assert caught.value.position == 15


async def test_errors_can_be_pickled(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (id int PRIMARY KEY)")
    await pg.insert_one("t", {"id": 1})
    with pytest.raises(errors.ConflictError) as caught:
        await pg.insert_one("t", {"id": 1})
    restored = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert type(restored) is errors.ConflictError
    assert str(restored) == str(caught.value)
    for name in ATTRIBUTES:
        assert getattr(restored, name) == getattr(caught.value, name)


async def test_handlers_for_runtime_error(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (id int PRIMARY KEY)")
    await pg.insert_one("t", {"id": 1})
    try:
        await pg.execute("INSERT INTO t VALUES (1)")
    except RuntimeError as error:
        assert "violates" in str(error)
        assert "constraint" in str(error)
    else:
        pytest.fail("no error")


async def test_lock_timeouts(pg: ModuleType, database: Database) -> None:
    await pg.execute("CREATE TABLE t (id int)")
    with psycopg.connect(database.dsn) as other:
        other.execute("LOCK TABLE t")
        async with pg.begin_transaction() as tx:
            with pytest.raises(errors.LockTimeoutError) as caught:
                await tx.execute("LOCK TABLE t NOWAIT")
            await tx.rollback()
    assert caught.value.sqlstate == "55P03" and caught.value.is_retryable


async def test_statement_timeouts(database: Database) -> None:
    await connection.init(database.dsn, statement_timeout_ms=1)
    try:
        with pytest.raises(errors.QueryTimeoutError, match="statement timeout") as caught:
            await connection.execute("SELECT pg_sleep(300)")
        assert caught.value.sqlstate == "57014" and isinstance(caught.value, TimeoutError)
        assert not caught.value.is_retryable
    finally:
        await connection.close()


async def test_pool_timeouts(database: Database) -> None:
    await connection.init(database.dsn, max_connections=1, acquire_timeout=0.01)
    try:
        async with connection.begin_transaction():
            with pytest.raises(errors.PoolTimeoutError) as caught:
                async with connection.begin_transaction(independent=True):
                    pass
        assert caught.value.is_retryable and isinstance(caught.value, TimeoutError)
        assert await connection.execute("SELECT 1 AS n") == [{"n": 1}]
    finally:
        await connection.close()


async def test_deadlocks(database: Database) -> None:
    await connection.init(database.dsn, query_max_retries=0)
    try:
        await connection.execute("CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 0)")
        await connection.insert_many("t", [{"id": 1}, {"id": 2}])
        both = asyncio.Barrier(2)

        async def work(first: int, second: int) -> BaseException | None:
            try:
                async with connection.begin_transaction() as tx:
                    await tx.execute("SET LOCAL deadlock_timeout = '10ms'")
                    await tx.update_one("t", "id", first, {"n": 1})
                    await both.wait()
                    await tx.update_one("t", "id", second, {"n": 1})
            except errors.PostgresError as error:
                return error
            return None

        outcomes = [error for error in await asyncio.gather(work(1, 2), work(2, 1)) if error]
        assert [type(error) for error in outcomes] == [errors.DeadlockError]
        assert isinstance(outcomes[0], errors.DeadlockError)
        assert outcomes[0].sqlstate == "40P01" and outcomes[0].is_retryable
    finally:
        await connection.close()


async def test_a_lost_connection(pg: ModuleType, database: Database) -> None:
    async with pg.begin_transaction() as tx:
        [row] = await tx.execute("SELECT pg_backend_pid() AS pid")
        database.query("SELECT pg_terminate_backend(%s, 5000)", [row["pid"]])
        with pytest.raises(errors.ConnectionFailedError) as caught:
            await tx.execute("SELECT 1")
        assert isinstance(caught.value, ConnectionError)
        with pytest.raises(errors.PostgresError):
            await tx.execute("SELECT 1")
    assert await pg.execute("SELECT 1 AS n") == [{"n": 1}]


async def test_connecting_to_nothing(database: Database) -> None:
    nobody, missing = with_address(database.dsn, "127.0.0.1", 1), with_database(database.dsn, "no_such_database")
    for dsn, kind in ((nobody, errors.ConnectionFailedError), (missing, errors.QueryError)):
        with pytest.raises(kind, match="^Failed to initialize PostgreSQL:") as caught:
            await connection.init(dsn, max_retries=0)
        assert dsn not in str(caught.value)
    assert not connection.is_connected()


async def test_a_failed_init_keeps_the_old_pool(pg: ModuleType, database: Database) -> None:
    with pytest.raises(RuntimeError, match="^Failed to initialize PostgreSQL:"):
        await connection.init(with_database(database.dsn, "no_such_database"))
    assert connection.is_connected()
    assert await pg.execute("SELECT 1 AS n") == [{"n": 1}]


NOT_CONNECTED = "PostgreSQL connection not initialized. Call init() first."


async def test_without_a_pool(pg: ModuleType) -> None:
    await connection.close()
    await connection.close()
    assert connection.is_connected() is pg.is_connected() is False
    calls: list[Any] = [
        lambda: pg.execute("SELECT 1"),
        lambda: pg.insert_one("t", {"a": 1}),
        lambda: pg.insert_many("t", [{"a": 1}]),
        lambda: pg.upsert_one("t", {"a": 1}, "a"),
        lambda: pg.find_many("t"),
        lambda: pg.find_one("t"),
        lambda: pg.count("t"),
        lambda: pg.update_one("t", "id", 1, {"a": 1}),
        lambda: pg.update_many("t", None, {"a": 1}),
        lambda: pg.delete_one("t", "id", 1),
        lambda: pg.delete_many("t", None),
        lambda: pg.fetch_one_with_relations("t", 1, []),
        lambda: pg.delete_with_cascade("t", 1),
        lambda: pg.delete_checked("t", 1),
        lambda: pg.list_tables(),
        lambda: pg.inspect_table("t"),
        lambda: pg.get_backreferences("t"),
        lambda: ouroboros_postgres._engine.m2m_count_related("j", "s", "t", "t", 1),
    ]
    for call in calls:
        with pytest.raises(errors.NotConnectedError) as caught:
            await call()
        assert str(caught.value) == NOT_CONNECTED
