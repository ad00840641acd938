"""Changing and deleting the rows of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from . import writing
from .chain import Chain, M
from .tracing import traced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .execution import Row

__all__ = ["Modification"]


class Modification(Chain[M]):
    """Methods that run UPDATE and DELETE. Instances in memory do not notice; no events or defaults of models run."""

    __slots__ = ()

    def returning(self, *columns: Any) -> Self:
        """Have `update` and `delete` give these columns of the rows, besides those named before.

        Raises:
            TypeError: A column is neither a name nor an object with one.
        """
        return self._with(returning=writing.returned((*self._state.returning, *columns)))

    def returning_all(self) -> Self:
        """Have `update` and `delete` give all columns of the rows."""
        return self._with(returning=writing.returned("*"))

    async def update(self, values: Mapping[Any, Any] | None = None, /, **kw: Any) -> int | list[Row]:
        """Change the rows that meet all conditions; joins the ambient transaction.

        Args:
            values: New values by column.
            **kw: More of them.

        Returns:
            How many rows were changed; with `returning` those rows as dicts.

        Raises:
            ValueError: There are no values, or the query has a limit, an offset, an order, DISTINCT, groups,
                aggregates, windows, set operations, or a lock: other rows would be changed than it gives.
            TypeError: An argument is of the wrong type.
        """
        changes = writing.changes(values, kw)
        return await traced("update", self._state, lambda state: writing.update(state, changes), writing.affected)

    async def delete(self) -> int | list[Row]:
        """Delete the rows that meet all conditions; joins the ambient transaction.

        Returns:
            How many rows were deleted; with `returning` those rows as dicts.

        Raises:
            ValueError: As for `update`.
        """
        return await traced("delete", self._state, writing.delete, writing.affected)
