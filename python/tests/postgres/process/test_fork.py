"""A pool belongs to the process that opened it: P0.3 and §1, "calling after fork() raises a clear error"."""

from __future__ import annotations

from pathlib import Path

from fixtures.database import Database

from .program import run

IN_CHILD = """
import asyncio, os, sys
import ouroboros_postgres as pg

def in_child(work):
    "Runs work in a forked child; its exit code is the answer."
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException as error:
            print("child:", type(error).__name__, error, flush=True)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""

AFTER_CONNECT = (
    IN_CHILD
    + """
def expect_error(call):
    try:
        result = call()
        if asyncio.iscoroutine(result):
            asyncio.run(result)
    except RuntimeError as error:
        assert "fork" in str(error), error
        assert "init()" in str(error) and "spawn" in str(error), error
    else:
        raise AssertionError("no error")

async def begin():
    async with pg.begin_transaction():
        pass

def child():
    assert pg.is_connected() is False
    for call in (
        lambda: pg.execute("SELECT 1"), lambda: pg.insert_one("t", {"n": 2}), lambda: begin(), pg.pool_metrics,
        lambda: pg.init(sys.argv[1]),
    ):
        expect_error(call)
    assert asyncio.run(pg.health_check())["is_connected"] is False
    asyncio.run(pg.close())

async def main():
    await pg.init(sys.argv[1])
    await pg.execute("CREATE TABLE t (n int)")

async def after():
    assert await pg.execute("SELECT 1 AS n") == [{"n": 1}]
    await pg.close()

asyncio.run(main())
for _ in range(5):
    assert in_child(child) == 0
asyncio.run(after())
print("done")
"""
)


def test_fork_after_connect_is_a_clear_error_and_never_hangs(database: Database) -> None:
    assert run(AFTER_CONNECT, database.dsn) == (0, "done\n", "")


INSIDE_THE_LOOP = (
    IN_CHILD
    + """
async def main():
    await pg.init(sys.argv[1])
    in_flight = asyncio.ensure_future(pg.execute("SELECT pg_sleep(0.2), 1 AS n"))
    async with pg.begin_transaction() as tx:
        await pg.execute("CREATE TABLE t (n int)")

        def child():
            for call in (lambda: pg.execute("SELECT 1"), lambda: tx.execute("SELECT 1"), tx._tx.commit):
                try:
                    asyncio.run(call())  # the ambient transaction is the parent's
                except RuntimeError as error:
                    assert "fork" in str(error), error
                else:
                    raise AssertionError("no error")

        assert in_child(child) == 0
        await pg.execute("INSERT INTO t VALUES (1)")
    assert (await in_flight)[0]["n"] == 1
    assert await pg.execute("SELECT n FROM t") == [{"n": 1}]
    await pg.close()

asyncio.run(main())
print("done")
"""
)


def test_fork_in_the_middle_of_work_leaves_the_parent_alone(database: Database) -> None:
    """The child ends with its copies of transactions and operations; the parent's go on."""
    assert run(INSIDE_THE_LOOP, database.dsn) == (0, "done\n", "")


AFTER_IMPORT = (
    IN_CHILD
    + """
async def work():
    await pg.init(sys.argv[1])
    assert await pg.execute("SELECT 1 AS n") == [{"n": 1}]
    await pg.close()

for _ in range(3):
    assert in_child(lambda: asyncio.run(work())) == 0
asyncio.run(work())
assert in_child(lambda: None) == 0
print("done")
"""
)


def test_fork_after_import_only_is_fine(database: Database) -> None:
    assert run(AFTER_IMPORT, database.dsn) == (0, "done\n", "")


MULTIPROCESSING = """
import asyncio, multiprocessing, sys

async def work(dsn, n):
    import ouroboros_postgres as pg
    await pg.init(dsn)
    (row,) = await pg.execute("SELECT $1::int * 2 AS n", [n])
    await pg.close()
    return row["n"]

def child(argument):
    return asyncio.run(work(*argument))

if __name__ == "__main__":
    import ouroboros_postgres as pg
    dsn = sys.argv[1]
    asyncio.run(pg.init(dsn))
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(pool.map(child, [(dsn, n) for n in range(4)]))
        pool.close()
        pool.join()
    print(asyncio.run(work(dsn, 21)))
"""


def test_multiprocessing_spawn(database: Database, tmp_path: Path) -> None:
    """Workers that are spawned have pools of their own, whatever the parent has."""
    program = tmp_path / "program.py"  # spawn runs the main file again, so there has to be one
    program.write_text(MULTIPROCESSING)
    launch = "import subprocess, sys; sys.exit(subprocess.run([sys.executable, *sys.argv[2:], sys.argv[1]]).returncode)"
    assert run(launch, database.dsn, str(program)) == (0, "[0, 2, 4, 6]\n42\n", "")
