"""``python -m ouroboros_postgres local``."""

from __future__ import annotations

import signal
import subprocess
import sys

import psycopg
import pytest

COMMAND = [sys.executable, "-m", "ouroboros_postgres", "local"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_prints_the_dsn_until_told_to_end(number: signal.Signals) -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        dsn = process.stdout.readline().strip()
        with psycopg.connect(dsn) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        process.send_signal(number)
        assert process.wait(30) == 0
        assert "Ctrl-C stops it" in process.stderr.read()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)


def test_tells_when_the_server_dies() -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        with psycopg.connect(process.stdout.readline().strip(), autocommit=True) as connection:
            row = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
        assert row
        subprocess.run(["kill", "-QUIT", row[0].split()[0]], check=True)
        assert process.wait(30) == 1
        assert "ended by itself" in process.stderr.read()


def test_runs_a_command_with_the_dsn_and_passes_its_status() -> None:
    script = "import os, sys; print(os.environ['TEST_DSN'].split(':')[0]); sys.exit(7)"
    done = run("--env", "TEST_DSN", "--", sys.executable, "-c", script)
    assert (done.returncode, done.stdout) == (7, "postgresql\n")


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["--bin-dir", "/nonexistent"], 1, "error: No PostgreSQL server was found: /nonexistent lacks"),
        (["--set", "work_mem=soup"], 1, 'invalid value for parameter "work_mem"'),
        (["--set", "work_mem"], 2, "not NAME=VALUE: 'work_mem'"),
        (["--", "/no/such/program"], 1, "error: /no/such/program cannot be run"),
    ],
)
def test_mistakes_end_with_a_sentence(arguments: list[str], status: int, text: str) -> None:
    done = run(*arguments)
    assert done.returncode == status
    assert text in done.stderr
    assert "Traceback" not in done.stderr
