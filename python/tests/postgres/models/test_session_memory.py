"""What a session keeps alive: what it still has to write, and nothing else."""

from __future__ import annotations

import gc
import weakref
from types import ModuleType

import pytest

from fixtures.database import Database
from ouroboros_postgres import Session, Table


class Note(Table):
    title: str | None = None
    tags: list[str] | None = None


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await Note.create_table()
    await Note.insert_many([{"title": "a", "tags": ["x"]}, {"title": "b", "tags": ["x"]}, {"title": "c"}])


async def loaded(session: Session, key: int) -> Note:
    note = await session.get(Note, key)
    assert note is not None
    return note


async def test_what_nobody_else_refers_to_is_written_all_the_same(database: Database) -> None:
    async with Session() as session:
        (await loaded(session, 1)).title = "changed"
        tags = (await loaded(session, 2)).tags
        assert tags is not None
        tags.append("y")
        session.delete(await loaded(session, 3))
        session.add(Note(title="new"))
        gc.collect()
    rows = database.query("SELECT title, tags FROM note ORDER BY id")
    assert [(row["title"], row["tags"]) for row in rows] == [("changed", ["x"]), ("b", ["x", "y"]), ("new", None)]


async def test_objects_of_a_closed_session_go() -> None:
    async with Session() as session:
        note = await loaded(session, 1)
        note.title = "changed"
        seen = weakref.ref(note)
    del note
    gc.collect()
    assert seen() is None


async def test_new_objects_at_the_address_of_old_ones_are_not_mixed_up(database: Database) -> None:
    async with Session() as session:
        for number in range(200):
            note = session.add(Note(title=f"n{number}"))
            await session.flush()
            assert not session.is_modified(note)
            note.title = f"m{number}"
            del note
    rows = database.query("SELECT title FROM note WHERE id > 3 ORDER BY id")
    assert [row["title"] for row in rows] == [f"m{number}" for number in range(200)]
