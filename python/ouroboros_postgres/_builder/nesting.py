"""Queries inside the query: common tables, subqueries in conditions, set operations."""

from __future__ import annotations

from typing import Any, Self

from . import names
from .chain import Chain, M
from .nested import NestedQuery, query, text
from .output import width
from .state import CommonTable, Page, SetOperation, State, SubqueryCondition

__all__ = ["CommonTables", "SetOperations", "Subqueries"]


class CommonTables(Chain[M]):
    """Methods for WITH. A later query may use the ones before it."""

    __slots__ = ()

    def with_cte(self, name: str, query: NestedQuery) -> Self:
        """Give another query a name, under which joins, subqueries and texts can refer to it.

        Raises:
            TypeError: `query` is no builder.
        """
        return self._common(name, _query(f"the query of the CTE {name!r}", query))

    def with_cte_raw(self, name: str, sql: str, params: Any = None) -> Self:
        """Give SQL text a name.

        Args:
            name: The name; one with capitals must be in double quotes where texts refer to it.
            sql: The text, placeholders numbered from `$1`.
            params: Their values, all of which the text must use.

        Raises:
            TypeError: An argument is of the wrong type.
        """
        return self._common(name, text(f"the CTE {name!r}", sql, params))

    @classmethod
    def from_cte(cls, cte_name: str, cte_query: Chain[Any], model: type[Any] | None = None) -> Self:
        """Read the rows of another query under a name.

        Args:
            cte_name: The name.
            cte_query: The query; a builder.
            model: What the rows become, by default what those of the query would.

        Raises:
            TypeError: `cte_query` is no builder.
        """
        operand = _query(f"the query of the CTE {cte_name!r}", cte_query)
        state = State(cte_query._model if model is None else model)
        return cls._of(state.replace(ctes=(CommonTable(_name(cte_name), operand),), source=cte_name))

    def _common(self, name: Any, operand: NestedQuery) -> Self:
        return self._with(ctes=(*self._state.ctes, CommonTable(_name(name), operand)))


def _query(what: str, value: Any) -> NestedQuery:
    return query(what, value)


def _name(name: Any) -> str:
    return names.text("the name of a CTE", name)


class Subqueries(Chain[M]):
    """Methods that add conditions with a subquery.

    A column of a model that is not in the subquery's own FROM belongs to the query around it:
    `User.find().where_exists(Order.find(Order.user_id == User.id))`.
    """

    __slots__ = ()

    def where_in_subquery(self, column: Any, subquery: NestedQuery) -> Self:
        """Keep rows whose column is among the values of another query.

        Args:
            column: The column.
            subquery: A builder with one selected column; without a selection its primary key counts.

        Raises:
            ValueError: The subquery selects several columns.
            TypeError: `subquery` is no builder.
        """
        return self._member("in", column, subquery)

    def where_not_in_subquery(self, column: Any, subquery: NestedQuery) -> Self:
        """Keep rows whose column is not among the values of another query, NULLs among which count for nothing."""
        return self._member("not_in", column, subquery)

    def where_exists(self, subquery: NestedQuery) -> Self:
        """Keep rows for which another query has rows."""
        return self._subquery("exists", None, query("the subquery of where_exists()", subquery))

    def where_not_exists(self, subquery: NestedQuery) -> Self:
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

    def _subquery(self, kind: str, column: Any, operand: NestedQuery) -> Self:
        if kind in ("in", "not_in"):
            column = names.column("the column of a subquery condition", column)
        return self._with(subqueries=(*self._state.subqueries, SubqueryCondition(kind, column, operand)))


class SetOperations(Chain[M]):
    """Methods that combine the rows of two queries, from left to right.

    What was set of ORDER BY, LIMIT and OFFSET before the first of them concerns the left query alone; what is set
    afterwards concerns the combined rows. Everything else belongs to the left query, whenever it is set.
    """

    __slots__ = ()

    def union(self, other: NestedQuery) -> Self:
        """Add the rows of another query, and leave out rows that are equal to another one.

        Raises:
            ValueError: The queries are known to have different numbers of columns.
            TypeError: `other` is no builder.
        """
        return self._combine("union", other)

    def union_all(self, other: NestedQuery) -> Self:
        """Add the rows of another query; errors as for `union`."""
        return self._combine("union_all", other)

    def intersect(self, other: NestedQuery) -> Self:
        """Keep rows that another query has as well, each once; errors as for `union`."""
        return self._combine("intersect", other)

    def intersect_all(self, other: NestedQuery) -> Self:
        """Keep rows as often as both queries have them; errors as for `union`."""
        return self._combine("intersect_all", other)

    def except_(self, other: NestedQuery) -> Self:
        """Keep rows that another query does not have, each once; errors as for `union`."""
        return self._combine("except", other)

    def except_all(self, other: NestedQuery) -> Self:
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
