"""Objects that are equal, and cannot be hashed, are still different objects to a session."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import pytest

from fixtures.database import Database
from ouroboros_postgres import Session
from ouroboros_postgres.session import ObjectState


@dataclass
class Point:
    x: int
    id: int | None = None


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE point (id serial PRIMARY KEY, x int)")


def test_a_stranger_that_equals_a_new_object_is_a_stranger() -> None:
    session, new, stranger = Session(), Point(1), Point(1)
    session.add(new)
    assert new in session
    assert stranger not in session
    assert not session.is_modified(stranger)
    assert session.state(stranger) is ObjectState.TRANSIENT
    session.expunge(stranger)
    assert session.state(new) is ObjectState.PENDING
    session.delete(new)
    assert session.state(stranger) is ObjectState.TRANSIENT


async def test_each_gets_a_row_of_its_own(database: Database) -> None:
    async with Session() as session:
        first, second = session.add(Point(1)), session.add(Point(1))
        await session.flush()
        assert (first.id, second.id) == (1, 2)
        second.x, first.x = 2, 2
        assert session._unit_of_work.dirty_objects[0] is first
        assert session._unit_of_work.dirty_objects[1] is second
    assert database.query("SELECT x FROM point") == [{"x": 2}, {"x": 2}]


async def test_one_is_deleted_and_the_other_stays(database: Database) -> None:
    async with Session() as session:
        first, second = session.add(Point(1)), session.add(Point(1))
        await session.flush()
        second.id = first.id  # now they are equal again, and stand for different rows
        assert first == second
        session.delete(first)
        assert session.state(second) is ObjectState.DIRTY
        second.id = 2
    assert database.query("SELECT id FROM point") == [{"id": 2}]
