"""The options of `init`: defaults, checks and the form that the engine takes."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

__all__ = ["PoolOptions", "check_integer", "check_number"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PoolOptions:
    """Limits, timeouts and retries of a pool, under the names and in the units of `connection.init`.

    Raises:
        TypeError: An option has the wrong type.
        ValueError: An option is out of range.
    """

    min_connections: int = 1
    max_connections: int = 10
    connect_timeout: float = 30
    acquire_timeout: float | None = None
    max_lifetime: float | None = 1800
    idle_timeout: float | None = 600
    max_retries: int = 3
    initial_retry_delay_ms: float = 100
    max_retry_delay_ms: float = 5000
    retry_backoff_multiplier: float = 2.0
    statement_cache_capacity: int = 100
    query_max_retries: int = 3
    query_retry_initial_delay_ms: float = 50
    query_retry_max_delay_ms: float = 2000
    query_retry_backoff_multiplier: float = 2.0
    slow_query_threshold_ms: float | None = 1000
    statement_timeout_ms: float | None = None
    health_check_period: float = 60
    application_name: str = "ouroboros_postgres"
    hide_detail: bool = False
    close_timeout: float = 10

    def __post_init__(self) -> None:
        for name, least in _INTEGERS.items():
            check_integer(name, getattr(self, name), least)
        for name, (least, optional) in _NUMBERS.items():
            value = getattr(self, name)
            if value is not None or not optional:
                check_number(name, value, least)
        _check_type("application_name", self.application_name, str)
        _check_type("hide_detail", self.hide_detail, bool)
        if self.min_connections > self.max_connections:
            raise ValueError(
                f"min_connections ({self.min_connections}) must not exceed max_connections ({self.max_connections})"
            )
        if self.health_check_period == 0:
            raise ValueError("health_check_period must be positive")

    def changed(self) -> dict[str, Any]:
        """Give the options that differ from their defaults; the engine knows the defaults itself."""
        return {
            field.name: value
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) != field.default
        }


_INTEGERS = {
    "min_connections": 0,
    "max_connections": 1,
    "max_retries": 0,
    "statement_cache_capacity": 0,
    "query_max_retries": 0,
}

# The least value, and whether None has a meaning of its own.
_NUMBERS = {
    "connect_timeout": (0, False),
    "acquire_timeout": (0, True),
    "max_lifetime": (0, True),
    "idle_timeout": (0, True),
    "initial_retry_delay_ms": (0, False),
    "max_retry_delay_ms": (0, False),
    "retry_backoff_multiplier": (1, False),
    "query_retry_initial_delay_ms": (0, False),
    "query_retry_max_delay_ms": (0, False),
    "query_retry_backoff_multiplier": (1, False),
    "slow_query_threshold_ms": (0, True),
    "statement_timeout_ms": (0, True),
    "health_check_period": (0, False),
    "close_timeout": (0, False),
}

_LARGEST_INTEGER = 2**31 - 1


def _check_type(name: str, value: object, kind: type | tuple[type, ...]) -> None:
    wanted = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        raise TypeError(f"{name} must be {' or '.join(k.__name__ for k in wanted)}, not {type(value).__name__}")


def check_integer(name: str, value: Any, least: int) -> None:
    """Refuse what is not an integer of at least `least` and at most 2**31 - 1."""
    _check_type(name, value, int)
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")
    if value > _LARGEST_INTEGER:
        raise ValueError(f"{name} must be at most {_LARGEST_INTEGER}, not {value}")


def check_number(name: str, value: Any, least: float) -> None:
    """Refuse what is not a finite number of at least `least`."""
    _check_type(name, value, (int, float))
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, not {value}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")
