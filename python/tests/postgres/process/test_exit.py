"""The end of the process is clean, whatever is open: exit code 0 and no output."""

from __future__ import annotations

import pytest

from fixtures.database import Database
from fixtures.observe import until

from .program import run

START = """
import asyncio, os, sys
import ouroboros_postgres as pg

async def opened():
    await pg.init(sys.argv[1])
    await pg.execute("CREATE TABLE IF NOT EXISTS t (n int)")
"""

ENDS = {
    "nothing but the import": "",
    "open pool": "asyncio.run(opened())",
    "closed pool": """
async def main():
    await opened()
    await pg.close()
asyncio.run(main())
""",
    "sys.exit in the middle": """
async def main():
    await opened()
    await pg.execute("SELECT 1")
    sys.exit(0)
asyncio.run(main())
""",
    "os._exit in the middle": """
async def main():
    await opened()
    asyncio.ensure_future(pg.execute("SELECT pg_sleep(600)"))
    await asyncio.sleep(0)
    os._exit(0)
asyncio.run(main())
""",
    "operations in flight": """
async def main():
    await opened()
    for _ in range(20):
        asyncio.ensure_future(pg.execute("SELECT pg_sleep(600)"))
    await pg.execute("SELECT 1")
asyncio.run(main())
""",
    "a loop that is never closed, with operations in flight": """
import warnings
warnings.simplefilter("ignore", ResourceWarning)  # of the loop
async def main():
    await opened()
    return [asyncio.ensure_future(pg.execute("SELECT pg_sleep(600)")) for _ in range(20)]
loop = asyncio.new_event_loop()
tasks = loop.run_until_complete(main())
for task in tasks:
    task._log_destroy_pending = False
""",
    "open transactions, committed by nobody": """
import logging
logging.getLogger("ouroboros_postgres").setLevel(logging.ERROR)
async def main():
    await opened()
    tx = await pg.begin_transaction()
    await tx.execute("INSERT INTO t VALUES (1)")
    return tx
tx = asyncio.run(main())
""",
    "streams that nobody closes": """
from ouroboros_postgres._cursor import stream
async def main():
    await opened()
    rows, held = stream({"sql": "SELECT generate_series(1, 10)"}, batch_size=2), stream({"sql": "SELECT pg_sleep(600)"})
    await anext(rows)
    task = asyncio.ensure_future(anext(held))
    await pg.execute("SELECT 1")
    return rows, task
loop = asyncio.new_event_loop()
rows, task = loop.run_until_complete(main())
task._log_destroy_pending = False
loop.close()
""",
    "a stream in a loop that ends properly": """
from ouroboros_postgres._cursor import stream
async def main():
    await opened()
    rows = stream({"sql": "SELECT generate_series(1, 10)"}, batch_size=2)
    await anext(rows)
    return rows
rows = asyncio.run(main())
""",
    "a daemon thread that is busy": """
import threading
busy = threading.Event()
async def forever():
    while True:
        await pg.execute("SELECT 1")
        busy.set()
asyncio.run(opened())
threading.Thread(target=lambda: asyncio.run(forever()), daemon=True).start()
busy.wait(20)
""",
    "globals that hold everything": """
class Holder:
    pass
holder = Holder()
async def main():
    await opened()
    holder.me = holder
    holder.coroutine = pg.begin_transaction()
    holder.pg = pg
asyncio.run(main())
sys.modules["holder"] = holder
""",
}


@pytest.mark.parametrize("end", ENDS)
async def test_the_end_is_clean(database: Database, end: str) -> None:
    assert run(START + ENDS[end], database.dsn) == (0, "", "")
    await until(lambda: not database.backends())
    if database.query("SELECT to_regclass('public.t') AS t") != [{"t": None}]:
        assert database.query("SELECT count(*) AS n FROM t") == [{"n": 0}]


WAITS = (
    START
    + """
async def main():
    await opened()
    await asyncio.gather(*(pg.execute("INSERT INTO t VALUES ($1)", [n]) for n in range(50)))
    await pg.close()

asyncio.run(main())
"""
)


def test_what_was_awaited_is_there(database: Database) -> None:
    assert run(WAITS, database.dsn) == (0, "", "")
    assert database.query("SELECT count(*) AS n FROM t") == [{"n": 50}]


AN_ERROR = (
    START
    + """
async def main():
    await opened()
    await pg.execute("SELECT * FROM missing")

asyncio.run(main())
"""
)


def test_an_error_that_nobody_handles(database: Database) -> None:
    """The traceback names the exception; nothing else is added to it at the end."""
    code, output, errors = run(AN_ERROR, database.dsn)
    assert (code, output) == (1, "")
    assert errors.splitlines()[-1] == (
        'ouroboros_postgres.errors.UndefinedTableError: Query execution failed: relation "missing" does not exist'
    )
