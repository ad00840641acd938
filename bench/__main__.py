"""Measures this package beside its peers: `python -m bench [--dsn DSN] [--repeat N]`."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.cases import CASES, SETUP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.cases import Measurement

DRIVERS = ("ouroboros", "asyncpg", "asyncpg_dict", "asyncpg_connection")
# Queries built from objects; compared with each other.
BUILDERS = ("ouroboros_find", "sqlalchemy_core", "sqlalchemy_orm")
SINGLE = {"asyncpg_connection"}  # one connection: not for concurrent cases


@dataclass
class Cell:
    """All repetitions of one driver and case."""

    medians: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    rss: list[int] = field(default_factory=list)

    def add(self, result: Measurement) -> None:
        """Take one more repetition."""
        latencies = result["latencies"]
        self.latencies += latencies
        self.medians.append(statistics.median(latencies))
        self.cpu.append(result["cpu"] / len(latencies))
        self.rss.append(result["rss_kib"])

    def quantile(self, q: float) -> float:
        """The latency, in seconds, that a share `q` of all iterations stays below."""
        ordered = sorted(self.latencies)
        return ordered[min(int(q * len(ordered)), len(ordered) - 1)]


@contextlib.contextmanager
def server(dsn: str | None) -> Iterator[str]:
    """The given server, or a private one."""
    if dsn:
        yield dsn
        return
    from ouroboros_postgres import local

    with local.start() as started:
        yield started.dsn


def prepare(dsn: str) -> None:
    """Fill the table that all cases read."""
    import asyncio

    import ouroboros_postgres as pg

    async def fill() -> None:
        await pg.init(dsn)
        for statement in SETUP:
            await pg.execute(statement)
        await pg.close()

    asyncio.run(fill())


def run(driver: str, case: str, dsn: str) -> Measurement:
    """One process, one cell."""
    command = [sys.executable, "-m", "bench.worker", driver, case, dsn]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{driver} {case} failed:\n{done.stderr}")
    measured: Measurement = json.loads(done.stdout)
    return measured


def report(cells: dict[tuple[str, str], Cell]) -> None:
    """One table; the ratios compare this package with a peer, text with text and builder with builder."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("asyncpg", "sqlalchemy"))
    print(f"Python {platform.python_version()}, {versions}, {os.cpu_count()} cores, {platform.platform()}")
    print("| case | driver | median ms | p95 | p99 | client CPU ms | RSS MiB | ouroboros / this |")
    print("|---|---|---|---|---|---|---|---|")
    for case, drivers in itertools.product(CASES, (DRIVERS, BUILDERS)):
        ours = statistics.median(cells[drivers[0], case].medians)
        for driver in drivers:
            cell = cells.get((driver, case))
            if cell is None:
                continue
            middle = statistics.median(cell.medians)
            figures = (middle, cell.quantile(0.95), cell.quantile(0.99), statistics.median(cell.cpu))
            text = " | ".join(f"{figure * 1000:.3f}" for figure in figures)
            print(f"| {case} | {driver} | {text} | {statistics.median(cell.rss) / 1024:.0f} | {ours / middle:.2f} |")


def main() -> None:
    """Run the matrix."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--dsn", default=os.environ.get("TEST_DATABASE_URL"), help="a server; default: a private one")
    parser.add_argument("--repeat", type=int, default=5, help="interleaved repetitions of every cell")
    options = parser.parse_args()
    cells: dict[tuple[str, str], Cell] = {}
    with server(options.dsn) as dsn:
        prepare(dsn)
        for number in range(options.repeat):
            print(f"repetition {number + 1} of {options.repeat}", file=sys.stderr)
            for case in CASES:
                for driver in DRIVERS + BUILDERS:
                    if case == "point_500" and driver in SINGLE:
                        continue
                    cells.setdefault((driver, case), Cell()).add(run(driver, case, dsn))
    report(cells)


if __name__ == "__main__":
    main()
