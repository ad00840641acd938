"""Conditions written in SQL by the caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .._guards import is_list
from .condition import Condition

if TYPE_CHECKING:
    from .encoder import Encoder, Node

__all__ = ["RawSQL", "raw_sql"]


class RawSQL(Condition):
    """A condition of trusted SQL; `raw_sql` makes it.

    Attributes:
        fragment: The text, with placeholders from `$1`.
        params: The values of the placeholders.
    """

    __slots__ = ("fragment", "params")

    def __init__(self, fragment: str, params: Sequence[Any] | None = None) -> None:
        if not isinstance(fragment, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may not be typed
            raise TypeError(f"fragment must be str, not {type(fragment).__name__}")
        if params is not None and not is_list(params):
            raise TypeError(f"params must be a list or tuple, not {type(params).__name__}")
        self.fragment = fragment
        self.params: list[Any] = [] if params is None else list(params)

    def encode(self, encoder: Encoder) -> Node:
        """Give the node; placeholders are renumbered where it ends up."""
        return {"raw": {"sql": self.fragment, "args": [encoder.slot(value) for value in self.params]}}

    def __repr__(self) -> str:
        return f"raw_sql({self.fragment!r}, {self.params!r})"


def raw_sql(fragment: str, params: Sequence[Any] | None = None) -> RawSQL:
    """Make a condition of trusted SQL, to be used anywhere a condition can be.

    Args:
        fragment: The text. It is sent as it is, so nothing in it may come from outside; `$1`, `$2`, … stand for
            `params`, wherever the condition ends up in a query.
        params: The values of the placeholders, each of which must occur in the text.

    Raises:
        TypeError: `fragment` is not `str`, or `params` is not a list.
        ValueError: When used: the placeholders do not fit the values, or the text is empty or more than one statement.
    """
    return RawSQL(fragment, params)
