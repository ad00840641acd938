"""Fixtures for the tests of the local server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def kept_dir() -> Iterator[Path]:
    """A directory that the server's unprivileged user can reach; those of tmp_path it cannot."""
    with tempfile.TemporaryDirectory(prefix="ouroboros-kept-", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)
