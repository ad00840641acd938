"""This package, rows as instances of a model."""

from __future__ import annotations

import datetime
from decimal import Decimal

import ouroboros_postgres as pg
from bench.cases import CONNECTIONS

__all__ = ["Driver"]


class Item(pg.Table):
    """The table that all cases read."""

    id: int
    name: str
    score: float
    created: datetime.datetime
    price: Decimal

    class Settings:
        """Where it is."""

        table_name = "bench_item"


class Driver:
    """`find().to_list()` on the pool."""

    async def open(self, dsn: str) -> None:
        await pg.init(dsn, min_connections=CONNECTIONS, max_connections=CONNECTIONS)

    async def point(self, key: int) -> object:
        return await Item.find(Item.id == key).to_list()

    async def rows(self, count: int) -> object:
        return await Item.find(Item.id <= count).to_list()

    async def close(self) -> None:
        await pg.close()
