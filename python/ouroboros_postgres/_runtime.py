"""Operations on the engine: the one place that submits, waits, cancels and receives.

Every event loop has a completion queue of its own, opened when the loop first submits something. A finished operation
wakes its loop, which drains all that has finished in one call. Nothing here blocks, and nothing but the queues belongs
to a loop: pools and transactions are used from any of them.
"""

from __future__ import annotations

import asyncio
import atexit
import itertools
import os
import sys
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from . import _binding, _observation, _statement_count
from ._handle import Handle
from ._logs import DEBUG_LEVEL, LEAST_LEVEL, TRACE_LEVEL, emit, wants_debug
from ._requests import encode
from ._wake import ThreadWaker, descriptor_waker
from .errors import (
    ConnectionFailedError,
    DataError,
    InternalError,
    NotConnectedError,
    PostgresError,
    TransactionClosedError,
    from_payload,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._wake import Waker

__all__ = ["DurableOperation", "Operation", "call", "load", "lost_targets", "start", "start_durable"]

VALUE, ROWS, ERROR, HANDLE, LOG = range(5)

# Statuses of capi/ouroboros_postgres.h that have an exception of their own.
_BAD_HANDLE, _CLOSED, _TOO_LARGE = 1, 4, 9
_TRANSACTION_KIND = 3
_KIND_SHIFT = 56

NOT_CONNECTED: Final = "PostgreSQL connection not initialized. Call init() first."
COMPLETED: Final = "Transaction already completed"


class Operation(asyncio.Future[Any]):
    """The outcome of one submitted request; cancelling it cancels the work on the server."""

    # Set by `start`: a constructor of its own would cost every operation two more calls.
    __slots__ = ("number", "observation", "queue", "target")

    queue: CompletionQueue
    number: int
    target: int
    observation: _observation.OperationObservation | _statement_count.CountedOperation | None

    def cancel(self, msg: Any | None = None) -> bool:
        """Cancel at once; the engine lets the server know and cleans up on its own."""
        if not super().cancel(msg):
            return False
        self.queue.cancel(self.number)
        return True


class DurableOperation(Operation):
    """An operation that runs to its end: a cancelled task sees `CancelledError` after it, not instead of it."""

    __slots__ = ()

    def cancel(self, msg: Any | None = None) -> bool:
        """Refuse; the task that awaits this keeps its cancellation until the operation is done."""
        return False


class CompletionQueue:
    """Receives the outcomes of the operations that one event loop has submitted.

    The loop owns it, through its watch of the waker: when the loop is closed or collected, the queue and the tasks that
    wait for it go with it.
    """

    __slots__ = ("__weakref__", "_waker", "close", "debug", "handle", "loop", "pending", "traced")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = weakref.ref(loop)
        self.pending: dict[int, Operation] = {}
        self.debug = self.traced = False
        try:
            self._open(loop, descriptor_waker())
        except NotImplementedError:
            self._open(loop, ThreadWaker())
        self.subscribe(debug=wants_debug(), traced=False)

    def _open(self, loop: asyncio.AbstractEventLoop, waker: Waker) -> None:
        try:
            self.handle = _binding.queue_open(waker.descriptor, waker.flags)
            try:
                waker.attach(loop, self.handle, self.drain)
            except BaseException:
                _binding.queue_close(self.handle)
                raise
        except BaseException:
            waker.close()
            raise
        self._waker = waker
        self.close = weakref.finalize(self, _close, self.handle, waker)
        self.close.atexit = False

    def subscribe(self, *, debug: bool, traced: bool) -> None:
        """Ask for log records; those below INFO are costly and only built when somebody wants them."""
        self.debug, self.traced = debug, traced
        level = TRACE_LEVEL if traced else DEBUG_LEVEL if debug else LEAST_LEVEL
        _binding.log_subscribe(self.handle, level)

    def cancel(self, number: int) -> None:
        """Give up an operation."""
        if self.pending.pop(number, None) is not None:
            try:
                _binding.cancel(self.handle, number)
            except (_binding.StatusError, _binding.ForkError):  # the queue is closed, and its operations with it
                pass

    def drain(self) -> None:
        """Hand out what has finished."""
        self._waker.clear()
        if _is_being_stopped():
            return
        try:
            frames = _binding.drain(self.handle)
        except _binding.StatusError:  # shut down
            return
        for number, kind, payload in frames:
            operation = self.pending.pop(number, None)
            if operation is not None and not operation.done():
                if kind <= ROWS and not isinstance(payload, BaseException):
                    operation.set_result(payload)
                else:
                    _resolve(operation, kind, payload)
            elif kind in (LOG, HANDLE):
                self._receive(kind, payload)

    def _receive(self, kind: int, payload: Any) -> None:
        """Take a frame that no operation waits for."""
        loop = self.loop()
        if not isinstance(payload, BaseException):
            if kind == LOG and "operation" in payload:
                self._report(payload)
            elif kind == LOG:
                emit(payload)
            else:
                Handle(payload["handle"]).release()
        elif loop is not None:
            loop.call_exception_handler({"message": "a frame of the engine cannot be read", "exception": payload})

    def _report(self, record: dict[str, Any]) -> None:
        """Tell the observation of an operation what the engine reports of it."""
        operation = self.pending.get(record["operation"])
        observation = operation.observation if operation is not None else None
        if observation is not None:
            observation.report(record["message"], record["fields"])


def _close(handle: int, waker: Waker) -> None:
    """Cancel what is under way and give everything back."""
    try:
        _binding.queue_close(handle)
    except (_binding.StatusError, _binding.ForkError):  # shut down, or the parent's
        pass
    waker.close()


def _resolve(operation: Operation, kind: int, payload: Any) -> None:
    try:
        result = _outcome(kind, payload)
    except PostgresError as error:
        operation.set_exception(error)
    except Exception as error:
        failure = InternalError(f"an answer of the engine cannot be read: {error!r}")
        failure.__cause__ = error
        operation.set_exception(failure)
    else:
        if kind == ERROR:
            if isinstance(result, ConnectionFailedError) and is_transaction(operation.target):
                lost_targets.add(operation.target)
            operation.set_exception(result)
        else:
            operation.set_result(result)


def _outcome(kind: int, payload: Any) -> Any:
    if isinstance(payload, BaseException):  # the decoding failed
        raise payload
    if kind == HANDLE:
        return Handle(payload["handle"])
    return from_payload(payload) if kind == ERROR else payload


lost_targets: set[int] = set()
"""Transactions whose connection is known to be lost, until their owners take note."""

_queues: dict[int, weakref.ref[CompletionQueue]] = {}
_next_number = itertools.count(1).__next__
_loading = threading.Lock()
_fork_hooks: list[Callable[[], None]] = []


def start(target: int, request: bytes, kind: type[Operation] = Operation) -> Operation:
    """Submit a request on the queue of the running loop.

    Args:
        target: The handle that the operation works on, 0 for none.
        request: The encoded request.
        kind: `DurableOperation` for what must not be cancelled once it has started.

    Returns:
        A future of what the request answers: rows as a list of dicts, a `Handle`, or a plain value.
    """
    loop = asyncio.get_running_loop()
    known = _queues.get(id(loop))
    queue = known() if known is not None else None
    if queue is None or queue.loop() is not loop:
        queue = _open_queue(loop)
    observed = _observation.wanted()
    traced = observed or _statement_count.is_counting()
    if wants_debug() is not queue.debug or traced is not queue.traced:
        queue.subscribe(debug=wants_debug(), traced=traced)
    number = _next_number()
    queue.pending[number] = operation = kind(loop=loop)
    operation.queue, operation.number, operation.target = queue, number, target
    operation.observation = observation = _watch(target, request, observed=observed) if traced else None
    if observation is not None:
        operation.add_done_callback(observation.finish)
    try:
        _binding.submit(queue.handle, number, target, request)
    except BaseException as error:
        if _is_being_stopped():
            return operation
        del queue.pending[number]
        if observation is not None:
            observation.fail(error)
        if isinstance(error, _binding.StatusError):
            raise _status_error(error, target) from None
        raise
    return operation


def _watch(
    target: int, request: bytes, *, observed: bool
) -> _observation.OperationObservation | _statement_count.CountedOperation | None:
    """Begin to watch an operation: for its tracing, for whoever counts its statements, for both or nobody."""
    observation = _observation.observe_operation(request) if observed else None
    count = _statement_count.current_count()
    if count is None:
        return observation
    return _statement_count.CountedOperation(count, target, request, observation)


def start_durable(target: int, request: bytes) -> Operation:
    """Submit a request that must not be cancelled once it has started."""
    return start(target, request, DurableOperation)


def call(target: int, request: dict[str, Any]) -> Any:
    """Ask for something that needs no I/O; answers at once."""
    load()
    try:
        kind, payload = _binding.call(target, encode(request))
    except _binding.StatusError as error:
        raise _status_error(error, target) from None
    if kind == ERROR:
        raise from_payload(payload)
    return payload


def is_transaction(target: int) -> bool:
    """Tell a transaction's handle from a pool's."""
    return target >> _KIND_SHIFT == _TRANSACTION_KIND


def _status_error(error: _binding.StatusError, target: int) -> PostgresError:
    if error.status == _TOO_LARGE:
        return DataError("the request is longer than 1 GiB")
    if error.status == _BAD_HANDLE and is_transaction(target):
        return TransactionClosedError(COMPLETED)
    if error.status in (_BAD_HANDLE, _CLOSED):
        return NotConnectedError(NOT_CONNECTED)
    return InternalError(f"the engine refused the request: {error}")


def _open_queue(loop: asyncio.AbstractEventLoop) -> CompletionQueue:
    for key, known in list(_queues.items()):
        queue = known()
        owner = queue.loop() if queue is not None else None
        if owner is None or owner.is_closed():
            _queues.pop(key, None)
            if queue is not None:
                queue.close()
    queue = CompletionQueue(loop)
    _queues[id(loop)] = weakref.ref(queue)
    return queue


# The library.

_SUFFIXES = {"darwin": ".dylib", "win32": ".dll"}
_GRACE_MS = 2000


def library_path() -> str:
    """Where the engine's library is: `OUROBOROS_POSTGRES_LIBRARY`, else next to this module."""
    override = os.environ.get("OUROBOROS_POSTGRES_LIBRARY")
    if override:
        return override
    return str(Path(__file__).with_name("libouroboros_postgres" + _SUFFIXES.get(sys.platform, ".so")))


def load() -> None:
    """Load the engine's library unless it is loaded; never at import, so that a parent may fork before it connects."""
    if _binding.loaded():
        return
    with _loading:
        if _binding.loaded():
            return
        _binding.load(library_path())
        atexit.register(_shutdown, os.getpid())
        os.register_at_fork(after_in_child=_after_fork)


def on_fork(hook: Callable[[], None]) -> None:
    """Have a function called in forked children of a process that had loaded the library."""
    _fork_hooks.append(hook)


_exiting = threading.Event()


def _is_being_stopped() -> bool:
    """Whether the interpreter is about to stop this thread: it waits for that, as an error would only be noise."""
    return _exiting.is_set() and threading.current_thread().daemon


def _shutdown(process: int) -> None:
    if os.getpid() == process:
        _exiting.set()
        _binding.shutdown(_GRACE_MS)


def _after_fork() -> None:
    _queues.clear()
    for hook in _fork_hooks:
        hook()
