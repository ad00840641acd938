"""The query builder, and what it traces queries with."""

from __future__ import annotations

from . import _engine
from ._builder import QueryBuilder, WindowSpec
from ._sql.expression import SqlExpr
from .telemetry import add_exception, create_query_span, is_tracing_enabled, set_span_result

__all__ = [
    "QueryBuilder",
    "SqlExpr",
    "WindowSpec",
    "_engine",
    "add_exception",
    "create_query_span",
    "is_tracing_enabled",
    "set_span_result",
]
