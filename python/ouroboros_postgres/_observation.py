"""A span, and metrics, for each operation of the engine and for each transaction; nothing while tracing is off.

The engine reports the statements of an operation, and what happened to them, ahead of the answer.
"""

from __future__ import annotations

import json
import re
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from . import _otel, telemetry
from ._guards import is_list
from .telemetry import DB_SYSTEM, MetricNames, SpanAttributes, add_exception, error_type, set_span_result

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping
    from contextvars import Token

    from opentelemetry.context import Context
    from opentelemetry.metrics import Counter, Histogram, Meter
    from opentelemetry.trace import Span

__all__ = ["OperationObservation", "TransactionObservation", "observe_operation", "observe_transaction", "wanted"]

# Requests begin with the operation, then the table or the SQL where they have one.
_HEAD: Final = re.compile(
    rb'\{"op":"(?P<op>\w+)"'
    rb'(?:,"(?:table|source_table)":(?P<table>"(?:[^"\\]|\\.)*")|,"sql":"(?P<sql>(?:[^"\\]|\\.){0,400})'
    rb'|,"statement":\{"(?P<kind>\w+)")?'
)
_SOURCE: Final = re.compile(rb'"(?:from|table)":\{"table":(\[[^\[\]{}]*\]|"(?:[^"\\]|\\.)*")')
_COMMENTS: Final = re.compile(rb"(?:\s|\\[nrt]|\(|--.*?\\n|/\*.*?\*/)*")
_VERB: Final = re.compile(rb"[A-Za-z]+")
_VERBS: Final = frozenset(
    (
        "alter analyze call comment copy create deallocate delete do drop execute explain grant insert listen lock "
        "merge notify prepare refresh reindex reset revoke select set show table truncate unlisten update vacuum "
        "values with"
    ).split()
)
_NAMES: Final = {"select": "find", "select_related": "find", "delete_cascade": "delete", "delete_checked": "delete"}
_SILENT: Final = frozenset(("connect", "close", "ping", "begin", "commit", "rollback", "close_cursor"))
_CHANGES: Final = frozenset(("execute", "update", "delete", "delete_checked", "delete_cascade", "statement"))


def wanted() -> bool:
    """Whether operations are to be observed at all."""
    return (_otel.keeps_spans() or _otel.keeps_metrics()) and telemetry.is_tracing_enabled()


class OperationObservation:
    """Watches one operation."""

    __slots__ = ("_changes", "_claimed", "_operation", "_reported", "_span", "_started", "_table")

    def __init__(self, op: str, operation: str, table: str | None) -> None:
        from opentelemetry.trace import SpanKind

        self._operation = operation
        self._table = table
        self._changes = op in _CHANGES
        self._reported = False
        claim = telemetry.claim_query_span() if op == "statement" else None
        self._claimed = claim is not None
        self._span: Span | None = None
        if claim is not None:
            self._span, self._operation, self._table = claim
        elif tracer := telemetry.get_tracer():
            attributes = self._metric_attributes()
            self._span = tracer.start_span(f"db.query.{operation}", kind=SpanKind.CLIENT, attributes=attributes)
        self._started = perf_counter()

    def report(self, message: str, fields: Mapping[str, Any]) -> None:
        """Take what the engine tells before the answer: the wait for a connection, or a statement."""
        span = self._span
        if span is None:
            return
        if message == "Connection":
            span.set_attribute("db.connection.wait_time", round(fields["wait_ms"] / 1000, 6))
            return
        if message != "Statement":
            return
        statement = telemetry.shortened(fields["sql"])
        if not self._reported:
            self._reported = True
            self._set_first(span, fields, statement)
        elif fields["attempt"] > 1:
            span.set_attribute("db.retry.attempt", fields["attempt"])
            span.add_event("retry", {"db.retry.attempt": fields["attempt"]})
        else:
            span.add_event("statement", {} if statement is None else {SpanAttributes.DB_STATEMENT: statement})

    def _set_first(self, span: Span, fields: Mapping[str, Any], statement: str | None) -> None:
        span.set_attribute("db.namespace", fields["database"])
        span.set_attribute("server.address", fields["host"])
        span.set_attribute("server.port", fields["port"])
        if statement is not None:
            span.set_attribute(SpanAttributes.DB_STATEMENT, statement)

    def finish(self, done: asyncio.Future[Any]) -> None:
        """Take the outcome."""
        if done.cancelled():
            self._end(error="CancelledError")
            return
        error = done.exception()
        if error is not None:
            self.fail(error)
            return
        if not self._claimed:
            self._count(done.result())
        self._end()

    def fail(self, error: BaseException) -> None:
        """Take an error as the outcome."""
        if not self._claimed:
            add_exception(self._span, error)
        self._end(error=error_type(error))

    def _count(self, result: Any) -> None:
        if is_list(result):
            set_span_result(self._span, count=len(result))
        elif isinstance(result, int) and not isinstance(result, bool):
            if self._changes:
                set_span_result(self._span, affected_rows=result)
            else:
                set_span_result(self._span, count=result)

    def _end(self, error: str | None = None) -> None:
        attributes = self._metric_attributes()
        if error is not None:
            attributes["error.type"] = error
        _instruments.record(perf_counter() - self._started, attributes)
        span = self._span
        if span is None or self._claimed:
            return
        if error == "CancelledError":
            from opentelemetry.trace import Status, StatusCode

            span.set_attribute("error.type", error)
            span.set_status(Status(StatusCode.ERROR, "cancelled"))
        span.end()

    def _metric_attributes(self) -> dict[str, str]:
        attributes = {SpanAttributes.DB_SYSTEM: DB_SYSTEM, SpanAttributes.DB_OPERATION_NAME: self._operation}
        if self._table is not None:
            attributes[SpanAttributes.DB_COLLECTION_NAME] = self._table
        return attributes


def observe_operation(request: bytes) -> OperationObservation | None:
    """Begin to watch an operation; `None` for those that send no statement of the caller's."""
    head = _HEAD.match(request)
    if head is None:
        return None
    op = head["op"].decode()
    if op in _SILENT:
        return None
    operation = _NAMES.get(op, op)
    if head["sql"] is not None:
        operation = _verb(head["sql"])
    elif head["kind"] is not None and op == "statement":
        kind = head["kind"].decode()
        operation = _NAMES.get(kind, kind)
    return OperationObservation(op, operation, _table(head, request))


def _table(head: re.Match[bytes], request: bytes) -> str | None:
    """Find the table that a request names, or the tree of its statement begins with."""
    text = head["table"]
    if head["kind"] is not None and b'"ctes":' not in request:  # common tables come first, with tables of their own
        source = _SOURCE.search(request)
        text = None if source is None else source[1]
    name: Any = None if text is None else json.loads(text)
    return ".".join(name) if is_list(name) else name


def _verb(sql: bytes) -> str:
    """Find the first word of a statement; one of few, as it becomes the name of a span."""
    blank = _COMMENTS.match(sql)
    word = _VERB.match(sql, blank.end() if blank else 0)
    verb = word.group().decode().lower() if word else ""
    return verb if verb in _VERBS else "execute"


class _Instruments:
    """The instruments of operations, of the meter that they were made by."""

    __slots__ = ("_count", "_duration", "_meter")

    _meter: Meter | None
    _duration: Histogram
    _count: Counter

    def __init__(self) -> None:
        self._meter = None

    def record(self, seconds: float, attributes: Mapping[str, str]) -> None:
        meter = telemetry.get_meter()
        if meter is None or not _otel.keeps_metrics():
            return
        if meter is not self._meter:
            self._duration = meter.create_histogram(
                MetricNames.QUERY_DURATION, unit="s", description="Time of operations, their wait included."
            )
            self._count = meter.create_counter(MetricNames.QUERY_COUNT, unit="{query}", description="Operations.")
            self._meter = meter
            telemetry.get_connection_pool_metrics()
        self._duration.record(seconds, attributes)
        self._count.add(1, attributes)


_instruments: Final = _Instruments()


# Transactions.


class TransactionObservation:
    """Watches one transaction: its span is the current one inside `async with`."""

    __slots__ = ("_ended", "_entered", "_span")

    def __init__(self, span: Span) -> None:
        self._span = span
        self._ended = False
        self._entered: list[tuple[Context, Token[Context]]] = []

    def enter(self) -> None:
        """Make the span the current one."""
        from opentelemetry import context, trace

        inside = trace.set_span_in_context(self._span)
        self._entered.append((inside, context.attach(inside)))

    def leave(self) -> None:
        """Make the span the current one no more, unless that happens in another context than its begin."""
        from opentelemetry import context

        inside, token = self._entered.pop()
        if context.get_current() is inside:
            context.detach(token)

    def end(self, outcome: str, error: BaseException | None = None) -> None:
        """End the span; only the first call has an effect."""
        if self._ended:
            return
        self._ended = True
        if error is not None:
            add_exception(self._span, error)
        self._span.set_attribute("db.transaction.outcome", outcome)
        self._span.end()


def observe_transaction(
    isolation_level: str | None, *, read_only: bool, deferrable: bool, depth: int
) -> TransactionObservation | None:
    """Begin to watch a transaction; `None` while tracing is off.

    Args:
        isolation_level: Its level, `None` for the server's default.
        read_only: Whether it is read-only.
        deferrable: Whether it is deferrable.
        depth: In how many transactions it is nested.
    """
    tracer = telemetry.get_tracer()
    if tracer is None or not _otel.keeps_spans():
        return None
    from opentelemetry.trace import SpanKind

    attributes: dict[str, str | bool | int] = {
        SpanAttributes.DB_SYSTEM: DB_SYSTEM,
        "db.transaction.isolation_level": isolation_level or "default",
        "db.transaction.read_only": read_only,
        "db.transaction.deferrable": deferrable,
        "db.transaction.savepoint_depth": depth,
    }
    return TransactionObservation(tracer.start_span("db.transaction", kind=SpanKind.CLIENT, attributes=attributes))
