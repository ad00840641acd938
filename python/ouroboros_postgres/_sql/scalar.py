"""A query that stands for one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .operand import Operand

if TYPE_CHECKING:
    from .encodable import Subquery
    from .encoder import Encoder, Node

__all__ = ["ScalarSubquery"]


class ScalarSubquery(Operand):
    """The value of a query with one column and at most one row; NULL without a row.

    Attributes:
        query: The query.
    """

    __slots__ = ("query",)

    def __init__(self, query: Subquery) -> None:
        self.query = query

    @property
    def name(self) -> str:
        """What expressions made from it have as `column`."""
        return "(subquery)"

    def encode(self, encoder: Encoder) -> Node:
        """Give the node.

        Raises:
            ValueError: The query has several columns.
        """
        return {"query": self.query.encode_column(encoder)}

    def __repr__(self) -> str:
        return f"ScalarSubquery({self.query!r})"
