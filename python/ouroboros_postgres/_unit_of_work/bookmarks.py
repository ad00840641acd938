"""Going back with the database: what the objects of a session were like at a savepoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .._table.values import private_copy
from . import objects
from .references import await_keys

if TYPE_CHECKING:
    from .snapshots import ObjectSnapshot
    from .tracking import Tracking

__all__ = ["Bookmark", "Bookmarks"]


class _Tracked(NamedTuple):
    """An object that stood for a row."""

    snapshot: ObjectSnapshot
    data: dict[str, Any]
    original: dict[str, Any] | None
    generated: frozenset[str]
    writes: int
    changes: dict[str, Any]


class Bookmark:
    """What the objects of a session are like.

    Args:
        tracking: The objects.
        with_values: Whether to remember also the values that are not written yet.
    """

    __slots__ = ("_deleted", "_deletions", "_dirty", "_new", "_tracked", "_tracking", "_values", "_with_values")

    def __init__(self, tracking: Tracking, *, with_values: bool = True) -> None:
        work = tracking.work
        self._tracking = tracking
        self._with_values = with_values
        self._tracked = {id(s.owner): self._remember(s) for s in work.tracker.snapshots}
        self._new = {id(obj): obj for obj in work.new_objects}
        self._values = {key: private_copy(objects.written_values(obj)) for key, obj in self._new.items() if with_values}
        self._deleted = {id(obj) for obj in work.deleted_objects}
        self._dirty = {id(obj) for obj in work.registered_dirty}
        self._deletions = dict(tracking.deletions)

    def _remember(self, snapshot: ObjectSnapshot) -> _Tracked:
        changes: dict[str, Any] = private_copy(snapshot.changes()) if self._with_values else {}
        return _Tracked(snapshot, snapshot.data, snapshot.original, snapshot.generated, snapshot.writes, changes)

    def restore(self) -> None:
        """Undo for the objects what the database has undone since then: their states, and their values as far as they
        are remembered. What was not written since stays as it is.
        """
        work = self._tracking.work
        changed = [*self._restore_tracked(), *self._restore_deleted()]
        added = [obj for obj in work.new_objects if id(obj) not in self._new]
        work.set_new([*(obj for obj in self._new.values() if work.is_new(obj)), *added])
        for obj in changed:
            await_keys(obj)
        self._tracking.index()

    def _restore_tracked(self) -> list[Any]:
        """Go through the objects that stand for rows now.

        Returns:
            Those that are others than they were.
        """
        changed: list[Any] = []
        for snapshot in self._tracking.work.tracker.snapshots:
            obj = snapshot.owner
            before = self._tracked.get(id(obj))
            if before is None:
                if self._uninsert(snapshot):
                    changed.append(obj)
            elif snapshot is not before.snapshot or snapshot.writes != before.writes:
                self._set_back(before)
                changed.append(obj)
            elif snapshot.data is not before.data:
                self._tracking.expire(obj)
        return changed

    def _uninsert(self, snapshot: ObjectSnapshot) -> bool:
        """Treat an object that has been inserted since then, or loaded.

        Returns:
            Whether it was inserted.
        """
        obj = snapshot.owner
        deletion = self._deletions.get(id(obj))
        if deletion is not None:
            snapshot.generated -= deletion.generated
        elif snapshot.original is not None:
            if snapshot.writes:
                self._tracking.take_back(snapshot)
            self._tracking.expire(obj)
            return False
        self._tracking.uninsert(snapshot)
        self._tracking.expunge(obj)
        self._pend(obj)
        return True

    def _pend(self, obj: Any) -> None:
        """Have an object inserted that was to be inserted then."""
        if id(obj) in self._new:
            if self._with_values:
                objects.set_written(obj, self._values[id(obj)])
            self._tracking.work.register_new(obj)
            self._tracking.claim(obj)

    def _set_back(self, before: _Tracked) -> None:
        """Bring an object back in step with its row as that was then."""
        snapshot, work = before.snapshot, self._tracking.work
        obj = snapshot.owner
        work.tracker.put_back(snapshot)
        snapshot.set_back(before.data)
        snapshot.original, snapshot.generated, snapshot.writes = before.original, before.generated, before.writes
        if self._with_values:
            objects.restore(obj, before.data, before.changes)
        if id(obj) in self._dirty:
            work.register_dirty(obj)
        if id(obj) in self._deleted:
            self._tracking.delete(obj)
        else:
            work.keep(obj)

    def _restore_deleted(self) -> list[Any]:
        """Go through the objects whose rows have been deleted since then."""
        tracking = self._tracking
        changed = [deletion for key, deletion in tracking.deletions.items() if key not in self._deletions]
        tracking.deletions = dict(self._deletions)
        for deletion in changed:
            obj = deletion.obj
            before = self._tracked.get(id(obj))
            tracking.expunge(obj)
            if before is not None:
                self._set_back(before)
                tracking.claim(obj)
            elif id(obj) in self._new:
                self._pend(obj)
            else:
                tracking.undelete(deletion)
            if id(obj) in self._deleted:
                tracking.delete(obj)
        return [deletion.obj for deletion in changed]


class Bookmarks:
    """The savepoints of the transaction of a session that others have set.

    Args:
        tracking: The objects of the session.
    """

    __slots__ = ("__weakref__", "_marks", "_tracking")

    def __init__(self, tracking: Tracking) -> None:
        self._tracking = tracking
        self._marks: list[tuple[str, Bookmark]] = []

    def savepoint_set(self, name: str) -> None:
        """A savepoint was set."""
        self._marks.append((name, Bookmark(self._tracking)))

    def savepoint_undone(self, name: str) -> None:
        """What was done since a savepoint was undone."""
        position = self._find(name)
        if position is not None:
            del self._marks[position + 1 :]
            self._marks[position][1].restore()

    def savepoint_released(self, name: str) -> None:
        """A savepoint, with all that were set after it, is gone."""
        position = self._find(name)
        if position is not None:
            del self._marks[position:]

    def _find(self, name: str) -> int | None:
        return next((i for i in reversed(range(len(self._marks))) if self._marks[i][0] == name), None)
