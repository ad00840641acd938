"""Which columns and rows a query gives, and in which order."""

from __future__ import annotations

from typing import Any, Self

from .._sql.ordering import Ordering
from . import names
from .chain import Chain, M
from .state import Order

__all__ = ["Projection"]


class Projection(Chain[M]):
    """Methods for the select list, DISTINCT, ORDER BY, LIMIT and OFFSET."""

    __slots__ = ()

    def order_by(self, *fields: Any) -> Self:
        """Add to the order: `"name"`, `"-name"` for descending, a column, `-column`, `column.desc().nulls_last()`.

        A name may also be the alias of an aggregate or window, or a column of a common table. After the first set
        operation this is the order of the combined result.

        Raises:
            TypeError: A field is something else.
        """
        return self._with(order=(*self._state.order, *[_order(field) for field in fields]))

    def select(self, *columns: Any) -> Self:
        """Select these columns instead of all: names, columns, `column.label(alias)`, `query.as_scalar().label(alias)`.

        Replaces the previous selection; without arguments all columns are selected again. Instances then have just
        what was selected, labels included.

        Raises:
            TypeError: A column is something else.
        """
        return self._with(select=names.columns("the columns of select()", columns) or None)

    def distinct(self) -> Self:
        """Leave out rows that are equal to another one."""
        return self._with(distinct=True)

    def distinct_on(self, *columns: Any) -> Self:
        """Keep the first row, in the order of the query, for each combination of values of these columns.

        Accumulates, and wins over `distinct`. The columns need not lead the order: they are put in front of it.
        """
        added = names.columns("the columns of distinct_on()", columns)
        return self._with(distinct_on=(*self._state.distinct_on, *added))

    def limit(self, count: int | None) -> Self:
        """Give at most so many rows; 0 and `None` mean all of them.

        Raises:
            ValueError: The number is negative.
            TypeError: It is no integer.
        """
        return self._with(limit=names.whole("limit", count))

    def offset(self, count: int | None) -> Self:
        """Leave out so many rows first; errors as for `limit`."""
        return self._with(offset=names.whole("offset", count))


def _order(field: Any) -> Order:
    if isinstance(field, Ordering):
        return Order(field.operand, field.words)
    if isinstance(field, str) and field.startswith("-"):
        return Order(field[1:], "DESC")
    return Order(names.column("each of the fields of order_by()", field))
