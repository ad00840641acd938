"""Set operations."""

from __future__ import annotations

from typing import Any, Self

from .chain import Chain, M
from .inner import InnerQuery, query
from .output import width
from .state import Page, SetOperation

__all__ = ["SetOperations"]


class SetOperations(Chain[M]):
    """Methods that combine the rows of two queries, from left to right.

    What was set of ORDER BY, LIMIT and OFFSET before the first of them concerns the left query alone; what is set
    afterwards concerns the combined rows. Everything else belongs to the left query, whenever it is set.
    """

    __slots__ = ()

    def union(self, other: InnerQuery) -> Self:
        """Add the rows of another query, and leave out rows that are equal to another one.

        Raises:
            ValueError: The queries are known to have different numbers of columns.
            TypeError: `other` is no builder.
        """
        return self._combine("union", other)

    def union_all(self, other: InnerQuery) -> Self:
        """Add the rows of another query; errors as for `union`."""
        return self._combine("union_all", other)

    def intersect(self, other: InnerQuery) -> Self:
        """Keep rows that another query has as well, each once; errors as for `union`."""
        return self._combine("intersect", other)

    def intersect_all(self, other: InnerQuery) -> Self:
        """Keep rows as often as both queries have them; errors as for `union`."""
        return self._combine("intersect_all", other)

    def except_(self, other: InnerQuery) -> Self:
        """Keep rows that another query does not have, each once; errors as for `union`."""
        return self._combine("except", other)

    def except_all(self, other: InnerQuery) -> Self:
        """Take each row of another query away once; errors as for `union`."""
        return self._combine("except_all", other)

    def _combine(self, operation: str, other: Any) -> Self:
        state = self._state
        operand = query(f"the operand of {operation}()", other)
        own, others = width(state), operand.width
        if own is not None and others is not None and own != others:
            raise ValueError(f"the queries of {operation}() have {own} and {others} columns")
        sets = (*state.sets, SetOperation(operation, operand))
        if state.sets:
            return self._with(sets=sets)
        left = Page(state.order, state.limit, state.offset)
        return self._with(sets=sets, left=left, order=(), limit=0, offset=0)
