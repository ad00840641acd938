"""The condition that compares a column with something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, overload

from .comparison import OPERATORS, compare, spelling
from .condition import Condition, members_of
from .encodable import Encodable

if TYPE_CHECKING:
    from .encoder import Encoder, Node
    from .filters import Filter

__all__ = ["SqlExpr"]

_JOINING: Final = ("AND", "OR")


class SqlExpr(Condition):
    """A column, an operator and a value; what comparing a column gives.

    Two expressions are equal only when they are the same object, and none has a truth value.

    Args:
        column: The name of the column, also `table.column`; or an expression. `"AND"` or `"OR"` for two or more
            conditions joined by `&` or `|`.
        op: The operator, in any case; checked when the expression is used.
        value: The value, or the column, expression or query to compare with; a list for IN and BETWEEN; the conditions
            for AND and OR.
        operand: The expression that `column` is the name of.

    Attributes:
        column: As given.
        op: As given.
        value: As given.
        operand: As given.
    """

    __slots__ = ("column", "op", "operand", "value")

    def __init__(self, column: Any, op: str, value: Any, *, operand: Encodable | None = None) -> None:
        self.column = column
        self.op = op
        self.value = value
        self.operand = operand

    def encode(self, encoder: Encoder) -> Node:
        """Give the node.

        Raises:
            ValueError: `Unknown operator: …`.
        """
        word = spelling(self.op)
        if word in _JOINING:
            return self._combination(encoder, word)
        if word not in OPERATORS:
            raise ValueError(f"Unknown operator: {self.op}")
        return compare(encoder, self.left(encoder), word, self.value)

    def left(self, encoder: Encoder) -> Node:
        """Give the node of what is compared.

        Raises:
            TypeError: `column` is neither a name nor an expression.
        """
        if self.operand is not None:
            return self.operand.encode(encoder)
        column = self.column
        if isinstance(column, str):
            return encoder.name(column)
        if not isinstance(column, Encodable):
            raise TypeError(f"a column must be a name or an expression, not {type(column).__name__}")
        return column.encode(encoder)

    def joined(self) -> tuple[str, list[Any]] | None:
        """The operator and the members of AND and OR."""
        word = spelling(self.op)
        return (word, self.value) if word in _JOINING else None

    def _combination(self, encoder: Encoder, word: str) -> Node:
        nodes: list[Node] = []
        for member in members_of(self, word, self.value):
            if not isinstance(member, Condition):
                raise TypeError(f"{word} joins conditions, not {type(member).__name__}")
            nodes.append(member.encode(encoder))
        return {"boolean": {"operator": word, "members": nodes, "enclosed": True}}

    def __bool__(self) -> bool:
        # A dict or set that has the column asks whether another object of equal hash is the same key.
        if self.op == "=" and self.operand is not None and self.operand.is_same(self.value):
            return True
        return super().__bool__()

    @overload
    def __and__(self, other: SqlExpr) -> SqlExpr: ...
    @overload
    def __and__(self, other: Filter) -> Condition: ...
    def __and__(self, other: Filter) -> Condition:
        return SqlExpr("AND", "AND", [self, other]) if isinstance(other, SqlExpr) else super().__and__(other)

    @overload
    def __or__(self, other: SqlExpr) -> SqlExpr: ...
    @overload
    def __or__(self, other: Filter) -> Condition: ...
    def __or__(self, other: Filter) -> Condition:
        return SqlExpr("OR", "OR", [self, other]) if isinstance(other, SqlExpr) else super().__or__(other)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.column!r}, {self.op!r}, {self.value!r})"
