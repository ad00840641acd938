"""Expressions that can be compared, ordered and labelled: columns and values computed from them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from .._guards import is_list, is_mapping, is_set
from .comparison import members
from .encodable import Encodable, Subquery
from .expression import SqlExpr
from .json_comparison import JsonComparison
from .label import Label
from .member_filter import MemberFilter
from .ordering import Ordering
from .text_match import TextMatch

__all__ = ["Operand"]


class Operand(Encodable):
    """An expression with the operators of SQL as methods; all of them give a `SqlExpr`."""

    __slots__ = ()

    @property
    @abstractmethod
    def name(self) -> str:
        """The name of the column it is made from."""

    def _compared(self, op: str, value: Any = None) -> SqlExpr:
        return SqlExpr(self.name, op, value, operand=self)

    # Comparing columns describes a comparison: the results are neither bool nor an order of Python objects.

    def __eq__(self, other: object) -> SqlExpr:  # type: ignore[override]
        return self._compared("=", other)

    def __ne__(self, other: object) -> SqlExpr:  # type: ignore[override]
        return self._compared("!=", other)

    def __gt__(self, other: Any) -> SqlExpr:
        return self._compared(">", other)

    def __ge__(self, other: Any) -> SqlExpr:
        return self._compared(">=", other)

    def __lt__(self, other: Any) -> SqlExpr:
        return self._compared("<", other)

    def __le__(self, other: Any) -> SqlExpr:
        return self._compared("<=", other)

    __hash__ = object.__hash__

    def in_(self, values: Iterable[Any] | Subquery) -> SqlExpr:
        """One of some values, or of those a query yields. `None` among the values means NULL; none at all: FALSE.

        Raises:
            TypeError: It is text, or nothing that can be iterated over.
        """
        return self._compared("IN", _values("IN", values))

    def not_in(self, values: Iterable[Any] | Subquery) -> SqlExpr:
        """None of some values; NULLs that a query yields are ignored. No values: TRUE.

        Raises:
            TypeError: It is text, or nothing that can be iterated over.
        """
        return self._compared("NOT IN", _values("NOT IN", values))

    def between(self, low: Any, high: Any) -> SqlExpr:
        """From `low` to `high`, both included.

        Raises:
            ValueError: A bound is `None`.
        """
        return self._compared("BETWEEN", _bounds(low, high))

    def not_between(self, low: Any, high: Any) -> SqlExpr:
        """Less than `low` or greater than `high`.

        Raises:
            ValueError: A bound is `None`.
        """
        return self._compared("NOT BETWEEN", _bounds(low, high))

    def is_null(self) -> SqlExpr:
        """IS NULL."""
        return self._compared("IS NULL")

    def is_not_null(self) -> SqlExpr:
        """IS NOT NULL."""
        return self._compared("IS NOT NULL")

    def is_(self, value: bool | None) -> SqlExpr:
        """IS NULL, IS TRUE or IS FALSE.

        Raises:
            TypeError: It is neither `None` nor a `bool`.
        """
        return self._compared(f"IS {_state('is_', value)}")

    def is_not(self, value: bool | None) -> SqlExpr:
        """IS NOT NULL, IS NOT TRUE or IS NOT FALSE.

        Raises:
            TypeError: It is neither `None` nor a `bool`.
        """
        return self._compared(f"IS NOT {_state('is_not', value)}")

    def is_distinct_from(self, value: Any) -> SqlExpr:
        """Not equal, where NULL counts as a value that equals itself."""
        return self._compared("IS DISTINCT FROM", value)

    # Text.

    def like(self, pattern: Any) -> SqlExpr:
        """LIKE, with the wildcards `%` and `_` in the pattern."""
        return self._compared("LIKE", pattern)

    def ilike(self, pattern: Any) -> SqlExpr:
        """LIKE in any case."""
        return self._compared("ILIKE", pattern)

    def not_like(self, pattern: Any) -> SqlExpr:
        """NOT LIKE."""
        return self._compared("NOT LIKE", pattern)

    def not_ilike(self, pattern: Any) -> SqlExpr:
        """NOT LIKE in any case."""
        return self._compared("NOT ILIKE", pattern)

    def startswith(self, prefix: str) -> SqlExpr:
        """Begins with a text, which is taken literally."""
        return self._compared("LIKE", f"{_literally('startswith', prefix)}%")

    def istartswith(self, prefix: str) -> SqlExpr:
        """Begins with a text in any case."""
        return self._compared("ILIKE", f"{_literally('istartswith', prefix)}%")

    def endswith(self, suffix: str) -> SqlExpr:
        """Ends with a text, which is taken literally."""
        return self._compared("LIKE", f"%{_literally('endswith', suffix)}")

    def iendswith(self, suffix: str) -> SqlExpr:
        """Ends with a text in any case."""
        return self._compared("ILIKE", f"%{_literally('iendswith', suffix)}")

    def contains(self, value: Any) -> SqlExpr:
        """A text: is part of the column's. A list, tuple or set: the array has all of it. A dict: the JSON has it."""
        if is_list(value) or is_set(value):
            return self._compared("@>", list(value))
        if is_mapping(value):
            return self._compared("@>", value)
        return self._compared("LIKE", f"%{_literally('contains', value)}%")

    def icontains(self, part: str) -> SqlExpr:
        """A text in any case is part of the column's."""
        return self._compared("ILIKE", f"%{_literally('icontains', part)}%")

    def regexp(self, pattern: str, ignore_case: bool = False) -> SqlExpr:
        """Match a POSIX regular expression somewhere."""
        return self._compared("~*" if ignore_case else "~", pattern)

    def match(self, query: str, config: str = "english") -> SqlExpr:
        """Have all words of a query, by full-text search.

        Raises:
            TypeError: An argument is not text.
        """
        return TextMatch(self.name, query, config, operand=self)

    # JSON.

    def json_contains(self, value: Any) -> SqlExpr:
        """The JSON contains a value; a `str` is JSON text."""
        return JsonComparison(self.name, "@>", value, operand=self)

    def json_contained_by(self, value: Any) -> SqlExpr:
        """The JSON is contained in a value; a `str` is JSON text."""
        return JsonComparison(self.name, "<@", value, operand=self)

    def has_key(self, key: str) -> SqlExpr:
        """The JSON object has a key, or the JSON array has that string.

        Raises:
            TypeError: The key is not text.
        """
        return self._compared("?", _keys("has_key", [key])[0])

    def has_any_keys(self, keys: Iterable[str]) -> SqlExpr:
        """The JSON has one of some keys.

        Raises:
            TypeError: They are not a list of text.
        """
        return self._compared("?|", _keys("has_any_keys", keys))

    def has_all_keys(self, keys: Iterable[str]) -> SqlExpr:
        """The JSON has all of some keys.

        Raises:
            TypeError: They are not a list of text.
        """
        return self._compared("?&", _keys("has_all_keys", keys))

    # Arrays.

    def any_(self, value: Any) -> SqlExpr:
        """The array has an element; of a list: one of its elements. `None`: it has a NULL."""
        return MemberFilter(self.name, "ANY", value, operand=self, kind="array")

    def array_contains(self, values: Iterable[Any] | Encodable) -> SqlExpr:
        """The array has all of some elements.

        Raises:
            TypeError: They are neither a list nor a column.
        """
        return self._compared("@>", _elements("array_contains", values))

    def array_contained_by(self, values: Iterable[Any] | Encodable) -> SqlExpr:
        """The array has no other than some elements.

        Raises:
            TypeError: They are neither a list nor a column.
        """
        return self._compared("<@", _elements("array_contained_by", values))

    def array_overlaps(self, values: Iterable[Any] | Encodable) -> SqlExpr:
        """The array has one of some elements.

        Raises:
            TypeError: They are neither a list nor a column.
        """
        return self._compared("&&", _elements("array_overlaps", values))

    # Order and name.

    def asc(self) -> Ordering:
        """Ascending, for ORDER BY."""
        return Ordering(self, "ASC")

    def desc(self) -> Ordering:
        """Descending, for ORDER BY."""
        return Ordering(self, "DESC")

    def __neg__(self) -> Ordering:
        return self.desc()

    def label(self, name: str) -> Label:
        """Give it a name in a select list.

        Raises:
            TypeError: The name is not text.
        """
        return Label(self, name)


def _values(operator: str, values: Any) -> list[Any] | Subquery:
    return values if isinstance(values, Subquery) else members(operator, values)


def _elements(method: str, values: Any) -> list[Any] | Encodable:
    return values if isinstance(values, Encodable) else members(method, values)


def _bounds(low: Any, high: Any) -> list[Any]:
    if low is None or high is None:
        raise ValueError("BETWEEN cannot have None as a bound")
    return [low, high]


def _state(method: str, value: Any) -> str:
    if value is None:
        return "NULL"
    if not isinstance(value, bool):
        raise TypeError(f"{method}() takes None, True or False, not {value!r}")
    return "TRUE" if value else "FALSE"


_WILDCARDS = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


def _literally(method: str, text: Any) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{method}() takes text, not {type(text).__name__}")
    return text.translate(_WILDCARDS)


def _keys(method: str, keys: Any) -> list[str]:
    found = members(method, keys)
    for key in found:
        if not isinstance(key, str):
            raise TypeError(f"{method}() takes keys that are str, not {type(key).__name__}")
    return found
