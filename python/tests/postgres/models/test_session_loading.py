"""Relationships while a session is current: one object per row, and what is pending is written first."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from models.blog import Article, Comment, Company, Person, fill
from ouroboros_postgres import Session, Table, joined, raiseload, relationship, selectinload, subquery
from ouroboros_postgres.loading import SQLGenerationError
from queries.sent import Sent


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await fill(pg)


async def article(session: Session, key: int) -> Article:
    found = await session.get(Article, key)
    assert found is not None
    return found


class TestLazy:
    async def test_equal_targets_are_one_object(self, pg: ModuleType) -> None:
        async with Session() as session:
            first, second = await article(session, 1), await article(session, 2)
            author = await first.author
            sent = Sent(pg)
            assert await second.author is author is await session.get(Person, 1)
            assert sent() == 0

    async def test_results_of_queries_lead_to_objects_of_the_session(self) -> None:
        async with Session() as session:
            person = await session.get(Person, 1)
            found = await Article.find({"id": 1}).first()
            assert found is not None
            assert found not in session
            assert await found.author is person

    async def test_lists(self) -> None:
        async with Session() as session:
            first = await article(session, 1)
            author = await session.get(Person, 1)
            assert author is not None
            articles = await author.articles
            assert articles[0] is first
            assert articles[1] is await session.get(Article, 2)
            assert await articles[1].author is author

    async def test_what_is_pending_is_written_first(self) -> None:
        async with Session() as session:
            author = await session.get(Person, 1)
            assert author is not None
            new = session.add(Article(title="new", author_id=1))
            assert new in await author.articles
            moved = await article(session, 3)
            moved.author_id = 4
            other = await session.get(Person, 4)
            assert other is not None
            assert moved in await other.articles

    async def test_without_autoflush_rows_belong_to_whom_the_database_says(self) -> None:
        async with Session(autoflush=False) as session:
            moved = await article(session, 1)
            moved.author_id = 4
            author = await session.get(Person, 1)
            assert author is not None
            assert moved in await author.articles

    async def test_changes_are_not_overwritten(self) -> None:
        async with Session(autoflush=False) as session:
            person = await session.get(Person, 1)
            assert person is not None
            person.name = "changed"
            (found,) = await Article.find({"id": 1}).options(selectinload("author")).to_list()
            assert await found.author is person
            assert person.name == "changed"

    async def test_missing_targets(self) -> None:
        async with Session() as session:
            assert await (await article(session, 6)).author is None
            assert await (await article(session, 5)).author is None

    async def test_pending_objects_are_found(self, pg: ModuleType) -> None:
        async with Session() as session:
            person = session.add(Person(id=50, name="new"))
            (await article(session, 1)).author_id = 50
            assert await (await article(session, 1)).author is person


class TestEager:
    @pytest.mark.parametrize("option", [selectinload, joined, subquery])
    async def test_targets_are_objects_of_the_session(self, option: Any) -> None:
        async with Session() as session:
            person = await session.get(Person, 1)
            assert person is not None
            person.name = "changed"
            found = await Article.find().options(option("author.company")).order_by("id").to_list()
            author = await found[0].author
            assert author is person
            assert author.name == "changed"
            assert await author.company is await session.get(Company, 1)
            other = await found[2].author
            assert other is await session.get(Person, 2)
            assert other in session
            assert found[0] not in session

    @pytest.mark.parametrize("option", [selectinload, joined, subquery])
    async def test_lists(self, option: Any) -> None:
        async with Session() as session:
            first = await article(session, 1)
            found = await Person.find().options(option("articles")).order_by("id").to_list()
            assert (await found[0].articles)[0] is first
            comments = await Comment.find().options(option("replies")).order_by("id").to_list()
            assert (await comments[0].replies)[0] is await session.get(Comment, 2)

    async def test_expired_objects_take_over_the_rows(self, database: Database) -> None:
        async with Session() as session:
            person = await session.get(Person, 1)
            assert person is not None
            await session.commit()
            database.query("UPDATE people SET name = 'theirs' WHERE id = 1")
            (found,) = await Article.find({"id": 1}).options(joined("author")).to_list()
            assert await found.author is person
            assert person.name == "theirs"

    async def test_defaults_are_loaded_by_get(self, pg: ModuleType) -> None:
        class Eager(Table):
            title: str
            author_id: int | None
            author = relationship(Person, "author_id", lazy="selectinload")

            class Settings:
                table_name = "articles"

        async with Session() as session:
            found = await session.get(Eager, 1)
            assert found is not None
            assert found.author.is_loaded
            assert await found.author is await session.get(Person, 1)

    async def test_raise_on_sql_does_not_block_what_is_at_hand(self) -> None:
        async with Session() as session:
            person = await session.get(Person, 1)
            query = Article.find().options(raiseload(sql_only=True)).order_by("id")
            found = await query.to_list()
            assert await found[0].author is person
            with pytest.raises(SQLGenerationError):
                await found[2].author
            session.expire(person)
            with pytest.raises(SQLGenerationError):
                await (await query.to_list())[1].author


class TestNoSession:
    async def test_a_closed_session_is_none(self) -> None:
        async with Session() as session:
            found = await article(session, 1)
            await session.close()
            author = await found.author
            assert author is not None
            assert author not in session
            assert author.name == "Ada"

    async def test_a_stand_in(self) -> None:
        class StandIn:
            def __init__(self) -> None:
                self.asked: list[Any] = []

            async def get(self, model: Any, key: Any) -> Any:
                self.asked.append((model, key))
                return "found"

        (found,) = await Article.find({"id": 1}).to_list()
        stand_in = StandIn()
        Session._current = stand_in
        try:
            author: Any = await found.author
            assert author == "found"
            assert len(await found.comments) == 3
        finally:
            Session._current = None
        assert stand_in.asked == [(Person, 1)]
