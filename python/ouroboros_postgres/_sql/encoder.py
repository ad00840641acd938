"""From objects to the tree of one statement, and to the values of its slots."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from .._arguments import PLAIN
from .._guards import is_list, is_set
from . import models
from .encodable import Encodable, Subquery

if TYPE_CHECKING:
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
        closed: Whether all plain names belong to the main source, be they declared or not.
        outer: The scope around this one, `None` around the outermost.
    """

    __slots__ = ("closed", "columns", "key", "model", "outer", "qualified")

    def __init__(self, key: str, model: Model | None, *, qualified: bool, closed: bool = False) -> None:
        self.key = key
        self.model = model
        self.columns: Mapping[str, Any] | None = None if model is None else models.column_types(model)
        self.qualified = qualified
        self.closed = closed
        self.outer: Scope | None = None

    def owns(self, name: str) -> bool:
        """Whether a plain name is written with the key of the main source."""
        if self.closed:
            return "." not in name
        return self.qualified and self.columns is not None and name in self.columns


class Encoder:
    """Collects the values of one statement while objects become nodes; values never enter the nodes."""

    __slots__ = ("_aliases", "_shared", "scope", "values")

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.scope: Scope | None = None
        self._aliases: dict[int, tuple[object, str]] = {}
        self._shared: dict[int, tuple[object, list[Slot]]] = {}

    @contextmanager
    def within(self, scope: Scope) -> Generator[None]:
        """Encode the parts of a select: plain names belong to its main source."""
        scope.outer = outer = self.scope
        self.scope = scope
        try:
            yield
        finally:
            self.scope = outer

    def slot(self, value: Any) -> Slot:
        """Take a value, bound as one parameter whatever it is: its slot; `None` has none.

        Raises:
            TypeError: It is an expression or a query where only a value can stand.
        """
        if value is None:
            return None
        self.values.append(value if type(value) in PLAIN else _plain(value))
        return len(self.values) - 1

    def slots(self, values: Iterable[Any]) -> list[Slot]:
        """Take each of some values; lists among them stay lists of slots."""
        return [self.slots(_plain(value)) if is_list(value) or is_set(value) else self.slot(value) for value in values]

    def shared_slots(self, owner: object, values: Iterable[Any]) -> list[Slot]:
        """Take the values of an object once, wherever it occurs: equal expressions must have equal placeholders."""
        known = self._shared.get(id(owner))
        if known is None:
            known = self._shared[id(owner)] = (owner, self.slots(values))
        return known[1]

    def name(self, name: str) -> Node:
        """The node of a plain name: a column of the main source, an alias, or a dotted path."""
        scope = self.scope
        if scope is not None and scope.owns(name):
            return {"column": {"name": name, "of": scope.key}}
        return {"column": {"name": name}}

    def column(self, name: str, model: Model | None) -> Node:
        """The node of a column that knows its model."""
        if model is None or not hasattr(model, "__table_name__"):
            return self.name(name)
        return {"column": {"name": name, "of": models.source_key(model)}}

    def alias_key(self, alias: object) -> str:
        """What nodes of this statement call an aliased class."""
        known = self._aliases.get(id(alias))
        if known is None:
            known = (alias, f"@{len(self._aliases)}")
            self._aliases[id(alias)] = known
        return known[1]


def _plain(value: Any) -> Any:
    """Give the value that is bound for one of a type of its own."""
    if isinstance(value, Enum):
        return value.value
    if is_set(value):
        return list(value)
    if isinstance(value, (Encodable, Subquery)):
        raise TypeError(f"{value!r} cannot stand where a value is needed")
    return value
