"""Giving instances what they are related to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._sql import models
from .attributes import attribute
from .state import Loaded, column_value

if TYPE_CHECKING:
    from .._sql.link import Link
    from .attributes import LoadableAttribute

__all__ = ["Primer"]


class Primer:
    """One relationship, whose value is known.

    Args:
        found: The relationship.
        link: How it leads to the related rows.

    Attributes:
        column: The column of the owner that leads there.
    """

    __slots__ = ("_default", "_many", "_name", "_reverse", "column")

    def __init__(self, found: LoadableAttribute, link: Link) -> None:
        self._name = found.relationship_name
        self._default = found.default
        self._many = link.many
        self._reverse = _reverse(found, link) if link.many else None
        self.column = link.owner_column

    def prime(self, owner: Any, related: list[Any], key: Any) -> None:
        """Give an instance its related objects; `key` is the value of its column as it has it."""
        self._set(owner, related if self._many else related[0] if related else None, key)
        if self._reverse is not None:
            self._reverse.prime_all(related, owner)

    def prime_all(self, owners: Iterable[Any], related: Any) -> None:
        """Give several instances the same related object."""
        for owner in owners:
            self._set(owner, related, column_value(owner, self.column))

    def _set(self, owner: Any, value: Any, key: Any) -> None:
        state = models.related_state(owner)
        entry: Loaded | None = state.get(self._name)
        if entry is None:
            entry = state[self._name] = Loaded(self._default)
        entry.is_set, entry.value, entry.key = True, value, key


def _reverse(found: LoadableAttribute, link: Link) -> Primer | None:
    """The relationship of related objects that leads back to one owner."""
    if found.reverse is None or link.target_model is None:
        return None
    reverse = attribute(link.target_model, found.reverse)
    back = reverse.link(link.target_model)
    return None if back.many else Primer(reverse, back)
