"""Transactions: the engine's own, nested ones behind savepoints, and what `begin_transaction` hands out."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from . import _requests
from ._logs import connection_log
from ._runtime import COMPLETED, lost_targets, start, start_durable
from ._session import active_transaction, pool_target
from .errors import (
    InFailedTransactionError,
    PostgresError,
    RowNotFoundError,
    SavepointError,
    TransactionClosedError,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from contextvars import Token
    from types import TracebackType

    from ._handle import Handle

__all__ = [
    "IsolationLevel",
    "NestedTransaction",
    "RawTransaction",
    "RootTransaction",
    "Savepoint",
    "SavepointContext",
    "TransactionContext",
    "TransactionWrapper",
]

IsolationLevel: TypeAlias = Literal["read_uncommitted", "read_committed", "repeatable_read", "serializable"]
Row: TypeAlias = dict[str, Any]

_COMMIT = _requests.encode({"op": "commit"})
_ROLLBACK = _requests.encode({"op": "rollback"})
_SEPARATORS = re.compile(r"[\s_-]+")


class RawTransaction:
    """Transaction control and row operations on one transaction; every method raises after the end.

    Raises:
        TransactionClosedError: The transaction has been committed or rolled back.
    """

    __slots__ = ("__weakref__", "_completed", "is_committed")

    def __init__(self) -> None:
        self._completed = False
        self.is_committed = False

    @property
    def is_completed(self) -> bool:
        """Whether the transaction has been committed or rolled back, the latter also with its connection."""
        raise NotImplementedError

    @property
    def has_ended(self) -> bool:
        """Whether it was ended by a call: a lost connection is still to be reported to whoever commits."""
        return self._completed

    @property
    def root(self) -> RootTransaction:
        """The transaction of the server that this is or lies in."""
        raise NotImplementedError

    def target(self) -> int:
        """Find the engine's handle."""
        raise NotImplementedError

    async def commit(self) -> None:
        """Make the changes permanent; a nested transaction leaves the last word to the one around it."""
        raise NotImplementedError

    async def rollback(self) -> None:
        """Undo the changes."""
        raise NotImplementedError

    def abandon(self) -> None:
        """Undo the changes without waiting for it."""
        raise NotImplementedError

    async def savepoint(self, name: str) -> None:
        """Set a savepoint; an earlier one of that name is hidden until this one is released."""
        await start(self.target(), _requests.control("savepoint", name))

    async def rollback_to_savepoint(self, name: str) -> None:
        """Undo everything since a savepoint, which stays."""
        await start(self.target(), _requests.control("rollback_to", name))

    async def release_savepoint(self, name: str) -> None:
        """Forget a savepoint and keep what was done since."""
        await start(self.target(), _requests.control("release", name))

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

    __slots__ = ("_handle", "deferrable", "isolation_level", "nested", "read_only")

    def __init__(self, handle: Handle, isolation_level: str | None, *, read_only: bool, deferrable: bool) -> None:
        super().__init__()
        self._handle = handle
        self.isolation_level = isolation_level
        self.read_only = read_only
        self.deferrable = deferrable
        self.nested = 0

    @property
    def is_completed(self) -> bool:
        return self._completed or self._handle.number in lost_targets

    @property
    def root(self) -> RootTransaction:
        return self

    def target(self) -> int:
        if self._completed:
            raise TransactionClosedError(COMPLETED)
        return self._handle.number

    async def commit(self) -> None:
        await self._end(_COMMIT)
        self.is_committed = True

    async def rollback(self) -> None:
        await self._end(_ROLLBACK)

    async def _end(self, request: bytes) -> None:
        target = self.target()
        self._completed = True
        outcome = start_durable(target, request)
        try:
            await outcome
        finally:
            if outcome.done():
                self._give_back()

    def abandon(self) -> None:
        self._completed = True
        self._give_back()

    def _give_back(self) -> bool:
        lost_targets.discard(self._handle.number)
        return self._handle.release()

    def __del__(self) -> None:
        if self._completed:
            return
        try:
            if self._give_back():
                connection_log.warning("A transaction was never completed; changes rolled back")
        except Exception:  # noqa: S110 - the interpreter is going away and its modules with it
            pass


class NestedTransaction(RawTransaction):
    """A part of a transaction that can be undone on its own, by means of a savepoint."""

    __slots__ = ("_name", "_parent")

    def __init__(self, parent: RawTransaction, name: str) -> None:
        super().__init__()
        self._parent = parent
        self._name = name

    @property
    def root(self) -> RootTransaction:
        return self._parent.root

    @property
    def is_completed(self) -> bool:
        return self._completed or self._parent.is_completed

    @property
    def has_ended(self) -> bool:
        return self._completed or self._parent.has_ended

    def target(self) -> int:
        if self._completed:
            raise TransactionClosedError(COMPLETED)
        return self._parent.target()

    async def commit(self) -> None:
        target = self.target()
        self._completed = True
        try:
            await start_durable(target, _requests.control("release", self._name))
        except InFailedTransactionError:
            await self._undo(target)
            raise
        self.is_committed = True

    async def rollback(self) -> None:
        target = self.target()
        self._completed = True
        await self._undo(target)

    async def _undo(self, target: int) -> None:
        back, release = _start_undo(target, self._name)
        release.add_done_callback(_ignore)
        await back

    def abandon(self) -> None:
        self._completed = True
        _abandon(self._parent, self._name)


def _start_undo(target: int, name: str) -> tuple[asyncio.Future[Any], asyncio.Future[Any]]:
    """Roll back to a savepoint and release it; the engine keeps the order of submits, and nothing comes between."""
    return (
        start_durable(target, _requests.control("rollback_to", name)),
        start_durable(target, _requests.control("release", name)),
    )


def _abandon(tx: RawTransaction, name: str) -> None:
    """Undo what was done since a savepoint where nothing can be awaited any more."""
    try:
        outcomes = _start_undo(tx.target(), name)
    except RuntimeError:  # the transaction is over, or no loop is running
        return
    for outcome in outcomes:
        outcome.add_done_callback(_ignore)


def _ignore(outcome: asyncio.Future[Any]) -> None:
    if not outcome.cancelled():
        outcome.exception()


class Savepoint:
    """A point in a transaction to go back to; `Transaction.savepoint` makes it.

    As a context manager it releases itself at a normal exit. At an exception it undoes what was done since it was set,
    releases itself, and lets the exception pass.
    """

    __slots__ = ("_name", "_released", "_tx")

    def __init__(self, tx: RawTransaction, name: str) -> None:
        self._tx = tx
        self._name = name
        self._released = False

    @property
    def name(self) -> str:
        """The name of the savepoint."""
        return self._name

    async def rollback(self) -> None:
        """Undo everything since the savepoint, which stays usable.

        Raises:
            SavepointError: The savepoint was released.
        """
        if self._released:
            raise SavepointError("Savepoint has been released")
        await self._tx.rollback_to_savepoint(self._name)

    async def release(self) -> None:
        """Forget the savepoint and keep what was done since.

        Raises:
            SavepointError: The savepoint was released before.
        """
        if self._released:
            raise SavepointError("Savepoint already released")
        await self._tx.release_savepoint(self._name)
        self._released = True

    async def __aenter__(self) -> Savepoint:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._released:
            return
        if error is None:
            await self.release()
            return
        if isinstance(error, GeneratorExit):
            self._released = True
            _abandon(self._tx, self._name)
            return
        try:
            await self.rollback()
            await self.release()
        except PostgresError as failure:
            _report(error, failure, "Rollback to savepoint failed")


class SavepointContext:
    """A savepoint about to be set: await it, or enter it with `async with`."""

    __slots__ = ("_name", "_savepoint", "_tx")

    def __init__(self, tx: RawTransaction, name: str) -> None:
        self._tx = tx
        self._name = name

    def __await__(self) -> Generator[Any, Any, Savepoint]:
        return self._set().__await__()

    async def _set(self) -> Savepoint:
        await self._tx.savepoint(self._name)
        return Savepoint(self._tx, self._name)

    async def __aenter__(self) -> Savepoint:
        self._savepoint = await self._set()
        return self._savepoint

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._savepoint.__aexit__(kind, error, traceback)


class TransactionWrapper:
    """A transaction as `connection.begin_transaction` hands it out.

    Inside `async with` it is the ambient transaction: every function of the package works on it. It commits at a normal
    exit and rolls back at an exception, unless it was completed before.
    """

    __slots__ = ("__weakref__", "_entered", "_tx", "target")

    def __init__(self, tx: RawTransaction) -> None:
        self._tx = tx
        self.target = tx.target
        self._entered: list[tuple[Token[TransactionWrapper | None], TransactionWrapper | None]] = []

    @property
    def is_completed(self) -> bool:
        """Whether the transaction has been committed or rolled back."""
        return self._tx.is_completed

    @property
    def is_active(self) -> bool:
        """Whether the transaction is still open."""
        return not self._tx.is_completed

    async def commit(self) -> None:
        """Commit now; does nothing when the transaction is completed.

        Raises:
            InFailedTransactionError: An error had aborted the transaction; it is rolled back.
            ConnectionFailedError: The connection was lost; with `in_doubt` the outcome is unknown.
        """
        if not self._tx.has_ended:
            await self._tx.commit()

    async def rollback(self) -> None:
        """Roll back now; does nothing when the transaction is completed."""
        if not self._tx.has_ended:
            await self._roll_back()

    def savepoint(self, name: str) -> SavepointContext:
        """Set a savepoint: `await` it, or use it in `async with`."""
        return SavepointContext(self._tx, name)

    async def execute(self, sql: str, params: Any = None) -> list[Row] | int | None:
        """Run a statement; see `connection.execute`."""
        return await self._tx.execute(sql, params)

    async def insert_one(self, table: str, document: Mapping[str, Any]) -> Row:
        """Insert a row; see `connection.insert_one`."""
        return await self._tx.insert_one(table, document)

    async def fetch_one(self, table: str, filter: Mapping[str, Any]) -> Row | None:
        """Fetch the first row whose columns equal the values of `filter`, `None` if there is none."""
        return await self._tx.fetch_one(table, filter)

    async def update_one(self, table: str, pk_column: str, pk_value: Any, update: Mapping[str, Any]) -> Any:
        """Update the row with a key; see `connection.update_one`."""
        return await self._tx.update_one(table, pk_column, pk_value, update)

    async def delete_one(self, table: str, pk_column: str, pk_value: Any) -> int:
        """Delete the row with a key; see `connection.delete_one`."""
        return await self._tx.delete_one(table, pk_column, pk_value)

    async def __aenter__(self) -> TransactionWrapper:
        if self._tx.is_completed:
            raise TransactionClosedError(COMPLETED)
        previous = active_transaction.get()
        self._entered.append((active_transaction.set(self), previous))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._restore_ambient()
        if self._tx.has_ended:
            return
        if error is None:
            await self._commit_on_exit()
        elif isinstance(error, GeneratorExit):  # nothing can be awaited any more
            self._tx.abandon()
        else:
            await self._rollback_on_exit(error)

    def _restore_ambient(self) -> None:
        token, previous = self._entered.pop()
        try:
            active_transaction.reset(token)
        except ValueError:  # entered in another context, as by the set-up half of a test fixture
            if active_transaction.get() is self:
                active_transaction.set(previous)

    async def _commit_on_exit(self) -> None:
        try:
            await self._tx.commit()
        except (InFailedTransactionError, TransactionClosedError):
            connection_log.warning("transaction was aborted; changes rolled back")

    async def _roll_back(self) -> None:
        try:
            await self._tx.rollback()
        except TransactionClosedError:  # it ended with its connection
            pass

    async def _rollback_on_exit(self, error: BaseException) -> None:
        try:
            await self._roll_back()
        except PostgresError as failure:
            _report(error, failure, "Rollback failed")


def _report(error: BaseException, failure: PostgresError, message: str) -> None:
    """Log a failure of the clean-up after `error` and chain it, so that it masks nothing."""
    connection_log.warning(message, extra={"error": str(failure)})
    if error.__context__ is None and error is not failure:
        failure.__context__ = None
        error.__context__ = failure


class TransactionContext:
    """A transaction about to begin: enter it with `async with`, or await it for one that is not ambient yet."""

    __slots__ = ("_deferrable", "_independent", "_level", "_read_only", "_wrapper")

    def __init__(
        self, isolation_level: str | None, *, read_only: bool, deferrable: bool, independent: bool = False
    ) -> None:
        self._level = normalise_isolation_level(isolation_level)
        self._read_only = _flag("read_only", read_only)
        self._deferrable = _flag("deferrable", deferrable)
        self._independent = _flag("independent", independent)

    def __await__(self) -> Generator[Any, Any, TransactionWrapper]:
        return self._begin().__await__()

    async def _begin(self) -> TransactionWrapper:
        return TransactionWrapper(await self.begin_raw())

    @property
    def is_nested(self) -> bool:
        """Whether beginning now would nest in the ambient transaction."""
        return active_transaction.get() is not None and not self._independent

    async def begin_raw(self) -> RawTransaction:
        """Begin, nested in the ambient transaction if there is one."""
        ambient = active_transaction.get()
        if ambient is not None and not self._independent:
            return await self._begin_nested(ambient._tx)  # pyright: ignore[reportPrivateUsage] - public by contract
        deferrable = self._deferrable
        if deferrable and not (self._read_only and self._level == "serializable"):
            connection_log.warning("deferrable left out: it needs a serializable, read-only transaction")
            deferrable = False
        request = _requests.begin(self._level, read_only=self._read_only, deferrable=deferrable)
        handle: Handle = await start(pool_target(), request)
        return RootTransaction(handle, self._level, read_only=self._read_only, deferrable=deferrable)

    async def _begin_nested(self, parent: RawTransaction) -> NestedTransaction:
        parent.target()
        root = parent.root
        if self._level is not None and self._level != root.isolation_level:
            raise ValueError(f"a nested transaction cannot have the isolation level {self._level} of its own")
        if self._read_only and not root.read_only:
            raise ValueError("a nested transaction cannot be read_only when the one around it is not")
        if self._deferrable and not root.deferrable:
            raise ValueError("a nested transaction cannot be deferrable when the one around it is not")
        root.nested += 1
        name = f"ouroboros_nested_{root.nested}"
        await parent.savepoint(name)
        return NestedTransaction(parent, name)

    async def __aenter__(self) -> TransactionWrapper:
        self._wrapper = await self._begin()
        return await self._wrapper.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._wrapper.__aexit__(kind, error, traceback)


def normalise_isolation_level(level: Any) -> IsolationLevel | None:
    """Read an isolation level in any case, its words parted by space, `_` or `-`.

    Raises:
        ValueError: There is no such level.
    """
    if level is None:
        return None
    if isinstance(level, str):
        words = _SEPARATORS.sub("_", level.strip().lower())
        if words in get_args(IsolationLevel):
            return cast("IsolationLevel", words)
    raise ValueError(f"Invalid isolation level: {level}")


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be bool, not {type(value).__name__}")
    return value
