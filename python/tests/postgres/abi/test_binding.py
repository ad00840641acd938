"""The extension module: statuses as exceptions, signals, forks, loading."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from abi.library import HEADER, constants
from ouroboros_postgres import _binding

C = constants()
UNKNOWN = b'{"op":"unknown"}'


@pytest.fixture(autouse=True)
def loaded(library_path: Path) -> None:
    """Every test but those of loading has the library."""
    _binding.load(str(library_path))


@pytest.fixture
def queue() -> Iterator[int]:
    """A queue of its own."""
    handle = _binding.queue_open(-1)
    yield handle
    _binding.queue_close(handle)


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a script in a fresh interpreter."""
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)


def test_operation_from_submit_to_frame(queue: int) -> None:
    _binding.submit(queue, 2**64 - 1, 0, UNKNOWN)
    assert _binding.queue_wait(queue, -1) is True
    ((operation, kind, payload),) = _binding.drain(queue)
    assert (operation, kind) == (2**64 - 1, C["FRAME_ERROR"])
    assert "Unknown operation" in str(payload)
    assert _binding.drain(queue) == []


def test_long_request_is_submitted_without_the_gil(queue: int) -> None:
    _binding.submit(queue, 1, 0, b'{"op":"unknown","x":"' + b"x" * 1_000_000 + b'"}')
    assert _binding.queue_wait(queue, 20_000)
    assert len(_binding.drain(queue)) == 1


def test_call_answers_at_once() -> None:
    kind, payload = _binding.call(0, UNKNOWN)
    assert kind == C["FRAME_ERROR"]
    assert "Unknown operation" in str(payload)


def test_refusals_carry_their_status(queue: int) -> None:
    calls: tuple[tuple[Callable[[], object], str], ...] = (
        (lambda: _binding.queue_open(-2), "BAD_REQUEST"),
        (lambda: _binding.queue_close(1), "BAD_HANDLE"),
        (lambda: _binding.queue_wait(1, 0), "BAD_HANDLE"),
        (lambda: _binding.drain(1), "BAD_HANDLE"),
        (lambda: _binding.submit(queue, 0, 0, UNKNOWN), "BAD_REQUEST"),
        (lambda: _binding.submit(queue, 1, queue, UNKNOWN), "WRONG_KIND"),
        (lambda: _binding.call(0, b"garbage"), "BAD_REQUEST"),
        (lambda: _binding.log_subscribe(queue, -1), "BAD_REQUEST"),
        (lambda: _binding.release(queue), "WRONG_KIND"),
    )
    for call, status in calls:
        with pytest.raises(_binding.StatusError, match=f"OB_{status}") as caught:
            call()
        assert caught.value.status == C[status]


def test_too_late_is_no_error(queue: int) -> None:
    assert _binding.cancel(queue, 1) is False
    assert _binding.release(1) is False


@pytest.mark.parametrize(
    "call",
    [
        lambda: _binding.submit(1, 2, 3),  # type: ignore[call-arg]
        lambda: _binding.submit(1, 2, 3, "text"),  # type: ignore[arg-type]
        lambda: _binding.submit("1", 2, 3, UNKNOWN),  # type: ignore[arg-type]
        lambda: _binding.call(0, None),  # type: ignore[arg-type]
        lambda: _binding.drain(1.5),  # type: ignore[arg-type]
        lambda: _binding.queue_open(None),  # type: ignore[arg-type]
        lambda: _binding.queue_wait(1),  # type: ignore[call-arg]
        lambda: _binding.load(1.5),  # type: ignore[arg-type]
    ],
)
def test_wrong_types_are_type_errors(call: object) -> None:
    assert callable(call)
    with pytest.raises(TypeError):
        call()


def test_numbers_out_of_range_are_overflows() -> None:
    for number in (-1, 2**64):
        with pytest.raises(OverflowError):
            _binding.drain(number)
        with pytest.raises(OverflowError):
            _binding.submit(number, 1, 0, UNKNOWN)


def test_wait_times_out(queue: int) -> None:
    assert _binding.queue_wait(queue, 0) is False
    assert _binding.queue_wait(queue, 150) is False


def test_counters_and_build_info() -> None:
    assert json.loads(_binding.counters())["buffers"] == 0
    assert "go1." in _binding.build_info()


WAIT = """
import signal, sys
from ouroboros_postgres import _binding
_binding.load(sys.argv[1])
queue = _binding.queue_open(-1)
signal.setitimer(signal.ITIMER_REAL, 0.2)
signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
try:
    _binding.queue_wait(queue, -1)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_wait_can_be_interrupted(library_path: Path) -> None:
    assert run(WAIT, str(library_path)).stdout == "interrupted\n"


FORK = """
import os, sys
from ouroboros_postgres import _binding
if sys.argv[2] == "before":
    _binding.load(sys.argv[1])
    queue = _binding.queue_open(-1)
for _ in range(5):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            if sys.argv[2] == "before":
                calls = [
                    lambda: _binding.load(sys.argv[1]), lambda: _binding.build_info(), lambda: _binding.queue_open(-1),
                    lambda: _binding.queue_close(queue), lambda: _binding.queue_wait(queue, -1),
                    lambda: _binding.submit(queue, 1, 0, b'{"op":"x"}'), lambda: _binding.cancel(queue, 1),
                    lambda: _binding.drain(queue), lambda: _binding.call(0, b"{}"), lambda: _binding.release(1),
                    lambda: _binding.log_subscribe(queue, 10), lambda: _binding.shutdown(0),
                    lambda: _binding.counters(),
                ]
                for call in calls:
                    try:
                        call()
                    except _binding.ForkError as error:
                        assert "call init() in the child" in str(error) and "spawn" in str(error)
                    else:
                        raise AssertionError("no error")
            else:
                _binding.load(sys.argv[1])
                _binding.queue_close(_binding.queue_open(-1))
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
if sys.argv[2] == "before":
    _binding.submit(queue, 1, 0, b'{"op":"x"}')  # the parent is none the worse
    assert _binding.queue_wait(queue, 20_000)
print("done")
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_fork_after_load_is_one_clear_error_and_before_it_is_fine(library_path: Path, when: str) -> None:
    outcome = run(FORK, str(library_path), when)
    assert outcome.stdout == "done\n", outcome.stderr


LOAD = """
import sys
from ouroboros_postgres import _binding
assert _binding.loaded() is False
try:
    _binding.counters()
except RuntimeError as error:
    assert "not loaded" in str(error)
for bad, text in ((sys.argv[2], "ABI is 2.7"), ("/none such", "No such file"), (sys.argv[3], "ob_")):
    try:
        _binding.load(bad)
    except ImportError as error:
        assert text in str(error) and bad in str(error), error
    else:
        raise AssertionError(bad)
assert _binding.loaded() is False
_binding.load(sys.argv[1])
_binding.load(sys.argv[1].encode())
assert _binding.loaded() is True
try:
    _binding.load(sys.argv[2])
except ImportError as error:
    assert "already loaded" in str(error)
print("done")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the texts are those of glibc")
def test_load_refuses_what_is_not_this_library(library_path: Path, tmp_path: Path) -> None:
    other_major = compile_library(tmp_path / "other.so", 2 << 16 | 7)
    incomplete = compile_library(tmp_path / "incomplete.so", 1 << 16, without="ob_counters")
    outcome = run(LOAD, str(library_path), str(other_major), str(incomplete))
    assert outcome.stdout == "done\n", outcome.stderr


def compile_library(path: Path, version: int, without: str = "") -> Path:
    """A library with the names of ours, and nothing behind them."""
    from abi.library import functions

    names = functions() - {without, "ob_abi_version"}
    source = f"unsigned ob_abi_version(void) {{ return {version}; }}\n"
    source += "".join(f"int {name}(void) {{ return 0; }}\n" for name in sorted(names))
    command = [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-x", "c", "-", "-o", str(path)]
    subprocess.run(command, input=source, text=True, check=True)
    return path


SHUTDOWN = """
import sys
from ouroboros_postgres import _binding
_binding.load(sys.argv[1])
queue = _binding.queue_open(-1)
assert _binding.shutdown(10_000) is True
assert _binding.release(5) is False and _binding.cancel(queue, 1) is False
try:
    _binding.drain(queue)
except _binding.StatusError as error:
    assert error.status == 4
print("done")
"""


def test_shutdown_is_final(library_path: Path) -> None:
    outcome = run(SHUTDOWN, str(library_path))
    assert outcome.stdout == "done\n", outcome.stderr


def test_stub_names_every_function() -> None:
    import ast

    stub = ast.parse((HEADER.parents[1] / "python" / "ouroboros_postgres" / "_binding.pyi").read_text())
    described = {node.name for node in stub.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    assert described == {name for name in dir(_binding) if not name.startswith("__")}
