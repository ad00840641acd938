"""P0.4, connecting: what is tried again, with growing delays that are logged, and what is not."""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import pytest

from fixtures.address import with_address
from fixtures.database import Database
from fixtures.proxy import TcpProxy
from ouroboros_postgres import local

from .conftest import FAST, Records

RETRY = "Connection failed, retrying after delay"
PREFIX = "Failed to initialize PostgreSQL: "


def nobody_listens() -> str:
    """A connection string to a port that refuses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"postgres://u:s3cret@127.0.0.1:{probe.getsockname()[1]}/db"


async def test_p0_4_server_that_comes_up_late(
    engine: ModuleType, records: Records, stopped_server: tuple[Path, int, str]
) -> None:
    """P0.4: the server is down at start and starts while init is at its second retry; init succeeds."""
    data_dir, port, dsn = stopped_server
    opening = asyncio.create_task(engine.init(dsn, max_retries=12))
    await records.wait_for(lambda: len(records.named(RETRY)) >= 2, opening)
    async with local.start(data_dir, port=port, settings=FAST):
        await opening
        assert await engine.execute("SELECT 1 AS n") == [{"n": 1}]
        await engine.close()
    retries = records.named(RETRY)
    assert [record.__dict__["attempt"] for record in retries] == list(range(1, len(retries) + 1))
    assert_growing([record.__dict__["delay_ms"] for record in retries], 100, 2.0, 5000)
    success = [record for record in records.all if record.levelno == logging.INFO and "attempt" in record.__dict__]
    assert [record.__dict__["attempt"] for record in success] == [len(retries) + 1]


def assert_growing(delays: list[float], initial: float, multiplier: float, highest: float) -> None:
    """Fails unless each delay lies within the jitter below min(initial * multiplier**n, highest)."""
    for n, delay in enumerate(delays):
        bound = min(initial * multiplier**n, highest)
        assert 0.8 * bound - 0.001 <= delay <= bound, (n, delays)


async def test_p0_4_server_that_never_comes_up(engine: ModuleType, records: Records) -> None:
    """P0.4: a clear error after the configured attempts; P2.4: one WARNING for each retry, nothing secret in it."""
    with pytest.raises(engine.ConnectionFailedError, match=f"^{PREFIX}.*refused") as caught:
        await engine.init(
            nobody_listens(), max_retries=5, initial_retry_delay_ms=4, max_retry_delay_ms=30, retry_backoff_multiplier=3
        )
    assert caught.value.is_retryable
    assert not engine.is_connected()
    retries = records.named(RETRY)
    assert [(r.levelno, r.name) for r in retries] == [(logging.WARNING, "ouroboros_postgres.connection")] * 5
    assert [r.__dict__["attempt"] for r in retries] == [1, 2, 3, 4, 5]
    assert {r.__dict__["max_retries"] for r in retries} == {5}
    assert all("refused" in r.__dict__["error"] for r in retries)
    assert_growing([r.__dict__["delay_ms"] for r in retries], 4, 3, 30)
    assert not any("s3cret" in str(r.__dict__) or "postgres://" in str(r.__dict__) for r in records.all)
    assert "s3cret" not in str(caught.value)


async def test_p0_4_no_retries_means_one_attempt(engine: ModuleType, records: Records) -> None:
    with pytest.raises(engine.ConnectionFailedError, match="refused"):
        await engine.init(nobody_listens(), max_retries=0)
    assert records.named(RETRY) == []


async def test_p0_4_the_cap_holds_for_the_first_delay(engine: ModuleType, records: Records) -> None:
    with pytest.raises(engine.ConnectionFailedError):
        await engine.init(nobody_listens(), max_retries=1, initial_retry_delay_ms=60_000, max_retry_delay_ms=10)
    (retry,) = records.named(RETRY)
    assert 8 <= retry.__dict__["delay_ms"] <= 10


async def test_p0_4_init_can_be_cancelled_between_attempts(engine: ModuleType, records: Records) -> None:
    opening = asyncio.create_task(
        engine.init(nobody_listens(), initial_retry_delay_ms=600_000, max_retry_delay_ms=600_000)
    )
    await records.wait_for(lambda: records.named(RETRY), opening)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert not engine.is_connected()


async def test_3_1_wrong_password_is_not_retried(
    engine: ModuleType, records: Records, lone_server: local.Server
) -> None:
    password = urlsplit(lone_server.dsn).password
    assert password
    with pytest.raises(engine.AuthenticationError, match=f"^{PREFIX}.*password authentication failed") as caught:
        await engine.init(lone_server.dsn.replace(password, "wr0ng"))
    assert caught.value.sqlstate == "28P01"
    assert isinstance(caught.value, engine.ConnectionFailedError)
    assert not caught.value.is_retryable
    assert "wr0ng" not in f"{caught.value} {caught.value.__cause__}"
    assert records.named(RETRY) == []
    await engine.init(lone_server.dsn)


async def test_3_1_unknown_role_and_database_are_not_retried(
    engine: ModuleType, records: Records, lone_server: local.Server, database: Database
) -> None:
    parts = urlsplit(lone_server.dsn)
    with pytest.raises(engine.AuthenticationError):
        await engine.init(parts._replace(netloc=f"nobody:x@{parts.hostname}:{parts.port}").geturl())
    with pytest.raises(engine.PostgresError, match=f'^{PREFIX}.*database "missing" does not exist') as caught:
        await engine.init(lone_server.dsn_for("missing"))
    assert caught.value.sqlstate == "3D000"
    assert records.named(RETRY) == []


async def test_3_1_role_without_the_privilege_is_not_retried(
    engine: ModuleType, records: Records, database: Database
) -> None:
    name = database.query("SELECT current_database() AS name")[0]["name"]
    database.query(f"CREATE ROLE {name}_guest LOGIN PASSWORD 'guest'")
    database.query(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
    try:
        parts = urlsplit(database.dsn)
        host = parts.netloc.rpartition("@")[2]
        with pytest.raises(engine.PermissionDeniedError) as caught:
            await engine.init(parts._replace(netloc=f"{name}_guest:guest@{host}").geturl())
        assert caught.value.sqlstate == "42501"
        assert records.named(RETRY) == []
    finally:
        database.query(f"GRANT CONNECT ON DATABASE {name} TO PUBLIC")
        database.query(f"DROP ROLE {name}_guest")


async def test_3_1_too_many_connections_are_retried(engine: ModuleType, records: Records, database: Database) -> None:
    """Class 53300: a slot becomes free while init is between two attempts."""
    role = database.query("SELECT current_database() || '_limited' AS name")[0]["name"]
    database.query(f"CREATE ROLE {role} LOGIN PASSWORD 'limited' CONNECTION LIMIT 0")
    try:
        parts = urlsplit(database.dsn)
        host = parts.netloc.rpartition("@")[2]
        opening = asyncio.create_task(
            engine.init(parts._replace(netloc=f"{role}:limited@{host}").geturl(), max_retries=8)
        )
        await records.wait_for(lambda: records.named(RETRY), opening)
        database.query(f"ALTER ROLE {role} CONNECTION LIMIT 20")
        await opening
        assert "too many connections" in records.named(RETRY)[0].__dict__["error"]
        await engine.close()
    finally:
        database.query(f"DROP ROLE {role}")


async def test_3_1_unknown_host_name_is_an_error_in_the_end(engine: ModuleType, records: Records) -> None:
    with pytest.raises(engine.ConnectionFailedError, match=f"^{PREFIX}"):
        await engine.init("postgres://host.invalid/db", max_retries=1, initial_retry_delay_ms=1)


async def test_p0_4_connect_timeout_bounds_an_attempt(engine: ModuleType, records: Records, proxy: TcpProxy) -> None:
    """A server that takes the connection and says nothing."""
    proxy.stall()
    with pytest.raises(engine.ConnectionFailedError, match=f"^{PREFIX}"):
        await engine.init(proxy.dsn, connect_timeout=0.2, max_retries=1, initial_retry_delay_ms=1)
    assert len(records.named(RETRY)) == 1
    assert proxy.accepted >= 2


async def test_p0_4_refused_connection_that_is_accepted_later(
    engine: ModuleType, records: Records, proxy: TcpProxy
) -> None:
    proxy.refuse()
    opening = asyncio.create_task(engine.init(proxy.dsn, max_retries=8))
    await records.wait_for(lambda: records.named(RETRY), opening)
    proxy.accept()
    await opening
    assert await engine.execute("SELECT 1 AS n") == [{"n": 1}]


async def test_p0_4_a_running_pool_survives_a_restart_of_the_server(
    engine: ModuleType, stopped_server: tuple[Path, int, str]
) -> None:
    data_dir, port, dsn = stopped_server
    async with local.start(data_dir, port=port, settings=FAST):
        await engine.init(dsn, max_retries=0, query_max_retries=0)
        await asyncio.gather(*(engine.execute("SELECT pg_sleep(0)") for _ in range(5)))
    with pytest.raises(engine.ConnectionFailedError, match="refused"):
        await engine.execute("SELECT 1")
    async with local.start(data_dir, port=port, settings=FAST):
        assert await engine.execute("SELECT 1 AS n") == [{"n": 1}]
        await engine.close()


async def test_3_1_a_first_host_that_is_dead(engine: ModuleType, database: Database) -> None:
    """Several hosts: the next one is taken within one attempt."""
    dead = nobody_listens().split("@")[1].split("/")[0]
    parts = urlsplit(database.dsn)
    user, _, host = parts.netloc.rpartition("@")
    await engine.init(parts._replace(netloc=f"{user}@{dead},{host}").geturl(), max_retries=0)
    assert await engine.execute("SELECT 1 AS n") == [{"n": 1}]


async def test_3_1_target_session_attrs(
    engine: ModuleType, primary_and_standby: tuple[local.Server, local.Server]
) -> None:
    """Several hosts and a real standby: read-write and primary, read-only and standby find what they ask for."""
    primary, standby = primary_and_standby
    user = urlsplit(primary.dsn).netloc.rpartition("@")[0]
    hosts = f"{user}@{standby.host}:{standby.port},{primary.host}:{primary.port}"
    for wanted, port, recovering in (
        ("read-write", primary.port, False),
        ("primary", primary.port, False),
        ("read-only", standby.port, True),
        ("standby", standby.port, True),
        ("prefer-standby", standby.port, True),
        ("any", standby.port, True),
    ):
        await engine.init(f"postgres://{hosts}/postgres?target_session_attrs={wanted}", max_retries=0)
        rows = await engine.execute("SELECT pg_is_in_recovery() AS r, current_setting('port')::int AS port")
        assert rows == [{"r": recovering, "port": port}], wanted
        await engine.close()
    with pytest.raises(engine.ConnectionFailedError, match=f"^{PREFIX}"):
        await engine.init(
            with_address(standby.dsn, standby.host, standby.port) + "?target_session_attrs=read-write", max_retries=0
        )


async def test_p0_5_a_write_on_a_standby(
    engine: ModuleType, primary_and_standby: tuple[local.Server, local.Server]
) -> None:
    _, standby = primary_and_standby
    await engine.init(standby.dsn)
    with pytest.raises(engine.ReadOnlyTransactionError) as caught:
        await engine.execute("CREATE TABLE t (n int)")
    assert caught.value.sqlstate == "25006"
