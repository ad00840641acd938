"""One pool for all event loops of the process, one after another and at the same time."""

from __future__ import annotations

from fixtures.database import Database

from .program import run

START = """
import asyncio, gc, json, os, sys, threading
import ouroboros_postgres as pg
from ouroboros_postgres import _binding

def counters():
    return json.loads(_binding.counters())

def descriptors():
    return len(os.listdir("/dev/fd"))
"""

TWENTY_RUNS = (
    START
    + """
async def first():
    await pg.init(sys.argv[1])
    await pg.execute("CREATE TABLE t (n int)")

async def work(n):
    async with pg.begin_transaction():
        await pg.insert_one("t", {"n": n})
    rows = await asyncio.gather(*(pg.execute("SELECT $1::int AS n", [i]) for i in range(10)))
    assert rows == [[{"n": i}] for i in range(10)]
    return (await pg.execute("SELECT pg_backend_pid() AS pid"))[0]["pid"]

asyncio.run(first())
asyncio.run(work(-1))
before = descriptors()
for n in range(20):
    asyncio.run(work(n))
gc.collect()
after = descriptors()
assert asyncio.run(pg.count("t")) == 21
# The connections of the pool are the only descriptors that may have become more.
assert after - before <= pg.pool_metrics()["max_connections"] - 1, (before, after)
gc.collect()
assert counters()["queues"] == 0, counters()
assert counters()["operations"] == 0, counters()
asyncio.run(pg.close())
gc.collect()
assert counters()["pools"] == 0, counters()
print("done")
"""
)


def test_twenty_runs_share_a_pool_and_leave_nothing_behind(database: Database) -> None:
    assert run(TWENTY_RUNS, database.dsn) == (0, "done\n", "")


TWO_THREADS = (
    START
    + """
start = threading.Barrier(2)
failures = []

async def work(name):
    for n in range(50):
        rows = await asyncio.gather(*(pg.execute("SELECT $1::text AS who, $2::int AS n", [name, n]) for _ in range(4)))
        assert rows == [[{"who": name, "n": n}]] * 4, rows
        async with pg.begin_transaction():
            await pg.insert_one("t", {"who": name, "n": n})
            assert await pg.count("t", {"who": name}) == n + 1

def thread(name):
    start.wait()
    try:
        asyncio.run(work(name))
    except BaseException as error:
        failures.append(error)

async def first():
    await pg.init(sys.argv[1], max_connections=4)
    await pg.execute("CREATE TABLE t (who text, n int)")

asyncio.run(first())
threads = [threading.Thread(target=thread, args=(name,)) for name in ("a", "b")]
for t in threads:
    t.start()
for t in threads:
    t.join()
assert not failures, failures
assert asyncio.run(pg.count("t")) == 100
assert pg.pool_metrics()["pool_size"] <= 4
asyncio.run(pg.close())
print("done")
"""
)


def test_two_loops_in_two_threads_share_a_pool(database: Database) -> None:
    assert run(TWO_THREADS, database.dsn) == (0, "done\n", "")


OTHER_LOOP = (
    START
    + """
async def begin():
    await pg.init(sys.argv[1])
    await pg.execute("CREATE TABLE t (n int)")
    tx = await pg.begin_transaction()
    await tx.execute("INSERT INTO t VALUES (1)")
    return tx

async def end(tx):
    await tx.execute("INSERT INTO t VALUES (2)")
    await tx.commit()
    assert await pg.execute("SELECT n FROM t ORDER BY n") == [{"n": 1}, {"n": 2}]

tx = asyncio.run(begin())
asyncio.run(end(tx))
asyncio.run(pg.close())
print("done")
"""
)


def test_a_transaction_goes_on_in_another_loop(database: Database) -> None:
    """Pool and transactions are bound to the process, not to a loop."""
    assert run(OTHER_LOOP, database.dsn) == (0, "done\n", "")


CLOSED_WHILE_BUSY = (
    START
    + """
async def first():
    await pg.init(sys.argv[1], max_connections=2)
    await pg.execute("CREATE TABLE t (n int)")

asyncio.run(first())
for n in range(10):
    loop = asyncio.new_event_loop()
    async def abandon():
        tx = await pg.begin_transaction()
        await tx.execute("INSERT INTO t VALUES (1)")
        asyncio.ensure_future(pg.execute("SELECT pg_sleep(600)"))
        await asyncio.sleep(0)
    loop.run_until_complete(abandon())
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    del loop
    gc.collect()
assert asyncio.run(pg.execute("SELECT count(*) AS n FROM t")) == [{"n": 0}]
asyncio.run(pg.close())
gc.collect()
held = ("queues", "pools", "transactions", "cursors", "operations")
assert not any(counters()[kind] for kind in held), counters()
print("done")
"""
)


def test_loops_that_end_with_work_in_flight(database: Database) -> None:
    """Transactions that nobody completes are rolled back, statements are cancelled, the pool goes on."""
    code, output, errors = run(CLOSED_WHILE_BUSY, database.dsn)
    assert (code, output) == (0, "done\n"), errors
    lines = set(errors.splitlines())
    assert lines <= {"A transaction was never completed; changes rolled back"}


UVLOOP = (
    START
    + """
import uvloop

async def work():
    await pg.init(sys.argv[1])
    rows = await asyncio.gather(*(pg.execute("SELECT $1::int AS n", [n]) for n in range(100)))
    assert rows == [[{"n": n}] for n in range(100)]
    try:
        async with asyncio.timeout(0.05):
            await pg.execute("SELECT pg_sleep(600)")
    except TimeoutError:
        pass
    async with pg.begin_transaction():
        assert await pg.execute("SELECT 1 AS n") == [{"n": 1}]
    await pg.close()

for _ in range(3):
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())
print("done")
"""
)


def test_uvloop(database: Database) -> None:
    assert run(UVLOOP, database.dsn) == (0, "done\n", "")


WITHOUT_READERS = (
    START
    + """
class Loop(asyncio.SelectorEventLoop):
    "A loop that watches no descriptors for us, as the default one of Windows."

    def add_reader(self, fd, callback, *args):
        raise NotImplementedError

    def remove_reader(self, fd):
        raise NotImplementedError

async def work():
    await pg.init(sys.argv[1])
    for _ in range(20):
        rows = await asyncio.gather(*(pg.execute("SELECT $1::int AS n", [n]) for n in range(20)))
        assert rows == [[{"n": n}] for n in range(20)]
    try:
        async with asyncio.timeout(0.05):
            await pg.execute("SELECT pg_sleep(600)")
    except TimeoutError:
        pass
    async with pg.begin_transaction():
        assert await pg.execute("SELECT 1 AS n") == [{"n": 1}]

for _ in range(3):
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(work())
with asyncio.Runner(loop_factory=Loop) as runner:
    runner.run(pg.close())
del runner
gc.collect()
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        thread.join(20)
        assert not thread.is_alive(), thread
assert counters()["queues"] == 0
print("done")
"""
)


def test_a_loop_that_cannot_watch_descriptors(database: Database) -> None:
    assert run(WITHOUT_READERS, database.dsn) == (0, "done\n", "")


REUSED_DESCRIPTORS = (
    START
    + """
async def one():
    return await pg.execute("SELECT 1 AS n")

async def first():
    await pg.init(sys.argv[1], max_connections=2)

asyncio.run(first())
asyncio.run(one())
for n in range(50):
    # The number of the descriptor that the last loop was woken by now belongs to a pipe.
    pipes = [os.pipe() for _ in range(5)]
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(one()) == [{"n": 1}]
    slow = loop.create_task(pg.execute("SELECT pg_sleep(0.002)"))
    loop.run_until_complete(asyncio.sleep(0))
    slow.cancel()
    loop.run_until_complete(asyncio.gather(slow, return_exceptions=True))
    loop.close()
    del loop, slow
    gc.collect()
    more = [os.pipe() for _ in range(5)]
    assert asyncio.run(one()) == [{"n": 1}]
    for reader, writer in pipes + more:
        os.set_blocking(reader, False)
        try:
            stray = os.read(reader, 8)
        except BlockingIOError:
            stray = b""
        assert stray == b"", "the engine wrote to a descriptor of somebody else"
        os.close(reader)
        os.close(writer)
asyncio.run(pg.close())
print("done")
"""
)


def test_descriptors_are_not_written_to_after_they_were_given_back(database: Database) -> None:
    assert run(REUSED_DESCRIPTORS, database.dsn) == (0, "done\n", "")


BUSY_LOOP = (
    START
    + """
async def ask(n):
    return (await pg.execute("SELECT $1::int AS n, pg_backend_pid() AS pid", [n]))[0]

async def busy():
    await pg.init(sys.argv[1], min_connections=1, max_connections=1)
    known = await ask(0)
    pending = asyncio.ensure_future(ask(1))
    await asyncio.sleep(0)  # it is sent; its answer would be read by this loop
    found = []
    other = threading.Thread(target=lambda: found.append(asyncio.run(ask(2))))
    other.start()
    other.join(20)
    assert found == [{"n": 2, "pid": known["pid"]}], found
    assert await pending == {"n": 1, "pid": known["pid"]}
    closing = asyncio.ensure_future(ask(3))
    await asyncio.sleep(0)
    other = threading.Thread(target=lambda: asyncio.run(pg.close()))
    other.start()
    other.join(20)
    assert not other.is_alive()
    assert (await closing)["n"] == 3

asyncio.run(busy())
gc.collect()
assert counters()["operations"] == 0, counters()
print("done")
"""
)


def test_busy_loop_keeps_no_connection_from_others(database: Database) -> None:
    assert run(BUSY_LOOP, database.dsn) == (0, "done\n", "")


STOPPED_LOOP = (
    START
    + """
loop = asyncio.new_event_loop()
slow = []

async def ask():
    return await pg.execute("SELECT pg_backend_pid() AS pid")

async def start():
    slow.append(asyncio.ensure_future(ask()))
    await asyncio.sleep(0)

loop.run_until_complete(pg.init(sys.argv[1], min_connections=1, max_connections=1))
loop.run_until_complete(ask())
loop.run_until_complete(start())
[row] = asyncio.run(ask())  # another loop, while the first one stands still
assert loop.run_until_complete(slow[0]) == [row]
loop.run_until_complete(start())
slow[1].cancel()
loop.run_until_complete(asyncio.gather(slow[1], return_exceptions=True))
loop.run_until_complete(start())
loop.close()  # with an operation under way
slow.clear()
del loop
gc.collect()
assert asyncio.run(ask()) == [row]
asyncio.run(pg.close())
gc.collect()
assert counters()["operations"] == 0, counters()
print("done")
"""
)


def test_stopped_loop_keeps_no_connection_from_others(database: Database) -> None:
    status, output, errors = run(STOPPED_LOOP, database.dsn)
    assert (status, output) == (0, "done\n"), errors
