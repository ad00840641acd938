"""How an event loop learns that its completion queue has something to drain."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING, Protocol

from . import _binding

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["DescriptorWaker", "ThreadWaker", "Waker"]


class Waker(Protocol):
    """Calls `drain` on the loop whenever the queue goes from drained to non-empty."""

    @property
    def descriptor(self) -> int:
        """What the engine writes to, -1 for nothing."""
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


class DescriptorWaker:
    """A descriptor that the loop watches: an eventfd where there is one, else a socket pair."""

    __slots__ = ("_reader", "_sockets", "descriptor")

    def __init__(self) -> None:
        self._sockets: tuple[socket.socket, ...] = ()
        if hasattr(os, "eventfd"):
            self._reader = self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            return
        self._sockets = socket.socketpair()
        for end in self._sockets:
            end.setblocking(False)
        self._reader, self.descriptor = (end.fileno() for end in self._sockets)

    def attach(self, loop: asyncio.AbstractEventLoop, queue: int, drain: Callable[[], object]) -> None:
        loop.add_reader(self._reader, drain)

    def clear(self) -> None:
        try:
            if self._sockets:
                self._sockets[0].recv(4096)
            else:
                os.read(self._reader, 8)
        except BlockingIOError:
            pass

    def close(self) -> None:
        if self._reader < 0:
            return
        if self._sockets:
            for end in self._sockets:
                end.close()
        else:
            os.close(self._reader)
        self._reader = -1


class ThreadWaker:
    """A thread that waits for the queue, for loops that cannot watch descriptors."""

    __slots__ = ("_closed", "_drained", "descriptor")

    def __init__(self) -> None:
        self.descriptor = -1
        self._closed = threading.Event()
        self._drained = threading.Semaphore(0)

    def attach(self, loop: asyncio.AbstractEventLoop, queue: int, drain: Callable[[], object]) -> None:
        threading.Thread(
            target=self._watch, args=(loop, queue, drain), name="ouroboros_postgres-queue", daemon=True
        ).start()

    def _watch(self, loop: asyncio.AbstractEventLoop, queue: int, drain: Callable[[], object]) -> None:
        while not self._closed.is_set():
            try:
                _binding.queue_wait(queue, -1)
                loop.call_soon_threadsafe(drain)
            except (_binding.StatusError, RuntimeError):  # the queue or the loop is closed
                return
            self._drained.acquire()

    def clear(self) -> None:
        self._drained.release()

    def close(self) -> None:
        self._closed.set()
        self._drained.release()
