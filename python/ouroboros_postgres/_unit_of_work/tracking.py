"""The objects of a session: which row each stands for, and what becomes of them when the database undoes something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from .._events.loads import note
from .._sql import models
from .._table.values import private_copy
from . import attachment, objects
from .going_back import take_back
from .references import (
    forget_related,
    forget_values,
    has_keys_to_hand_over,
    is_relationship,
    related_objects,
    with_references,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._journal import Journal
    from .identity import IdentityMap
    from .snapshots import ObjectSnapshot
    from .work import UnitOfWork

__all__ = ["Deletion", "Tracking"]


class Deletion(NamedTuple):
    """A row that was deleted in the current transaction."""

    obj: Any
    original: dict[str, Any] | None
    """What it was like at the beginning of the transaction, `None` if there was none."""
    generated: frozenset[str]
    """The columns that the object has got from the table in this transaction."""


class Tracking:
    """The objects of one session.

    Args:
        identities: One object per row.
        work: What is to be written.
        is_covered: Whether what objects do by their own methods is part of the transaction of the session now.

    Attributes:
        deletions: The rows deleted in the current transaction, by the id of their object.
        is_closed: Whether the session is closed, so that it takes no objects in.
        identities: As given.
        work: As given.
    """

    __slots__ = ("__weakref__", "_expired", "_is_covered", "_reference", "deletions", "identities", "is_closed", "work")

    def __init__(self, identities: IdentityMap, work: UnitOfWork, is_covered: Callable[[], bool]) -> None:
        self.identities = identities
        self.work = work
        self.is_closed = False
        self.deletions: dict[int, Deletion] = {}
        self._is_covered = is_covered
        self._expired: dict[int, frozenset[str] | None] = {}
        self._reference = attachment.reference(self)

    # Objects come and go.

    def is_gone(self, obj: Any) -> bool:
        """Whether the row of an object has been deleted in the current transaction."""
        return id(obj) in self.deletions

    def is_to_be_deleted(self, model: type[Any], key: Any) -> bool:
        """Whether a row is to be deleted."""
        table = objects.table_of(model)
        return any(objects.table_of(obj) == table and self.row_key(obj) == key for obj in self.work.deleted_objects)

    def find(self, model: type[Any], key: Any) -> Any:
        """The object of a row, `None` if there is none."""
        return self.identities.get(objects.table_of(model), key)

    def add(self, obj: Any) -> Any:
        """Take an object in: one without a row is to be inserted.

        Returns:
            The object, or the one that its row has already.

        Raises:
            RuntimeError: It belongs to another session.
            ValueError: The query that it comes from left out its primary key.
        """
        if objects.is_partial(obj):
            raise ValueError(
                f"this {type(obj).__name__} cannot be added: the query that it comes from left out its primary key"
            )
        key = objects.key_of(obj)
        if key is not None:
            known = self.identities.get(objects.table_of(obj), key)
            if known is not None:
                return known
        self.check_owner(obj)
        if self.work.is_tracked(obj):
            self.work.keep(obj)
            self._claim(obj, self.row_key(obj))
        elif objects.is_row(obj) and objects.clean_values(obj) is not None:
            self.attach(obj)
        else:
            self.work.register_new(obj)
            self._claim(obj, key)
        return obj

    def add_all(self, objs: list[Any]) -> list[Any]:
        """Take several objects in; see `add`."""
        if not objs or not objects.are_fresh(objs) or attachment.owned(objs):
            return [self.add(obj) for obj in objs]
        self.work.register_all_new(objs)
        attachment.claim_all(objs, self._reference)
        return objs

    def check_owner(self, obj: Any) -> None:
        """Refuse an object that belongs to another session.

        Raises:
            RuntimeError: It does.
        """
        owner = attachment.owner_of(obj)
        if owner is not None and owner is not self:
            raise RuntimeError(f"this {type(obj).__name__} belongs to another session that is open")

    def claim(self, obj: Any) -> None:
        """Say that an object belongs here."""
        attachment.claim(obj, self._reference)

    def _claim(self, obj: Any, key: Any) -> None:
        attachment.claim(obj, self._reference)
        if key is not None:
            self.identities.add(objects.table_of(obj), key, obj)

    def track(self, obj: Any, *, is_inserted: bool = False) -> ObjectSnapshot:
        """Take an object for one that is in step with its row.

        Args:
            obj: The object.
            is_inserted: Whether the row was made in the current transaction.
        """
        known = self.work.tracker.snapshot(obj)
        gone = self.deletions.pop(id(obj), None)
        self.work.register_clean(obj)
        snapshot = self.work.tracker.snapshot(obj)
        assert snapshot is not None, obj  # noqa: S101 - just taken
        if known is not None:
            snapshot.original, snapshot.generated, snapshot.writes = known.original, known.generated, known.writes
        elif gone is not None:
            snapshot.original, snapshot.generated = gone.original, gone.generated
        elif not is_inserted:
            snapshot.original = snapshot.data
        snapshot.writes += is_inserted
        self._expired.pop(id(obj), None)
        return snapshot

    def attach(self, obj: Any, *, is_inserted: bool = False) -> ObjectSnapshot:
        """Track an object, as the one that its row has."""
        snapshot = self.track(obj, is_inserted=is_inserted)
        self._claim(obj, _key_in(snapshot, obj))
        return snapshot

    def attach_inserted(self, inserted: list[Any]) -> list[ObjectSnapshot]:
        """Track objects of one class that were to be inserted, and have been."""
        ids = set(map(id, inserted))
        is_new_here = ids.isdisjoint(self.deletions) and ids.isdisjoint(self._expired)
        if not is_new_here or self.work.tracker.tracks_any(ids):
            return [self.attach(obj, is_inserted=True) for obj in inserted]
        column = objects.key_column(inserted[0])
        snapshots = self.work.register_inserted(inserted)
        for snapshot in snapshots:
            snapshot.writes = 1
        keys = [snapshot.data.get(column) for snapshot in snapshots]
        self.identities.add_all(objects.table_of(inserted[0]), zip(keys, inserted, strict=True))
        return snapshots

    def row_key(self, obj: Any) -> Any:
        """The primary key of the row of an object, which may have got another one since."""
        return _key_in(self.work.tracker.snapshot(obj), obj)

    def delete(self, obj: Any) -> None:
        """Have the row of an object deleted.

        Raises:
            RuntimeError: The object belongs to another session.
        """
        self.check_owner(obj)
        self.forget_identity(obj)
        self.work.register_deleted(obj)
        attachment.claim(obj, self._reference)

    def forget_identity(self, obj: Any) -> None:
        """Let the row of an object be without one."""
        table = objects.table_of(obj)
        for key in (self.row_key(obj), objects.key_of(obj)):
            if key is not None and self.identities.get(table, key) is obj:
                self.identities.remove(table, key)

    def expunge(self, obj: Any) -> None:
        """Stop tracking an object."""
        self.forget_identity(obj)
        self.work.forget(obj)
        self._expired.pop(id(obj), None)
        if attachment.owner_of(obj) is self:
            attachment.release(obj)

    def rename(self, obj: Any, before: Any) -> None:
        """Note that the row of an object has got another primary key."""
        table = objects.table_of(obj)
        if self.identities.get(table, before) is obj:
            self.identities.remove(table, before)
        self.identities.add(table, self.row_key(obj), obj)

    def gone(self, obj: Any) -> None:
        """Note that the row of an object has been deleted in the current transaction."""
        snapshot = self.work.tracker.snapshot(obj)
        clean = objects.clean_values(obj) if objects.is_row(obj) else None
        deletion = Deletion(obj, clean, frozenset())
        if snapshot is not None:
            deletion = Deletion(obj, snapshot.original, snapshot.generated)
        self.expunge(obj)
        self.deletions.setdefault(id(obj), deletion)
        attachment.claim(obj, self._reference)
        if objects.is_row(obj):
            objects.set_clean(obj, None)

    def members(self) -> Iterator[Any]:
        """All objects but those to be deleted."""
        found = {id(snapshot.owner): snapshot.owner for snapshot in self.work.tracker.snapshots}
        found.update((id(obj), obj) for obj in self.work.new_objects)
        return (obj for obj in found.values() if not self.work.is_deleted(obj))

    def knows(self, obj: Any) -> bool:
        """Whether an object is one of the session, those to be deleted included."""
        return self.work.is_tracked(obj) or self.work.is_new(obj) or self.work.is_deleted(obj)

    def __contains__(self, obj: Any) -> bool:
        return (self.work.is_tracked(obj) or self.work.is_new(obj)) and not self.work.is_deleted(obj)

    def unsaved(self) -> Iterator[Any]:
        """The objects without rows that objects of the session were given for relationships."""
        seen: set[int] = set()
        pending = self.referring()
        for obj in pending:
            for related in related_objects(obj):
                if objects.is_transient(related) and not self.knows(related) and id(related) not in seen:
                    seen.add(id(related))
                    pending.append(related)
                    yield related

    @property
    def has_work(self) -> bool:
        """Whether there is anything to write, unsaved objects and keys for relationships included."""
        if self.work.has_pending:
            return True
        referring = self.referring()
        if not referring:
            return False
        return next(self.unsaved(), None) is not None or any(map(has_keys_to_hand_over, referring))

    def referring(self) -> list[Any]:
        """The objects of the session that may refer to others by relationships."""
        owners = [snapshot.owner for snapshot in self.work.tracker.snapshots]
        found = {id(obj): obj for obj in with_references([*owners, *self.work.new_objects])}
        return [obj for obj in found.values() if not self.work.is_deleted(obj)]

    # Rows that were read.

    def adopt(self, model: type[Any], rows: list[dict[str, Any]], *, always: bool = False) -> list[Any]:
        """The objects of rows that were read: those that are known, others are made. The rows belong to them then.

        Args:
            model: Their class.
            rows: The rows, with all columns.
            always: Whether known objects take over their rows even if they are not expired.
        """
        table, column = objects.table_of(model), objects.key_column(model)
        found: dict[Any, Any] = {}
        fresh: dict[Any, dict[str, Any]] = {}
        keys = [row[column] for row in rows]
        for key, row in zip(keys, rows, strict=True):
            known = self.identities.get(table, key)
            if known is None:
                fresh.setdefault(key, row)
            else:
                if self.reload(known, row, always=always):
                    note([known])
                found[key] = known
        made = models.hydrate(model, list(fresh.values()))
        for key, obj in zip(fresh, made, strict=True):
            found[key] = obj
            self.attach(obj)
        return [found[key] for key in keys]

    def reload(self, obj: Any, row: dict[str, Any], *, always: bool = False) -> bool:
        """Take over a row into its object, if that is expired.

        Args:
            obj: The object.
            row: The row.
            always: Whether to do so even if it is not expired.

        Returns:
            Whether that was done.
        """
        snapshot = self.work.tracker.snapshot(obj)
        if snapshot is None or not (always or id(obj) in self._expired):
            return False
        only = self._expired.pop(id(obj), None)
        fresh = row if always or only is None else {name: value for name, value in row.items() if name in only}
        clean = snapshot.data
        objects.reload(obj, clean, fresh)
        snapshot.set_back({**clean, **private_copy(fresh)})
        if not snapshot.writes:
            snapshot.original = snapshot.data
        return True

    def replace(self, obj: Any, row: dict[str, Any], names: frozenset[str] | None) -> None:
        """Take over a row into an object, whatever has been changed in it.

        Args:
            obj: The object.
            row: The row.
            names: The columns that this is about, and relationships, which are forgotten; `None` for all.

        Raises:
            ValueError: A name is neither.
        """
        unknown = [name for name in names or () if name not in row and not is_relationship(obj, name)]
        if unknown:
            raise ValueError(f"{type(obj).__name__} has no column and no relationship {unknown[0]!r}")
        fresh = row if names is None else {name: value for name, value in row.items() if name in names}
        forget_related(obj, names)
        objects.replace(obj, fresh, is_whole=names is None)
        snapshot = self.work.tracker.snapshot(obj)
        if snapshot is None:
            return
        snapshot.set_back({**snapshot.data, **private_copy(fresh)})
        if not snapshot.writes:
            snapshot.original = snapshot.data
        if names is None:
            self._expired.pop(id(obj), None)

    # Expiry.

    def is_expired(self, obj: Any) -> bool:
        """Whether an object is to be read again when it is asked for."""
        return id(obj) in self._expired

    def expire(self, obj: Any, names: Iterable[str] | None = None) -> None:
        """Have an object read again when it is asked for, and forget what was loaded for its relationships.

        Args:
            obj: The object.
            names: The columns and relationships that this is about, all by default.
        """
        wanted = None if names is None else frozenset(names)
        forget_related(obj, wanted)
        if self.work.is_tracked(obj):
            known = self._expired.get(id(obj), frozenset())
            self._expired[id(obj)] = None if wanted is None or known is None else known | wanted

    # Ends of transactions.

    def committed(self, journal: Journal | None = None) -> None:
        """Take over what the database has now for good, or as long as the transaction around lasts.

        Args:
            journal: That of the transaction around, if there is one.
        """
        if journal is not None:
            self._hand_over(journal)
        for snapshot in self.work.tracker.snapshots:
            snapshot.original = snapshot.data
            snapshot.generated = frozenset()
            snapshot.writes = 0
        attachment.release_all(deletion.obj for deletion in self.deletions.values())
        self.deletions.clear()

    def _hand_over(self, journal: Journal) -> None:
        """Let the transaction around undo for the objects what it undoes for their rows."""
        for snapshot in self.work.tracker.snapshots:
            if snapshot.writes and objects.is_row(snapshot.owner):
                journal.note([(snapshot.owner, snapshot.original, ())], snapshot.generated)
        for obj, original, generated in self.deletions.values():
            if objects.is_row(obj):
                journal.note([(obj, original, ())], generated)

    def rolled_back(self) -> None:
        """Give all objects back what they had at the beginning, and forget them."""
        for snapshot in self.work.tracker.snapshots:
            self.take_back(snapshot)
        for deletion in self.deletions.values():
            self.undelete(deletion)
        self.clear()

    def undelete(self, deletion: Deletion) -> None:
        """Give an object back what it had at the beginning of the transaction, before its row was deleted."""
        if deletion.original is None:
            forget_values(deletion.obj, deletion.generated)
        else:
            objects.restore(deletion.obj, deletion.original, {})

    def take_back(self, snapshot: ObjectSnapshot) -> None:
        """Give an object back what it had at the beginning of the transaction."""
        if snapshot.original is None:
            self.uninsert(snapshot)
        elif snapshot.original is not snapshot.data or snapshot.changes():
            objects.restore(snapshot.owner, snapshot.original, {})
            snapshot.set_back(snapshot.original)

    def uninsert(self, snapshot: ObjectSnapshot) -> None:
        """Make an object what it was before it was inserted, without what it has got from the table."""
        take_back(snapshot.owner, snapshot.data, None, snapshot.generated)

    def clear(self) -> None:
        """Forget all objects."""
        attachment.release_all(snapshot.owner for snapshot in self.work.tracker.snapshots)
        attachment.release_all(self.work.new_objects)
        attachment.release_all(self.work.deleted_objects)
        attachment.release_all(deletion.obj for deletion in self.deletions.values())
        self.deletions.clear()
        self._expired.clear()
        self.work.clear()
        self.identities.clear()

    def index(self) -> None:
        """Find out anew which row each object stands for."""
        self.identities.clear()
        for obj in self.members():
            key = objects.key_of(obj) if self.work.is_new(obj) else self.row_key(obj)
            if key is not None:
                self.identities.add(objects.table_of(obj), key, obj)

    # What objects do by their own methods.

    def covers_here(self) -> bool:
        """Whether what objects do by their own methods here and now is undone with the session."""
        return self._is_covered()

    def has_saved(self, obj: Any) -> None:
        """The object has been written to its row by its own methods."""
        known = self.work.tracker.snapshot(obj)
        if known is None:
            key = objects.key_of(obj)
            has_new_key = self.identities.get(objects.table_of(obj), key) is not obj
            snapshot = self.attach(obj, is_inserted=self._is_covered())
            snapshot.generated = frozenset((objects.key_column(obj),) if has_new_key else ())
            return
        self._expired.pop(id(obj), None)
        if self._is_covered():
            known.writes += 1
        else:
            known.original = known.data
        if self.identities.get(objects.table_of(obj), self.row_key(obj)) is not obj:
            self.index()

    def has_read(self, obj: Any) -> None:
        """The object has been read from its row by its own methods."""
        snapshot = self.work.tracker.snapshot(obj)
        self._expired.pop(id(obj), None)
        if snapshot is not None and not snapshot.writes and snapshot.original is not None:
            snapshot.original = snapshot.data

    def has_gone_back(self, obj: Any) -> None:
        """The database has undone what the object did by its own methods outside the transaction of the session."""
        clean, gone = objects.clean_values(obj), self.deletions.get(id(obj))
        snapshot = self.work.tracker.snapshot(obj)
        if clean is None:
            self.deletions.pop(id(obj), None)
            self.expunge(obj)
        elif gone is not None:
            self.deletions[id(obj)] = gone._replace(original=clean)
        elif snapshot is not None:
            snapshot.original = snapshot.data
            self.index()

    def has_deleted(self, obj: Any) -> None:
        """The row of the object has been deleted by its own methods."""
        self.gone(obj)
        if not self._is_covered():
            del self.deletions[id(obj)]
            attachment.release(obj)


def _key_in(snapshot: ObjectSnapshot | None, obj: Any) -> Any:
    """The primary key of the row of an object, `snapshot` being what is known of that."""
    column = objects.key_column(obj)
    data = None if snapshot is None else snapshot.data
    if data is not None and column in data:
        return data[column]
    clean = objects.clean_values(obj) if objects.is_row(obj) else None
    return objects.key_of(obj) if clean is None else clean.get(column)
