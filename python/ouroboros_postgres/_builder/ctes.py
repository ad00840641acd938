"""Common table expressions."""

from __future__ import annotations

from typing import Any, Self

from . import names
from .chain import Chain, M
from .inner import InnerQuery, text
from .inner import query as inner_query
from .state import CommonTable, State

__all__ = ["CommonTables"]


class CommonTables(Chain[M]):
    """Methods for WITH. A later query may use the ones before it."""

    __slots__ = ()

    def with_cte(self, name: str, query: InnerQuery) -> Self:
        """Give another query a name, under which joins, subqueries and texts can refer to it.

        Raises:
            TypeError: `query` is no builder.
        """
        return self._common(name, inner_query(f"the query of the CTE {name!r}", query))

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
        operand = inner_query(f"the query of the CTE {cte_name!r}", cte_query)
        state = State(cte_query._model if model is None else model)
        return cls._of(state.replace(ctes=(CommonTable(_name(cte_name), operand),), source=cte_name))

    def _common(self, name: Any, operand: InnerQuery) -> Self:
        return self._with(ctes=(*self._state.ctes, CommonTable(_name(name), operand)))


def _name(name: Any) -> str:
    return names.text("the name of a CTE", name)
