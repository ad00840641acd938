"""What type checkers see of the names for tests."""

from __future__ import annotations

from typing import assert_type

from ouroboros_postgres import NPlusOneError, NPlusOneWarning, detect_n_plus_one, set_n_plus_one_detection
from ouroboros_postgres.n_plus_one import Detection, NPlusOne
from ouroboros_postgres.testing import QueryCount, assert_query_count


async def counts() -> None:
    with assert_query_count(1) as counted:
        assert_type(counted, QueryCount)
    async with assert_query_count(at_most=1) as limited:
        assert_type(limited.count, int)
    assert_type(limited.statements, tuple[str, ...])
    assert_query_count("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def detection(error: NPlusOneError, warning: NPlusOneWarning) -> None:
    with detect_n_plus_one() as block:
        assert_type(block, Detection)
        assert_type(block.found, list[NPlusOne])
    async with detect_n_plus_one("warn", threshold=3):
        set_n_plus_one_detection("off")
    detect_n_plus_one("loud")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(error.found, NPlusOne)
    assert_type(warning.found.lineno, int)
