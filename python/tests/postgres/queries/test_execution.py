"""How builder queries run: with tables that change, in transactions, cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from fixtures.observe import blocked_backends, running, until
from ouroboros_postgres import Table, raw_sql
from queries.shop import User

pytestmark = pytest.mark.usefixtures("shop")


class Thing(Table):
    id: int


CALLS: dict[str, Callable[[], Any]] = {
    "to_dicts": lambda: Thing.find().to_dicts(),
    "to_list": lambda: Thing.find().to_list(),
    "first": lambda: Thing.find().first(),
    "aggregate": lambda: Thing.find().max("x", "x").aggregate(),
    "filter": lambda: Thing.find({"x": "1"}).to_dicts(),
    "delete": lambda: Thing.find({"id": 0}).returning_all().delete(),
}


def plain(result: Any) -> Any:
    if isinstance(result, list):
        return [plain(item) for item in result]
    return result._data | {"id": result.id} if isinstance(result, Thing) else result


@pytest.mark.parametrize("name", CALLS)
async def test_a_table_made_anew_is_read_as_it_is_now(shop: ModuleType, database: Database, name: str) -> None:
    """Somebody else drops it and makes it anew, with other columns, types, and the same name."""
    shapes = ["id int, x int", "x text, id bigint, y int", "id int, x numeric", "y date, x int, id int"]
    for shape in shapes:
        database.query("DROP TABLE IF EXISTS thing")
        database.query(f"CREATE TABLE thing ({shape})")
        database.query("INSERT INTO thing (id, x) VALUES (1, '1')")
        columns = [part.split()[0] for part in shape.split(", ")]
        for _ in range(3):  # often enough for any cache to take part
            result = plain(await CALLS[name]())
            row = result[0] if isinstance(result, list) and result else result
            if name in ("to_dicts", "filter"):
                assert list(row) == columns
            elif name in ("to_list", "first"):
                assert row["id"] == 1
            elif name == "aggregate":
                assert str(row["x"]) == "1"
                assert isinstance(row["x"], str) == ("x text" in shape)
            else:
                assert result == []


async def test_a_table_made_anew_within_a_transaction(shop: ModuleType) -> None:
    await shop.execute("CREATE TABLE thing (id int, x int); INSERT INTO thing VALUES (1, 1)")
    for _ in range(3):
        assert await Thing.find().to_dicts() == [{"id": 1, "x": 1}]
    async with shop.begin_transaction():
        assert await Thing.find().to_dicts() == [{"id": 1, "x": 1}]
        await shop.execute("DROP TABLE thing")
        await shop.execute("CREATE TABLE thing (x text, id int, y int)")
        await shop.execute("INSERT INTO thing VALUES ('a', 2, 3)")
        assert await Thing.find().to_dicts() == [{"x": "a", "id": 2, "y": 3}]
        assert await Thing.find().count() == 1
        await shop.execute("ALTER TABLE thing DROP COLUMN y")
        assert await Thing.find().to_dicts() == [{"x": "a", "id": 2}]
    assert await Thing.find().to_dicts() == [{"x": "a", "id": 2}]


async def test_a_table_that_is_gone(shop: ModuleType) -> None:
    await shop.execute("CREATE TABLE thing (id int)")
    assert await Thing.find().to_dicts() == []
    await shop.execute("DROP TABLE thing")
    with pytest.raises(shop.UndefinedTableError, match="Query failed: .*thing"):
        await Thing.find().to_dicts()


async def test_what_another_transaction_has_not_committed_is_not_seen(shop: ModuleType) -> None:
    inside, done = asyncio.Event(), asyncio.Event()

    async def writer() -> None:
        async with shop.begin_transaction():
            assert await User.find(User.id == 1).update(name="changed") == 1
            assert [found.name for found in await User.find(User.id == 1).to_list()] == ["changed"]
            inside.set()
            await done.wait()

    task = asyncio.create_task(writer())
    await inside.wait()
    assert (await User.find(User.id == 1).one()).name == "Ada"
    done.set()
    await task
    assert (await User.find(User.id == 1).one()).name == "changed"


SLOW = raw_sql("pg_sleep(60) IS NOT NULL")


async def through_iteration(query: Any) -> None:
    async for _ in query:
        raise AssertionError("nothing comes out of it")


TERMINALS: dict[str, Callable[[], Any]] = {
    "to_list": lambda: User.find(SLOW).to_list(),
    "first": lambda: User.find(SLOW).first(),
    "count": lambda: User.find(SLOW).count(),
    "exists": lambda: User.find(SLOW).exists(),
    "aggregate": lambda: User.find(SLOW).count_agg().aggregate(),
    "update": lambda: User.find(SLOW).update(age=0),
    "delete": lambda: User.find(SLOW).delete(),
    "iteration": lambda: through_iteration(User.find(SLOW)),
}


@pytest.mark.parametrize("name", TERMINALS)
async def test_cancelling_stops_the_server_and_returns_the_connection(
    shop: ModuleType, database: Database, name: str
) -> None:
    task = asyncio.create_task(TERMINALS[name]())
    await until(lambda: running(database, "pg_sleep(60) IS"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not running(database, "pg_sleep(60) IS"))
    await until(lambda: shop.pool_metrics()["num_active"] == 0)
    assert await User.find().count() == 4
    assert await User.find(User.age == 0).count() == 0


async def test_cancelled_in_a_transaction(shop: ModuleType, database: Database) -> None:
    """The transaction goes with the statement, and its connection can be used again."""
    database.query("CREATE TABLE held (id int)")

    async def work() -> None:
        async with shop.begin_transaction():
            await User.find(User.id == 1).update(age=0)
            await User.find(SLOW).to_list()

    task = asyncio.create_task(work())
    await until(lambda: running(database, "pg_sleep(60) IS"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: shop.pool_metrics()["num_active"] == 0)
    assert await User.find(User.age == 0).count() == 0
    assert blocked_backends(database) == []


async def test_an_iteration_that_ends_early_holds_nothing(shop: ModuleType) -> None:
    await shop.execute("INSERT INTO users (id) SELECT generate_series(10, 20000)")
    for _ in range(20):  # more often than there are connections
        async for found in User.find().order_by("id"):
            assert found.id == 1
            break
    await until(lambda: shop.pool_metrics()["num_active"] == 0)
    for _ in range(20):
        with pytest.raises(ZeroDivisionError):
            async for _found in User.find():
                raise ZeroDivisionError
    await until(lambda: shop.pool_metrics()["num_active"] == 0)


async def test_one_statement_is_prepared_once(shop: ModuleType) -> None:
    """Queries that differ in their values share a statement."""
    async with shop.begin_transaction():
        for key in (1, 2, 3):
            assert await User.find(User.id == key, User.age.in_([30, 25]) | (User.age == None)).count() == 1  # noqa: E711
        rows = await shop.execute("SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%users%'")
        assert len([row for row in rows if "pg_prepared" not in row["statement"]]) == 1
