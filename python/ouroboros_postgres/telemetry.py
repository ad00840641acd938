"""Spans and metrics through OpenTelemetry: install the extra `otel` and configure an SDK.

Without the OpenTelemetry API, or with tracing switched off, everything here does nothing.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

from . import _otel
from .errors import PostgresError

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Meter, Observation
    from opentelemetry.trace import Span, Tracer

__all__ = [  # noqa: RUF022 - constants have no place of their own
    "ConnectionPoolMetrics",
    "DB_SYSTEM",
    "MetricNames",
    "OTEL_AVAILABLE",
    "SERVICE_NAME",
    "SpanAttributes",
    "add_exception",
    "create_query_span",
    "create_relationship_span",
    "create_session_span",
    "get_connection_pool_metrics",
    "get_meter",
    "get_tracer",
    "instrument_query",
    "instrument_session",
    "instrument_span",
    "is_tracing_enabled",
    "set_span_result",
]

P = ParamSpec("P")
R = TypeVar("R")

OTEL_AVAILABLE: bool = _otel.is_installed()
"""Whether the OpenTelemetry API can be imported."""

SERVICE_NAME: Final = "data-bridge"
"""A name for programs that want one; spans get theirs from the resource of the SDK."""

DB_SYSTEM: Final = "postgresql"


class SpanAttributes:
    """Names of attributes of spans."""

    DB_SYSTEM: Final = "db.system"
    DB_OPERATION_NAME: Final = "db.operation.name"
    DB_COLLECTION_NAME: Final = "db.collection.name"
    DB_STATEMENT: Final = "db.statement"
    DB_QUERY_FILTERS_COUNT: Final = "db.query.filters_count"
    DB_QUERY_LIMIT: Final = "db.query.limit"
    DB_QUERY_OFFSET: Final = "db.query.offset"
    DB_QUERY_ORDER_BY: Final = "db.query.order_by"
    DB_RESULT_COUNT: Final = "db.result.count"
    DB_RESULT_AFFECTED_ROWS: Final = "db.result.affected_rows"
    DB_SESSION_OPERATION: Final = "db.session.operation"
    DB_SESSION_PENDING_COUNT: Final = "db.session.pending_count"
    DB_SESSION_DIRTY_COUNT: Final = "db.session.dirty_count"
    DB_SESSION_DELETED_COUNT: Final = "db.session.deleted_count"
    DB_RELATIONSHIP_NAME: Final = "db.relationship.name"
    DB_RELATIONSHIP_TARGET_MODEL: Final = "db.relationship.target_model"
    DB_RELATIONSHIP_STRATEGY: Final = "db.relationship.strategy"
    DB_RELATIONSHIP_FK_COLUMN: Final = "db.relationship.fk_column"
    DB_RELATIONSHIP_CACHE_HIT: Final = "db.relationship.cache_hit"
    DB_RELATIONSHIP_BATCH_COUNT: Final = "db.relationship.batch_count"
    DB_RELATIONSHIP_DEPTH: Final = "db.relationship.depth"


class MetricNames:
    """Names of metrics."""

    CONNECTION_POOL_IN_USE: Final = "db.connection.pool.in_use"
    CONNECTION_POOL_IDLE: Final = "db.connection.pool.idle"
    CONNECTION_POOL_MAX: Final = "db.connection.pool.max"
    QUERY_DURATION: Final = "db.query.duration"
    QUERY_COUNT: Final = "db.query.count"


_SWITCH: Final = "OUROBOROS_POSTGRES_TRACING_ENABLED"
_OLD_SWITCH: Final = "DATA_BRIDGE_TRACING_ENABLED"
_ENCODED: Final = {name: os.fsencode(name) for name in (_SWITCH, _OLD_SWITCH)}
_OFF: Final = frozenset(("false", "0", "no", "off", ""))
_STATEMENT_LENGTH: Final = "OUROBOROS_POSTGRES_TRACING_STATEMENT_LENGTH"
_DEFAULT_STATEMENT_LENGTH: Final = 2048


def is_tracing_enabled() -> bool:
    """Whether spans and metrics are made; looked up at each call.

    The environment variables `OUROBOROS_POSTGRES_TRACING_ENABLED` and, where that one is not set,
    `DATA_BRIDGE_TRACING_ENABLED` switch them off: `false`, `0`, `no`, `off`, in any case, or empty.
    """
    if not OTEL_AVAILABLE:
        return False
    value = _switch(_SWITCH)
    if value is None:
        value = _switch(_OLD_SWITCH)
    return value is None or value.strip().lower() not in _OFF


def _switch(name: str) -> str | None:
    """Look a variable up, as each query does: `os.environ` raises and catches an exception for one that is not set."""
    encoded: Any = getattr(os.environ, "_data", None)
    if encoded is None or os.name != "posix":
        return os.environ.get(name)
    value = encoded.get(_ENCODED[name])
    return None if value is None else os.fsdecode(value)


def get_tracer() -> Tracer | None:
    """Find the tracer of the package; `None` with tracing off or without the API."""
    return _otel.tracer() if is_tracing_enabled() else None


def get_meter() -> Meter | None:
    """Find the meter of the package; `None` with tracing off or without the API."""
    return _otel.meter() if is_tracing_enabled() else None


# Spans.


class _Open:
    """What is known of a span while its block runs."""

    __slots__ = ("claimed", "operation", "recorded", "table")

    def __init__(self) -> None:
        self.operation: str | None = None
        self.table: str | None = None
        self.claimed = False
        self.recorded: list[BaseException] = []


_open: dict[Span, _Open] = {}


@contextmanager
def create_query_span(
    operation: str,
    table: str | None = None,
    filters_count: int | None = None,
    limit: int | None = None,
    offset: int | None = None,
    order_by: str | None = None,
    statement: str | None = None,
    **attributes: Any,
) -> Generator[Span | None]:
    """Make a span `db.query.<operation>` the current one.

    An exception that leaves the block is recorded, once.

    Args:
        operation: What is done: `find`, `count`, …
        table: The table, with its schema if it has one.
        filters_count: How many filters the query has.
        limit: Its limit.
        offset: Its offset.
        order_by: Its order, as text.
        statement: Its SQL, with placeholders; shortened to `OUROBOROS_POSTGRES_TRACING_STATEMENT_LENGTH` characters.
        **attributes: Further attributes, by their own names.

    Yields:
        The span, `None` with tracing off.
    """
    names = SpanAttributes
    given = {
        names.DB_OPERATION_NAME: operation,
        names.DB_COLLECTION_NAME: table,
        names.DB_QUERY_FILTERS_COUNT: filters_count,
        names.DB_QUERY_LIMIT: limit,
        names.DB_QUERY_OFFSET: offset,
        names.DB_QUERY_ORDER_BY: order_by,
        names.DB_STATEMENT: None if statement is None else shortened(statement),
        **attributes,
    }
    with _current_span(f"db.query.{operation}", given) as span:
        known = _open.get(span) if span is not None else None
        if known is not None:
            known.operation, known.table = operation, table
        yield span


@contextmanager
def create_session_span(
    operation: str,
    pending_count: int | None = None,
    dirty_count: int | None = None,
    deleted_count: int | None = None,
    **attributes: Any,
) -> Generator[Span | None]:
    """Make a span `db.session.<operation>` the current one; as `create_query_span`.

    Args:
        operation: What is done: `open`, `flush`, `commit`, `rollback`.
        pending_count: How many objects wait to be inserted.
        dirty_count: How many wait to be updated.
        deleted_count: How many wait to be deleted.
        **attributes: Further attributes, by their own names.

    Yields:
        The span, `None` with tracing off.
    """
    names = SpanAttributes
    given = {
        names.DB_SESSION_OPERATION: operation,
        names.DB_SESSION_PENDING_COUNT: pending_count,
        names.DB_SESSION_DIRTY_COUNT: dirty_count,
        names.DB_SESSION_DELETED_COUNT: deleted_count,
        **attributes,
    }
    with _current_span(f"db.session.{operation}", given) as span:
        yield span


@contextmanager
def create_relationship_span(
    name: str,
    target_model: str | None = None,
    strategy: str | None = None,
    fk_column: str | None = None,
    batch_count: int | None = None,
    depth: int = 0,
    **attributes: Any,
) -> Generator[Span | None]:
    """Make a span `db.relationship.<strategy>` the current one, `db.relationship.load` without a strategy.

    Args:
        name: The relationship.
        target_model: The name of the related model.
        strategy: How it is loaded: `select`, `selectinload`, …
        fk_column: The column of its foreign key.
        batch_count: For how many objects it is loaded at once.
        depth: How deep this load lies in others.
        **attributes: Further attributes, by their own names.

    Yields:
        The span, `None` with tracing off.
    """
    names = SpanAttributes
    given = {
        names.DB_RELATIONSHIP_NAME: name,
        names.DB_RELATIONSHIP_TARGET_MODEL: target_model,
        names.DB_RELATIONSHIP_STRATEGY: strategy,
        names.DB_RELATIONSHIP_FK_COLUMN: fk_column,
        names.DB_RELATIONSHIP_BATCH_COUNT: batch_count,
        names.DB_RELATIONSHIP_DEPTH: depth,
        **attributes,
    }
    with _current_span(f"db.relationship.{strategy or 'load'}", given) as span:
        yield span


@contextmanager
def _current_span(name: str, attributes: Mapping[str, Any], *, client: bool = True) -> Generator[Span | None]:
    tracer = get_tracer()
    if tracer is None:
        yield None
        return
    from opentelemetry.trace import SpanKind

    given = {key: value for key, value in attributes.items() if value is not None}
    if client:
        given = {SpanAttributes.DB_SYSTEM: DB_SYSTEM, **given}
    with tracer.start_as_current_span(
        name,
        kind=SpanKind.CLIENT if client else SpanKind.INTERNAL,
        attributes=given,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        if span.is_recording():  # others may be one object for all
            _open[span] = _Open()
        try:
            yield span
        except (Exception, asyncio.CancelledError) as error:
            add_exception(span, error)
            raise
        finally:
            _open.pop(span, None)


def shortened(statement: str) -> str | None:
    """Cut a statement to the length that is wanted; `None` for none at all."""
    try:
        length = int(os.environ.get(_STATEMENT_LENGTH, _DEFAULT_STATEMENT_LENGTH))
    except ValueError:
        length = _DEFAULT_STATEMENT_LENGTH
    return statement[:length] if length > 0 else None


def add_exception(span: Span | None, exception: BaseException) -> None:
    """Record an exception as an event, and give the span the status ERROR with its text and `error.type`.

    `error.type` is the SQLSTATE, or the name of the class where the server has not given one. In a block of this module
    the same exception is recorded once.
    """
    if span is None or not OTEL_AVAILABLE:
        return
    try:
        from opentelemetry.trace import Status, StatusCode
    except ImportError:
        return
    known = _open.get(span)
    if known is not None:
        if any(exception is recorded for recorded in known.recorded):
            return
        known.recorded.append(exception)
    span.record_exception(exception)
    span.set_attribute("error.type", error_type(exception))
    span.set_status(Status(StatusCode.ERROR, str(exception) or type(exception).__name__))


def error_type(error: BaseException) -> str:
    """Name the kind of an error, in few different words."""
    return (error.sqlstate if isinstance(error, PostgresError) else None) or type(error).__name__


def set_span_result(
    span: Span | None,
    count: int | None = None,
    affected_rows: int | None = None,
    cache_hit: bool | None = None,
    **kwargs: Any,
) -> None:
    """Tell a span how it went.

    Args:
        span: The span; nothing happens without one.
        count: How many rows there were.
        affected_rows: How many rows were changed.
        cache_hit: Whether a relationship was there already.
        **kwargs: Further attributes, by their own names.
    """
    if span is None:
        return
    names = SpanAttributes
    given = {
        names.DB_RESULT_COUNT: count,
        names.DB_RESULT_AFFECTED_ROWS: affected_rows,
        names.DB_RELATIONSHIP_CACHE_HIT: cache_hit,
        **kwargs,
    }
    for name, value in given.items():
        if value is not None:
            span.set_attribute(name, value)


def claim_query_span() -> tuple[Span, str, str | None] | None:
    """Take the current span, its operation and its table for a statement; once, and only a span of a query."""
    from opentelemetry.trace import get_current_span

    span = get_current_span()
    known = _open.get(span)
    if known is None or known.claimed or known.operation is None:
        return None
    known.claimed = True
    return span, known.operation, known.table


# Decorators.


def instrument_span(
    name: str | None = None, attributes: Mapping[str, Any] | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Run every call of a function, async or not, in a span.

    Args:
        name: The name of the span; by default that of the function, after its module.
        attributes: Its attributes.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        span_name = name or f"{function.__module__}.{function.__name__}"
        return _instrumented(function, span_name, attributes or {}, client=False)

    return decorate


def instrument_query(operation: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Run every call of a function, async or not, in a span `db.query.<operation>`."""
    attributes = {SpanAttributes.DB_OPERATION_NAME: operation}
    return lambda function: _instrumented(function, f"db.query.{operation}", attributes, client=True)


def instrument_session(operation: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Run every call of a function, async or not, in a span `db.session.<operation>`."""
    attributes = {SpanAttributes.DB_SESSION_OPERATION: operation}
    return lambda function: _instrumented(function, f"db.session.{operation}", attributes, client=True)


def _instrumented(
    function: Callable[P, R], name: str, attributes: Mapping[str, Any], *, client: bool
) -> Callable[P, R]:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def run_async(*args: P.args, **kwargs: P.kwargs) -> Any:
            with _current_span(name, attributes, client=client):
                return await function(*args, **kwargs)

        return cast("Callable[P, R]", run_async)

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with _current_span(name, attributes, client=client):
            return function(*args, **kwargs)

    return run


# Metrics.


class ConnectionPoolMetrics:
    """Gauges of connections: in use, idle, most; of the pool of this process unless others are recorded.

    They are made when there is a meter provider: at the latest by the first operation after that.
    """

    def __init__(self) -> None:
        self._recorded: dict[str, int] | None = None
        self._meter: Meter | None = None
        self.register()

    def record_pool_stats(self, in_use: int, idle: int, max_size: int) -> None:
        """Report these numbers from now on, instead of those of the pool.

        Args:
            in_use: Connections in use.
            idle: Idle connections.
            max_size: Most connections.
        """
        self._recorded = {"num_active": in_use, "num_idle": idle, "max_connections": max_size}
        self.register()

    def register(self) -> None:
        """Make the gauges, unless the meter provider has them."""
        meter = get_meter()
        if meter is None or meter is self._meter or not _otel.keeps_metrics():
            return
        self._meter = meter
        for name, field, about in _GAUGES:
            meter.create_observable_gauge(
                name, [functools.partial(self._observe, field)], unit="connections", description=about
            )

    def _observe(self, field: str, _: CallbackOptions) -> Iterable[Observation]:
        from opentelemetry.metrics import Observation

        numbers = self._recorded or _pool_numbers()
        if numbers is None or not is_tracing_enabled():
            return []
        return [Observation(numbers[field], {SpanAttributes.DB_SYSTEM: DB_SYSTEM})]


_GAUGES: Final = (
    (MetricNames.CONNECTION_POOL_IN_USE, "num_active", "Connections in use."),
    (MetricNames.CONNECTION_POOL_IDLE, "num_idle", "Idle connections."),
    (MetricNames.CONNECTION_POOL_MAX, "max_connections", "Most connections that the pool opens."),
)


def _pool_numbers() -> dict[str, Any] | None:
    from .metrics import pool_metrics  # which needs the engine, whose operations need this module

    try:
        return pool_metrics()
    except PostgresError:  # there is no pool, or it is being closed
        return None


_pool_gauges: Final = functools.cache(ConnectionPoolMetrics)


def get_connection_pool_metrics() -> ConnectionPoolMetrics:
    """Find the one `ConnectionPoolMetrics` of this process."""
    gauges = _pool_gauges()
    gauges.register()
    return gauges
