"""Fixtures for the tests of the C ABI."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from abi.library import HEADER, Client, Library

SETTLE_TIMEOUT = 20.0


@pytest.fixture(scope="session")
def library_path() -> Path:
    """The library that the package loads."""
    if given := os.environ.get("OUROBOROS_POSTGRES_LIBRARY"):
        return Path(given)
    spec = importlib.util.find_spec("ouroboros_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    suffix = "dylib" if sys.platform == "darwin" else "so"
    path = Path(spec.submodule_search_locations[0]) / f"libouroboros_postgres.{suffix}"
    assert path.exists(), "the engine is not built: run `pip install -e .`"
    return path


@pytest.fixture(scope="session")
def library(library_path: Path) -> Library:
    """The library, loaded."""
    return Library(library_path)


@pytest.fixture
def client(library: Library) -> Iterator[Client]:
    """A queue of its own, after which nothing may be left."""
    before = library.count()
    client = Client(library)
    yield client
    client.close()
    settle(library, before)


def settle(library: Library, before: dict[str, int]) -> None:
    """Waits until nothing more is open than before."""
    deadline = time.monotonic() + SETTLE_TIMEOUT
    while excess := {name: value for name, value in library.count().items() if value > before[name]}:
        assert time.monotonic() < deadline, f"{before} before, more now: {excess}"
        time.sleep(0.01)  # between two looks, with a deadline


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """A server that accepts and says nothing: connecting to it stays in flight."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SETTLE_TIMEOUT)
        yield server


@pytest.fixture(scope="session")
def fault_library_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with fault injection: the one of OUROBOROS_POSTGRES_FAULT_LIBRARY, else built now."""
    if given := os.environ.get("OUROBOROS_POSTGRES_FAULT_LIBRARY"):
        return Path(given)
    path = tmp_path_factory.mktemp("fault") / "libouroboros_postgres.so"
    command = ["go", "build", "-buildmode=c-shared", "-buildvcs=false", "-tags", "fault", "-o", str(path), "./capi"]
    subprocess.run(command, cwd=HEADER.parents[1], check=True)
    return path
