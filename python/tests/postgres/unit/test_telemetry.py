from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from fixtures.tracing import Telemetry, recorded
from ouroboros_postgres import telemetry
from ouroboros_postgres.errors import ConflictError
from ouroboros_postgres.telemetry import (
    ConnectionPoolMetrics,
    MetricNames,
    SpanAttributes,
    add_exception,
    create_query_span,
    create_relationship_span,
    create_session_span,
    get_connection_pool_metrics,
    get_meter,
    get_tracer,
    instrument_query,
    instrument_session,
    instrument_span,
    is_tracing_enabled,
    set_span_result,
)

OLD, NEW = "DATA_BRIDGE_TRACING_ENABLED", "OUROBOROS_POSTGRES_TRACING_ENABLED"


@pytest.fixture
def recording() -> Iterator[Telemetry]:
    with recorded() as telemetry:
        yield telemetry


@pytest.fixture
def off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NEW, "0")


@pytest.mark.parametrize("value", ["false", "FALSE", "0", "no", "No", "off", ""])
@pytest.mark.parametrize("name", [OLD, NEW])
def test_switching_off(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.delenv(OLD, raising=False)
    monkeypatch.delenv(NEW, raising=False)
    assert is_tracing_enabled() is True
    monkeypatch.setenv(name, value)
    assert is_tracing_enabled() is False
    assert get_tracer() is None and get_meter() is None


@pytest.mark.parametrize("value", ["true", "1", "yes", "on"])
def test_the_own_variable_wins(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(OLD, "false")
    monkeypatch.setenv(NEW, value)
    assert is_tracing_enabled() is True
    monkeypatch.setenv(OLD, value)
    monkeypatch.setenv(NEW, "false")
    assert is_tracing_enabled() is False


def test_the_flag_is_read_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "OTEL_AVAILABLE", False)
    assert is_tracing_enabled() is False
    assert get_tracer() is None
    with create_query_span("find") as span:
        assert span is None


WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
sys.modules["opentelemetry"] = None
from ouroboros_postgres import telemetry
assert telemetry.OTEL_AVAILABLE is False and telemetry.is_tracing_enabled() is False
telemetry.OTEL_AVAILABLE = True
assert telemetry.is_tracing_enabled() is True
assert telemetry.get_tracer() is None and telemetry.get_meter() is None
with telemetry.create_query_span("find", table="users") as span:
    assert span is None
telemetry.add_exception(object(), ValueError())
telemetry.ConnectionPoolMetrics().record_pool_stats(1, 2, 3)
assert telemetry.instrument_query("find")(lambda: 5)() == 5
"""


def test_without_the_library() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT], check=True)


LATE = """
import ouroboros_postgres.telemetry as telemetry
from opentelemetry import trace
with telemetry.create_query_span("early") as outer, telemetry.create_query_span("early") as span:
    assert not span.is_recording()
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
with telemetry.create_query_span("late"):
    pass
(span,) = exporter.get_finished_spans()
assert span.name == "db.query.late"
"""


def test_a_provider_may_come_late() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", LATE], check=True)


def test_the_scope_is_the_package(recording: Telemetry) -> None:
    import ouroboros_postgres

    with create_query_span("find"):
        pass
    scope = recording.one().instrumentation_scope
    assert scope is not None
    assert (scope.name, scope.version) == ("ouroboros_postgres", ouroboros_postgres.__version__)


def test_query_spans(recording: Telemetry) -> None:
    with create_query_span(
        "find", "public.users", 2, 10, 0, "age DESC", "SELECT 1", **{"db.query.aggregates": ["count(*)"], "no": None}
    ) as span:
        extra: dict[str, Any] = {"db.extra": "x", "none": None}
        set_span_result(span, count=3, affected_rows=None, **extra)
    done = recording.one()
    assert (done.name, done.kind) == ("db.query.find", SpanKind.CLIENT)
    assert dict(done.attributes or {}) == {
        "db.system": "postgresql",
        "db.operation.name": "find",
        "db.collection.name": "public.users",
        "db.query.filters_count": 2,
        "db.query.limit": 10,
        "db.query.offset": 0,
        "db.query.order_by": "age DESC",
        "db.statement": "SELECT 1",
        "db.query.aggregates": ("count(*)",),
        "db.result.count": 3,
        "db.extra": "x",
    }


def test_session_spans(recording: Telemetry) -> None:
    with create_session_span("flush", 1, 2, 0, **{"db.session.status": "flushed"}):
        pass
    done = recording.one()
    assert done.name == "db.session.flush"
    assert dict(done.attributes or {}) == {
        "db.system": "postgresql",
        "db.session.operation": "flush",
        "db.session.pending_count": 1,
        "db.session.dirty_count": 2,
        "db.session.deleted_count": 0,
        "db.session.status": "flushed",
    }


def test_relationship_spans(recording: Telemetry) -> None:
    with create_relationship_span("author", "User", "selectinload", "author_id", 5) as span:
        set_span_result(span, cache_hit=False)
    with create_relationship_span("author"):
        pass
    first, second = recording.spans()
    assert (first.name, second.name) == ("db.relationship.selectinload", "db.relationship.load")
    assert dict(first.attributes or {}) == {
        "db.system": "postgresql",
        "db.relationship.name": "author",
        "db.relationship.target_model": "User",
        "db.relationship.strategy": "selectinload",
        "db.relationship.fk_column": "author_id",
        "db.relationship.batch_count": 5,
        "db.relationship.depth": 0,
        "db.relationship.cache_hit": False,
    }
    assert (second.attributes or {})["db.relationship.depth"] == 0


def test_statements_are_cut(recording: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "OUROBOROS_POSTGRES_TRACING_STATEMENT_LENGTH"
    for value, want in (("4", "SELE"), ("0", None), ("-1", None), ("x", "S" * 2048), ("100", "S" * 100)):
        monkeypatch.setenv(name, value)
        with create_query_span("find", statement="SELECT" if value == "4" else "S" * 5000):
            pass
        assert (recording.one().attributes or {}).get("db.statement") == want


def test_spans_nest(recording: Telemetry) -> None:
    with create_query_span("find_one"), create_query_span("find"):
        pass
    inner, outer = recording.spans()
    assert inner.parent is not None and outer.context is not None
    assert inner.parent.span_id == outer.context.span_id


@pytest.mark.parametrize(
    ("error", "kind"),
    [(ValueError("bad"), "ValueError"), (ConflictError("taken", sqlstate="23505"), "23505")],
)
@pytest.mark.parametrize("by_hand", [True, False])
def test_exceptions_are_recorded_once(recording: Telemetry, error: Exception, kind: str, by_hand: bool) -> None:
    with pytest.raises(type(error)):
        with create_query_span("find") as span:
            if by_hand:
                add_exception(span, error)
            raise error
    done = recording.one()
    assert [event.name for event in done.events] == ["exception"]
    assert done.status.status_code is StatusCode.ERROR and done.status.description == str(error)
    assert (done.attributes or {})["error.type"] == kind


def test_two_exceptions_are_two(recording: Telemetry) -> None:
    with create_query_span("find") as span:
        add_exception(span, ValueError("one"))
        add_exception(span, KeyError("two"))
    assert len(recording.one().events) == 2


async def test_cancellation_shows(recording: Telemetry) -> None:
    async def wait() -> None:
        with create_query_span("find"):
            entered.set()
            await asyncio.Event().wait()

    entered = asyncio.Event()
    task = asyncio.create_task(wait())
    await entered.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (recording.one().attributes or {})["error.type"] == "CancelledError"


def test_helpers_without_a_span() -> None:
    add_exception(None, ValueError())
    set_span_result(None, count=1)


@pytest.mark.parametrize("index", range(3))
def test_nothing_happens_with_tracing_off(off: None, index: int) -> None:
    makers = (create_query_span, create_session_span, create_relationship_span)
    with makers[index]("x") as span:
        assert span is None


DECORATORS = [
    (instrument_span(), f"{__name__}.work", {}),
    (instrument_span("job", {"a": 1}), "job", {"a": 1}),
    (instrument_query("find"), "db.query.find", {"db.system": "postgresql", "db.operation.name": "find"}),
    (instrument_session("flush"), "db.session.flush", {"db.system": "postgresql", "db.session.operation": "flush"}),
]


@pytest.mark.parametrize(("decorate", "name", "attributes"), DECORATORS)
async def test_decorators(recording: Telemetry, decorate: Any, name: str, attributes: dict[str, Any]) -> None:
    def work(a: int, *, b: int) -> int:
        """Works."""
        return a // b

    sync = decorate(work)

    async def work(a: int, *, b: int) -> int:  # type: ignore[no-redef]
        """Works."""
        return a // b

    later = decorate(work)
    assert sync(4, b=2) == 2 == await later(4, b=2)
    assert sync.__name__ == later.__name__ == "work" and sync.__doc__ == later.__doc__ == "Works."
    assert inspect.iscoroutinefunction(later) and not inspect.iscoroutinefunction(sync)
    spans = recording.spans()
    assert [(span.name, dict(span.attributes or {})) for span in spans] == [(name, attributes)] * 2
    with pytest.raises(ZeroDivisionError):
        sync(1, b=0)
    with pytest.raises(ZeroDivisionError):
        await later(1, b=0)
    for span in recording.spans():
        assert [event.name for event in span.events] == ["exception"]


def test_decorators_decide_at_each_call(recording: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NEW, "0")
    function = instrument_query("find")(lambda: 1)
    assert function() == 1 and recording.names() == []
    monkeypatch.setenv(NEW, "1")
    assert function() == 1 and recording.names() == ["db.query.find"]


def test_pool_gauges(recording: Telemetry) -> None:
    gauges = ConnectionPoolMetrics()
    gauges.record_pool_stats(in_use=3, idle=4, max_size=10)
    gauges.record_pool_stats(in_use=5, idle=2, max_size=10)
    names = (MetricNames.CONNECTION_POOL_IN_USE, MetricNames.CONNECTION_POOL_IDLE, MetricNames.CONNECTION_POOL_MAX)
    assert [[point.value for point in recording.points(name)] for name in names] == [[5], [2], [10]]


def test_pool_gauges_of_no_pool(recording: Telemetry) -> None:
    ConnectionPoolMetrics()
    assert recording.points(MetricNames.CONNECTION_POOL_MAX) == []


def test_pool_gauges_switched_off(recording: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    gauges = ConnectionPoolMetrics()
    gauges.record_pool_stats(1, 2, 3)
    monkeypatch.setenv(NEW, "0")
    assert recording.points(MetricNames.CONNECTION_POOL_MAX) == []
    monkeypatch.setenv(NEW, "1")
    assert [point.value for point in recording.points(MetricNames.CONNECTION_POOL_MAX)] == [3]


def test_pool_gauges_made_while_off_come_alive(recording: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NEW, "0")
    gauges = ConnectionPoolMetrics()
    monkeypatch.setenv(NEW, "1")
    gauges.record_pool_stats(1, 2, 3)
    assert [point.value for point in recording.points(MetricNames.CONNECTION_POOL_IDLE)] == [2]


def test_there_is_one_object() -> None:
    assert get_connection_pool_metrics() is get_connection_pool_metrics()
    assert isinstance(get_connection_pool_metrics(), ConnectionPoolMetrics)


def test_names() -> None:
    assert telemetry.SERVICE_NAME == "data-bridge" and telemetry.DB_SYSTEM == "postgresql"
    values = [value for name, value in vars(SpanAttributes).items() if name.isupper()]
    assert len(values) == len(set(values)) == 21
    assert all(value.startswith("db.") for value in values)
