"""In what order a flush writes rows that refer to each other."""

from __future__ import annotations

from types import ModuleType

import pytest

from fixtures.database import Database
from models.library import Author, Book, Chapter, Chicken, Egg, one_author
from ouroboros_postgres import Session
from queries.sent import Sent

pytestmark = pytest.mark.usefixtures("library")


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
