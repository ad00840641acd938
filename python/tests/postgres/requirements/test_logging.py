"""P2.4 and §3.4: what is logged, with which fields, and what never is."""

from __future__ import annotations

import logging
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database

from .conftest import Records

CONNECTION, EXECUTOR = "ouroboros_postgres.connection", "ouroboros_postgres.executor"


def fields(record: logging.LogRecord, *names: str) -> dict[str, Any]:
    """These attributes of a record."""
    return {name: record.__dict__[name] for name in names}


async def test_p2_4_opening_the_pool(engine: ModuleType, database: Database, records: Records) -> None:
    await engine.init(database.dsn, min_connections=2, max_connections=7, max_retries=5)
    assert [(r.name, r.levelno, r.getMessage()) for r in records.all] == [
        (CONNECTION, logging.INFO, "Initializing connection pool"),
        (CONNECTION, logging.INFO, "Connection pool initialized successfully"),
    ]
    for record in records.all:
        limits = {"min_connections": 2, "max_connections": 7, "max_retries": 5}
        assert fields(record, *limits) == limits


async def test_p2_4_failed_statement(engine: ModuleType, database: Database, records: Records) -> None:
    await engine.init(database.dsn)
    sql = "SELECT * FROM missing WHERE name = $1 AND name <> 'a text that is long enough to be cut off'"
    with pytest.raises(engine.UndefinedTableError):
        await engine.execute(sql, ["s3cret"])
    (record,) = records.named("Query failed")
    assert (record.name, record.levelno) == (EXECUTOR, logging.WARNING)
    assert fields(record, "sql", "sqlstate", "attempt", "retryable", "error") == {
        "sql": sql[:50],
        "sqlstate": "42P01",
        "attempt": 1,
        "retryable": False,
        "error": 'relation "missing" does not exist',
    }
    assert record.__dict__["elapsed_ms"] >= 0


async def test_p2_4_failed_statement_in_a_transaction(engine: ModuleType, database: Database, records: Records) -> None:
    await engine.init(database.dsn)
    with pytest.raises(engine.DataError):
        async with engine.begin_transaction():
            await engine.execute("SELECT 1 / 0")
    assert [r.__dict__["sqlstate"] for r in records.named("Query failed")] == ["22012"]


async def test_p2_4_slow_statements_over_the_threshold(
    engine: ModuleType, database: Database, records: Records
) -> None:
    await engine.init(database.dsn, slow_query_threshold_ms=20)
    sql = f"SELECT pg_sleep(0.03) AS {'x' * 60}, $1 AS {'y' * 60}"
    await engine.execute(sql, ["s3cret"])
    slow = records.named("Slow query detected")
    (record,) = (r for r in slow if "pg_sleep" in r.__dict__["sql"])
    assert (record.name, record.levelno) == (EXECUTOR, logging.WARNING)
    assert fields(record, "sql", "threshold_ms", "attempt") == {"sql": sql[:100], "threshold_ms": 20, "attempt": 1}
    assert record.__dict__["elapsed_ms"] >= 20
    assert engine.pool_metrics()["slow_queries"] == len(slow)


async def test_p2_4_threshold_zero_logs_everything_and_none_nothing(
    engine: ModuleType, database: Database, records: Records
) -> None:
    await engine.init(database.dsn, slow_query_threshold_ms=0)
    await engine.execute("SELECT 1")
    assert [r.__dict__["sql"] for r in records.named("Slow query detected")] == ["SELECT 1"]
    await engine.init(database.dsn, slow_query_threshold_ms=None)
    await engine.execute("SELECT pg_sleep(0.01)")
    assert len(records.named("Slow query detected")) == 1


async def test_p2_4_completed_statements_at_debug(
    engine: ModuleType, database: Database, debug_records: Records
) -> None:
    await engine.init(database.dsn)
    await engine.execute("CREATE TABLE t (n int)")
    await engine.insert_many("t", [{"n": n} for n in range(3)])
    await engine.execute("SELECT n FROM t")
    async with engine.begin_transaction():
        await engine.count("t")
    done = [
        r for r in debug_records.named("Query completed") if '"t"' in r.__dict__["sql"] or " t" in r.__dict__["sql"]
    ]
    assert {(r.name, r.levelno) for r in done} == {(EXECUTOR, logging.DEBUG)}
    assert [fields(r, "attempt", "rows") for r in done] == [
        {"attempt": 1, "rows": 0},
        {"attempt": 1, "rows": 3},
        {"attempt": 1, "rows": 3},
        {"attempt": 1, "rows": 1},
    ]
    assert all(r.__dict__["elapsed_ms"] >= 0 and len(r.__dict__["sql"]) <= 100 for r in done)


async def test_p2_4_no_debug_records_unless_wanted(engine: ModuleType, database: Database, records: Records) -> None:
    await engine.init(database.dsn)
    await engine.execute("SELECT 1")
    logging.getLogger("ouroboros_postgres").setLevel(logging.DEBUG)
    await engine.execute("SELECT 2")
    logging.getLogger("ouroboros_postgres").setLevel(logging.INFO)
    await engine.execute("SELECT 3")
    assert [r.__dict__["sql"] for r in records.named("Query completed")] == ["SELECT 2"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty_identifier"),
        ("1st", "starts_with_digit"),
        ("users;--", "invalid_characters"),
        ("users'", "invalid_characters"),
        ("a.b.c", "invalid_format"),
        ("pg_catalog.pg_class", "system_schema"),
        ("x" * 64, "too_long"),
    ],
)
async def test_p2_4_refused_identifiers(
    engine: ModuleType, database: Database, records: Records, name: str, reason: str
) -> None:
    await engine.init(database.dsn)
    with pytest.raises(engine.IdentifierError):
        await engine.find_many(name)
    (record,) = records.named("Identifier validation failed")
    assert (record.name, record.levelno) == ("ouroboros_postgres.validation", logging.WARNING)
    assert record.__dict__["reason"] == reason
    assert not name or name not in str({k: v for k, v in record.__dict__.items() if k != "name"})


async def test_p2_4_cascading_deletes(engine: ModuleType, database: Database, records: Records) -> None:
    await engine.init(database.dsn)
    await engine.execute(
        "CREATE TABLE parents (id int PRIMARY KEY); INSERT INTO parents VALUES (1), (2);"
        "CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE CASCADE);"
        "INSERT INTO children VALUES (1, 1), (2, 1);"
        "CREATE TABLE blockers (id int, parent int REFERENCES parents); INSERT INTO blockers VALUES (1, 2)"
    )
    assert await engine.delete_with_cascade("parents", 1) == 3
    with pytest.raises(engine.ForeignKeyError):
        await engine.delete_with_cascade("parents", 2)
    started, done, _, blocked = [r for r in records.all if r.getMessage().startswith("Cascade delete")]
    assert {r.name for r in (started, done, blocked)} == {EXECUTOR}
    assert (started.levelno, started.__dict__["table"]) == (logging.INFO, "parents")
    assert (done.levelno, fields(done, "table", "total_deleted", "cascaded_to")) == (
        logging.INFO,
        {"table": "parents", "total_deleted": 3, "cascaded_to": ["public.children"]},
    )
    assert (blocked.levelno, fields(blocked, "table", "source_table")) == (
        logging.WARNING,
        {"table": "parents", "source_table": "blockers"},
    )


async def test_p2_4_nothing_secret_is_logged(engine: ModuleType, database: Database, debug_records: Records) -> None:
    """Parameter values, the URI and the password: in no record, whatever goes wrong."""
    secret = "s3cret-value"
    with pytest.raises(engine.ConnectionFailedError):
        await engine.init(f"postgres://u:{secret}@127.0.0.1:1/db", max_retries=1, initial_retry_delay_ms=1)
    await engine.init(database.dsn, slow_query_threshold_ms=0)
    await engine.execute("CREATE TABLE t (name text PRIMARY KEY, n int)")
    await engine.insert_one("t", {"name": secret})
    for call in (
        engine.insert_one("t", {"name": secret}),
        engine.execute("SELECT $1::text::int", [secret]),
        engine.execute("SELECT missing FROM t WHERE name = $1", [secret]),
        engine.insert_one("t", {"name": "other", "n": secret}),
        engine.find_many("t", [("missing", "eq", secret)]),
    ):
        with pytest.raises(engine.PostgresError):
            await call
    async with engine.begin_transaction():
        await engine.execute("SELECT $1 AS x", [secret])
    assert len(debug_records.all) > 10
    assert secret not in " ".join(str(record.__dict__) for record in debug_records.all)
    assert "postgres://" not in " ".join(str(record.__dict__) for record in debug_records.all)


async def test_2_defaults_of_init_are_logged(engine: ModuleType, records: Records) -> None:
    """init(os.environ.get("DATABASE_URL")) with the variable unset is noticed."""
    try:
        await engine.init(None, max_retries=0, connect_timeout=5)
    except engine.PostgresError:
        pass
    assert [r.levelno for r in records.all if "defaults" in r.getMessage()] == [logging.WARNING]
