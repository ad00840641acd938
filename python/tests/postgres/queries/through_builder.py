"""Abstract queries as calls of this package."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping
from typing import Any

from ouroboros_postgres import (
    QueryBuilder,
    QueryFragment,
    SqlExpr,
    WindowSpec,
    aliased,
    and_,
    any_,
    has,
    not_,
    or_,
)
from queries import models
from queries.abstract import (
    Boolean,
    Col,
    Compare,
    CompareColumns,
    CompareQuery,
    Condition,
    Exists,
    In,
    Order,
    Page,
    Query,
    Related,
    Window,
)

__all__ = ["build"]

Sources = Mapping[str, Any]
COMPARISONS = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
SIGNS = {"eq": "=", "ne": "!=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
WORDS = {
    "in": "IN",
    "not_in": "NOT IN",
    "between": "BETWEEN",
    "not_between": "NOT BETWEEN",
    "like": "LIKE",
    "ilike": "ILIKE",
    "not_like": "NOT LIKE",
    "not_ilike": "NOT ILIKE",
    "is_null": "IS NULL",
    "is_not_null": "IS NOT NULL",
    "distinct": "IS DISTINCT FROM",
    "not_distinct": "IS NOT DISTINCT FROM",
    "any_list": "&&",
    "overlaps": "&&",
    "has_list": "@>",
    "contained_by": "<@",
}
LOOKUPS = {"eq": "", "is_null": "__isnull", "is_not_null": "__isnull"}
TUPLES = {
    "any": "any",
    "any_list": "any",
    "has": "any",
    "has_list": "has_all",
    "contained_by": "array_contained_by",
    "overlaps": "has_any",
    "key": "json_key_exists",
    "any_key": "json_any_key_exists",
    "all_keys": "json_all_keys_exist",
}
METHODS = {
    "json_contains": "jsonb_contains",
    "json_contained_by": "where_json_contained_by",
    "key": "jsonb_has_key",
    "any_key": "where_json_any_key_exists",
    "all_keys": "jsonb_has_all_keys",
}


def build(query: Query, outer: Sources | None = None) -> QueryBuilder[Any]:
    """The builder of a query; `outer` are the sources of the query around it."""
    model = getattr(models, query.model)
    sources = {**(outer or {}), query.model: model}
    for join in query.joins:
        target = getattr(models, join.model)
        sources[join.source] = target if join.source == join.model else aliased(target, join.source)
    built = model.find()
    for join in query.joins:
        on = _condition(join.on, sources)
        if join.kind == "left":
            built = built.join(sources[join.source], on)
        else:
            built = getattr(built, f"{join.kind}_join")(sources[join.source], on)
    built = _filtered(built, query, sources)
    built = _selected(built, query, sources)
    built = _paged(built, query.page, sources)
    for operation, other in query.sets:
        built = getattr(built, operation)(build(other))
    return _paged(built, query.after, sources)


def _filtered(built: QueryBuilder[Any], query: Query, sources: Sources) -> QueryBuilder[Any]:
    for condition in query.where:
        if isinstance(condition, In):
            subquery = build(condition.query, sources)
            item = _proxy(condition.col, sources)
            name = condition.col.name
            if not condition.negated and condition.query.page.limit is None:
                built = built.where(name, "in", subquery)
            elif condition.negated:
                built = built.where_not_in_subquery(item, subquery)
            else:
                built = built.where_in_subquery(name, subquery)
        elif isinstance(condition, Exists):
            method = built.where_not_exists if condition.negated else built.where_exists
            built = method(build(condition.query, sources))
        elif isinstance(condition, Compare) and condition.style == "tuple":
            op = TUPLES.get(condition.op, condition.op)
            built = built.where(condition.col.name, op, condition.value)
        elif isinstance(condition, Compare) and condition.style == "method":
            built = getattr(built, METHODS[condition.op])(_proxy(condition.col, sources), condition.value)
        elif isinstance(condition, Compare) and condition.style == "dict":
            built = built.where({condition.col.name: condition.value})
        else:
            built = built.where(_condition(condition, sources))
    return built


def _selected(built: QueryBuilder[Any], query: Query, sources: Sources) -> QueryBuilder[Any]:
    chosen: list[Any] = []
    for output in query.columns:
        if isinstance(output.item, Query):
            chosen.append(build(output.item, sources).as_scalar().label(output.label))
        elif output.label == output.item.name:
            plain = output.item.source == query.model and len(output.label) % 2
            chosen.append(output.label if plain else _proxy(output.item, sources))
        else:
            chosen.append(_proxy(output.item, sources).label(output.label))
    if chosen:
        built = built.select(*chosen)
    if query.distinct:
        built = built.distinct()
    for col in query.distinct_on:
        built = built.distinct_on(_proxy(col, sources))
    for col in query.groups:
        built = built.group_by(_proxy(col, sources))
    for aggregate in query.aggregates:
        if aggregate.col is None:
            built = built.count_agg(aggregate.label)
        else:
            built = getattr(built, aggregate.function)(_proxy(aggregate.col, sources), aggregate.label)
    for having in query.having:
        col = having.col and _proxy(having.col, sources)
        built = built.having(having.function, col, having.op, having.value)
    for window in query.windows:
        built = _windowed(built, window, sources)
    return built


def _windowed(built: QueryBuilder[Any], window: Window, sources: Sources) -> QueryBuilder[Any]:
    spec = WindowSpec()
    if window.partition:
        spec = spec.partition_by(*(_proxy(col, sources) for col in window.partition))
    for col, direction in window.order:
        spec = spec.order_by(_proxy(col, sources), direction)
    if window.frame:
        unit, start, end = window.frame
        spec = getattr(spec, f"{unit}_between")(start, end)
    column = window.col and _proxy(window.col, sources)
    if window.function in ("row_number", "rank", "dense_rank"):
        return getattr(built, window.function)(window.label, spec)
    if window.function == "ntile":
        return built.ntile(window.offset, window.label, spec)
    if window.function in ("lag", "lead") and window.offset is not None:
        return getattr(built, window.function)(column, window.label, window.offset, window.default, spec)
    if window.function in ("sum", "avg") and window.frame is None:
        return getattr(built, f"window_{window.function}")(column, window.label, spec)
    return built.window(window.function, window.label, column, spec, window.offset, window.default)


def _paged(built: QueryBuilder[Any], page: Page, sources: Sources) -> QueryBuilder[Any]:
    built = built.order_by(*(_order(order, sources) for order in page.order))
    if page.limit is not None:
        built = built.limit(page.limit)
    return built if page.offset is None else built.offset(page.offset)


def _order(order: Order, sources: Sources) -> Any:
    if isinstance(order.item, str):
        return f"-{order.item}" if order.descending else order.item
    proxy = _proxy(order.item, sources)
    if order.nulls is None:
        return -proxy if order.descending else proxy
    ordering = proxy.desc() if order.descending else proxy.asc()
    return ordering.nulls_first() if order.nulls == "first" else ordering.nulls_last()


def _proxy(col: Col, sources: Sources) -> Any:
    source = sources.get(col.source)
    # Related tables are named "Model.depth" there; their columns are those of the model here.
    return getattr(source or getattr(models, col.source.partition(".")[0]), col.name)


def _condition(condition: Condition, sources: Sources) -> Any:
    match condition:
        case Compare():
            return _compare(condition, sources)
        case CompareColumns(left, op, right):
            return COMPARISONS[op](_proxy(left, sources), _proxy(right, sources))
        case CompareQuery(col, op, query):
            return COMPARISONS[op](_proxy(col, sources), build(query, sources))
        case Related(source, name, target, inner):
            attribute = _proxy(Col(source, name), sources)
            function = any_ if len(target) % 2 else has
            return function(attribute) if inner is None else function(attribute, _condition(inner, sources))
        case Boolean(word, members, style):
            parts = [_condition(member, sources) for member in members]
            if style == "functions":
                return {"AND": and_, "OR": or_, "NOT": not_}[word](*parts)
            if word == "NOT":
                return ~parts[0]
            return functools.reduce(operator.and_ if word == "AND" else operator.or_, parts)
        case _:
            raise AssertionError(f"{condition} is a filter of its own")


def _compare(condition: Compare, sources: Sources) -> Any:
    col, op, value, style = condition.col, condition.op, condition.value, condition.style
    if style == "fragment" and op not in ("not_between", "regexp", "regexp_i"):
        if op in ("is_null", "is_not_null"):
            return QueryFragment(**{f"{col.name}__isnull": op == "is_null"})
        return QueryFragment(**{col.name + LOOKUPS.get(op, f"__{op}"): value})
    if style == "expression" and (op in SIGNS or op in WORDS):
        return SqlExpr(col.name, SIGNS.get(op) or WORDS[op], value)
    proxy = _proxy(col, sources)
    if style == "function" and op in ("any", "any_list", "json_any", "any_key"):
        return any_(proxy, value)
    if style == "function" and op in ("has", "has_list", "key", "all_keys"):
        return has(proxy, value)
    return _method(proxy, op, value)


def _method(proxy: Any, op: str, value: Any) -> Any:
    if op in COMPARISONS:
        return COMPARISONS[op](proxy, value)
    match op:
        case "in":
            return proxy.in_(value)
        case "between" | "not_between":
            return getattr(proxy, op)(*value)
        case "is_null" | "is_not_null":
            return getattr(proxy, op)()
        case "distinct":
            return proxy.is_distinct_from(value)
        case "not_distinct":
            return ~proxy.is_distinct_from(value)
        case "regexp":
            return proxy.regexp(value)
        case "regexp_i":
            return proxy.regexp(value, ignore_case=True)
        case "path":
            keys, text = value
            return proxy.json_path(*keys) == text
    names = {
        "any": "any_",
        "any_list": "any_",
        "has": "any_",
        "has_list": "array_contains",
        "contained_by": "array_contained_by",
        "overlaps": "array_overlaps",
        "key": "has_key",
        "any_key": "has_any_keys",
        "all_keys": "has_all_keys",
    }
    return getattr(proxy, names.get(op, op))(value)
