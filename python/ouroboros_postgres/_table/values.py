"""Values of columns: which can change in place, private copies of those, defaults of new instances."""

from __future__ import annotations

import datetime as dt
import ipaddress
import uuid
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import Enum
from functools import partial
from itertools import chain
from types import NoneType
from typing import Any, Final, NamedTuple

from .._column import ColumnDeclaration
from .._guards import is_list, is_mapping, is_set
from ..types import Range
from .annotations import without_none

__all__ = ["Default", "defaults", "is_immutable_type", "is_same", "mutable_columns", "private_copy", "private_rows"]

_IMMUTABLE: Final[frozenset[type]] = frozenset(
    (
        NoneType,
        bool,
        bytes,
        Decimal,
        dt.date,
        dt.datetime,
        dt.time,
        dt.timedelta,
        float,
        int,
        ipaddress.IPv4Address,
        ipaddress.IPv4Interface,
        ipaddress.IPv4Network,
        ipaddress.IPv6Address,
        ipaddress.IPv6Interface,
        ipaddress.IPv6Network,
        Range,
        str,
        uuid.UUID,
    )
)


def private_copy(value: Any) -> Any:
    """Copy a value so far that changes of it in place do not show in the copy: containers of containers as well."""
    kind = _type_of(value)
    if kind in _IMMUTABLE:
        return value
    if kind is dict:
        return {key: item if type(item) in _IMMUTABLE else private_copy(item) for key, item in value.items()}
    if is_list(value):
        items = [item if type(item) in _IMMUTABLE else private_copy(item) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    if is_mapping(value):
        return {key: item if type(item) in _IMMUTABLE else private_copy(item) for key, item in value.items()}
    if is_set(value):
        return set(value)
    return bytearray(value) if isinstance(value, bytearray) else value


def private_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Copy rows so far that changes of their values in place do not show: not at all where none can change."""
    values = chain.from_iterable(row.values() for row in rows)
    return rows if _IMMUTABLE.issuperset(map(type, values)) else [private_copy(row) for row in rows]


def _type_of(value: object) -> type[object]:
    return type(value)


def is_same(value: Any, copy: Any) -> bool:
    """Whether a value is still what it was when the copy was made."""
    return value is copy or bool(value == copy)


def is_immutable_type(annotation: Any) -> bool:
    """Whether values of a declared type cannot change in place."""
    kind = without_none(annotation)
    return kind in _IMMUTABLE or (isinstance(kind, type) and issubclass(kind, Enum))


def mutable_columns(row: Mapping[str, Any], immutable: frozenset[str]) -> list[str]:
    """The columns of a result whose values may change in place.

    Args:
        row: Its first row: a column that is not of its declared type shows there.
        immutable: The columns that are declared with types of immutable values.
    """
    return [name for name, value in row.items() if name not in immutable or type(value) not in _IMMUTABLE]


class Default(NamedTuple):
    """How a column that is not given gets its value."""

    column: str
    value: Any
    make: Callable[[], Any] | None
    """Makes the value instead, for each instance."""


def defaults(declared: Mapping[str, Any]) -> list[Default]:
    """The defaults of new instances, from `Column` objects and plain values."""
    return list(_defaults(declared.items()))


def _defaults(declared: Iterable[tuple[str, Any]]) -> Iterable[Default]:
    for name, default in declared:
        value = default
        if isinstance(default, ColumnDeclaration):
            if default.default_factory is not None:
                yield Default(name, None, default.default_factory)
                continue
            value = default.default
        if value is not None:
            yield Default(name, value, None if type(value) in _IMMUTABLE else partial(private_copy, value))
