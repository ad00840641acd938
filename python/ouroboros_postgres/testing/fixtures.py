"""Fixtures for pytest: `pytest_plugins = ["ouroboros_postgres.testing.fixtures"]` in the topmost conftest.py."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from .._n_plus_one.detection import Detection, set_default
from ..n_plus_one import detect_n_plus_one

__all__ = ["n_plus_one", "pytest_configure"]


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        'n_plus_one(mode="raise", *, threshold=2): how the fixture n_plus_one looks for N+1 queries',
    )


@pytest.fixture
def n_plus_one(request: pytest.FixtureRequest) -> Generator[Detection]:
    """Look for N+1 queries during a test, in all of its tasks and threads; by default they are errors.

    `@pytest.mark.n_plus_one("warn")`, or `"off"`, changes that for a test, a class or a module. Blocks of
    `detect_n_plus_one` within the test go their own way.

    Yields:
        What looks; `found` lists what it has found.
    """
    marker = request.node.get_closest_marker("n_plus_one")
    detection = detect_n_plus_one(*(marker.args if marker else ()), **(marker.kwargs if marker else {}))
    before = set_default(detection)
    yield detection
    set_default(before)
