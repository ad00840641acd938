"""Relationships between models: `author = relationship(User, "author_id")`, then `await post.author`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, Self, TypeVar, cast, overload

from . import _guards
from ._loading.attributes import LoadableAttribute, attribute, resolve_target
from ._loading.config import LazyLoadError, SQLGenerationError
from ._loading.config import LoadingStrategy as Strategy
from ._loading.current import is_at_hand
from ._loading.fetch import load_related
from ._loading.priming import Primer
from ._loading.state import MISSING, Loaded, column_value
from ._n_plus_one.origin import access_site
from ._sql import models
from ._sql.link import Link
from .telemetry import add_exception, create_relationship_span, is_tracing_enabled, set_span_result

if TYPE_CHECKING:
    from ._loading.attributes import Target
    from ._sql.models import Model

__all__ = [
    "LoadingStrategy",
    "RelationshipDescriptor",
    "RelationshipLoader",
    "add_exception",
    "create_relationship_span",
    "is_tracing_enabled",
    "relationship",
    "set_span_result",
]

M = TypeVar("M")
T = TypeVar("T", covariant=True)


class LoadingStrategy(StrEnum):
    """What `relationship(lazy=…)` may be."""

    SELECT = "select"
    JOINED = "joined"
    SUBQUERY = "subquery"
    SELECTIN = "selectinload"
    NOLOAD = "noload"
    RAISE = "raise"


_STRATEGIES: Final = {
    "select": Strategy.LAZY,
    "selectinload": Strategy.SELECTIN,
    **{strategy.value: strategy for strategy in Strategy},
}


class RelationshipDescriptor(LoadableAttribute, Generic[T]):
    """A relationship of a model; `relationship` makes it.

    Of the class, the attribute is the descriptor. Of an instance it is a `RelationshipLoader`: await it for what is
    related. What was loaded stays with the instance as long as the column that leads there has the same value.
    Assigning a related instance sets that column.

    Args:
        target_model: The related model: the class, its name, or a function without arguments that returns it.
        foreign_key_column: The column that refers to the other model: one of this model; with `uselist` one of the
            other.
        lazy: How it is loaded unless a query says otherwise: `select` when it is awaited; `joined`, `subquery` or
            `selectinload` together with each query; `noload` never; `raise` never, and awaiting it is an error;
            `raise_on_sql` only if no statement is needed.
        back_populates: The relationship of the other model that leads back.
        uselist: Whether there are many related rows, which refer to this one.

    Raises:
        ValueError: `lazy` is none of these.
    """

    def __init__(
        self,
        target_model: Target,
        foreign_key_column: str,
        lazy: str = "select",
        back_populates: str | None = None,
        uselist: bool = False,
    ) -> None:
        self._strategy = _strategy(lazy)
        self._target_model = target_model
        self._foreign_key_column = foreign_key_column
        self._lazy = lazy
        self._back_populates = back_populates
        self._uselist = uselist
        self._resolved: Model | None = None
        self._key_column: str | None = None  # what `key_column` has found for the class that has the attribute

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> RelationshipLoader[T]: ...
    def __get__(self, instance: object, owner: type[Any] | None = None) -> Self | RelationshipLoader[T]:
        if self._name is None and owner is not None:
            self._find_name(owner)
        return self if instance is None else RelationshipLoader(instance, self)

    def __set__(self, instance: Any, value: Any) -> None:
        link = self.link(models.class_of(instance))
        if self._uselist:
            self._assign_many(instance, link, value)
        else:
            self._check(models.class_of(instance), link, value)
            key = None if value is None else column_value(value, link.target_column)
            setattr(instance, link.owner_column, None if key is MISSING else key)
            self.loaded(instance).set(value, column_value(instance, link.owner_column))

    @property
    def default(self) -> Strategy:
        """How it is loaded unless a query says otherwise."""
        return self._strategy

    @property
    def reverse(self) -> str | None:
        """The attribute of the related model that leads back."""
        return self._back_populates

    @property
    def lazy(self) -> str:
        """The strategy as it was declared."""
        return str(self._lazy)

    @property
    def foreign_key_column(self) -> str:
        """The column that refers to the other model, or to this one."""
        return self._foreign_key_column

    @property
    def is_many(self) -> bool:
        """Whether there are many related rows."""
        return self._uselist

    def link(self, owner: Model) -> Link:
        """How the rows of a model and the related rows belong together.

        Raises:
            ValueError: The related model cannot be found, or has no relationship that is called `back_populates`.
            TypeError: The related class is no model.
        """
        target = self._target(owner)
        column = self._foreign_key_column
        table = models.table_name(target)
        if self._uselist:
            return Link(_referenced(target, column, owner), table, column, target, many=True)
        return Link(column, table, _referenced(owner, column, target), target)

    def key_column(self, owner: Model) -> str:
        """The column of a model that leads to the related rows; no error if there can be none."""
        if not self._uselist:
            return self._foreign_key_column
        if self._key_column is not None and owner is self._owner:
            return self._key_column
        try:
            found = _referenced(self._target(owner), self._foreign_key_column, owner)
        except (TypeError, ValueError):
            return models.primary_key(owner)
        if owner is self._owner:
            self._key_column = found
        return found

    def _target(self, owner: Model) -> Model:
        if self._resolved is None:
            target = resolve_target(self._target_model, self._owner or owner, self.relationship_name)
            if self._back_populates is not None:
                attribute(target, self._back_populates)
            self._resolved = target
        return self._resolved

    def _find_name(self, owner: type[Any]) -> None:
        """Learn the name when the attribute was set after its class had been made."""
        for base in owner.__mro__:
            for name, value in vars(base).items():
                if value is self:
                    self._name = name

    def _check(self, owner: Model, link: Link, value: Any) -> None:
        target = link.target_model
        if value is not None and target is not None and not isinstance(value, target):
            where = f"{owner.__name__}.{self._name}"
            raise TypeError(f"{where} must be of {target.__name__}, not {type(value).__name__}")

    def _assign_many(self, instance: Any, link: Link, children: Any) -> None:
        owner = models.class_of(instance)
        where = f"{owner.__name__}.{self._name}"
        if not _guards.is_collection(children):
            raise TypeError(f"{where} must be a list, not {type(children).__name__}")
        related = list(children)
        for child in related:
            if child is None:
                raise TypeError(f"{where} must not contain None")
            self._check(owner, link, child)
        key = column_value(instance, link.owner_column)
        for child in related:
            setattr(child, link.target_column, None if key is MISSING else key)
        Primer(self, link).prime(instance, related, key, is_assigned=True)

    def __repr__(self) -> str:
        target = self._target_model
        name = target.__name__ if isinstance(target, type) else target
        return f"RelationshipDescriptor({name!r}, {self._foreign_key_column!r}, lazy={self.lazy!r})"


def _strategy(lazy: Any) -> Strategy:
    found = _STRATEGIES.get(lazy) if isinstance(lazy, str) else None
    if found is None:
        raise ValueError(f"Unknown loading strategy: {lazy!r}; it may be {', '.join(sorted(_STRATEGIES))}")
    return found


def _referenced(referring: Model, column: str, target: Model) -> str:
    """The column of `target` that a column refers to: the one that it declares, else the primary key."""
    declared = models.column_declaration(referring, column)
    parts = [] if declared is None or declared.foreign_key is None else declared.foreign_key.split(".")
    if len(parts) > 1:
        table = models.table_name(target)
        if parts[-2] == (table if isinstance(table, str) else table[-1]):
            return parts[-1]
    return models.primary_key(target)


class RelationshipLoader(Generic[T]):
    """A relationship of one instance: await it for the related instance, or for the list of them.

    It has no state of its own: that belongs to the instance.
    """

    __slots__ = ("_accessed", "_descriptor", "_instance")

    def __init__(self, instance: Any, descriptor: RelationshipDescriptor[T]) -> None:
        self._instance = instance
        self._descriptor = descriptor
        self._accessed = access_site()

    @property
    def ref(self) -> Any:
        """The value of the column that leads to the related rows; no I/O."""
        key = self._key()
        return None if key is MISSING else key

    @property
    def is_loaded(self) -> bool:
        """Whether awaiting needs no statement; no I/O."""
        return self._is_loaded

    def __await__(self) -> Generator[Any, Any, T]:
        instance, descriptor = self._instance, self._descriptor
        entry = descriptor.known(instance)
        if entry is not None and entry.holds(column_value(instance, descriptor.key_column(models.class_of(instance)))):
            return cast("T", entry.value)  # nearly always: no coroutine
        return (yield from self._load().__await__())

    # What options of the user's own may set.

    @property
    def _loaded_value(self) -> Any:
        entry = self._entry()
        return entry.value if entry.holds(self._key()) or not entry.is_set else None

    @_loaded_value.setter
    def _loaded_value(self, value: Any) -> None:
        entry = self._entry()
        entry.value = value
        entry.key = self._key()

    @property
    def _is_loaded(self) -> bool:
        return self._entry().holds(self._key())

    @_is_loaded.setter
    def _is_loaded(self, value: bool) -> None:
        entry = self._entry()
        entry.is_set = value
        entry.key = self._key()

    @property
    def _should_raise(self) -> bool:
        return self._entry().strategy in (Strategy.RAISE, Strategy.RAISE_ON_SQL)

    @_should_raise.setter
    def _should_raise(self, value: bool) -> None:
        self._entry().strategy = Strategy.RAISE if value else Strategy.LAZY

    def _entry(self) -> Loaded:
        entry = self._descriptor.loaded(self._instance)
        if entry.strategy is Strategy.NOLOAD and not entry.holds(self._key()):
            entry.set(self._nothing(), self._key(), is_void=True)
        return entry

    def _nothing(self) -> list[Any] | None:
        return [] if self._descriptor.is_many else None

    def _key(self) -> Any:
        return column_value(self._instance, self._descriptor.key_column(models.class_of(self._instance)))

    async def _load(self) -> T:
        entry = self._entry()
        if not entry.holds(self._key()):
            self._refuse(entry, Strategy.RAISE, LazyLoadError)
            if self._key() is None:
                entry.set(self._nothing(), None)
            else:
                if not self._is_at_hand():
                    self._refuse(entry, Strategy.RAISE_ON_SQL, SQLGenerationError)
                return await self._load_once(entry)
        return cast("T", entry.value)

    def _is_at_hand(self) -> bool:
        """Whether the current session has the related instance."""
        return is_at_hand(self._descriptor.link(models.class_of(self._instance)), self._key())

    def _refuse(self, entry: Loaded, strategy: Strategy, error: type[Exception]) -> None:
        if entry.strategy is strategy:
            name = self._descriptor.relationship_name
            raise error(
                f"Attempted to access unloaded relationship '{name}' of {models.class_of(self._instance).__name__}. "
                "Use selectinload() or another option to load it with the query"
            )

    async def _load_once(self, entry: Loaded) -> T:
        """Load, or wait for somebody else who is loading."""
        lock = entry.lock
        if lock is None:
            lock = entry.lock = asyncio.Lock()
        async with lock:
            try:
                key = await self._known_key()
                if not entry.holds(key):
                    related = [] if key is None else await self._traced_load(key)
                    descriptor = self._descriptor
                    Primer(descriptor, descriptor.link(models.class_of(self._instance))).prime(
                        self._instance, related, key
                    )
                return cast("T", entry.value)
            finally:
                entry.lock = None

    async def _known_key(self) -> Any:
        """The key, read from the database if the query of the instance left it out."""
        column = self._descriptor.key_column(models.class_of(self._instance))
        if self._key() is MISSING:
            await getattr(self._instance, column)
        return self._key()

    async def _traced_load(self, key: Any) -> list[Any]:
        descriptor = self._descriptor
        if not is_tracing_enabled():
            return await load_related(self._instance, descriptor, key, self._accessed)
        target = descriptor.link(models.class_of(self._instance)).target_model
        with create_relationship_span(
            name=descriptor.relationship_name,
            target_model=None if target is None else target.__name__,
            strategy=descriptor.lazy,
            fk_column=descriptor.foreign_key_column,
        ) as span:
            was_at_hand = self._is_at_hand()
            try:
                related = await load_related(self._instance, descriptor, key, self._accessed)
            except Exception as error:
                add_exception(span, error)
                raise
            set_span_result(span, count=len(related), cache_hit=was_at_hand)
            return related

    def __repr__(self) -> str:
        state = "loaded" if self.is_loaded else "not loaded"
        return f"<{models.class_of(self._instance).__name__}.{self._descriptor.relationship_name}, {state}>"


@overload
def relationship(
    target_model: type[M] | Callable[[], type[M]],
    foreign_key_column: str,
    lazy: str = "select",
    back_populates: str | None = None,
    uselist: Literal[False] = False,
) -> RelationshipDescriptor[M | None]: ...
@overload
def relationship(
    target_model: type[M] | Callable[[], type[M]],
    foreign_key_column: str,
    lazy: str = "select",
    back_populates: str | None = None,
    *,
    uselist: Literal[True],
) -> RelationshipDescriptor[list[M]]: ...
@overload
def relationship(
    target_model: str,
    foreign_key_column: str,
    lazy: str = "select",
    back_populates: str | None = None,
    uselist: bool = False,
) -> RelationshipDescriptor[Any]: ...
def relationship(
    target_model: Target,
    foreign_key_column: str,
    lazy: str = "select",
    back_populates: str | None = None,
    uselist: bool = False,
) -> RelationshipDescriptor[Any]:
    """Declare a relationship; see `RelationshipDescriptor` for the arguments."""
    return RelationshipDescriptor(target_model, foreign_key_column, lazy, back_populates, uselist)
