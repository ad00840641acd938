"""Conditions kept together under a name of the caller's, to be used in several queries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .condition import BooleanClause, Condition, and_, not_, or_
from .lookups import lookup

if TYPE_CHECKING:
    from .encoder import Encoder, Node
    from .filters import Filter

__all__ = ["QueryFragment"]


class QueryFragment(Condition):
    """Conditions that must all hold, with keywords in the style of `age__gte=18`.

    Keywords are `column` or `column__lookup`; lookups are `eq` `exact`, `ne`, `gt`, `gte`, `lt`, `lte`, `in`, `not_in`,
    `like`, `ilike`, `isnull`, `contains`, `icontains`, `startswith`, `istartswith`, `endswith`, `iendswith`, `between`
    `range`, `has_key`, `any`.

    An empty fragment adds no condition to a query. It cannot be negated or be a member of an OR: that would match
    every row.

    Args:
        *conditions: Conditions, other fragments, dicts.
        **kwargs: The keywords, which come after the conditions.

    Raises:
        ValueError: `Unknown lookup: …`.
        TypeError: The value does not fit the lookup.
    """

    __slots__ = ("_conditions",)

    def __init__(self, /, *conditions: Filter, **kwargs: Any) -> None:
        self._conditions: list[Any] = [*conditions, *(lookup(name, value) for name, value in kwargs.items())]

    def to_conditions(self) -> list[Any]:
        """Give the conditions, those of the keywords last."""
        return list(self._conditions)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.to_conditions())

    def is_empty(self) -> bool:
        """Whether there is no condition in it."""
        return all(_is_empty(item) for item in self._conditions)

    def encode(self, encoder: Encoder) -> Node:
        """Give the node of all conditions together.

        Raises:
            ValueError: There is none.
        """
        from .filters import conjunction  # it knows what may be in a fragment, and so this module

        return conjunction(encoder, self)

    def to_sql(self, param_index: int = 1) -> tuple[str, list[Any]]:
        """Write the conditions, joined by AND; `("", [])` when there is none."""
        return ("", []) if self.is_empty() else super().to_sql(param_index)

    def __and__(self, other: Filter) -> QueryFragment:
        if not isinstance(other, Condition):
            return NotImplemented
        added = other.to_conditions() if isinstance(other, QueryFragment) else [other]
        return QueryFragment(*self._conditions, *added)

    def __or__(self, other: Filter) -> BooleanClause:
        if not isinstance(other, Condition):
            return NotImplemented
        return or_(_side(self), _side(other))

    def __invert__(self) -> BooleanClause:
        return not_(_side(self))

    def __repr__(self) -> str:
        return f"QueryFragment({', '.join(map(repr, self._conditions))})"


def _is_empty(item: Any) -> bool:
    return item.is_empty() if isinstance(item, Condition) else item == {}


def _side(condition: Condition) -> Condition:
    """Give what stands for a condition in a boolean clause: a fragment is the AND of what is in it."""
    if not isinstance(condition, QueryFragment) or condition.is_empty():
        return condition
    members = condition.to_conditions()
    return members[0] if len(members) == 1 else and_(*members)
