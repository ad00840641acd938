"""Iterating over queries."""

from __future__ import annotations

from types import ModuleType

import pytest

from fixtures.observe import until
from ouroboros_postgres import QueryBuilder
from ouroboros_postgres.errors import PostgresError
from ouroboros_postgres.table import Table


class Number(Table):
    n: int

    class Settings:
        table_name = "numbers"
        primary_key = "n"


@pytest.fixture
async def numbers(pg: ModuleType) -> QueryBuilder[Number]:
    await pg.execute("CREATE TABLE numbers AS SELECT generate_series(1, 2500) AS n")
    return Number.find().order_by("n")


async def settled(pg: ModuleType) -> None:
    """Wait until no connection is in use."""
    await until(lambda: pg.pool_metrics()["num_active"] == 0)


async def test_the_rows_are_those_of_to_list(pg: ModuleType, numbers: QueryBuilder[Number]) -> None:
    found = [item async for item in numbers]
    assert [item.n for item in found] == list(range(1, 2501))
    assert all(type(item) is Number for item in found)
    assert [item.n async for item in numbers.limit(3).offset(1)] == [2, 3, 4]
    assert [item.n async for item in numbers.where(Number.n > 2500)] == []
    await settled(pg)


async def test_a_loop_may_be_left(pg: ModuleType, numbers: QueryBuilder[Number]) -> None:
    async for item in numbers:
        if item.n == 600:
            break
    await settled(pg)
    with pytest.raises(ZeroDivisionError):
        async for item in numbers:
            1 / (item.n - 1)
    await settled(pg)


async def test_two_iterations_at_once(pg: ModuleType, numbers: QueryBuilder[Number]) -> None:
    async with pg.begin_transaction():
        first, second = aiter(numbers), aiter(numbers.where(Number.n > 2000))
        assert [(await anext(first)).n, (await anext(second)).n, (await anext(first)).n] == [1, 2001, 2]
        assert await numbers.count() == 2500
        assert [item.n async for item in second][-1] == 2500
        assert [item.n async for item in first][-1] == 2500
    await settled(pg)


async def test_errors_on_the_way(pg: ModuleType, numbers: QueryBuilder[Number]) -> None:
    query = Number.find().where_in_raw("n", "SELECT 10 / (2000 - m) FROM generate_series(1, 2000) AS m")
    with pytest.raises(PostgresError, match="^Query failed: division by zero"):
        [item async for item in query]
    with pytest.raises(TypeError, match="Invalid filter type"):
        [item async for item in Number.find("n > 3")]
    await settled(pg)
