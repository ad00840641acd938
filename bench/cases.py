"""What is measured: the same statements for every driver."""

from __future__ import annotations

from typing import Final, Protocol, TypedDict

__all__ = ["CASES", "CONNECTIONS", "ITERATIONS", "POINT", "ROWS", "SETUP", "Driver", "Measurement"]

CONNECTIONS: Final = 8
SETUP: Final = (
    "DROP TABLE IF EXISTS bench_item",
    "CREATE TABLE bench_item (id int PRIMARY KEY, name text NOT NULL, score float8 NOT NULL, "
    "created timestamptz NOT NULL, price numeric NOT NULL)",
    "INSERT INTO bench_item SELECT g, 'item number ' || g, g * 1.5, now() - g * interval '1 minute', g * 1.01 "
    "FROM generate_series(1, 10000) g",
    "ANALYZE bench_item",
)
POINT: Final = "SELECT id, name, score, created, price FROM bench_item WHERE id = $1"
ROWS: Final = "SELECT id, name, score, created, price FROM bench_item WHERE id <= $1"

CASES: Final = ("point", "point_500", "rows_1000")
ITERATIONS: Final = {"point": 2000, "point_500": 20, "rows_1000": 200}


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
