"""Giving instances what they are related to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._sql import models
from .attributes import attribute
from .matching import ByKey
from .state import MISSING, Loaded, column_value

if TYPE_CHECKING:
    from .._sql.link import Link
    from .attributes import LoadableAttribute
    from .plan import Branch

__all__ = ["Primer", "Recipients"]


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

    def prime(self, owner: Any, related: list[Any], key: Any, *, is_assigned: bool = False) -> None:
        """Give an instance its related objects.

        Args:
            owner: The instance.
            related: Its related objects, at most one unless there can be many.
            key: The value of its column as it has it.
            is_assigned: Whether the program says so, so that the way back leads here even where it was loaded before.
        """
        self._set(owner, related if self._many else related[0] if related else None, key)
        if self._reverse is not None:
            self._reverse._lead_back(related, owner, replace=is_assigned)

    def prime_all(self, found: Iterable[tuple[Any, list[Any]]]) -> None:
        """Give each of several instances its related objects."""
        for owner, related in found:
            self.prime(owner, related, column_value(owner, self.column))

    def _lead_back(self, owners: Iterable[Any], related: Any, *, replace: bool) -> None:
        """Give several instances the same related object."""
        for owner in owners:
            key = column_value(owner, self.column)
            known = None if replace else models.related_state(owner).get(self._name)
            if known is None or not known.holds(key):
                self._set(owner, related, key)

    def _set(self, owner: Any, value: Any, key: Any) -> None:
        state = models.related_state(owner)
        entry: Loaded | None = state.get(self._name)
        if entry is None:
            entry = state[self._name] = Loaded(self._default)
        entry.set(value, key)


def _reverse(found: LoadableAttribute, link: Link) -> Primer | None:
    """The relationship of related objects that leads back to one owner."""
    if found.reverse is None or link.target_model is None:
        return None
    reverse = attribute(link.target_model, found.reverse)
    back = reverse.link(link.target_model)
    return None if back.many else Primer(reverse, back)


class Recipients:
    """Instances that wait for what they are related to; those that have it already do not wait.

    Args:
        branch: The relationship.
        owners: The instances.
        keys: The values of the column that leads to the related rows, where the instances do not have them.

    Attributes:
        present: What the others have.
    """

    __slots__ = ("_primer", "_waiting", "present")

    def __init__(self, branch: Branch, owners: list[Any], keys: list[Any] | None) -> None:
        self._primer = Primer(branch.attribute, branch.link)
        self._waiting: list[tuple[Any, Any, Any]] = []
        self.present: list[Any] = []
        name, column = branch.name, branch.link.owner_column
        for position, owner in enumerate(owners):
            own = column_value(owner, column)
            known = models.related_state(owner).get(name)
            if known is not None and known.holds(own) and not known.is_void:
                self.present += known.value if branch.link.many else [known.value]
            else:
                self._waiting.append((owner, own if keys is None else keys[position], own))

    def keys(self) -> list[Any]:
        """The different keys that they wait for."""
        return list(dict.fromkeys([key for _, key, _ in self._waiting if key is not None and key is not MISSING]))

    def take(self, keys: list[Any], related: list[Any]) -> None:
        """Hand related objects out, each of which has a key: all that there are for each key."""
        grouped: defaultdict[Any, list[Any]] = defaultdict(list)
        for key, child in zip(keys, related, strict=True):
            grouped[key].append(child)
        by_key = ByKey(grouped)
        waiting: list[tuple[Any, Any, Any]] = []
        for item in self._waiting:
            owner, key, own = item
            found = by_key.get(key)
            if found:
                self._primer.prime(owner, [*found], own)
            else:
                waiting.append(item)
        self._waiting = waiting

    def close(self) -> None:
        """Tell those who still wait that there is nothing; not those whose key is unknown."""
        for owner, key, own in self._waiting:
            if key is not MISSING:
                self._primer.prime(owner, [], own)
