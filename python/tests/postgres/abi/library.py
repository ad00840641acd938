"""The header as ctypes sees it, and the few lines a caller needs around it."""

from __future__ import annotations

import ctypes
import json
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["HEADER", "Buffer", "Client", "Frame", "Library", "constants", "functions"]

HEADER = Path(__file__).parents[4] / "capi" / "ouroboros_postgres.h"

U64 = ctypes.c_uint64
U32 = ctypes.c_uint32
I64 = ctypes.c_int64
I32 = ctypes.c_int32
BYTES = ctypes.c_char_p

WAIT_MS = 20_000


class Buffer(ctypes.Structure):
    """An ob_buf."""

    _fields_ = (("data", ctypes.c_void_p), ("len", U64))


class Frame(NamedTuple):
    """One frame, its payload decoded."""

    operation: int
    kind: int
    payload: Any


def constants() -> dict[str, int]:
    """The numeric macros of the header, without the prefix."""
    found = re.findall(r"^#define OB_(\w+) ([\d(][^\s/]*(?: << \d+\))?)", HEADER.read_text(), re.MULTILINE)
    return {name: _number(text) for name, text in found}


def _number(text: str) -> int:
    base, _, shift = text.strip("()").replace("ULL", "").partition(" << ")
    return int(base) << int(shift or 0)


def functions() -> set[str]:
    """The functions that the header declares, without those of fault injection."""
    text = re.sub(r"/\*.*?\*/|#ifdef OB_FAULT_INJECTION.*?#endif", "", HEADER.read_text(), flags=re.DOTALL)
    return set(re.findall(r"\b(ob_\w+)\(", text))


class Library:
    """The functions of one library file, with their prototypes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._c = ctypes.CDLL(str(path))
        buffer, number = ctypes.POINTER(Buffer), ctypes.POINTER(U64)
        self.abi_version = self._declare("abi_version", U32)
        self.build_info = self._declare("build_info", ctypes.c_char_p)
        self.queue_open = self._declare("queue_open", I32, I64, U32, number)
        self.queue_drain = self._declare("queue_drain", I32, U64, U32, buffer)
        self.queue_wait = self._declare("queue_wait", I32, U64, I64)
        self.queue_close = self._declare("queue_close", I32, U64)
        self.submit = self._declare("submit", I32, U64, U64, U64, BYTES, U64)
        self.cancel = self._declare("cancel", I32, U64, U64)
        self.call = self._declare("call", I32, U64, BYTES, U64, buffer)
        self.release = self._declare("release", I32, U64)
        self.buf_free = self._declare("buf_free", None, buffer)
        self.log_subscribe = self._declare("log_subscribe", I32, U64, I32)
        self.shutdown = self._declare("shutdown", I32, U32)
        self.counters = self._declare("counters", I32, buffer)

    def _declare(self, name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
        function = self._c["ob_" + name]
        function.restype = result
        function.argtypes = arguments
        return function

    def debug_fault(self, **request: object) -> None:
        """Arms a fault; only in libraries that were built for it."""
        function = self._declare("debug_fault", I32, BYTES, U64)
        encoded = json.dumps(request).encode()
        assert function(encoded, len(encoded)) == 0

    def take(self, buffer: Buffer) -> bytes:
        """The content of a buffer, which is freed."""
        content = ctypes.string_at(buffer.data, buffer.len) if buffer.data else b""
        self.buf_free(ctypes.byref(buffer))
        assert not buffer.data
        assert buffer.len == 0
        return content

    def count(self) -> dict[str, int]:
        """The counters, without the buffer that brings them."""
        buffer = Buffer()
        assert self.counters(ctypes.byref(buffer)) == 0
        counts: dict[str, int] = json.loads(self.take(buffer))
        return counts


def parse(content: bytes) -> list[Frame]:
    """The frames of a drained buffer."""
    frames = []
    while content:
        operation, kind, reserved, length = struct.unpack_from("<QIIQ", content)
        assert reserved == 0
        frames.append(Frame(operation, kind, json.loads(content[24 : 24 + length])))
        content = content[24 + length :]
    return frames


class Client:
    """A queue and what one does with it."""

    def __init__(self, library: Library, wake_fd: int = -1) -> None:
        self.library = library
        queue = U64()
        assert library.queue_open(wake_fd, 0, ctypes.byref(queue)) == 0
        self.queue = queue.value
        self._last = 0

    def submit(self, request: object, target: int = 0) -> int:
        """Starts an operation and returns its id."""
        self._last += 1
        assert self.status(request, target, self._last) == 0
        return self._last

    def status(self, request: object, target: int = 0, operation: int = 1 << 32) -> int:
        """Submits and returns the status."""
        encoded = request if isinstance(request, bytes) else json.dumps(request).encode()
        status: int = self.library.submit(self.queue, operation, target, encoded, len(encoded))
        return status

    def drain(self, max_frames: int = 0) -> list[Frame]:
        """Takes what is there."""
        buffer = Buffer()
        assert self.library.queue_drain(self.queue, max_frames, ctypes.byref(buffer)) == 0
        return parse(self.library.take(buffer))

    def wait(self, timeout_ms: int = WAIT_MS) -> int:
        """Waits for a frame and returns the status."""
        status: int = self.library.queue_wait(self.queue, timeout_ms)
        return status

    def next(self) -> list[Frame]:
        """Waits for frames and takes them."""
        assert self.wait() == 0
        return self.drain()

    def run(self, request: object, target: int = 0) -> Frame:
        """Runs one operation to its end."""
        operation = self.submit(request, target)
        (frame,) = self.next()
        assert frame.operation == operation
        return frame

    def handle(self, request: object, target: int = 0) -> int:
        """Runs an operation that returns a handle."""
        frame = self.run(request, target)
        assert frame.kind == constants()["FRAME_HANDLE"], frame
        handle: int = frame.payload["handle"]
        return handle

    def call(self, request: object, target: int = 0) -> tuple[int, Frame | None]:
        """Answers a pure request: the status, and the frame if there is one."""
        encoded = request if isinstance(request, bytes) else json.dumps(request).encode()
        buffer = Buffer()
        status: int = self.library.call(target, encoded, len(encoded), ctypes.byref(buffer))
        frames = parse(self.library.take(buffer))
        return status, frames[0] if frames else None

    def close(self) -> int:
        """Closes the queue and returns the status."""
        status: int = self.library.queue_close(self.queue)
        return status
