"""References between rows that need no model on the other side: foreign keys, back references, many to many."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeAlias, TypeVar, overload

from . import _many_to_many as many_to_many
from . import connection
from ._loading.attributes import LoadableAttribute
from ._loading.config import LazyLoadError, LoadingStrategy, SQLGenerationError
from ._loading.state import forget
from ._sql import models
from ._sql.link import Link, Through

if TYPE_CHECKING:
    from ._loading.state import Loaded
    from ._sql.models import Model

__all__ = [
    "BackReference",
    "BackReferenceQuery",
    "ForeignKeyProxy",
    "ManyToMany",
    "ManyToManyQuery",
    "create_m2m_join_table",
]

Row: TypeAlias = dict[str, Any]
Order: TypeAlias = "Sequence[tuple[str, str]] | None"
Preloaded: TypeAlias = "tuple[str, Loaded]"
"""The name of a relationship and what an instance knows of it."""
T = TypeVar("T")


class ForeignKeyProxy:
    """The row that a foreign key refers to, fetched once.

    Args:
        target_table: `name` or `schema.name` of the table referred to.
        foreign_key_column: The column of that table that has the value.
        foreign_key_value: The value.
    """

    __slots__ = ("_is_fetched", "_row", "_value", "foreign_key_column", "target_table")

    def __init__(self, target_table: str, foreign_key_column: str, foreign_key_value: Any) -> None:
        self.target_table = target_table
        self.foreign_key_column = foreign_key_column
        self._value = foreign_key_value
        self._row: Row | None = None
        self._is_fetched = foreign_key_value is None

    @property
    def ref(self) -> Any:
        """The value of the foreign key."""
        return self._value

    @property
    def id(self) -> Any:
        """The value of the foreign key."""
        return self._value

    @property
    def column_value(self) -> Any:
        """The value of the foreign key."""
        return self._value

    @property
    def is_fetched(self) -> bool:
        """Whether the row is here, or known not to exist."""
        return self._is_fetched

    async def fetch(self) -> Row | None:
        """Fetch the row, `None` if there is none; only the first call asks. Joins the ambient transaction."""
        if not self._is_fetched:
            from . import find_by_foreign_key  # the name of the package, which may be replaced

            self._row = await find_by_foreign_key(self.target_table, self.foreign_key_column, self._value)
            self._is_fetched = True
        return self._row

    def __await__(self) -> Generator[Any, Any, Row | None]:
        return self.fetch().__await__()

    def __repr__(self) -> str:
        state = "fetched" if self._is_fetched else "not fetched"
        return f"ForeignKeyProxy({self.target_table}.{self.foreign_key_column}={self._value!r}, {state})"


class _Reference(LoadableAttribute):
    """A descriptor that gives a query for rows of another table; nothing can be assigned to it."""

    _name: str = ""
    _owner: Model | None = None

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._owner, self._name = owner, name

    def __set__(self, instance: object, value: object) -> NoReturn:
        raise AttributeError(f"{type(instance).__name__}.{self._name} cannot be assigned to")

    def __delete__(self, instance: object) -> None:
        forget(instance, self._name)

    @property
    def relationship_name(self) -> str:
        """The name of the attribute."""
        return self._name

    @property
    def owner(self) -> Model | None:
        """The class whose body has the attribute, `None` when it was added to a class later."""
        return self._owner

    def _preloaded(self, instance: object) -> Preloaded | None:
        loaded = self.known(instance)
        return None if loaded is None else (self._name, loaded)


def _preloaded_rows(preloaded: Preloaded | None, key: Any) -> list[Row] | None:
    """The rows that an option loaded for this value, `None` when it did not.

    Raises:
        RuntimeError: An option forbade to load them now.
    """
    if preloaded is None:
        return None
    name, loaded = preloaded
    if loaded.holds(key):
        rows: list[Row] = loaded.value
        return rows.copy()
    if loaded.strategy in (LoadingStrategy.RAISE, LoadingStrategy.RAISE_ON_SQL):
        error = LazyLoadError if loaded.strategy is LoadingStrategy.RAISE else SQLGenerationError
        raise error(f"Attempted to access unloaded relationship '{name}'. Use selectinload() to load it with the query")
    return None


class BackReference(_Reference):
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
        value = _value(instance, self.target_column)
        preloaded = self._preloaded(instance)
        return BackReferenceQuery(self.source_table, self.source_column, self.target_column, value, preloaded=preloaded)

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
    """

    __slots__ = ("_preloaded", "_ref_value", "source_column", "source_table", "target_column")

    def __init__(
        self,
        source_table: str,
        source_column: str,
        target_column: str,
        ref_value: Any,
        *,
        preloaded: Preloaded | None = None,
    ) -> None:
        self.source_table = source_table
        self.source_column = source_column
        self.target_column = target_column
        self._ref_value = ref_value
        self._preloaded = preloaded

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
        if not select_columns and not order_by and limit is None and offset is None:
            loaded = _preloaded_rows(self._preloaded, self._ref_value)
            if loaded is not None:
                return loaded
        if self._ref_value is None:
            return []
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
    return next((index["columns"] for index in indexes if index["is_primary"]), [])


def _value(instance: object, name: str) -> Any:
    data = getattr(instance, "_data", None)
    return data[name] if data is not None and name in data else getattr(instance, name, None)


class ManyToMany(_Reference, Generic[T]):
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
        value = _value(instance, self.source_reference)
        if value is None:
            raise ValueError(f"'{self.source_reference}' is not set on the instance")
        references = (self.source_reference, self.target_reference)
        return ManyToManyQuery(*self._route, value, *references, preloaded=self._preloaded(instance))

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
    """

    __slots__ = (
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
    ) -> None:
        self.join_table = join_table
        self.source_key = source_key
        self.target_key = target_key
        self.target_table = target_table
        self.source_id = source_id
        self.source_reference = source_reference
        self.target_reference = target_reference
        self._preloaded = preloaded

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
            loaded = _preloaded_rows(self._preloaded, self.source_id)
            if loaded is not None:
                return loaded
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
        key = _value(target, self.target_reference)
        if key is None:
            raise ValueError(f"'{self.target_reference}' is not set on {target!r}")
        return key

    def _forget(self) -> None:
        if self._preloaded is not None:
            self._preloaded[1].clear()

    def __repr__(self) -> str:
        return f"ManyToManyQuery({self.target_table} through {self.join_table}.{self.source_key}={self.source_id!r})"


async def create_m2m_join_table(
    join_table: str,
    source_key: str,
    target_key: str,
    source_table: str,
    target_table: str,
    source_reference: str = "id",
    target_reference: str = "id",
) -> None:
    """Create the table of a many-to-many relationship unless it exists.

    Both keys have the types of the columns that they refer to, refer to them `ON DELETE CASCADE`, and are the primary
    key together; `target_key` has an index of its own. Joins the ambient transaction.
    """
    await many_to_many.m2m_create_join_table(
        join_table, source_key, target_key, source_table, target_table, source_reference, target_reference
    )
