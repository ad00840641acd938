"""Where a call runs: on the ambient transaction when there is one, else on the pool of the process."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _binding, _requests, _runtime
from ._handle import Handle
from ._logs import connection_log
from .errors import NotConnectedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ._journal import Journal
    from ._options import PoolOptions
    from ._transaction import TransactionWrapper
    from ._unit_of_work.scope import Scope
    from ._unit_of_work.tracking import Tracking

__all__ = [
    "CurrentSession",
    "active_transaction",
    "ambient",
    "close",
    "connect",
    "current_pool",
    "current_session",
    "is_connected",
    "journal",
    "pool_target",
    "target",
]


class CurrentSession(NamedTuple):
    """A session that is current, and the parts of it that others work with."""

    session: Any
    tracking: Tracking
    scope: Scope
    prepare: Callable[[], Awaitable[None]]
    """Writes what is to be written, if that is wanted before anything is read, and begins the transaction."""


active_transaction: ContextVar[TransactionWrapper | None] = ContextVar("active_transaction", default=None)
"""The transaction that a block around the code has made ambient."""

current_session: ContextVar[CurrentSession | None] = ContextVar("current_session", default=None)
"""The session whose block is around the code. While its transaction is open, that is ambient; see `ambient`."""


class Pool:
    """The pool of the process and the options it was opened with."""

    __slots__ = ("handle", "options")

    def __init__(self, handle: Handle, options: PoolOptions) -> None:
        self.handle = handle
        self.options = options


class _Process:
    """What one process has at most one of."""

    __slots__ = ("forked", "pool")

    def __init__(self) -> None:
        self.pool: Pool | None = None
        self.forked = False

    def after_fork(self) -> None:
        self.pool = None
        self.forked = True


_process = _Process()
_runtime.on_fork(_process.after_fork)


def ambient() -> TransactionWrapper | None:
    """Find the ambient transaction: that of the innermost block, of a transaction or of a session that has begun."""
    explicit, current = active_transaction.get(), current_session.get()
    return explicit if current is None else current.scope.ambient(explicit)


def target() -> int:
    """Find the handle that a call of the current context works on.

    Raises:
        TransactionClosedError: The ambient transaction is over.
        NotConnectedError: There is no pool.
    """
    transaction = ambient()
    if transaction is not None:
        return transaction.target()
    pool = _process.pool
    return pool.handle.number if pool is not None else pool_target()


def journal() -> Journal | None:
    """Find the journal of the transaction that a call of the current context works in, `None` without one."""
    transaction = ambient()
    return None if transaction is None else transaction.journal


def pool_target() -> int:
    """Find the handle of the pool."""
    return current_pool().handle.number


def current_pool() -> Pool:
    """Find the pool.

    Raises:
        NotConnectedError: There is none.
    """
    pool = _process.pool
    if pool is None:
        if _process.forked:
            _binding.counters()  # raises the error that names the remedy
        raise NotConnectedError(_runtime.NOT_CONNECTED)
    return pool


def is_connected() -> bool:
    """Tell whether there is a pool; see `connection.is_connected`."""
    return _process.pool is not None


async def connect(uri: str, options: PoolOptions) -> None:
    """Open a pool, and let go of the one before once this one works."""
    _requests.text("connection_string", uri)
    limits: dict[str, Any] = {
        "min_connections": options.min_connections,
        "max_connections": options.max_connections,
        "max_retries": options.max_retries,
    }
    request = _requests.encode({"op": "connect", "dsn": uri, "options": options.changed()})
    _runtime.load()
    connection_log.info("Initializing connection pool", extra=limits)
    handle: Handle = await _runtime.start(0, request)
    previous, _process.pool = _process.pool, Pool(handle, options)
    if previous is not None:
        previous.handle.release()
    connection_log.info("Connection pool initialized successfully", extra=limits)


async def close() -> None:
    """Close the pool, if there is one; see `connection.close`."""
    pool, _process.pool = _process.pool, None
    if pool is None:
        return
    request = _requests.encode({"op": "close", "timeout": pool.options.close_timeout})
    try:
        await _runtime.start(pool.handle.number, request)
    finally:
        pool.handle.release()
