"""The library offers what the header says, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from abi.library import Library, constants, functions


def test_exported_symbols_are_the_functions_of_the_header(library_path: Path) -> None:
    options = ["-gU"] if sys.platform == "darwin" else ["-D", "--defined-only"]
    listing = subprocess.run(["nm", *options, str(library_path)], capture_output=True, check=True, text=True).stdout
    symbols = {line.split()[-1].removeprefix("_" if sys.platform == "darwin" else "") for line in listing.splitlines()}
    assert len(functions()) == 14
    assert symbols == functions()


def test_version_is_that_of_the_header(library: Library) -> None:
    macros = constants()
    assert library.abi_version() == macros["ABI_MAJOR"] << 16 | macros["ABI_MINOR"]


def test_build_info_names_versions(library: Library) -> None:
    info = library.build_info().decode()
    assert info.startswith("ouroboros_postgres ")
    assert ", go1." in info
    assert "unknown," not in info


def test_statuses_are_numbered_without_gaps() -> None:
    names = "OK BAD_HANDLE WRONG_KIND BAD_REQUEST CLOSED TIMEOUT NO_MEMORY PANIC DUPLICATE TOO_LARGE"
    macros = constants()
    assert [macros[name] for name in names.split()] == list(range(10))
    assert macros["MAX_REQUEST"] == 2**30
    assert macros["FRAME_HEADER"] == 24
