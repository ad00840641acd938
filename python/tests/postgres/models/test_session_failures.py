"""Sessions that fail, are cancelled or lose their connection."""

from __future__ import annotations

import asyncio
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from fixtures.observe import blocked_backends, until
from models.library import Author, Book, one_author
from ouroboros_postgres import Session, get_session
from ouroboros_postgres.errors import (
    CheckError,
    ForeignKeyError,
    PostgresError,
)
from ouroboros_postgres.session import ObjectState

pytestmark = pytest.mark.usefixtures("library")


class TestFailedFlush:
    async def test_it_is_atomic_and_can_be_repeated(self, database: Database) -> None:
        kept = await one_author(name="kept")
        async with Session() as session:
            session.add(kept)
            session.add(Author(name="before"))
            await session.flush()
            kept.rank = 7
            good, bad, gone = Author(name="good"), Author(name="bad", rank=-1), await one_author(name="gone")
            session.add_all([good, bad])
            session.delete(gone)
            with pytest.raises(CheckError, match="nsert failed"):
                await session.flush()
            assert (good.id, bad.id) == (None, None)
            assert good.note is None
            assert session._unit_of_work.new_objects == [good, bad]
            assert session._unit_of_work.dirty_objects == [kept]
            assert session._unit_of_work.deleted_objects == [gone]
            assert await Author.count() == 3
            bad.rank = 1
        names = {row["name"]: row["rank"] for row in database.query("SELECT name, rank FROM author")}
        assert names == {"kept": 7, "before": 0, "good": 0, "bad": 1}

    async def test_a_failing_update_undoes_the_inserts(self, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            session.add(author)
            await session.begin()
            await session.get(Author, 99)
            author.rank = -1
            new = session.add(Author(name="new"))
            book = session.add(Book(title="b", author=new))
            with pytest.raises(CheckError, match="Update failed"):
                await session.flush()
            assert (new.id, book.id, book.author_id) == (None, None, None)
            assert session.state(new) is ObjectState.PENDING
            author.rank = 1
        assert book.author_id == new.id is not None
        assert database.query("SELECT author_id FROM book") == [{"author_id": new.id}]

    async def test_the_first_flush_of_a_transaction(self, database: Database) -> None:
        async with Session() as session:
            author = session.add(Author(name="a", rank=-1))
            with pytest.raises(CheckError):
                await session.flush()
            assert not session.in_transaction
            author.rank = 2
        assert database.query("SELECT rank FROM author") == [{"rank": 2}]

    async def test_rollback_after_a_failure(self) -> None:
        async with Session() as session:
            session.add(Author(name="a", rank=-1))
            with pytest.raises(CheckError):
                await session.flush()
            await session.rollback()
            assert not session._unit_of_work.has_pending

    async def test_a_failing_commit_at_the_end_of_a_block(self, database: Database) -> None:
        with pytest.raises(CheckError):
            async with Session() as session:
                author = session.add(Author(name="ok"))
                await session.flush()
                session.add(Author(name="a", rank=-1))
        assert session._closed
        assert author.id is None
        assert get_session() is None
        assert database.query("SELECT * FROM author") == []

    async def test_a_commit_that_the_server_refuses(self, pg: ModuleType, database: Database) -> None:
        async with Session() as session:
            await session.begin()
            await pg.execute("SET CONSTRAINTS ALL DEFERRED")
            book = session.add(Book(title="b", author_id=99))
            with pytest.raises(ForeignKeyError):
                await session.commit()
            assert not session.in_transaction
            assert book.id is None
            assert book not in session
            session.add(Book(title="c"))
        assert [row["title"] for row in database.query("SELECT title FROM book")] == ["c"]


class TestCancellation:
    async def test_a_cancelled_flush_can_be_repeated_or_undone(self, pg: ModuleType, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            found = await session.get(Author, author.id)
            assert found is not None
            found.rank = 5
            new = session.add(Book(title="b"))
            async with pg.begin_transaction(independent=True) as other:
                await other.execute("SELECT * FROM author FOR UPDATE")
                flushing = asyncio.create_task(session.flush())
                await until(lambda: blocked_backends(database))
                flushing.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await flushing
            assert new.id is None
            assert session.is_modified(found)
            await session.rollback()
            assert found.rank == 1
            session.add(new)
        assert database.query("SELECT title FROM book") == [{"title": "b"}]

    async def test_a_cancelled_block_rolls_back(self, database: Database) -> None:
        entered = asyncio.Event()

        async def block() -> None:
            async with Session() as session:
                session.add(Author(name="a"))
                await session.flush()
                entered.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(block())
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await Author.count() == 0

    async def test_a_lost_connection(self, pg: ModuleType, database: Database) -> None:
        async with Session() as session:
            author = session.add(Author(name="a"))
            await session.flush()
            database.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND state = 'idle in transaction'"
            )
            session.add(Author(name="b"))
            with pytest.raises(PostgresError):
                await session.flush()
            await session.rollback()
            assert author.id is None
            session.add(author)
        assert [row["name"] for row in database.query("SELECT name FROM author")] == ["a"]

    async def test_a_generator_that_is_dropped(self, database: Database) -> None:
        async def produce() -> Any:
            async with Session() as session:
                session.add(Author(name="a"))
                await session.flush()
                yield 1

        generator = produce()
        assert await anext(generator) == 1
        await generator.aclose()
        assert await Author.count() == 0

    async def test_flushes_of_several_tasks(self, database: Database) -> None:
        async with Session() as session:
            session.add_all([Author(name=f"a{number}") for number in range(5)])
            await asyncio.gather(*(session.flush() for _ in range(5)), session.get(Author, 99))
        assert len(database.query("SELECT * FROM author")) == 5
