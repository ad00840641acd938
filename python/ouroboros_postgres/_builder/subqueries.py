"""Conditions with subqueries."""

from __future__ import annotations

from typing import Any, Self

from . import names
from .chain import Chain, M
from .inner import InnerQuery, query, text
from .state import SubqueryCondition

__all__ = ["Subqueries"]


class Subqueries(Chain[M]):
    """Methods that add conditions with a subquery.

    A column of a model that is not in the subquery's own FROM belongs to the query around it:
    `User.find().where_exists(Order.find(Order.user_id == User.id))`.
    """

    __slots__ = ()

    def where_in_subquery(self, column: Any, subquery: InnerQuery) -> Self:
        """Keep rows whose column is among the values of another query.

        Args:
            column: The column.
            subquery: A builder with one selected column; without a selection its primary key counts.

        Raises:
            ValueError: The subquery selects several columns.
            TypeError: `subquery` is no builder.
        """
        return self._member("in", column, subquery)

    def where_not_in_subquery(self, column: Any, subquery: InnerQuery) -> Self:
        """Keep rows whose column is not among the values of another query, NULLs among which count for nothing."""
        return self._member("not_in", column, subquery)

    def where_exists(self, subquery: InnerQuery) -> Self:
        """Keep rows for which another query has rows."""
        return self._subquery("exists", None, query("the subquery of where_exists()", subquery))

    def where_not_exists(self, subquery: InnerQuery) -> Self:
        """Keep rows for which another query has no rows."""
        return self._subquery("not_exists", None, query("the subquery of where_not_exists()", subquery))

    def where_in_raw(self, column: Any, sql: str, params: Any = None) -> Self:
        """Keep rows whose column is among the values of an SQL text with its own placeholders from `$1`."""
        return self._subquery("in", column, text("where_in_raw()", sql, params))

    def where_not_in_raw(self, column: Any, sql: str, params: Any = None) -> Self:
        """Keep rows whose column is not among the values of an SQL text; a NULL among them leaves no row, as in SQL."""
        return self._subquery("not_in", column, text("where_not_in_raw()", sql, params))

    def where_exists_raw(self, sql: str, params: Any = None) -> Self:
        """Keep rows for which an SQL text has rows; it may refer to the tables of this query."""
        return self._subquery("exists", None, text("where_exists_raw()", sql, params))

    def where_not_exists_raw(self, sql: str, params: Any = None) -> Self:
        """Keep rows for which an SQL text has no rows."""
        return self._subquery("not_exists", None, text("where_not_exists_raw()", sql, params))

    def _member(self, kind: str, column: Any, subquery: Any) -> Self:
        operand = query(f"the subquery of where_{kind}_subquery()", subquery)
        if operand.width not in (None, 1):
            raise ValueError(f"a subquery of where_{kind}_subquery() must select one column, not {operand.width}")
        return self._subquery(kind, column, operand)

    def _subquery(self, kind: str, column: Any, operand: InnerQuery) -> Self:
        if kind in ("in", "not_in"):
            column = names.column("the column of a subquery condition", column)
        return self._with(subqueries=(*self._state.subqueries, SubqueryCondition(kind, column, operand)))
