"""Builds the two binaries of the package: the engine (Go, a shared library) and the binding (a C extension)."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import ClassVar

from setuptools import Command, Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import ExecError, PlatformError

ROOT = Path(__file__).resolve().parent
PACKAGE = "ouroboros_postgres"
DARWIN = sys.platform == "darwin"
LIBRARY = f"lib{PACKAGE}.{'dylib' if DARWIN else 'so'}"


def find_go() -> str:
    """The go command, or an error that says what to do."""
    host = str(sysconfig.get_config_var("HOST_GNU_TYPE"))
    if "musl" in host or platform.libc_ver()[0] == "musl":
        raise PlatformError("ouroboros-postgres does not run on musl: a Go library cannot be loaded there; use glibc")
    if sys.platform not in ("linux", "darwin"):
        raise PlatformError(f"ouroboros-postgres runs on Linux and macOS, not on {sys.platform}")
    go = shutil.which("go")
    if go is None:
        raise ExecError("building ouroboros-postgres needs Go 1.25 or newer: install it from https://go.dev/dl")
    return go


def revision() -> str:
    """The commit that is built, where there is a repository."""
    command = ["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def build_go(output: Path, version: str, tags: str = "") -> None:
    """Builds the engine so that nothing but the header's functions can be seen from outside."""
    visible = "-Wl,-exported_symbol,_ob_*" if DARWIN else f"-Wl,--version-script={ROOT / 'capi' / 'exports.map'}"
    flags = f"-s -w -X main.version={version} -X main.revision={revision()} -extldflags \"'{visible}'\""
    command = [find_go(), "build", "-buildmode=c-shared", "-buildvcs=false", "-trimpath"]
    command += ["-tags", tags, "-ldflags", flags, "-o", str(output), "./capi"]
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(command, cwd=ROOT, env={**os.environ, "CGO_ENABLED": "1"}, check=True)
    except subprocess.CalledProcessError as error:
        raise ExecError(f"go build of the engine failed with exit status {error.returncode}") from None
    output.with_suffix(".h").unlink(missing_ok=True)


class BuildGo(Command):
    """Builds the engine alone, to any place and with any build tags."""

    description = "build the Go engine"
    user_options: ClassVar[list[tuple[str, str | None, str]]] = [
        ("output=", None, "path of the library"),
        ("tags=", None, "Go build tags"),
    ]

    def initialize_options(self) -> None:
        """Sets the defaults."""
        self.output = str(Path("python") / PACKAGE / LIBRARY)
        self.tags = ""

    def finalize_options(self) -> None:
        """Has nothing to do."""

    def run(self) -> None:
        """Builds."""
        build_go(Path(self.output).resolve(), self.distribution.get_version(), self.tags)


class BuildExt(build_ext):
    """Builds the engine into the package, then the extension."""

    def run(self) -> None:
        """Builds both."""
        build_go(self._library(), self.distribution.get_version())
        super().run()

    def _library(self) -> Path:
        if self.inplace:
            return Path(self.get_finalized_command("build_py").get_package_dir(PACKAGE)).resolve() / LIBRARY
        return Path(self.build_lib).resolve() / PACKAGE / LIBRARY

    def get_outputs(self) -> list[str]:
        """The extension and the engine."""
        return [*super().get_outputs(), str(self._library())]


binding = Extension(
    f"{PACKAGE}._binding",
    sources=sorted(str(path.relative_to(ROOT)) for path in (ROOT / "pybind").glob("*.c")),
    depends=sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("*/*.h")),
    include_dirs=["capi"],
    define_macros=[("Py_LIMITED_API", "0x030B0000")],
    extra_compile_args=["-Wall", "-Wextra", "-fvisibility=hidden", "-g0"],
    libraries=[] if DARWIN else ["dl"],
    py_limited_api=True,
)

setup(
    ext_modules=[binding],
    cmdclass={"build_ext": BuildExt, "build_go": BuildGo},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
