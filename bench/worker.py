"""One cell: a driver and a case in a process of their own. Prints its latencies as JSON."""

from __future__ import annotations

import asyncio
import importlib
import json
import resource
import sys
import time
from typing import TYPE_CHECKING

from bench.cases import CASES

if TYPE_CHECKING:
    from bench.cases import Case, Driver, Measurement, Objects


async def measure(driver: Driver | Objects, dsn: str, case: Case) -> Measurement:
    """Run a case after a warm-up of a tenth of its iterations."""
    await driver.open(dsn)
    for number in range(max(case.iterations // 10, 3)):
        await case.run(driver, number)
    latencies: list[float] = []
    cpu = time.process_time()
    for number in range(case.iterations):
        started = time.perf_counter()
        await case.run(driver, number)
        latencies.append(time.perf_counter() - started)
    cpu = time.process_time() - cpu
    await driver.close()
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"latencies": latencies, "cpu": cpu, "rss_kib": rss}


if __name__ == "__main__":
    name, chosen, dsn = sys.argv[1:]
    peer: Driver | Objects = importlib.import_module(f"bench.peers.{name}").Driver()
    json.dump(asyncio.run(measure(peer, dsn, CASES[chosen])), sys.stdout)
