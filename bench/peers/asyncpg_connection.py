"""asyncpg on one connection, without a pool."""

from __future__ import annotations

import asyncpg

from bench.cases import POINT, ROWS

__all__ = ["Driver"]


class Driver:
    """`Connection.fetch`."""

    connection: asyncpg.Connection

    async def open(self, dsn: str) -> None:
        self.connection = await asyncpg.connect(dsn)

    async def point(self, key: int) -> object:
        return await self.connection.fetch(POINT, key)

    async def rows(self, count: int) -> object:
        return await self.connection.fetch(ROWS, count)

    async def close(self) -> None:
        await self.connection.close()
