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

__all__ = ["BooleanClause", "Condition", "Subquery", "and_", "not_", "or_"]


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
            f"a condition has no truth value before the database has answered: combine conditions by &, |, ~, "
            f"and_(), or_(), not_() instead of and, or, not ({self!r})"
        )


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

    def encode(self, encoder: Encoder) -> Node:
        """Give the node: a member that is a clause itself gets parentheses."""
        members = [_member(encoder, member) for member in self.conditions]
        return {"boolean": {"operator": self.operator, "members": members}}

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
