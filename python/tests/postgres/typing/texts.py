"""What the type checkers see of SQL texts and of telemetry. Checked, never run."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import assert_type

from opentelemetry.trace import Span

from ouroboros_postgres import ArrayOps, Column, ColumnProxy, GeoQuery, Point, QueryBuilder, Table, fts
from ouroboros_postgres.telemetry import create_query_span, instrument_query, set_span_result


class Place(Table):
    name: ColumnProxy[str] = Column()
    tags: ColumnProxy[list[str]] = Column()


def texts_are_text_and_conditions() -> None:
    found = fts.match(Place.name, "tea")
    assert_type(found.upper(), str)
    assert_type(Place.find(found, ArrayOps.any(Place.tags, "a") & (Place.name == "x")), QueryBuilder[Place])
    assert_type(Place.find(~GeoQuery.dwithin("at", Point(1, 2.5), 10)), QueryBuilder[Place])
    assert_type(found.encode("utf-8"), bytes)
    assert_type(fts.rank(Place.name, "tea"), str)
    assert_type(Point.from_wkt("POINT(1 2)"), str)


def spans_may_be_none() -> None:
    span: AbstractContextManager[Span | None] = create_query_span("find", table="places", filters_count=1)
    with span as current:
        set_span_result(current, count=1)


@instrument_query("find")
def instrumented(name: str, *, count: int = 1) -> list[str]:
    return [name] * count


@instrument_query("find")
async def instrumented_later(name: str) -> int:
    return len(name)


async def decorators_keep_types() -> None:
    assert_type(instrumented("a", count=2), list[str])
    assert_type(await instrumented_later("a"), int)
