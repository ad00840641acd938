"""What a filter is made of, and how filters are combined."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from .._guards import is_mapping
from .compile import compile_expression
from .encodable import Encodable, Subquery

if TYPE_CHECKING:
    from .encoder import Encoder, Node
    from .filters import Filter

__all__ = ["BooleanClause", "Condition", "Subquery", "and_", "members_of", "not_", "or_"]


class Condition(Encodable):
    """An expression that is true or not for a row."""

    __slots__ = ()

    def to_sql(self, param_index: int = 1) -> tuple[str, list[Any]]:
        """Write the condition as SQL text.

        Args:
            param_index: The number of its first placeholder.

        Returns:
            The text and the values of its placeholders, in their order.

        Raises:
            ValueError: An operator or an identifier is not valid, or an operator has no form for `None`.
            TypeError: A member is no condition.
        """
        return compile_expression(self, param_index)

    def is_empty(self) -> bool:
        """Whether this says nothing at all, as a fragment without conditions does."""
        return False

    def joined(self) -> tuple[str, list[Any]] | None:
        """The operator and the members of a condition that is an AND or an OR of others."""
        return None

    def __and__(self, other: Filter) -> Condition:
        if not isinstance(other, Condition):
            return NotImplemented
        if other.is_empty():
            return self
        return and_(self, other)

    def __or__(self, other: Filter) -> Condition:
        if not isinstance(other, Condition):
            return NotImplemented
        return or_(self, other)

    def __invert__(self) -> BooleanClause:
        return not_(self)

    if TYPE_CHECKING:
        # A class attribute of a model looks like its value to type checkers, and a comparison of it like bool.
        def __rand__(self, other: bool) -> Condition: ...
        def __ror__(self, other: bool) -> Condition: ...

    def __bool__(self) -> bool:
        raise TypeError(
            "a condition has no truth value before the database has answered: combine conditions by &, |, ~, and_(), "
            "or_(), not_() instead of and, or, not"
        )


_DEEPEST: Final = 32


def members_of(condition: Condition, operator: str, members: list[Any]) -> list[Any]:
    """Give what an AND or an OR is written with: its members.

    What is made by many `&` or `|` in a row is as deep as it is long; it is written flat, as it means the same and the
    depth of texts, of trees and of calls is limited.
    """
    added: list[list[Any]] = []
    first: Any = condition
    while isinstance(first, Condition):
        inner = first.joined()
        if inner is None or inner[0] != operator or not inner[1]:
            break
        first = inner[1][0]
        added.append(inner[1][1:])
    if len(added) <= _DEEPEST:
        return members
    return [first, *(member for others in reversed(added) for member in others)]


_LEAST: Final = {"AND": 2, "OR": 2, "NOT": 1}


class BooleanClause(Condition):
    """Conditions joined by AND or OR, or one negated by NOT.

    Args:
        operator: `"AND"`, `"OR"` or `"NOT"`, in any case.
        conditions: Its members: conditions, or dicts of column values that must all be equal.

    Attributes:
        operator: The operator in upper case.
        conditions: The members as given.

    Raises:
        ValueError: The operator is unknown, the number of members does not fit it, or a member is an empty fragment.
    """

    __slots__ = ("conditions", "operator")

    def __init__(self, operator: str, conditions: Iterable[Filter]) -> None:
        self.operator = operator.upper()
        self.conditions: list[Any] = list(conditions)
        least = _LEAST.get(self.operator)
        if least is None:
            raise ValueError(f"Invalid boolean operator: {operator!r}; it must be AND, OR or NOT")
        given = len(self.conditions)
        if given < least or (self.operator == "NOT" and given > 1):
            needs = "exactly one condition" if self.operator == "NOT" else "at least two conditions"
            raise ValueError(f"{self.operator} needs {needs}, not {given}")
        for member in self.conditions:
            _refuse_empty(self.operator, member)

    def joined(self) -> tuple[str, list[Any]] | None:
        """The operator and the members, unless it is a negation."""
        return None if self.operator == "NOT" else (self.operator, self.conditions)

    def encode(self, encoder: Encoder) -> Node:
        """Give the node: a member that is a clause itself gets parentheses."""
        given = members_of(self, self.operator, self.conditions)
        return {"boolean": {"operator": self.operator, "members": [_member(encoder, member) for member in given]}}

    def __repr__(self) -> str:
        return f"BooleanClause({self.operator!r}, {self.conditions!r})"


def _refuse_empty(operator: str, member: Any) -> None:
    if (isinstance(member, Condition) and member.is_empty()) or (is_mapping(member) and not member):
        raise ValueError(f"{operator} cannot take an empty filter: it would match every row")


def _member(encoder: Encoder, member: Any) -> Node:
    from .filters import conjunction  # it knows what else but a condition may be a filter

    return conjunction(encoder, member)


def and_(*conditions: Filter) -> BooleanClause:
    """Require all of two or more conditions.

    Raises:
        ValueError: There are fewer than two, or one is an empty fragment.
    """
    return BooleanClause("AND", conditions)


def or_(*conditions: Filter) -> BooleanClause:
    """Require one of two or more conditions.

    Raises:
        ValueError: There are fewer than two, or one is an empty fragment.
    """
    return BooleanClause("OR", conditions)


def not_(condition: Filter) -> BooleanClause:
    """Negate a condition. A row for which it is NULL matches neither the condition nor its negation.

    Raises:
        ValueError: The condition is an empty fragment.
    """
    return BooleanClause("NOT", [condition])
