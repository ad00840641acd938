from __future__ import annotations

from typing import Any, get_args

import pytest

from ouroboros_postgres import IsolationLevel, begin_transaction, pg_transaction
from ouroboros_postgres._transaction import normalise_isolation_level
from ouroboros_postgres.transactions import run_in_transaction


def test_the_levels() -> None:
    assert get_args(IsolationLevel) == ("read_uncommitted", "read_committed", "repeatable_read", "serializable")


@pytest.mark.parametrize("level", get_args(IsolationLevel))
@pytest.mark.parametrize(
    "spell", [str, str.upper, lambda s: s.replace("_", " "), lambda s: s.title().replace("_", "-")]
)
def test_a_level_may_be_spelt_in_several_ways(level: str, spell: Any) -> None:
    assert normalise_isolation_level(spell(level)) == level


def test_no_level_is_the_default_of_the_server() -> None:
    assert normalise_isolation_level(None) is None


@pytest.mark.parametrize("level", ["", "snapshot", "serializable; DROP TABLE t", 5, b"serializable"])
@pytest.mark.parametrize("begin", [begin_transaction, lambda level: pg_transaction(isolation_level=level)])
def test_other_levels_are_refused(begin: Any, level: Any) -> None:
    with pytest.raises(ValueError, match="Invalid isolation level: "):
        begin(level)


@pytest.mark.parametrize("option", ["read_only", "deferrable", "independent"])
def test_options_are_bools(option: str) -> None:
    with pytest.raises(TypeError, match=f"{option} must be bool, not int"):
        begin_transaction(**{option: 1})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"max_retries": -1}, ValueError, "max_retries must be at least 0"),
        ({"max_retries": 1.5}, TypeError, "max_retries must be int"),
        ({"initial_delay_ms": -1}, ValueError, "initial_delay_ms must be at least 0"),
        ({"max_delay_ms": float("nan")}, ValueError, "max_delay_ms must be finite"),
        ({"backoff_multiplier": 0.5}, ValueError, "backoff_multiplier must be at least 1"),
        ({"isolation_level": "x"}, ValueError, "Invalid isolation level: x"),
    ],
)
async def test_options_of_reruns_are_checked_before_anything_runs(
    options: dict[str, Any], error: type[Exception], text: str
) -> None:
    async def never(tx: object) -> None:
        pytest.fail("ran")

    with pytest.raises(error, match=text):
        await run_in_transaction(never, **options)
