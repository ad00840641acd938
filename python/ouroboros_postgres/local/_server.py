"""A running server as its owner sees it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TypedDict
from urllib.parse import quote

from ouroboros_postgres.local._installation import Installation, find_installation
from ouroboros_postgres.local.errors import LocalServerError, ServerStartError

__all__ = ["Server", "SettingValue", "start"]

SettingValue = str | int | float | bool

_SUPERVISOR = Path(__file__).with_name("_supervisor.py")
# Past its own deadline the supervisor still has to stop what it started.
_SUPERVISOR_GRACE = 25.0


class _Facts(TypedDict):
    data_dir: str
    host: str
    log: str
    password: str
    pid: int
    port: int


def start(
    data_dir: str | os.PathLike[str] | None = None,
    *,
    port: int | None = None,
    unix_socket: bool = False,
    settings: Mapping[str, SettingValue] | None = None,
    bin_dir: str | os.PathLike[str] | None = None,
    timeout: float = 60.0,
) -> Server:
    """Starts a private PostgreSQL server; it stops with the block, and with this process however that ends.

    The call returns at once. ``with``, ``async with`` and the first use of an attribute wait until the server is ready.

    Args:
        data_dir: Where the data is kept between runs; made when missing. ``None`` for a temporary directory, which also
            switches to settings that trade safety for speed (``fsync=off`` and the like).
        port: The TCP port on 127.0.0.1; ``None`` for a free one.
        unix_socket: Listen on a Unix socket in a private directory instead of TCP.
        settings: Server settings, for example ``{"work_mem": "64MB", "log_statement": "all"}``.
        bin_dir: The directory of ``postgres`` and ``initdb``; ``None`` to look for it.
        timeout: How long the server may take to be ready, in seconds.

    Raises:
        ServerNotFoundError: There is no PostgreSQL server on this machine.
        ValueError: An argument is unusable.
    """
    if port is not None and not 1 <= port <= 65535:
        raise ValueError(f"port must be between 1 and 65535, not {port}")
    if timeout <= 0:
        raise ValueError(f"timeout must be positive, not {timeout}")
    installation = find_installation(bin_dir)
    plan = {
        "bin_dir": str(installation.bin_dir),
        "data_dir": None if data_dir is None else str(Path(data_dir).absolute()),
        "major": int(installation.version().split(".")[0].rstrip("abcdefghijklmnopqrstuvwxyz")),
        "port": port,
        "relocatable": [str(path) for path in installation.relocatable],
        "settings": {name: _setting(name, value) for name, value in (settings or {}).items()},
        "timeout": timeout,
        "unix_socket": unix_socket,
    }
    return Server(installation, json.dumps(plan), timeout)


def _setting(name: str, value: SettingValue) -> str:
    if name in {"port", "listen_addresses", "unix_socket_directories", "logging_collector"}:
        raise ValueError(f"the setting {name} is chosen by local.start")
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


class Server:
    """A private PostgreSQL server, made by ``start``; safe to use from several threads."""

    def __init__(self, installation: Installation, plan: str, timeout: float) -> None:
        """Starts the supervisor, which starts the server."""
        self.installation = installation
        self._deadline = time.monotonic() + timeout + _SUPERVISOR_GRACE
        self._lock = threading.Lock()
        self._facts: _Facts | None = None
        self._failure: LocalServerError | None = None
        # -I and -S: nothing of the caller's environment is needed, and the start is fast. Own session: a Ctrl-C in the
        # terminal reaches the owner alone, which then stops the server in order.
        self._supervisor = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_SUPERVISOR)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self._stop = weakref.finalize(self, _stop, self._supervisor, os.getpid())
        _send(self._supervisor, plan.encode() + b"\n")

    @property
    def dsn(self) -> str:
        """The connection string, password included, of the database ``postgres`` as the superuser ``postgres``."""
        return self.dsn_for("postgres")

    def dsn_for(self, database: str) -> str:
        """Returns the connection string of another database of the server."""
        facts = self._ready()
        database = quote(database, safe="")
        if facts["host"].startswith("/"):
            return f"postgresql://postgres@/{database}?host={quote(facts['host'])}&port={facts['port']}"
        return f"postgresql://postgres:{facts['password']}@{facts['host']}:{facts['port']}/{database}"

    @property
    def host(self) -> str:
        """127.0.0.1, or the directory of the Unix socket."""
        return self._ready()["host"]

    @property
    def port(self) -> int:
        """The TCP port, or the number in the name of the Unix socket."""
        return self._ready()["port"]

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._ready()["pid"]

    @property
    def data_dir(self) -> Path:
        """The data directory; gone after the end when it is temporary."""
        return Path(self._ready()["data_dir"])

    @property
    def log_path(self) -> Path:
        """The file that the server logs to."""
        return Path(self._ready()["log"])

    def wait(self) -> None:
        """Blocks until the server ends."""
        self._ready()
        self._supervisor.wait()

    def stop(self) -> None:
        """Stops the server and removes temporary data; open connections are cut. No-op when it is stopped already."""
        self._stop()

    def __enter__(self) -> Server:
        """Waits until the server is ready."""
        try:
            self._ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops the server."""
        self.stop()

    async def __aenter__(self) -> Server:
        """Waits until the server is ready, without blocking the event loop."""
        try:
            await asyncio.to_thread(self._ready)
        except BaseException:
            await asyncio.to_thread(self.stop)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops the server, without blocking the event loop."""
        await asyncio.to_thread(self.stop)

    def _ready(self) -> _Facts:
        with self._lock:
            if self._facts is None and self._failure is None:
                self._receive()
            if self._failure is not None:
                raise self._failure
            if self._facts is None or not self._stop.alive:
                raise LocalServerError("The local server is stopped")
            return self._facts

    def _receive(self) -> None:
        try:
            message = json.loads(_read_line(self._supervisor, self._deadline))
        except (TimeoutError, ValueError):
            self._failure = ServerStartError("The supervisor of the local server ended without an answer")
            return
        if "ready" in message:
            self._facts = message["ready"]
        else:
            self._failure = ServerStartError(message["error"], message["log"])


def _read_line(supervisor: subprocess.Popen[bytes], deadline: float) -> bytes:
    output = supervisor.stdout
    if output is None or output.closed:
        raise ValueError("no pipe")
    line = bytearray()
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([output], [], [], max(0.0, deadline - time.monotonic()))
        if not readable:
            raise TimeoutError
        chunk = os.read(output.fileno(), 65536)
        if not chunk:
            raise ValueError("the pipe ended")
        line += chunk
    return bytes(line)


def _send(supervisor: subprocess.Popen[bytes], data: bytes) -> None:
    if supervisor.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            supervisor.stdin.write(data)


def _stop(supervisor: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() != owner:
        return  # a forked child does not own the server
    # Words and not only the end of the pipe: a forked child may hold a copy of it.
    _send(supervisor, b"stop\n")
    try:
        supervisor.wait(_SUPERVISOR_GRACE)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()
    finally:
        for pipe in (supervisor.stdin, supervisor.stdout):
            if pipe is not None:
                pipe.close()
