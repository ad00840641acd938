"""Savepoints as transactions hand them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._logs import connection_log
from ._raw_transaction import abandon_savepoint
from .errors import PostgresError, SavepointError

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType

    from ._raw_transaction import RawTransaction

__all__ = ["Savepoint", "SavepointContext", "report_failed_cleanup"]


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
            abandon_savepoint(self._tx, self._name)
            return
        try:
            await self.rollback()
            await self.release()
        except PostgresError as failure:
            report_failed_cleanup(error, failure, "Rollback to savepoint failed")


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


def report_failed_cleanup(error: BaseException, failure: PostgresError, message: str) -> None:
    """Log a failure of the clean-up after `error` and chain it, so that it masks nothing."""
    connection_log.warning(message, extra={"error": str(failure)})
    if error.__context__ is None and error is not failure:
        failure.__context__ = None
        error.__context__ = failure
