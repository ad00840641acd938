"""Rows of a query in batches: the server computes no more of them than are asked for."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from . import _session
from ._requests import encode
from ._runtime import is_transaction, lost_targets, start, start_durable
from .errors import ConnectionFailedError, PostgresError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from ._handle import Handle

__all__ = ["DEFAULT_BATCH_SIZE", "Rows", "stream"]

Rows: TypeAlias = list[dict[str, Any]]

DEFAULT_BATCH_SIZE = 1000
_LARGEST_BATCH = 2**31 - 1

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
    if isinstance(batch_size, bool) or not hasattr(batch_size, "__index__"):
        raise TypeError(f"batch_size must be int, not {type(batch_size).__name__}")
    size = batch_size.__index__()
    if not 1 <= size <= _LARGEST_BATCH:
        raise ValueError(f"batch_size must be between 1 and {_LARGEST_BATCH}, not {size}")
    return _batches(encode({"op": "open_cursor", **request}), size, target)


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
