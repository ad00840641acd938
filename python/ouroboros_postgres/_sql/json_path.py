"""A text inside a JSON column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._guards import is_list
from .expression import SqlExpr
from .operand import Operand

if TYPE_CHECKING:
    from .encoder import Encoder, Node

__all__ = ["JsonPath"]


class JsonPath(Operand):
    """The text at a path of keys and indices, NULL where there is none; compares with text.

    Attributes:
        column: The JSON column.
        keys: The path.
    """

    __slots__ = ("column", "keys")

    def __init__(self, column: Operand, keys: tuple[str | int, ...]) -> None:
        if not keys:
            raise ValueError("json_path() needs at least one key")
        for key in keys:
            if isinstance(key, bool) or not isinstance(key, (str, int)):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may not be typed
                raise TypeError(f"json_path() takes keys that are str or int, not {type(key).__name__}")
        self.column = column
        self.keys = keys

    @property
    def name(self) -> str:
        """The name of the column."""
        return self.column.name

    def encode(self, encoder: Encoder) -> Node:
        """Give the node."""
        return {"path": {"left": self.column.encode(encoder), "keys": encoder.shared_slots(self, map(str, self.keys))}}

    def _compared(self, op: str, value: Any = None) -> SqlExpr:
        return super()._compared(op, [_text(item) for item in value] if is_list(value) else _text(value))

    def __repr__(self) -> str:
        return f"{self.column!r}.json_path({', '.join(map(repr, self.keys))})"


def _text(value: Any) -> Any:
    """Give the text that JSON has for a value: the path is compared as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value
