"""What sessions tell listeners, of their objects and of themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import (
    Column,
    Table,
    after_commit,
    before_flush,
    before_insert,
    before_update,
    events,
    listens_for,
    relationship,
)
from ouroboros_postgres.errors import IntegrityError
from ouroboros_postgres.session import Session

SCHEMA = """
CREATE TABLE author (id serial PRIMARY KEY, name text NOT NULL UNIQUE, version int DEFAULT 1);
CREATE TABLE post (id serial PRIMARY KEY, title text, author_id int REFERENCES author);
"""

NAMES = [member.value for member in events.EventType if not member.startswith("attribute")]


class Author(Table):
    name: str
    version: int | None


class Post(Table):
    title: str
    author_id: int | None = Column(foreign_key="author.id")
    author = relationship(Author, "author_id")


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute(SCHEMA)


@pytest.fixture(autouse=True)
def nobody_listens() -> Iterator[None]:
    yield
    events.event.clear()


@pytest.fixture
def log() -> list[str]:
    """Every event from now on: its name, and the name of the object's class."""
    found: list[str] = []

    def recorder(name: str) -> Any:
        return lambda target: found.append(f"{name} {type(target).__name__}")

    for name in NAMES:
        events.listen(None, name, recorder(name))
    return found


def rows(database: Database, table: str = "author") -> list[dict[str, Any]]:
    return database.query(f"SELECT * FROM {table} ORDER BY 1")


async def test_a_block_with_every_kind_of_work(pg: ModuleType, database: Database, log: list[str]) -> None:
    await Author.insert_many([{"name": "old"}, {"name": "gone"}])
    async with Session() as session:
        old, gone = await session.get(Author, 1), await session.get(Author, 2)
        assert old is not None
        assert log == ["after_load Author"] * 2
        log.clear()
        old.name = "older"
        session.delete(gone)
        session.add(Post(title="p", author=old))
        session.add(Author(name="new"))
    assert log[0] == "before_flush Session"
    assert sorted(log[1:5]) == sorted(
        ["before_insert Post", "before_insert Author", "before_update Author", "before_delete Author"]
    )
    assert sorted(log[5:9]) == sorted(
        ["after_insert Post", "after_insert Author", "after_update Author", "after_delete Author"]
    )
    assert log[9:11] == ["after_flush Session", "after_commit Session"]
    assert sorted(log[11:]) == ["before_expire Author", "before_expire Author", "before_expire Post"]
    assert [row["name"] for row in rows(database)] == ["older", "new"]


async def test_nothing_to_write_is_silent(log: list[str]) -> None:
    async with Session() as session:
        await session.flush()
        await session.commit()
        await session.rollback()
    assert log == []


async def test_changes_before_are_written(database: Database) -> None:
    @before_insert(Author)
    async def shout(author: Author) -> None:
        await asyncio.sleep(0)
        author.name = author.name.upper()

    @before_update(Author)
    def count(author: Author) -> None:
        author.version = (author.version or 0) + 1

    async with Session() as session:
        author = session.add(Author(name="ada"))
        await session.flush()
        assert (author.id, author.name) == (1, "ADA")
        author.name = "grace"
    assert rows(database) == [{"id": 1, "name": "grace", "version": 2}]


async def test_before_flush_may_add_and_change(database: Database) -> None:
    @before_flush()
    def complete(session: Session) -> None:
        for obj in list(session):
            if isinstance(obj, Author):
                obj.version = 7
        if not any(isinstance(obj, Post) for obj in session):
            session.add(Post(title="extra"))

    async with Session() as session:
        session.add(Author(name="ada"))
    assert rows(database)[0]["version"] == 7
    assert [row["title"] for row in rows(database, "post")] == ["extra"]


@pytest.mark.parametrize("name", ["before_insert", "before_update", "before_delete", "before_flush"])
async def test_what_listeners_raise_before_stops_the_flush(name: str, database: Database, log: list[str]) -> None:
    await Author.insert_many([{"name": "old"}, {"name": "gone"}])

    async def refuse(_: Any) -> None:
        await asyncio.sleep(0)
        raise PermissionError("refused")

    registration = events.listen(Session if name == "before_flush" else Author, name, refuse)
    async with Session() as session:
        old, gone = await session.get(Author, 1), await session.get(Author, 2)
        assert old is not None
        session.add(Author(name="new"))
        session.delete(gone)
        old.name = "older"
        with pytest.raises(PermissionError, match="refused"):
            await session.flush()
        assert [row["name"] for row in rows(database)] == ["old", "gone"]
        assert not any(entry.startswith("after_") and entry != "after_load Author" for entry in log)
        events.remove_listener(registration)
    assert [row["name"] for row in rows(database)] == ["older", "new"]


async def test_a_listener_that_refuses_at_the_end_of_a_block(database: Database, log: list[str]) -> None:
    @before_insert(Author)
    def refuse(_: Author) -> None:
        raise PermissionError("refused")

    with pytest.raises(PermissionError, match="refused"):
        async with Session() as session:
            session.add(Author(name="new"))
    assert rows(database) == []
    assert "after_commit Session" not in log


async def test_what_listeners_raise_after_is_a_warning(database: Database) -> None:
    def broken(_: Any) -> None:
        raise ValueError("too late")

    for name in ("after_insert", "after_flush", "after_commit"):
        events.listen(None, name, broken)
    with pytest.warns(UserWarning, match="^Event listener error: too late") as caught:
        async with Session() as session:
            session.add(Author(name="ada"))
    assert len(caught) == 3
    assert len(rows(database)) == 1


async def test_after_commit_comes_when_others_see_the_rows(database: Database) -> None:
    seen: list[int] = []

    @after_commit()
    def look(_: Session) -> None:
        seen.append(len(rows(database)))

    async with Session() as session:
        session.add(Author(name="ada"))
        await session.flush()
        assert seen == []
    assert seen == [1]


async def test_a_commit_that_fails_is_not_told(log: list[str]) -> None:
    await Author.insert(name="ada")
    log.clear()
    with pytest.raises(IntegrityError):
        async with Session() as session:
            session.add(Author(name="ada"))
    assert log[:2] == ["before_flush Session", "before_insert Author"]
    assert not {"after_insert Author", "after_flush Session", "after_commit Session"} & set(log)


async def test_rollback(database: Database, log: list[str]) -> None:
    async with Session() as session:
        session.add(Author(name="ada"))
        await session.flush()
        log.clear()
        await session.rollback()
        assert log == ["after_rollback Session"]
    with pytest.raises(KeyError):
        async with Session() as session:
            session.add(Author(name="ada"))
            await session.flush()
            log.clear()
            raise KeyError
    assert log == ["after_rollback Session"]
    assert rows(database) == []


async def test_listeners_for_sessions_by_class(log: list[str]) -> None:
    calls: list[Any] = []
    events.listen(Session, "after_commit", calls.append)
    events.listen(Author, "after_commit", calls.append)
    async with Session() as session:
        session.add(Author(name="ada"))
    assert calls == [session]


async def test_listeners_during_a_flush_work_in_its_transaction(database: Database) -> None:
    @listens_for(Author, "after_insert")
    async def write(author: Author) -> None:
        await Post.insert(title=author.name, author_id=author.id)

    async with Session() as session:
        session.add(Author(name="ada"))
        await session.flush()
        assert await Post.count() == 1
        await session.rollback()
    assert rows(database, "post") == []


async def test_objects_are_loaded_once(log: list[str]) -> None:
    author = await Author.insert(name="ada")
    await Post.insert_many([{"title": "a", "author_id": author.id}, {"title": "b", "author_id": author.id}])
    log.clear()
    async with Session() as session:
        first, second = await session.get(Post, 1), await session.get(Post, 2)
        assert first is not None
        assert second is not None
        assert await first.author is await second.author
        assert await session.get(Author, 1) is await first.author
        assert sorted(log) == ["after_load Author", "after_load Post", "after_load Post"]
        log.clear()
        await session.get(Author, 1)
        assert log == []
        await session.get(Author, 1, with_for_update=True)
        assert log == ["after_load Author"]


async def test_objects_that_are_read_again_are_told(database: Database, log: list[str]) -> None:
    await Author.insert(name="ada")
    async with Session() as session:
        author = await session.get(Author, 1)
        database.query("UPDATE author SET version = 2")
        log.clear()
        session.expire(author)
        assert log == ["before_expire Author"]
        assert await session.get(Author, 1) is author
        assert log == ["before_expire Author", "after_load Author"]
        await session.refresh(author)
        assert log == ["before_expire Author", "after_load Author", "after_load Author"]
        log.clear()
        session.expire_all()
        assert log == ["before_expire Author"]


async def test_expiry_may_be_refused() -> None:
    await Author.insert(name="ada")

    @listens_for(Author, "before_expire")
    def refuse(_: Author) -> None:
        raise PermissionError("refused")

    async with Session() as session:
        author = await session.get(Author, 1)
        with pytest.raises(PermissionError, match="refused"):
            session.expire(author)
        events.event.clear()

        @listens_for(Author, "before_expire", once=True)
        async def later(_: Author) -> None:
            raise AssertionError

        with pytest.warns(UserWarning, match="^Event listener error: .* has to be awaited"):
            session.expire(author)
        assert events.event.has_listeners(Author, "before_expire")
        events.event.clear()


async def test_without_expiry_nothing_is_told_of_it(log: list[str]) -> None:
    async with Session(expire_on_commit=False) as session:
        session.add(Author(name="ada"))
    assert log[-1] == "after_commit Session"


async def test_save_within_a_session_fires_once(log: list[str]) -> None:
    async with Session() as session:
        author = session.add(Author(name="ada"))
        await author.save()
        assert log == ["before_insert Author", "after_insert Author"]
    assert log == ["before_insert Author", "after_insert Author"]
