"""How an event loop learns that its completion queue has something to drain."""

from __future__ import annotations

import os
import socket
import threading
import weakref
from typing import TYPE_CHECKING, Protocol

from . import _binding

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["DescriptorWaker", "ThreadWaker", "Waker"]


_LOOK_MS = 1000  # how long the thread of a closed loop lives on at most


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

    __slots__ = ("_closed", "_taken", "descriptor")

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
