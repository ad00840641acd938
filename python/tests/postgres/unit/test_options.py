from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import pytest

from ouroboros_postgres import connection
from ouroboros_postgres._options import PoolOptions

OPTIONS = {field.name: field.default for field in dataclasses.fields(PoolOptions)}
NEVER = ["acquire_timeout", "max_lifetime", "idle_timeout", "slow_query_threshold_ms", "statement_timeout_ms"]
INTEGERS = ["min_connections", "max_connections", "max_retries", "statement_cache_capacity", "query_max_retries"]
NUMBERS = [name for name in OPTIONS if name.endswith(("_timeout", "_ms", "_multiplier", "_period", "_lifetime"))]


def test_init_has_every_option_with_its_default() -> None:
    parameters = inspect.signature(connection.init).parameters
    parts = {"connection_string", "host", "port", "database", "username", "password"}
    assert {name: p.default for name, p in parameters.items() if name not in parts} == OPTIONS
    assert all(p.kind is p.KEYWORD_ONLY for name, p in parameters.items() if name != "connection_string")


def test_only_changes_are_sent() -> None:
    assert PoolOptions().changed() == {}
    changed = PoolOptions(max_connections=5, max_lifetime=None, connect_timeout=2.5).changed()
    assert changed == {"max_connections": 5, "max_lifetime": None, "connect_timeout": 2.5}


@pytest.mark.parametrize("name", NEVER)
def test_none_has_a_meaning(name: str) -> None:
    assert getattr(PoolOptions(**{name: None}), name) is None


@pytest.mark.parametrize("name", sorted(set(OPTIONS) - set(NEVER)))
def test_none_has_no_meaning_elsewhere(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} must be .* not NoneType"):
        PoolOptions(**{name: None})


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [-1, -0.001, float("nan"), float("inf")])
def test_numbers_out_of_range(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be"):
        PoolOptions(**{name: value})


@pytest.mark.parametrize("name", INTEGERS)
@pytest.mark.parametrize("value", [-1, 2**31])
def test_integers_out_of_range(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name} must be"):
        PoolOptions(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, wrong) for name in INTEGERS for wrong in (1.0, True, "1")),
        *((name, wrong) for name in NUMBERS for wrong in (True, "1", [])),
        ("application_name", b"x"),
        ("hide_detail", 1),
    ],
)
def test_wrong_types(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"{name} must be .* not {type(value).__name__}"):
        PoolOptions(**{name: value})


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"max_connections": 0, "min_connections": 0}, "max_connections must be at least 1, not 0"),
        ({"min_connections": 11}, r"min_connections \(11\) must not exceed max_connections \(10\)"),
        ({"retry_backoff_multiplier": 0.5}, "retry_backoff_multiplier must be at least 1"),
        ({"health_check_period": 0}, "health_check_period must be positive"),
    ],
)
def test_values_that_make_no_sense(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        PoolOptions(**options)


@pytest.mark.parametrize("port", [-1, 0, 65536, 5432.0, "5432", True, None])
async def test_a_port_is_a_number_of_sixteen_bits(port: Any) -> None:
    with pytest.raises(ValueError, match="port must be"):
        await connection.init(port=port)


@pytest.mark.parametrize("part", ["host", "database"])
async def test_parts_are_text(part: str) -> None:
    with pytest.raises(TypeError, match=f"{part} must be str, not int"):
        await connection.init(**{part: 5})  # type: ignore[arg-type]


@pytest.mark.parametrize("uri", [b"postgres://h", 5, ["postgres://h"]])
async def test_a_connection_string_is_text(uri: Any) -> None:
    with pytest.raises(TypeError, match="connection_string must be str"):
        await connection.init(uri)
