"""Spans around what queries do, through the names of the module `query`, where they can be replaced."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .._sql import models
from .names import name_of

if TYPE_CHECKING:
    from .state import State

__all__ = ["traced"]

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
