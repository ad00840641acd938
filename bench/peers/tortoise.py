"""Tortoise ORM on asyncpg."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tortoise import Tortoise, fields
from tortoise.expressions import Subquery
from tortoise.models import Model
from tortoise.transactions import in_transaction

from bench.cases import CONNECTIONS

__all__ = ["Driver"]


class Item(Model):
    """The table that all cases read."""

    id = fields.IntField(primary_key=True)
    name = fields.TextField()
    score = fields.FloatField()
    created = fields.DatetimeField()
    price = fields.DecimalField(max_digits=30, decimal_places=2)

    class Meta:
        """Where it is."""

        table = "bench_item"


class Parent(Model):
    """One with ten children."""

    id = fields.IntField(primary_key=True)
    name = fields.TextField()
    children: fields.ReverseRelation[Child]

    class Meta:
        """Where it is."""

        table = "bench_parent"


class Child(Model):
    """One of ten."""

    id = fields.IntField(primary_key=True)
    parent: fields.ForeignKeyRelation[Parent] = fields.ForeignKeyField("bench.Parent", related_name="children")
    title = fields.TextField()

    class Meta:
        """Where it is."""

        table = "bench_child"


class New(Model):
    """What is saved."""

    id = fields.IntField(primary_key=True)
    name = fields.TextField()
    score = fields.FloatField()
    created = fields.DatetimeField()

    class Meta:
        """Where it is."""

        table = "bench_new"


class Driver:
    """Reads in autocommit mode; writes in a transaction, by `bulk_create`, which does not give the keys back."""

    async def open(self, dsn: str) -> None:
        parts = urlsplit(dsn)
        asked = dict(parse_qsl(parts.query))
        server: dict[str, Any] = {
            "host": asked.get("host", parts.hostname),
            "port": parts.port or int(asked.get("port", 5432)),
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "database": parts.path.lstrip("/"),
            "minsize": CONNECTIONS,
            "maxsize": CONNECTIONS,
        }
        await Tortoise.init(
            config={
                "connections": {"default": {"engine": "tortoise.backends.asyncpg", "credentials": server}},
                "apps": {"bench": {"models": [__name__], "default_connection": "default"}},
            }
        )

    async def load(self, count: int) -> int:
        return len(await Item.filter(id__lte=count))

    async def get(self, key: int) -> int:
        return int(await Item.get_or_none(id=key) is not None)

    async def selectin(self, count: int) -> int:
        parents = await Parent.filter(id__lte=count).order_by("id").prefetch_related("children")
        return sum([len(parent.children) for parent in parents])

    async def joined(self, count: int) -> int:
        children = await Child.filter(parent_id__lte=count).select_related("parent").order_by("id")
        return _grouped([child.parent for child in children], children)

    async def subquery(self, count: int) -> int:
        chosen = Parent.filter(id__lte=count)
        parents = await chosen.order_by("id")
        return _grouped(parents, await Child.filter(parent_id__in=Subquery(chosen.values("id"))).order_by("id"))

    async def save(self, count: int) -> int:
        now = dt.datetime.now(dt.UTC)
        new = [New(name=f"new {number}", score=number / 2, created=now) for number in range(count)]
        async with in_transaction() as connection:
            await New.bulk_create(new, using_db=connection)
        return len(new)

    async def insert(self, count: int) -> int:
        return await self.save(count)

    async def close(self) -> None:
        await Tortoise.close_connections()


def _grouped(parents: list[Any], children: list[Any]) -> int:
    """Hand out the children, and count them."""
    found: dict[int, list[Any]] = {parent.id: [] for parent in parents}
    for child in children:
        found[child.parent_id].append(child)
    return sum(map(len, found.values()))
