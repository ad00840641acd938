"""Transactions of the server, and parts of them that can be undone on their own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast
from weakref import WeakSet

from . import _requests
from ._journal import Journal
from ._logs import connection_log
from ._runtime import COMPLETED, lost_targets, start, start_durable
from .errors import InFailedTransactionError, RowNotFoundError, TransactionClosedError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from ._handle import Handle
    from ._observation import TransactionObservation

__all__ = [
    "NestedTransaction",
    "RawTransaction",
    "RootTransaction",
    "Row",
    "SavepointWatcher",
    "abandon_savepoint",
    "ignore_outcome",
    "start_undo",
]

Row: TypeAlias = dict[str, Any]

_COMMIT = _requests.encode({"op": "commit"})
_ROLLBACK = _requests.encode({"op": "rollback"})


class SavepointWatcher(Protocol):
    """What wants to know about the savepoints of a transaction."""

    def savepoint_set(self, name: str) -> None:
        """A savepoint was set."""

    def savepoint_undone(self, name: str) -> None:
        """What was done since a savepoint was undone."""

    def savepoint_released(self, name: str) -> None:
        """A savepoint, with all that were set after it, is gone."""


class RawTransaction(ABC):
    """Transaction control and row operations on one transaction; every method raises after the end.

    Raises:
        TransactionClosedError: The transaction has been committed or rolled back.
    """

    __slots__ = ("__weakref__", "_completed", "is_committed", "observation")

    def __init__(self, observation: TransactionObservation | None) -> None:
        self._completed = False
        self.is_committed = False
        self.observation = observation

    def observe_end(self, outcome: str, error: BaseException | None = None) -> None:
        """Tell tracing how it ended; only the first call counts."""
        if self.observation is not None:
            self.observation.end(outcome, error)

    @property
    @abstractmethod
    def is_completed(self) -> bool:
        """Whether the transaction has been committed or rolled back, the latter also with its connection."""

    @property
    def has_ended(self) -> bool:
        """Whether it was ended by a call: a lost connection is still to be reported to whoever commits."""
        return self._completed

    @property
    @abstractmethod
    def is_kept(self) -> bool:
        """Whether it has been committed, or one around it has been while it was still open."""

    @property
    @abstractmethod
    def root(self) -> RootTransaction:
        """The transaction of the server that this is or lies in."""

    @property
    @abstractmethod
    def depth(self) -> int:
        """In how many transactions this is nested."""

    @abstractmethod
    def target(self) -> int:
        """Find the engine's handle."""

    @abstractmethod
    async def commit(self) -> None:
        """Make the changes permanent; a nested transaction leaves the last word to the one around it."""

    @abstractmethod
    async def rollback(self) -> None:
        """Undo the changes."""

    @abstractmethod
    def abandon(self) -> None:
        """Undo the changes without waiting for it."""

    async def savepoint(self, name: str) -> None:
        """Set a savepoint; an earlier one of that name is hidden until this one is released."""
        await self.start_savepoint(name)
        for watcher in self.root.watchers:
            watcher.savepoint_set(name)

    def start_savepoint(self, name: str) -> asyncio.Future[Any]:
        """Set a savepoint without waiting for it and without telling watchers."""
        setting = start(self.target(), _requests.control("savepoint", name))
        setting.add_done_callback(partial(_note_savepoint, self.root.journal, name))
        return setting

    async def rollback_to_savepoint(self, name: str) -> None:
        """Undo everything since a savepoint, which stays."""
        await start(self.target(), _requests.control("rollback_to", name))
        for watcher in self.root.watchers:
            watcher.savepoint_undone(name)
        self.root.journal.savepoint_undone(name)

    async def release_savepoint(self, name: str) -> None:
        """Forget a savepoint and keep what was done since."""
        await start(self.target(), _requests.control("release", name))
        self.root.journal.savepoint_released(name)
        self.root.tell_released(name)

    async def execute(self, sql: str, params: Any = None) -> list[Row] | int | None:
        """Run a statement; see `connection.execute`."""
        return cast("list[Row] | int | None", await start(self.target(), _requests.execute(sql, params)))

    async def insert_one(self, table: str, data: Mapping[str, Any]) -> Row:
        """Insert a row; see `connection.insert_one`."""
        return cast("Row", (await start(self.target(), _requests.insert(table, data)))[0])

    async def fetch_one(self, table: str, filter: Mapping[str, Any]) -> Row | None:
        """Fetch the first row whose columns equal the values of `filter`, `None` if there is none."""
        request = _requests.select(table, filter=_requests.equalities("filter", filter), limit=1)
        rows = await start(self.target(), request)
        return cast("Row", rows[0]) if rows else None

    async def update_one(self, table: str, pk_column: str, pk_value: Any, update: Mapping[str, Any]) -> Any:
        """Update the row with a key; see `connection.update_one`."""
        request = _requests.update_row(table, pk_column, pk_value, update)
        if pk_value is None or not await start(self.target(), request):
            raise RowNotFoundError("no rows affected", prefix="Update failed")
        return pk_value

    async def delete_one(self, table: str, pk_column: str, pk_value: Any) -> int:
        """Delete the row with a key; see `connection.delete_one`."""
        request = _requests.delete_row(table, pk_column, pk_value)
        return 0 if pk_value is None else cast("int", await start(self.target(), request))


class RootTransaction(RawTransaction):
    """A transaction of the server, with a connection of its own."""

    __slots__ = ("_handle", "deferrable", "isolation_level", "journal", "nested", "read_only", "watchers")

    def __init__(
        self,
        handle: Handle,
        isolation_level: str | None,
        *,
        read_only: bool,
        deferrable: bool,
        observation: TransactionObservation | None,
    ) -> None:
        super().__init__(observation)
        self._handle = handle
        self.isolation_level = isolation_level
        self.read_only = read_only
        self.deferrable = deferrable
        self.journal = Journal()
        self.nested = 0
        self.watchers: WeakSet[SavepointWatcher] = WeakSet()

    @property
    def is_completed(self) -> bool:
        return self._completed or self._handle.number in lost_targets

    @property
    def is_kept(self) -> bool:
        return self.is_committed

    def tell_released(self, name: str) -> None:
        """Tell watchers that a savepoint is gone."""
        for watcher in self.watchers:
            watcher.savepoint_released(name)

    @property
    def root(self) -> RootTransaction:
        return self

    @property
    def depth(self) -> int:
        return 0

    def target(self) -> int:
        if self._completed:
            raise TransactionClosedError(COMPLETED)
        return self._handle.number

    async def commit(self) -> None:
        await self._end(_COMMIT, "commit")
        self.is_committed = True

    async def rollback(self) -> None:
        await self._end(_ROLLBACK, "rollback")

    async def _end(self, request: bytes, how: str) -> None:
        target = self.target()
        self._completed = True
        try:
            outcome = start_durable(target, request)
        except BaseException:
            self.journal.end(is_kept=False)
            raise
        outcome.add_done_callback(partial(self._take_note, how))
        try:
            await outcome
        finally:
            if outcome.done():
                self._give_back()

    def _take_note(self, how: str, outcome: asyncio.Future[Any]) -> None:
        error = None if outcome.cancelled() else outcome.exception()
        self.journal.end(is_kept=how == "commit" and error is None)
        self.observe_end(how if error is None else "failed", error)

    def abandon(self) -> None:
        self._completed = True
        self._give_back()
        self.journal.end(is_kept=False)
        self.observe_end("abandoned")

    def _give_back(self) -> bool:
        lost_targets.discard(self._handle.number)
        return self._handle.release()

    def __del__(self) -> None:
        if self._completed:
            return
        try:
            if self._give_back():
                connection_log.warning("A transaction was never completed; changes rolled back")
            self.journal.end(is_kept=False)
            self.observe_end("abandoned")
        except Exception:  # noqa: S110 - the interpreter is going away and its modules with it
            pass


class NestedTransaction(RawTransaction):
    """A part of a transaction that can be undone on its own, by means of a savepoint."""

    __slots__ = ("_name", "_parent")

    def __init__(self, parent: RawTransaction, name: str, observation: TransactionObservation | None) -> None:
        super().__init__(observation)
        self._parent = parent
        self._name = name

    @property
    def root(self) -> RootTransaction:
        return self._parent.root

    @property
    def depth(self) -> int:
        return self._parent.depth + 1

    @property
    def is_completed(self) -> bool:
        return self._completed or self._parent.is_completed

    @property
    def has_ended(self) -> bool:
        return self._completed or self._parent.has_ended

    @property
    def is_kept(self) -> bool:
        return self.is_committed or (not self._completed and self._parent.is_kept)

    def target(self) -> int:
        if self._completed:
            raise TransactionClosedError(COMPLETED)
        return self._parent.target()

    async def commit(self) -> None:
        target = self.target()
        self._completed = True
        try:
            await start_durable(target, _requests.control("release", self._name))
        except BaseException as error:
            self.observe_end("failed", error)
            if isinstance(error, InFailedTransactionError):
                await self._undo(target)
            raise
        finally:
            self.root.journal.savepoint_released(self._name)
            self.root.tell_released(self._name)
        self.is_committed = True
        self.observe_end("commit")

    async def rollback(self) -> None:
        target = self.target()
        self._completed = True
        try:
            await self._undo(target)
        finally:
            self.observe_end("rollback")

    async def _undo(self, target: int) -> None:
        back, release = start_undo(target, self.root, self._name)
        release.add_done_callback(ignore_outcome)
        await back

    def abandon(self) -> None:
        self._completed = True
        abandon_savepoint(self._parent, self._name)
        self.observe_end("abandoned")


def start_undo(target: int, root: RootTransaction, name: str) -> tuple[asyncio.Future[Any], asyncio.Future[Any]]:
    """Roll back to a savepoint and release it; the engine keeps the order of submits, and nothing comes between."""
    started = (
        start_durable(target, _requests.control("rollback_to", name)),
        start_durable(target, _requests.control("release", name)),
    )
    started[0].add_done_callback(lambda _: root.journal.savepoint_given_up(name))
    for watcher in root.watchers:
        watcher.savepoint_undone(name)
    root.tell_released(name)
    return started


def _note_savepoint(journal: Journal, name: str, setting: asyncio.Future[Any]) -> None:
    if not setting.cancelled() and setting.exception() is None:
        journal.savepoint_set(name)


def abandon_savepoint(tx: RawTransaction, name: str) -> None:
    """Undo what was done since a savepoint where nothing can be awaited any more."""
    try:
        outcomes = start_undo(tx.target(), tx.root, name)
    except RuntimeError:  # the transaction is over, or no loop is running
        return
    for outcome in outcomes:
        outcome.add_done_callback(ignore_outcome)


def ignore_outcome(outcome: asyncio.Future[Any]) -> None:
    """Have nobody complain that the outcome of an operation was not looked at."""
    if not outcome.cancelled():
        outcome.exception()
