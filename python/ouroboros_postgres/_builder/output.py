"""The select list of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._sql import models
from .._sql.label import Label
from .._sql.proxy import column_node
from .names import name_of

if TYPE_CHECKING:
    from .._sql.encoder import Encoder, Node
    from .state import Aggregate, ColumnItem, Order, State, Window

__all__ = ["aggregate", "columns", "is_plain", "item", "orders", "selected", "width"]


def selected(state: State) -> tuple[ColumnItem, ...] | None:
    """The columns that are selected one by one, `None` for all of them."""
    if state.select is not None or state.aggregates or state.group:
        names = {name_of(column) for column in state.group}
        return tuple([column for column in state.select or () if name_of(column) not in names])
    if state.only is not None or state.deferred:
        return _loaded(state)
    return None


def _loaded(state: State) -> tuple[str, ...]:
    """The columns that are left when some are deferred; the primary key is always among them."""
    key = models.primary_key(state.model)
    declared = models.table_columns(state.model)
    if state.only is not None:
        chosen = [name for name in declared if name in state.only]
    else:
        chosen = [name for name in declared if name not in state.deferred]
    return tuple(chosen if key in chosen else [key, *chosen])


def is_plain(state: State) -> bool:
    """Whether the select list is nothing but the columns of the model's table."""
    return selected(state) is None and not state.windows


def width(state: State) -> int | None:
    """How many columns the query has, `None` when that depends on the table."""
    chosen = selected(state)
    if chosen is None or "*" in [name for name in chosen if isinstance(name, str)]:
        return None
    return len(state.group) + len(chosen) + len(state.aggregates) + len(state.windows)


def columns(state: State, encoder: Encoder, key: str) -> list[Node]:
    """The nodes of the select list: groups, selected columns, aggregates, windows.

    Args:
        state: The query.
        encoder: Takes the values.
        key: What column nodes call the main source.

    Returns:
        No nodes when all columns of the main source are selected, and nothing else.
    """
    chosen = selected(state)
    if chosen is None:
        if not state.windows:
            return []
        chosen = ("*",)
    found = [item(encoder, column, key, qualified=bool(state.joins)) for column in (*state.group, *chosen)]
    found += [_aliased(aggregate(encoder, each.function, each.column), each) for each in state.aggregates]
    found += [_aliased(_window(encoder, each), each) for each in state.windows]
    return found


def item(encoder: Encoder, column: ColumnItem, key: str, *, qualified: bool = False) -> Node:
    """One item of a select list; `*` means the columns of the main source."""
    if isinstance(column, Label):
        return column.encode(encoder)
    if isinstance(column, str) and column == "*":
        return {"expression": {"star": {"of": key} if qualified else {}}}
    return {"expression": column_node(encoder, column)}


def _aliased(expression: Node, what: Aggregate | Window) -> Node:
    return {"expression": expression} if what.alias is None else {"expression": expression, "label": what.alias}


def aggregate(encoder: Encoder, function: str, column: ColumnItem | None) -> Node:
    """The node of an aggregate function."""
    call: Node = {"function": function}
    if column is not None:
        call["column"] = column_node(encoder, column)
    return {"aggregate": call}


def _window(encoder: Encoder, window: Window) -> Node:
    call: Node = {"function": window.function}
    if window.column is not None:
        call["column"] = column_node(encoder, window.column)
    if window.offset is not None:
        call["offset"] = encoder.slot(window.offset)
    if window.default is not None:
        call["default"] = encoder.slot(window.default)
    if window.partition:
        call["partition"] = [column_node(encoder, column) for column in window.partition]
    if window.order:
        call["order"] = orders(encoder, window.order)
    if window.frame is not None:
        call["frame"] = list(window.frame)
    return {"window": call}


def orders(encoder: Encoder, items: tuple[Order, ...]) -> list[Node]:
    """The nodes of an ORDER BY."""
    return [{"expression": column_node(encoder, each.column), "direction": each.direction.upper()} for each in items]
