"""Writing what is to be written, all of it or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .. import _requests
from .._arguments import arguments
from .._events.fire import fire_each
from .._events.registration import EventType
from .._raw_transaction import ignore_outcome, start_undo
from .._runtime import start
from .._savepoint import report_failed_cleanup
from .._sql import models
from .._sql.encoder import Encoder
from .._table.values import private_copy, private_rows
from ..errors import PostgresError, RowNotFoundError
from . import objects, order
from .bookmarks import Bookmark
from .references import hand_over_keys, take_back_key

if TYPE_CHECKING:
    from .._raw_transaction import RawTransaction
    from .tracking import Tracking

__all__ = ["Flush"]

_SAVEPOINT: Final = "ouroboros_flush"
_ROWS_AT_ONCE: Final = 350
"""How many rows one statement inserts at most."""
_ROWS_AT_THE_EDGE: Final = 150
"""How many rows the first and the last of several statements insert: the server has something to do early, and what is
left to be done here when it is ready is little."""
_AT_ONCE: Final = 200
"""How many statements are under way at a time."""


class _Change(NamedTuple):
    """A row about to be updated."""

    obj: Any
    key: Any
    values: dict[str, Any]


class _Insertion(NamedTuple):
    """Objects that are being inserted, and private copies of their values."""

    part: list[Any]
    sent: list[dict[str, Any]]
    operation: asyncio.Future[Any]


class Flush:
    """One flush of a session.

    Args:
        tracking: The objects of the session.
        transaction: Its transaction, which is ambient.
        is_alone: Whether nothing else was done in that transaction: the caller undoes all of it after a failure.
    """

    __slots__ = (
        "_bookmark",
        "_deleted",
        "_handed",
        "_is_alone",
        "_new",
        "_scheduled",
        "_tracking",
        "_transaction",
        "_updated",
    )

    def __init__(self, tracking: Tracking, transaction: RawTransaction, *, is_alone: bool) -> None:
        self._tracking = tracking
        self._transaction = transaction
        self._is_alone = is_alone
        self._handed: dict[int, tuple[Any, set[str]]] = {}
        self._updated: list[Any] = []
        self._add_related()
        self._new = tracking.work.new_objects
        self._scheduled = tracking.work.deleted_objects
        self._deleted = [obj for obj in self._scheduled if self._has_row(obj)]
        self._bookmark = Bookmark(tracking, with_values=False)

    def _add_related(self) -> None:
        """Have the unsaved objects inserted, too, that objects of the session were given for relationships."""
        for related in list(self._tracking.unsaved()):
            self._tracking.add(related)

    def _has_row(self, obj: Any) -> bool:
        return not self._tracking.work.is_unwritten(obj) and self._tracking.row_key(obj) is not None

    async def run(self) -> None:
        """Write everything. After a failure objects and rows are as they were, and wait to be written again."""
        target = self._transaction.target()
        setting = None if self._is_alone else self._transaction.start_savepoint(_SAVEPOINT)
        try:
            await self._write(target)
            if setting is not None:
                await setting
                await start(target, _requests.control("release", _SAVEPOINT))
                self._transaction.root.journal.savepoint_released(_SAVEPOINT)
        except BaseException as error:
            self._take_back()
            if setting is not None:
                await self._undo(target, setting, error)
            raise
        self._finish()
        await self._report()

    async def _write(self, target: int) -> None:
        await self._announce()
        early, late = self._deletions()
        await self._delete(target, early)
        referring = self._tracking.referring()
        self._hand_over(referring)  # those that have rows already
        known = {id(obj) for obj in referring}
        for batch in order.batches(self._new):
            parents = [obj for obj in batch if id(obj) in known] if known else []
            self._hand_over(parents)
            await self._insert(target, batch)
            self._hand_over(parents)
        self._hand_over(referring)
        await self._update(target)
        await self._delete(target, late)

    # Events.

    async def _announce(self) -> None:
        """Let listeners change what is about to be written, or stop it."""
        self._updated = self._tracking.work.dirty_objects
        await fire_each(EventType.BEFORE_INSERT, self._new)
        await fire_each(EventType.BEFORE_UPDATE, self._updated)
        await fire_each(EventType.BEFORE_DELETE, self._deleted)
        work = self._tracking.work
        self._new = [obj for obj in self._new if work.is_new(obj)]
        self._deleted = [obj for obj in self._deleted if work.is_deleted(obj)]

    async def _report(self) -> None:
        await fire_each(EventType.AFTER_INSERT, self._new)
        await fire_each(EventType.AFTER_UPDATE, self._updated)
        await fire_each(EventType.AFTER_DELETE, self._deleted)

    def _finish(self) -> None:
        """Forget what was to be done."""
        tracking = self._tracking
        for obj in self._updated:
            tracking.work.forget_registration(obj)
        for obj in self._scheduled:
            if tracking.work.is_deleted(obj):
                tracking.expunge(obj)

    # Failures.

    def _take_back(self) -> None:
        for child, columns in self._handed.values():
            for column in columns:
                take_back_key(child, column)
        self._bookmark.restore()

    async def _undo(self, target: int, setting: asyncio.Future[Any], error: BaseException) -> None:
        setting.add_done_callback(ignore_outcome)
        try:
            back, release = start_undo(target, self._transaction.root, _SAVEPOINT)
            release.add_done_callback(ignore_outcome)
            await back
        except PostgresError as failure:
            report_failed_cleanup(error, failure, "Rollback to savepoint failed")

    # Rows that are new.

    def _hand_over(self, parents: Iterable[Any]) -> None:
        """Give children the keys of their parents."""
        for parent in parents:
            for child, column in hand_over_keys(parent):
                self._handed.setdefault(id(child), (child, set()))[1].add(column)

    async def _insert(self, target: int, batch: list[Any]) -> None:
        """Insert objects of one class: the server is at work on some while others are prepared and taken over."""
        started: list[_Insertion] = []
        try:
            started.extend(self._start_insert(target, part) for part in _parts(batch))
            for part, sent, operation in started:
                self._take_over(part, await operation, sent)
        except BaseException as error:
            # After a failure the others fail by themselves, and cancelling one may cost the transaction; when the task
            # is cancelled none of them may go on, as it might wait for a lock.
            for _, _, operation in started:
                if isinstance(error, asyncio.CancelledError):
                    operation.cancel()
                operation.add_done_callback(ignore_outcome)
            raise

    def _start_insert(self, target: int, part: list[Any]) -> _Insertion:
        documents = objects.written_rows(part)
        sent = private_rows(documents)
        request = _insertion(objects.table_path(models.class_of(part[0])), documents)
        return _Insertion(part, sent, start(target, request))

    def _take_over(self, part: list[Any], rows: list[dict[str, Any]], sent: list[dict[str, Any]]) -> None:
        returned = frozenset(rows[0])
        objects.settle(part, rows, sent)
        generated, columns = returned.difference(sent[0]), sent[0].keys()
        for obj, snapshot, values in zip(part, self._tracking.attach_inserted(part), sent, strict=True):
            if values.keys() != columns:
                generated, columns = returned.difference(values), values.keys()
            snapshot.generated |= generated
            if id(obj) in self._handed:
                snapshot.generated |= self._handed[id(obj)][1]

    # Rows that have changed.

    async def _update(self, target: int) -> None:
        announced = {id(obj) for obj in self._updated}
        dirty = self._tracking.work.dirty_objects
        late = [obj for obj in dirty if id(obj) not in announced]
        await fire_each(EventType.BEFORE_UPDATE, late)
        changes = [self._change(obj) for obj in dirty]
        self._updated = dirty
        for first in range(0, len(changes), _AT_ONCE):
            part = changes[first : first + _AT_ONCE]
            had = [private_copy(objects.written_values(change.obj)) for change in part]
            outcomes = await _all(start(target, _update(change)) for change in part)
            for change, before, rows in zip(part, had, outcomes, strict=True):
                if not rows:
                    raise RowNotFoundError("no rows affected", prefix="Update failed")
                self._settle(change.obj, rows[0], before)

    def _change(self, obj: Any) -> _Change:
        column, key = objects.key_column(obj), self._tracking.row_key(obj)
        if key is None:
            raise ValueError(f"{type(obj).__name__} has no primary key: it cannot be updated")
        snapshot = self._tracking.work.tracker.snapshot(obj)
        values = {} if snapshot is None else snapshot.changes()
        if not values:  # nobody knows what has changed in it, but something has
            values = {name: value for name, value in objects.values_of(obj).items() if name != column}
        return _Change(obj, key, values or {column: key})

    def _settle(self, obj: Any, row: dict[str, Any], had: dict[str, Any]) -> None:
        tracking = self._tracking
        snapshot = tracking.work.tracker.snapshot(obj)
        key_before = tracking.row_key(obj)
        objects.settle([obj], [row], [had])
        if snapshot is None:
            tracking.attach(obj).writes += 1
            return
        if not objects.is_row(obj):
            snapshot.set_back({**snapshot.data, **row})
        snapshot.writes += 1
        if tracking.row_key(obj) != key_before:
            tracking.rename(obj, key_before)

    # Rows to be deleted.

    def _deletions(self) -> tuple[list[Any], list[Any]]:
        """What to delete before anything else, as its key is needed for another row, and what afterwards."""
        if not self._deleted:
            return [], []
        keys = [objects.key_of(obj) for obj in self._new]
        taken = {(objects.table_of(obj), key) for obj, key in zip(self._new, keys, strict=True) if key is not None}
        early: list[Any] = []
        late: list[Any] = []
        for obj in self._deleted:
            is_taken = bool(taken) and (objects.table_of(obj), self._tracking.row_key(obj)) in taken
            (early if is_taken else late).append(obj)
        return early, late

    async def _delete(self, target: int, deleted: list[Any]) -> None:
        groups: dict[type[Any], list[Any]] = {}
        for obj in deleted:
            groups.setdefault(models.class_of(obj), []).append(obj)
        for model in reversed(order.tables_in_order(groups)):
            keys = [self._tracking.row_key(obj) for obj in groups[model]]
            await start(target, _deletion(model, keys))
            for obj in groups[model]:
                self._tracking.gone(obj)


def _parts(batch: list[Any]) -> Iterator[list[Any]]:
    """The objects that one statement inserts, and those that the next one inserts."""
    edge, count = _ROWS_AT_THE_EDGE, len(batch)
    if count <= 3 * edge:
        yield batch
        return
    for first, last in pairwise((0, *range(edge, count - edge, _ROWS_AT_ONCE), count - edge, count)):
        yield batch[first:last]


def _insertion(table: str, documents: list[dict[str, Any]]) -> bytes:
    """The request that inserts rows; columns that a row lacks get their default."""
    if len(documents) == 1:
        return _requests.insert(table, documents[0])
    return _requests.insert_known(table, documents)


def _update(change: _Change) -> bytes:
    model = models.class_of(change.obj)
    column = objects.key_column(change.obj)
    returning = [*dict.fromkeys((*change.values, *objects.computed_columns(model)))]
    filter = _requests.pk_filter(column, change.key)
    return _requests.update(objects.table_path(model), change.values, filter=filter, returning=returning)


def _deletion(model: type[Any], keys: list[Any]) -> bytes:
    encoder = Encoder()
    column = {"column": {"name": objects.key_column(model)}}
    condition = {"left": column, "operator": "IN", "value": encoder.slots(keys), "array": True}
    statement = {"delete": {"table": {"table": objects.table_path(model)}, "where": [{"compare": condition}]}}
    request = {"op": "statement", "statement": statement, "args": arguments(encoder.values), "purpose": "delete"}
    return _requests.encode(request)


async def _all(started: Iterator[asyncio.Future[Any]]) -> list[Any]:
    """Wait for operations in turn. After a failure the others fail as well, and nobody waits for that."""
    operations = list(started)
    for operation in operations:
        operation.add_done_callback(ignore_outcome)
    return [await operation for operation in operations]
