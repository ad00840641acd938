"""Ctrl-C ends a program that awaits the database at once."""

from __future__ import annotations

import signal

import pytest

from fixtures.database import Database
from fixtures.observe import running, until

from .program import TIMEOUT, start

RUN = """
import asyncio, sys
import ouroboros_postgres as pg

async def main():
    await pg.init(sys.argv[1])
    async with pg.begin_transaction():
        await pg.execute("CREATE TABLE t (n int)")
        await pg.execute("SELECT pg_sleep(600)")

asyncio.run(main())
"""

PLAIN_LOOP = """
import asyncio, sys
import ouroboros_postgres as pg

async def main():
    await pg.init(sys.argv[1])
    await pg.execute("SELECT pg_sleep(600)")

loop = asyncio.new_event_loop()
loop.run_until_complete(main())
"""

UVLOOP = """
import asyncio, sys
import uvloop
import ouroboros_postgres as pg

async def main():
    await pg.init(sys.argv[1])
    await pg.execute("SELECT pg_sleep(600)")

with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(main())
"""

SCRIPTS = {"asyncio.run": RUN, "plain loop": PLAIN_LOOP, "uvloop": UVLOOP}


@pytest.mark.parametrize("name", SCRIPTS)
async def test_sigint_interrupts(database: Database, name: str) -> None:
    """The exit code is that of an unhandled KeyboardInterrupt, and the statement ends on the server as well."""
    with start(SCRIPTS[name], database.dsn) as process:
        try:
            await until(lambda: running(database, "pg_sleep(600)") or process.poll() is not None)
            assert process.poll() is None, process.communicate()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
    assert "KeyboardInterrupt" in errors
    assert process.returncode == -signal.SIGINT
    await until(lambda: not running(database, "pg_sleep(600)"))
    assert database.query("SELECT to_regclass('public.t') AS t") == [{"t": None}]


CAUGHT = """
import asyncio, sys
import ouroboros_postgres as pg

async def main():
    await pg.init(sys.argv[1], max_connections=1)
    try:
        await pg.execute("SELECT pg_sleep(600)")
    finally:
        print(await asyncio.shield(pg.execute("SELECT 1 AS n")), flush=True)
        await pg.close()

try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("interrupted")
"""


async def test_sigint_leaves_the_program_to_tidy_up(database: Database) -> None:
    """The one connection of the pool is usable in the finally block."""
    with start(CAUGHT, database.dsn) as process:
        try:
            await until(lambda: running(database, "pg_sleep(600)") or process.poll() is not None)
            process.send_signal(signal.SIGINT)
            outcome = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
    assert outcome == ("[{'n': 1}]\ninterrupted\n", "")
    assert process.returncode == 0


TERMINATED = """
import asyncio, sys
import ouroboros_postgres as pg

async def main():
    await pg.init(sys.argv[1])
    await pg.execute("SELECT pg_sleep(600)")

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
async def test_other_signals_end_the_program_as_they_always_do(database: Database, number: signal.Signals) -> None:
    """The engine's run time installs no handlers that change what they do."""
    with start(TERMINATED, database.dsn) as process:
        try:
            await until(lambda: running(database, "pg_sleep(600)") or process.poll() is not None)
            process.send_signal(number)
            output, errors = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
    assert (process.returncode, output, errors) == (-number, "", "")
