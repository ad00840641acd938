"""What the pool counts."""

from __future__ import annotations

from typing import Any, cast

from ._runtime import call
from ._session import pool_target

__all__ = ["metrics_prometheus", "pool_metrics", "reset_metrics"]


def pool_metrics() -> dict[str, Any]:
    """Take a snapshot of the pool and its counters.

    Returns:
        `pool_size`, `num_idle`, `num_active`, `max_connections`, `min_connections`, `utilization` (0.0 to 1.0),
        `timestamp` (Unix seconds), `acquire_success`, `acquire_failures`, `queries_executed`, `query_failures`,
        `retries`, `slow_queries`, `uptime_seconds`, `queries_per_second`, and `acquire_latency` and `query_latency` as
        dicts of `count`, `min_us`, `max_us`, `avg_us`, `sum_us`, `p50_us`, `p95_us` and `p99_us`, in microseconds.

    Raises:
        NotConnectedError: There is no pool.
    """
    metrics = cast("dict[str, Any]", call(pool_target(), {"op": "metrics"}))
    for name in ("utilization", "timestamp", "uptime_seconds", "queries_per_second"):
        metrics[name] = float(metrics[name])  # JSON has one kind of number: 0.0 arrives as 0
    return metrics


def reset_metrics() -> None:
    """Start all counters anew.

    Raises:
        NotConnectedError: There is no pool.
    """
    call(pool_target(), {"op": "reset_metrics"})


def metrics_prometheus(prefix: str = "ouroboros_postgres") -> str:
    """Write `pool_metrics` in the text format of Prometheus.

    Args:
        prefix: What the name of every metric begins with.

    Raises:
        NotConnectedError: There is no pool.
    """
    metrics = pool_metrics()
    lines: list[str] = []
    for name, kind, about, samples in (*_gauges(metrics), *_counters(metrics), *_summaries(metrics)):
        lines += (f"# HELP {prefix}_{name} {about}", f"# TYPE {prefix}_{name} {kind}")
        lines += (f"{prefix}_{name}{suffix} {value}" for suffix, value in samples)
    return "\n".join(lines) + "\n"


_Family = tuple[str, str, str, list[tuple[str, str]]]


def _gauges(metrics: dict[str, Any]) -> list[_Family]:
    gauges = (
        ("pool_size", "Open connections.", str(metrics["pool_size"])),
        ("pool_idle", "Idle connections.", str(metrics["num_idle"])),
        ("pool_active", "Connections in use.", str(metrics["num_active"])),
        ("pool_max", "Most connections that the pool opens.", str(metrics["max_connections"])),
        ("pool_utilization", "Connections in use, relative to the most.", f"{metrics['utilization']:.4f}"),
    )
    return [(name, "gauge", about, [("", value)]) for name, about, value in gauges]


def _counters(metrics: dict[str, Any]) -> list[_Family]:
    succeeded = metrics["queries_executed"] - metrics["query_failures"]
    return [
        (
            "acquire_total",
            "counter",
            "Connections asked of the pool.",
            _by_status(metrics["acquire_success"], metrics["acquire_failures"]),
        ),
        ("queries_total", "counter", "Statements.", _by_status(succeeded, metrics["query_failures"])),
        (
            "uptime_seconds",
            "counter",
            "Seconds since the pool was opened or its counters were reset.",
            [("", f"{metrics['uptime_seconds']:.3f}")],
        ),
    ]


def _by_status(success: int, failure: int) -> list[tuple[str, str]]:
    return [('{status="success"}', str(success)), ('{status="failure"}', str(failure))]


def _summaries(metrics: dict[str, Any]) -> list[_Family]:
    return [
        _summary("acquire_latency", "Wait for a connection in microseconds.", metrics["acquire_latency"]),
        _summary("query_latency", "Time of a statement in microseconds.", metrics["query_latency"]),
    ]


def _summary(name: str, about: str, latency: dict[str, Any]) -> _Family:
    samples = [(f'{{quantile="0.{q}"}}', str(latency[f"p{p}_us"])) for q, p in (("5", 50), ("95", 95), ("99", 99))]
    samples.append(("_sum", str(latency["sum_us"])))
    samples.append(("_count", str(latency["count"])))
    return f"{name}_us", "summary", about, samples
