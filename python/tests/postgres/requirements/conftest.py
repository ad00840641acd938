"""Servers that are stopped, late or standing by, and the package without a pool."""

from __future__ import annotations

import asyncio
import logging
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ouroboros_postgres import local

FAST: dict[str, local.SettingValue] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": 30,
}


@pytest.fixture
async def engine() -> AsyncIterator[ModuleType]:
    """The package without a pool; what the test opens is closed."""
    import ouroboros_postgres

    assert not ouroboros_postgres.is_connected()
    yield ouroboros_postgres
    await ouroboros_postgres.close()


@pytest.fixture
def reachable_dir() -> Iterator[Path]:
    """A directory that a server's unprivileged user can reach; those of tmp_path it cannot."""
    with tempfile.TemporaryDirectory(prefix="ouroboros-data-", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.fixture
def stopped_server(reachable_dir: Path) -> tuple[Path, int, str]:
    """A server that has run and is down: data directory, port and connection string."""
    data_dir = reachable_dir / "data"
    with local.start(data_dir, settings=FAST) as server:
        return data_dir, server.port, server.dsn


@pytest.fixture(scope="session")
def lone_server() -> Iterator[local.Server]:
    """A server of its own that asks for passwords (SCRAM)."""
    with local.start(settings={"max_connections": 30}) as server:
        yield server


@pytest.fixture
def primary_and_standby(reachable_dir: Path) -> Iterator[tuple[local.Server, local.Server]]:
    """A server and a copy of it that follows it by streaming replication."""
    primary_dir, standby_dir = reachable_dir / "primary", reachable_dir / "standby"
    with local.start(primary_dir, settings=FAST):
        pass
    # Copied while it is down, so that the copy is consistent; -a keeps the owner.
    subprocess.run(["cp", "-a", str(primary_dir), str(standby_dir)], check=True)
    (standby_dir / "standby.signal").touch()
    shutil.chown(standby_dir / "standby.signal", standby_dir.stat().st_uid, standby_dir.stat().st_gid)
    with local.start(primary_dir, settings=FAST) as primary:
        source = f"host={primary.host} port={primary.port} user=postgres password={_password(primary)}"
        with local.start(standby_dir, settings=FAST | {"primary_conninfo": source}) as standby:
            yield primary, standby


def _password(server: local.Server) -> str:
    return server.dsn.split(":")[2].split("@")[0]


class Records(logging.Handler):
    """The records of the package's loggers, and a way to wait for one."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[logging.LogRecord] = []
        self._changed = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.all.append(record)
        self._changed.set()

    def named(self, message: str) -> list[logging.LogRecord]:
        """The records with this message."""
        return [record for record in self.all if record.getMessage() == message]

    async def wait_for(self, found: Callable[[], object], work: asyncio.Task[object]) -> None:
        """Waits until ``found`` is true of the records that ``work`` causes; bounded by the test's own timeout."""
        while not found():
            self._changed.clear()
            changed = asyncio.ensure_future(self._changed.wait())
            await asyncio.wait([changed, work], return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
            if work.done() and not found():
                raise AssertionError(f"{work!r} ended without the records") from work.exception()


@pytest.fixture
async def records() -> AsyncIterator[Records]:
    """What the package logs from INFO upwards."""
    logger, handler = logging.getLogger("ouroboros_postgres"), Records()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.setLevel(level)
    logger.removeHandler(handler)


@pytest.fixture
async def debug_records(records: Records) -> Records:
    """What the package logs, the records of every statement included."""
    logging.getLogger("ouroboros_postgres").setLevel(logging.DEBUG)
    return records
