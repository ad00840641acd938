"""Which session an object belongs to: to one at most."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterable
from typing import Any, Protocol

__all__ = ["Owner", "claim", "claim_all", "owned", "owner_of", "reference", "release", "release_all"]


class Owner(Protocol):
    """What keeps track of objects. It holds them strongly, so that their ids stay theirs meanwhile."""

    def covers_here(self) -> bool:
        """Whether the owner undoes for its objects what they do by their own methods here and now."""
        ...

    def has_saved(self, obj: Any) -> None:
        """The object has been written to its row by its own methods."""

    def has_read(self, obj: Any) -> None:
        """The object has been read from its row by its own methods."""

    def has_gone_back(self, obj: Any) -> None:
        """The database has undone what the object did by its own methods where the owner does not do so."""

    def has_deleted(self, obj: Any) -> None:
        """The row of the object has been deleted by its own methods."""


def claim(obj: Any, owner: weakref.ref[Any]) -> None:
    """Say that an object belongs to an owner; `owner` is from `reference`."""
    _owners[id(obj)] = owner


def claim_all(objects: Iterable[Any], owner: weakref.ref[Any]) -> None:
    """Say that objects belong to an owner; `owner` is from `reference`."""
    _owners.update(dict.fromkeys(map(id, objects), owner))


def release(obj: Any) -> None:
    """Say that an object belongs to nobody any more."""
    _owners.pop(id(obj), None)


def release_all(objects: Iterable[Any]) -> None:
    """Say that objects belong to nobody any more."""
    for obj in objects:
        _owners.pop(id(obj), None)


def owner_of(obj: Any) -> Owner | None:
    """What an object belongs to, if anything."""
    reference = _owners.get(id(obj))
    return None if reference is None else reference()


def owned(objects: Collection[Any]) -> list[tuple[Any, Owner]]:
    """Those of some objects that belong to something, and what that is."""
    if _owners.keys().isdisjoint(map(id, objects)):
        return []
    pairs = ((obj, owner_of(obj)) for obj in objects)
    return [(obj, owner) for obj, owner in pairs if owner is not None]


def reference(owner: Owner) -> weakref.ref[Any]:
    """The reference by which an owner claims its objects; when it is gone they belong to nobody."""
    return weakref.ref(owner, _forget)


def _forget(gone: weakref.ref[Any]) -> None:
    for key in [key for key, owner in list(_owners.items()) if owner is gone]:
        del _owners[key]


_owners: dict[int, weakref.ref[Any]] = {}
