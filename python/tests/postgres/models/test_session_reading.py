"""What sessions read."""

from __future__ import annotations

import asyncio
import contextvars
from types import ModuleType

import pytest

from fixtures.database import Database
from fixtures.observe import blocked_backends, until
from models.library import Author, Writer, one_author
from ouroboros_postgres import Session
from ouroboros_postgres.session import ObjectState
from queries.sent import Sent

pytestmark = pytest.mark.usefixtures("library")


class TestReading:
    async def test_one_object_per_row(self, pg: ModuleType) -> None:
        author = await one_author()
        async with Session() as session:
            found = await session.get(Author, author.id)
            assert found is not author
            sent = Sent(pg)
            assert await session.get(Author, author.id) is found
            assert sent() == 0
            assert await session.get(Author, str(author.id)) is found
            assert await session.get(Writer, author.id) is found
            assert await session.get(Author, 99) is None
            assert await session.get(Author, None) is None

    async def test_get_writes_first_what_is_pending(self, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            found = await session.get(Author, author.id)
            assert found is not None
            found.rank = 8
            await session.get(Author, 99)
            assert not session._unit_of_work.has_pending
        async with Session(autoflush=False) as session:
            found = await session.get(Author, author.id)
            assert found is not None
            found.rank = 9
            await session.get(Author, 99)
            assert session._unit_of_work.has_pending
            session.delete(found)
            assert await session.get(Author, author.id) is None

    async def test_with_for_update_locks_and_reads(self, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            found = await session.get(Author, author.id)
            assert found is not None
            database.query("UPDATE author SET rank = 6, note = 'theirs'")
            assert await session.get(Author, author.id, with_for_update=True) is found
            assert (found.rank, found.note) == (6, "theirs")
            assert not session.is_modified(found)

            async def other() -> None:
                async with Session() as second:
                    await second.get(Author, author.id, with_for_update=True)

            waiting = asyncio.create_task(other(), context=contextvars.Context())
            await until(lambda: blocked_backends(database))
            assert not waiting.done()
            await session.commit()
            await waiting

    async def test_with_for_update_keeps_changes(self, database: Database) -> None:
        author = await one_author()
        async with Session(autoflush=False) as session:
            found = await session.get(Author, author.id)
            assert found is not None
            found.rank = 3
            database.query("UPDATE author SET rank = 6, note = 'theirs'")
            assert await session.get(Author, author.id, with_for_update=True) is found
            assert (found.rank, found.note) == (3, "theirs")
        assert database.query("SELECT rank FROM author") == [{"rank": 3}]

    async def test_results_of_queries_are_not_attached(self) -> None:
        await one_author()
        async with Session() as session:
            author = await session.get(Author, 1)
            found = await Author.find().first()
            assert found is not None
            assert found is not author
            assert found not in session
            fetched = await Author.get(1)
            assert fetched is not None
            assert fetched not in session

    async def test_added_results_are_clean(self, database: Database) -> None:
        await one_author()
        async with Session() as session:
            found = await Author.find().first()
            assert found is not None
            session.add(found)
            assert session.state(found) is ObjectState.PERSISTENT
            assert not session._unit_of_work.has_pending
            assert await session.get(Author, 1) is found
            found.rank = 4
        assert database.query("SELECT rank FROM author") == [{"rank": 4}]

    async def test_changes_made_before_an_object_is_added_are_written(self, database: Database) -> None:
        found = await one_author()
        found.rank = 4
        async with Session() as session:
            session.add(found)
        assert database.query("SELECT rank FROM author") == [{"rank": 4}]

    async def test_a_result_without_its_key_cannot_be_added(self) -> None:
        await one_author()
        (found,) = await Author.find().select(Author.name).to_list()
        with pytest.raises(ValueError, match="left out its primary key"):
            Session().add(found)

    async def test_refresh(self, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            session.add(author)
            database.query("UPDATE author SET rank = 6, note = 'theirs'")
            author.rank, author.name = 3, "mine"
            await session.refresh(author, ["rank"])
            assert (author.rank, author.name, author.note) == (6, "mine", "server")
            assert session._unit_of_work.get_dirty_fields(author) == {"name": ("ada", "mine")}
            await session.refresh(author)
            assert (author.rank, author.name, author.note) == (6, "ada", "theirs")
            assert not session.is_modified(author)
            with pytest.raises(ValueError, match="no column and no relationship 'nope'"):
                await session.refresh(author, ["nope"])
            with pytest.raises(ValueError, match="no primary key"):
                await session.refresh(Author(name="new"))
            database.query("DELETE FROM author")
            with pytest.raises(ValueError, match=r"Row with id 1 not found"):
                await session.refresh(author)

    async def test_merge(self, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            found = await session.get(Author, author.id)
            author.rank = 12
            assert await session.merge(author) is found
            assert found is not None
            assert found.rank == 12
            assert author not in session
            assert await session.merge(found) is found
            created = await session.merge(Author(id=50, name="fifty"))
            assert created in session
            unsaved = Author(name="unsaved")
            copy = await session.merge(unsaved)
            assert copy is not unsaved
            await session.flush()
            assert (copy.id, unsaved.id) == (2, None)
        assert {row["id"]: row["rank"] for row in database.query("SELECT * FROM author")} == {1: 12, 50: 0, 2: 0}
