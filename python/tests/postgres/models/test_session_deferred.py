"""Sessions and columns that a query has left out."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import DeferredColumn, Session, Table
from queries.sent import Sent


class Note(Table):
    title: str | None = None
    text: str | None = None
    rank: int | None = None


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await Note.create_table()
    await Note.insert(title="a", text="long", rank=1)


async def without_text() -> Any:
    return await Note.find({"id": 1}).defer("text").one()


async def test_they_are_no_changes_and_are_not_written(database: Database) -> None:
    async with Session() as session:
        note = session.add(await without_text())
        assert not session.is_modified(note)
        note.rank = 2
        assert session._unit_of_work.get_dirty_fields(note) == {"rank": (1, 2)}
        await session.commit()
        assert isinstance(note.text, DeferredColumn)
        assert not session.is_modified(note)
    assert database.query("SELECT text, rank FROM note") == [{"text": "long", "rank": 2}]


async def test_loading_one_is_no_change_and_then_it_is_tracked(database: Database) -> None:
    async with Session() as session:
        note = session.add(await without_text())
        await session.begin()
        database.query("UPDATE note SET text = 'longer'")
        assert await note.text == "longer"
        assert note.text == "longer"
        assert not session.is_modified(note)
        note.text = "longest"
        assert session._unit_of_work.get_dirty_fields(note) == {"text": ("longer", "longest")}
    assert database.query("SELECT text FROM note") == [{"text": "longest"}]


async def test_one_that_is_assigned_is_written(database: Database) -> None:
    async with Session() as session:
        note = session.add(await without_text())
        note.text = "new"
        assert session.is_modified(note)
    assert database.query("SELECT title, text FROM note") == [{"title": "a", "text": "new"}]


async def test_one_is_loaded_in_the_transaction_of_the_session(pg: ModuleType) -> None:
    note = await without_text()
    async with Session() as session:
        await session.begin()
        await pg.execute("UPDATE note SET text = 'inside'")
        assert await note.text == "inside"
        await session.rollback()


async def test_rollback_leaves_them_to_be_loaded() -> None:
    async with Session() as session:
        note = session.add(await without_text())
        note.rank = 5
        await session.flush()
        await session.rollback()
        assert note.rank == 1
        assert await note.text == "long"


async def test_reading_the_whole_row_brings_them_in(pg: ModuleType) -> None:
    async with Session() as session:
        note = session.add(await without_text())
        await session.refresh(note)
        assert note.text == "long"
        sent = Sent(pg)
        await session.flush()
        assert sent() == 0
