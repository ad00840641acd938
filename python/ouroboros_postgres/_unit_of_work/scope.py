"""The transaction of a session, and the block in which it is ambient."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from .._logs import connection_log
from .._session import active_transaction, current_session, target
from .._transaction import TransactionContext, TransactionWrapper
from ..errors import ConnectionFailedError, TransactionClosedError

if TYPE_CHECKING:
    from .._journal import Journal
    from .._raw_transaction import RawTransaction, SavepointWatcher
    from .._session import CurrentSession

__all__ = ["Scope"]

T = TypeVar("T")

_UNDONE: Final = "the transaction around the session has been rolled back: roll the session back as well"


class _Entry(NamedTuple):
    """One entering of the block of a session."""

    token: Token[CurrentSession | None]
    outer: CurrentSession | None
    explicit: TransactionWrapper | None


class Scope:
    """The transaction of a session: begun when it is needed, inside the ambient one if there is one."""

    __slots__ = ("_entries", "_lock", "_raw", "_watcher", "_wrapper")

    def __init__(self) -> None:
        self._watcher: SavepointWatcher | None = None
        self._raw: RawTransaction | None = None
        self._wrapper: TransactionWrapper | None = None
        self._entries: list[_Entry] = []
        self._lock: asyncio.Lock | None = None

    # The block.

    def enter(self, session: CurrentSession) -> None:
        """Make the session the current one."""
        outer, explicit = current_session.get(), active_transaction.get()
        token = current_session.set(session)
        self._entries.append(_Entry(token, outer, explicit))

    def leave(self) -> None:
        """Make the session current again that was before, if this one was entered at all."""
        if not self._entries:
            return
        entry = self._entries.pop()
        try:
            current_session.reset(entry.token)
        except ValueError:  # entered in another context, as by the set-up half of a test fixture
            current = current_session.get()
            if current is not None and current.scope is self:
                current_session.set(entry.outer)

    def ambient(self, explicit: TransactionWrapper | None) -> TransactionWrapper | None:
        """The innermost transaction of a context in which the session is current.

        Args:
            explicit: The one that a transaction block has made ambient. It lies inside the block of the session unless
                it was there when that was entered.
        """
        entry = self._entries[-1] if self._entries else None
        if explicit is not None and (entry is None or explicit is not entry.explicit):
            return explicit
        if self._wrapper is not None and self._raw is not None and not self._raw.has_ended:
            return self._wrapper
        return explicit if entry is None or entry.outer is None else entry.outer.scope.ambient(explicit)

    @contextmanager
    def active(self, session: CurrentSession) -> Generator[RawTransaction]:
        """Have everything run on the transaction of the session, which is open, and load through the session."""
        raw, wrapper = self._raw, self._wrapper
        if raw is None or wrapper is None:
            raise TransactionClosedError(_UNDONE)
        with _set(current_session, session), _set(active_transaction, wrapper):
            yield raw

    # The transaction.

    @property
    def is_begun(self) -> bool:
        """Whether there is a transaction, or was one that the one around it has committed."""
        return self._raw is not None

    @property
    def is_open(self) -> bool:
        """Whether there is a transaction."""
        return self._raw is not None and not self._raw.is_kept

    @property
    def is_lost(self) -> bool:
        """Whether the transaction was rolled back with the one around it."""
        raw = self._raw
        return raw is not None and raw.has_ended and not raw.is_kept

    def covers_here(self) -> bool:
        """Whether what is done here and now is part of the transaction."""
        raw = self._raw
        return raw is not None and not raw.has_ended and raw.target() == target()

    @property
    def journal(self) -> Journal | None:
        """What undoes for objects what has been committed to the transaction around that of the session, if any."""
        return None if self._raw is None or self._raw.depth == 0 else self._raw.root.journal

    def settle(self) -> bool:
        """Take note if the transaction around the one of the session has been committed.

        Returns:
            Whether it has.
        """
        is_kept = self._raw is not None and self._raw.is_kept
        if is_kept:
            self._forget()
        return is_kept

    async def begin(self, watcher: SavepointWatcher) -> bool:
        """Begin unless that was done.

        Args:
            watcher: Told about savepoints of the transaction that others set, and go back to. Belongs to the caller.

        Returns:
            Whether it has begun now.

        Raises:
            TransactionClosedError: The transaction around it was rolled back.
            NotConnectedError: There is no pool.
        """
        self._lock = lock = self._lock or asyncio.Lock()
        async with lock:
            if self.is_lost:
                raise TransactionClosedError(_UNDONE)
            if self._raw is not None:
                return False
            context = TransactionContext(None, read_only=False, deferrable=False)
            raw = await context.begin_within(self._surrounding())
            self._raw, self._wrapper = raw, TransactionWrapper(raw)
            self._watcher = watcher
            raw.root.watchers.add(watcher)
            return True

    def _surrounding(self) -> TransactionWrapper | None:
        explicit, current = active_transaction.get(), current_session.get()
        if current is None or self._entries:
            return self.ambient(explicit)
        return current.scope.ambient(explicit)

    async def commit(self) -> None:
        """Commit, if there is a transaction; whatever happens, there is none afterwards."""
        raw, is_lost = self._raw, self.is_lost
        self._forget()
        if is_lost:
            raise TransactionClosedError(_UNDONE)
        if raw is not None and not raw.is_kept:
            await raw.commit()

    async def rollback(self) -> None:
        """Roll back, if there is a transaction; whatever happens, there is none afterwards."""
        raw = self._raw
        self._forget()
        if raw is None or raw.has_ended:
            return
        try:
            await raw.rollback()
        except TransactionClosedError:  # it ended with its connection
            pass
        except ConnectionFailedError as error:  # and so it is rolled back
            connection_log.warning("Rollback failed", extra={"error": str(error)})

    def abandon(self) -> None:
        """Roll back where nothing can be awaited any more."""
        raw = self._raw
        self._forget()
        if raw is not None and not raw.has_ended:
            raw.abandon()

    def _forget(self) -> None:
        raw, self._raw, self._wrapper = self._raw, None, None
        if raw is not None and self._watcher is not None:
            raw.root.watchers.discard(self._watcher)
        self._watcher = None


@contextmanager
def _set(variable: ContextVar[T], value: T) -> Generator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)
