"""``python -m ouroboros_postgres local``: a server for the command line."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Protocol

from ouroboros_postgres.local._server import Server, start
from ouroboros_postgres.local.errors import LocalServerError

__all__ = ["add_parser"]

Handler = Callable[[int, FrameType | None], None]


class _Subparsers(Protocol):
    def add_parser(self, name: str, *, help: str, description: str) -> argparse.ArgumentParser: ...


def add_parser(subparsers: _Subparsers) -> None:
    """Adds the command ``local``."""
    parser = subparsers.add_parser(
        "local",
        help="run a private PostgreSQL server",
        description="Runs a private PostgreSQL server and prints its connection string until Ctrl-C, or as long as "
        "COMMAND runs, which finds the connection string in the environment.",
    )
    parser.add_argument("--data-dir", metavar="DIR", help="keep the data here (default: temporary)")
    parser.add_argument("--port", type=int, help="TCP port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--unix-socket", action="store_true", help="listen on a Unix socket instead of TCP")
    parser.add_argument(
        "--set",
        dest="settings",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=_assignment,
        help="a server setting",
    )
    parser.add_argument("--bin-dir", metavar="DIR", help="where postgres and initdb are (default: look for them)")
    parser.add_argument(
        "--env", metavar="NAME", default="DATABASE_URL", help="the variable that COMMAND finds (default: %(default)s)"
    )
    parser.add_argument("command", nargs="*", metavar="COMMAND", help="run this and stop (put -- before it)")
    parser.set_defaults(run=_run)


def _assignment(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError(f"not NAME=VALUE: {text!r}")
    return name, value


def _run(arguments: argparse.Namespace) -> int:
    # SIGTERM (a service manager, a killed shell) ends the block as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server = start(
            arguments.data_dir,
            port=arguments.port,
            unix_socket=arguments.unix_socket,
            settings=dict(arguments.settings),
            bin_dir=arguments.bin_dir,
        )
        with server:
            return _serve(server, arguments.command, arguments.env)
    except KeyboardInterrupt:
        return 130 if arguments.command else 0
    except (LocalServerError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _serve(server: Server, command: Sequence[str], variable: str) -> int:
    if command:
        try:
            return subprocess.run(command, env={**os.environ, variable: server.dsn}, check=False).returncode
        except OSError as error:
            raise LocalServerError(f"{command[0]} cannot be run: {error.strerror}") from None
    version = server.installation.version()
    print(f"PostgreSQL {version} ({server.installation.origin}) is ready. Ctrl-C stops it.", file=sys.stderr)
    print(server.dsn, flush=True)
    server.wait()
    print(f"error: the server ended by itself; its log: {server.log_path}", file=sys.stderr)
    return 1
