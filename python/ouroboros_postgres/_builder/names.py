"""What methods of the builder take for a column, and the names of such items."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .._sql.label import Label
from .._sql.operand import Operand
from .state import ColumnItem

__all__ = ["column", "columns", "direction", "name_of", "named", "text", "whole"]

_COLUMN = (str, Operand, Label)


def column(what: str, item: Any) -> ColumnItem:
    """Accept a name, a column or another expression.

    Raises:
        TypeError: It is something else.
    """
    if isinstance(item, _COLUMN):
        return item
    raise TypeError(f"{what} must be a column or its name, not {type(item).__name__}")


def columns(what: str, items: Iterable[Any]) -> tuple[ColumnItem, ...]:
    """Accept each of some columns."""
    each = f"each of {what}"
    return tuple([column(each, item) for item in items])


def named(what: str, item: Any) -> ColumnItem:
    """Accept a name, or any object that has one.

    Raises:
        TypeError: It is neither.
    """
    if isinstance(item, str) or isinstance(getattr(item, "name", None), str):
        return item
    raise TypeError(f"{what} must be a column or its name, not {type(item).__name__}")


def name_of(item: ColumnItem) -> str:
    """The name of a column."""
    return item if isinstance(item, str) else item.name


def text(what: str, value: Any) -> str:
    """Accept a text.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(value, str):
        raise TypeError(f"{what} must be str, not {type(value).__name__}")
    return value


def direction(what: str, value: Any) -> str:
    """Accept `asc` or `desc` in any case, perhaps with `nulls first` or `nulls last`.

    Raises:
        ValueError: It is another word.
        TypeError: It is no text.
    """
    words = text(f"the direction of {what}", value).upper().split()
    if words[:1] not in (["ASC"], ["DESC"]) or words[1:] not in ([], ["NULLS", "FIRST"], ["NULLS", "LAST"]):
        raise ValueError(
            f"the direction of {what} must be 'asc' or 'desc', perhaps with 'nulls first' or 'nulls last', "
            f"not {value!r}"
        )
    return " ".join(words)


def whole(what: str, value: Any) -> int:
    """Accept a number of rows; `None` is 0.

    Raises:
        TypeError: It is no integer.
        ValueError: It is negative.
    """
    if value is None:
        return 0
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{what} must be int or None, not {type(value).__name__}")
    number = int(value.__index__())
    if number < 0:
        raise ValueError(f"{what} must not be negative, not {number}")
    return number
