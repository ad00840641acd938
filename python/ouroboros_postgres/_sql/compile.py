"""SQL text of trees; the engine writes it (docs/reference/statements.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _runtime
from .encoder import Encoder

if TYPE_CHECKING:
    from .encodable import Encodable
    from .encoder import Node, Slot

__all__ = ["compile_expression", "compile_statement", "compile_where"]


def compile_expression(expression: Encodable, first: int = 1) -> tuple[str, list[Any]]:
    """Write one expression.

    Args:
        expression: What to write.
        first: The number of its first placeholder.

    Returns:
        The text and the values of `$first`, `$first+1`, …

    Raises:
        ValueError: An operator or an identifier in it is not valid, or `first` is less than 1.
        TypeError: A value or a condition in it is of a type that cannot stand there.
    """
    encoder = Encoder()
    return _compile({"expression": expression.encode(encoder), "first": _first(first)}, encoder)


def compile_statement(statement: Node, encoder: Encoder) -> tuple[str, list[Any]]:
    """Write a whole statement whose values are in `encoder`."""
    return _compile({"statement": statement}, encoder)


def compile_where(select: Node, encoder: Encoder) -> tuple[str, list[Any]]:
    """Write the conditions of a select, without the word WHERE; `""` when it has none."""
    return _compile({"where": select}, encoder)


def _first(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"param_index must be int, not {type(number).__name__}")
    if number < 1:
        raise ValueError(f"param_index must be at least 1, not {number}")
    return number


def _compile(request: Node, encoder: Encoder) -> tuple[str, list[Any]]:
    answer = _runtime.call(0, {"op": "compile", **request})
    return answer["sql"], [_value(slot, encoder.values) for slot in answer["parameters"]]


def _value(slot: Slot, values: list[Any]) -> Any:
    if isinstance(slot, int):
        return values[slot]
    return None if slot is None else [_value(item, values) for item in slot]
