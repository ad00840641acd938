"""Transactions with explicit savepoints.

async with pg_transaction(isolation_level="serializable") as tx:
    await insert_one("accounts", {"name": "a"})
    async with tx.savepoint("before_b"):
        await insert_one("accounts", {"name": "b"})
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any, TypeVar

from ._logs import connection_log
from ._options import check_integer, check_number
from ._raw_transaction import RawTransaction
from ._savepoint import Savepoint, SavepointContext
from ._transaction import TransactionContext, TransactionWrapper
from .errors import DeadlockError, SerializationError, TransactionClosedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

__all__ = ["Savepoint", "Transaction", "pg_transaction", "run_in_transaction"]

T = TypeVar("T")


class Transaction:
    """An open transaction, as `pg_transaction` yields it."""

    __slots__ = ("_committed", "_rolled_back", "_tx")

    def __init__(self, tx: RawTransaction) -> None:
        self._tx = tx
        self._committed = False
        self._rolled_back = False

    @property
    def is_active(self) -> bool:
        """Whether the transaction is neither committed nor rolled back."""
        return not (self._committed or self._rolled_back)

    async def commit(self) -> None:
        """Commit now.

        Raises:
            TransactionClosedError: The transaction is not active.
            InFailedTransactionError: An error had aborted the transaction; it is rolled back.
            ConnectionFailedError: The connection was lost; with `in_doubt` the outcome is unknown.
        """
        self._require_active()
        try:
            await self._tx.commit()
        except BaseException:
            self._settle(self._tx)
            raise
        self._committed = True

    async def rollback(self) -> None:
        """Roll back now.

        Raises:
            TransactionClosedError: The transaction is not active.
        """
        self._require_active()
        self._rolled_back = True
        await self._tx.rollback()

    def savepoint(self, name: str) -> SavepointContext:
        """Set a savepoint: `await` it, or use it in `async with`.

        Raises:
            TransactionClosedError: The transaction is not active.
        """
        self._require_active()
        return SavepointContext(self._tx, name)

    def _require_active(self) -> None:
        if not self.is_active:
            raise TransactionClosedError("Transaction is not active")

    def _settle(self, tx: RawTransaction) -> None:
        """Take over how the transaction underneath has ended."""
        self._committed = tx.is_committed
        self._rolled_back = tx.is_completed and not tx.is_committed


class _TransactionBlock:
    """The context manager of `pg_transaction`."""

    __slots__ = ("_context", "_raw", "_transaction", "_wrapper")

    def __init__(self, context: TransactionContext) -> None:
        self._context = context

    async def __aenter__(self) -> Transaction:
        self._raw = await self._context.begin_raw()
        self._wrapper = TransactionWrapper(self._raw)
        await self._wrapper.__aenter__()
        self._transaction = Transaction(self._raw)
        return self._transaction

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._wrapper.__aexit__(kind, error, traceback)
        finally:
            self._transaction._settle(self._raw)  # pyright: ignore[reportPrivateUsage] - same module


def pg_transaction(
    *, isolation_level: str | None = None, read_only: bool = False, deferrable: bool = False
) -> _TransactionBlock:
    """Open a transaction for an `async with` block, which yields a `Transaction`.

    Inside the block it is the ambient transaction: every function of the package works on it. It commits at a normal
    exit and rolls back at an exception, unless it was completed before. Inside another transaction the block is a part
    of that one which can be undone on its own.

    Args:
        isolation_level: `read_uncommitted`, `read_committed`, `repeatable_read` or `serializable`, in any case and with
            spaces or hyphens as well; `None` for the server's default.
        read_only: Whether writes are refused.
        deferrable: Whether to wait for a snapshot that cannot fail; only for serializable, read-only transactions.

    Raises:
        ValueError: There is no such level, or a nested block asks for other options than the one around it.
    """
    return _TransactionBlock(TransactionContext(isolation_level, read_only=read_only, deferrable=deferrable))


async def run_in_transaction(
    fn: Callable[[TransactionWrapper], Awaitable[T]],
    *,
    isolation_level: str | None = None,
    read_only: bool = False,
    deferrable: bool = False,
    max_retries: int = 3,
    initial_delay_ms: float = 50,
    max_delay_ms: float = 2000,
    backoff_multiplier: float = 2.0,
) -> T:
    """Run a function in a transaction, again from the start after a serialisation failure or a deadlock.

    Inside another transaction the function runs once: only the outermost transaction can be run again.

    Args:
        fn: Called with the transaction, which is also ambient; must be safe to run more than once.
        isolation_level: As for `pg_transaction`.
        read_only: As for `pg_transaction`.
        deferrable: As for `pg_transaction`.
        max_retries: How many times to run it again.
        initial_delay_ms: Milliseconds before the first retry.
        max_delay_ms: Upper bound of the delay in milliseconds.
        backoff_multiplier: Factor between one delay and the next.

    Returns:
        What the function returned.

    Raises:
        SerializationError: The last run could not be serialised.
        DeadlockError: The last run ended in a deadlock.
        ValueError: An option is out of range.
    """
    check_integer("max_retries", max_retries, 0)
    check_number("initial_delay_ms", initial_delay_ms, 0)
    check_number("max_delay_ms", max_delay_ms, 0)
    check_number("backoff_multiplier", backoff_multiplier, 1)
    context = TransactionContext(isolation_level, read_only=read_only, deferrable=deferrable)
    if context.is_nested:
        max_retries = 0
    attempt = 0
    while True:
        try:
            async with context as tx:
                return await fn(tx)
        except (SerializationError, DeadlockError) as error:
            if attempt >= max_retries:
                raise
            delay_ms = _delay_ms(attempt, initial_delay_ms, max_delay_ms, backoff_multiplier)
            fields: dict[str, Any] = {"attempt": attempt + 1, "max_retries": max_retries, "delay_ms": delay_ms}
            connection_log.warning("Transaction failed, retrying after delay", extra={**fields, "error": str(error)})
        await asyncio.sleep(delay_ms / 1000)
        attempt += 1


def _delay_ms(attempt: int, initial: float, most: float, multiplier: float) -> float:
    """Grow exponentially up to `most`, less up to 20 % so that competitors do not meet again."""
    bound = most
    try:
        bound = min(initial * multiplier**attempt, most)
    except OverflowError:
        pass
    return bound * random.uniform(0.8, 1.0)  # noqa: S311 - jitter, no secret
