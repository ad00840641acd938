"""One cell: a driver and a case in a process of their own. Prints its latencies as JSON."""

from __future__ import annotations

import asyncio
import importlib
import json
import resource
import sys
import time
from typing import TYPE_CHECKING

from bench.cases import ITERATIONS

if TYPE_CHECKING:
    from bench.cases import Driver, Measurement


async def iterate(driver: Driver, case: str, number: int) -> None:
    """One iteration of a case."""
    if case == "point":
        await driver.point(number % 10000 + 1)
    elif case == "point_500":
        await asyncio.gather(*(driver.point(key) for key in range(1, 501)))
    else:
        await driver.rows(1000)


async def measure(driver: Driver, dsn: str, case: str) -> Measurement:
    """Run a case after a warm-up of a tenth of its iterations."""
    await driver.open(dsn)
    for number in range(max(ITERATIONS[case] // 10, 3)):
        await iterate(driver, case, number)
    latencies: list[float] = []
    cpu = time.process_time()
    for number in range(ITERATIONS[case]):
        started = time.perf_counter()
        await iterate(driver, case, number)
        latencies.append(time.perf_counter() - started)
    cpu = time.process_time() - cpu
    await driver.close()
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"latencies": latencies, "cpu": cpu, "rss_kib": rss}


if __name__ == "__main__":
    name, case, dsn = sys.argv[1:]
    chosen: Driver = importlib.import_module(f"bench.peers.{name}").Driver()
    json.dump(asyncio.run(measure(chosen, dsn, case)), sys.stdout)
