"""In what order rows are inserted: parents before children, else as they were added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from .._loading.attributes import attributes
from .._sql import models
from . import objects
from .references import parents_of

__all__ = ["batches", "tables_in_order"]

Group: TypeAlias = list[Any]


def batches(new: Iterable[Any]) -> Iterator[Group]:
    """Objects to be inserted together: those of one class and table, none of which refers to another one."""
    groups: dict[type[Any], Group] = {}
    for obj in new:
        groups.setdefault(models.class_of(obj), []).append(obj)
    for group in _ordered(list(groups)):
        if len(group) == 1 and not _refers_to(group[0], _Names([group[0]])):
            yield groups[group[0]]
        else:
            yield from _layers([obj for model in group for obj in groups[model]], group)


def tables_in_order(classes: Iterable[type[Any]]) -> list[type[Any]]:
    """Classes in such an order that parents come first, as far as there is one."""
    return [model for group in _ordered(list(classes)) for model in group]


def _ordered(classes: list[type[Any]]) -> Iterator[list[type[Any]]]:
    """Classes one by one, parents first; at the end, together, those that refer to each other in a circle, and those
    that refer to them.
    """
    if len(classes) == 1:
        yield classes
        return
    names = _Names(classes)
    parents = {model: _refers_to(model, names) - {model} for model in classes}
    while parents:
        free = next((model for model, above in parents.items() if not above & parents.keys()), None)
        if free is None:
            yield list(parents)
            return
        del parents[free]
        yield [free]


class _Names:
    """Classes by the names of their tables."""

    __slots__ = ("_by_name",)

    def __init__(self, classes: Iterable[type[Any]]) -> None:
        self._by_name: dict[str, list[type[Any]]] = {}
        for model in classes:
            self._by_name.setdefault(objects.table_path(model), []).append(model)

    def of(self, table: str | list[str]) -> list[type[Any]]:
        """The classes of a table: its name, or the bare parts of it."""
        return self._by_name.get(table if isinstance(table, str) else ".".join(table), [])

    def __iter__(self) -> Iterator[type[Any]]:
        return (model for classes in self._by_name.values() for model in classes)


def _refers_to(model: type[Any], names: _Names) -> set[type[Any]]:
    """The classes whose rows rows of a class may refer to."""
    found = {target for key in models.foreign_keys(model).values() for target in names.of(key.table)}
    for owner in names:
        for relationship in attributes(owner).values():
            link = relationship.link(owner)
            if link.many and link.through is None and model in names.of(link.target_table):
                found.add(owner)
            elif owner is model and not link.many:
                found.update(names.of(link.target_table))
    return found


def _layers(rows: Group, order: list[type[Any]]) -> Iterator[Group]:
    """Rows in batches such that each refers to rows of earlier ones only; in a circle the first added is first."""
    graph = _Graph(rows)
    while graph.left:
        by_class: dict[type[Any], Group] = {}
        for obj in graph.take():
            by_class.setdefault(models.class_of(obj), []).append(obj)
        for model in sorted(by_class, key=order.index):
            yield by_class[model]


class _Graph:
    """Which rows wait for which others.

    Attributes:
        left: The rows that were not taken yet, by id.
    """

    __slots__ = ("_children", "_position", "_ready", "_waiting", "left")

    def __init__(self, rows: Group) -> None:
        self.left = {id(obj): obj for obj in rows}
        self._children: dict[int, set[int]] = {}
        self._position = {key: number for number, key in enumerate(self.left)}
        self._waiting = dict.fromkeys(self.left, 0)
        keyed = _by_key(rows)
        for obj in rows:
            for parent, child in (*parents_of(obj), *((parent, obj) for parent in _named_by_keys(obj, keyed))):
                self._add(id(parent), id(child))
        self._ready = [key for key, count in self._waiting.items() if count == 0]

    def _add(self, parent: int, child: int) -> None:
        children = self._children.setdefault(parent, set())
        if parent != child and parent in self.left and child in self.left and child not in children:
            children.add(child)
            self._waiting[child] += 1

    def take(self) -> Group:
        """The rows that wait for none, or the first one if all do."""
        ready = self._ready or [next(iter(self.left))]
        taken = [self.left.pop(key) for key in ready]
        freed: set[int] = set()
        for child in (child for key in ready for child in self._children.get(key, ())):
            self._waiting[child] -= 1
            if self._waiting[child] == 0:
                freed.add(child)
        self._ready = sorted((key for key in freed if key in self.left), key=self._position.__getitem__)
        return taken


def _by_key(rows: Group) -> dict[tuple[str, str, Any], Any]:
    """The rows that have a key already, by table, column and value."""
    keys = ((obj, objects.key_column(obj), objects.key_of(obj)) for obj in rows)
    return {
        (objects.table_path(models.class_of(obj)), column, key): obj for obj, column, key in keys if _is_hashable(key)
    }


def _named_by_keys(obj: Any, rows: dict[tuple[str, str, Any], Any]) -> Iterator[Any]:
    """The rows that an object refers to by the values of its columns."""
    for name, key in models.foreign_keys(models.class_of(obj)).items():
        value = models.value_of(obj, name)
        if _is_hashable(value):
            parent = rows.get((".".join(key.table), key.column, value))
            if parent is not None:
                yield parent


def _is_hashable(key: Any) -> bool:
    return key is not None and getattr(key, "__hash__", None) is not None
