"""``async for`` over queries of models: one connection for the query and for what its options load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from types import ModuleType

import pytest

from fixtures.database import Database
from fixtures.observe import until
from ouroboros_postgres import selectinload
from queries.shop import SHOP, Order, User


@pytest.fixture
async def single(database: Database) -> AsyncIterator[ModuleType]:
    """The package with one connection, connected to 2500 orders of 4 users."""
    import ouroboros_postgres

    await ouroboros_postgres.init(database.dsn, max_connections=1)
    await ouroboros_postgres.execute(SHOP)
    await ouroboros_postgres.execute("INSERT INTO orders SELECT n, n % 4 + 1, n FROM generate_series(5, 2500) AS n")
    yield ouroboros_postgres
    await until(lambda: ouroboros_postgres.pool_metrics()["num_active"] == 0)
    await ouroboros_postgres.close()


async def test_options_load_on_the_connection_of_the_query(single: ModuleType) -> None:
    seen = 0
    async for order in Order.find(Order.id > 4).order_by("id").options(selectinload("user")):
        seen += 1
        user = await order.user
        assert user is not None
        assert user.id == order.id % 4 + 1
    assert seen == 2496


async def test_other_queries_between_rows_in_a_transaction(single: ModuleType) -> None:
    async with single.begin_transaction():
        async with aclosing(aiter(Order.find().order_by("id"))) as orders:
            assert (await anext(orders)).id == 1
            assert await User.find().count() == 4
            async for user in User.find().order_by("id"):
                assert user.id == 1
                break
            assert (await anext(orders)).id == 2
        assert await Order.find().count() == 2500


async def test_a_loop_left_early_with_options(single: ModuleType) -> None:
    for _ in range(3):
        async for order in Order.find().order_by("id").options(selectinload("user")):
            assert order.id == 1
            break
    assert await Order.find().count() == 2500


async def test_a_cancelled_loop(single: ModuleType) -> None:
    arrived = asyncio.Event()

    async def read() -> None:
        async for _ in Order.find().options(selectinload("user")):
            arrived.set()
            await asyncio.sleep(60)  # until it is cancelled

    task = asyncio.ensure_future(read())
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await Order.find().count() == 2500
