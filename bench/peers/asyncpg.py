"""asyncpg through its pool, rows as records."""

from __future__ import annotations

import asyncpg

from bench.cases import CONNECTIONS, POINT, ROWS

__all__ = ["Driver"]


class Driver:
    """`Pool.fetch` and `Pool.fetchrow`."""

    pool: asyncpg.Pool

    async def open(self, dsn: str) -> None:
        self.pool = await asyncpg.create_pool(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS)

    async def point(self, key: int) -> object:
        return await self.pool.fetch(POINT, key)

    async def rows(self, count: int) -> object:
        return await self.pool.fetch(ROWS, count)

    async def close(self) -> None:
        await self.pool.close()
