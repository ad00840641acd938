"""Commits and rollbacks of sessions, and what becomes of their objects."""

from __future__ import annotations

from types import ModuleType

import pytest

from fixtures.database import Database
from models.library import Author, Book, one_author
from ouroboros_postgres import Session
from ouroboros_postgres.session import ObjectState
from queries.sent import Sent

pytestmark = pytest.mark.usefixtures("library")


class TestCommitAndRollback:
    async def test_the_session_stays_usable_after_a_commit(self, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            found = await session.get(Author, author.id)
            assert found is not None
            found.rank = 2
            await session.commit()
            assert await session.get(Author, author.id) is found
            assert found.rank == 2
            found.rank = 3
            await session.commit()
            assert found.tags is not None
            found.tags.append("z")
            await session.commit()
        assert database.query("SELECT rank, tags FROM author") == [{"rank": 3, "tags": ["x", "z"]}]

    async def test_expiry(self, pg: ModuleType, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            found = await session.get(Author, author.id)
            assert found is not None
            await session.commit()
            database.query("UPDATE author SET rank = 6, note = 'theirs'")
            sent = Sent(pg)
            assert found.rank == 1
            assert sent() == 0
            found.name = "changed"
            assert await session.get(Author, author.id) is found
            assert (found.rank, found.note, found.name) == (6, "theirs", "changed")
            sent = Sent(pg)
            await session.get(Author, author.id)
            assert sent() == 0
        assert database.query("SELECT name, rank FROM author") == [{"name": "changed", "rank": 6}]

    async def test_without_expiry(self, pg: ModuleType) -> None:
        await one_author()
        async with Session(expire_on_commit=False) as session:
            found = await session.get(Author, 1)
            await session.commit()
            sent = Sent(pg)
            assert await session.get(Author, 1) is found
            assert sent() == 0

    async def test_expiry_drops_relationships(self, pg: ModuleType, database: Database) -> None:
        author = await one_author()
        await Book.insert(title="b", author_id=author.id)
        async with Session() as session:
            book = await session.get(Book, 1)
            assert book is not None
            found = await book.author
            assert found is await session.get(Author, 1)
            await session.commit()
            assert not book.author.is_loaded
            database.query("UPDATE author SET rank = 6")
            assert await book.author is found
            assert found is not None
            assert found.rank == 6

    async def test_expire_some(self, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            session.add(author)
            database.query("UPDATE author SET rank = 6, note = 'theirs'")
            session.expire(author, ["rank"])
            assert await session.get(Author, 1) is author
            assert (author.rank, author.note) == (6, "server")
            session.expire_all()
            assert await session.get(Author, 1) is author
            assert author.note == "theirs"

    async def test_an_expired_row_that_is_gone(self, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            session.add(author)
            session.expire(author)
            database.query("DELETE FROM author")
            assert await session.get(Author, 1) is None
            assert author not in session

    async def test_rollback_gives_everything_back(self, database: Database) -> None:
        changed, gone = await one_author(), await one_author(name="gone")
        async with Session() as session:
            session.add_all([changed, gone])
            new, pending = session.add(Author(name="new")), Author(name="pending")
            changed.rank = 5
            assert changed.tags is not None
            changed.tags.append("y")
            session.delete(gone)
            await session.flush()
            changed.name = "unflushed"
            session.add(pending)
            await session.rollback()
            assert (changed.rank, changed.tags, changed.name) == (1, ["x"], "ada")
            assert (new.id, new.note, new.name) == (None, None, "new")
            assert list(session) == []
            assert [session.state(obj) for obj in (changed, gone, new, pending)] == [
                ObjectState.DETACHED,
                ObjectState.DETACHED,
                ObjectState.TRANSIENT,
                ObjectState.TRANSIENT,
            ]
            assert not session.in_transaction
            session.add(new)
            session.add(gone)
            gone.rank = 4
            found = await session.get(Author, changed.id)
            assert found is not changed
        ranks = {row["name"]: row["rank"] for row in database.query("SELECT name, rank FROM author")}
        assert ranks == {"ada": 1, "gone": 4, "new": 0}

    async def test_rollback_after_a_commit_goes_back_to_the_commit(self) -> None:
        author = await one_author()
        async with Session() as session:
            session.add(author)
            author.rank = 2
            await session.commit()
            author.rank = 3
            await session.flush()
            author.rank = 4
            await session.rollback()
            assert author.rank == 2

    async def test_children_of_a_parent_that_was_rolled_back(self, database: Database) -> None:
        async with Session() as session:
            book = session.add(Book(title="b", author=Author(name="a")))
            await session.flush()
            await session.rollback()
            assert (book.id, book.author_id) == (None, None)
            session.add(book)
        assert database.query("SELECT name FROM author JOIN book ON author_id = author.id") == [{"name": "a"}]

    async def test_close_rolls_back(self, database: Database) -> None:
        session = Session()
        author = session.add(Author(name="a"))
        await session.flush()
        await session.close()
        assert database.query("SELECT * FROM author") == []
        assert author.id is None
        idle = "SELECT 1 FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname = current_database()"
        assert database.query(idle) == []

    async def test_close_inside_the_block(self) -> None:
        async with Session() as session:
            session.add(Author(name="a"))
            await session.close()

    async def test_leaving_objects_after_a_commit(self, database: Database) -> None:
        async with Session() as session:
            author = session.add(Author(name="a"))
        author.rank = 5
        assert await author.save() == author.id
        assert database.query("SELECT rank FROM author") == [{"rank": 5}]
        async with Session() as session:
            assert session.add(author) is author
