"""From objects to the tree of one statement, and to the values of its slots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from . import models

if TYPE_CHECKING:
    from .aliased import AliasedClass
    from .models import Model

__all__ = ["Encoder", "Node", "Scope", "Slot"]

Node: TypeAlias = dict[str, Any]
Slot: TypeAlias = "int | list[Slot] | None"


class Scope:
    """The select that is being encoded, as far as plain names of columns are concerned.

    Attributes:
        key: The key of its main source.
        columns: The declared columns of that source, `None` when they are unknown.
        model: The model of that source; names of relationships are looked up there.
        qualified: Whether there are several sources, so that plain names of the main source's columns carry its key.
    """

    __slots__ = ("columns", "key", "model", "qualified")

    def __init__(self, key: str, model: Model | None, *, qualified: bool) -> None:
        self.key = key
        self.model = model
        self.columns: Mapping[str, Any] | None = None if model is None else models.column_types(model)
        self.qualified = qualified


class Encoder:
    """Collects the values of one statement while objects become nodes; values never enter the nodes."""

    __slots__ = ("_aliases", "scope", "values")

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.scope: Scope | None = None
        self._aliases: dict[int, tuple[AliasedClass[Any], str]] = {}

    @contextmanager
    def within(self, scope: Scope) -> Iterator[None]:
        """Encode the parts of a select: plain names belong to its main source."""
        outer, self.scope = self.scope, scope
        try:
            yield
        finally:
            self.scope = outer

    def slot(self, value: Any) -> Slot:
        """Take a value: its slot; `None` has none."""
        if value is None:
            return None
        self.values.append(value)
        return len(self.values) - 1

    def slots(self, values: Any) -> list[Slot]:
        """Take each of some values."""
        return [self.slot(value) for value in values]

    def name(self, name: str) -> Node:
        """The node of a plain name: a column of the main source, an alias, or a dotted path."""
        scope = self.scope
        if scope is not None and scope.qualified and scope.columns is not None and name in scope.columns:
            return {"column": {"name": name, "of": scope.key}}
        return {"column": {"name": name}}

    def column(self, name: str, model: Model | None, alias: AliasedClass[Any] | None = None) -> Node:
        """The node of a column that knows where it comes from."""
        if alias is not None:
            return {"column": {"name": name, "of": self.alias_key(alias), "as": alias.alias}}
        if model is None:
            return self.name(name)
        return {"column": {"name": name, "of": models.source_key(model)}}

    def alias_key(self, alias: AliasedClass[Any]) -> str:
        """What nodes of this statement call an aliased class."""
        known = self._aliases.get(id(alias))
        if known is None:
            known = (alias, f"@{len(self._aliases)}")
            self._aliases[id(alias)] = known
        return known[1]
