"""Spans of sessions."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

from fixtures.tracing import Telemetry, recorded
from models.blog import Article, fill
from ouroboros_postgres import Session, Table, session


class Item(Table):
    name: str | None = None


@pytest.fixture
def recording() -> Iterator[Telemetry]:
    with recorded() as telemetry:
        yield telemetry


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE item (id serial PRIMARY KEY, name text)")


def of_sessions(recording: Telemetry) -> dict[str, ReadableSpan]:
    return {span.name: span for span in recording.spans() if span.name.startswith("db.session")}


async def test_a_block(recording: Telemetry) -> None:
    changed, gone = await Item.insert(name="a"), await Item.insert(name="b")
    recording.spans()
    async with Session(autoflush=False) as current:
        current.add_all([changed, gone, Item(name="c"), Item(name="d")])
        changed.name = "e"
        current.delete(gone)
    spans = of_sessions(recording)
    assert list(spans) == ["db.session.flush", "db.session.commit", "db.session.open"]
    flushed: dict[str, Any] = dict(spans["db.session.flush"].attributes or {})
    counts = {name: flushed[f"db.session.{name}_count"] for name in ("pending", "dirty", "deleted")}
    assert counts == {"pending": 2, "dirty": 1, "deleted": 1}
    opened: dict[str, Any] = dict(spans["db.session.open"].attributes or {})
    assert (opened["autoflush"], opened["expire_on_commit"]) == (False, True)
    assert spans["db.session.open"].status.status_code is StatusCode.UNSET
    statuses = [dict(span.attributes or {})["db.session.status"] for span in spans.values()]
    assert statuses == ["flushed", "committed", "closed"]
    context = spans["db.session.open"].context
    assert context is not None
    assert all(span.parent and span.parent.span_id == context.span_id for span in list(spans.values())[:2])


async def test_an_exception(recording: Telemetry) -> None:
    with pytest.raises(ZeroDivisionError):
        async with Session() as current:
            current.add(Item(name="a"))
            await current.flush()
            raise ZeroDivisionError
    spans = of_sessions(recording)
    assert list(spans) == ["db.session.flush", "db.session.rollback", "db.session.open"]
    opened = spans["db.session.open"]
    assert opened.status.status_code is StatusCode.ERROR
    assert [event.name for event in opened.events] == ["exception"]
    assert dict(spans["db.session.rollback"].attributes or {})["db.session.status"] == "rolled_back"


async def test_a_failing_commit(recording: Telemetry) -> None:
    with pytest.raises(PermissionError):
        async with Session() as current:
            current.commit = _refuse  # type: ignore[method-assign]
    spans = of_sessions(recording)
    assert spans["db.session.open"].status.status_code is StatusCode.ERROR


async def _refuse() -> None:
    raise PermissionError


async def test_an_idle_session(recording: Telemetry) -> None:
    async with Session():
        pass
    assert list(of_sessions(recording)) == ["db.session.open"]


async def test_off(recording: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "is_tracing_enabled", lambda: False)
    async with Session() as current:
        current.add(Item(name="a"))
    assert of_sessions(recording) == {}


async def test_relationships_say_whether_the_object_was_at_hand(pg: ModuleType, recording: Telemetry) -> None:
    await fill(pg)
    async with Session() as current:
        first, second = await current.get(Article, 1), await current.get(Article, 2)
        assert first is not None
        assert second is not None
        recording.spans()
        await first.author
        await second.author
    spans = [span for span in recording.spans() if span.name.startswith("db.relationship")]
    hits = [dict(span.attributes or {})["db.relationship.cache_hit"] for span in spans]
    assert hits == [False, True]
