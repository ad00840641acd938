"""Sessions: objects that are written together, in one transaction.

async with Session() as session:
    user = await session.get(User, 1)
    user.name = "Ada"
    session.add(Post(title="first", author=user))
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, cast

from ._events.fire import fire, fire_each, fire_now
from ._events.loads import Loads
from ._events.registration import EventType
from ._savepoint import report_failed_cleanup
from ._session import CurrentSession, current_session
from ._sql import models
from ._table.values import private_copy
from ._unit_of_work import objects, reading
from ._unit_of_work.bookmarks import Bookmarks
from ._unit_of_work.flush import Flush
from ._unit_of_work.identity import IdentityKey, IdentityMap
from ._unit_of_work.scope import Scope
from ._unit_of_work.snapshots import DirtyTracker, ObjectSnapshot
from ._unit_of_work.tracking import Tracking
from ._unit_of_work.work import ObjectState, UnitOfWork
from .errors import PostgresError
from .telemetry import add_exception, create_session_span, is_tracing_enabled, set_span_result

if TYPE_CHECKING:
    from types import TracebackType

__all__ = [
    "DirtyTracker",
    "IdentityKey",
    "IdentityMap",
    "ObjectSnapshot",
    "ObjectState",
    "Session",
    "UnitOfWork",
    "add_exception",
    "create_session_span",
    "get_session",
    "is_tracing_enabled",
    "set_span_result",
]

T = TypeVar("T")

_CLOSED: Final = "Session is closed"
_STATUS: Final = "db.session.status"
_DONE: Final = {"flush": "flushed", "commit": "committed", "rollback": "rolled_back"}
_ROUNDS: Final = 100
"""How often a commit flushes at most what listeners of the flush before have left."""


class _SessionMeta(type):
    """Gives `Session._current`, which depends on the context, the looks of a class attribute."""

    @property
    def _current(cls) -> Any:
        current = current_session.get()
        return None if current is None else current.session

    @_current.setter
    def _current(cls, session: Any) -> None:
        _make_current(session)

    @_current.deleter
    def _current(cls) -> None:
        _make_current(None)


def _make_current(session: Any) -> None:
    if session is None:
        current_session.set(None)
    elif isinstance(session, Session):
        current_session.set(session._as_current())  # pyright: ignore[reportPrivateUsage] - same module
    else:  # what only has some methods of one, as in tests
        nothing = Tracking(IdentityMap(), UnitOfWork(), bool)
        current_session.set(CurrentSession(session, nothing, Scope(), _prepare_nothing))


async def _prepare_nothing() -> None:
    """Write nothing."""


def get_session() -> Session | None:
    """Find the session whose block is around the code, `None` without one."""
    return Session.get_current()


class Session(metaclass=_SessionMeta):
    """Objects that stand for rows, one per row, and what is to be written of them.

    A session finds by itself what has changed in its objects, writes it with `flush`, and has all of it in one
    transaction, which begins when it is needed. In a block (`async with Session() as session`) it is the current
    session: while its transaction is open every function of the package works on that, and relationships lead to the
    objects of the session. The block commits at its end and rolls back at an exception. Where another transaction is
    ambient when the session begins its own, that is a part of the other one, which can be undone on its own.

    The objects are instances of `Table`, or of other classes, which then have their table in `_get_table_name()`, by
    default the name of the class in lower case, and their primary key in `_get_pk_column()`, by default `id`.

    Args:
        autoflush: Whether `get`, and relationships that are awaited, write first what is to be written.
        expire_on_commit: Whether objects are read again after a commit when `get` is asked for them.

    Attributes:
        autoflush: As given.
        expire_on_commit: As given.
    """

    def __init__(self, autoflush: bool = True, expire_on_commit: bool = True) -> None:
        self.autoflush = autoflush
        self.expire_on_commit = expire_on_commit
        # Snapshots and pending work keep the objects alive anyway, and plain references are faster.
        self._identity_map = IdentityMap(use_weak_refs=False)
        self._unit_of_work = UnitOfWork()
        self._closed = False
        self._scope = Scope()
        self._tracking = Tracking(self._identity_map, self._unit_of_work, self._scope.covers_here)
        self._bookmarks = Bookmarks(self._tracking)
        self._relationships: dict[int, tuple[Any, dict[str, Any]]] = {}
        self._flushing: asyncio.Lock | None = None
        self._flusher: asyncio.Task[Any] | None = None
        self._span: ExitStack | None = None

    # The current session.

    @classmethod
    def get_current(cls) -> Session | None:
        """Find the session whose block is around the code, `None` without one."""
        current = current_session.get()
        return None if current is None else current.session

    def _as_current(self) -> CurrentSession:
        return CurrentSession(self, self._tracking, self._scope, self._prepare)

    async def __aenter__(self) -> Self:
        self._require_open()
        self._scope.enter(self._as_current())
        if is_tracing_enabled():
            self._span = ExitStack()
            attributes: dict[str, Any] = {
                "autoflush": self.autoflush,
                "expire_on_commit": self.expire_on_commit,
                _STATUS: "closed",
            }
            self._span.enter_context(create_session_span(operation="open", **attributes))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._end(error)
        except BaseException as failure:
            self._end_span(failure)
            raise
        self._end_span(error)

    async def _end(self, error: BaseException | None) -> None:
        try:
            if isinstance(error, GeneratorExit):  # nothing can be awaited any more
                self._abandon()
            elif error is not None:
                await self._rollback_on_exit(error)
            elif not self._closed:
                await self.commit()
        except BaseException as failure:
            await self._rollback_on_exit(failure)
            raise
        finally:
            try:
                if not self._closed:
                    await self.close()
            finally:
                self._scope.leave()

    async def _rollback_on_exit(self, error: BaseException) -> None:
        try:
            await self.rollback()
        except PostgresError as failure:
            report_failed_cleanup(error, failure, "Rollback failed")

    def _abandon(self) -> None:
        self._scope.abandon()
        self._tracking.rolled_back()
        self._closed = self._tracking.is_closed = True

    def _end_span(self, error: BaseException | None) -> None:
        span, self._span = self._span, None
        if span is not None:
            span.__exit__(None if error is None else type(error), error, None if error is None else error.__traceback__)

    # Objects.

    def add(self, obj: T) -> T:
        """Take an object in. One without a row is inserted at the next flush, one with a row is updated as it changes.

        Args:
            obj: The object.

        Returns:
            The object. If the session has another one of the same row, that one; this one is not taken in then.

        Raises:
            RuntimeError: The session is closed, or the object belongs to another one that is open.
            ValueError: The query that the object comes from left out its primary key.
        """
        self._require_open()
        added: T = self._tracking.add(obj)
        return added

    def add_all(self, objs: Iterable[T]) -> list[T]:
        """Take objects in; see `add`."""
        self._require_open()
        return self._tracking.add_all(list(objs))

    def delete(self, obj: Any) -> None:
        """Have the row of an object deleted at the next flush. An object that was to be inserted is not.

        Raises:
            RuntimeError: The session is closed, or the object belongs to another one that is open.
        """
        self._require_open()
        self._tracking.delete(obj)

    def expunge(self, obj: Any) -> None:
        """Let go of an object; nothing of it is written any more, by this session."""
        self._tracking.expunge(obj)
        self._relationships.pop(id(obj), None)

    def expunge_all(self) -> None:
        """Let go of all objects."""
        self._tracking.clear()
        self._relationships.clear()

    def is_modified(self, obj: Any) -> bool:
        """Whether an object is to be inserted or has changes; objects that the session does not know have none."""
        return self._unit_of_work.is_new(obj) or self._unit_of_work.is_dirty(obj)

    def state(self, obj: Any) -> ObjectState:
        """What an object is to the session."""
        work = self._unit_of_work
        if work.is_new(obj):
            return ObjectState.PENDING
        if work.is_deleted(obj) or self._tracking.is_gone(obj):
            return ObjectState.DELETED
        if work.is_dirty(obj):
            return ObjectState.DIRTY
        if work.is_tracked(obj):
            return ObjectState.PERSISTENT
        return ObjectState.DETACHED if objects.has_row(obj) else ObjectState.TRANSIENT

    def __contains__(self, obj: object) -> bool:
        return obj in self._tracking

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._tracking.members()))

    def _track_relationship(self, instance: Any, name: str, value: Any) -> None:
        """Keep what is related to an object, as long as the session has objects."""
        self._relationships.setdefault(id(instance), (instance, {}))[1][name] = value

    def _get_tracked_relationship(self, instance: Any, name: str) -> Any:
        """What `_track_relationship` has kept, `None` if nothing."""
        owner, related = self._relationships.get(id(instance), (None, {}))
        return related.get(name) if owner is instance else None

    # Reading.

    async def get(self, model: type[T], pk: Any, *, with_for_update: bool = False) -> T | None:
        """Find the object of a row: the one that the session has already, without a statement, or a new one.

        Args:
            model: Its class.
            pk: The value of its primary key.
            with_for_update: Whether to lock the row until the end of the transaction, and to read it in any case.

        Returns:
            The object, `None` if there is no such row or `pk` is `None`.

        Raises:
            RuntimeError: The session is closed.
            PostgresError: What is to be written cannot be, or the row cannot be read.
        """
        self._require_open()
        if pk is None:
            return None
        key = objects.normalised(model, pk)
        known = self._tracking.find(model, key)
        if known is not None and not with_for_update and not self._tracking.is_expired(known):
            return cast("T", known)
        if self._tracking.is_to_be_deleted(model, key) and not self.autoflush:
            return None
        await self._prepare()
        return await self._read(model, key, lock=with_for_update)

    async def _read(self, model: type[T], key: Any, *, lock: bool) -> T | None:
        with self._scope.active(self._as_current()):
            row = await reading.read_row(model, key, lock=lock)
            known = self._tracking.find(model, key)
            if row is None:
                if known is not None and not self._unit_of_work.is_new(known):
                    self.expunge(known)
                return None
            with Loads() as loads:
                found: T = self._tracking.adopt(model, [row], always=lock)[0]
            if not lock or found is not known:
                await reading.load_defaults(found)
            await loads.announce()
            return found

    async def _prepare(self) -> None:
        """Write what is to be written before something is read, and begin the transaction."""
        if self.autoflush and not self._is_flushing_here() and self._tracking.has_work:
            await self.flush()
        await self._begin()

    async def refresh(self, obj: Any, attrs: Iterable[str] | None = None) -> None:
        """Read the row of an object again; changes are lost.

        Args:
            obj: The object.
            attrs: The columns that this is about, and relationships, which are forgotten; all by default.

        Raises:
            RuntimeError: The session is closed.
            ValueError: The object has no primary key, there is no such row, or a name means nothing.
        """
        self._require_open()
        key = self._tracking.row_key(obj)
        if key is None:
            raise ValueError(f"{type(obj).__name__} has no primary key: it cannot be refreshed")
        await self._begin()
        with self._scope.active(self._as_current()):
            row = await reading.read_row(models.class_of(obj), key)
            if row is None:
                raise ValueError(f"Row with {objects.key_column(obj)} {key!r} not found")
            self._tracking.replace(obj, row, None if attrs is None else frozenset(attrs))
            await fire(EventType.AFTER_LOAD, obj)

    async def merge(self, obj: T) -> T:
        """Copy the values of an object to the one that the session has of the same row, loaded or made if necessary.

        Args:
            obj: The object; it does not become one of the session.

        Returns:
            The object of the session.

        Raises:
            RuntimeError: The session is closed.
        """
        self._require_open()
        if obj in self._tracking:
            return obj
        key = objects.key_of(obj)
        found = await self.get(type(obj), key)
        if found is None:
            return self.add(cast("T", objects.copy_of(obj)))
        column = objects.key_column(obj)
        values = {name: value for name, value in objects.written_values(obj).items() if name != column}
        objects.set_values(found, private_copy(values))
        return found

    def expire(self, obj: Any, attrs: Iterable[str] | None = None) -> None:
        """Have an object read again the next time that `get` is asked for it.

        Until then it keeps its values; changes stay changes. What was loaded for its relationships is forgotten.

        Args:
            obj: The object.
            attrs: The columns and relationships that this is about, all by default.
        """
        fire_now(EventType.BEFORE_EXPIRE, obj)
        self._tracking.expire(obj, attrs)

    def expire_all(self) -> None:
        """Expire all objects; see `expire`."""
        for obj in self:
            self.expire(obj)

    # Writing.

    async def flush(self) -> None:
        """Write what is to be written: all of it or nothing. It stays in the transaction, which begins if necessary.

        New rows are inserted before those that refer to them, and rows are deleted after those. After a failure
        everything still waits to be written.

        Raises:
            RuntimeError: The session is closed, or a listener of a flush asks for another one.
            IntegrityError: A constraint refuses a row.
            RowNotFoundError: A row to be updated is gone; `Update failed: no rows affected`.
        """
        self._require_open()
        if self._is_flushing_here():
            raise RuntimeError("Session is already flushing")
        if not self._tracking.has_work:
            return
        self._flushing = lock = self._flushing or asyncio.Lock()
        async with lock:
            self._flusher = asyncio.current_task()
            try:
                await self._flush()
            finally:
                self._flusher = None

    def _is_flushing_here(self) -> bool:
        return self._flusher is not None and self._flusher is asyncio.current_task()

    async def _flush(self) -> None:
        if not self._tracking.has_work:
            return
        await fire(EventType.BEFORE_FLUSH, self)
        with self._traced("flush"):
            is_alone = await self._begin()
            with self._scope.active(self._as_current()) as transaction:
                try:
                    await Flush(self._tracking, transaction, is_alone=is_alone).run()
                except BaseException:
                    if is_alone:
                        await self._scope.rollback()
                    raise
        await fire(EventType.AFTER_FLUSH, self)

    # The transaction.

    @property
    def in_transaction(self) -> bool:
        """Whether the session has a transaction."""
        return self._scope.is_open

    async def begin(self) -> None:
        """Begin the transaction now rather than when it is needed; does nothing if there is one.

        Raises:
            RuntimeError: The session is closed.
            TransactionClosedError: The transaction around it was rolled back.
        """
        self._require_open()
        await self._begin()

    async def _begin(self) -> bool:
        """Begin the transaction.

        Returns:
            Whether there was none.
        """
        if self._scope.settle():
            self._tracking.committed()
        if not self._scope.is_open:
            self._bookmarks = Bookmarks(self._tracking)
        return await self._scope.begin(self._bookmarks)

    async def commit(self) -> None:
        """Flush, and make everything permanent.

        Inside another transaction that one has the last word. If the transaction cannot be committed, it is rolled
        back, and so is the session.

        Raises:
            RuntimeError: The session is closed.
            PostgresError: Something cannot be written, see `flush`; or a constraint that was deferred is violated.
        """
        self._require_open()
        await self.flush()
        for _ in range(_ROUNDS):
            if not self._unit_of_work.has_pending:
                break
            await self.flush()
        if self._scope.is_begun:
            with self._traced("commit"):
                await self._commit()

    async def _commit(self) -> None:
        journal = self._scope.journal
        try:
            await self._scope.commit()
        except BaseException:
            self._take_back()
            raise
        self._tracking.committed(journal)
        await fire(EventType.AFTER_COMMIT, self)
        if self.expire_on_commit:
            expired = list(self._tracking.members())
            await fire_each(EventType.BEFORE_EXPIRE, expired)
            for obj in expired:
                self._tracking.expire(obj)

    async def rollback(self) -> None:
        """Undo everything since the last commit, and let go of all objects.

        They are as they were: those that were inserted have no row and no key any more, the others have the values that
        they were loaded with. Without a transaction, and closed, the session only lets go of them.
        """
        if not self._scope.is_open:
            self._take_back()
            return
        with self._traced("rollback"):
            try:
                await self._scope.rollback()
            finally:
                self._take_back()
            await fire(EventType.AFTER_ROLLBACK, self)

    def _take_back(self) -> None:
        self._tracking.rolled_back()
        self._relationships.clear()

    async def close(self) -> None:
        """Roll back what is not committed, and let go of all objects. Afterwards the session cannot be used."""
        if self._closed:
            return
        try:
            if self._scope.is_open:
                await self.rollback()
        finally:
            self._closed = self._tracking.is_closed = True
            self.expunge_all()

    def _require_open(self) -> None:
        if self._closed:
            raise RuntimeError(_CLOSED)

    @contextmanager
    def _traced(self, operation: str) -> Generator[None]:
        if not is_tracing_enabled():
            yield
            return
        work = self._unit_of_work
        with create_session_span(
            operation=operation,
            pending_count=len(work.new_objects),
            dirty_count=len(work.dirty_objects),
            deleted_count=len(work.deleted_objects),
        ) as span:
            yield
            if span is not None:
                span.set_attribute(_STATUS, _DONE[operation])
