"""Rows of another table that refer to an instance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, TypeAlias, overload

from .. import connection
from .._sql.link import Link
from .reference import Reference, preloaded_rows, reference_value

if TYPE_CHECKING:
    from .._n_plus_one.origin import Access
    from .._sql.models import Model
    from .reference import Preloaded

__all__ = ["BackReference", "BackReferenceQuery"]

Row: TypeAlias = dict[str, Any]
Order: TypeAlias = "Sequence[tuple[str, str]] | None"


class BackReference(Reference):
    """The rows of another table that refer to an instance, which may be of any class.

    Of the class, the attribute is this object; of an instance it is a `BackReferenceQuery`.

    Args:
        source_table: `name` or `schema.name` of the table that refers.
        source_column: Its column.
        target_column: The attribute of the instance that it refers to.
    """

    def __init__(self, source_table: str, source_column: str, target_column: str = "id") -> None:
        self.source_table = source_table
        self.source_column = source_column
        self.target_column = target_column

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> BackReferenceQuery: ...
    def __get__(self, instance: object, owner: type[Any] | None = None) -> Self | BackReferenceQuery:
        if instance is None:
            return self
        value = reference_value(instance, self.target_column)
        return BackReferenceQuery(
            self.source_table,
            self.source_column,
            self.target_column,
            value,
            preloaded=self.preloaded(instance),
            accessed=self.accessed(instance),
        )

    def link(self, owner: Model) -> Link:
        """How the rows of the other table and an instance belong together."""
        return Link(self.target_column, self.source_table, self.source_column, many=True)

    def __repr__(self) -> str:
        return f"BackReference({self.source_table!r}, {self.source_column!r}, {self.target_column!r})"


class BackReferenceQuery:
    """The rows that refer to one value; without a value there are none, and nobody is asked.

    Args:
        source_table: `name` or `schema.name` of the table that refers.
        source_column: Its column.
        target_column: The column that it refers to.
        ref_value: The value.
        preloaded: What an option has loaded.
        accessed: Of what instance, if anybody wants to know.
    """

    __slots__ = ("_accessed", "_preloaded", "_ref_value", "source_column", "source_table", "target_column")

    def __init__(
        self,
        source_table: str,
        source_column: str,
        target_column: str,
        ref_value: Any,
        *,
        preloaded: Preloaded | None = None,
        accessed: Access | None = None,
    ) -> None:
        self.source_table = source_table
        self.source_column = source_column
        self.target_column = target_column
        self._ref_value = ref_value
        self._preloaded = preloaded
        self._accessed = accessed

    @property
    def ref_value(self) -> Any:
        """The value that the rows refer to."""
        return self._ref_value

    async def fetch_all(
        self,
        select_columns: Sequence[str] | None = None,
        order_by: Order = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> list[Row]:
        """Fetch the rows; without arguments those that an option of the query loaded, if one did.

        Args:
            select_columns: The columns to fetch, all by default.
            order_by: `(column, "asc" or "desc")` pairs.
            limit: How many rows at most.
            offset: How many rows to leave out first.
        """
        is_plain = not select_columns and not order_by and limit is None and offset is None
        if is_plain:
            loaded = preloaded_rows(self._preloaded, self._ref_value)
            if loaded is not None:
                return loaded
        if self._ref_value is None:
            return []
        if is_plain and self._accessed is not None:
            self._accessed.about_to_load()
        return await connection.find_many(
            self.source_table,
            self._filter,
            order_by=order_by or None,
            limit=limit,
            offset=offset,
            select_columns=select_columns or None,
        )

    async def fetch_one(self) -> Row | None:
        """Fetch one row, the first by the primary key if the table has one; `None` if no row refers to the value."""
        if self._ref_value is None:
            return None
        order = [(name, "asc") for name in await _primary_key(self.source_table)]
        return await connection.find_one(self.source_table, self._filter, order_by=order or None)

    async def count(self) -> int:
        """Count the rows."""
        return 0 if self._ref_value is None else await connection.count(self.source_table, self._filter)

    @property
    def _filter(self) -> list[tuple[str, str, Any]]:
        return [(self.source_column, "eq", self._ref_value)]

    def __repr__(self) -> str:
        return f"BackReferenceQuery({self.source_table}.{self.source_column}={self._ref_value!r})"


async def _primary_key(table: str) -> list[str]:
    schema, _, name = table.rpartition(".")
    indexes = await connection.get_indexes(name, schema) if schema else await connection.get_indexes(name)
    keys: list[list[str]] = [index["columns"] for index in indexes if index["is_primary"]]
    return keys[0] if keys else []
