"""When sessions tell listeners, and what listeners may do."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import EventDispatcher, EventType, Session, Table
from ouroboros_postgres.errors import CheckError
from ouroboros_postgres.events import listen, listens_for


class Item(Table):
    name: str | None = None
    amount: int | None = None


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE item (id serial PRIMARY KEY, name text, amount int CHECK (amount >= 0))")


@pytest.fixture(autouse=True)
def no_listeners() -> Iterator[None]:
    EventDispatcher().clear()
    yield
    EventDispatcher().clear()


@pytest.fixture
def heard() -> list[tuple[str, Any]]:
    """Everything that is heard: the name of the event, and the name of the item."""
    events: list[tuple[str, Any]] = []

    def on(event: EventType) -> Any:
        return lambda target: events.append((event.value, getattr(target, "name", None)))

    for event in EventType:
        listen(None, event, on(event))
    return events


async def test_the_events_of_a_block(heard: list[tuple[str, Any]]) -> None:
    changed, gone = await Item.insert(name="changed"), await Item.insert(name="gone")
    heard.clear()
    async with Session(expire_on_commit=False) as session:
        session.add_all([changed, gone, Item(name="new")])
        changed.amount = 1
        session.delete(gone)
    assert heard == [
        ("before_flush", None),
        ("before_insert", "new"),
        ("before_update", "changed"),
        ("before_delete", "gone"),
        ("after_insert", "new"),
        ("after_update", "changed"),
        ("after_delete", "gone"),
        ("after_flush", None),
        ("after_commit", None),
    ]


async def test_rollback_expiry_and_loading(heard: list[tuple[str, Any]], database: Database) -> None:
    async with Session() as session:
        item = session.add(Item(name="a"))
        await session.commit()
        assert heard[-2:] == [("after_commit", None), ("before_expire", "a")]
        heard.clear()
        await session.get(Item, item.id)
        assert heard == [("after_load", "a")]
        session.expire(item)
        await session.refresh(item)
        assert heard[1:] == [("before_expire", "a"), ("after_load", "a")]
        database.query("INSERT INTO item (id, name) VALUES (50, 'b')")
        heard.clear()
        await session.get(Item, 50)
        assert heard == [("after_load", "b")]
        await session.rollback()
        assert heard[1:] == [("after_rollback", None)]
        heard.clear()
        await session.rollback()
        await session.flush()
    assert heard == []


async def test_listeners_may_change_what_is_written(database: Database) -> None:
    @listens_for(Item, "before_insert")
    async def insert(item: Item) -> None:
        item.amount = 5

    @listens_for(Item, "before_update")
    def update(item: Item) -> None:
        item.name = f"{item.name}!"

    seen: list[Any] = []

    @listens_for(Item, "after_insert")
    def after(item: Item) -> None:
        seen.append(item.id)

    async with Session() as session:
        item = session.add(Item(name="a"))
        await session.flush()
        assert seen == [item.id]
        item.amount = 6
    assert database.query("SELECT name, amount FROM item") == [{"name": "a!", "amount": 6}]


async def test_a_listener_of_the_flush_may_add_and_change(database: Database) -> None:
    async with Session() as session:
        item = session.add(Item(name="a"))
        await session.flush()

        @listens_for(None, "before_flush")
        async def before(flushed: Session) -> None:
            assert flushed is session
            item.amount = 3
            assert await session.get(Item, 99) is None
            session.add(Item(name="added"))

        session.add(Item(name="b"))
    rows = database.query("SELECT name, amount FROM item ORDER BY name")
    assert rows == [{"name": "a", "amount": 3}, {"name": "added", "amount": None}, {"name": "b", "amount": None}]


async def test_what_a_listener_leaves_is_written_before_the_commit(database: Database) -> None:
    async with Session() as session:
        listen(None, "after_flush", lambda flushed: flushed.add(Item(name="late")), once=True)
        session.add(Item(name="a"))
    assert [row["name"] for row in database.query("SELECT name FROM item ORDER BY id")] == ["a", "late"]


async def test_a_listener_may_refuse(database: Database) -> None:
    @listens_for(Item, "before_insert")
    def refuse(item: Item) -> None:
        if item.name == "bad":
            raise PermissionError("no")

    async with Session() as session:
        good, bad = session.add_all([Item(name="good"), Item(name="bad")])
        with pytest.raises(PermissionError, match="no"):
            await session.flush()
        assert session._unit_of_work.new_objects == [good, bad]
        assert good.id is None
        bad.name = "better"
    assert len(database.query("SELECT * FROM item")) == 2


async def test_a_listener_that_refuses_the_flush_keeps_everything_pending() -> None:
    async with Session() as session:
        item = session.add(Item(name="a"))
        listen(None, "before_flush", _fail, once=True)
        with pytest.raises(PermissionError):
            await session.flush()
        assert session._unit_of_work.new_objects == [item]
        EventDispatcher().clear()


def _fail(_: Any) -> None:
    raise PermissionError


async def test_a_flush_within_a_flush_is_refused() -> None:
    async with Session() as session:

        @listens_for(Item, "before_insert")
        async def flush(item: Item) -> None:
            await session.flush()

        session.add(Item(name="a"))
        with pytest.raises(RuntimeError, match="already flushing"):
            await session.flush()
        await session.rollback()


async def test_no_after_events_of_what_failed(heard: list[tuple[str, Any]]) -> None:
    async with Session() as session:
        session.add(Item(name="a", amount=-1))
        with pytest.raises(CheckError):
            await session.flush()
        await session.rollback()
    assert heard == [("before_flush", None), ("before_insert", "a")]


async def test_events_inside_the_flush_see_the_transaction(database: Database) -> None:
    counts: list[int] = []

    @listens_for(Item, "after_insert")
    async def after(item: Item) -> None:
        counts.append(await Item.count())

    session = Session()
    session.add(Item(name="a"))
    await session.flush()
    assert counts == [1]
    assert database.query("SELECT * FROM item") == []
    await session.close()
