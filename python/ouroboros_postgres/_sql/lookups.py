"""Keywords of fragments: `age__gte=18`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .._guards import is_list, is_set
from .comparison import members
from .encodable import Subquery
from .expression import SqlExpr
from .operand import Operand
from .proxy import ColumnProxy

__all__ = ["lookup"]

_OPERATORS: Final = {
    "eq": "=",
    "exact": "=",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "ne": "!=",
    "like": "LIKE",
    "ilike": "ILIKE",
}
_METHODS: Final[dict[str, Callable[[Operand, Any], SqlExpr]]] = {
    "contains": Operand.contains,
    "icontains": Operand.icontains,
    "startswith": Operand.startswith,
    "istartswith": Operand.istartswith,
    "endswith": Operand.endswith,
    "iendswith": Operand.iendswith,
    "has_key": Operand.has_key,
    "any": Operand.any_,
}
_MEMBERSHIPS: Final = {"in": "IN", "not_in": "NOT IN"}


def lookup(keyword: str, value: Any) -> SqlExpr:
    """Make the condition of one keyword, which is a column, or a column and a lookup after the last `__`.

    Raises:
        ValueError: `Unknown lookup: …`, or a bound of `between` is `None` or missing.
        TypeError: The value does not fit the lookup.
    """
    column, separator, word = keyword.rpartition("__")
    if not separator:
        return SqlExpr(keyword, "=", value)
    if word in _OPERATORS:
        return SqlExpr(column, _OPERATORS[word], value)
    if word in _MEMBERSHIPS:
        return SqlExpr(column, _MEMBERSHIPS[word], _values(_MEMBERSHIPS[word], value))
    if word == "isnull":
        return SqlExpr(column, "IS NULL" if value else "IS NOT NULL", None)
    if word in ("between", "range"):
        return _between(column, value)
    if word not in _METHODS:
        raise ValueError(f"Unknown lookup: {word}")
    return _METHODS[word](ColumnProxy[Any](column), value)


def _values(operator: str, value: Any) -> Any:
    """Keep what can be gone through again, so that `value` stays the object that was given."""
    if is_list(value) or is_set(value) or isinstance(value, Subquery):
        return value
    return members(operator, value)


def _between(column: str, value: Any) -> SqlExpr:
    bounds = members("BETWEEN", value)
    if len(bounds) != 2:
        raise ValueError(f"BETWEEN needs two values, not {len(bounds)}")
    return ColumnProxy[Any](column).between(*bounds)
