"""Abstract queries as arguments of `query_aggregate`, as far as it can express them."""

from __future__ import annotations

from typing import Any

from queries.abstract import Boolean, Col, Compare, Condition, Order, Query, Window
from queries.through_builder import TUPLES

__all__ = ["arguments"]

OPERATORS = {
    *("eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "between", "not_between", "is_null", "is_not_null"),
    *("like", "ilike", "not_like", "not_ilike", "json_contains", "json_contained_by"),
    *TUPLES,
}


def arguments(query: Query) -> dict[str, Any] | None:
    """The keyword arguments, `None` where there is no way to ask for this."""
    if query.joins or query.columns or query.sets:
        return None
    conditions: list[tuple[str, str, Any]] = []
    for condition in query.where:
        found = _conditions(condition)
        if found is None:
            return None
        conditions += found
    return {
        "table": query.model.lower(),
        "aggregates": [(each.function, _name(each.col), each.label) for each in query.aggregates],
        "group_by": [col.name for col in query.groups],
        "having": [(each.function, _name(each.col), each.op, each.value) for each in query.having],
        "where_conditions": conditions,
        "order_by": [(_item(order), _direction(order)) for order in query.page.order],
        "limit": query.page.limit,
        "offset": query.page.offset,
        "distinct": query.distinct,
        "distinct_on": [col.name for col in query.distinct_on],
        "windows": [_window(window) for window in query.windows],
    }


def _name(col: Col | None) -> str | None:
    return None if col is None else col.name


def _item(order: Order) -> str:
    return order.item if isinstance(order.item, str) else order.item.name


def _direction(order: Order) -> str:
    direction = "DESC" if order.descending else "asc"
    return direction if order.nulls is None else f"{direction} nulls {order.nulls}"


def _conditions(condition: Condition) -> list[tuple[str, str, Any]] | None:
    if isinstance(condition, Boolean) and condition.operator == "AND":
        parts = [_conditions(member) for member in condition.members]
        return None if None in parts else [found for part in parts if part for found in part]
    if not isinstance(condition, Compare) or condition.op not in OPERATORS:
        return None
    return [(condition.col.name, TUPLES.get(condition.op, condition.op), condition.value)]


def _window(window: Window) -> tuple[Any, ...]:
    partition = [col.name for col in window.partition] or None
    order = [(col.name, direction) for col, direction in window.order] or None
    made = (window.function, _name(window.col), window.offset, window.default, partition, order, window.label)
    return made if window.frame is None else (*made, window.frame)
