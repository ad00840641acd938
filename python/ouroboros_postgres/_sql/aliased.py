"""A second occurrence of a model in one query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from . import models
from .proxy import ColumnProxy

if TYPE_CHECKING:
    from .encoder import Encoder, Node

__all__ = ["AliasedClass", "alias_source", "aliased", "aliased_model"]

M = TypeVar("M")


class AliasedClass(Generic[M]):
    """A model under another name, so that a query can have it twice; its columns are attributes.

    Args:
        table_class: The model.
        alias: The name; without one, the class name in lower case and `_1`, counted up where that is taken.

    Raises:
        TypeError: The alias is not text.
    """

    # No public attributes: any name may be that of a column.
    __slots__ = ("_alias", "_column_proxies", "_is_named", "_table_class")

    def __init__(self, table_class: type[M], alias: str | None = None) -> None:
        if alias is not None and not isinstance(alias, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may not be typed
            raise TypeError(f"an alias must be str, not {type(alias).__name__}")
        self._table_class = table_class
        self._alias = f"{table_class.__name__.lower()}_1" if alias is None else alias
        self._is_named = alias is not None
        self._column_proxies: dict[str, ColumnProxy[Any]] = {}

    def __getattr__(self, name: str) -> ColumnProxy[Any]:
        if name.startswith("_") and name in AliasedClass.__slots__:  # being copied
            raise AttributeError(name)
        known = self._column_proxies.get(name)
        if known is None:
            if not _is_column(self._table_class, name):
                raise AttributeError(f"Alias {self._alias!r} of {self._table_class.__name__} has no column {name!r}")
            known = self._column_proxies[name] = ColumnProxy(name, self._table_class, aliased=self, alias=self._alias)
        return known

    def __repr__(self) -> str:
        return f"AliasedClass({self._table_class.__name__}, {self._alias!r})"


def _is_column(model: type, name: str) -> bool:
    if isinstance(models.static_attribute(model, name), ColumnProxy):
        return True
    return name in (models.column_types(model) or {})


def aliased(table_class: type[M], name: str | None = None) -> AliasedClass[M]:
    """Give a model another name for one query, for joins of a table with itself.

    Args:
        table_class: The model.
        name: The name in the query; without one it is made from that of the class.
    """
    return AliasedClass(table_class, name)


def aliased_model(alias: AliasedClass[M]) -> type[M]:
    """The model behind an alias."""
    model: type[M] = _part(alias, "_table_class")
    return model


def alias_source(encoder: Encoder, alias: AliasedClass[Any]) -> Node:
    """Give the source of an aliased class, for FROM and joins."""
    source: Node = {
        "table": models.table_name(aliased_model(alias)),
        "alias": _part(alias, "_alias"),
        "keys": [encoder.alias_key(alias)],
    }
    if _part(alias, "_is_named"):
        source["fixed"] = True
    return source


def _part(alias: AliasedClass[Any], name: str) -> Any:
    """Read an attribute of the alias itself."""
    return object.__getattribute__(alias, name)
