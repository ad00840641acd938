"""This package as an ORM."""

from __future__ import annotations

import datetime as dt

import ouroboros_postgres as pg
from bench.cases import CONNECTIONS
from bench.peers.ouroboros_find import Item

__all__ = ["Driver"]


class Parent(pg.Table):
    """One with ten children."""

    id: int
    name: str
    children = pg.relationship(lambda: Child, "parent_id", uselist=True)

    class Settings:
        """Where it is."""

        table_name = "bench_parent"


class Child(pg.Table):
    """One of ten."""

    id: int
    parent_id: int = pg.Column(foreign_key="bench_parent.id")
    title: str

    class Settings:
        """Where it is."""

        table_name = "bench_child"


class New(pg.Table):
    """What is saved."""

    name: str
    score: float
    created: dt.datetime

    class Settings:
        """Where it is."""

        table_name = "bench_new"


class Driver:
    """Reads in autocommit mode; writes in a session, which is one transaction."""

    async def open(self, dsn: str) -> None:
        await pg.init(dsn, min_connections=CONNECTIONS, max_connections=CONNECTIONS)

    async def load(self, count: int) -> int:
        return len(await Item.find(Item.id <= count).to_list())

    async def get(self, key: int) -> int:
        return int(await Item.get(key) is not None)

    async def selectin(self, count: int) -> int:
        return await self._children(count, pg.selectinload("children"))

    async def joined(self, count: int) -> int:
        return await self._children(count, pg.joinedload("children"))

    async def subquery(self, count: int) -> int:
        return await self._children(count, pg.subquery("children"))

    async def _children(self, count: int, option: pg.QueryOption) -> int:
        parents = await Parent.find(Parent.id <= count).order_by("id").options(option).to_list()
        return sum([len(await parent.children) for parent in parents])

    async def save(self, count: int) -> int:
        new = _made(count)
        async with pg.Session(expire_on_commit=False) as session:
            session.add_all(new)
        return len({each.id for each in new})

    async def insert(self, count: int) -> int:
        new = _made(count)
        async with pg.pg_transaction():
            await New.insert_many(new)
        return len({each.id for each in new})

    async def close(self) -> None:
        await pg.close()


def _made(count: int) -> list[New]:
    now = dt.datetime.now(dt.UTC)
    return [New(name=f"new {number}", score=number / 2, created=now) for number in range(count)]
