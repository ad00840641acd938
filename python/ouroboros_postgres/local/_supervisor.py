"""The process between the owner and its server. Runs as a script, with the standard library alone.

It reads one JSON line (the plan) from standard input, creates the cluster, runs the server and writes one JSON line:
``{"ready": ...}`` or ``{"error": ..., "log": ...}``. Then it waits for one of three things: another line or the end of
standard input, the death of the process that started it, the death of the server. In each case it stops the server,
removes what is temporary and ends. Should it be killed itself, the kernel stops the server (Linux).
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import locale
import os
import pwd
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

POLL_INTERVAL = 0.01
OWNER_CHECK_INTERVAL = 0.5
FAST_SHUTDOWN_TIMEOUT = 10.0
IMMEDIATE_SHUTDOWN_TIMEOUT = 5.0
LOG_TAIL = 4000
PORT_ATTEMPTS = 5
SOCKET_PATH_LIMIT = 80
PR_SET_PDEATHSIG = 1

PASSWORD_FILE = "ouroboros_postgres.password"  # noqa: S105 -- the name of a file
TEMPORARY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Failed(Exception):
    """The server cannot be run."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


class OwnerGone(Exception):
    """Nobody waits for the server any more."""


class Account:
    """Whose the server's files and process are: ours, or when we are root, somebody without privileges."""

    def __init__(self, data_dir: str | None) -> None:
        self.uid, self.gid = os.geteuid(), os.getegid()
        self.dropped = self.uid == 0
        if self.dropped:
            self.uid, self.gid = self._unprivileged(data_dir)

    @staticmethod
    def _unprivileged(data_dir: str | None) -> tuple[int, int]:
        if data_dir is not None and os.path.isdir(data_dir) and os.stat(data_dir).st_uid != 0:
            found = os.stat(data_dir)
            return found.st_uid, found.st_gid
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return entry.pw_uid, entry.pw_gid
        raise Failed("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as")

    def spawn(self, command: list[str], log: BinaryIO) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            preexec_fn=die_with_parent,
            user=self.uid if self.dropped else None,
            group=self.gid if self.dropped else None,
            extra_groups=[] if self.dropped else None,
            text=False,
        )

    def give(self, path: Path) -> None:
        if self.dropped:
            os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Tells whether the account may pass through every directory down to path."""
        if not self.dropped:
            return True
        path = path.resolve()
        return all(self._passes(part) for part in (*path.parents, path) if part.is_dir())

    def _passes(self, directory: Path) -> bool:
        found = directory.stat()
        bit = 0o100 if found.st_uid == self.uid else 0o010 if found.st_gid == self.gid else 0o001
        return bool(found.st_mode & bit)


class Owner:
    """The process at the other end of standard input."""

    def __init__(self) -> None:
        self.pid = os.getppid()

    def check(self, patience: float) -> None:
        """Waits for patience seconds; raises OwnerGone as soon as the owner asks for the end or is dead."""
        readable, _, _ = select.select([0], [], [], patience)
        # A forked child of the owner may hold the pipe open: its end alone does not tell.
        if readable or os.getppid() != self.pid:
            raise OwnerGone


class Supervisor:
    def __init__(self, plan: dict[str, Any], owner: Owner) -> None:
        self.plan = plan
        self.owner = owner
        self.deadline = time.monotonic() + float(plan["timeout"])
        self.account = Account(plan["data_dir"])
        self.bin_dir = Path(plan["bin_dir"])
        self.server: subprocess.Popen[bytes] | None = None
        self.run_dir = self._make_run_dir()
        self.temporary = plan["data_dir"] is None
        self.data_dir = self.run_dir / "data" if self.temporary else Path(plan["data_dir"])
        self.log_path = (self.run_dir if self.temporary else self.data_dir) / "server.log"

    def _make_run_dir(self) -> Path:
        for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 -- mkdtemp makes a private directory in it
            if os.access(parent, os.W_OK) and self.account.reaches(Path(parent)) and len(parent) <= SOCKET_PATH_LIMIT:
                run_dir = Path(tempfile.mkdtemp(prefix="ouroboros-pg-", dir=parent))
                self.account.give(run_dir)
                return run_dir
        raise Failed("There is no directory for temporary files that the server's user can reach")

    def start(self) -> dict[str, Any]:
        """Brings the server up and returns what its owner has to know."""
        self._make_reachable()
        password = self._create_cluster()
        port = self._run_on_free_port()
        return {
            "data_dir": str(self.data_dir),
            "host": str(self.run_dir) if self.plan["unix_socket"] else "127.0.0.1",
            "log": str(self.log_path),
            "password": password,
            "pid": self.server.pid if self.server else 0,
            "port": port,
        }

    def _make_reachable(self) -> None:
        """Copies the programs when the unprivileged user cannot reach them (a virtual environment below /root)."""
        if self.account.reaches(self.bin_dir):
            return
        parts = [Path(part) for part in self.plan["relocatable"]]
        if not parts:
            raise Failed(f"{self.bin_dir} cannot be reached by the unprivileged user that the server has to run as")
        common = Path(os.path.commonpath([part.parent for part in parts]))
        copy = self.run_dir / "install"
        for part in parts:
            shutil.copytree(part, copy / part.relative_to(common), symlinks=True)
        self.bin_dir = copy / self.bin_dir.relative_to(common)

    def _create_cluster(self) -> str:
        password_path = self.data_dir / PASSWORD_FILE
        if (self.data_dir / "PG_VERSION").exists():
            if not password_path.exists():
                raise Failed(f"{self.data_dir} was not created by ouroboros_postgres.local: its password is not known")
            return password_path.read_text()
        if not self.temporary:
            self._make_data_dir()
        password = secrets.token_urlsafe(18)
        given = self.run_dir / "password"
        given.touch(mode=0o600)
        given.write_text(password)
        self.account.give(given)
        self._initdb(given)
        shutil.move(given, password_path)
        self.account.give(password_path)
        return password

    def _make_data_dir(self) -> None:
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(self.data_dir.iterdir()):
            raise Failed(f"{self.data_dir} is neither empty nor a PostgreSQL data directory")
        self.account.give(self.data_dir)
        self.data_dir.chmod(0o700)
        if not self.account.reaches(self.data_dir):
            user = pwd.getpwuid(self.account.uid).pw_name
            raise Failed(f"{self.data_dir} cannot be reached by {user}, the user that the server has to run as")

    def _initdb(self, password: Path) -> None:
        command = [
            str(self.bin_dir / "initdb"), f"--pgdata={self.data_dir}", f"--pwfile={password}", "--username=postgres",
            "--encoding=UTF8", "--auth-local=trust", "--auth-host=scram-sha-256", *self._locale(),
            *(["--no-sync"] if self.temporary else []),
        ]  # fmt: skip
        output = self.run_dir / "initdb.log"
        with output.open("wb") as log:
            process = self.account.spawn(command, log)
        try:
            while process.poll() is None:
                self._pause("initdb", output)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode != 0:
            raise Failed(f"initdb failed with status {process.returncode}", tail(output))

    def _locale(self) -> list[str]:
        if self.plan["major"] >= 17:
            return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        with contextlib.suppress(locale.Error):
            locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
            return ["--locale=C.UTF-8"]
        return ["--locale=C"]

    def _run_on_free_port(self) -> int:
        if self.plan["port"] is not None or self.plan["unix_socket"]:
            port = self.plan["port"] or 5432
            self._run(port)
            return int(port)
        for attempt in range(PORT_ATTEMPTS):
            port = free_port()
            try:
                self._run(port)
            except Failed as failure:
                # Somebody else took the port between the look and the bind.
                if "could not bind" not in failure.log or attempt == PORT_ATTEMPTS - 1:
                    raise
            else:
                return port
        raise AssertionError("unreachable")

    def _run(self, port: int) -> None:
        settings = {
            **(TEMPORARY_SETTINGS if self.temporary else {}),
            "timezone": "UTC",
            **self.plan["settings"],
            "port": str(port),
            "listen_addresses": "" if self.plan["unix_socket"] else "127.0.0.1",
            "unix_socket_directories": str(self.run_dir),
            "logging_collector": "off",
        }
        command = [str(self.bin_dir / "postgres"), "-D", str(self.data_dir)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self._open_log()
        begin = self.log_path.stat().st_size
        with self.log_path.open("ab") as log:
            server = self.server = self.account.spawn(command, log)
        while not self._is_ready():
            status = server.poll()
            if status is not None:
                raise Failed(f"The server ended with status {status} before it was ready", tail(self.log_path, begin))
            self._pause("The server", self.log_path, begin)

    def _open_log(self) -> None:
        self.log_path.touch(mode=0o600)
        self.account.give(self.log_path)

    def _is_ready(self) -> bool:
        """Reads the state that the server keeps in postmaster.pid, as pg_ctl does."""
        try:
            lines = (self.data_dir / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return self.server is not None and lines[0:1] == [str(self.server.pid)] and lines[7:8] == ["ready   "]

    def _pause(self, what: str, log: Path, begin: int = 0) -> None:
        if time.monotonic() > self.deadline:
            raise Failed(f"{what} was not ready within {self.plan['timeout']:g} s", tail(log, begin))
        self.owner.check(POLL_INTERVAL)

    def watch(self) -> None:
        """Returns when the server is dead; raises OwnerGone when its owner is."""
        while self.server is not None and self.server.poll() is None:
            self.owner.check(OWNER_CHECK_INTERVAL)

    def close(self) -> None:
        """Stops the server, harder the longer it takes, and removes what is temporary."""
        for signal_number, timeout in self._stop_signals():
            if self.server is None or self.server.poll() is not None:
                break
            self.server.send_signal(signal_number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.server.wait(timeout)
        shutil.rmtree(self.run_dir, ignore_errors=True)

    @staticmethod
    def _stop_signals() -> Iterator[tuple[int, float]]:
        yield signal.SIGINT, FAST_SHUTDOWN_TIMEOUT
        yield signal.SIGQUIT, IMMEDIATE_SHUTDOWN_TIMEOUT
        yield signal.SIGKILL, IMMEDIATE_SHUTDOWN_TIMEOUT


def die_with_parent() -> None:
    """In the new process: asks the kernel for SIGQUIT when the supervisor dies. Only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT, 0, 0, 0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tail(path: Path, begin: int = 0) -> str:
    with path.open("rb") as log:
        log.seek(max(begin, path.stat().st_size - LOG_TAIL))
        return log.read().decode(errors="replace").strip()


def read_line() -> bytes:
    """Reads the plan byte by byte: a buffer would hide what follows from select."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            raise OwnerGone
        line += byte
    return bytes(line)


def answer(**message: Any) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(1, json.dumps(message).encode() + b"\n")


def end(_signal: int, _frame: FrameType | None) -> None:
    sys.exit()


def main() -> None:
    # The terminal's Ctrl-C and hang-up are for the owner; the end of the owner is what counts here.
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, end)
    owner = Owner()
    supervisor = None
    try:
        supervisor = Supervisor(json.loads(read_line()), owner)
        answer(ready=supervisor.start())
        supervisor.watch()
    except OwnerGone:
        pass
    except Failed as failure:
        answer(error=str(failure), log=failure.log)
    except OSError as failure:
        answer(error=f"The server could not be set up: {failure}", log="")
    finally:
        if supervisor is not None:
            supervisor.close()


if __name__ == "__main__":
    main()
