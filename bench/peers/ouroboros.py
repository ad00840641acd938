"""This package."""

from __future__ import annotations

import ouroboros_postgres as pg
from bench.cases import CONNECTIONS, POINT, ROWS

__all__ = ["Driver"]


class Driver:
    """`execute` on the pool."""

    async def open(self, dsn: str) -> None:
        await pg.init(dsn, min_connections=CONNECTIONS, max_connections=CONNECTIONS)

    async def point(self, key: int) -> object:
        return await pg.execute(POINT, [key])

    async def rows(self, count: int) -> object:
        return await pg.execute(ROWS, [count])

    async def close(self) -> None:
        await pg.close()
