"""A span for each operation, with the SQL statement; metrics of the same."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from fixtures.database import Database
from fixtures.tracing import Telemetry, recorded
from ouroboros_postgres.columns import Column, ColumnProxy
from ouroboros_postgres.options import selectinload
from ouroboros_postgres.relationships import relationship
from ouroboros_postgres.table import Table
from ouroboros_postgres.telemetry import MetricNames, create_query_span


@pytest.fixture
def recording() -> Iterator[Telemetry]:
    with recorded() as telemetry:
        yield telemetry


@pytest.fixture
async def items(pg: ModuleType, recording: Telemetry) -> str:
    await pg.execute("CREATE TABLE items (id int PRIMARY KEY, name text)")
    recording.spans()
    return "items"


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_a_statement(pg: ModuleType, recording: Telemetry, database: Database) -> None:
    await pg.execute("SELECT 1")  # a connection is open and idle then, and nobody waits for it
    recording.spans()
    await pg.execute("SELECT $1::int AS n", [4711])
    span = recording.one()
    url = urlsplit(database.dsn)
    assert (span.name, span.kind) == ("db.query.select", SpanKind.CLIENT)
    assert attributes(span) == {
        "db.system": "postgresql",
        "db.operation.name": "select",
        "db.statement": "SELECT $1::int AS n",
        "db.namespace": url.path.strip("/"),
        "server.address": url.hostname,
        "server.port": url.port,
        "db.result.count": 1,
    }
    assert span.status.status_code is StatusCode.UNSET


async def test_row_operations(pg: ModuleType, recording: Telemetry, items: str) -> None:
    await pg.insert_one(items, {"id": 1, "name": "a"})
    await pg.insert_many(items, [{"id": 2, "name": "b"}, {"id": 3, "name": "c"}])
    await pg.upsert_one(items, {"id": 1, "name": "z"}, "id")
    await pg.find_many(items, {"name": "b"})
    await pg.count(items)
    await pg.update_many(items, {"id": 1}, {"name": "y"})
    await pg.delete_one(items, "id", 3)
    spans = recording.spans()
    assert [span.name for span in spans] == [
        f"db.query.{name}" for name in ("insert", "insert", "upsert", "find", "count", "update", "delete")
    ]
    assert {attributes(span)["db.collection.name"] for span in spans} == {items}
    statements = [attributes(span)["db.statement"] for span in spans]
    words = ("INSERT", "INSERT", "INSERT", "SELECT", "SELECT", "UPDATE", "DELETE")
    assert [text.split()[0] for text in statements] == list(words)
    assert statements[3] == 'SELECT * FROM "items" WHERE "name" = $1'
    results = [(attributes(s).get("db.result.count"), attributes(s).get("db.result.affected_rows")) for s in spans]
    assert results == [(1, None), (2, None), (1, None), (1, None), (3, None), (None, 1), (None, 1)]


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("  -- note\n /* a */ (TABLE items)", "table"),
        ("with a as (select 1) select * from a", "with"),
        ("VALUES (1)", "values"),
        ("explain select 1", "explain"),
    ],
)
async def test_the_verb_names_the_span(pg: ModuleType, recording: Telemetry, items: str, sql: str, name: str) -> None:
    await pg.execute(sql)
    assert recording.names() == [f"db.query.{name}"]


async def test_unknown_verbs_are_one(pg: ModuleType, recording: Telemetry) -> None:
    with pytest.raises(pg.SQLSyntaxError):
        await pg.execute("whatever it is")
    span = recording.one()
    assert span.name == "db.query.execute"
    assert attributes(span)["error.type"] == "42601"


async def test_errors(pg: ModuleType, recording: Telemetry, items: str) -> None:
    await pg.insert_one(items, {"id": 1})
    recording.spans()
    with pytest.raises(pg.ConflictError):
        await pg.insert_one(items, {"id": 1})
    span = recording.one()
    assert attributes(span)["error.type"] == "23505"
    assert attributes(span)["db.statement"].startswith("INSERT")
    assert span.status.status_code is StatusCode.ERROR
    assert [event.name for event in span.events] == ["exception"]


async def test_cancellation(pg: ModuleType, recording: Telemetry) -> None:
    task = asyncio.create_task(pg.execute("SELECT pg_sleep(60)"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    span = recording.one()
    assert attributes(span)["error.type"] == "CancelledError"
    assert span.status.status_code is StatusCode.ERROR


async def test_spans_are_children_of_the_current_one(pg: ModuleType, recording: Telemetry) -> None:
    tracer = recording.tracer_provider.get_tracer("program")
    with tracer.start_as_current_span("request") as request:
        await asyncio.gather(pg.execute("SELECT 1"), pg.execute("SELECT 2"))
        assert trace.get_current_span() is request
    *queries, _ = recording.spans()
    assert [span.parent and span.parent.span_id for span in queries] == [request.get_span_context().span_id] * 2


async def test_retries_show(pg: ModuleType, recording: Telemetry, database: Database) -> None:
    await pg.execute("CREATE SEQUENCE tries")
    await pg.execute(
        "CREATE FUNCTION fail_once() RETURNS int LANGUAGE plpgsql AS $$ BEGIN "
        "IF nextval('tries') = 1 THEN RAISE SQLSTATE '40001'; END IF; RETURN 7; END $$"
    )
    recording.spans()
    assert await pg.execute("SELECT fail_once() AS n") == [{"n": 7}]
    span = recording.one()
    assert attributes(span)["db.retry.attempt"] == 2
    assert [event.name for event in span.events] == ["retry"]
    assert span.status.status_code is StatusCode.UNSET


async def test_the_wait_for_a_connection_shows(recording: Telemetry, database: Database) -> None:
    import ouroboros_postgres as pg

    await pg.init(database.dsn, min_connections=1, max_connections=1)
    try:
        tx = await pg.begin_transaction()
        waiting = asyncio.create_task(pg.execute("SELECT 1"))
        await asyncio.sleep(0)
        await tx.rollback()
        await waiting
        span = next(span for span in recording.spans() if span.name == "db.query.select")
        assert attributes(span)["db.connection.wait_time"] > 0
    finally:
        await pg.close()


async def test_several_statements_are_events(pg: ModuleType, recording: Telemetry, items: str) -> None:
    await pg.insert_many(items, [{"id": 1, "name": "a"}, {"id": 2}], batch_size=1, fill_missing=True)
    span = recording.one()
    others = [(event.attributes or {})["db.statement"] for event in span.events if event.name == "statement"]
    assert [attributes(span)["db.statement"], *others] == [
        'INSERT INTO "items" ("id", "name") VALUES ($1, $2) RETURNING *',
        'INSERT INTO "items" ("id", "name") VALUES ($1, DEFAULT) RETURNING *',
    ]


async def test_values_never_show(pg: ModuleType, recording: Telemetry, items: str) -> None:
    secret = "s3cr3t-value"
    await pg.insert_one(items, {"id": 1, "name": secret})
    await pg.find_many(items, {"name": secret})
    await pg.execute("SELECT $1", [secret])
    assert len(spans := recording.spans()) == 3
    assert secret not in str([attributes(span) for span in spans])
    assert secret not in str([event.attributes for span in spans for event in span.events])


async def test_tracing_can_be_switched_off_and_on(
    pg: ModuleType, recording: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUROBOROS_POSTGRES_TRACING_ENABLED", "off")
    await pg.execute("SELECT 1")
    assert recording.spans() == [] and recording.points(MetricNames.QUERY_COUNT) == []
    monkeypatch.delenv("OUROBOROS_POSTGRES_TRACING_ENABLED")
    await pg.execute("SELECT 2")
    assert attributes(recording.one())["db.statement"] == "SELECT 2"


async def test_a_query_span_of_the_program_has_children(pg: ModuleType, recording: Telemetry) -> None:
    with create_query_span("report"):
        await pg.execute("SELECT 1")
    inner, outer = recording.spans()
    assert (inner.name, outer.name) == ("db.query.select", "db.query.report")
    assert "db.statement" not in attributes(outer)


# Transactions.


def tree(spans: list[ReadableSpan]) -> dict[str, str | None]:
    """The name of each span and of its parent."""
    names = {span.context.span_id: span.name for span in spans if span.context is not None}
    return {span.name: names.get(span.parent.span_id) if span.parent else None for span in spans}


async def test_a_transaction_has_a_span_around_its_statements(pg: ModuleType, recording: Telemetry) -> None:
    async with pg.begin_transaction("serializable", read_only=True, deferrable=True):
        await pg.execute("SELECT 1")
    spans = recording.spans()
    assert tree(spans) == {"db.query.select": "db.transaction", "db.transaction": None}
    assert attributes(spans[-1]) == {
        "db.system": "postgresql",
        "db.transaction.isolation_level": "serializable",
        "db.transaction.read_only": True,
        "db.transaction.deferrable": True,
        "db.transaction.savepoint_depth": 0,
        "db.transaction.outcome": "commit",
    }
    await pg.execute("SELECT 1")
    assert tree(recording.spans()) == {"db.query.select": None}


async def test_a_rollback(pg: ModuleType, recording: Telemetry) -> None:
    with pytest.raises(KeyError):
        async with pg.begin_transaction():
            raise KeyError
    span = recording.one()
    assert attributes(span)["db.transaction.outcome"] == "rollback"
    assert attributes(span)["db.transaction.isolation_level"] == "default"


async def test_nested_transactions(pg: ModuleType, recording: Telemetry) -> None:
    async with pg.begin_transaction():
        async with pg.begin_transaction() as inner:
            await inner.rollback()
    inside, outside = (span for span in recording.spans() if span.name == "db.transaction")
    assert attributes(inside)["db.transaction.savepoint_depth"] == 1
    assert attributes(inside)["db.transaction.outcome"] == "rollback"
    assert attributes(outside)["db.transaction.outcome"] == "commit"


async def test_a_failed_commit(pg: ModuleType, recording: Telemetry) -> None:
    tx = await pg.begin_transaction()
    with pytest.raises(pg.UndefinedTableError):
        await tx.execute("SELECT * FROM nothing")
    with pytest.raises(pg.InFailedTransactionError):
        await tx.commit()
    span = recording.spans()[-1]
    assert attributes(span)["db.transaction.outcome"] == "failed"
    assert attributes(span)["error.type"] == "25P02"


async def test_an_abandoned_transaction(pg: ModuleType, recording: Telemetry) -> None:
    async def generate() -> Any:
        async with pg.begin_transaction():
            yield 1

    generator = generate()
    await anext(generator)
    await generator.aclose()
    assert attributes(recording.one())["db.transaction.outcome"] == "abandoned"


# Metrics.


async def test_metrics(pg: ModuleType, recording: Telemetry, items: str) -> None:
    await pg.insert_one(items, {"id": 1})
    with pytest.raises(pg.ConflictError):
        await pg.insert_one(items, {"id": 1})
    base = {"db.system": "postgresql", "db.operation.name": "insert", "db.collection.name": "items"}
    counted = {tuple(sorted(point.attributes.items())): point.value for point in recording.points("db.query.count")}
    assert counted[tuple(sorted(base.items()))] == 1
    assert counted[tuple(sorted({**base, "error.type": "23505"}.items()))] == 1
    durations = [p for p in recording.points("db.query.duration") if dict(p.attributes) == base]
    assert [point.count for point in durations] == [1] and 0 < durations[0].sum < 60


async def test_pool_gauges_read_the_pool(pg: ModuleType, recording: Telemetry) -> None:
    await pg.execute("SELECT 1")
    async with pg.begin_transaction():
        (in_use,) = recording.points(MetricNames.CONNECTION_POOL_IN_USE)
        assert in_use.value == 1
    (most,) = recording.points(MetricNames.CONNECTION_POOL_MAX)
    assert most.value == 10


# Queries of models.


class Item(Table):
    id: int = Column(primary_key=True)
    name: ColumnProxy[str] = Column()

    class Settings:
        table_name = "items"


async def test_a_query_of_a_model_is_one_span_with_its_statement(
    pg: ModuleType, recording: Telemetry, items: str
) -> None:
    await pg.insert_many(items, [{"id": n, "name": f"n{n}"} for n in range(5)])
    recording.spans()
    found = await Item.find(Item.id > 0, Item.name.like("n%")).order_by(-Item.id).offset(1).limit(2).to_list()
    assert [item.id for item in found] == [3, 2]
    span = recording.one()
    assert span.name == "db.query.find"
    shown = attributes(span)
    assert shown.pop("db.statement") == (
        "SELECT * FROM public.items WHERE id > $1 AND name LIKE $2 ORDER BY id DESC LIMIT $3 OFFSET $4"
    )
    assert {name: value for name, value in shown.items() if not name.startswith(("server.", "db.namespace"))} == {
        "db.system": "postgresql",
        "db.operation.name": "find",
        "db.collection.name": "public.items",
        "db.query.filters_count": 2,
        "db.query.limit": 2,
        "db.query.offset": 1,
        "db.query.order_by": "id DESC",
        "db.result.count": 2,
    }


async def test_terminals(pg: ModuleType, recording: Telemetry, items: str) -> None:
    await pg.insert_one(items, {"id": 1, "name": "a"})
    recording.spans()
    query = Item.find(Item.id == 1)
    await query.count()
    await query.exists()
    await query.sum("id", "total").aggregate()
    await query.update(name="b")
    await query.delete()
    spans = recording.spans()
    assert [span.name for span in spans] == [
        f"db.query.{name}" for name in ("count", "exists", "aggregate", "update", "delete")
    ]
    assert all("db.statement" in attributes(span) for span in spans)
    results = [(attributes(s).get("db.result.count"), attributes(s).get("db.result.affected_rows")) for s in spans]
    assert results == [(1, None), (1, None), (1, None), (None, 1), (None, 1)]
    assert attributes(spans[2])["db.query.aggregates"] == ("sum(id)",)


async def test_first_is_a_span(pg: ModuleType, recording: Telemetry, items: str) -> None:
    assert await Item.find().first() is None
    spans = recording.spans()
    assert spans[-1].name == "db.query.find_one"
    assert attributes(spans[-1])["db.result.count"] == 0 and attributes(spans[-1])["db.query.limit"] == 1
    assert "db.statement" in attributes(spans[0])


async def test_a_failing_query_is_recorded_once(pg: ModuleType, recording: Telemetry) -> None:
    with pytest.raises(pg.UndefinedTableError):
        await Item.find().to_list()
    span = recording.one()
    assert [event.name for event in span.events] == ["exception"]
    assert attributes(span)["error.type"] == "42P01"
    assert attributes(span)["db.statement"] == "SELECT * FROM public.items"
    counted = [point for point in recording.points(MetricNames.QUERY_COUNT) if "error.type" in point.attributes]
    assert [point.attributes["db.operation.name"] for point in counted] == ["find"]


async def test_streams_have_their_statement(pg: ModuleType, recording: Telemetry, items: str) -> None:
    await pg.insert_one(items, {"id": 1, "name": "a"})
    recording.spans()
    assert [item.id async for item in Item.find()] == [1]
    spans = [(span.name, attributes(span).get("db.statement")) for span in recording.spans()]
    assert spans[:2] == [("db.query.open_cursor", None), ("db.query.fetch", "SELECT * FROM public.items")]


class Part(Table):
    id: int = Column(primary_key=True)
    item_id: ColumnProxy[int] = Column()
    item = relationship(Item, "item_id")

    class Settings:
        table_name = "parts"


async def test_loading_shows_what_was_loaded_for_what(pg: ModuleType, recording: Telemetry, items: str) -> None:
    await Part.create_table()
    await pg.insert_one(items, {"id": 1, "name": "a"})
    await Part.insert_many([{"id": 1, "item_id": 1}, {"id": 2, "item_id": 1}])
    recording.spans()
    await Part.find().options(selectinload("item")).to_list()
    spans = recording.spans()
    names = {span.context.span_id: span.name for span in spans if span.context is not None}
    shown = [
        (span.name, names.get(span.parent.span_id) if span.parent else None, attributes(span).get("db.collection.name"))
        for span in spans
    ]
    assert shown == [
        ("db.query.find", "db.relationship.selectinload", "public.items"),
        ("db.relationship.selectinload", "db.query.find", None),
        ("db.query.find", None, "public.parts"),
    ]
    loading = attributes(spans[1])
    assert (loading["db.relationship.batch_count"], loading["db.relationship.target_model"]) == (2, "Item")


async def test_awaiting_a_relationship_tells_whether_it_was_there(
    pg: ModuleType, recording: Telemetry, items: str
) -> None:
    await Part.create_table()
    await pg.insert_one(items, {"id": 1, "name": "a"})
    part = await Part.insert(id=1, item_id=1)
    recording.spans()
    await part.item
    (loading,) = (span for span in recording.spans() if span.name == "db.relationship.select")
    assert attributes(loading)["db.relationship.cache_hit"] is False
    await part.item
    assert not any(span.name.startswith("db.query") for span in recording.spans())


async def test_statements_run_while_another_thread_imports_the_library(
    pg: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("opentelemetry.trace", "opentelemetry.metrics"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))  # as they are at the beginning of their import
    assert await pg.execute("SELECT 1 AS one") == [{"one": 1}]
