"""asyncpg through its pool, rows as dicts."""

from __future__ import annotations

from bench.cases import POINT, ROWS
from bench.peers import asyncpg

__all__ = ["Driver"]


class Driver(asyncpg.Driver):
    """The records of asyncpg made into what this package returns."""

    async def point(self, key: int) -> object:
        return [dict(row) for row in await self.pool.fetch(POINT, key)]

    async def rows(self, count: int) -> object:
        return [dict(row) for row in await self.pool.fetch(ROWS, count)]
