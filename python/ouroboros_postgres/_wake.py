"""How an event loop learns that its completion queue has something to drain."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import weakref
from typing import TYPE_CHECKING, Final, Protocol

from . import _binding

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["EpollWaker", "SocketWaker", "ThreadWaker", "Waker", "descriptor_waker"]


_LOOK_MS = 1000  # how long the thread of a closed loop lives on at most


# OB_QUEUE_EPOLL of capi/ouroboros_postgres.h.
_EPOLL: Final = 1


class Waker(Protocol):
    """Calls `drain` on the loop whenever the queue goes from drained to non-empty."""

    @property
    def descriptor(self) -> int:
        """What the engine wakes the loop by, -1 for nothing."""
        ...

    @property
    def flags(self) -> int:
        """How it does so: the flags of the queue."""
        ...

    def attach(self, loop: asyncio.AbstractEventLoop, queue: int, drain: Callable[[], object]) -> None:
        """Start calling `drain`; raises `NotImplementedError` when the loop cannot watch descriptors."""
        ...

    def clear(self) -> None:
        """Take the wake-up; called before every drain."""
        ...

    def close(self) -> None:
        """Stop, and give the descriptors back."""
        ...


def descriptor_waker() -> EpollWaker | SocketWaker:
    """Make a waker for loops that can watch descriptors."""
    return EpollWaker() if hasattr(select, "epoll") else SocketWaker()


class EpollWaker:
    """An epoll instance that the loop watches, and into which the engine puts the sockets of the connections.

    An answer of the server wakes the loop itself then, and is read by the drain; no thread stands between them.
    """

    __slots__ = ("_epoll", "descriptor")

    flags = _EPOLL

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self.descriptor = self._epoll.fileno()

    def attach(self, loop: asyncio.AbstractEventLoop, queue: int, drain: Callable[[], object]) -> None:
        loop.add_reader(self.descriptor, drain)

    def clear(self) -> None:
        """Leave it to the engine."""

    def close(self) -> None:
        self._epoll.close()


class SocketWaker:
    """A socket pair of which the loop watches one end."""

    __slots__ = ("_reader", "_writer", "descriptor")

    flags = 0

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self.descriptor = self._writer.fileno()

    def attach(self, loop: asyncio.AbstractEventLoop, queue: int, drain: Callable[[], object]) -> None:
        loop.add_reader(self._reader, drain)

    def clear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._reader.recv(4096)

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


class ThreadWaker:
    """A thread that waits for the queue, for loops that cannot watch descriptors."""

    __slots__ = ("_closed", "_taken", "descriptor")

    flags = 0

    def __init__(self) -> None:
        self.descriptor = -1
        self._closed = threading.Event()
        self._taken = threading.Event()

    def attach(self, loop: asyncio.AbstractEventLoop, queue: int, drain: Callable[[], object]) -> None:
        arguments = (weakref.ref(loop), queue, drain)
        threading.Thread(target=self._watch, args=arguments, name="ouroboros_postgres-queue", daemon=True).start()

    def _watch(self, owner: weakref.ref[asyncio.AbstractEventLoop], queue: int, drain: Callable[[], object]) -> None:
        try:
            while self._is_needed(owner):
                if _binding.queue_wait(queue, _LOOK_MS) and self._wake(owner, drain):
                    self._await_drain(owner)
        except (_binding.StatusError, _binding.ForkError):  # the queue is closed
            pass

    def _is_needed(self, owner: weakref.ref[asyncio.AbstractEventLoop]) -> bool:
        loop = owner()
        return loop is not None and not loop.is_closed() and not self._closed.is_set()

    def _wake(self, owner: weakref.ref[asyncio.AbstractEventLoop], drain: Callable[[], object]) -> bool:
        loop = owner()
        self._taken.clear()
        try:
            if loop is not None:
                loop.call_soon_threadsafe(drain)
                return True
        except RuntimeError:  # closed in between
            pass
        return False

    def _await_drain(self, owner: weakref.ref[asyncio.AbstractEventLoop]) -> None:
        while not self._taken.wait(_LOOK_MS / 1000):
            if not self._is_needed(owner):
                return

    def clear(self) -> None:
        self._taken.set()

    def close(self) -> None:
        self._closed.set()
        self._taken.set()
