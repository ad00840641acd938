"""Rows of a query in batches: the server computes no more of them than are asked for."""

from __future__ import annotations

from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from . import _session
from ._raw_transaction import RootTransaction
from ._requests import begin, encode
from ._runtime import is_transaction, lost_targets, start, start_durable
from ._transaction import TransactionWrapper
from .errors import ConnectionFailedError, PostgresError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    from ._handle import Handle

__all__ = ["DEFAULT_BATCH_SIZE", "Rows", "stream", "stream_through"]

Rows: TypeAlias = list[dict[str, Any]]
_T = TypeVar("_T")

DEFAULT_BATCH_SIZE = 1000
_LARGEST_BATCH = 2**31 - 1

_BEGIN = begin(None, read_only=False, deferrable=False)
_CLOSE = encode({"op": "close_cursor"})


def stream(
    request: Mapping[str, Any], *, batch_size: int = DEFAULT_BATCH_SIZE, target: int | None = None
) -> AsyncGenerator[Rows, None]:
    """Run a query and yield its rows batch by batch.

    In a transaction, other statements and other streams may run between two batches. Without one the query has a
    transaction and a connection of its own, until the last batch, an error, or the end of the generator; it is
    committed behind the last row and rolled back before. Close a generator that is not read to its end
    (`contextlib.aclosing`): otherwise its connection is given back when it is garbage-collected.

    Args:
        request: The fields of `open_cursor`: the statement, and its `args` in encoded form.
        batch_size: How many rows a batch has; only the last one has fewer.
        target: The pool or transaction to run on; `None` for the ambient transaction, else the pool, as they are when
            the first batch is asked for.

    Returns:
        A generator of batches, none of them empty.

    Raises:
        ValueError: `batch_size` is out of range.
        TypeError: `batch_size` is no int.
        TransactionClosedError: While reading: the transaction is over, or what was done since an earlier savepoint was
            undone.
        PostgresError: While reading: whatever the server says; `Query failed: …`.
    """
    size = _checked(batch_size)
    return _batches(encode({"op": "open_cursor", **request}), size, target)


def stream_through(
    request: Mapping[str, Any], finish: Callable[[Rows], Awaitable[list[_T]]], *, batch_size: int = DEFAULT_BATCH_SIZE
) -> AsyncGenerator[list[_T], None]:
    """Yield what a function makes of each batch of `stream`.

    The function may run statements: they are sent on the connection of the query, in its transaction. With another
    connection for them, as many streams as the pool has connections would wait for each other.

    Args:
        request: As for `stream`.
        finish: Called with each batch; inside it the transaction of the query is the ambient one.
        batch_size: As for `stream`.

    Returns:
        A generator of what `finish` returns.

    Raises:
        PostgresError: While reading, as for `stream`.
    """
    size = _checked(batch_size)
    return _finished(encode({"op": "open_cursor", **request}), size, finish)


def _checked(batch_size: Any) -> int:
    if isinstance(batch_size, bool) or not hasattr(batch_size, "__index__"):
        raise TypeError(f"batch_size must be int, not {type(batch_size).__name__}")
    size: int = batch_size.__index__()
    if not 1 <= size <= _LARGEST_BATCH:
        raise ValueError(f"batch_size must be between 1 and {_LARGEST_BATCH}, not {size}")
    return size


async def _batches(request: bytes, size: int, target: int | None) -> AsyncGenerator[Rows, None]:
    session = _session.target() if target is None else target
    fetch = encode({"op": "fetch", "count": size})
    cursor: Handle = await start(session, request)
    try:
        while True:
            rows: Rows = await start(cursor.number, fetch)
            if rows:
                yield rows
            if len(rows) < size:
                return
    except GeneratorExit:
        with suppress(PostgresError):  # it ends all the same, and nobody reads on
            await start_durable(cursor.number, _CLOSE)
        raise
    except ConnectionFailedError:
        if is_transaction(session):
            lost_targets.add(session)
        raise
    finally:
        cursor.release()


async def _finished(
    request: bytes, size: int, finish: Callable[[Rows], Awaitable[list[_T]]]
) -> AsyncGenerator[list[_T], None]:
    if _session.ambient() is not None:
        async with aclosing(_batches(request, size, None)) as batches:
            async for rows in batches:
                yield await finish(rows)
        return
    handle: Handle = await start(_session.pool_target(), _BEGIN)
    own = RootTransaction(handle, None, read_only=False, deferrable=False, observation=None)
    try:
        async with aclosing(_batches(request, size, own.target())) as batches:
            async for rows in batches:
                yield await _within(own, finish, rows)
        await own.commit()
    except GeneratorExit:
        with suppress(PostgresError):  # it ends all the same, and nobody reads on
            await own.rollback()
        raise
    finally:
        if not own.has_ended:
            own.abandon()


async def _within(transaction: RootTransaction, finish: Callable[[Rows], Awaitable[_T]], rows: Rows) -> _T:
    """Call a function with an ambient transaction that the reader of the stream does not see."""
    token = _session.active_transaction.set(TransactionWrapper(transaction))
    try:
        return await finish(rows)
    finally:
        _session.active_transaction.reset(token)
