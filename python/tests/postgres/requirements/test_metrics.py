"""§14: metrics and health, from a real histogram and the real limits."""

from __future__ import annotations

import asyncio
import re
import time
from types import ModuleType

import pytest

from fixtures.database import Database
from fixtures.observe import until
from fixtures.proxy import TcpProxy

LATENCY = {"count", "min_us", "max_us", "avg_us", "sum_us", "p50_us", "p95_us", "p99_us"}


async def test_metrics_of_an_idle_and_a_busy_pool(engine: ModuleType, database: Database) -> None:
    before = time.time()
    await engine.init(database.dsn, min_connections=1, max_connections=4)
    async with engine.begin_transaction():
        metrics = engine.pool_metrics()
        assert (metrics["max_connections"], metrics["min_connections"]) == (4, 1)
        assert (metrics["num_active"], metrics["utilization"]) == (1, 0.25)
        assert metrics["pool_size"] == metrics["num_active"] + metrics["num_idle"]
    assert before <= metrics["timestamp"] <= time.time()
    await until(lambda: engine.pool_metrics()["num_active"] == 0)
    assert engine.pool_metrics()["utilization"] == 0.0


async def test_counters_and_latencies(engine: ModuleType, database: Database) -> None:
    await engine.init(database.dsn)
    engine.reset_metrics()
    for n in range(10):
        await engine.execute("SELECT $1::int", [n])
    with pytest.raises(engine.DataError):
        await engine.execute("SELECT 1 / 0")
    metrics = engine.pool_metrics()
    assert (metrics["queries_executed"], metrics["query_failures"]) == (11, 1)
    assert (metrics["acquire_success"], metrics["acquire_failures"]) == (11, 0)
    for latency in (metrics["acquire_latency"], metrics["query_latency"]):
        assert set(latency) == LATENCY
        assert latency["count"] == 11
        assert latency["min_us"] <= latency["avg_us"] <= latency["max_us"]
        assert latency["p50_us"] <= latency["p95_us"] <= latency["p99_us"]
        assert latency["sum_us"] >= latency["max_us"]
    assert metrics["uptime_seconds"] > 0
    assert metrics["queries_per_second"] > 0
    engine.reset_metrics()
    metrics = engine.pool_metrics()
    assert (metrics["queries_executed"], metrics["query_failures"], metrics["query_latency"]["count"]) == (0, 0, 0)


async def test_percentiles_are_those_of_the_values(engine: ModuleType, database: Database) -> None:
    """19 quick statements and one that took 0.2 s: the median knows nothing of it, the largest value does."""
    await engine.init(database.dsn, max_connections=1)
    engine.reset_metrics()
    for _ in range(19):
        await engine.execute("SELECT 1")
    await engine.execute("SELECT pg_sleep(0.2)")
    latency = engine.pool_metrics()["query_latency"]
    assert latency["max_us"] >= 200_000
    assert latency["p99_us"] >= 180_000
    assert latency["p50_us"] < latency["max_us"]


async def test_cancelled_calls_are_no_failures(engine: ModuleType, database: Database) -> None:
    await engine.init(database.dsn, max_connections=1)
    async with engine.begin_transaction():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), engine.begin_transaction(independent=True):
                pass
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await engine.execute("SELECT pg_sleep(600)")
    await engine.execute("SELECT 1")
    metrics = engine.pool_metrics()
    assert (metrics["acquire_failures"], metrics["query_failures"]) == (0, 0)


async def test_prometheus(engine: ModuleType, database: Database) -> None:
    await engine.init(database.dsn, max_connections=4)
    engine.reset_metrics()
    await engine.execute("SELECT 1")
    with pytest.raises(engine.DataError):
        await engine.execute("SELECT 1 / 0")
    text = engine.metrics_prometheus()
    samples = dict(re.findall(r"^(\w+(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE))
    assert samples["ouroboros_postgres_pool_max"] == "4"
    assert re.fullmatch(r"[01]\.\d{4}", samples["ouroboros_postgres_pool_utilization"])
    assert samples['ouroboros_postgres_queries_total{status="success"}'] == "1"
    assert samples['ouroboros_postgres_queries_total{status="failure"}'] == "1"
    assert samples['ouroboros_postgres_acquire_total{status="success"}'] == "2"
    assert samples['ouroboros_postgres_acquire_total{status="failure"}'] == "0"
    assert samples["ouroboros_postgres_query_latency_us_count"] == "2"
    for quantile in ("0.5", "0.95", "0.99"):
        assert float(samples[f'ouroboros_postgres_query_latency_us{{quantile="{quantile}"}}']) > 0
    names = re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE)
    assert [name for name, _ in names] == re.findall(r"^# HELP (\w+) \S", text, re.MULTILINE)
    assert {name.removeprefix("ouroboros_postgres_"): kind for name, kind in names} == {
        "pool_size": "gauge",
        "pool_idle": "gauge",
        "pool_active": "gauge",
        "pool_max": "gauge",
        "pool_utilization": "gauge",
        "acquire_total": "counter",
        "queries_total": "counter",
        "uptime_seconds": "counter",
        "acquire_latency_us": "summary",
        "query_latency_us": "summary",
    }
    assert "\nmine_pool_size " in engine.metrics_prometheus(prefix="mine")


async def test_metrics_without_a_pool(engine: ModuleType) -> None:
    for call in (engine.pool_metrics, engine.reset_metrics, engine.metrics_prometheus):
        with pytest.raises(engine.NotConnectedError):
            call()


async def test_health_of_a_pool(engine: ModuleType, database: Database) -> None:
    health = await engine.health_check()
    assert (health["is_healthy"], health["is_connected"]) == (False, False)
    assert "Call init() first" in health["error"]
    await engine.init(database.dsn, max_connections=5)
    health = await engine.health_check()
    assert health["check_latency_ms"] >= 0
    assert health["metrics"]["max_connections"] == 5
    del health["check_latency_ms"], health["metrics"]
    assert health == {
        "is_healthy": True,
        "is_connected": True,
        "is_near_saturation": False,
        "is_saturated": False,
        "error": None,
    }


async def test_health_of_a_saturated_pool(engine: ModuleType, database: Database) -> None:
    await engine.init(database.dsn, max_connections=1)
    async with engine.begin_transaction():
        health = await engine.health_check(timeout=0.05)
    assert (health["is_healthy"], health["is_connected"]) == (False, True)
    assert (health["is_near_saturation"], health["is_saturated"]) == (True, True)


async def test_health_when_the_server_does_not_answer(engine: ModuleType, proxy: TcpProxy) -> None:
    await engine.init(proxy.dsn, max_retries=0)
    proxy.stall()
    health = await engine.health_check(timeout=0.05)
    assert (health["is_healthy"], health["is_connected"]) == (False, False)
    assert health["error"]
    proxy.refuse()
    proxy.drop()
    health = await engine.health_check(timeout=5)
    assert (health["is_healthy"], health["is_connected"]) == (False, False)
    assert "refused" in health["error"]
    assert engine.is_connected()  # there is a pool, whatever the server does
    proxy.resume()
    proxy.accept()
    assert (await engine.health_check())["is_healthy"]
