"""Fixtures of the tests about models."""

from __future__ import annotations

from types import ModuleType

import pytest

from models.library import SCHEMA
from queries.sent import Sent


@pytest.fixture
def sent(pg: ModuleType) -> Sent:
    """What has been sent to the server since the test began."""
    return Sent(pg)


@pytest.fixture
async def library(pg: ModuleType) -> None:
    """The tables of the library."""
    await pg.execute(SCHEMA)
