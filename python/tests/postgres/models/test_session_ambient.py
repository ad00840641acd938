"""Sessions among transactions, tasks and other sessions."""

from __future__ import annotations

import asyncio
from types import ModuleType

import pytest

from fixtures.database import Database
from ouroboros_postgres import Session, Table, begin_transaction, execute, get_session, pg_transaction
from ouroboros_postgres.errors import TransactionClosedError, TransactionError
from ouroboros_postgres.session import ObjectState


class Note(Table):
    text: str
    rank: int | None = None


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE note (id serial PRIMARY KEY, text text NOT NULL, rank int CHECK (rank >= 0))")


def texts(database: Database) -> list[str]:
    return [row["text"] for row in database.query("SELECT text FROM note ORDER BY text")]


class TestAmbient:
    async def test_everything_in_the_block_works_on_the_open_transaction(self, database: Database) -> None:
        async with Session() as session:
            await session.begin()
            await Note.insert(text="model")
            await execute("INSERT INTO note (text) VALUES ('sql')")
            assert await Note.find({"text": "sql"}).exists()
            assert texts(database) == []
            await session.rollback()
            await Note.insert(text="outside")
            assert texts(database) == ["outside"]
        assert texts(database) == ["outside"]

    async def test_before_the_transaction_has_begun_calls_are_on_their_own(self, database: Database) -> None:
        with pytest.raises(ZeroDivisionError):
            async with Session():
                await Note.insert(text="kept")
                raise ZeroDivisionError
        assert texts(database) == ["kept"]

    async def test_locking_queries_find_a_transaction(self) -> None:
        async with Session() as session:
            with pytest.raises(TransactionError):
                await Note.find().for_update().to_list()
            await session.begin()
            assert await Note.find().for_update().to_list() == []

    async def test_a_stream_reads_what_was_flushed(self) -> None:
        async with Session() as session:
            session.add(Note(text="a"))
            await session.flush()
            assert [note.text async for note in Note.find()] == ["a"]

    async def test_an_assigned_session_is_ambient_as_well(self, database: Database) -> None:
        session = Session()
        session.add(Note(text="a"))
        await session.flush()
        assert await Note.count() == 0
        Session._current = session
        try:
            assert await Note.count() == 1
        finally:
            Session._current = None
        assert await Note.count() == 0
        await session.close()

    async def test_a_flush_in_another_task(self, database: Database) -> None:
        async with Session() as session:
            session.add(Note(text="a"))
            await asyncio.wait_for(session.flush(), 10)
            assert await Note.count() == 1
            await asyncio.create_task(Note.insert(text="b"))
            assert texts(database) == []
        assert texts(database) == ["a", "b"]

    async def test_tasks_have_sessions_of_their_own(self, database: Database) -> None:
        async def work(number: int) -> None:
            async with Session() as session:
                session.add(Note(text=str(number)))
                await session.flush()
                assert get_session() is session
                assert await Note.count({"text": str(number)}) == 1
                if number % 2:
                    await session.rollback()

        async with asyncio.TaskGroup() as group:
            for number in range(6):
                group.create_task(work(number))
        assert texts(database) == ["0", "2", "4"]


class TestTransactionsInsideTheBlock:
    async def test_one_inside_can_be_undone_on_its_own(self, database: Database) -> None:
        async with Session() as session:
            outer = session.add(Note(text="outer", rank=1))
            await session.flush()
            inner, waiting = Note(text="inner"), Note(text="waiting")
            with pytest.raises(ZeroDivisionError):
                async with begin_transaction():
                    session.add(inner)
                    outer.rank = 2
                    await session.flush()
                    session.add(waiting)
                    raise ZeroDivisionError
            assert (inner.id, outer.rank) == (None, 1)
            assert inner not in session
            assert session.state(waiting) is ObjectState.PENDING
            assert not session.is_modified(outer)
            outer.rank = 3
        assert [(row["text"], row["rank"]) for row in database.query("SELECT * FROM note ORDER BY text")] == [
            ("outer", 3),
            ("waiting", None),
        ]

    async def test_a_savepoint_can_be_gone_back_to_again_and_again(self, database: Database) -> None:
        async with Session() as session:
            note = session.add(Note(text="a", rank=0))
            await session.flush()
            async with begin_transaction() as tx:
                point = await tx.savepoint("here")
                for rank in range(1, 4):
                    note.rank = rank
                    session.add(Note(text=f"n{rank}"))
                    await session.flush()
                    await point.rollback()
                    assert note.rank == 0
                    assert list(session) == [note]
                await point.release()
        assert database.query("SELECT text, rank FROM note") == [{"text": "a", "rank": 0}]

    async def test_deletions_are_undone_as_well(self) -> None:
        kept, written = await Note.insert(text="kept"), await Note.insert(text="written")
        async with Session() as session:
            session.add_all([kept, written])
            await session.begin()
            session.delete(written)
            with pytest.raises(ZeroDivisionError):
                async with begin_transaction():
                    await session.flush()
                    session.delete(kept)
                    await session.flush()
                    raise ZeroDivisionError
            assert kept in session
            assert session.state(written) is ObjectState.DELETED
            assert session._unit_of_work.deleted_objects == [written]
            assert await session.get(Note, kept.id) is kept
        assert [note.text for note in await Note.find().to_list()] == ["kept"]

    async def test_an_independent_one(self, database: Database) -> None:
        async with Session() as session:
            session.add(Note(text="a"))
            await session.flush()
            async with begin_transaction(independent=True):
                assert await Note.count() == 0
                await Note.insert(text="b")
                session.add(Note(text="c"))
                await session.flush()
            assert texts(database) == ["b"]
            await session.rollback()
        assert texts(database) == ["b"]

    async def test_one_that_is_there_before_the_session_begins_its_own(self, database: Database) -> None:
        async with Session() as session:
            note = session.add(Note(text="a"))
            async with begin_transaction():
                await session.flush()
            assert texts(database) == ["a"]
            assert not session.in_transaction
            note.rank = 5
            await session.flush()
            await session.rollback()
            assert (note.id, note.rank) == (1, None)

    async def test_one_that_took_the_work_of_the_session_with_it(self, database: Database) -> None:
        async with Session() as session:
            note = session.add(Note(text="a"))
            with pytest.raises(ZeroDivisionError):
                async with begin_transaction():
                    await session.flush()
                    raise ZeroDivisionError
            with pytest.raises(TransactionClosedError, match="roll the session back as well"):
                await session.get(Note, 99)
            await session.rollback()
            assert note.id is None
            session.add(note)
        assert texts(database) == ["a"]


class TestInsideATransaction:
    @pytest.mark.parametrize("begin", [begin_transaction, pg_transaction])
    async def test_the_owner_decides(self, begin: type, database: Database) -> None:
        async with begin() as tx:
            async with Session() as session:
                session.add(Note(text="a"))
            assert await Note.count() == 1
            assert texts(database) == []
            await tx.rollback()
        assert texts(database) == []

    async def test_rollback_goes_back_to_the_beginning_of_the_session(self, database: Database) -> None:
        async with begin_transaction():
            await Note.insert(text="before")
            with pytest.raises(ZeroDivisionError):
                async with Session() as session:
                    session.add(Note(text="a"))
                    await session.flush()
                    raise ZeroDivisionError
            await Note.insert(text="after")
        assert texts(database) == ["after", "before"]

    async def test_several_commits(self, database: Database) -> None:
        async with begin_transaction(), Session() as session:
            note = session.add(Note(text="a"))
            await session.commit()
            note.text = "b"
            await session.commit()
            note.text = "c"
            await session.flush()
            await session.rollback()
            assert note.text == "b"
        assert texts(database) == ["b"]


class TestNestedSessions:
    async def test_the_inner_one_is_a_part_of_the_outer_one(self, database: Database) -> None:
        async with Session() as outer:
            first = outer.add(Note(text="first"))
            await outer.flush()
            async with Session() as inner:
                found = await inner.get(Note, first.id)
                assert found is not None
                assert found is not first
                inner.add(Note(text="second"))
            with pytest.raises(ZeroDivisionError):
                async with Session() as inner:
                    inner.add(Note(text="third"))
                    await inner.flush()
                    raise ZeroDivisionError
            assert texts(database) == []
            assert await Note.count() == 2
        assert texts(database) == ["first", "second"]

    async def test_the_inner_one_alone(self, database: Database) -> None:
        async with Session() as outer:
            outer.add(Note(text="outer"))
            async with Session() as inner:
                inner.add(Note(text="inner"))
                await inner.flush()
                assert await Note.count() == 1
            assert texts(database) == ["inner"]
            await outer.rollback()
        assert texts(database) == ["inner"]

    async def test_a_session_without_a_block_joins_the_current_one(self, database: Database) -> None:
        async with Session() as outer:
            await outer.begin()
            other = Session()
            other.add(Note(text="a"))
            await other.commit()
            await other.close()
            assert texts(database) == []
            await outer.rollback()
        assert texts(database) == []
