"""Running a query: its rows as instances, as dicts or as values, and questions about them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar, overload

from .._sql.label import Label
from .._sql.operand import Operand
from .._sql.proxy import ColumnProxy
from ..errors import MultipleResultsFound, NoResultFound
from . import names, reading
from .chain import Chain, M
from .state import State
from .tracing import traced, traced_batches

if TYPE_CHECKING:
    from .execution import Row

__all__ = ["Terminals", "first_with"]

T = TypeVar("T")


class Terminals(Chain[M]):
    """Methods that send the query. All of them join the ambient transaction when there is one.

    Raises:
        NotConnectedError: There is no pool.
        TransactionError: The query locks rows, and there is no transaction.
        ValueError: Something in the query is not valid; found before anything is sent, as is every `TypeError`.
        QueryError: The server refuses the query: `Query failed: …`, `Count query failed: …`, and so on.
    """

    __slots__ = ()

    async def to_list(self) -> list[M]:
        """All rows as instances of the model."""
        return await traced("find", self._state, reading.instances, len)

    async def first(self) -> M | None:
        """The first row, `None` if there is none; which one that is only `order_by` decides."""
        found: list[M] = await traced("find_one", _at_most(self._state, 1), reading.instances, len)
        return found[0] if found else None

    async def one(self) -> M:
        """The only row.

        Raises:
            NoResultFound: There is none.
            MultipleResultsFound: There are several.
        """
        found = await self.one_or_none()
        if found is None:
            raise NoResultFound(f"the query of {self._model.__name__} has no row")
        return found

    async def one_or_none(self) -> M | None:
        """The only row, `None` if there is none.

        Raises:
            MultipleResultsFound: There are several.
        """
        found: list[M] = await traced("find_one", _at_most(self._state, 2), reading.instances, len)
        if len(found) > 1:
            raise MultipleResultsFound(f"the query of {self._model.__name__} has several rows")
        return found[0] if found else None

    async def to_dicts(self) -> list[Row]:
        """All rows as dicts, without options."""
        return await traced("find", self._state, reading.rows, len)

    @overload
    async def scalar(self, column: ColumnProxy[T]) -> T | None: ...
    @overload
    async def scalar(self, column: str | Operand | Label) -> Any: ...
    @overload
    async def scalar(self, column: T) -> T | None: ...
    async def scalar(self, column: Any) -> Any:
        """The value that a column has in the first row, `None` without a row.

        Args:
            column: A column, its name, a label, or another expression; selected instead of what the query selects. To
                type checkers a column that is declared by its type looks like one of its values.
        """
        found = _values(
            await traced("find_one", _at_most(_selecting(self._state, column), 1), reading.rows, len), column
        )
        return found[0] if found else None

    @overload
    async def scalars(self, column: ColumnProxy[T]) -> list[T]: ...
    @overload
    async def scalars(self, column: str | Operand | Label) -> list[Any]: ...
    @overload
    async def scalars(self, column: T) -> list[T]: ...
    async def scalars(self, column: Any) -> list[Any]:
        """The values that a column has in all rows; `column` as for `scalar`."""
        return _values(await traced("find", _selecting(self._state, column), reading.rows, len), column)

    async def count(self) -> int:
        """How many rows `to_list` would give."""
        return await traced("count", self._state, reading.count, int)

    async def exists(self) -> bool:
        """Whether there is a row; the server stops at the first."""
        return await traced("exists", self._state, reading.exists, int)

    async def aggregate(self) -> list[Row]:
        """The rows as dicts: the columns of `group_by`, selected columns, aggregates, windows.

        Raises:
            ValueError: There is nothing to compute, or two results have the same name.
        """
        return await traced("aggregate", self._state, reading.aggregate, len)

    async def __aiter__(self) -> AsyncGenerator[M, None]:
        """The rows as instances, read in batches while they are used.

        Options are applied to each batch. A loop that is left early gives its connection back when the iterator is
        collected, which is at once unless something else refers to it.
        """
        async with aclosing(traced_batches(self._state, reading.batches(self._state))) as batches:
            async for batch in batches:
                for instance in batch:
                    yield instance

    async def explain(
        self, analyze: bool = False, buffers: bool = False, verbose: bool = False, format: str = "text"
    ) -> Any:
        """The server's plan for the query.

        Args:
            analyze: Whether to run the query and measure it.
            buffers: Whether to tell about buffers; needs `analyze` on servers before version 13.
            verbose: Whether to tell more about each step.
            format: `text`, `json`, `xml` or `yaml`.

        Returns:
            The text; for `json` the decoded list.

        Raises:
            ValueError: There is no such format.
        """
        return await reading.explain(self._state, analyze=analyze, buffers=buffers, verbose=verbose, format=format)


async def first_with(model: type[M], column: str, value: Any) -> M | None:
    """Load the first row with a value in a column: `find(…).first()` for a class that has just this question."""
    proxy: ColumnProxy[Any] = ColumnProxy(column, model)
    state = State(model, (proxy == value,))
    state.limit = 1
    found: list[M] = await traced("find_one", state, reading.instances, len)
    return found[0] if found else None


def _at_most(state: State, count: int) -> State:
    return state if 0 < state.limit <= count else state.replace(limit=count)


def _selecting(state: State, column: Any) -> State:
    """Select just a column, unless its name is that of a result."""
    names.column("the column", column)
    results = {item.alias or item.function for item in state.aggregates} | {item.alias for item in state.windows}
    if isinstance(column, str) and column in results:
        return state
    return state.replace(select=(column,))


def _values(rows: list[Row], column: Any) -> list[Any]:
    name = names.name_of(column)
    if rows and name not in rows[0]:  # an expression, called as the server likes
        name = next(iter(rows[0]))
    return [row[name] for row in rows]
