"""SQLAlchemy Core on asyncpg, rows as mappings, each statement built anew."""

from __future__ import annotations

from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bench.cases import CONNECTIONS

__all__ = ["ITEM", "Driver", "engine"]

ITEM = sa.Table(
    "bench_item",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("score", sa.Double),
    sa.Column("created", sa.DateTime(timezone=True)),
    sa.Column("price", sa.Numeric),
)


def engine(dsn: str) -> AsyncEngine:
    """An engine in autocommit mode, as the other drivers are."""

    async def connect() -> Any:
        return await asyncpg.connect(dsn)

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=CONNECTIONS,
        max_overflow=0,
        isolation_level="AUTOCOMMIT",
    )


class Driver:
    """`AsyncEngine.connect` and `execute`."""

    engine: AsyncEngine

    async def open(self, dsn: str) -> None:
        self.engine = engine(dsn)

    async def point(self, key: int) -> object:
        return await self._fetch(sa.select(ITEM).where(ITEM.c.id == key))

    async def rows(self, count: int) -> object:
        return await self._fetch(sa.select(ITEM).where(ITEM.c.id <= count))

    async def _fetch(self, statement: Any) -> object:
        async with self.engine.connect() as connection:
            return (await connection.execute(statement)).mappings().all()

    async def close(self) -> None:
        await self.engine.dispose()
