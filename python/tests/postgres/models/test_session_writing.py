"""What sessions write."""

from __future__ import annotations

import datetime as dt
from types import ModuleType

import pytest

from fixtures.database import Database
from models.library import Author, Chicken, Parcel, Token, one_author
from ouroboros_postgres import Session, Table, get_session
from ouroboros_postgres.errors import (
    RowNotFoundError,
)
from ouroboros_postgres.session import ObjectState
from queries.sent import Sent

pytestmark = pytest.mark.usefixtures("library")


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


def test_dates_are_not_taken_for_changes() -> None:
    class Dated(Table):
        at: dt.datetime | None

    session = Session()
    (found,) = Dated._hydrate([{"id": 1, "at": dt.datetime(2020, 1, 1)}])
    session.add(found)
    assert not session._unit_of_work.has_pending
