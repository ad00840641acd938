"""Objects of sessions: what they do by their own methods, and those that are no instances of `Table`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from models.library import Author, Plain, one_author
from ouroboros_postgres import Session
from ouroboros_postgres.errors import (
    CheckError,
)
from ouroboros_postgres.session import ObjectState
from queries.sent import Sent

pytestmark = pytest.mark.usefixtures("library")


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
