"""What is to be written."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from .snapshots import DirtyTracker, ObjectSnapshot

__all__ = ["ObjectState", "UnitOfWork"]


class ObjectState(Enum):
    """What an object is to a session."""

    TRANSIENT = "transient"
    """It has no row, and the session does not know it."""
    PENDING = "pending"
    """It is to be inserted."""
    PERSISTENT = "persistent"
    """The session knows it, and it is as its row is."""
    DIRTY = "dirty"
    """It has changes that are to be written."""
    DELETED = "deleted"
    """Its row is to be deleted, or has been in the current transaction."""
    DETACHED = "detached"
    """It stands for a row, but the session does not know it."""


class UnitOfWork:
    """The objects that are to be inserted, updated or deleted. Objects are told apart by identity."""

    def __init__(self) -> None:
        self._new: dict[int, Any] = {}
        self._dirty: dict[int, Any] = {}
        self._deleted: dict[int, Any] = {}
        self._unwritten: set[int] = set()
        self._dirty_tracker = DirtyTracker()

    @property
    def tracker(self) -> DirtyTracker:
        """What finds changes."""
        return self._dirty_tracker

    def register_new(self, obj: Any) -> None:
        """Have an object inserted."""
        self.register_all_new([obj])

    def register_all_new(self, objs: list[Any]) -> None:
        """Have objects inserted."""
        for obj in objs if self._deleted else ():
            self._forget_deletion(obj)
        self._new.update(zip(map(id, objs), objs, strict=True))

    def set_new(self, new: list[Any]) -> None:
        """Have just these objects inserted, in this order."""
        self._new = {id(obj): obj for obj in new}

    def register_dirty(self, obj: Any) -> None:
        """Have an object updated, even if no change of it can be found."""
        self._dirty[id(obj)] = obj

    def register_deleted(self, obj: Any) -> None:
        """Have the row of an object deleted. One that was to be inserted has none; it is listed all the same."""
        key = id(obj)
        self._dirty.pop(key, None)
        if self._new.pop(key, None) is not None:
            self._unwritten.add(key)
        self._deleted[key] = obj

    def register_clean(self, obj: Any) -> None:
        """Take an object for one that is in step with its row, and remember what it is like."""
        self._new.pop(id(obj), None)
        self._dirty.pop(id(obj), None)
        self._forget_deletion(obj)
        self._dirty_tracker.take_snapshot(obj)

    def register_inserted(self, inserted: list[Any]) -> list[ObjectSnapshot]:
        """Take new objects for such that are in step with their rows, which they have now."""
        new, dirty = self._new, self._dirty
        for obj in inserted:
            new.pop(id(obj), None)
            if dirty:
                dirty.pop(id(obj), None)
        return self._dirty_tracker.take_snapshots(inserted)

    def keep(self, obj: Any) -> None:
        """Have the row of an object not deleted after all."""
        self._forget_deletion(obj)

    def forget(self, obj: Any) -> None:
        """Forget all about an object."""
        self._new.pop(id(obj), None)
        self._dirty.pop(id(obj), None)
        self._forget_deletion(obj)
        self._dirty_tracker.clear_snapshot(obj)

    def _forget_deletion(self, obj: Any) -> None:
        self._deleted.pop(id(obj), None)
        self._unwritten.discard(id(obj))

    def forget_registration(self, obj: Any) -> None:
        """Take an object for one whose changes are found, or that has none."""
        self._dirty.pop(id(obj), None)

    def is_new(self, obj: Any) -> bool:
        """Whether an object is to be inserted."""
        return id(obj) in self._new

    def is_deleted(self, obj: Any) -> bool:
        """Whether the row of an object is to be deleted."""
        return id(obj) in self._deleted

    def is_unwritten(self, obj: Any) -> bool:
        """Whether an object to be deleted was never inserted."""
        return id(obj) in self._unwritten

    def is_registered_dirty(self, obj: Any) -> bool:
        """Whether an object is to be updated whether or not it has changed."""
        return id(obj) in self._dirty

    def is_tracked(self, obj: Any) -> bool:
        """Whether changes of an object are found."""
        return self._dirty_tracker.snapshot(obj) is not None

    def is_dirty(self, obj: Any) -> bool:
        """Whether an object has changes, or is registered to have some."""
        return id(obj) in self._dirty or self._dirty_tracker.is_dirty(obj)

    def get_dirty_fields(self, obj: Any) -> dict[str, tuple[Any, Any]]:
        """The changes of an object: old and new value by name, `None` for what is not there."""
        return self._dirty_tracker.get_dirty_fields(obj)

    @property
    def has_pending(self) -> bool:
        """Whether there is anything to write; changes that nobody has registered are found."""
        return bool(self._new or self._deleted) or next(self._changed(), None) is not None

    @property
    def new_objects(self) -> list[Any]:
        """The objects to be inserted."""
        return list(self._new.values())

    @property
    def dirty_objects(self) -> list[Any]:
        """The objects to be updated."""
        return [obj for _, obj in self._changed()]

    @property
    def deleted_objects(self) -> list[Any]:
        """The objects whose rows are to be deleted."""
        return list(self._deleted.values())

    @property
    def registered_dirty(self) -> list[Any]:
        """The objects to be updated whether or not they have changed."""
        return list(self._dirty.values())

    def _changed(self) -> Iterator[tuple[int, Any]]:
        dirty = {key: obj for key, obj in self._dirty.items() if key not in self._new and key not in self._deleted}
        yield from dirty.items()
        for snapshot in self._dirty_tracker.changed():
            key = id(snapshot.owner)
            if key not in dirty and key not in self._new and key not in self._deleted:
                yield key, snapshot.owner

    def clear(self) -> None:
        """Forget everything."""
        self._new.clear()
        self._dirty.clear()
        self._deleted.clear()
        self._unwritten.clear()
        self._dirty_tracker.clear()
