"""Instances that go back to what they were before they were written, as the database has."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import TYPE_CHECKING, Any

from .._table.values import is_same
from . import attachment, objects
from .references import await_keys, forget_values

if TYPE_CHECKING:
    from .._journal import Entry

__all__ = ["go_back", "take_back"]


def go_back(entries: Iterable[Entry]) -> None:
    """Undo for instances what the database has undone, that which was done last first.

    They stand for the rows that they stood for before. What callers have assigned stays, and is to be written again.
    """
    undone: list[Any] = []
    for reference, before, came, given in entries:
        instance = reference()
        if instance is not None:
            take_back(instance, objects.clean_values(instance), before, came.difference(given))
            undone.append(instance)
    for instance in undone:
        await_keys(instance)
        owner = attachment.owner_of(instance)
        if owner is not None:
            owner.has_gone_back(instance)


def take_back(obj: Any, row: objects.Clean | None, before: objects.Clean | None, generated: Set[str]) -> None:
    """Let an object stand for another state of its row, or for no row.

    Args:
        obj: The object.
        row: The values that its row had, `None` if it had been deleted.
        before: The values that it has, `None` if there is none.
        generated: The columns that the object has got from the table. It loses those that it has not changed since.
    """
    key, values = objects.key_column(obj), objects.all_values_of(obj)
    stale = {n for n in generated if n == key or row is None or is_same(values.get(n), row.get(n))}
    if before is not None:
        objects.restore(obj, before, {name: value for name, value in values.items() if name not in stale})
        return
    if objects.is_row(obj):
        objects.set_clean(obj, None)
    forget_values(obj, stale)
