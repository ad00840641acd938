"""Whether the database answers."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from ._requests import encode
from ._runtime import start
from ._session import is_connected, pool_target
from .errors import PoolTimeoutError
from .metrics import pool_metrics

__all__ = ["health_check"]

_PING = encode({"op": "ping"})
_NEAR_SATURATION = 0.8


async def health_check(timeout: float = 5.0) -> dict[str, Any]:  # noqa: ASYNC109 - part of the contract
    """Ask the server for a sign of life. Never raises.

    Args:
        timeout: Seconds to wait for it.

    Returns:
        `is_healthy` (connected and not saturated), `is_connected`, `is_near_saturation` (more than 80 % of the
        connections in use), `is_saturated` (all of them), `check_latency_ms`, `error` (text or `None`) and `metrics`
        (as `pool_metrics`, `{}` without a pool).
    """
    before = time.perf_counter()
    metrics: dict[str, Any] = {}
    error: Exception | None = None
    try:
        metrics = pool_metrics()
        async with asyncio.timeout(timeout):
            await start(pool_target(), _PING)
    except Exception as failure:
        error = failure
    saturated = bool(metrics) and metrics["num_active"] >= metrics["max_connections"]
    # A full pool cannot answer in time and is connected all the same.
    connected = is_connected() and (error is None or (saturated and _is_late(error)))
    return {
        "is_healthy": connected and not saturated,
        "is_connected": connected,
        "is_near_saturation": bool(metrics) and metrics["utilization"] > _NEAR_SATURATION,
        "is_saturated": saturated,
        "check_latency_ms": (time.perf_counter() - before) * 1000,
        "error": None if error is None else str(error) or f"no answer within {timeout} s",
        "metrics": metrics,
    }


def _is_late(error: Exception) -> bool:
    return isinstance(error, PoolTimeoutError) or type(error) is TimeoutError
