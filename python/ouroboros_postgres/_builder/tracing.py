"""Spans around what queries do, through the names of the module `query`, where they can be replaced."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .._cursor import DEFAULT_BATCH_SIZE
from .._sql import models
from .names import name_of

if TYPE_CHECKING:
    from .state import State

__all__ = ["traced", "traced_batches"]

T = TypeVar("T")

_WRITING: Final = ("update", "delete")


async def traced(
    operation: str,
    state: State,
    work: Callable[[State], Coroutine[Any, Any, T]],
    measure: Callable[[T], int],
) -> T:
    """Do some work on a query, in a span of its own if tracing is on.

    Args:
        operation: What is done.
        state: The query.
        work: Does it.
        measure: Tells how many rows there were.
    """
    from .. import query

    if not query.is_tracing_enabled():
        return await work(state)
    with query.create_query_span(operation, **_attributes(state), **_aggregation(operation, state)) as span:
        try:
            result = await work(state)
        except BaseException as error:
            query.add_exception(span, error)
            raise
        if operation in _WRITING:
            query.set_span_result(span, affected_rows=measure(result))
        else:
            query.set_span_result(span, count=measure(result))
        return result


async def traced_batches(state: State, batches: AsyncGenerator[list[Any], None]) -> AsyncGenerator[list[Any], None]:
    """Read batches, each in a span of its own if tracing is on: what is done between them is no part of the query."""
    from .. import query

    async with aclosing(batches):
        if not query.is_tracing_enabled():
            async for batch in batches:
                yield batch
            return

        nothing: list[Any] = []

        async def read(_: State) -> list[Any]:
            return await anext(batches, nothing)

        count = DEFAULT_BATCH_SIZE
        while count == DEFAULT_BATCH_SIZE:
            batch = await traced("find", state, read, len)
            count = len(batch)
            yield batch


def _attributes(state: State) -> dict[str, Any]:
    order = ", ".join(f"{name_of(item.column)} {item.direction}" for item in state.order)
    return {
        "table": state.source or models.source_key(state.model),
        "filters_count": len(state.filters),
        "limit": state.limit or None,
        "offset": state.offset or None,
        "order_by": order or None,
    }


def _aggregation(operation: str, state: State) -> dict[str, Any]:
    if operation != "aggregate":
        return {}
    calls = [f"{item.function}({'*' if item.column is None else name_of(item.column)})" for item in state.aggregates]
    return {
        "aggregates": calls,
        "group_by_count": len(state.group),
        "db.query.aggregates": calls,
        "db.query.group_by_count": len(state.group),
    }
