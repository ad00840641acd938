"""Rows that are related through a join table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar, overload

from .. import _many_to_many as many_to_many
from .. import connection
from .._sql import models
from .._sql.link import Link, Through
from .reference import Reference, preloaded_rows, reference_value

if TYPE_CHECKING:
    from .._n_plus_one.origin import Access
    from .._sql.models import Model
    from .reference import Preloaded

__all__ = ["ManyToMany", "ManyToManyQuery"]

Row: TypeAlias = dict[str, Any]
Order: TypeAlias = "Sequence[tuple[str, str]] | None"
T = TypeVar("T")


class ManyToMany(Reference, Generic[T]):
    """The rows of another table that an instance is related to through a join table.

    Of the class, the attribute is this object; of an instance it is a `ManyToManyQuery`. It may be annotated as
    `ManyToMany["Tag"]`.

    Args:
        join_table: `name` or `schema.name` of the table between both.
        source_key: Its column that refers to this side.
        target_key: Its column that refers to the other side.
        target_table: The table of the other side.
        source_reference: The column of this side that is referred to.
        target_reference: The column of the other side that is referred to.
    """

    def __init__(
        self,
        join_table: str,
        source_key: str,
        target_key: str,
        target_table: str,
        source_reference: str = "id",
        target_reference: str = "id",
    ) -> None:
        self.join_table = join_table
        self.source_key = source_key
        self.target_key = target_key
        self.target_table = target_table
        self.source_reference = source_reference
        self.target_reference = target_reference

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> ManyToManyQuery: ...
    def __get__(self, instance: object, owner: type[Any] | None = None) -> Self | ManyToManyQuery:
        if instance is None:
            return self
        value = reference_value(instance, self.source_reference)
        if value is None:
            raise ValueError(f"'{self.source_reference}' is not set on the instance")
        references = (self.source_reference, self.target_reference)
        return ManyToManyQuery(
            *self._route, value, *references, preloaded=self.preloaded(instance), accessed=self.accessed(instance)
        )

    @property
    def _route(self) -> tuple[str, str, str, str]:
        return self.join_table, self.source_key, self.target_key, self.target_table

    def link(self, owner: Model) -> Link:
        """How the rows of both tables belong together."""
        through = Through(self.join_table, self.source_key, self.target_key)
        return Link(self.source_reference, self.target_table, self.target_reference, many=True, through=through)

    def __repr__(self) -> str:
        return f"ManyToMany({', '.join(map(repr, self._route))})"


class ManyToManyQuery:
    """The rows that one row is related to through a join table, and changes of these relations.

    Targets are given by the value of `target_reference`, or as instances that have it. All methods join the ambient
    transaction.

    Args:
        join_table: `name` or `schema.name` of the table between both.
        source_key: Its column that refers to this side.
        target_key: Its column that refers to the other side.
        target_table: The table of the other side.
        source_id: The value of `source_reference` of the row.
        source_reference: The column of this side that is referred to.
        target_reference: The column of the other side that is referred to.
        preloaded: What an option has loaded.
        accessed: Of what instance, if anybody wants to know.
    """

    __slots__ = (
        "_accessed",
        "_preloaded",
        "join_table",
        "source_id",
        "source_key",
        "source_reference",
        "target_key",
        "target_reference",
        "target_table",
    )

    def __init__(
        self,
        join_table: str,
        source_key: str,
        target_key: str,
        target_table: str,
        source_id: Any,
        source_reference: str = "id",
        target_reference: str = "id",
        *,
        preloaded: Preloaded | None = None,
        accessed: Access | None = None,
    ) -> None:
        self.join_table = join_table
        self.source_key = source_key
        self.target_key = target_key
        self.target_table = target_table
        self.source_id = source_id
        self.source_reference = source_reference
        self.target_reference = target_reference
        self._preloaded = preloaded
        self._accessed = accessed

    async def fetch_all(
        self,
        select_columns: Sequence[str] | None = None,
        order_by: Order = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> list[Row]:
        """Fetch the related rows; without arguments those that an option of the query loaded, if one did.

        Args:
            select_columns: The columns to fetch, all by default.
            order_by: `(column, "asc" or "desc")` pairs.
            limit: How many rows at most.
            offset: How many rows to leave out first.

        Raises:
            ValueError: A direction is unknown, or a number is negative.
        """
        if not select_columns and not order_by and limit is None and offset is None:
            loaded = preloaded_rows(self._preloaded, self.source_id)
            if loaded is not None:
                return loaded
            if self._accessed is not None:
                self._accessed.about_to_load()
        return await many_to_many.m2m_fetch_related(
            *self._source, select_columns or None, order_by or None, limit, *self._references, offset=offset
        )

    async def fetch_one(self) -> Row | None:
        """Fetch the first related row by its key, `None` if there is none."""
        rows = await self.fetch_all(order_by=[(self.target_reference, "asc")], limit=1)
        return rows[0] if rows else None

    async def ids(self) -> list[Any]:
        """Fetch the keys of the related rows."""
        order = [(self.target_reference, "asc")]
        return [row[self.target_reference] for row in await self.fetch_all([self.target_reference], order)]

    async def add(self, target_id: Any, *more: Any) -> None:
        """Relate rows; does nothing for those that are related.

        Raises:
            ForeignKeyError: One of the rows does not exist.
        """
        self._forget()
        targets = [self._key(target) for target in (target_id, *more)]
        if len(targets) == 1:
            await many_to_many.m2m_add_relation(*self._source, targets[0], *self._references)
            return
        async with connection.begin_transaction():
            for target in targets:
                await many_to_many.m2m_add_relation(*self._source, target, *self._references)

    async def remove(self, target_id: Any) -> int:
        """End a relation.

        Returns:
            1, or 0 when there was none.
        """
        self._forget()
        return await many_to_many.m2m_remove_relation(*self._source, self._key(target_id), *self._references)

    async def clear(self) -> int:
        """End all relations.

        Returns:
            How many there were.
        """
        self._forget()
        return await many_to_many.m2m_clear_relations(*self._source, *self._references)

    async def count(self) -> int:
        """Count the relations."""
        return await many_to_many.m2m_count_related(*self._source, *self._references)

    async def has(self, target_id: Any) -> bool:
        """Tell whether a row is related."""
        return await many_to_many.m2m_has_relation(*self._source, self._key(target_id), *self._references)

    async def set(self, target_ids: Iterable[Any]) -> None:
        """Make these the related rows, in one transaction; relations that stay keep what else is in their rows."""
        self._forget()
        keys = [self._key(target) for target in target_ids]
        await many_to_many.m2m_set_relations(*self._source, keys, *self._references)

    @property
    def _source(self) -> tuple[str, str, str, str, Any]:
        return self.join_table, self.source_key, self.target_key, self.target_table, self.source_id

    @property
    def _references(self) -> tuple[str, str]:
        return self.source_reference, self.target_reference

    def _key(self, target: Any) -> Any:
        if not models.is_model(type(target)):
            return target
        key = reference_value(target, self.target_reference)
        if key is None:
            raise ValueError(f"'{self.target_reference}' is not set on {target!r}")
        return key

    def _forget(self) -> None:
        if self._preloaded is not None:
            self._preloaded[1].clear()

    def __repr__(self) -> str:
        return f"ManyToManyQuery({self.target_table} through {self.join_table}.{self.source_key}={self.source_id!r})"
