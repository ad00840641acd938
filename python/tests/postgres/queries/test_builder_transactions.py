"""Queries in transactions, and row locks."""

from __future__ import annotations

import asyncio
from types import ModuleType

import pytest

from ouroboros_postgres.errors import LockTimeoutError, TransactionClosedError, TransactionError
from queries.company import Department, Employee


async def test_every_terminal_sees_what_the_transaction_did(company: ModuleType) -> None:
    query = Department.find(Department.id == 9)
    async with company.begin_transaction() as tx:
        await company.insert_one("departments", {"id": 9, "name": "New"})
        assert [item.name for item in await query.to_list()] == ["New"]
        assert (await query.one()).name == "New"
        assert await query.count() == 1
        assert await query.exists() is True
        assert await query.count_agg("n").aggregate() == [{"n": 1}]
        assert await query.to_dicts() == [{"id": 9, "name": "New"}]
        assert [item.name async for item in query] == ["New"]
        assert await query.scalar("name") == "New"
        assert "departments" in await query.explain()
        assert await query.update(name="Newer") == 1
        assert await query.returning("name").delete() == [{"name": "Newer"}]
        await query.with_cte_raw("x", "INSERT INTO departments VALUES (9, 'Raw') RETURNING id").to_list()
        assert await query.count() == 1
        await tx.rollback()
    assert await query.exists() is False


async def test_a_finished_transaction_is_refused(company: ModuleType) -> None:
    async with company.begin_transaction() as tx:
        await tx.commit()
        for call in (Employee.find().to_list, Employee.find().count, Employee.find().exists, Employee.find().delete):
            with pytest.raises(TransactionClosedError):
                await call()
        with pytest.raises(TransactionClosedError):
            await anext(aiter(Employee.find()))


async def test_locks_need_a_transaction(company: ModuleType) -> None:
    query = Employee.find().for_update()
    for call in (query.to_list, query.first, query.one, query.count, query.exists, query.to_dicts):
        with pytest.raises(TransactionError, match="needs a transaction"):
            await call()
    with pytest.raises(TransactionError, match="needs a transaction"):
        await anext(aiter(query))
    assert "LockRows" in await query.explain()


async def test_rows_stay_locked_until_the_end(company: ModuleType) -> None:
    held, done = asyncio.Event(), asyncio.Event()

    async def holder() -> None:
        async with company.begin_transaction():
            await Employee.find(Employee.id == 1).for_update().one()
            held.set()
            await done.wait()

    task = asyncio.create_task(holder())
    await held.wait()
    async with company.begin_transaction():
        free = await Employee.find().for_update(skip_locked=True).order_by("id").to_list()
        assert [item.id for item in free] == [2, 3, 4, 5]
        assert await Employee.find().for_share(skip_locked=True).count() == 4
        assert await Employee.find(Employee.id == 1).for_share(skip_locked=True).exists() is False
    async with company.begin_transaction():
        with pytest.raises(LockTimeoutError):
            await Employee.find().for_update(nowait=True).to_list()
    done.set()
    await task


async def test_count_and_exists_lock_as_well(company: ModuleType) -> None:
    async with company.begin_transaction():
        assert await Employee.find(Employee.id > 3).for_update().limit(1).count() == 1
        assert await Employee.find(Employee.id > 3).for_share().exists() is True


async def test_locks_of_some_tables(company: ModuleType) -> None:
    async with company.begin_transaction():
        query = Employee.find(Employee.id == 1).join(Department)
        assert [item.name for item in await query.for_update(of=Employee).to_list()] == ["Ada"]


async def test_rows_of_an_iteration_are_locked(company: ModuleType) -> None:
    async with company.begin_transaction():
        assert [item.id async for item in Employee.find().order_by("id").for_update()] == [1, 2, 3, 4, 5]
        async with company.begin_transaction(independent=True):
            assert await Employee.find().for_update(skip_locked=True).to_list() == []
