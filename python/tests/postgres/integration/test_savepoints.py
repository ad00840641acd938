"""Savepoints: of the raw transaction, of `pg_transaction` and of `begin_transaction`; their errors and what follows."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import Savepoint, connection, errors, pg_transaction
from ouroboros_postgres.connection import begin_transaction


@pytest.fixture(autouse=True)
async def table(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (id int PRIMARY KEY)")


def stored(database: Database) -> list[int]:
    return [row["id"] for row in database.query("SELECT id FROM t ORDER BY id")]


async def insert(*numbers: int) -> None:
    for number in numbers:
        await connection.insert_one("t", {"id": number})


async def test_awaited(database: Database) -> None:
    async with pg_transaction() as tx:
        await insert(1)
        sp = await tx.savepoint("a")
        assert isinstance(sp, Savepoint)
        assert (sp._name, sp._released, sp._tx) == ("a", False, tx._tx)
        await insert(2)
        assert await sp.rollback() is None
        await insert(3)
        assert await sp.rollback() is None
        await insert(4)
        assert await sp.release() is None
        assert sp._released is True
    assert stored(database) == [1, 4]


async def test_after_the_release() -> None:
    async with pg_transaction() as tx:
        sp = await tx.savepoint("a")
        await sp.release()
        with pytest.raises(RuntimeError, match="Savepoint has been released"):
            await sp.rollback()
        with pytest.raises(RuntimeError, match="Savepoint already released"):
            await sp.release()
        await insert(1)


async def test_async_with_await(database: Database) -> None:
    async with pg_transaction() as tx:
        async with await tx.savepoint("a") as sp:
            await insert(1)
        assert sp._released
        with pytest.raises(ZeroDivisionError):
            async with await tx.savepoint("b"):
                await insert(2)
                raise ZeroDivisionError
        await insert(3)
    assert stored(database) == [1, 3]


async def test_async_with(database: Database) -> None:
    async with pg_transaction() as tx:
        async with tx.savepoint("a") as sp:
            assert isinstance(sp, Savepoint)
            await insert(1)
        with pytest.raises(ZeroDivisionError):
            async with tx.savepoint("b"):
                await insert(2)
                raise ZeroDivisionError
        async with tx.savepoint("c") as sp:
            await insert(3)
            await sp.release()
        async with tx.savepoint("d") as sp:
            await insert(4)
            await sp.rollback()
        async with begin_transaction() as nested, nested.savepoint("e"):
            await insert(5)
    assert stored(database) == [1, 3, 5]


async def test_a_block_that_was_rolled_back_leaves_no_savepoint(database: Database) -> None:
    async with pg_transaction() as tx:
        for point in (await tx.savepoint("a"), tx.savepoint("a")):
            with pytest.raises(ZeroDivisionError):
                async with point as sp:
                    await insert(1)
                    raise ZeroDivisionError
            with pytest.raises(RuntimeError, match="Savepoint has been released"):
                await sp.rollback()
            with pytest.raises(errors.SavepointError):
                await tx._tx.rollback_to_savepoint("a")
        await insert(2)
    assert stored(database) == [2]


async def test_of_the_wrapper(database: Database) -> None:
    async with begin_transaction() as tx:
        sp = await tx.savepoint("a")
        await insert(1)
        await sp.rollback()
        async with tx.savepoint("b"):
            await insert(2)
        async with await tx.savepoint("c"):
            await insert(3)
    assert stored(database) == [2, 3]


async def test_a_database_error_in_a_savepoint(database: Database) -> None:
    async with pg_transaction() as tx:
        await insert(1)
        with pytest.raises(errors.ConflictError):
            async with tx.savepoint("a"):
                await insert(1)
        await insert(2)
        sp = await tx.savepoint("b")
        with pytest.raises(errors.ConflictError):
            await insert(2)
        with pytest.raises(errors.InFailedTransactionError):
            await insert(3)
        await sp.rollback()
        await insert(3)
    assert stored(database) == [1, 2, 3]


async def test_raw_savepoints(database: Database) -> None:
    async with begin_transaction() as tx:
        await tx._tx.insert_one("t", {"id": 1})
        await tx._tx.savepoint("sp1")
        await tx._tx.insert_one("t", {"id": 2})
        await tx._tx.savepoint("sp2")
        await tx._tx.insert_one("t", {"id": 3})
        await tx._tx.rollback_to_savepoint("sp2")
        await tx._tx.insert_one("t", {"id": 4})
        await tx._tx.rollback_to_savepoint("sp1")
        await tx._tx.insert_one("t", {"id": 5})
        await tx._tx.release_savepoint("sp1")
        await tx._tx.execute("INSERT INTO t VALUES (6)")
    assert stored(database) == [1, 5, 6]


async def test_rolling_back_to_an_outer_one_ends_inner_ones(database: Database) -> None:
    async with begin_transaction() as tx:
        await tx._tx.savepoint("outer_one")
        await tx._tx.savepoint("inner_one")
        await insert(1)
        await tx._tx.rollback_to_savepoint("outer_one")
        with pytest.raises(errors.SavepointError, match="^Rollback to savepoint failed: .*inner_one") as caught:
            await tx._tx.rollback_to_savepoint("inner_one")
        assert caught.value.sqlstate == "3B001"
        with pytest.raises(errors.SavepointError, match="^Release savepoint failed: .*inner_one"):
            await tx._tx.release_savepoint("inner_one")
        await insert(2)
    assert stored(database) == [2]


async def test_reused_names_shadow(database: Database) -> None:
    async with begin_transaction() as tx:
        await tx._tx.savepoint("a")
        await insert(1)
        await tx._tx.savepoint("a")
        await insert(2)
        await tx._tx.rollback_to_savepoint("a")
        await tx._tx.release_savepoint("a")
        assert await connection.count("t") == 1
        await tx._tx.rollback_to_savepoint("a")
        assert await connection.count("t") == 0
        await insert(3)
    assert stored(database) == [3]


async def test_deep_nesting(database: Database) -> None:
    async with begin_transaction() as tx:
        for level in range(50):
            await tx._tx.savepoint(f"level{level}")
            await insert(level)
        for level in range(49, 0, -2):
            await tx._tx.rollback_to_savepoint(f"level{level}")
            await tx._tx.release_savepoint(f"level{level}")
            await tx._tx.release_savepoint(f"level{level - 1}")
    assert stored(database) == [0]


@pytest.mark.parametrize("call", ["rollback_to_savepoint", "release_savepoint"])
async def test_unknown_names_raise_and_leave_the_transaction_alone(database: Database, call: str) -> None:
    prefix = {
        "rollback_to_savepoint": "Rollback to savepoint failed: ",
        "release_savepoint": "Release savepoint failed: ",
    }[call]
    async with begin_transaction() as tx:
        await insert(1)
        with pytest.raises(RuntimeError) as caught:
            await getattr(tx._tx, call)("missing")
        assert isinstance(caught.value, errors.SavepointError)
        assert str(caught.value).startswith(prefix)
        assert caught.value.sqlstate == "3B001"
        await insert(2)
    assert stored(database) == [1, 2]


async def test_released_twice(database: Database) -> None:
    async with begin_transaction() as tx:
        await insert(1)
        await tx._tx.savepoint("a")
        await tx._tx.release_savepoint("a")
        for call in (tx._tx.release_savepoint, tx._tx.rollback_to_savepoint):
            with pytest.raises(errors.SavepointError):
                await call("a")
        await insert(2)
    assert stored(database) == [1, 2]


@pytest.mark.parametrize(
    "name", ["", "a b", "a;b", 'a"', "1a", "x" * 64, "a\x00", "a'; DROP TABLE t; --", "a.b", "a-b", "\ud800"]
)
async def test_invalid_names(database: Database, name: str) -> None:
    async with pg_transaction() as tx:
        await insert(1)
        for call in (
            lambda: tx._tx.savepoint(name),
            lambda: tx._tx.rollback_to_savepoint(name),
            lambda: tx._tx.release_savepoint(name),
            lambda: tx.savepoint(name),
        ):
            with pytest.raises((errors.SavepointError, errors.IdentifierError, errors.DataError)) as caught:
                await call()
            assert isinstance(caught.value, RuntimeError)
        await insert(2)
    assert stored(database) == [1, 2]


@pytest.mark.parametrize("name", [None, 5, b"a", ["a"]])
async def test_names_must_be_text(name: Any) -> None:
    async with begin_transaction() as tx:
        for call in (tx._tx.savepoint, tx._tx.rollback_to_savepoint, tx._tx.release_savepoint, tx.savepoint):
            with pytest.raises(TypeError):
                await call(name)
        assert await tx.execute("SELECT 1 AS n") == [{"n": 1}]


@pytest.mark.parametrize("name", ["a", "_x", "A", "order", "select", "Ünï", "x" * 63, "sp_1", "Case"])
async def test_valid_names(database: Database, name: str) -> None:
    async with begin_transaction() as tx:
        sp = await tx.savepoint(name)
        await insert(1)
        await sp.rollback()
        await sp.release()
    assert stored(database) == []


async def test_names_are_exact() -> None:
    async with begin_transaction() as tx:
        await tx._tx.savepoint("Case")
        with pytest.raises(errors.SavepointError):
            await tx._tx.rollback_to_savepoint("case")
        await tx._tx.rollback_to_savepoint("Case")


async def test_a_savepoint_in_an_aborted_transaction() -> None:
    async with begin_transaction() as tx:
        with pytest.raises(errors.DataError):
            await tx.execute("SELECT 1/0")
        with pytest.raises(errors.InFailedTransactionError, match="^Savepoint creation failed: "):
            await tx._tx.savepoint("a")
        with pytest.raises(errors.PostgresError, match="^Rollback to savepoint failed: "):
            await tx._tx.rollback_to_savepoint("missing")


async def test_an_exception_that_meets_a_released_savepoint(database: Database) -> None:
    with pytest.raises(KeyError):
        async with pg_transaction() as tx, tx.savepoint("a") as sp:
            await insert(1)
            await sp.release()
            raise KeyError
    assert stored(database) == []


async def test_savepoints_in_nested_transactions(database: Database) -> None:
    async with pg_transaction() as outer:
        sp = await outer.savepoint("a")
        async with pg_transaction() as inner:
            inner_sp = await inner.savepoint("a")
            await insert(1)
            await inner_sp.rollback()
            await insert(2)
        await insert(3)
        await sp.rollback()
        await insert(4)
    assert stored(database) == [4]


async def test_after_the_end_of_the_transaction() -> None:
    async with pg_transaction() as tx:
        sp = await tx.savepoint("a")
    for call in (sp.rollback, sp.release):
        with pytest.raises(errors.TransactionClosedError):
            await call()
    with pytest.raises(RuntimeError, match="Transaction is not active"):
        await tx.savepoint("b")
