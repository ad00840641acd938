"""Sessions and foreign keys that no relationship is declared for, or that refer to another column than the key."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import Column, Session, Table, joined, relationship, selectinload, subquery
from queries.sent import Sent


class Land(Table):
    code: str = Column(unique=True, nullable=False)
    name: str | None = None


class Town(Table):
    name: str
    land: str | None = Column(foreign_key="land.code")

    country = relationship(Land, "land")


class Folder(Table):
    name: str
    parent_id: int | None = Column(foreign_key="folder.id", on_delete="RESTRICT")


class Page(Table):
    folder_id: int | None = Column(foreign_key="folder.id", on_delete="RESTRICT")


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    for model in (Land, Town, Folder, Page):
        await model.create_table()


async def fill() -> None:
    await Land.insert_many([{"code": "CH", "name": "Swiss"}, {"code": "FR", "name": "France"}])
    await Town.insert_many(
        [{"name": "Bern", "land": "CH"}, {"name": "Chur", "land": "CH"}, {"name": "Lyon", "land": "FR"}]
    )


async def town(session: Session, key: int) -> Town:
    found = await session.get(Town, key)
    assert found is not None
    return found


# Order.


async def test_columns_alone_tell_which_table_comes_first(database: Database) -> None:
    async with Session() as session:
        page, folder = session.add(Page(folder_id=5)), session.add(Folder(id=5, name="parent"))
    assert database.query("SELECT folder_id FROM page") == [{"folder_id": 5}]
    async with Session() as session:
        session.add_all([folder, page])
        session.delete(folder)
        session.delete(page)
    assert database.query("SELECT * FROM folder") == database.query("SELECT * FROM page") == []


async def test_columns_alone_tell_which_row_of_a_table_comes_first(database: Database) -> None:
    async with Session() as session:
        folders = [
            session.add(Folder(id=number, name="x", parent_id=number - 1 if number > 1 else None))
            for number in (3, 1, 4, 2)
        ]
    assert database.query("SELECT count(*) FROM folder") == [{"count": 4}]
    async with Session() as session:
        for folder in (folders[1], folders[3], folders[0], folders[2]):  # from the root down
            session.add(folder)
            session.delete(folder)
    assert database.query("SELECT * FROM folder") == []


# Columns that are no keys.


async def test_a_target_that_is_found_by_another_column_is_the_object_of_the_session(pg: ModuleType) -> None:
    await fill()
    async with Session() as session:
        swiss = await session.get(Land, 1)
        assert swiss is not None
        swiss.name = "changed"
        bern, chur, lyon = await town(session, 1), await town(session, 2), await town(session, 3)
        sent = Sent(pg)
        assert await bern.country is swiss
        assert sent() == 1
        assert await chur.country is swiss
        assert swiss.name == "changed"
        france = await lyon.country
        assert france in session
        sent = Sent(pg)
        assert await session.get(Land, 2) is france
        assert sent() == 0


@pytest.mark.parametrize("option", [selectinload, joined, subquery])
async def test_so_it_is_when_the_query_loads_it(option: Any) -> None:
    await fill()
    async with Session() as session:
        swiss = await session.get(Land, 1)
        found = await Town.find().options(option("country")).order_by("id").to_list()
        assert await found[0].country is swiss
        assert await found[1].country is swiss
        assert await found[2].country is await session.get(Land, 2)
