"""Texts of PostgreSQL's array operators."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ._guards import is_set
from ._literals import array, element
from ._sql.text import ConditionText, operand
from .errors import IdentifierError

if TYPE_CHECKING:
    from collections.abc import Collection

    from .columns import ColumnProxy

__all__ = ["ArrayOps"]

_WORD = r"[^\W\d]\w*"
_SEVERAL_WORDS = r"double precision|character varying|bit varying|time(stamp)? with(out)? time zone"
_TYPE = re.compile(rf"({_SEVERAL_WORDS}|{_WORD}(\.{_WORD})?)(\(\d+(, ?\d+)?\))?(\[\])*", re.IGNORECASE)


class ArrayOps:
    """Makes the SQL of arrays; the results are usable as filters, but for `length`.

    `column` is trusted SQL, a name or an expression, or a column of a model. Values become literals, each by its own
    type: None, bool, numbers, text, dates, times, UUIDs, enums by their values, and lists of them as nested arrays.
    For values that come from users, `ColumnProxy.array_contains` and its siblings bind them as parameters instead.

    An array of text literals is `text[]`; for columns of other types, say `cast="varchar[]"` or `cast="date[]"`.

    Raises:
        TypeError: A value is of another type.
        ValueError: A text contains NUL, or `cast` is no name of a type.
    """

    @staticmethod
    def contains(column: str | ColumnProxy[Any], value: Collection[Any], *, cast: str | None = None) -> ConditionText:
        """`column @> ARRAY[…]`: it has all of the values."""
        return _compare(column, "@>", value, cast)

    @staticmethod
    def contained_by(
        column: str | ColumnProxy[Any], value: Collection[Any], *, cast: str | None = None
    ) -> ConditionText:
        """`column <@ ARRAY[…]`: it has no other values."""
        return _compare(column, "<@", value, cast)

    @staticmethod
    def overlap(column: str | ColumnProxy[Any], value: Collection[Any], *, cast: str | None = None) -> ConditionText:
        """`column && ARRAY[…]`: it has one of the values."""
        return _compare(column, "&&", value, cast)

    @staticmethod
    def any(column: str | ColumnProxy[Any], value: object) -> ConditionText:
        """`value = ANY(column)`: it has the value."""
        return ConditionText(f"{element('value', value)} = ANY({operand('column', column)})")

    @staticmethod
    def length(column: str | ColumnProxy[Any]) -> str:
        """`array_length(column, 1)`, which is NULL for an empty array."""
        return f"array_length({operand('column', column)}, 1)"

    @staticmethod
    def _format_array(value: Collection[Any], cast: str | None = None) -> str:
        """Write `ARRAY[…]`. Without a cast the server refuses `ARRAY[]`, as it has no type."""
        return array("value", list(value) if is_set(value) else value) + _cast(cast)


def _compare(column: str | ColumnProxy[Any], operator: str, value: Collection[Any], cast: str | None) -> ConditionText:
    text = array("value", list(value) if is_set(value) else value)
    if text == "ARRAY[]":
        text = "'{}'"
    return ConditionText(f"{operand('column', column)} {operator} {text}{_cast(cast)}")


def _cast(type_name: str | None) -> str:
    if type_name is None:
        return ""
    if not isinstance(type_name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers need not be typed
        raise TypeError(f"cast must be str, not {type(type_name).__name__}")
    if not _TYPE.fullmatch(type_name):
        raise IdentifierError(f"Invalid type name in cast: {type_name!r}")
    return f"::{type_name}"
