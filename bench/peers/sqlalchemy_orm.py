"""SQLAlchemy's ORM on asyncpg, rows as instances, each query in a session of its own."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped

from bench.peers.sqlalchemy_core import ITEM, engine

__all__ = ["Driver"]


class Base(DeclarativeBase):
    """The registry."""


class Item(Base):
    """The table that all cases read."""

    __table__ = ITEM
    id: Mapped[int]


class Driver:
    """`AsyncSession.scalars`."""

    engine: AsyncEngine

    async def open(self, dsn: str) -> None:
        self.engine = engine(dsn)

    async def point(self, key: int) -> object:
        return await self._fetch(sa.select(Item).where(Item.id == key))

    async def rows(self, count: int) -> object:
        return await self._fetch(sa.select(Item).where(Item.id <= count))

    async def _fetch(self, statement: Any) -> object:
        async with AsyncSession(self.engine) as session:
            return (await session.scalars(statement)).all()

    async def close(self) -> None:
        await self.engine.dispose()
