"""What attributes for rows without a model have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from .._loading.attributes import LoadableAttribute
from .._loading.config import LazyLoadError, LoadingStrategy, SQLGenerationError
from .._n_plus_one.origin import Access, access

if TYPE_CHECKING:
    from .._loading.state import Loaded

__all__ = ["Preloaded", "Reference", "preloaded_rows", "reference_value"]

Row: TypeAlias = dict[str, Any]
Preloaded: TypeAlias = "tuple[str, Loaded]"
"""The name of a relationship and what an instance knows of it."""


class Reference(LoadableAttribute):
    """A descriptor that gives a query for rows of another table; nothing can be assigned to it."""

    def __set__(self, instance: object, value: object) -> NoReturn:
        raise AttributeError(f"{type(instance).__name__}.{self._name} cannot be assigned to")

    def preloaded(self, instance: object) -> Preloaded | None:
        """What an instance knows of this, if anything."""
        loaded = self.known(instance)
        return None if loaded is None else (self.relationship_name, loaded)

    def accessed(self, instance: object) -> Access | None:
        """Note that the attribute of an instance is read, if anybody wants to know."""
        return access(instance, self.relationship_name)


def preloaded_rows(preloaded: Preloaded | None, key: Any) -> list[Row] | None:
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


def reference_value(instance: object, name: str) -> Any:
    """The value of an attribute of an instance of any class; no I/O."""
    data = getattr(instance, "_data", None)
    return data[name] if data is not None and name in data else getattr(instance, name, None)
