"""Requests of aggregate queries and of queries with CTEs, from the arguments of public functions.

Here only shapes are checked; what names, functions and SQL texts may be is decided by the engine, before it sends them.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from ._arguments import argument, arguments
from ._guards import is_list
from ._requests import (
    bound,
    conditions,
    distinct_columns,
    encode,
    flag,
    given_name,
    listed,
    name_list,
    optional_names,
    order,
    sized,
    text,
)

__all__ = ["aggregate", "with_cte"]

Request: TypeAlias = dict[str, Any]


def aggregate(
    table: str,
    aggregates: Any,
    *,
    group_by: Any,
    having: Any,
    where_conditions: Any,
    order_by: Any,
    limit: Any,
    distinct: Any,
    distinct_on: Any,
    ctes: Any,
    subqueries: Any,
    windows: Any,
    set_operations: Any,
    offset: Any,
) -> bytes:
    """`aggregate`; fields without a value are left out."""
    fields: Request = {
        "aggregates": [_aggregate(what, item) for what, item in _each("aggregates", aggregates)],
        "group_by": None if group_by is None else name_list("group_by", group_by),
        "having": [_having(what, item) for what, item in _each("having", having)],
        "filter": conditions(where_conditions),
        "order": order(order_by, nulls=True),
        "distinct": None if distinct is None else flag("distinct", distinct),
        "distinct_on": None if distinct_on is None else distinct_columns(distinct_on),
        "ctes": _ctes(ctes),
        "subqueries": _subqueries(subqueries),
        "windows": [_window(what, item) for what, item in _each("windows", windows)],
        "set_operations": [
            _named_sql(what, item, "operation") for what, item in _each("set_operations", set_operations)
        ],
    }
    return _encode("aggregate", table, fields, limit, offset)


def with_cte(
    table: str,
    ctes: Any,
    *,
    select_columns: Any,
    where_conditions: Any,
    order_by: Any,
    limit: Any,
    subqueries: Any,
    offset: Any,
    recursive: Any,
) -> bytes:
    """`with_cte`; fields without a value are left out."""
    fields: Request = {
        "ctes": _ctes(ctes),
        "columns": optional_names("select_columns", select_columns),
        "filter": conditions(where_conditions),
        "order": order(order_by, nulls=True),
        "subqueries": _subqueries(subqueries),
        "recursive": flag("recursive", recursive),
    }
    return _encode("with_cte", table, fields, limit, offset)


def _encode(op: str, table: str, fields: Request, limit: Any, offset: Any) -> bytes:
    given = {name: value for name, value in fields.items() if value}
    numbers = {"limit": bound("limit", limit), "offset": bound("offset", offset)}
    given |= {name: value for name, value in numbers.items() if value is not None}
    return encode({"op": op, "table": text("table", table), **given})


def _each(what: str, values: Any) -> list[tuple[str, Any]]:
    """Pair the items of an optional list with what messages call them."""
    if values is None:
        return []
    return [(f"{what}[{index}]", item) for index, item in enumerate(listed(what, "tuples", values))]


def _optional_name(what: str, value: Any) -> str | None:
    return None if value is None else given_name(what, value)


def _aggregate(what: str, item: Any) -> list[Any]:
    function, column, alias = sized(what, item, 3, "(function, column, alias)")
    return [
        text(f"the function of {what}", function),
        None if column is None else text(f"the column of {what}", column),
        _optional_name(f"the alias of {what}", alias),
    ]


def _having(what: str, item: Any) -> list[Any]:
    function, column, operator, value = sized(what, item, 4, "(function, column, operator, value)")
    return [
        text(f"the function of {what}", function),
        None if column is None else text(f"the column of {what}", column),
        text(f"the operator of {what}", operator),
        argument(value),
    ]


def _ctes(ctes: Any) -> list[list[Any]]:
    return [_named_sql(what, item, "name") for what, item in _each("ctes", ctes)]


def _named_sql(what: str, item: Any, kind: str) -> list[Any]:
    name, sql, params = sized(what, item, 3, f"({kind}, sql, params)")
    return [text(f"the {kind} of {what}", name), text(f"the SQL of {what}", sql), _params(what, params)]


def _subqueries(subqueries: Any) -> list[list[Any]]:
    return [_subquery(what, item) for what, item in _each("subqueries", subqueries)]


def _subquery(what: str, item: Any) -> list[Any]:
    kind, field, sql, params = sized(what, item, 4, "(type, field, sql, params)")
    if field is not None:
        text(f"the field of {what}", field)
    return [text(f"the type of {what}", kind), field, text(f"the SQL of {what}", sql), _params(what, params)]


def _params(what: str, params: Any) -> list[Any]:
    if params is None:
        return []
    if not is_list(params):
        raise TypeError(f"the params of {what} must be a list or tuple, not {type(params).__name__}")
    return arguments(params)


_WINDOW = "(function, column, offset, default, partition_by, order_by, alias)"


def _window(what: str, item: Any) -> list[Any]:
    framed = is_list(item) and len(item) == 8
    parts = sized(what, item, 8 if framed else 7, _WINDOW)
    function, column, offset, default, partition_by, order_by, alias = parts[:7]
    return [
        text(f"the function of {what}", function),
        None if column is None else text(f"the column of {what}", column),
        bound(f"the offset of {what}", offset),
        argument(default),
        optional_names(f"partition_by of {what}", partition_by),
        order(order_by, f"order_by of {what}", nulls=True),
        _optional_name(f"the alias of {what}", alias),
        _frame(f"the frame of {what}", parts[7]) if framed else None,
    ]


def _frame(what: str, frame: Any) -> list[Any] | None:
    if frame is None:
        return None
    unit, start, end = sized(what, frame, 3, "(unit, start, end)")
    return [text(f"the unit of {what}", unit), _rows(what, start), _rows(what, end)]


def _rows(what: str, value: Any) -> int | None:
    if value is not None and type(value) is not int:
        raise TypeError(f"a bound of {what} must be int or None, not {type(value).__name__}")
    return value
