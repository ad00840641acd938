"""Sessions on a server."""

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
import uuid
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from fixtures.observe import blocked_backends, until
from ouroboros_postgres import Column, Session, Table, get_session, relationship
from ouroboros_postgres.errors import (
    CheckError,
    ForeignKeyError,
    PostgresError,
    RowNotFoundError,
)
from ouroboros_postgres.session import ObjectState
from queries.sent import Sent

SCHEMA = """
CREATE TABLE author (
    id serial PRIMARY KEY, name text UNIQUE, rank int CHECK (rank >= 0), tags text[], doc jsonb,
    note text DEFAULT 'server', doubled int GENERATED ALWAYS AS (rank * 2) STORED
);
CREATE TABLE book (
    id serial PRIMARY KEY, title text NOT NULL,
    author_id int REFERENCES author DEFERRABLE INITIALLY IMMEDIATE, sequel_of int REFERENCES book
);
CREATE TABLE chapter (id serial PRIMARY KEY, book_id int NOT NULL REFERENCES book, heading text);
CREATE TABLE plain (id serial PRIMARY KEY, name text, tags text[]);
CREATE SCHEMA archive;
CREATE TABLE archive.parcels (sku text PRIMARY KEY, weight int);
CREATE TABLE token (id uuid PRIMARY KEY, name text);
CREATE TABLE chicken (id serial PRIMARY KEY, name text, egg_id int);
CREATE TABLE egg (id serial PRIMARY KEY, name text, chicken_id int);
"""


class Author(Table):
    name: str | None = None
    rank: int | None = 0
    tags: list[str] | None = None
    doc: Any = None
    note: str | None = None

    books = relationship("Book", "author_id", uselist=True, back_populates="author")


class Book(Table):
    title: str
    author_id: int | None = Column(foreign_key="author.id")
    sequel_of: int | None = Column(foreign_key="book.id")

    author = relationship(Author, "author_id", back_populates="books")
    original = relationship("Book", "sequel_of")
    chapters = relationship("Chapter", "book_id", uselist=True)


class Chapter(Table):
    heading: str | None = None
    book_id: int | None = Column(foreign_key="book.id", nullable=False)

    book = relationship(Book, "book_id")


class Writer(Author):
    """The same table."""

    class Settings:
        table_name = "author"


class Parcel(Table):
    sku: str
    weight: int | None = None

    class Settings:
        table_name = "parcels"
        schema = "archive"
        primary_key = "sku"


class Token(Table):
    id: uuid.UUID = Column(primary_key=True, default_factory=uuid.uuid4)
    name: str | None = None


class Chicken(Table):
    name: str | None = None
    egg_id: int | None = Column(foreign_key="egg.id")

    egg = relationship("Egg", "egg_id")


class Egg(Table):
    name: str
    chicken_id: int | None = Column(foreign_key="chicken.id")

    chicken = relationship(Chicken, "chicken_id")


@dataclass
class Plain:
    id: int | None = None
    name: str = ""
    tags: list[str] = field(default_factory=list)


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute(SCHEMA)


async def one_author(**values: Any) -> Author:
    return await Author.insert(**{"name": "ada", "rank": 1, "tags": ["x"], **values})


class TestWriting:
    async def test_a_block_commits(self, database: Database) -> None:
        async with Session() as session:
            author = session.add(Author(name="ada"))
            assert author.id is None
        assert session._closed
        assert database.query("SELECT id, name, rank, note FROM author") == [
            {"id": author.id, "name": "ada", "rank": 0, "note": "server"}
        ]
        assert author.note == "server"
        assert author.doubled == 0

    async def test_an_exception_rolls_back(self, database: Database) -> None:
        with pytest.raises(ZeroDivisionError):
            async with Session() as session:
                session.add(Author(name="ada"))
                await session.flush()
                raise ZeroDivisionError
        assert database.query("SELECT * FROM author") == []
        assert session._closed
        assert get_session() is None

    async def test_flush_stays_in_the_transaction(self, pg: ModuleType, database: Database) -> None:
        async with Session() as session:
            session.add(Author(name="ada"))
            await session.flush()
            assert session.in_transaction
            assert database.query("SELECT * FROM author") == []
            assert await Author.count() == 1
            assert await pg.execute("SELECT count(*) AS n FROM author") == [{"n": 1}]
            await session.commit()
            assert not session.in_transaction
            assert len(database.query("SELECT * FROM author")) == 1

    async def test_updates_only_what_has_changed(self, pg: ModuleType, database: Database) -> None:
        author = await one_author()
        database.query("UPDATE author SET note = 'theirs'")
        async with Session() as session:
            found = await session.get(Author, author.id)
            assert found is not None
            database.query("UPDATE author SET note = 'newer'")
            found.rank = 5
            assert found.tags is not None
            found.tags.append("y")
            assert session.is_modified(found)
            assert session.state(found) is ObjectState.DIRTY
        assert database.query("SELECT rank, tags, note, doubled FROM author") == [
            {"rank": 5, "tags": ["x", "y"], "note": "newer", "doubled": 10}
        ]

    async def test_nothing_changed_sends_nothing(self, pg: ModuleType) -> None:
        author = await one_author()
        async with Session() as session:
            session.add(author)
            sent = Sent(pg)
            await session.flush()
            await session.commit()
            assert sent() == 0
            assert not session.in_transaction

    async def test_changes_inside_json_are_seen(self, database: Database) -> None:
        author = await one_author(doc={"a": [1]})
        async with Session() as session:
            session.add(author)
            author.doc["a"].append(2)
        assert database.query("SELECT doc FROM author") == [{"doc": {"a": [1, 2]}}]

    async def test_an_object_without_a_found_change_can_be_registered(self, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            session.add(author)
            database.query("UPDATE author SET rank = 9")
            session._unit_of_work.register_dirty(author)
            await session.commit()
            assert not session._unit_of_work.has_pending
        assert database.query("SELECT rank FROM author") == [{"rank": 1}]

    async def test_delete(self, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            session.delete(author)
            await session.flush()
            assert session.state(author) is ObjectState.DELETED
            assert await session.get(Author, author.id) is None
        assert database.query("SELECT * FROM author") == []
        assert author.name == "ada"
        assert session.state(author) is ObjectState.TRANSIENT

    async def test_deleting_what_is_gone_or_was_never_there(self, pg: ModuleType, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            session.add(author)
            database.query("DELETE FROM author")
            session.delete(author)
            session.delete(Author(name="no key"))
            await session.flush()
            new = session.add(Author(id=author.id, name="new"))
            session.delete(new)
            await session.flush()
            assert session._unit_of_work.deleted_objects == []
        assert database.query("SELECT * FROM author") == []

    async def test_a_new_object_that_is_deleted_does_not_delete_the_row_of_its_key(self, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            other = session.add(Author(id=author.id, name="other"))
            session.delete(other)
        assert len(database.query("SELECT * FROM author")) == 1

    async def test_dirty_and_deleted_is_only_deleted(self, pg: ModuleType, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            session.add(author)
            author.rank = -5
            session.delete(author)
        assert database.query("SELECT * FROM author") == []

    async def test_many_deletions_are_one_statement(self, pg: ModuleType) -> None:
        authors = [await one_author(name=f"a{number}") for number in range(30)]
        async with Session() as session:
            await session.begin()
            for author in authors:
                session.delete(author)
            sent = Sent(pg)
            await session.flush()
            assert sent() <= 3

    async def test_many_new_objects_are_one_statement_in_order(self, pg: ModuleType, database: Database) -> None:
        async with Session() as session:
            await session.begin()
            authors = [Author(name=f"n{number:03}", **({"rank": 1} if number % 2 else {})) for number in range(300)]
            session.add_all(authors)
            sent = Sent(pg)
            await session.flush()
            assert sent() <= 4
        assert [author.id for author in authors] == list(range(1, 301))
        rows = database.query("SELECT name FROM author ORDER BY id")
        assert [row["name"] for row in rows] == [author.name for author in authors]

    async def test_rows_with_other_columns_and_keys_keep_their_order(self, database: Database) -> None:
        async with Session() as session:
            authors = [Author(name="a"), Author(id=50, name="b", tags=["t"]), Author(name="c", note="mine")]
            session.add_all(authors)
        rows = database.query("SELECT name, tags, note FROM author ORDER BY name")
        assert [(row["name"], row["tags"], row["note"]) for row in rows] == [
            ("a", None, "server"),
            ("b", ["t"], "server"),
            ("c", None, "mine"),
        ]
        assert [author.id for author in authors] == [1, 50, 2]

    async def test_objects_without_any_value(self, database: Database) -> None:
        async with Session() as session:
            session.add_all([Author(rank=None), Author(rank=None)])
            first = session.add_all([Chicken(), Chicken()])
        assert [chicken.id for chicken in first] == [1, 2]
        assert len(database.query("SELECT * FROM author")) == 2

    async def test_keys_of_other_kinds_and_schemas(self, database: Database) -> None:
        async with Session() as session:
            parcel, token = session.add(Parcel(sku="p/1", weight=3)), session.add(Token(name="t"))
            await session.flush()
            assert await session.get(Parcel, "p/1") is parcel
            assert await session.get(Token, token.id) is token
            assert await session.get(Token, str(token.id)) is token
            parcel.weight = 4
        assert database.query("SELECT * FROM archive.parcels") == [{"sku": "p/1", "weight": 4}]
        async with Session() as session:
            found = await session.get(Parcel, "p/1")
            assert found is not None
            session.delete(found)
        assert database.query("SELECT * FROM archive.parcels") == []

    async def test_a_changed_key(self, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            session.add(author)
            author.id = 77
            author.rank = 3
            await session.flush()
            assert await session.get(Author, 77) is author
            assert await session.get(Author, 1) is None
        assert database.query("SELECT id, rank FROM author") == [{"id": 77, "rank": 3}]

    async def test_a_key_that_becomes_free_in_the_same_flush(self, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            session.delete(author)
            session.add(Author(id=author.id, name="heir"))
        assert database.query("SELECT id, name FROM author") == [{"id": author.id, "name": "heir"}]

    async def test_a_row_that_is_gone(self, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            session.add(author)
            database.query("DELETE FROM author")
            author.rank = 3
            with pytest.raises(RowNotFoundError, match="Update failed"):
                await session.flush()
            assert session.is_modified(author)
            await session.rollback()


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


class TestOrder:
    async def test_parents_come_first(self, database: Database) -> None:
        async with Session() as session:
            author = Author(name="a")
            book = Book(title="b", author=author)
            chapter = Chapter(heading="h", book=book)
            session.add_all([chapter, book, author])
            await session.flush()
            assert chapter.book_id == book.id
            assert book.author_id == author.id
            assert await book.author is author
            for obj in (author, book, chapter):
                session.delete(obj)
        assert database.query("SELECT * FROM book") == []

    async def test_keys_given_by_hand(self, database: Database) -> None:
        async with Session() as session:
            session.add_all(
                [Chapter(book_id=8), Book(id=8, title="b", author_id=9, sequel_of=7), Author(id=9, name="a")]
            )
            session.add(Book(id=7, title="first"))
        assert len(database.query("SELECT * FROM chapter")) == 1

    async def test_related_objects_come_along(self, database: Database) -> None:
        async with Session() as session:
            book = session.add(Book(title="b", author=Author(name="a"), original=Book(title="first")))
            book.chapters = [Chapter(heading="1"), Chapter(heading="2")]
        rows = database.query("SELECT heading, title FROM chapter JOIN book ON book.id = book_id ORDER BY chapter.id")
        assert rows == [{"heading": "1", "title": "b"}, {"heading": "2", "title": "b"}]
        assert database.query("SELECT a.name FROM book JOIN author a ON a.id = author_id") == [{"name": "a"}]

    async def test_a_list_of_new_children(self, database: Database) -> None:
        async with Session() as session:
            author = session.add(Author(name="a"))
            author.books = [Book(title="1"), Book(title="2")]
            await session.flush()
            books = await author.books
            assert [book.author_id for book in books] == [author.id, author.id]
            assert await books[0].author is author

    async def test_a_new_child_in_a_loaded_list(self, database: Database) -> None:
        author = await one_author()
        await Book.insert(title="old", author_id=author.id)
        kept = await Book.insert(title="kept", author_id=author.id)
        async with Session() as session:
            found = await session.get(Author, author.id)
            assert found is not None
            books: list[Book] = await found.books
            books.append(Book(title="new"))
            books[0].author_id = None  # taken away on purpose
        rows = database.query("SELECT title, author_id FROM book ORDER BY id")
        assert [(row["title"], row["author_id"]) for row in rows] == [
            ("old", None),
            ("kept", author.id),
            ("new", author.id),
        ]
        assert kept.author_id == author.id

    async def test_rows_that_refer_to_rows_of_their_table(self, pg: ModuleType, database: Database) -> None:
        async with Session() as session:
            await session.begin()
            first = Book(title="1")
            second = Book(title="2", original=first)
            third = Book(title="3", original=second)
            others = [Book(title=f"o{number}") for number in range(20)]
            session.add_all([third, *others, second, first])
            sent = Sent(pg)
            await session.flush()
            assert sent() <= 5
            assert (second.sequel_of, third.sequel_of) == (first.id, second.id)
            assert first.id is not None
            assert second.id is not None
            for book in (first, third, second):
                session.delete(book)
        assert len(database.query("SELECT * FROM book")) == 20

    async def test_a_circle_of_tables(self, database: Database) -> None:
        async with Session() as session:
            hen = Chicken(name="hen")
            egg = Egg(name="egg", chicken=hen)
            chick = Chicken(name="chick", egg=egg)
            session.add_all([chick, egg, hen])
        assert database.query("SELECT egg_id FROM chicken WHERE name = 'chick'") == [{"egg_id": egg.id}]
        assert database.query("SELECT chicken_id FROM egg") == [{"chicken_id": hen.id}]

    async def test_a_circle_of_rows(self, database: Database) -> None:
        async with Session() as session:
            hen, egg = Chicken(name="hen"), Egg(name="egg")
            hen.egg, egg.chicken = egg, hen
            session.add_all([hen, egg])
        assert database.query("SELECT egg_id FROM chicken") == [{"egg_id": egg.id}]
        assert database.query("SELECT chicken_id FROM egg") == [{"chicken_id": hen.id}]

    async def test_a_new_parent_of_an_old_child(self, database: Database) -> None:
        book = await Book.insert(title="b")
        async with Session() as session:
            session.add(book)
            book.author = Author(name="a")
        assert database.query("SELECT author_id FROM book") == [{"author_id": book.author_id}]
        assert book.author_id is not None


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


class TestOwnMethods:
    async def test_save_of_a_new_object(self, pg: ModuleType, database: Database) -> None:
        async with Session() as session:
            await session.begin()
            author = session.add(Author(name="a"))
            await author.save()
            assert session.state(author) is ObjectState.PERSISTENT
            assert await session.get(Author, author.id) is author
            sent = Sent(pg)
            await session.flush()
            assert sent() == 0
            await session.rollback()
            assert author.id is None
        assert database.query("SELECT * FROM author") == []

    async def test_save_of_a_changed_object(self, pg: ModuleType) -> None:
        author = await one_author()
        async with Session() as session:
            session.add(author)
            await session.begin()
            author.rank = 5
            await author.save()
            assert not session.is_modified(author)
            sent = Sent(pg)
            await session.flush()
            assert sent() == 0
            await session.rollback()
            assert author.rank == 1

    async def test_save_of_a_changed_key(self) -> None:
        author = await one_author()
        async with Session() as session:
            session.add(author)
            author.id = 5
            await author.save()
            assert await session.get(Author, 5) is author
            assert await session.get(Author, 1) is None

    async def test_save_before_the_transaction_has_begun_is_for_good(self) -> None:
        author = await one_author()
        async with Session() as session:
            session.add(author)
            author.rank = 5
            await author.save()
            await session.get(Author, 99)
            author.rank = 6
            await session.rollback()
            assert author.rank == 5

    async def test_delete(self, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            session.add(author)
            await session.begin()
            assert await author.delete()
            assert await session.get(Author, 1) is None
            assert author not in session
            await session.rollback()
            assert session.state(author) is ObjectState.DETACHED
        assert len(database.query("SELECT * FROM author")) == 1

    async def test_refresh(self, database: Database) -> None:
        author = await one_author()
        async with Session() as session:
            session.add(author)
            database.query("UPDATE author SET rank = 6")
            author.name = "changed"
            await author.refresh()
            assert author.rank == 6
            assert not session.is_modified(author)

    async def test_insert_many(self) -> None:
        async with Session() as session:
            await session.begin()
            authors = session.add_all([Author(name="a"), Author(name="b")])
            await Author.insert_many(authors)
            assert session._unit_of_work.new_objects == []
            assert await session.get(Author, authors[1].id) is authors[1]


class TestPlainObjects:
    async def test_their_life(self, database: Database) -> None:
        async with Session() as session:
            first, second = session.add_all([Plain(name="a", tags=["x"]), Plain(name="b")])
            await session.flush()
            assert (first.id, second.id) == (1, 2)
            assert await session.get(Plain, 1) is first
            first.tags.append("y")
            session.delete(second)
        assert database.query("SELECT * FROM plain") == [{"id": 1, "name": "a", "tags": ["x", "y"]}]
        async with Session() as session:
            found = await session.get(Plain, 1)
            assert found == Plain(1, "a", ["x", "y"])
            assert found is not first
            assert found is not None
            found.name = "c"
            await session.flush()
            await session.rollback()
            assert found.name == "a"
            new = session.add(Plain(name="new"))
            await session.flush()
            await session.rollback()
            assert new.id is None

    async def test_a_failed_flush(self, database: Database) -> None:
        async with Session() as session:
            first = session.add(Plain(name="a"))
            await session.flush()
            first.name = "b"
            second = Plain(name="x", tags=[])
            session.add(second)
            session.add(Author(name="bad", rank=-1))
            with pytest.raises(CheckError):
                await session.flush()
            assert second.id is None
            assert session._unit_of_work.get_dirty_fields(first) == {"name": ("a", "b")}
            await session.rollback()

    async def test_expiry_and_refresh(self, database: Database) -> None:
        database.query("INSERT INTO plain (name, tags) VALUES ('a', '{}')")
        async with Session() as session:
            found = await session.get(Plain, 1)
            assert found is not None
            await session.commit()
            database.query("UPDATE plain SET name = 'theirs'")
            assert await session.get(Plain, 1) is found
            assert found.name == "theirs"
            database.query("UPDATE plain SET name = 'newer'")
            await session.refresh(found)
            assert found.name == "newer"
            assert not session.is_modified(found)

    async def test_hooks(self, database: Database) -> None:
        class Box:
            def __init__(self, sku: str, weight: int) -> None:
                self.sku, self.weight = sku, weight

            @classmethod
            def _get_table_name(cls) -> str:
                return "archive.parcels"

            @classmethod
            def _get_pk_column(cls) -> str:
                return "sku"

            def _get_pk(self) -> str:
                return self.sku

            def _get_column_values(self) -> dict[str, Any]:
                return {"sku": self.sku, "weight": self.weight}

        async with Session() as session:
            box = session.add(Box("a", 1))
            await session.flush()
            box.weight = 2
            await session.commit()
            assert await session.get(Box, "a") is box
        assert database.query("SELECT * FROM archive.parcels") == [{"sku": "a", "weight": 2}]


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


def test_dates_are_not_taken_for_changes() -> None:
    class Dated(Table):
        at: dt.datetime | None

    session = Session()
    (found,) = Dated._hydrate([{"id": 1, "at": dt.datetime(2020, 1, 1)}])
    session.add(found)
    assert not session._unit_of_work.has_pending
