"""What `begin_transaction` hands out: the ambient transaction, and how it begins and ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from . import _requests
from ._logs import connection_log
from ._observation import observe_transaction
from ._raw_transaction import NestedTransaction, RawTransaction, RootTransaction
from ._runtime import COMPLETED, start
from ._savepoint import SavepointContext, report_failed_cleanup
from ._session import active_transaction, ambient, pool_target
from .errors import InFailedTransactionError, PostgresError, TransactionClosedError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from contextvars import Token
    from types import TracebackType

    from ._handle import Handle
    from ._journal import Journal
    from ._raw_transaction import Row

__all__ = ["IsolationLevel", "TransactionContext", "TransactionWrapper", "normalise_isolation_level"]

IsolationLevel: TypeAlias = Literal["read_uncommitted", "read_committed", "repeatable_read", "serializable"]

_SEPARATORS = re.compile(r"[\s_-]+")


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
    def journal(self) -> Journal:
        """What goes back if the transaction of the server is rolled back."""
        return self._tx.root.journal

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
        if self._tx.observation is not None:
            self._tx.observation.enter()
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
        if self._tx.observation is not None:
            self._tx.observation.leave()
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
            report_failed_cleanup(error, failure, "Rollback failed")


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
        return ambient() is not None and not self._independent

    async def begin_raw(self) -> RawTransaction:
        """Begin, nested in the ambient transaction if there is one."""
        return await self.begin_within(None if self._independent else ambient())

    async def begin_within(self, around: TransactionWrapper | None) -> RawTransaction:
        """Begin, nested in another transaction unless that is `None`."""
        if around is not None:
            return await self._begin_nested(around._tx)  # pyright: ignore[reportPrivateUsage] - public by contract
        deferrable = self._deferrable
        if deferrable and not (self._read_only and self._level == "serializable"):
            connection_log.warning("deferrable left out: it needs a serializable, read-only transaction")
            deferrable = False
        request = _requests.begin(self._level, read_only=self._read_only, deferrable=deferrable)
        observation = observe_transaction(self._level, read_only=self._read_only, deferrable=deferrable, depth=0)
        try:
            handle: Handle = await start(pool_target(), request)
        except BaseException as error:
            if observation is not None:
                observation.end("failed", error)
            raise
        return RootTransaction(
            handle, self._level, read_only=self._read_only, deferrable=deferrable, observation=observation
        )

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
        observation = observe_transaction(
            root.isolation_level, read_only=root.read_only, deferrable=root.deferrable, depth=parent.depth + 1
        )
        try:
            await parent.savepoint(name)
        except BaseException as error:
            if observation is not None:
                observation.end("failed", error)
            raise
        return NestedTransaction(parent, name, observation)

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
