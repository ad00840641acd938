"""Measures this package beside its peers: `python -m bench [--dsn DSN] [--repeat N] [--only rows|objects]`."""

from __future__ import annotations

import argparse
import asyncio
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

import ouroboros_postgres as pg
from bench.cases import OBJECT_CASES, ROW_CASES, SETUP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.cases import Measurement

DRIVERS = ("ouroboros", "asyncpg", "asyncpg_dict", "asyncpg_connection")
# Queries built from objects; compared with each other.
BUILDERS = ("ouroboros_find", "sqlalchemy_core", "sqlalchemy_orm")
MAPPERS = ("ouroboros_objects", "sqlalchemy_objects", "piccolo", "tortoise")
SINGLE = {"asyncpg_connection"}  # one connection: not for concurrent cases
PEERS = ("asyncpg", "piccolo", "sqlalchemy", "tortoise-orm")


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

    @property
    def median(self) -> float:
        """The median of the medians of the repetitions, in seconds."""
        return statistics.median(self.medians)

    def quantile(self, q: float) -> float:
        """The latency, in seconds, that a share `q` of all iterations stays below."""
        ordered = sorted(self.latencies)
        return ordered[min(int(q * len(ordered)), len(ordered) - 1)]


Cells = dict[tuple[str, str], Cell]


@contextlib.contextmanager
def server(dsn: str | None) -> Iterator[str]:
    """The given server, or a private one."""
    if dsn:
        yield dsn
        return
    from ouroboros_postgres import local

    with local.start() as started:
        yield started.dsn


async def execute(dsn: str, *statements: str) -> None:
    """Run statements on a pool of their own."""
    await pg.init(dsn)
    for statement in statements:
        await pg.execute(statement)
    await pg.close()


def run(driver: str, case: str, dsn: str) -> Measurement:
    """One process, one cell."""
    command = [sys.executable, "-m", "bench.worker", driver, case, dsn]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{driver} {case} failed:\n{done.stderr}")
    measured: Measurement = json.loads(done.stdout)
    return measured


def measure(dsn: str, matrix: list[tuple[str, str]], repeat: int) -> Cells:
    """Run all cells, each several times, the repetitions interleaved."""
    cells: Cells = {cell: Cell() for cell in matrix}
    for number in range(repeat):
        print(f"repetition {number + 1} of {repeat}", file=sys.stderr)
        # Each time in another order: nobody always comes after the same neighbour.
        for driver, case in matrix if number % 2 == 0 else reversed(matrix):
            if case in ("save_1000", "insert_1000"):
                asyncio.run(execute(dsn, "TRUNCATE bench_new"))
            cells[driver, case].add(run(driver, case, dsn))
    return cells


def report_rows(cells: Cells) -> None:
    """One table; the ratios compare this package with a peer, text with text and builder with builder."""
    print("| case | driver | median ms | p95 | p99 | client CPU ms | RSS MiB | ouroboros / this |")
    print("|---|---|---|---|---|---|---|---|")
    for case, drivers in itertools.product(ROW_CASES, (DRIVERS, BUILDERS)):
        ours = cells[drivers[0], case].median
        for driver in drivers:
            cell = cells.get((driver, case))
            if cell is None:
                continue
            figures = (cell.median, cell.quantile(0.95), cell.quantile(0.99), statistics.median(cell.cpu))
            text = " | ".join(f"{figure * 1000:.3f}" for figure in figures)
            rss = statistics.median(cell.rss) / 1024
            print(f"| {case} | {driver} | {text} | {rss:.0f} | {ours / cell.median:.2f} |")


def report_objects(cells: Cells) -> None:
    """One table: milliseconds, and how many times as long as this package a peer takes."""
    print("| case | " + " | ".join(MAPPERS) + " |")
    print("|---" * (len(MAPPERS) + 1) + "|")
    for case in OBJECT_CASES:
        ours = cells[MAPPERS[0], case].median
        others = [cells[mapper, case].median for mapper in MAPPERS[1:]]
        text = " | ".join(f"{other * 1000:.2f} ms ({other / ours:.1f}x)" for other in others)
        print(f"| {case} | {ours * 1000:.2f} ms | {text} |")


def main() -> None:
    """Run the matrix."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--dsn", default=os.environ.get("TEST_DATABASE_URL"), help="a server; default: a private one")
    parser.add_argument("--repeat", type=int, default=5, help="interleaved repetitions of every cell")
    parser.add_argument("--only", choices=("rows", "objects"), help="one of the two tables")
    options = parser.parse_args()
    rows = [
        (driver, case)
        for case, driver in itertools.product(ROW_CASES, DRIVERS + BUILDERS)
        if not (case == "point_500" and driver in SINGLE)
    ]
    objects = [(mapper, case) for case, mapper in itertools.product(OBJECT_CASES, MAPPERS)]
    chosen = {"rows": rows, "objects": objects}.get(options.only, rows + objects)
    with server(options.dsn) as dsn:
        asyncio.run(execute(dsn, *SETUP))
        cells = measure(dsn, chosen, options.repeat)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PEERS)
    print(f"Python {platform.python_version()}, {versions}, {os.cpu_count()} cores, {platform.platform()}")
    if options.only != "objects":
        report_rows(cells)
    if options.only != "rows":
        report_objects(cells)


if __name__ == "__main__":
    main()
