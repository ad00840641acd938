"""The engine's log records as records of `logging`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEBUG_LEVEL", "LEAST_LEVEL", "TRACE_LEVEL", "connection_log", "emit", "wants_debug"]

connection_log: Final = logging.getLogger("ouroboros_postgres.connection")
_executor_log: Final = logging.getLogger("ouroboros_postgres.executor")

# Without it, records of a program that has configured no logging would be printed bare on standard error.
logging.getLogger("ouroboros_postgres").addHandler(logging.NullHandler())

TRACE_LEVEL: Final = 5
DEBUG_LEVEL: Final = logging.DEBUG
LEAST_LEVEL: Final = logging.INFO
"""Records of this level and above always come; there are few of them and `logging` filters them."""


def wants_debug() -> bool:
    """Whether anybody listens to the records that accompany every statement."""
    return _executor_log.isEnabledFor(logging.DEBUG)


def emit(record: Mapping[str, Any]) -> None:
    """Log a record of the engine, its fields as attributes of the `LogRecord`."""
    logger = logging.getLogger(f"ouroboros_postgres.{record['logger']}")
    logger.log(record["level"], "%s", record["message"], extra=record.get("fields"))
