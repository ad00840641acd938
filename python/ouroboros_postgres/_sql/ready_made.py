"""Conditions that many programs need."""

from __future__ import annotations

from typing import Any

from .expression import SqlExpr
from .fragment import QueryFragment

__all__ = ["active_filter", "date_range_filter", "filter_by", "in_list_filter", "null_check_filter"]


def filter_by(**kwargs: Any) -> list[SqlExpr]:
    """Compare columns with values, to be passed on as `find(*filter_by(name="Ada", age=36))`."""
    return [SqlExpr(name, "=", value) for name, value in kwargs.items()]


def active_filter(column: str = "status", value: Any = "active") -> QueryFragment:
    """Only rows in use: `column = value`."""
    return QueryFragment(SqlExpr(column, "=", value))


def date_range_filter(column: str, start: Any = None, end: Any = None) -> QueryFragment:
    """From `start` to `end`, both included; a bound that is `None` is left out, without any the fragment is empty."""
    bounds = ((">=", start), ("<=", end))
    return QueryFragment(*(SqlExpr(column, op, bound) for op, bound in bounds if bound is not None))


def in_list_filter(column: str, values: Any) -> QueryFragment:
    """One of a list of values; an empty list matches nothing."""
    return QueryFragment(SqlExpr(column, "IN", values))


def null_check_filter(column: str, is_null: bool = True) -> QueryFragment:
    """Rows where the column is NULL, or those where it is not."""
    return QueryFragment(SqlExpr(column, "IS NULL" if is_null else "IS NOT NULL", None))
