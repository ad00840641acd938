"""The state of a builder as lists of plain tuples, the form in which constructors take it and attributes show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from . import names
from .inner import text
from .state import Aggregate, CommonTable, Having, Order, SetOperation, SubqueryCondition, Window

if TYPE_CHECKING:
    from .state import State

__all__ = ["PARAMETERS", "orders", "windows"]


def _tuple(items: Iterable[Any] | None) -> tuple[Any, ...]:
    return tuple(items) if items else ()


def _optional(items: Iterable[Any] | None) -> tuple[Any, ...] | None:
    return tuple(items) if items else None


def _orders(items: Iterable[Any] | None) -> tuple[Order, ...]:
    return tuple([Order(column, names.direction("order_by", word)) for column, word in items or ()])


def _aggregates(items: Iterable[Any] | None) -> tuple[Aggregate, ...]:
    return tuple([Aggregate(*item) for item in items or ()])


def _having(items: Iterable[Any] | None) -> tuple[Having, ...]:
    return tuple([Having(*item) for item in items or ()])


def _ctes(items: Iterable[Any] | None) -> tuple[CommonTable, ...]:
    return tuple([CommonTable(name, text("a CTE", sql, params)) for name, sql, params in items or ()])


def _subqueries(items: Iterable[Any] | None) -> tuple[SubqueryCondition, ...]:
    return tuple(
        [SubqueryCondition(kind, field, text("a subquery", sql, params)) for kind, field, sql, params in items or ()]
    )


def _sets(items: Iterable[Any] | None) -> tuple[SetOperation, ...]:
    return tuple(
        [SetOperation(operation, text("a set operation", sql, params)) for operation, sql, params in items or ()]
    )


def _windows(items: Iterable[Any] | None) -> tuple[Window, ...]:
    return tuple([_window(*item) for item in items or ()])


def _window(
    function: str,
    column: Any,
    offset: int | None,
    default: Any,
    partition: Iterable[Any] | None,
    order: Iterable[Any] | None,
    alias: str,
    frame: Any = None,
) -> Window:
    return Window(function, column, offset, default, _tuple(partition), _orders(order), alias, frame)


PARAMETERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "filters": ("filters", _tuple),
    "_order_by": ("order", _orders),
    "_offset": ("offset", lambda value: names.whole("offset", value)),
    "_limit": ("limit", lambda value: names.whole("limit", value)),
    "_select": ("select", _optional),
    "_aggregates": ("aggregates", _aggregates),
    "_group_by": ("group", _tuple),
    "_having": ("having", _having),
    "_distinct": ("distinct", bool),
    "_distinct_on": ("distinct_on", _tuple),
    "_ctes": ("ctes", _ctes),
    "_subqueries": ("subqueries", _subqueries),
    "_windows": ("windows", _windows),
    "_set_operations": ("sets", _sets),
    "_returning": ("returning", _tuple),
    "_options": ("options", _tuple),
}
"""Which part of the state a parameter of the constructor is, and how it is read."""


def orders(items: Iterable[Order]) -> list[tuple[str, str]]:
    """`(name, direction)` for each item of an order."""
    return [(names.name_of(item.column), item.direction) for item in items]


def windows(state: State) -> list[tuple[Any, ...]]:
    """`(function, column, offset, default, partition_by, order_by, alias)` for each window, perhaps with a frame."""
    return [_window_tuple(window) for window in state.windows]


def _window_tuple(window: Window) -> tuple[Any, ...]:
    plain = (
        window.function,
        None if window.column is None else names.name_of(window.column),
        window.offset,
        window.default,
        [names.name_of(column) for column in window.partition],
        orders(window.order),
        window.alias,
    )
    return plain if window.frame is None else (*plain, window.frame)
