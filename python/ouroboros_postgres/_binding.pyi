"""The C ABI of the engine, as Python functions.

Every function but `load`, `loaded`, `decode` and `hydrate` raises `RuntimeError` before `load`, `ForkError` in a child
that was forked after it, and `StatusError` when the call is refused.
"""

from collections.abc import Callable
from os import PathLike
from typing import Any, TypeVar

from typing_extensions import Buffer

T = TypeVar("T")

class DecodeError(ValueError):
    """A payload of the engine is malformed."""

class ForkError(RuntimeError):
    """The engine was used in a child of the process that had loaded it."""

class StatusError(RuntimeError):
    """A call was refused; `status` is one of the `OB_*` numbers of the header."""

    status: int

def load(path: str | bytes | PathLike[str], /) -> None:
    """Loads the Go library; the same file again is no error, another one is an `ImportError`."""

def loaded() -> bool:
    """Tells whether the library has been loaded, by this process or before a fork. Never raises."""

def build_info() -> str:
    """Version, Go version and revision of the library."""

def queue_open(wake_fd: int, flags: int = 0, /) -> int:
    """Opens a completion queue; `wake_fd` is duplicated, -1 stands for none; `flags` are the `OB_QUEUE_*` numbers."""

def queue_close(queue: int, /) -> None:
    """Cancels the operations of the queue and drops its frames."""

def queue_wait(queue: int, timeout_ms: int, /) -> bool:
    """Blocks until a frame is there (true) or the time is over (false); negative: for ever. Signal handlers run."""

def submit(queue: int, operation: int, target: int, request: bytes, /) -> None:
    """Starts an operation; one frame with its id follows, unless it is cancelled."""

def cancel(queue: int, operation: int, /) -> bool:
    """Cancels an operation; false when it was not in flight any more."""

def drain(queue: int, /) -> list[tuple[int, int, Any]]:
    """Takes finished frames, `(operation, kind, payload)` each, without blocking.

    A payload is what `decode` makes of it, or the exception that it led to.
    """

def call(target: int, request: bytes, /) -> tuple[int, Any]:
    """Answers a pure request at once: `(kind, payload)`, the payload decoded."""

def release(handle: int, /) -> bool:
    """Gives a pool, transaction, cursor or listener back; false when that was done before."""

def log_subscribe(queue: int, level: int, /) -> None:
    """Sends log records of at least this level to the queue; 0 for none."""

def shutdown(grace_ms: int, /) -> bool:
    """Ends everything, for good; false when something was still busy after `grace_ms`."""

def decode(kind: int, payload: Buffer, /) -> Any:
    """Reads the payload of a frame of this kind: rows as dicts, any other as plain JSON. Works without `load`.

    Raises:
        DecodeError: The payload is malformed.
        DeserializationError: A value of a result set cannot be represented in Python; names the column.
    """

def hydrate(
    model: type[T],
    rows: list[dict[str, Any]],
    data: Any,
    clean: Any,
    mutable: tuple[str, ...],
    copy: Callable[[Any], Any],
    /,
) -> list[T]:
    """Makes an instance of each row, without running code of the model. Works without `load`.

    Args:
        model: The class.
        rows: The rows.
        data: The descriptor of the class that takes the row.
        clean: The descriptor that takes a copy of it.
        mutable: The columns whose values are copied, too.
        copy: Copies those.

    Raises:
        TypeError: `object.__new__` refuses the class, or an argument is something else.
        KeyError: A row lacks a column of `mutable`.
    """

def counters() -> bytes:
    """What is open or running, as a JSON object."""
