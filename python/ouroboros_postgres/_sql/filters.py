"""What may be passed to `find(*filters)` and what it becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from .._guards import is_list, is_mapping, is_set
from .condition import Condition
from .declared import kind_of_column
from .expression import SqlExpr
from .fragment import QueryFragment

if TYPE_CHECKING:
    from .encoder import Encoder, Node

__all__ = ["Filter", "conjunction", "nodes"]

Filter: TypeAlias = "Condition | Mapping[Any, Any] | bool"
"""A condition, or a dict of column values that must all be equal.

`bool` is here for type checkers only: where a class says `age: int` they take `User.age > 30` for one. A real one is a
TypeError.
"""


def nodes(encoder: Encoder, filters: Iterable[Filter]) -> list[Node]:
    """Encode filters that must all hold.

    Raises:
        TypeError: One of them is no filter.
    """
    found: list[Node] = []
    for item in filters:
        if type(item) is SqlExpr:  # most are
            found.append(item.encode(encoder))
        elif isinstance(item, QueryFragment):
            found += nodes(encoder, item.to_conditions())
        elif isinstance(item, Condition):
            found.append(item.encode(encoder))
        elif is_mapping(item):
            found += [_equality(encoder, name, value).encode(encoder) for name, value in item.items()]
        else:
            raise TypeError(_refusal(item))
    return found


def conjunction(encoder: Encoder, item: Filter) -> Node:
    """Encode one filter as one expression."""
    if isinstance(item, Condition) and not isinstance(item, QueryFragment):
        return item.encode(encoder)
    members = nodes(encoder, [item])
    if not members:
        raise ValueError("an empty filter is no condition")
    return members[0] if len(members) == 1 else {"boolean": {"operator": "AND", "members": members}}


def _equality(encoder: Encoder, name: Any, value: Any) -> SqlExpr:
    """Read one entry of a dict: a list means one of its values, unless the column is an array; `None` means NULL."""
    listed = is_list(value) or is_set(value)
    if listed and encoder.scope is not None and kind_of_column(encoder.scope.model, name) == "array":
        listed = any(is_list(item) for item in value)
    return SqlExpr(name, "IN" if listed else "=", value)


def _refusal(item: object) -> str:
    text = f"Invalid filter type: {type(item).__name__}"
    if isinstance(item, bool):
        return f"{text}; a comparison of two values is none of columns, and conditions are combined by &, |, ~"
    return text
