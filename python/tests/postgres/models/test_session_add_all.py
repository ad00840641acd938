"""Many objects that are added at once are treated as each would be alone."""

from __future__ import annotations

from types import ModuleType

import pytest

from fixtures.database import Database
from ouroboros_postgres import Session, Table
from ouroboros_postgres.session import ObjectState


class Stone(Table):
    weight: int | None = None


class Pebble(Table):
    weight: int | None = None


@pytest.fixture(autouse=True)
def tables(pg: ModuleType, database: Database) -> None:
    for table in ("stone", "pebble"):
        database.query(f"CREATE TABLE {table} (id serial PRIMARY KEY, weight int)")


def weights(database: Database, table: str = "stone") -> list[int]:
    return [row["weight"] for row in database.query(f"SELECT weight FROM {table} ORDER BY id")]


async def test_one_that_is_given_twice_is_inserted_once(database: Database) -> None:
    first, second = Stone(weight=1), Stone(weight=2)
    async with Session() as session:
        assert session.add_all([first, second, first]) == [first, second, first]
        session.add_all(iter((second,)))
    assert weights(database) == [1, 2]


async def test_objects_of_several_classes_and_states(database: Database) -> None:
    known = await Stone.insert(weight=1)
    with_key = Stone(id=7, weight=7)
    async with Session() as session:
        mine = await session.get(Stone, 1)
        added = session.add_all([known, with_key, Pebble(weight=3), Stone(weight=4)])
        assert added[0] is mine
        assert added[1] is with_key
    assert sorted(weights(database)) == [1, 4, 7]
    assert weights(database, "pebble") == [3]


async def test_those_of_another_session_are_refused() -> None:
    first, second = Stone(weight=1), Stone(weight=2)
    async with Session() as one, Session() as other:
        one.add(second)
        with pytest.raises(RuntimeError, match="belongs to another session"):
            other.add_all([first, second])
        one.expunge_all()
        other.expunge_all()


async def test_what_was_to_be_deleted_is_kept(database: Database) -> None:
    fresh = Stone(weight=1)
    async with Session() as session:
        session.add(fresh)
        session.delete(fresh)
        session.add_all([fresh])
        assert session.state(fresh) is ObjectState.PENDING
    assert weights(database) == [1]


async def test_after_a_commit_more_are_added_and_taken_back(database: Database) -> None:
    session = Session()
    kept, more = [Stone(weight=n) for n in range(3)], [Stone(weight=n) for n in range(10, 13)]
    session.add_all(kept)
    await session.commit()
    session.add_all(more)
    await session.flush()
    assert [session.state(stone) for stone in (*kept, *more)] == [ObjectState.PERSISTENT] * 6
    assert await session.get(Stone, more[0].id) is more[0]
    await session.rollback()
    assert [stone.id for stone in more] == [None] * 3
    await session.close()
    assert weights(database) == [0, 1, 2]


async def test_a_closed_session_takes_none() -> None:
    session = Session()
    assert session.add_all([]) == []
    await session.close()
    with pytest.raises(RuntimeError, match="Session is closed"):
        session.add_all([Stone(weight=1)])
