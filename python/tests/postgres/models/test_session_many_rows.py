"""Sessions with more objects than one statement inserts."""

from __future__ import annotations

import asyncio
import time
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from fixtures.observe import blocked_backends, until
from ouroboros_postgres import Session, Table
from ouroboros_postgres.errors import ConflictError, DataError
from ouroboros_postgres.session import ObjectState

COUNT = 1203


class Note(Table):
    text: str | None = None
    number: int | None = None


@pytest.fixture(autouse=True)
def tables(pg: ModuleType, database: Database) -> None:
    database.query("CREATE TABLE note (id serial PRIMARY KEY, text text UNIQUE, number int)")


def made() -> list[Note]:
    return [Note(text=f"note {number}", number=number) for number in range(COUNT)]


def count(database: Database) -> int:
    number: int = database.query("SELECT count(*) FROM note")[0]["count"]
    return number


async def test_every_object_gets_the_key_of_its_row(database: Database) -> None:
    notes = made()
    async with Session() as session:
        session.add_all(notes)
    rows = database.query("SELECT id, text, number FROM note ORDER BY number")
    assert [tuple(row.values()) for row in rows] == [(note.id, note.text, note.number) for note in notes]
    assert len({note.id for note in notes}) == COUNT


@pytest.mark.parametrize("wrong", [0, 600, COUNT - 1])
async def test_nothing_remains_of_a_flush_that_fails(database: Database, wrong: int) -> None:
    notes = made()
    session = Session()
    database.query("INSERT INTO note (text) VALUES ('taken')")
    notes[wrong].text = "taken"
    session.add_all(notes)
    with pytest.raises(ConflictError):
        await session.flush()
    assert all(note.id is None for note in notes)
    assert {session.state(note) for note in notes} == {ObjectState.PENDING}
    notes[wrong].text = "free"
    await session.commit()
    await session.close()
    assert count(database) == COUNT + 1
    assert [note.id for note in notes] == sorted(note.id for note in notes)


async def test_a_value_that_cannot_be_sent_among_the_last(database: Database) -> None:
    notes = made()
    notes[-1].text = "\ud800"
    session = Session()
    session.add_all(notes)
    with pytest.raises(DataError):
        await session.flush()
    notes[-1].text = "fine"
    await session.commit()
    await session.close()
    assert count(database) == COUNT


async def test_a_flush_that_is_cancelled_while_a_later_statement_waits(database: Database) -> None:
    notes = made()

    async def save() -> None:
        async with Session() as session:
            session.add_all(notes)

    other = Database(database.dsn)
    try:
        for holder, text in ((other, "note 100"), (database, "note 700")):
            holder.query("BEGIN")
            holder.query("INSERT INTO note (text) VALUES (%s)", [text])
        task = asyncio.create_task(save())
        (blocked,) = await until(lambda: blocked_backends(other))
        first = statement(other, blocked)
        other.query("ROLLBACK")
        # The loop must not see that the first statement is done, so nothing is awaited here.
        deadline = time.monotonic() + 20
        while not (blocked_backends(other) == [blocked] and statement(other, blocked) != first):
            assert time.monotonic() < deadline
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 20)
        database.query("ROLLBACK")
    finally:
        other.close()
    assert count(database) == 0
    assert all(note.id is None for note in notes)


def statement(database: Database, backend: int) -> Any:
    """Returns when a backend began what it is doing."""
    return database.query("SELECT query_start FROM pg_stat_activity WHERE pid = %s", [backend])[0]["query_start"]
