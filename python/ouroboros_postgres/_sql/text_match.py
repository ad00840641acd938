"""Full-text search in a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .encodable import Encodable
from .expression import SqlExpr

if TYPE_CHECKING:
    from .encoder import Encoder, Node

__all__ = ["TextMatch"]


class TextMatch(SqlExpr):
    """`to_tsvector(config, column) @@ plainto_tsquery(config, query)`; `op` is `@@`, `value` the query.

    Attributes:
        config: The text search configuration.
    """

    __slots__ = ("config",)

    def __init__(self, column: str, query: str, config: str, *, operand: Encodable) -> None:
        for what, given in (("query", query), ("config", config)):
            if not isinstance(given, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may not be typed
                raise TypeError(f"{what} must be str, not {type(given).__name__}")
        super().__init__(column, "@@", query, operand=operand)
        self.config = config

    def encode(self, encoder: Encoder) -> Node:
        """Give the node."""
        return {"match": {"left": self.left(encoder), "query": encoder.slot(self.value), "config": self.config}}
