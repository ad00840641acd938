"""§2: opening, replacing and closing the pool."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

from fixtures.database import Database
from fixtures.observe import running, until

NOT_CONNECTED = r"^PostgreSQL connection not initialized\. Call init\(\) first\.$"

CALLS: dict[str, Callable[[ModuleType], Awaitable[Any]]] = {
    "execute": lambda pg: pg.execute("SELECT 1"),
    "insert_one": lambda pg: pg.insert_one("t", {"n": 1}),
    "insert_many": lambda pg: pg.insert_many("t", [{"n": 1}]),
    "upsert_one": lambda pg: pg.upsert_one("t", {"n": 1}, "n"),
    "upsert_many": lambda pg: pg.upsert_many("t", [{"n": 1}], "n"),
    "find_one": lambda pg: pg.find_one("t"),
    "find_many": lambda pg: pg.find_many("t"),
    "count": lambda pg: pg.count("t"),
    "update_one": lambda pg: pg.update_one("t", "n", 1, {"n": 2}),
    "update_many": lambda pg: pg.update_many("t", [], {"n": 2}),
    "delete_one": lambda pg: pg.delete_one("t", "n", 1),
    "delete_many": lambda pg: pg.delete_many("t", []),
    "find_by_foreign_key": lambda pg: pg.find_by_foreign_key("t", "n", 1),
    "fetch_one_with_relations": lambda pg: pg.fetch_one_with_relations("t", 1, []),
    "fetch_one_eager": lambda pg: pg.fetch_one_eager("t", 1, []),
    "fetch_many_with_relations": lambda pg: pg.fetch_many_with_relations("t", []),
    "delete_with_cascade": lambda pg: pg.delete_with_cascade("t", 1),
    "delete_checked": lambda pg: pg.delete_checked("t", 1),
    "list_tables": lambda pg: pg.list_tables(),
    "table_exists": lambda pg: pg.table_exists("t"),
    "get_columns": lambda pg: pg.get_columns("t"),
    "get_indexes": lambda pg: pg.get_indexes("t"),
    "get_foreign_keys": lambda pg: pg.get_foreign_keys("t"),
    "get_backreferences": lambda pg: pg.get_backreferences("t"),
    "inspect_table": lambda pg: pg.inspect_table("t"),
    "begin_transaction": lambda pg: pg.begin_transaction().__aenter__(),
    "pg_transaction": lambda pg: pg.pg_transaction().__aenter__(),
    "m2m_count_related": lambda pg: pg._engine.m2m_count_related("j", "a", "b", "t", 1),
}


@pytest.mark.parametrize("name", CALLS)
async def test_calls_before_init_and_after_close(engine: ModuleType, database: Database, name: str) -> None:
    with pytest.raises(engine.NotConnectedError, match=NOT_CONNECTED):
        await CALLS[name](engine)
    await engine.init(database.dsn)
    await engine.close()
    with pytest.raises(RuntimeError, match=NOT_CONNECTED):
        await CALLS[name](engine)


async def test_is_connected(engine: ModuleType, database: Database) -> None:
    assert engine.is_connected() is False
    await engine.init(database.dsn)
    assert engine.is_connected() is True
    await engine.close()
    assert engine.is_connected() is False


async def test_close_without_a_pool_and_again(engine: ModuleType, database: Database) -> None:
    assert await engine.close() is None
    await engine.init(database.dsn)
    assert await engine.close() is None
    assert await engine.close() is None
    await engine.init(database.dsn)
    assert await engine.execute("SELECT 1 AS n") == [{"n": 1}]


async def test_second_init_replaces_the_pool(engine: ModuleType, database: Database) -> None:
    await engine.init(database.dsn, application_name="first")
    await engine.init(database.dsn, application_name="second")
    assert await engine.execute("SHOW application_name") == [{"application_name": "second"}]
    names = "SELECT application_name AS n FROM pg_stat_activity WHERE pid = ANY(%s)"
    await until(lambda: {row["n"] for row in database.query(names, [database.backends()])} == {"second"})


async def test_second_init_lets_the_work_on_the_old_pool_end(engine: ModuleType, database: Database) -> None:
    """The old pool is closed gracefully: its statements and transactions are not cut off."""
    await engine.init(database.dsn)
    await engine.execute("CREATE TABLE t (n int)")
    sleeping = asyncio.create_task(engine.execute("SELECT pg_sleep(0.2), 1 AS n"))
    await until(lambda: running(database, "pg_sleep(0.2)"))
    async with engine.begin_transaction():
        await engine.insert_one("t", {"n": 1})
        await engine.init(database.dsn)
        await engine.insert_one("t", {"n": 2})
    assert (await sleeping)[0]["n"] == 1
    assert await engine.count("t") == 2


async def test_a_second_init_that_fails_keeps_the_pool(engine: ModuleType, database: Database) -> None:
    await engine.init(database.dsn, application_name="first")
    for bad in ("postgres://127.0.0.1:1/db", "", "nonsense"):
        with pytest.raises(engine.ConnectionFailedError, match="^Failed to initialize PostgreSQL: "):
            await engine.init(bad, max_retries=0)
    with pytest.raises(ValueError, match="min_connections"):
        await engine.init(database.dsn, min_connections=-1)
    assert engine.is_connected()
    assert await engine.execute("SHOW application_name") == [{"application_name": "first"}]


async def test_close_waits_for_what_is_running(engine: ModuleType, database: Database) -> None:
    await engine.init(database.dsn)
    sleeping = asyncio.create_task(engine.execute("SELECT pg_sleep(0.2), 1 AS n"))
    await until(lambda: running(database, "pg_sleep(0.2)"))
    closing = asyncio.create_task(engine.close())
    await asyncio.sleep(0)
    with pytest.raises(engine.NotConnectedError):  # new calls fail at once
        await engine.execute("SELECT 1")
    await closing
    assert (await sleeping)[0]["n"] == 1
    assert database.backends() == []


async def test_close_is_bounded_with_an_open_transaction(engine: ModuleType, database: Database) -> None:
    await engine.init(database.dsn, close_timeout=0.1)
    await engine.execute("CREATE TABLE t (n int)")
    tx = await engine.begin_transaction()
    await tx.execute("INSERT INTO t VALUES (1)")
    await engine.close()
    await until(lambda: not database.backends())
    assert database.query("SELECT count(*) AS n FROM t") == [{"n": 0}]
    with pytest.raises(engine.PostgresError):
        await tx.execute("SELECT 1")
    await tx.rollback()


async def test_close_is_bounded_with_a_statement_that_goes_on(engine: ModuleType, database: Database) -> None:
    await engine.init(database.dsn, close_timeout=0.1)
    sleeping = asyncio.create_task(engine.execute("SELECT pg_sleep(600)"))
    await until(lambda: running(database, "pg_sleep(600)"))
    await engine.close()
    with pytest.raises(engine.PostgresError):
        await sleeping
    await until(lambda: not database.backends())


@pytest.mark.parametrize("text", ["", "   "])
async def test_empty_uri(engine: ModuleType, text: str) -> None:
    with pytest.raises(
        engine.ConnectionFailedError, match="^Failed to initialize PostgreSQL: Connection URI cannot be empty"
    ):
        await engine.init(text)


@pytest.mark.parametrize(
    "uri",
    [
        "nonsense", "mysql://u:s3cret@h/db", "postgres://u:s3cret@h:port/db", "postgres://u:s3cret@h:70000/db",
        "postgres://u:s3cret@[::1/db", "postgres://u:s3cret@h/db?sslmode=bogus", "postgres://u:s3cret%zz@h/db",
        "postgres://u:s3cret@h/db?connect_timeout=soon", "postgres://u:s3cret@h/db?target_session_attrs=x",
        "host=h password=s3cret", "postgres://u:s3cret@h/db\x00", "postgres://u:s3cret@h:1,h:x/db",
    ],
)  # fmt: skip
async def test_p0_3_malformed_uri(engine: ModuleType, uri: str) -> None:
    """P0.3: a typed error, at once, and neither the URI nor the password in it."""
    with pytest.raises(
        engine.ConnectionFailedError, match="^Failed to initialize PostgreSQL: Invalid connection URI"
    ) as caught:
        await engine.init(uri, max_retries=5)
    assert not caught.value.is_retryable
    assert "s3cret" not in repr(caught.value.__dict__) + str(caught.value)
    assert uri not in str(caught.value)


async def test_parts_instead_of_a_string(engine: ModuleType, database: Database) -> None:
    parts = urlsplit(database.dsn)
    password = f"{parts.password or 'unused'}"
    role = f"{parts.path[1:]}@boros/:%"
    database.query(f"CREATE ROLE \"{role}\" LOGIN SUPERUSER PASSWORD 'p@ss/:%'")
    try:
        where = {"host": parts.hostname, "port": parts.port, "database": parts.path[1:]}
        await engine.init(**where, username=parts.username, password=password)
        assert await engine.execute("SELECT current_user AS u") == [{"u": parts.username}]
        await engine.init(**where, username=role, password="p@ss/:%")
        assert await engine.execute("SELECT current_user AS u") == [{"u": role}]
        await engine.close()
    finally:
        database.query(f'DROP ROLE "{role}"')


async def test_uri_parameters(engine: ModuleType, database: Database) -> None:
    base = database.dsn.split("?")[0]
    await engine.init(f"{base}?sslmode=disable&application_name=from_uri&search_path=pg_catalog&connect_timeout=7")
    assert await engine.execute("SHOW application_name") == [{"application_name": "from_uri"}]
    assert await engine.execute("SHOW search_path") == [{"search_path": "pg_catalog"}]
    await engine.init(f"{base}?sslmode=disable&options=-c%20work_mem%3D1234kB")
    assert await engine.execute("SHOW work_mem") == [{"work_mem": "1234kB"}]
    assert await engine.execute("SHOW application_name") == [{"application_name": "ouroboros_postgres"}]


WRONG_VALUES: list[tuple[str, Any]] = [
    ("min_connections", -1), ("max_connections", 0), ("max_connections", -5), ("connect_timeout", -1),
    ("acquire_timeout", -0.1), ("max_lifetime", -1), ("idle_timeout", -1), ("max_retries", -1),
    ("initial_retry_delay_ms", -1), ("max_retry_delay_ms", -1), ("retry_backoff_multiplier", 0.5),
    ("statement_cache_capacity", -1), ("query_max_retries", -1), ("query_retry_initial_delay_ms", -1),
    ("query_retry_max_delay_ms", -1), ("query_retry_backoff_multiplier", 0), ("slow_query_threshold_ms", -1),
    ("statement_timeout_ms", -1), ("health_check_period", 0), ("health_check_period", -1), ("close_timeout", -1),
    ("connect_timeout", float("nan")), ("acquire_timeout", float("inf")), ("port", 0), ("port", 65536),
    ("port", "5432"), ("max_connections", 2**31),
]  # fmt: skip

WRONG_TYPES: list[tuple[str, Any]] = [
    ("min_connections", "1"), ("max_connections", 1.5), ("max_connections", True), ("connect_timeout", "30"),
    ("connect_timeout", None), ("max_retries", None), ("statement_cache_capacity", 10.0), ("hide_detail", 1),
    ("application_name", None), ("application_name", b"x"), ("close_timeout", None), ("host", None), ("database", 5),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG_VALUES)
async def test_options_out_of_range(engine: ModuleType, name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        await engine.init(**{name: value})
    assert not engine.is_connected()


@pytest.mark.parametrize(("name", "value"), WRONG_TYPES)
async def test_options_of_the_wrong_type(engine: ModuleType, name: str, value: object) -> None:
    with pytest.raises(TypeError, match=name):
        await engine.init(**{name: value})
    assert not engine.is_connected()


async def test_more_min_than_max_connections(engine: ModuleType) -> None:
    with pytest.raises(ValueError, match="min_connections"):
        await engine.init(min_connections=3, max_connections=2)


async def test_unknown_option(engine: ModuleType) -> None:
    with pytest.raises(TypeError, match="max_conections"):
        await engine.init(max_conections=2)


async def test_statement_timeout(engine: ModuleType, database: Database) -> None:
    await engine.init(database.dsn, statement_timeout_ms=20)
    with pytest.raises(engine.QueryTimeoutError) as caught:
        await engine.execute("SELECT pg_sleep(600)")
    assert (caught.value.sqlstate, caught.value.is_retryable) == ("57014", False)


async def test_p0_4_connections_are_kept_open(engine: ModuleType, database: Database) -> None:
    await engine.init(database.dsn, min_connections=3, max_connections=5)
    await until(lambda: len(database.backends()) >= 3)
    assert 3 <= engine.pool_metrics()["pool_size"] <= 5


async def test_p0_4_max_lifetime_replaces_connections(engine: ModuleType, database: Database) -> None:
    await engine.init(database.dsn, max_connections=1, max_lifetime=0.05, health_check_period=0.02)
    (first,) = await engine.execute("SELECT pg_backend_pid() AS pid")
    await until(lambda: first["pid"] not in database.backends())
    (second,) = await engine.execute("SELECT pg_backend_pid() AS pid")
    assert second != first


async def test_p0_4_idle_timeout_closes_connections_above_the_minimum(engine: ModuleType, database: Database) -> None:
    await engine.init(
        database.dsn,
        min_connections=1,
        max_connections=5,
        idle_timeout=0.1,
        health_check_period=0.02,
        max_lifetime=None,
    )
    await asyncio.gather(*(engine.execute("SELECT pg_sleep(0.05)") for _ in range(5)))
    await until(lambda: engine.pool_metrics()["pool_size"] == 1)
    await until(lambda: len(database.backends()) == 1)
