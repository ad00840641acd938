"""Piccolo on asyncpg."""

from __future__ import annotations

import datetime as dt
from typing import Any

from piccolo.columns import DoublePrecision, ForeignKey, Integer, Numeric, Serial, Text, Timestamptz
from piccolo.engine.postgres import PostgresEngine
from piccolo.table import Table

from bench.cases import CONNECTIONS

__all__ = ["Driver"]

ENGINE = PostgresEngine(config={})


class Item(Table, tablename="bench_item", db=ENGINE):
    """The table that all cases read."""

    id = Integer(primary_key=True)
    name = Text()
    score = DoublePrecision()
    created = Timestamptz()
    price = Numeric()


class Parent(Table, tablename="bench_parent", db=ENGINE):
    """One with ten children."""

    id = Integer(primary_key=True)
    name = Text()


class Child(Table, tablename="bench_child", db=ENGINE):
    """One of ten."""

    id = Integer(primary_key=True)
    parent_id = ForeignKey(Parent)
    title = Text()


class New(Table, tablename="bench_new", db=ENGINE):
    """What is saved."""

    id: Serial
    name = Text()
    score = DoublePrecision()
    created = Timestamptz()


class Driver:
    """Reads in autocommit mode; writes in a transaction. It leads from children to parents only."""

    async def open(self, dsn: str) -> None:
        ENGINE.config = {"dsn": dsn}
        await ENGINE.start_connection_pool(min_size=CONNECTIONS, max_size=CONNECTIONS)

    async def load(self, count: int) -> int:
        return len(await Item.objects().where(Item.id <= count))

    async def get(self, key: int) -> int:
        return int(await Item.objects().get(Item.id == key) is not None)

    async def selectin(self, count: int) -> int:
        parents = await Parent.objects().where(Parent.id <= count).order_by(Parent.id)
        keys = [parent.id for parent in parents]
        return _grouped(parents, await Child.objects().where(Child.parent_id.is_in(keys)).order_by(Child.id))

    async def joined(self, count: int) -> int:
        children = await Child.objects(Child.parent_id).where(Child.parent_id <= count).order_by(Child.id)
        parents = {child.parent_id.id: child.parent_id for child in children}
        return _grouped(list(parents.values()), children, lambda child: child.parent_id.id)

    async def subquery(self, count: int) -> int:
        parents = await Parent.objects().where(Parent.id <= count).order_by(Parent.id)
        keys = Parent.select(Parent.id).where(Parent.id <= count)
        return _grouped(parents, await Child.objects().where(Child.parent_id.is_in(keys)).order_by(Child.id))

    async def save(self, count: int) -> int:
        now = dt.datetime.now(dt.UTC)
        new = [New(name=f"new {number}", score=number / 2, created=now) for number in range(count)]
        async with ENGINE.transaction():
            await New.insert(*new)
        return len({each.id for each in new})

    async def insert(self, count: int) -> int:
        return await self.save(count)

    async def close(self) -> None:
        await ENGINE.close_connection_pool()


def _grouped(parents: list[Any], children: list[Any], key: Any = lambda child: child.parent_id) -> int:
    """Hand out the children, and count them."""
    found: dict[int, list[Any]] = {parent.id: [] for parent in parents}
    for child in children:
        found[key(child)].append(child)
    return sum([len(found[parent.id]) for parent in parents])
