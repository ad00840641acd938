"""The wheel: one for all Python versions, complete, and not too large."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
MAX_BYTES = 12 * 2**20


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the environment variable WHEEL, else built now."""
    if given := os.environ.get("WHEEL"):
        return Path(given)
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(directory), str(ROOT)]
    subprocess.run(command, check=True)
    (built,) = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """The files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.timeout(600)
def test_tag_is_that_of_the_stable_abi(wheel: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    name, tag_version, python, abi, _platform = wheel.stem.split("-")
    assert (name, tag_version, python, abi) == ("ouroboros_postgres", version, "cp311", "abi3")


@pytest.mark.timeout(600)
def test_size(wheel: Path) -> None:
    assert wheel.stat().st_size < MAX_BYTES


@pytest.mark.timeout(600)
def test_contents(names: set[str]) -> None:
    library = "libouroboros_postgres.dylib" if sys.platform == "darwin" else "libouroboros_postgres.so"
    for name in ("__init__.py", "py.typed", "_binding.pyi", "_binding.abi3.so", library):
        assert f"ouroboros_postgres/{name}" in names
    sources = {
        path.relative_to(ROOT / "python").as_posix() for path in (ROOT / "python/ouroboros_postgres").rglob("*.py")
    }
    assert sources <= names
    foreign = {name for name in names if not name.startswith(("ouroboros_postgres/", "ouroboros_postgres-"))}
    assert foreign == set()
    assert not {name for name in names if name.endswith((".h", ".c", ".go"))}
