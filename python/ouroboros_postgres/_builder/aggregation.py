"""Aggregates, GROUP BY and HAVING."""

from __future__ import annotations

from typing import Any, Self

from . import names
from .chain import Chain, M
from .state import Aggregate, Having

__all__ = ["Aggregation"]


class Aggregation(Chain[M]):
    """Methods that group rows and compute something of each group; `aggregate()` runs them.

    Without an alias a result is called as the function: `count`, `sum`, `avg`, `min`, `max`.
    """

    __slots__ = ()

    def count_agg(self, alias: str | None = None) -> Self:
        """Count the rows of each group: `COUNT(*)`."""
        return self._aggregate("count", None, alias)

    def count_column(self, column: Any, alias: str | None = None) -> Self:
        """Count the values of a column that are not NULL."""
        return self._aggregate("count_column", column, alias)

    def count_distinct(self, column: Any, alias: str | None = None) -> Self:
        """Count the different values of a column."""
        return self._aggregate("count_distinct", column, alias)

    def sum(self, column: Any, alias: str | None = None) -> Self:
        """Add the values of a column: an `int` for `integer`, a `Decimal` for `bigint` and `numeric`."""
        return self._aggregate("sum", column, alias)

    def avg(self, column: Any, alias: str | None = None) -> Self:
        """The mean of a column: a `Decimal` for exact numbers, a `float` for others."""
        return self._aggregate("avg", column, alias)

    def min(self, column: Any, alias: str | None = None) -> Self:
        """The least value of a column."""
        return self._aggregate("min", column, alias)

    def max(self, column: Any, alias: str | None = None) -> Self:
        """The greatest value of a column."""
        return self._aggregate("max", column, alias)

    def group_by(self, *columns: Any) -> Self:
        """Group by more columns; they come first in the result.

        Raises:
            TypeError: A column is neither a name nor a column.
        """
        added = names.columns("the columns of group_by()", columns)
        return self._with(group=(*self._state.group, *added))

    def having(self, aggregate: str, column: Any, operator: str, value: Any) -> Self:
        """Keep groups of which a condition is true.

        Args:
            aggregate: `count`, `count_column`, `count_distinct`, `sum`, `avg`, `min` or `max`.
            column: The column, `None` for `count`.
            operator: A comparison, `in`, `not_in`, `between`, `is_null` or `is_not_null`.
            value: What to compare with.
        """
        if column is not None:
            column = names.column("the column of having()", column)
        return self._with(having=(*self._state.having, Having(aggregate, column, operator, value)))

    def having_count(self, operator: str, value: Any) -> Self:
        """Keep groups by the number of their rows."""
        return self.having("count", None, operator, value)

    def having_sum(self, column: Any, operator: str, value: Any) -> Self:
        """Keep groups by a sum."""
        return self.having("sum", column, operator, value)

    def having_avg(self, column: Any, operator: str, value: Any) -> Self:
        """Keep groups by a mean."""
        return self.having("avg", column, operator, value)

    def having_min(self, column: Any, operator: str, value: Any) -> Self:
        """Keep groups by their least value."""
        return self.having("min", column, operator, value)

    def having_max(self, column: Any, operator: str, value: Any) -> Self:
        """Keep groups by their greatest value."""
        return self.having("max", column, operator, value)

    def _aggregate(self, function: str, column: Any, alias: str | None) -> Self:
        if function != "count":
            column = names.column(f"the column of {function}()", column)
        if alias is not None:
            names.text(f"the alias of {function}()", alias)
        return self._with(aggregates=(*self._state.aggregates, Aggregate(function, column, alias)))
