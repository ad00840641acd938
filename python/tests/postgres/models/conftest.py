"""Fixtures of the tests about models."""

from __future__ import annotations

from types import ModuleType

import pytest

from queries.sent import Sent


@pytest.fixture
def sent(pg: ModuleType) -> Sent:
    """What has been sent to the server since the test began."""
    return Sent(pg)
