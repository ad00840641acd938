"""From the state of a query to the trees that the engine compiles: the one place that knows how they look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._sql import models
from .._sql.comparison import compare
from .._sql.encoder import Scope
from .._sql.filters import nodes
from .._sql.json_comparison import contains_json
from .._sql.proxy import column_node
from . import output
from .locking import check_lock
from .names import name_of
from .sources import Sources, main_source

if TYPE_CHECKING:
    from .._sql.encoder import Encoder, Node
    from .state import JsonCondition, Lock, Order, State, SubqueryCondition

__all__ = ["common_tables", "conditions", "count", "exists", "one_column", "select"]


def select(state: State, encoder: Encoder, *, qualified: bool = False) -> Node:
    """The select of the rows of a query; `qualified` if there will be more sources than it has by itself."""
    return _select(state, encoder, qualified=qualified)


def one_column(state: State, encoder: Encoder) -> Node:
    """The select of a query as a set of values: its only column, or the primary key when none is selected.

    Raises:
        ValueError: It has several columns.
    """
    wide = output.width(state)
    if wide is None:
        if not output.is_plain(state):
            raise ValueError("a subquery that is compared with a value must select one column")
        state = state.replace(select=(models.primary_key(state.model),))
    elif wide != 1:
        raise ValueError(f"a subquery that is compared with a value must select one column, not {wide}")
    return _select(state, encoder, members=True)


def _select(
    state: State,
    encoder: Encoder,
    columns: list[Node] | None = None,
    *,
    members: bool = False,
    qualified: bool = False,
) -> Node:
    main = main_source(state)
    key = main["keys"][0]
    node: Node = {"from": main}
    if state.ctes:
        node["ctes"] = common_tables(state, encoder)
    scope = Scope(key, state.model, qualified=qualified or bool(state.joins))
    scope.outer, encoder.scope = encoder.scope, scope  # `within` by hand: every query comes through here
    try:
        _add_sources(state, encoder, node)
        listed = output.columns(state, encoder, key) if columns is None else columns
        if listed:
            node["columns"] = listed
        where = conditions(state, encoder)
        if where:
            node["where"] = where
        _add_groups(state, encoder, node)
        _add_page(state, encoder, node)
    finally:
        encoder.scope = scope.outer
    if state.sets:
        _add_sets(state, encoder, node, members)
    return node


def common_tables(state: State, encoder: Encoder) -> list[Node]:
    """The nodes of WITH."""
    return [{"name": each.name, "query": each.query.encode(encoder)} for each in state.ctes]


def _add_sources(state: State, encoder: Encoder, node: Node) -> None:
    if not state.joins and state.lock is None:
        return
    sources = Sources(state, encoder, node["from"])
    if sources.joins:
        node["joins"] = sources.joins
    if state.lock is not None:
        check_lock(state)
        node["lock"] = _lock(state.lock, sources)


def _lock(lock: Lock, sources: Sources) -> Node:
    node: Node = {"strength": lock.strength}
    if lock.of:
        node["of"] = [sources.key_of(table) for table in lock.of]
    if lock.nowait:
        node["nowait"] = True
    if lock.skip_locked:
        node["skip_locked"] = True
    return node


def conditions(state: State, encoder: Encoder) -> list[Node]:
    """The nodes of WHERE: filters, conditions on JSON, subqueries."""
    found = nodes(encoder, state.filters)
    if state.json:
        found += [_json(encoder, each) for each in state.json]
    if state.subqueries:
        found += [_subquery(encoder, each) for each in state.subqueries]
    return found


def _json(encoder: Encoder, condition: JsonCondition) -> Node:
    left = column_node(encoder, condition.column)
    if condition.operator in _DOCUMENTS:
        return contains_json(encoder, left, _DOCUMENTS[condition.operator], condition.value)
    return compare(encoder, left, condition.operator, condition.value)


_DOCUMENTS = {"json_contains": "@>", "json_contained_by": "<@"}


def _subquery(encoder: Encoder, condition: SubqueryCondition) -> Node:
    kind = condition.kind.lower()
    if kind in ("exists", "not_exists"):
        node: Node = {"query": condition.query.encode(encoder)}
        if kind == "not_exists":
            node["negated"] = True
        return {"exists": node}
    if kind not in ("in", "not_in"):
        raise ValueError(f"Unknown subquery type: {condition.kind}")
    if condition.column is None:
        raise ValueError(f"{kind.upper().replace('_', ' ')} subquery requires a field name")
    left = column_node(encoder, condition.column)
    right = {"query": condition.query.encode_column(encoder)}
    operator = "IN" if kind == "in" else "NOT IN"
    return {"compare": {"left": left, "operator": operator, "right": right}}


def _add_groups(state: State, encoder: Encoder, node: Node) -> None:
    if state.distinct:
        node["distinct"] = True
    if state.distinct_on:
        node["distinct_on"] = [column_node(encoder, column) for column in state.distinct_on]
    if state.group:
        node["group_by"] = [column_node(encoder, column) for column in state.group]
    if state.having:
        node["having"] = [
            compare(encoder, output.aggregate(encoder, each.function, each.column), each.operator, each.value)
            for each in state.having
        ]


def _add_page(state: State, encoder: Encoder, node: Node) -> None:
    """Order and limits: behind set operations those of the combined rows, whose columns have no table."""
    if not state.sets:
        _page(encoder, node, state.order, state.limit, state.offset)
        return
    if state.left is not None:
        left: Node = {}
        _page(encoder, left, state.left.order, state.left.limit, state.left.offset)
        if left:
            node["left"] = left
    bare = tuple([order._replace(column=name_of(order.column)) for order in state.order])
    with encoder.within(Scope("", None, qualified=False)):
        _page(encoder, node, bare, state.limit, state.offset)


def _page(encoder: Encoder, node: Node, order: tuple[Order, ...], limit: int, offset: int) -> None:
    if order:
        node["order"] = output.orders(encoder, order)
    if limit:
        node["limit"] = encoder.slot(limit)
    if offset:
        node["offset"] = encoder.slot(offset)


def _add_sets(state: State, encoder: Encoder, node: Node, members: bool) -> None:
    own = output.width(state)
    for each in state.sets:  # what is selected may have changed since the operand was added
        if own is not None and each.query.width not in (None, own):
            raise ValueError(f"the queries of {each.operation} have {own} and {each.query.width} columns")
    node["sets"] = [
        {
            "operation": each.operation,
            "query": each.query.encode_column(encoder) if members else each.query.encode(encoder),
        }
        for each in state.sets
    ]


# Queries about a query.

_COUNT: Node = {"expression": {"aggregate": {"function": "count"}}, "label": "count"}


def count(state: State, encoder: Encoder) -> Node:
    """The select of the number of rows that a query has."""
    if _is_one_row_each(state) and not state.limit and not state.offset and state.lock is None:
        return _select(state.replace(order=()), encoder, [_COUNT])
    inner, ctes = _rows_only(state, encoder)
    return {"columns": [_COUNT], "from": {"query": {"select": inner}, "alias": "counted"}, **ctes}


def exists(state: State, encoder: Encoder) -> Node:
    """The select of whether a query has rows."""
    inner, ctes = _rows_only(state, encoder)
    return {"columns": [{"expression": {"exists": {"query": {"select": inner}}}, "label": "exists"}], **ctes}


def _is_one_row_each(state: State) -> bool:
    """Whether every row of the joined tables that meets the conditions is a row of the result."""
    return not (state.distinct or state.distinct_on or state.group or state.having or state.aggregates or state.sets)


def _rows_only(state: State, encoder: Encoder) -> tuple[Node, Node]:
    """The select of some columns or other, one row for each row of the query; and its common tables apart."""
    ctes: Node = {"ctes": common_tables(state, encoder)} if state.ctes else {}
    state = state.replace(order=() if not state.distinct_on else state.order, ctes=())
    if _is_one_row_each(state):
        return _select(state, encoder, [{"expression": {"constant": True}}]), ctes
    return _select(state, encoder), ctes
