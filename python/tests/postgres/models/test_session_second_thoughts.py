"""What a program takes back before its session has written it."""

from __future__ import annotations

from types import ModuleType

import pytest

from fixtures.database import Database
from ouroboros_postgres import Session, Table
from ouroboros_postgres.session import ObjectState
from queries.sent import Sent


class Note(Table):
    title: str | None = None
    rank: int | None = None


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await Note.create_table()
    await Note.insert(title="a", rank=1)


async def loaded(session: Session) -> Note:
    note = await session.get(Note, 1)
    assert note is not None
    return note


async def test_a_deletion(database: Database) -> None:
    async with Session() as session:
        note = await loaded(session)
        note.rank = 2
        session.delete(note)
        assert session.add(note) is note
        assert session.state(note) is ObjectState.DIRTY
        assert session._unit_of_work.deleted_objects == []
        assert await session.get(Note, 1) is note
    assert database.query("SELECT rank FROM note") == [{"rank": 2}]


async def test_a_change(pg: ModuleType) -> None:
    async with Session() as session:
        note = await loaded(session)
        note.rank = 2
        assert session.is_modified(note)
        note.rank = 1
        assert not session.is_modified(note)
        assert not session._unit_of_work.has_pending
        sent = Sent(pg)
        await session.flush()
        assert sent() == 0


async def test_a_new_object(pg: ModuleType) -> None:
    async with Session() as session:
        new, other = session.add(Note(title="b")), session.add(Note(id=7, title="c"))
        session.expunge(new)
        session.delete(other)
        assert session._unit_of_work.new_objects == []
        assert await session.get(Note, 7) is None
    assert await Note.count() == 1


async def test_an_object_that_is_let_go(database: Database) -> None:
    async with Session() as session:
        note = await loaded(session)
        note.rank = 2
        session.expunge(note)
        other = await loaded(session)
        assert other is not note
        assert other.rank == 1
    assert database.query("SELECT rank FROM note") == [{"rank": 1}]
