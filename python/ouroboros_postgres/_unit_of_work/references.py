"""How the objects of a session refer to each other by relationships."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from .._guards import is_list
from .._loading.attributes import LoadableAttribute, attribute
from .._loading.state import MISSING, Loaded, column_value
from .._sql import models
from .._table.record import Record
from . import objects

if TYPE_CHECKING:
    from .._sql.link import Link

__all__ = [
    "Reference",
    "await_keys",
    "forget_related",
    "forget_values",
    "hand_over_keys",
    "has_keys_to_hand_over",
    "is_relationship",
    "parents_of",
    "related_objects",
    "take_back_key",
    "with_references",
]


class Reference(NamedTuple):
    """A relationship of an object that has a value."""

    link: Link
    entry: Loaded
    attribute: LoadableAttribute

    @property
    def related(self) -> list[Any]:
        """The related objects."""
        value = self.entry.value
        if self.link.many:
            return list(value) if is_list(value) else []
        return [] if value is None else [value]


def _has_references(obj: Any) -> bool:
    """Whether there may be any."""
    return isinstance(obj, Record) and models.has_related_state(obj)


def with_references(objs: Iterable[Any]) -> list[Any]:
    """Those of some objects that may have any: not those that have nothing but their values, which are most."""
    return [obj for obj in objs if getattr(obj, "__dict__", None) and _has_references(obj)]


def references(obj: Any) -> Iterator[Reference]:
    """The relationships of an object that were loaded or assigned, without those through other tables."""
    if not _has_references(obj):
        return
    model = models.class_of(obj)
    for name, entry in models.related_state(obj).items():
        if isinstance(entry, Loaded) and entry.is_set:
            found = attribute(model, name)
            link = found.link(model)
            if link.through is None and link.target_model is not None:
                yield Reference(link, entry, found)


def related_objects(obj: Any) -> Iterator[Any]:
    """The objects that an object refers to, or that refer to it."""
    for reference in references(obj):
        yield from reference.related


def parents_of(obj: Any) -> Iterator[tuple[Any, Any]]:
    """Which of two objects has to be in its table before the other: pairs of parent and child, `obj` one of them."""
    for reference in references(obj):
        for related in reference.related:
            yield (obj, related) if reference.link.many else (related, obj)


def hand_over_keys(obj: Any) -> Iterator[tuple[Any, str]]:
    """Take over the keys of parents that had none when they were assigned, and give children that of the object.

    Yields:
        The objects that have got a key, and in what column.
    """
    for entry, key, receivers in _keys_to_hand_over(obj):
        entry.key = key
        for receiver, column in receivers:
            setattr(receiver, column, key)
            yield receiver, column


def has_keys_to_hand_over(obj: Any) -> bool:
    """Whether `hand_over_keys` would give any."""
    return any(receivers for _, _, receivers in _keys_to_hand_over(obj))


def _keys_to_hand_over(obj: Any) -> Iterator[tuple[Loaded, Any, list[tuple[Any, str]]]]:
    """The relationships whose key is known now, that key, and the objects that do not have it yet, with its column."""
    for reference in references(obj):
        link, entry, related = reference.link, reference.entry, reference.related
        if link.many:
            key = column_value(obj, link.owner_column)
            # One that has a row may have been taken away from this parent on purpose since the list was loaded.
            is_loaded = entry.key is not None
            without = [child for child in related if column_value(child, link.target_column) is None]
            receivers = [(child, link.target_column) for child in without if not (is_loaded and objects.has_row(child))]
            is_settled = is_loaded and entry.key != key
        else:
            key = column_value(related[0], link.target_column) if related else None
            receivers = [(obj, link.owner_column)]
            is_settled = entry.key is not None or column_value(obj, link.owner_column) is not None
        if not is_settled and key is not None and key is not MISSING:
            yield entry, key, receivers


def take_back_key(obj: Any, column: str) -> None:
    """Undo that an object has got the key of a parent."""
    setattr(obj, column, None)
    await_keys(obj)


def await_keys(obj: Any) -> None:
    """Let relationships to parents that have no key any more wait for one again."""
    for reference in references(obj):
        link, entry = reference.link, reference.entry
        if link.many or not reference.related or column_value(entry.value, link.target_column) is not None:
            continue
        key = column_value(obj, link.owner_column)
        if key is None or key == entry.key:
            objects.forget_value(obj, link.owner_column)
            entry.key = None


def is_relationship(obj: Any, name: str) -> bool:
    """Whether an object has a relationship of this name."""
    return models.related_attribute(models.class_of(obj), name) is not None


def forget_related(obj: Any, names: Collection[str] | None = None) -> None:
    """Forget what was loaded for relationships of an object, for all of them by default."""
    if not objects.is_row(obj) or not models.has_related_state(obj):
        return
    for name, entry in models.related_state(obj).items():
        if isinstance(entry, Loaded) and (names is None or name in names):
            entry.clear()


def forget_values(obj: Any, names: Iterable[str]) -> None:
    """Take from an object what it has got from a table that does not have it any more.

    Relationships that led there by such a value stay assigned, as they were.
    """
    forgotten = set(names)
    for reference in references(obj):
        if reference.link.owner_column in forgotten:
            reference.entry.key = None
    for name in forgotten:
        objects.forget_value(obj, name)
