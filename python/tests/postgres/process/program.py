"""Programs in processes of their own, with a hard end."""

from __future__ import annotations

import subprocess
import sys

__all__ = ["TIMEOUT", "run", "start"]

TIMEOUT = 50.0


def start(script: str, dsn: str, *arguments: str) -> subprocess.Popen[str]:
    """Starts a program; ``sys.argv[1]`` is the connection string. Whoever starts it sees to its end."""
    return subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-W", "error", "-c", script, dsn, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(script: str, dsn: str, *arguments: str) -> tuple[int, str, str]:
    """Runs a program to its end; returns its exit code, output and errors."""
    with start(script, dsn, *arguments) as process:
        try:
            output, errors = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
    return process.returncode, output, errors
