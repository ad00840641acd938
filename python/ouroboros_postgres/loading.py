"""How relationships and columns are loaded: strategies, configurations, and what stands for what is not there yet."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import Any, TypeGuard, TypeVar, cast

from . import connection
from ._loading.attributes import LoadableAttribute
from ._loading.config import LazyLoadError, LoadingConfig, LoadingStrategy, SQLGenerationError
from ._loading.deferred import DeferredColumn
from ._loading.fetch import load_batch
from ._references import BackReference, ForeignKeyProxy, ManyToMany
from ._sql import models
from ._sql.compile import compile_statement
from ._sql.encoder import Encoder
from .options import joined, lazy, noload, raiseload, selectinload, subquery
from .query import QueryBuilder

__all__ = [
    "DeferredColumn",
    "LazyLoadError",
    "LazyLoadingProxy",
    "LoadingConfig",
    "LoadingStrategy",
    "RelationshipLoader",
    "SQLGenerationError",
    "defer",
    "joined",
    "lazy",
    "noload",
    "only",
    "raiseload",
    "selectinload",
    "subquery",
    "undefer",
]

Q = TypeVar("Q")


def defer(*columns: Any) -> LoadingConfig:
    """Leave columns out; they load when they are awaited."""
    names = _names(columns)
    return LoadingConfig(LoadingStrategy.LAZY, deferred_columns=names, columns=list(names))


def undefer(*columns: Any) -> LoadingConfig:
    """Load columns that were left out before; without arguments, all."""
    return LoadingConfig(LoadingStrategy.LAZY, columns=_names(columns))


def only(*columns: Any) -> LoadingConfig:
    """Load nothing but these columns and the primary key."""
    return LoadingConfig(LoadingStrategy.LAZY, columns=_names(columns), only=True)


def _names(columns: Iterable[Any]) -> list[str]:
    return [column if isinstance(column, str) else column.name for column in columns]


class RelationshipLoader:
    """Loads what attributes of any kind lead to: relationships, back references, foreign keys, many to many."""

    async def load_lazy(self, instance: Any, relationship: str, config: LoadingConfig) -> Any:
        """Load one relationship of one instance.

        Returns:
            The related instance or row, or a list of them; `None` for an attribute that leads nowhere.
        """
        kind = models.static_attribute(models.class_of(instance), relationship)
        if isinstance(kind, (BackReference, ManyToMany)):
            return await getattr(instance, relationship).fetch_all()
        if isinstance(kind, ForeignKeyProxy):
            return await getattr(instance, relationship).fetch()
        return await getattr(instance, relationship) if isinstance(kind, LoadableAttribute) else None

    def load_joined(self, query: Q, relationships: Sequence[str], config: LoadingConfig) -> Q:
        """Make a query load relationships by JOIN; anything but a `QueryBuilder` is returned as it is."""
        if not _is_builder(query) or not relationships:
            return query
        return cast("Q", query.options(joined(*relationships, innerjoin=config.innerjoin)))

    async def load_selectin(self, instances: Sequence[Any], relationship: str, config: LoadingConfig) -> dict[Any, Any]:
        """Load one relationship of several instances by one statement.

        Returns:
            For a back reference the rows by the value that they refer to, without values that have none. For other
            relationships what is related by the value that leads there, and the instances have it as well.
        """
        if not instances:
            return {}
        kind = models.static_attribute(models.class_of(instances[0]), relationship)
        if isinstance(kind, BackReference):
            return await _referring_rows(kind, instances)
        return await load_batch(kind, list(instances)) if isinstance(kind, LoadableAttribute) else {}

    async def load_subquery(self, instance: Any, relationship: str, config: LoadingConfig) -> Any:
        """Load one relationship of one instance; as `load_lazy`."""
        return await self.load_lazy(instance, relationship, config)


def _is_builder(query: object) -> TypeGuard[QueryBuilder[Any]]:
    return isinstance(query, QueryBuilder)


async def _referring_rows(reference: BackReference, instances: Sequence[Any]) -> dict[Any, list[dict[str, Any]]]:
    keys = [_reference_value(instance, reference.target_column) for instance in instances]
    encoder = Encoder()
    slots = encoder.slots([key for key in keys if key is not None])
    if not slots:
        return {}
    condition = {"left": {"column": {"name": reference.source_column}}, "operator": "IN", "value": slots}
    select = {"from": {"table": reference.source_table}, "where": [{"compare": condition}]}
    rows = await connection.execute(*compile_statement({"select": select}, encoder))
    found: dict[Any, list[dict[str, Any]]] = {}
    for row in rows if isinstance(rows, list) else []:
        found.setdefault(row[reference.source_column], []).append(row)
    return found


def _reference_value(instance: Any, name: str) -> Any:
    data = getattr(instance, "_data", {})
    return data[name] if name in data else getattr(instance, name, None)


class LazyLoadingProxy:
    """Stands for something related until it is awaited.

    Args:
        loader: Loads it.
        instance: The instance that it belongs to.
        relationship: The name of the attribute.
        config: How to load.
    """

    __slots__ = ("_config", "_instance", "_is_loaded", "_loader", "_relationship", "_value")

    def __init__(self, loader: RelationshipLoader, instance: Any, relationship: str, config: LoadingConfig) -> None:
        self._loader = loader
        self._instance = instance
        self._relationship = relationship
        self._config = config
        self._is_loaded = False
        self._value: Any = None

    @property
    def is_loaded(self) -> bool:
        """Whether the value is here."""
        return self._is_loaded

    async def fetch(self) -> Any:
        """Load, once.

        Raises:
            LazyLoadError: Loading is forbidden.
            SQLGenerationError: Loading is forbidden as it needs a statement.
        """
        if not self._is_loaded:
            self._value = await self._load()
            self._is_loaded = True
        return self._value

    async def __load__(self) -> Any:
        """Load, once; see `fetch`."""
        return await self.fetch()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self.fetch().__await__()

    async def _load(self) -> Any:
        strategy = self._config.strategy
        if strategy is LoadingStrategy.RAISE:
            raise LazyLoadError(f"Relationship '{self._relationship}' is not loaded, and loading it is forbidden")
        if strategy is LoadingStrategy.RAISE_ON_SQL:
            raise SQLGenerationError(
                f"Relationship '{self._relationship}' is not loaded, and loading it would need a statement"
            )
        if strategy is LoadingStrategy.NOLOAD:
            return None
        load = self._loader.load_subquery if strategy is LoadingStrategy.SUBQUERY else self._loader.load_lazy
        return await load(self._instance, self._relationship, self._config)

    def __repr__(self) -> str:
        state = "loaded" if self._is_loaded else "not loaded"
        return f"<LazyLoadingProxy {type(self._instance).__name__}.{self._relationship}, {state}>"
