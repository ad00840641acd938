"""The order of one expression of ORDER BY."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .encoder import Encoder, Node
    from .operand import Operand

__all__ = ["Ordering"]


class Ordering:
    """An expression with a direction, made by `asc()`, `desc()` and unary minus; immutable.

    Attributes:
        operand: The expression.
        direction: `"ASC"` or `"DESC"`.
        nulls: `"FIRST"`, `"LAST"`, or `None` for the rule of PostgreSQL: NULL counts as greater than any value.
    """

    __slots__ = ("direction", "nulls", "operand")

    def __init__(
        self,
        operand: Operand,
        direction: Literal["ASC", "DESC"],
        nulls: Literal["FIRST", "LAST"] | None = None,
    ) -> None:
        self.operand = operand
        self.direction: Literal["ASC", "DESC"] = direction
        self.nulls: Literal["FIRST", "LAST"] | None = nulls

    @property
    def name(self) -> str:
        """The name of the expression."""
        return self.operand.name

    @property
    def words(self) -> str:
        """The direction as SQL has it: `DESC NULLS LAST`."""
        return self.direction if self.nulls is None else f"{self.direction} NULLS {self.nulls}"

    def nulls_first(self) -> Ordering:
        """Put rows where it is NULL before all others."""
        return Ordering(self.operand, self.direction, "FIRST")

    def nulls_last(self) -> Ordering:
        """Put rows where it is NULL behind all others."""
        return Ordering(self.operand, self.direction, "LAST")

    def encode(self, encoder: Encoder) -> Node:
        """Give the item of a statement's `order`."""
        return {"expression": self.operand.encode(encoder), "direction": self.words}

    def __repr__(self) -> str:
        return f"Ordering({self.operand!r}, {self.words!r})"
