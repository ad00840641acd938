"""Which statements a piece of code sends, as the engine reports them."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from ._observation import OperationObservation

__all__ = ["CountedOperation", "StatementCount", "current_count", "is_counting"]

_FETCH: Final = b'{"op":"fetch"'
_UNKNOWN: Final = "(the text of this statement was lost: the event loop did not come to read it)"


class StatementCount:
    """Collects the statements of the current context, those of tasks that it starts included, while it is open.

    Attributes:
        statements: Their SQL, in the order in which they were answered.
        was_opened: Whether it has ever been open.
    """

    __slots__ = ("_cursors", "_is_open", "_outer", "statements", "was_opened")

    def __init__(self) -> None:
        self.statements: list[str] = []
        self._cursors: set[int] = set()
        self._outer: StatementCount | None = None
        self._is_open = self.was_opened = False

    def open(self) -> None:
        """Begin to collect."""
        self._outer = current_count()
        self._is_open = self.was_opened = True
        _current.set(self)
        _open.add(1)

    def close(self) -> None:
        """Collect no more."""
        self._is_open = False
        _open.add(-1)
        if _current.get() is self:
            _current.set(self._outer)

    @property
    def live(self) -> StatementCount | None:
        """This one, or the innermost one around it that is open; `None` if all are closed."""
        if self._is_open or self._outer is None:
            return self if self._is_open else None
        return self._outer.live

    def take(self, sql: str, cursor: int | None) -> None:
        """Take a statement; a cursor's, which the engine reports with each batch, only once."""
        if self._is_open and cursor not in self._cursors:
            self.statements.append(sql)
            if cursor is not None:
                self._cursors.add(cursor)
        if self._outer is not None:
            self._outer.take(sql, cursor)


class _Open:
    """How many counts of the process are open: while there are any, the engine is asked for reports."""

    __slots__ = ("_lock", "number")

    def __init__(self) -> None:
        self.number = 0
        self._lock = threading.Lock()

    def add(self, difference: int) -> None:
        with self._lock:
            self.number += difference


_current: Final[ContextVar[StatementCount | None]] = ContextVar("_current", default=None)
_open: Final = _Open()


def is_counting() -> bool:
    """Whether anybody counts, in any context."""
    return _open.number > 0


def current_count() -> StatementCount | None:
    """Find the innermost open count of the context."""
    count = _current.get()
    return None if count is None else count.live


class CountedOperation:
    """Watches an operation for a count, and hands on what the tracing of the operation wants to know.

    Args:
        count: The count.
        target: The handle that the operation works on.
        request: The encoded request.
        observation: What the operation is traced by, if it is.
    """

    __slots__ = ("_count", "_cursor", "_observation")

    def __init__(
        self, count: StatementCount, target: int, request: bytes, observation: OperationObservation | None
    ) -> None:
        self._count = count
        self._cursor = target if request.startswith(_FETCH) else None
        self._observation = observation

    def report(self, message: str, fields: Mapping[str, Any]) -> None:
        """Take what the engine tells before the answer."""
        if message == "Statement":
            self._count.take(fields["sql"], self._cursor)
        elif message == "Unreported":
            for _ in range(fields["statements"]):
                self._count.take(_UNKNOWN, self._cursor)
        if self._observation is not None:
            self._observation.report(message, fields)

    def finish(self, done: asyncio.Future[Any]) -> None:
        """Take the outcome."""
        if self._observation is not None:
            self._observation.finish(done)

    def fail(self, error: BaseException) -> None:
        """Take an error as the outcome."""
        if self._observation is not None:
            self._observation.fail(error)
