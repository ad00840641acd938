"""What objects were like when they were last in step with their rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .._table.values import is_same, private_copy
from . import objects

__all__ = ["DirtyTracker", "ObjectSnapshot"]

_NO_DATA: Final[dict[str, Any]] = {}
_NOTHING: Final = object()


class ObjectSnapshot:
    """The values that an object had.

    Args:
        data: The values by name, private copies of them.

    Attributes:
        owner: The object, which lives as long as its snapshot.
        original: The values of its row as of the beginning of the transaction, `None` if there was no row.
        generated: The columns that it has got from the table in this transaction.
        writes: How often its row has been written in this transaction.
    """

    __slots__ = ("_data", "generated", "original", "owner", "writes")

    def __init__(self, data: dict[str, Any] | None = None, owner: Any = None) -> None:
        self._data = {} if data is None else data
        self.owner = owner
        self.original: dict[str, Any] | None = None
        self.generated: frozenset[str] = frozenset()
        self.writes = 0

    @classmethod
    def from_object(cls, obj: Any) -> ObjectSnapshot:
        """Take the values of an object as they are now."""
        if objects.is_row(obj) and objects.clean_values(obj) is not None:
            return RowSnapshot(_NO_DATA, obj)
        return ObjectSnapshot(private_copy(objects.values_of(obj)), obj)

    @property
    def data(self) -> dict[str, Any]:
        """The values by name."""
        return self._data

    def retake(self) -> None:
        """Take the values as they are now."""
        self._data = private_copy(objects.values_of(self.owner))

    def changes(self) -> dict[str, Any]:
        """The values that the object has instead, or besides."""
        data = self.data
        return {
            name: value
            for name, value in objects.values_of(self.owner).items()
            if name not in data or not is_same(value, data[name])
        }

    def vanished(self) -> list[str]:
        """The names of values that the object does not have any more."""
        return [name for name in self.data if name not in objects.values_of(self.owner)]

    def set_back(self, data: dict[str, Any]) -> None:
        """Take other values for those of the row."""
        self._data = data

    def __repr__(self) -> str:
        return f"{ObjectSnapshot.__name__}(data={self.data!r})"


class RowSnapshot(ObjectSnapshot):
    """The values of the row of an instance of `Table`, which keeps them itself: whatever writes it brings them up to
    date.
    """

    __slots__ = ()

    @property
    def data(self) -> dict[str, Any]:
        """The values by name."""
        return objects.clean_values(self.owner) or {}

    def retake(self) -> None:
        """Take the values as they are now."""
        row = {**self.data, **private_copy(self.changes())}
        objects.set_clean(self.owner, row)

    def changes(self) -> dict[str, Any]:
        """The values that the object has instead, or besides."""
        return {} if objects.is_unchanged(self.owner) else objects.changes_of(self.owner)

    def vanished(self) -> list[str]:
        """None: what an instance does not have is not loaded."""
        return []

    def set_back(self, data: dict[str, Any]) -> None:
        """Take other values for those of the row."""
        objects.set_clean(self.owner, data)


class DirtyTracker:
    """Finds the changes of objects by comparing them with snapshots, those made in place as well."""

    def __init__(self) -> None:
        self._snapshots: dict[int, ObjectSnapshot] = {}

    @property
    def snapshots(self) -> list[ObjectSnapshot]:
        """All snapshots, older ones first."""
        return list(self._snapshots.values())

    def changed(self) -> Iterator[ObjectSnapshot]:
        """The snapshots that differ from their objects."""
        rows = [snapshot.owner for snapshot in self._snapshots.values() if type(snapshot) is RowSnapshot]
        if len(rows) < len(self._snapshots) or not objects.are_unchanged(rows):
            yield from (snapshot for snapshot in self.snapshots if snapshot.changes())

    def snapshot(self, obj: Any) -> ObjectSnapshot | None:
        """The snapshot of an object, if there is one."""
        found = self._snapshots.get(id(obj))
        return found if found is not None and found.owner is obj else None

    def tracks_any(self, ids: set[int]) -> bool:
        """Whether one of these may be the id of an object that there is a snapshot of."""
        return not ids.isdisjoint(self._snapshots)

    def take_snapshot(self, obj: Any) -> ObjectSnapshot:
        """Remember what an object is like. Of an instance of `Table` that stands for a row, that is what its row is
        like: changes that it already has stay changes.
        """
        snapshot = self._snapshots[id(obj)] = ObjectSnapshot.from_object(obj)
        return snapshot

    def take_snapshots(self, written: list[Any]) -> list[ObjectSnapshot]:
        """Remember what objects of one class are like that have been written to their rows."""
        if objects.is_row(written[0]):
            taken: list[ObjectSnapshot] = [RowSnapshot(_NO_DATA, obj) for obj in written]
        else:
            taken = [ObjectSnapshot.from_object(obj) for obj in written]
        self._snapshots.update(zip(map(id, written), taken, strict=True))
        return taken

    def put_back(self, snapshot: ObjectSnapshot) -> None:
        """Remember what an object was like according to a snapshot that was taken before."""
        self._snapshots[id(snapshot.owner)] = snapshot

    def refresh_snapshot(self, obj: Any) -> None:
        """Remember what an object is like now, whatever it was like before."""
        snapshot = self.snapshot(obj) or self.take_snapshot(obj)
        snapshot.retake()

    def clear_snapshot(self, obj: Any) -> None:
        """Forget an object."""
        self._snapshots.pop(id(obj), None)

    def clear(self) -> None:
        """Forget all objects."""
        self._snapshots.clear()

    def is_dirty(self, obj: Any) -> bool:
        """Whether an object differs from its snapshot; `False` without one."""
        snapshot = self.snapshot(obj)
        return snapshot is not None and bool(snapshot.changes() or snapshot.vanished())

    def get_dirty_fields(self, obj: Any) -> dict[str, tuple[Any, Any]]:
        """The changes of an object: old and new value by name, `None` for what is not there."""
        snapshot = self.snapshot(obj)
        if snapshot is None:
            return {}
        old = snapshot.data
        fields = {name: (old.get(name), value) for name, value in snapshot.changes().items()}
        return {**fields, **{name: (old[name], None) for name in snapshot.vanished()}}
