"""What the type checkers see of ``ouroboros_postgres.local``. Checked, never run."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

from ouroboros_postgres import local


def plain() -> None:
    with local.start("data", port=5433, settings={"jit": False, "work_mem": "4MB", "max_connections": 7}) as server:
        assert_type(server, local.Server)
        assert_type(server.dsn, str)
        assert_type(server.dsn_for("app"), str)
        assert_type(server.port, int)
        assert_type(server.data_dir, Path)
        assert_type(server.installation, local.Installation)


async def asynchronous() -> None:
    async with local.start(Path("data"), unix_socket=True) as server:
        assert_type(server, local.Server)


def failures() -> None:
    try:
        assert_type(local.find_installation().version(), str)
    except local.ServerStartError as error:
        assert_type(error.log, str)
    except local.ServerNotFoundError:
        pass
