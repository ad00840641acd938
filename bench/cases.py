"""What is measured: the same work for every driver."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple, Protocol, TypedDict

__all__ = [
    "CASES",
    "CONNECTIONS",
    "OBJECT_CASES",
    "POINT",
    "ROWS",
    "ROW_CASES",
    "SETUP",
    "Case",
    "Driver",
    "Measurement",
    "Objects",
]

CONNECTIONS: Final = 8
SETUP: Final = (
    "DROP TABLE IF EXISTS bench_item, bench_child, bench_parent, bench_new",
    "CREATE TABLE bench_item (id int PRIMARY KEY, name text NOT NULL, score float8 NOT NULL, "
    "created timestamptz NOT NULL, price numeric NOT NULL)",
    "INSERT INTO bench_item SELECT g, 'item number ' || g, g * 1.5, now() - g * interval '1 minute', g * 1.01 "
    "FROM generate_series(1, 10000) g",
    "CREATE TABLE bench_parent (id int PRIMARY KEY, name text NOT NULL)",
    "INSERT INTO bench_parent SELECT g, 'parent number ' || g FROM generate_series(1, 100) g",
    "CREATE TABLE bench_child (id int PRIMARY KEY, parent_id int NOT NULL REFERENCES bench_parent, "
    "title text NOT NULL)",
    "INSERT INTO bench_child SELECT g, (g - 1) / 10 + 1, 'child number ' || g FROM generate_series(1, 1000) g",
    "CREATE INDEX ON bench_child (parent_id)",
    "CREATE TABLE bench_new (id serial PRIMARY KEY, name text NOT NULL, score float8 NOT NULL, "
    "created timestamptz NOT NULL)",
    "ANALYZE bench_item, bench_parent, bench_child",
)
POINT: Final = "SELECT id, name, score, created, price FROM bench_item WHERE id = $1"
ROWS: Final = "SELECT id, name, score, created, price FROM bench_item WHERE id <= $1"


class Measurement(TypedDict):
    """What one process reports: seconds per iteration, CPU seconds in all, and the peak of memory."""

    latencies: list[float]
    cpu: float
    rss_kib: int


class Driver(Protocol):
    """What a peer module offers."""

    async def open(self, dsn: str) -> None:
        """Connect."""
        ...

    async def point(self, key: int) -> object:
        """Fetch one row by its key."""
        ...

    async def rows(self, count: int) -> object:
        """Fetch that many rows."""
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...


class Objects(Protocol):
    """What a peer module offers that maps objects. The methods give counts, which are checked."""

    async def open(self, dsn: str) -> None:
        """Connect."""
        ...

    async def load(self, count: int) -> int:
        """Load that many objects."""
        ...

    async def get(self, key: int) -> int:
        """Load one object by its primary key, from the database."""
        ...

    async def selectin(self, count: int) -> int:
        """Load parents, and their children by a second query for their keys; count the children of each."""
        ...

    async def joined(self, count: int) -> int:
        """Load parents and their children by one query with a JOIN; count the children of each."""
        ...

    async def subquery(self, count: int) -> int:
        """Load parents, and their children by a second query that repeats the first; count the children of each."""
        ...

    async def save(self, count: int) -> int:
        """Make that many objects and insert them by a session, where there is one, in one transaction."""
        ...

    async def insert(self, count: int) -> int:
        """Make that many objects and insert them by what is there for many rows, in one transaction."""
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...


class Case(NamedTuple):
    """One iteration of a case, and how many there are in a process."""

    iterations: int
    run: Callable[[Any, int], Awaitable[object]]


async def _point(driver: Driver, number: int) -> None:
    await driver.point(number % 10000 + 1)


async def _point_500(driver: Driver, number: int) -> None:
    await asyncio.gather(*(driver.point(key) for key in range(1, 501)))


async def _rows_1000(driver: Driver, number: int) -> None:
    await driver.rows(1000)


def _expect(wanted: int, found: int) -> None:
    if found != wanted:
        raise ValueError(f"{found} instead of {wanted}: it does not do the same work")


async def _load(peer: Objects, number: int) -> None:
    _expect(10000, await peer.load(10000))


async def _get(peer: Objects, number: int) -> None:
    _expect(1, await peer.get(number % 10000 + 1))


async def _selectin(peer: Objects, number: int) -> None:
    _expect(1000, await peer.selectin(100))


async def _joined(peer: Objects, number: int) -> None:
    _expect(1000, await peer.joined(100))


async def _subquery(peer: Objects, number: int) -> None:
    _expect(1000, await peer.subquery(100))


async def _save(peer: Objects, number: int) -> None:
    _expect(1000, await peer.save(1000))


async def _insert(peer: Objects, number: int) -> None:
    _expect(1000, await peer.insert(1000))


ROW_CASES: Final = {
    "point": Case(2000, _point),
    "point_500": Case(20, _point_500),
    "rows_1000": Case(200, _rows_1000),
}
OBJECT_CASES: Final = {
    "load_10000": Case(12, _load),
    "get": Case(600, _get),
    "selectin_100": Case(40, _selectin),
    "joined_100": Case(40, _joined),
    "subquery_100": Case(40, _subquery),
    "save_1000": Case(20, _save),
    "insert_1000": Case(20, _insert),
}
CASES: Final = {**ROW_CASES, **OBJECT_CASES}
