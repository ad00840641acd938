"""Fixtures of the whole suite: one real server, a clean database for each test, and no leaks at the end."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import AsyncIterator, Iterator
from types import ModuleType

import pytest

from fixtures.database import Database, temporary_database
from fixtures.leaks import Leaks
from fixtures.pgbouncer import pgbouncer
from fixtures.proxy import TcpProxy
from ouroboros_postgres import local


@pytest.fixture(scope="session")
def server_dsn() -> Iterator[str]:
    """The server of TEST_DATABASE_URL, else a private one."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with local.start(settings={"max_connections": 200}) as server:
        yield server.dsn


@pytest.fixture(scope="session")
def session_database(server_dsn: str) -> Iterator[Database]:
    """The database of this run; tests ask for ``database``."""
    with temporary_database(server_dsn) as database:
        yield database


@pytest.fixture
def database(session_database: Database) -> Database:
    """An empty database, nobody else connected."""
    session_database.reset()
    return session_database


@pytest.fixture
async def pg(database: Database) -> AsyncIterator[ModuleType]:
    """The package, connected to an empty database."""
    import ouroboros_postgres

    await ouroboros_postgres.init(database.dsn)
    yield ouroboros_postgres
    await ouroboros_postgres.close()


@pytest.fixture
def proxy(database: Database) -> Iterator[TcpProxy]:
    """A proxy before the empty database: ``proxy.dsn``."""
    with TcpProxy(database.dsn) as running:
        yield running


@pytest.fixture
def pgbouncer_dsn(database: Database) -> Iterator[str]:
    """The empty database behind PgBouncer in transaction mode."""
    with pgbouncer(database.dsn) as dsn:
        yield dsn


@pytest.fixture(scope="session", autouse=True)
def leaks() -> Iterator[None]:
    """At the end of the session the engine holds no pool, operation, buffer or goroutine more than at the start."""
    if importlib.util.find_spec("ouroboros_postgres._binding") is None:
        yield  # not built: only what is pure Python can run
        return
    watch = Leaks()
    yield
    import ouroboros_postgres

    asyncio.run(ouroboros_postgres.close())
    watch.check()
