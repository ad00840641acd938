"""The engine is loaded at the first connect, never at import: a process may fork before it."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import ouroboros_postgres, ouroboros_postgres._binding
from pathlib import Path
assert ouroboros_postgres._binding.loaded() is False
mapped = Path("/proc/self/maps").read_text()
assert "_binding" in mapped
assert "libouroboros_postgres" not in mapped
print("done")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
def test_import_does_not_load_the_engine() -> None:
    outcome = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=50, check=False)
    assert outcome.stdout == "done\n", outcome.stderr
