"""SQL text that is a filter as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard, overload

from .compile import compile_expression
from .condition import Condition
from .encoder import Encoder
from .proxy import ColumnProxy

if TYPE_CHECKING:
    from .encoder import Node

__all__ = ["ConditionText", "operand"]


class ConditionText(str, Condition):
    """A condition as SQL text: a `str` for `execute`, a filter for `find`.

    Like any condition it has no truth value, and `&`, `|` and `~` combine it with others.
    """

    __slots__ = ()

    @overload
    def encode(self, encoding: Encoder) -> Node: ...
    @overload
    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes: ...
    def encode(  # pyright: ignore[reportIncompatibleMethodOverride] - both bases have a method of this name
        self, encoding: Encoder | str = "utf-8", errors: str = "strict"
    ) -> Node | bytes:
        """Give the node of the text, which has no parameters; with the name of an encoding its bytes, as any `str`."""
        if isinstance(encoding, Encoder):
            return {"raw": {"sql": str(self), "args": []}}
        return str(self).encode(encoding, errors)


def _is_column(value: object) -> TypeGuard[ColumnProxy[Any]]:
    return isinstance(value, ColumnProxy)


def operand(what: str, value: Any) -> str:
    """Give the text of an operand.

    Args:
        what: The name of the argument, for errors.
        value: Trusted SQL, or a column: its name, after its alias if it has one.

    Raises:
        TypeError: It is neither.
        IdentifierError: The name of the column is not acceptable.
    """
    if _is_column(value):
        return compile_expression(value)[0]
    if not isinstance(value, str):
        raise TypeError(f"{what} must be SQL text or a column, not {type(value).__name__}")
    return str(value)
