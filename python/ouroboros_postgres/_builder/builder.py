"""The query builder: all of its parts together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._sql.compile import compile_statement, compile_where
from .._sql.encoder import Encoder
from .._sql.scalar import ScalarSubquery
from . import output, reading, tree
from .aggregation import Aggregation
from .chain import M
from .ctes import CommonTables
from .filtering import Filtering
from .inner import InnerQuery
from .joining import Joining
from .jsonb import JsonFiltering
from .loading import LoadingOptions
from .locking import Locking
from .modification import Modification
from .projection import Projection
from .set_operations import SetOperations
from .subqueries import Subqueries
from .terminals import Terminals
from .window_functions import Windowing

if TYPE_CHECKING:
    from .._sql.encoder import Node

__all__ = ["QueryBuilder"]


class QueryBuilder(
    Filtering[M],
    JsonFiltering[M],
    Projection[M],
    Joining[M],
    Aggregation[M],
    Windowing[M],
    CommonTables[M],
    Subqueries[M],
    SetOperations[M],
    LoadingOptions[M],
    Locking[M],
    Modification[M],
    Terminals[M],
    InnerQuery,
):
    """A query of the rows of a model, usually made by `Model.find()`.

    Immutable: every method but those that send the query makes a new one, and leaves this one as it is. Building never
    touches the database.

    Args:
        model: The model: a class with a `__table_name__()` class method.
        filters: Conditions that must all hold: comparisons of columns, `and_()`, `or_()`, `not_()`, fragments,
            `raw_sql()`, dicts of column values that must be equal.

    The other parameters are parts of the query in the form of the attributes of the same name.
    """

    __slots__ = ()

    def to_sql(self) -> tuple[str, list[Any]]:
        """The SELECT that `to_list` would send, and the values of its placeholders."""
        encoder = Encoder()
        return compile_statement({"select": reading.select(self._state, encoder)}, encoder)

    def _build_sql(self) -> tuple[str, list[Any]]:
        """The query as an operand of others: without what options would add to its columns."""
        encoder = Encoder()
        return compile_statement({"select": tree.select(self._state, encoder)}, encoder)

    def _build_where_clause(self) -> tuple[str, list[Any]]:
        """The conditions without the word WHERE, `("", [])` when there are none."""
        encoder = Encoder()
        return compile_where(tree.select(self._state, encoder), encoder)

    def as_scalar(self) -> ScalarSubquery:
        """This query as a value: it must have one column and at most one row; NULL without a row."""
        return ScalarSubquery(self)

    def encode(self, encoder: Encoder) -> Node:
        """The node of this query inside another."""
        return {"select": tree.select(self._state, encoder)}

    def encode_column(self, encoder: Encoder) -> Node:
        """The node of this query as a set of values; without a selection those are the primary keys.

        Raises:
            ValueError: Several columns are selected.
        """
        return {"select": tree.one_column(self._state, encoder)}

    @property
    def width(self) -> int | None:
        """How many columns the query has, `None` when that depends on the table."""
        return output.width(self._state)

    def __repr__(self) -> str:
        return f"<QueryBuilder of {self._model.__name__}>"
