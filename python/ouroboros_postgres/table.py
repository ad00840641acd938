"""`Table`, the base of all models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast, overload

from . import _runtime
from ._builder import QueryBuilder, bulk
from ._builder.terminals import first_with
from ._runtime import start
from ._session import target
from ._sql import models
from ._sql.compile import compile_where
from ._sql.encoder import Encoder
from ._table import schema
from ._table.meta import TableMeta, declare
from ._table.persistence import Persistent
from ._table.settings import Settings, given_setting

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ._sql.filters import Filter
    from .pydantic import Schema

__all__ = ["Settings", "Table", "TableMeta"]

M = TypeVar("M")
B = TypeVar("B", bound="BaseModel")
Row = dict[str, Any]


class Table(Persistent, metaclass=TableMeta):
    """A row of a table; a class that derives from it declares the table.

        class User(Table):
            name: str
            email: str = Column(unique=True)
            age: int | None = None

            class Settings:
                table_name = "users"

    Every annotated attribute is a column, except those with a leading underscore and `ClassVar`s; bases and mixins
    count as well. Read from the class it is a `ColumnProxy`, which makes conditions (`User.age > 30`); read from an
    instance it is the value. There is always an `id`. To type checkers it is the value in both places, unless it is
    annotated as `age: ColumnProxy[int] = Column()`, which declares the same column.

    Instances are made with keywords. Columns that are not given take their default; those without one stay unset:
    their attribute is `None`, and an INSERT leaves them to the table. Instances are equal only to themselves.

    All methods that talk to the database join the ambient transaction. Class methods for many rows run no code per row
    and do not touch instances that are in memory.

    Raises:
        TypeError: A default factory or a descriptor refuses its value.
        ValueError: `id` is declared as `int`, and what is given is no number.
    """

    __slots__ = ()

    _none_by_default: ClassVar[set[str]]
    _table_text: ClassVar[tuple[tuple[str, str], str]]

    if TYPE_CHECKING:
        # Any: models narrow it to the type of their key, and `User.id == 1` is a condition.
        id: Any = None
    else:
        id: int | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        declare(cls)
        super().__init_subclass__(**kwargs)

    @classmethod
    def __table_name__(cls) -> str:
        """The table as SQL text: its schema and its name, each in quotes where it needs them."""
        name = (cls._schema, cls._table_name)
        known: tuple[tuple[str, str], str] | None = cls.__dict__.get("_table_text")
        if known is None or known[0] != name:
            parts = [part for part in name if part]
            known = cls._table_text = name, cast("str", _runtime.call(0, {"op": "table_text", "name": parts}))
        return known[1]

    @classmethod
    def _get_table_name(cls) -> str:
        return cls.__table_name__()

    # Queries.

    @classmethod
    def find(cls, *filters: Filter, fetch_links: bool = False) -> QueryBuilder[Self]:
        """Begin a query of the rows that meet all filters.

        Args:
            *filters: Conditions such as `User.age > 30`, fragments, or dicts of column values that must be equal, in
                which `None` means NULL and a list one of its values.
            fetch_links: Whether to load all relationships of the rows as well.
        """
        return _query(cls, filters, fetch_links=fetch_links)

    @classmethod
    async def find_one(cls, *filters: Filter, fetch_links: bool = False) -> Self | None:
        """Load the first row that meets all filters; arguments as for `find`.

        Returns:
            The instance, `None` if there is no such row.
        """
        return await _query(cls, filters, fetch_links=fetch_links).first()

    @classmethod
    async def get(cls, row_id: Any) -> Self | None:
        """Load the row with a primary key.

        Returns:
            The instance, `None` if there is no such row.
        """
        return None if row_id is None else await first_with(cls, cls._get_pk_column(), row_id)

    @classmethod
    async def count(cls, *filters: Filter) -> int:
        """Count the rows that meet all filters; arguments as for `find`."""
        return await _query(cls, filters).count()

    @classmethod
    def _build_where_clause(cls, filters: Iterable[Filter]) -> tuple[str, list[Any]]:
        """The conditions that filters stand for, as SQL text without the word WHERE, and their values."""
        encoder = Encoder()
        return compile_where(_query(cls, filters).encode(encoder)["select"], encoder)

    # Rows.

    @classmethod
    async def insert(cls, **values: Any) -> Self:
        """Make an instance and insert it.

        Returns:
            The instance with its primary key and all else that the table has added.

        Raises:
            IntegrityError: A constraint refuses the row; `Insert failed: …`.
        """
        instance = cls(**values)
        await instance._insert()
        return instance

    @classmethod
    async def insert_many(cls, rows: Iterable[Mapping[str, Any] | Self]) -> list[Any]:
        """Insert rows, all or none of them.

        Args:
            rows: Dicts of column values and instances of this model, mixed at will. Dicts get the defaults of the
                model; columns that a row lacks get the default of the table.

        Returns:
            The primary keys in the order of `rows`; instances have theirs. `[]` for none, without a statement.

        Raises:
            TypeError: A row is something else.
            IntegrityError: A constraint refuses a row; `Batch insert failed: …`.
        """
        return await cls._insert_many(rows)

    @overload
    @classmethod
    async def update_many(cls, updates: Mapping[str, Any], *filters: Filter, returning: None = None) -> int: ...
    @overload
    @classmethod
    async def update_many(
        cls, updates: Mapping[str, Any], *filters: Filter, returning: Sequence[str]
    ) -> int | list[Row]: ...
    @classmethod
    async def update_many(
        cls, updates: Mapping[str, Any], *filters: Filter, returning: Sequence[str] | None = None
    ) -> int | list[Row]:
        """Change all rows that meet the filters, every row without any.

        Args:
            updates: The new values by column.
            *filters: As for `find`.
            returning: The columns to return, `["*"]` for all; `[]` is the same as `None`.

        Returns:
            How many rows were changed, or with `returning` those rows.

        Raises:
            ValueError: `updates` is empty, or a name in it is no identifier.
        """
        return await bulk.update_many(cls, updates, filters, returning)

    @overload
    @classmethod
    async def delete_many(cls, *filters: Filter, returning: None = None) -> int: ...
    @overload
    @classmethod
    async def delete_many(cls, *filters: Filter, returning: Sequence[str]) -> int | list[Row]: ...
    @classmethod
    async def delete_many(cls, *filters: Filter, returning: Sequence[str] | None = None) -> int | list[Row]:
        """Delete all rows that meet the filters, every row without any or with an empty dict.

        Returns:
            How many rows were deleted, or with `returning` those rows.
        """
        return await bulk.delete_many(cls, filters, returning)

    # Objects of pydantic, which the extra of that name brings. None of this does any I/O.

    @classmethod
    def from_pydantic(cls, obj: BaseModel, *, exclude_unset: bool = True) -> Self:
        """Make an instance from an object of pydantic, such as the body of a request.

        Fields that are named like columns and relationships count, others do not, nor do generated columns. Nested
        objects become instances of the related model, or JSON in a column.

        Args:
            obj: The object, of any class of pydantic.
            exclude_unset: Whether to leave out fields that were not given: the defaults of the model count for them,
                rather than those of the schema.

        Raises:
            ImportError: pydantic is not installed.
            TypeError: `obj` is something else.
        """
        from ._pydantic.instances import from_pydantic

        return from_pydantic(cls, obj, exclude_unset=exclude_unset)

    def apply_pydantic(self, obj: BaseModel, *, exclude_unset: bool = True) -> None:
        """Assign what an object of pydantic says; arguments as for `from_pydantic`. Nothing is saved."""
        from ._pydantic.instances import column_values

        for name, value in column_values(type(self), obj, exclude_unset=exclude_unset).items():
            setattr(self, name, value)

    @overload
    def to_pydantic(self, schema: None = None) -> Schema[Self]: ...
    @overload
    def to_pydantic(self, schema: type[B]) -> B: ...
    def to_pydantic(self, schema: type[BaseModel] | None = None) -> BaseModel:
        """Make an object of pydantic from what is loaded.

        Args:
            schema: Its class, `Schema[…]` of this model by default. Its fields are read from the attributes with their
                names: columns, relationships, properties.

        Raises:
            ImportError: pydantic is not installed.
            ValueError: The schema requires a column or a relationship that is not loaded, or refuses a value.
        """
        from ._pydantic.schema import to_pydantic

        return to_pydantic(self, schema)

    # The table.

    @classmethod
    async def create_table(cls, if_not_exists: bool = True) -> None:
        """Create the table and its indexes, not its schema.

        A foreign key becomes a constraint only with `on_delete` or `on_update`.

        Args:
            if_not_exists: Whether to leave a table alone that exists, rather than to fail.

        Raises:
            TypeError: A column is of a type that tables do not have.
            ValueError: The primary key is not declared, or a declaration contradicts itself.
            QueryError: The server refuses; `Create table failed: …`.
        """
        definition = schema.Definition(
            defaults=cls._column_defaults,
            generated=cls._generated,
            none_by_default=cls._none_by_default,
            indexes=given_setting(cls._settings, "indexes") or (),
        )
        await start(target(), schema.create_table(cls, definition, if_not_exists=if_not_exists))

    @classmethod
    async def drop_table(cls, if_exists: bool = True, cascade: bool = False) -> None:
        """Drop the table.

        Args:
            if_exists: Whether it may be missing.
            cascade: Whether what depends on it is dropped as well: foreign keys, views.

        Raises:
            QueryError: The server refuses; `Drop table failed: …`.
        """
        await start(target(), schema.drop_table(cls, if_exists=if_exists, cascade=cascade))


def _query(model: type[M], filters: Iterable[Filter], *, fetch_links: bool = False) -> QueryBuilder[M]:
    """Begin a query. A model may have a column called `find`, so nothing here calls that."""
    query = QueryBuilder(model, filters)
    if not fetch_links:
        return query
    from .options import selectinload

    return query.options(*(selectinload(name) for name in models.relationships(model) or ()))
