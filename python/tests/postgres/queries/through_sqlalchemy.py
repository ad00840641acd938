"""Abstract queries as SQLAlchemy Core: another author's SQL for the same question."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as dialect

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
from queries.data import COLUMNS

__all__ = ["TABLES", "select"]

TYPES: dict[str, Any] = {
    "int": sa.Integer(),
    "big": sa.BigInteger(),
    "float": sa.Double(),
    "numeric": sa.Numeric(),
    "text": sa.Text(),
    "date": sa.Date(),
    "bool": sa.Boolean(),
    "texts": dialect.ARRAY(sa.Text()),
    "varchars": dialect.ARRAY(sa.String()),
    "ints": dialect.ARRAY(sa.Integer()),
    "json": dialect.JSONB(none_as_null=True),
}
METADATA = sa.MetaData()
TABLES = {
    model: sa.Table(model.lower(), METADATA, *(sa.Column(name, TYPES[kind]) for name, kind in columns.items()))
    for model, columns in COLUMNS.items()
}
# (owner's column, target's column)
RELATIONS = {
    ("Author", "books"): ("id", "author_id"),
    ("Author", "pupils"): ("id", "mentor_id"),
    ("Author", "mentor_id"): ("mentor_id", "id"),
    ("Book", "author"): ("author_id", "id"),
    ("Book", "author_id"): ("author_id", "id"),
    ("Book", "reviews"): ("id", "book_id"),
    ("Review", "book"): ("book_id", "id"),
    ("Review", "book_id"): ("book_id", "id"),
}

Sources = Mapping[str, Any]


def select(query: Query, outer: Sources | None = None) -> Any:
    """The statement of a query; `outer` are the sources of the query around it."""
    outer = outer or {}
    main = TABLES[query.model].alias()
    sources = {**outer, query.model: main}
    origin: Any = main
    for join in query.joins:
        sources[join.source] = TABLES[join.model].alias()
        origin = _joined(origin, sources[join.source], join.kind, _condition(join.on, sources))
    labels = {output.label: output.item for output in query.columns if isinstance(output.item, Col)}
    statement = sa.select(*_columns(query, sources)).select_from(origin)
    statement = statement.where(*(_condition(condition, sources) for condition in query.where))
    statement = statement.group_by(*(_col(col, sources) for col in query.groups))
    for having in query.having:
        statement = statement.having(
            _operator(_aggregate(having.function, having.col, sources), having.op, having.value)
        )
    page = query.page
    if query.distinct_on:
        page = _led(query)
        statement = statement.ext(dialect.distinct_on(*(_col(col, sources) for col in query.distinct_on)))
    elif query.distinct:
        statement = statement.distinct()
    statement = _paged(statement, page, {**labels, **_aggregates(query, sources)}, sources)
    if outer:
        statement = statement.correlate(*outer.values())
    if query.sets:
        statement = _combined(statement, query)
    return statement


def _joined(left: Any, right: Any, kind: str, on: Any) -> Any:
    if kind == "right":
        return right.outerjoin(left, on)
    return left.join(right, on, isouter=kind == "left", full=kind == "full")


def _columns(query: Query, sources: Sources) -> list[Any]:
    made: list[Any] = [_col(col, sources).label(col.name) for col in query.groups]
    for output in query.columns:
        if isinstance(output.item, Query):
            made.append(select(output.item, sources).scalar_subquery().label(output.label))
        else:
            made.append(_col(output.item, sources).label(output.label))
    made += [value.label(label) for label, value in _aggregates(query, sources).items()]
    if not made:
        made = list(sources[query.model].c)
    return made + [_window(window, sources).label(window.label) for window in query.windows]


def _aggregates(query: Query, sources: Sources) -> dict[str, Any]:
    return {aggregate.label: _aggregate(aggregate.function, aggregate.col, sources) for aggregate in query.aggregates}


def _aggregate(function: str, col: Col | None, sources: Sources) -> Any:
    if col is None:
        return sa.func.count()
    item = _col(col, sources)
    match function:
        case "count_column":
            return sa.func.count(item)
        case "count_distinct":
            return sa.func.count(item.distinct())
        case _:
            return getattr(sa.func, function)(item)


def _led(query: Query) -> Page:
    """DISTINCT ON wants its columns first in the order: those that are not follow those that are, in the direction
    that is given for them further on, else ascending.
    """
    orders, missing = list(query.page.order), list(dict.fromkeys(query.distinct_on))
    leading: list[Order] = []
    while orders and orders[0].item in missing:
        leading.append(orders.pop(0))
        missing.remove(leading[-1].item)
    given = {order.item: order for order in reversed(orders)}
    leading += [given.get(col, Order(col)) for col in missing]
    return Page((*leading, *orders), query.page.limit, query.page.offset)


def _paged(statement: Any, page: Page, labels: Mapping[str, Any], sources: Sources) -> Any:
    for order in page.order:
        item = labels[order.item] if isinstance(order.item, str) else order.item
        if isinstance(item, Col):
            item = _col(item, sources)
        item = item.desc() if order.descending else item.asc()
        if order.nulls:
            item = item.nulls_first() if order.nulls == "first" else item.nulls_last()
        statement = statement.order_by(item)
    return statement.limit(page.limit).offset(page.offset)


def _combined(statement: Any, query: Query) -> Any:
    names = [output.label for output in query.columns]
    for operation, other in query.sets:
        left, right = statement.subquery(), select(other).subquery()
        function = getattr(sa, operation.removesuffix("_") if operation != "except_" else "except_")
        statement = function(sa.select(*left.c), sa.select(*right.c))
    whole = statement.subquery()
    result = sa.select(*whole.c)
    for order in query.after.order:
        column = whole.c[names.index(order.item)]
        result = result.order_by(column.desc() if order.descending else column.asc())
    return result.limit(query.after.limit).offset(query.after.offset)


def _window(window: Window, sources: Sources) -> Any:
    arguments: list[Any] = [] if window.col is None else [_col(window.col, sources)]
    if window.function == "ntile":
        arguments = [sa.literal(window.offset, sa.Integer())]
    elif window.function in ("lag", "lead"):
        arguments.append(sa.literal(1 if window.offset is None else window.offset, sa.Integer()))
        if window.default is not None:
            arguments.append(sa.literal(window.default, arguments[0].type))
    order = []
    for col, direction in window.order:
        item = _col(col, sources)
        item = item.desc() if direction.lower().startswith("desc") else item.asc()
        order.append(item.nulls_first() if "nulls first" in direction else item)
    frame = {}
    if window.frame:
        unit, start, end = window.frame
        frame = {"range_" if unit == "range" else "rows": (start, end)}
    partition = [_col(col, sources) for col in window.partition]
    return getattr(sa.func, window.function)(*arguments).over(
        partition_by=partition or None, order_by=order or None, **frame
    )


def _col(col: Col, sources: Sources) -> Any:
    return sources[col.source].c[col.name]


def _condition(condition: Condition, sources: Sources) -> Any:
    match condition:
        case Compare(col, op, value):
            return _operator(_col(col, sources), op, value)
        case CompareColumns(left, op, right):
            return _compared(_col(left, sources), op, _col(right, sources))
        case CompareQuery(col, op, query):
            return _compared(_col(col, sources), op, select(query, sources).scalar_subquery())
        case In(col, query, negated):
            return _membership(_col(col, sources), select(_one_column(query), sources).subquery(), negated)
        case Exists(query, negated):
            found = sa.exists(select(_one_column(query), sources))
            return ~found if negated else found
        case Related():
            return _related(condition, sources)
        case Boolean(word, members):
            parts = [_condition(member, sources) for member in members]
            return sa.not_(parts[0]) if word == "NOT" else (sa.and_ if word == "AND" else sa.or_)(*parts)
        case _:
            raise AssertionError(condition)


def _one_column(query: Query) -> Query:
    from dataclasses import replace

    from queries.abstract import Output

    return query if query.columns else replace(query, columns=(Output("id", Col(query.model, "id")),))


def _membership(item: Any, found: Any, negated: bool) -> Any:
    values = sa.select(found.c[0])
    return item.not_in(values.where(found.c[0].is_not(None))) if negated else item.in_(values)


def _related(condition: Related, sources: Sources) -> Any:
    owner = sources[condition.source]
    target = TABLES[condition.target].alias()
    model = next(model for model, table in TABLES.items() if table is owner.element)
    mine, theirs = RELATIONS[model, condition.name]
    found = sa.select(sa.literal(1)).select_from(target).where(target.c[theirs] == owner.c[mine])
    if condition.condition is not None:
        depth = _depth(condition.condition)
        found = found.where(_condition(condition.condition, {**sources, depth: target}))
    return sa.exists(found.correlate(*sources.values()))


def _depth(condition: Condition) -> str:
    """The name of the related table in a condition about it."""
    match condition:
        case Compare(col):
            return col.source
        case Boolean(_, members):
            return _depth(members[0])
        case _:
            raise AssertionError(condition)


def _literal(item: Any, value: Any) -> Any:
    """A parameter of the value's own type: that of the column would round or overflow."""
    if isinstance(value, bool):
        return sa.literal(value, sa.Boolean())
    if isinstance(value, int):
        return sa.literal(value, sa.BigInteger())
    if isinstance(value, float):
        return sa.literal(value, sa.Double())
    if isinstance(value, Decimal):
        return sa.literal(value, sa.Numeric())
    if isinstance(value, str) and isinstance(item.type, sa.Date):
        return sa.literal(datetime.date.fromisoformat(value), sa.Date())
    return sa.literal(value, item.type)


def _compared(left: Any, op: str, right: Any) -> Any:
    match op:
        case "eq":
            return left == right
        case "ne":
            return left != right
        case "gt":
            return left > right
        case "gte":
            return left >= right
        case "lt":
            return left < right
        case "lte":
            return left <= right
        case _:
            raise AssertionError(op)


def _operator(item: Any, op: str, value: Any) -> Any:
    if isinstance(getattr(item, "type", None), (dialect.ARRAY, dialect.JSONB)):
        return _contained(item, op, value)
    if op in ("eq", "ne", "gt", "gte", "lt", "lte"):
        if value is None:
            return item.is_(None) if op == "eq" else item.is_not(None)
        return _compared(item, op, _literal(item, value))
    match op:
        case "in" | "not_in":
            return _among(item, value, negated=op == "not_in")
        case "between" | "not_between":
            within = item.between(_literal(item, value[0]), _literal(item, value[1]))
            return within if op == "between" else sa.not_(within)
        case "is_null":
            return item.is_(None)
        case "is_not_null":
            return item.is_not(None)
        case "is_":
            return item.is_(value)
        case "is_not":
            return item.is_not(value)
        case "distinct":
            return item.is_distinct_from(None if value is None else _literal(item, value))
        case "not_distinct":
            return item.is_not_distinct_from(None if value is None else _literal(item, value))
        case "regexp":
            return item.bool_op("~")(value)
        case "regexp_i":
            return item.bool_op("~*")(value)
        case "like" | "ilike" | "not_like" | "not_ilike":
            return getattr(item, op)(value)
        case _:
            return getattr(item, op)(value, autoescape=True)


def _among(item: Any, values: list[Any], *, negated: bool) -> Any:
    """IN with NULL meaning "is NULL", which is not how SQL reads it."""
    plain = [_literal(item, value) for value in values if value is not None]
    null = len(plain) < len(values)
    if negated:
        parts = [item.not_in(plain)] if plain else []
        parts += [item.is_not(None)] if null else []
        return sa.and_(sa.true(), *parts)
    parts = [item.in_(plain)] if plain else []
    parts += [item.is_(None)] if null else []
    return sa.or_(sa.false(), *parts)


def _contained(item: Any, op: str, value: Any) -> Any:
    """Operators of arrays and documents."""

    def document(plain: Any) -> Any:
        return sa.literal(plain, dialect.JSONB())

    def keys(plain: list[str]) -> Any:
        return sa.cast(sa.literal(plain, dialect.ARRAY(sa.Text())), dialect.ARRAY(sa.Text()))

    match op:
        case "is_null":
            return item.is_(None)
        case "any":
            if value is None:
                return sa.func.array_position(item, None).is_not(None)
            return sa.literal(value, item.type.item_type) == sa.any_(item)
        case "has":
            return sa.literal(value, item.type.item_type) == sa.any_(item)
        case "any_list":
            return item.overlap(value) if value else sa.false()
        case "overlaps":
            return item.overlap(value)
        case "has_list":
            return item.contains(value) if value else item.is_not(None)
        case "contained_by":
            return item.contained_by(value)
        case "json_contains":
            return item.contains(document(value))
        case "json_contained_by":
            return item.contained_by(document(value))
        case "key":
            return item.has_key(value)
        case "any_key":
            return item.has_any(keys(value)) if value else sa.false()
        case "all_keys":
            return item.has_all(keys(value)) if value else item.is_not(None)
        case "path":
            return item[tuple(value[0])].astext == value[1]
        case "json_any":
            return _any_of_a_document(item, value)
        case _:
            raise AssertionError(op)


def _any_of_a_document(item: Any, value: Any) -> Any:
    if isinstance(value, str):
        return item.has_key(value)
    if isinstance(value, list):
        return sa.or_(*(_any_of_a_document(item, member) for member in value))
    return item.contains(sa.literal(value, dialect.JSONB()))
