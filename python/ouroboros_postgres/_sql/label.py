"""A name for an expression of the select list."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .encoder import Encoder, Node
    from .operand import Operand

__all__ = ["Label"]


class Label:
    """An expression under a name, for select lists; the value is in the row under that name.

    Attributes:
        operand: The expression.
        name: The name.
    """

    __slots__ = ("name", "operand")

    def __init__(self, operand: Operand, name: str) -> None:
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may not be typed
            raise TypeError(f"a label must be str, not {type(name).__name__}")
        self.operand = operand
        self.name = name

    def encode(self, encoder: Encoder) -> Node:
        """Give the item of a statement's `columns`."""
        return {"expression": self.operand.encode(encoder), "label": self.name}

    def __repr__(self) -> str:
        return f"Label({self.operand!r}, {self.name!r})"
