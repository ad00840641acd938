"""SQLAlchemy's async ORM on asyncpg."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship, selectinload, subqueryload

from bench.peers.sqlalchemy_core import engine
from bench.peers.sqlalchemy_orm import Base, Item

__all__ = ["Driver"]


class Parent(Base):
    """One with ten children."""

    __tablename__ = "bench_parent"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    children: Mapped[list[Child]] = relationship()


class Child(Base):
    """One of ten."""

    __tablename__ = "bench_child"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int] = mapped_column(sa.ForeignKey("bench_parent.id"))
    title: Mapped[str]


class New(Base):
    """What is saved."""

    __tablename__ = "bench_new"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    score: Mapped[float]
    created: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True))


class Driver:
    """Reads in autocommit mode, each in a session of its own; writes in a session, which is one transaction."""

    engine: AsyncEngine
    transactional: AsyncEngine

    async def open(self, dsn: str) -> None:
        self.engine = engine(dsn)
        self.transactional = self.engine.execution_options(isolation_level="READ COMMITTED")

    async def load(self, count: int) -> int:
        async with AsyncSession(self.engine) as session:
            return len((await session.scalars(sa.select(Item).where(Item.id <= count))).all())

    async def get(self, key: int) -> int:
        async with AsyncSession(self.engine) as session:
            return int(await session.get(Item, key) is not None)

    async def selectin(self, count: int) -> int:
        return await self._children(count, selectinload(Parent.children))

    async def joined(self, count: int) -> int:
        return await self._children(count, joinedload(Parent.children))

    async def subquery(self, count: int) -> int:
        return await self._children(count, subqueryload(Parent.children))

    async def _children(self, count: int, option: Any) -> int:
        query = sa.select(Parent).where(Parent.id <= count).order_by(Parent.id).options(option)
        async with AsyncSession(self.engine) as session:
            parents = (await session.scalars(query)).unique().all()
            return sum([len(parent.children) for parent in parents])

    async def save(self, count: int) -> int:
        now = dt.datetime.now(dt.UTC)
        new = [New(name=f"new {number}", score=number / 2, created=now) for number in range(count)]
        async with AsyncSession(self.transactional, expire_on_commit=False) as session:
            session.add_all(new)
            await session.commit()
        return len({each.id for each in new})

    async def insert(self, count: int) -> int:
        now = dt.datetime.now(dt.UTC)
        new = [{"name": f"new {number}", "score": number / 2, "created": now} for number in range(count)]
        statement = sa.insert(New).returning(New, sort_by_parameter_order=True)
        async with AsyncSession(self.transactional, expire_on_commit=False) as session:
            made = (await session.scalars(statement, new)).all()
            await session.commit()
        return len({each.id for each in made})

    async def close(self) -> None:
        await self.engine.dispose()
