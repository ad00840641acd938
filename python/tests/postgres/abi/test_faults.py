"""Panics, missing memory and the shutdown, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[1]

PROLOGUE = """
import ctypes, sys
from pathlib import Path
from abi.library import Buffer, Client, Library, constants
C = constants()
library = Library(Path(sys.argv[1]))
client = Client(library)
"""


def run(library: Path, script: str) -> None:
    """Runs a script, which has to reach its end."""
    outcome = subprocess.run(
        [sys.executable, "-c", PROLOGUE + script + "\nprint('reached the end')", str(library)],
        env={**os.environ, "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.endswith("reached the end\n")


def test_panic_in_an_export_is_a_status(fault_library_path: Path) -> None:
    run(
        fault_library_path,
        """
assert library.log_subscribe(client.queue, 40) == 0
buffer, queue = Buffer(), ctypes.c_uint64()
for call in (
    lambda: library.queue_open(-1, 0, ctypes.byref(queue)),
    lambda: library.queue_drain(client.queue, 0, ctypes.byref(buffer)),
    lambda: library.queue_wait(client.queue, 0),
    lambda: library.queue_close(client.queue),
    lambda: client.status({"op": "unknown"}),
    lambda: library.cancel(client.queue, 1),
    lambda: client.call({"op": "unknown"})[0],
    lambda: library.release(1),
    lambda: library.log_subscribe(client.queue, 10),
    lambda: library.shutdown(0),
    lambda: library.counters(ctypes.byref(buffer)),
):
    library.debug_fault(fault="panic_export")
    assert call() == C["PANIC"]
    (record,) = client.drain()
    assert (record.kind, record.payload["level"]) == (C["FRAME_LOG"], 40)
    assert client.run({"op": "unknown"}).payload["kind"] == "value"
""",
    )


def test_panic_in_an_operation_is_an_error_frame(fault_library_path: Path) -> None:
    run(
        fault_library_path,
        """
library.debug_fault(fault="panic_goroutine")
frame = client.run({"op": "unknown"})
assert (frame.kind, frame.payload["kind"]) == (C["FRAME_ERROR"], "internal")
assert client.run({"op": "unknown"}).payload["kind"] == "value"
assert library.count()["operations"] == 0
""",
    )


def test_without_memory_nothing_is_lost(fault_library_path: Path) -> None:
    run(
        fault_library_path,
        """
operation = client.submit({"op": "unknown"})
assert client.wait() == 0
buffer = Buffer()
library.debug_fault(fault="no_memory")
assert library.queue_drain(client.queue, 0, ctypes.byref(buffer)) == C["NO_MEMORY"]
assert not buffer.data
(frame,) = client.drain()
assert frame.operation == operation
library.debug_fault(fault="no_memory")
assert client.call({"op": "unknown"})[0] == C["NO_MEMORY"]
library.debug_fault(fault="no_memory")
assert library.counters(ctypes.byref(buffer)) == C["NO_MEMORY"]
assert library.count()["buffers"] == 0
""",
    )


def test_shutdown_waits_no_longer_than_told(fault_library_path: Path) -> None:
    run(
        fault_library_path,
        """
library.debug_fault(fault="delay", ms=3_600_000)
client.submit({"op": "unknown"})
assert library.shutdown(20_000) == C["OK"]  # the delay ends with its operation
""",
    )


def test_shutdown_is_final(library_path: Path) -> None:
    run(
        library_path,
        """
assert library.shutdown(10_000) == C["OK"]
assert library.shutdown(0) == C["OK"]
buffer, queue = Buffer(), ctypes.c_uint64()
assert library.queue_open(-1, 0, ctypes.byref(queue)) == C["CLOSED"]
assert library.queue_drain(client.queue, 0, ctypes.byref(buffer)) == C["CLOSED"]
assert client.wait(-1) == C["CLOSED"]
assert client.close() == C["CLOSED"]
assert client.status({"op": "connect"}) == C["CLOSED"]
assert client.call({"op": "unknown"})[0] == C["CLOSED"]
assert library.cancel(client.queue, 1) == C["CLOSED"]
assert library.release(1) == C["CLOSED"]
assert library.log_subscribe(client.queue, 10) == C["CLOSED"]
counts = library.count()
assert (counts["queues"], counts["operations"]) == (0, 0)
""",
    )
