"""P1.2: read_only and deferrable with every isolation level."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest

from fixtures.database import Database
from ouroboros_postgres import local

from .conftest import Records

LEVELS = ["read_uncommitted", "read_committed", "repeatable_read", "serializable"]
DEFERRABLE_WARNING = "deferrable left out: it needs a serializable, read-only transaction"
SHOW = (
    "SELECT current_setting('transaction_isolation') AS level, current_setting('transaction_read_only') AS ro,"
    " current_setting('transaction_deferrable') AS d"
)


@pytest.mark.parametrize(
    ("level", "read_only", "deferrable"), list(itertools.product([None, *LEVELS], [False, True], [False, True]))
)
async def test_p1_2_every_combination(
    pg: ModuleType, records: Records, level: str | None, read_only: bool, deferrable: bool
) -> None:
    effective = deferrable and read_only and level == "serializable"
    for begin in (
        pg.begin_transaction(level, read_only=read_only, deferrable=deferrable),
        pg.pg_transaction(isolation_level=level, read_only=read_only, deferrable=deferrable),
    ):
        async with begin:
            assert await pg.execute(SHOW) == [
                {
                    "level": (level or "read_committed").replace("_", " "),
                    "ro": "on" if read_only else "off",
                    "d": "on" if effective else "off",
                }
            ]
    warnings = records.named(DEFERRABLE_WARNING)
    assert [record.levelno for record in warnings] == [logging.WARNING] * (2 if deferrable and not effective else 0)


@pytest.mark.parametrize("level", LEVELS)
async def test_p1_2_a_write_inside_raises(pg: ModuleType, level: str) -> None:
    await pg.execute("CREATE TABLE t (n int)")
    with pytest.raises(pg.ReadOnlyTransactionError, match="read-only transaction") as caught:
        async with pg.begin_transaction(level, read_only=True):
            assert await pg.execute("SELECT count(*) AS n FROM t") == [{"n": 0}]
            await pg.insert_one("t", {"n": 1})
    assert caught.value.sqlstate == "25006"
    assert await pg.count("t") == 0


@pytest.fixture
async def logging_server(engine: ModuleType) -> AsyncIterator[Path]:
    """The log of a server that writes down every statement; the package is connected to it."""
    async with local.start(settings={"log_statement": "all", "log_line_prefix": "", "max_connections": 10}) as server:
        await engine.init(server.dsn)
        yield server.log_path
        await engine.close()


async def test_p1_2_begin_as_it_is_sent(engine: ModuleType, logging_server: Path) -> None:
    """P1.2: the statement is the one that the requirement names, in the server's own log."""
    async with engine.begin_transaction("serializable", read_only=True, deferrable=True):
        pass
    async with engine.begin_transaction("repeatable_read", deferrable=True):
        pass
    async with engine.begin_transaction("read_committed", read_only=True):
        pass
    async with engine.begin_transaction():
        pass
    await engine.close()
    log = await asyncio.to_thread(logging_server.read_text)
    begins = [line.split("statement: ")[1] for line in log.splitlines() if ": BEGIN" in line]
    assert begins == [
        "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE",
        "BEGIN ISOLATION LEVEL REPEATABLE READ",
        "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY",
        "BEGIN",
    ]


@pytest.mark.parametrize("spelling", ["SERIALIZABLE", "Repeatable Read", "repeatable-read", " read_committed "])
async def test_p1_2_spellings(pg: ModuleType, spelling: str) -> None:
    wanted = spelling.strip().lower().replace("_", " ").replace("-", " ")
    async with pg.begin_transaction(spelling):
        assert (await pg.execute(SHOW))[0]["level"] == wanted


@pytest.mark.parametrize("bad", ["snapshot", "", "serializable; DROP TABLE t", 3])
async def test_p1_2_unknown_levels(pg: ModuleType, bad: object) -> None:
    with pytest.raises(ValueError, match="Invalid isolation level: "):
        pg.begin_transaction(bad)
    with pytest.raises(ValueError, match="Invalid isolation level: "):
        pg.pg_transaction(isolation_level=bad)


@pytest.mark.parametrize("options", [{"read_only": 1}, {"deferrable": "yes"}, {"read_only": None}])
async def test_p1_2_flags_are_bools(pg: ModuleType, options: dict[str, object]) -> None:
    with pytest.raises(TypeError, match=next(iter(options))):
        pg.begin_transaction(**options)


async def test_p1_2_the_default_level_is_the_servers(pg: ModuleType, database: Database) -> None:
    name = database.query("SELECT current_database() AS name")[0]["name"]
    database.query(f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")
    try:
        await pg.init(database.dsn)
        async with pg.begin_transaction():
            assert (await pg.execute(SHOW))[0]["level"] == "repeatable read"
        async with pg.begin_transaction("read_committed"):
            assert (await pg.execute(SHOW))[0]["level"] == "read committed"
    finally:
        database.query(f"ALTER DATABASE {name} RESET ALL")


async def test_p1_2_isolation_is_real(pg: ModuleType, database: Database) -> None:
    await pg.execute("CREATE TABLE t (n int)")
    for level, seen in (("read_committed", 1), ("repeatable_read", 0), ("serializable", 0)):
        await pg.execute("TRUNCATE t")
        async with pg.begin_transaction(level):
            assert await pg.count("t") == 0
            database.query("INSERT INTO t VALUES (1)")
            assert await pg.count("t") == seen


async def test_p1_2_nested_blocks_cannot_change_the_options(pg: ModuleType) -> None:
    async with pg.begin_transaction("repeatable_read", read_only=True):
        for options in ({"isolation_level": "serializable"}, {"deferrable": True}):
            with pytest.raises(ValueError, match="nested transaction"):
                async with pg.pg_transaction(**options):
                    pass
        async with pg.begin_transaction("repeatable_read", read_only=True):
            assert (await pg.execute(SHOW))[0]["ro"] == "on"
    async with pg.begin_transaction():
        with pytest.raises(ValueError, match="read_only"):
            async with pg.begin_transaction(read_only=True):
                pass
        async with pg.begin_transaction("serializable", read_only=True, independent=True):
            assert (await pg.execute(SHOW))[0] == {"level": "serializable", "ro": "on", "d": "off"}


async def test_p1_2_a_deferrable_transaction_waits_for_a_safe_snapshot(pg: ModuleType) -> None:
    """It gets its snapshot when the serializable writer has ended, and the wait can be cancelled."""
    await pg.execute("CREATE TABLE t (n int)")

    async def read() -> int:
        async with pg.begin_transaction("serializable", read_only=True, deferrable=True, independent=True):
            count: int = await pg.count("t")
            return count

    async with pg.begin_transaction("serializable"):
        await pg.count("t")
        await pg.insert_one("t", {"n": 1})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await read()
        waiting = asyncio.create_task(read())
        await pg.execute("SELECT pg_sleep(0.05)")
        assert not waiting.done()
    assert await waiting in (0, 1)
