"""What can become a node of a statement's tree."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .encoder import Encoder, Node

__all__ = ["Encodable", "Subquery"]


class Encodable(ABC):
    """An SQL expression: a column, a condition, a computed value."""

    __slots__ = ()

    @abstractmethod
    def encode(self, encoder: Encoder) -> Node:
        """Give the node of the expression; its values go to the encoder."""

    def is_same(self, other: object) -> bool:
        """Whether another object describes the same thing; `==` makes a condition instead of telling."""
        return self is other


class Subquery(ABC):
    """A query that can be an operand; it encodes within a scope of its own."""

    __slots__ = ()

    @abstractmethod
    def encode(self, encoder: Encoder) -> Node:
        """Give the node of the query as it is."""

    @abstractmethod
    def encode_column(self, encoder: Encoder) -> Node:
        """Give the node of the query as a set of values; without a selection those are the primary keys.

        Raises:
            ValueError: More than one column is selected.
        """
