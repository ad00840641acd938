"""What instances are like after many of them were written by one statement."""

from __future__ import annotations

import asyncio
import enum
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from fixtures.observe import blocked_backends, until
from ouroboros_postgres import Session, Table, pg_transaction
from ouroboros_postgres.session import ObjectState

SCHEMA = """
CREATE TABLE thing (
    id serial PRIMARY KEY, name text UNIQUE, price numeric(10, 2), size float8, tags text[], doc jsonb,
    made text DEFAULT 'server'
)
"""
TRIGGER = """
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.name LIKE 'loud%' THEN NEW.name := upper(NEW.name); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER shout BEFORE INSERT ON thing FOR EACH ROW EXECUTE FUNCTION shout();
"""


class Kind(enum.StrEnum):
    SOFT = "soft"


class Thing(Table):
    name: str | None = None
    price: Decimal | None = None
    size: float | None = None
    tags: list[str] | None = None
    doc: Any = None


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute(SCHEMA)


async def by_session(things: list[Thing]) -> None:
    async with Session(expire_on_commit=False) as session:
        session.add_all(things)


async def by_transaction(things: list[Thing]) -> None:
    async with pg_transaction():
        await Thing.insert_many(things)


@pytest.fixture(params=[Thing.insert_many, by_transaction, by_session])
def insert(request: pytest.FixtureRequest) -> Any:
    """The ways to write many."""
    return request.param


def values(thing: Thing) -> tuple[Any, ...]:
    return (thing.name, thing.price, thing.size, thing.tags, thing.doc, thing.made)


@pytest.mark.parametrize("trigger", ["", TRIGGER], ids=["plain", "trigger"])
async def test_they_are_as_their_rows_are_also_where_the_table_has_changed_what_was_sent(
    pg: ModuleType, insert: Any, trigger: str
) -> None:
    if trigger:
        await pg.execute(trigger)
    given: dict[str, Any] = {"price": "1.005", "size": 2}
    things = [Thing(name="a"), Thing(name="loud b", **given), Thing(name=Kind.SOFT, price=Decimal("2.0"))]
    await insert(things)
    assert [thing.id for thing in things] == [1, 2, 3]
    assert [values(thing) for thing in things] == [
        ("a", None, None, None, None, "server"),
        ("LOUD B" if trigger else "loud b", Decimal("1.01"), 2.0, None, None, "server"),
        ("soft", Decimal("2.00"), None, None, None, "server"),
    ]
    assert [type(value) for value in values(things[1])[:3]] == [str, Decimal, float]
    assert type(things[2].name) is str
    assert not any(Session().is_modified(thing) for thing in things)


async def test_what_need_not_come_back_counts_as_what_the_row_has(insert: Any, database: Database) -> None:
    things = [Thing(name=str(n), size=n / 2) for n in range(3)]
    await insert(things)
    async with Session() as session:
        session.add_all(things)
        assert {session.state(thing) for thing in things} == {ObjectState.PERSISTENT}
        things[1].size = 0.5
        things[2].size = 7.0
        assert [session.is_modified(thing) for thing in things] == [False, False, True]
    assert [row["size"] for row in database.query("SELECT size FROM thing ORDER BY id")] == [0.0, 0.5, 7.0]


async def test_values_that_came_back_equal_stay_the_objects_that_were_given(insert: Any) -> None:
    tags, doc = [["x"], []], [{"a": [1]}, None]
    things = [Thing(name=str(n), tags=tags[n], doc=doc[n]) for n in range(2)]
    await insert(things)
    assert [thing.tags for thing in things] == tags
    assert all(thing.tags is given for thing, given in zip(things, tags, strict=True))
    assert things[0].doc is doc[0]


async def test_changes_in_place_afterwards_are_seen(insert: Any, database: Database) -> None:
    things = [Thing(name="a", doc=None), Thing(name="b", tags=["x"], doc={"a": [1]})]
    await insert(things)
    async with Session() as session:
        session.add_all(things)
        things[1].doc["a"].append(2)
        things[1].tags.append("y")  # type: ignore[union-attr]
        assert session.state(things[0]) is ObjectState.PERSISTENT
        assert session.state(things[1]) is ObjectState.DIRTY
    rows = database.query("SELECT tags, doc FROM thing ORDER BY id")
    assert rows == [{"tags": None, "doc": None}, {"tags": ["x", "y"], "doc": {"a": [1, 2]}}]


async def test_changes_while_they_are_written_stay_changes(insert: Any, database: Database) -> None:
    things = [Thing(name=name, tags=["x"]) for name in ("a", "taken", "c")]
    other = Database(database.dsn)
    try:
        other.query("BEGIN")
        other.query("INSERT INTO thing (name) VALUES ('taken')")
        writing = asyncio.create_task(insert(things))
        await until(lambda: blocked_backends(database))
        things[0].name, things[1].price, things[2].tags[0] = "new", Decimal(5), "y"  # type: ignore[index]
        other.query("ROLLBACK")
        await writing
    finally:
        other.close()
    async with Session() as session:
        session.add_all(things)
        assert [thing.name for thing in things] == ["new", "taken", "c"]
    rows = database.query("SELECT name, price, tags FROM thing ORDER BY id")
    assert rows == [
        {"name": "new", "price": None, "tags": ["x"]},
        {"name": "taken", "price": Decimal(5), "tags": ["x"]},
        {"name": "c", "price": None, "tags": ["y"]},
    ]


async def test_an_instance_that_is_given_twice_stands_for_the_later_row() -> None:
    thing = Thing(size=1.5)
    assert await Thing.insert_many([thing, thing]) == [2, 2]
    assert (thing.id, thing.size) == (2, 1.5)
