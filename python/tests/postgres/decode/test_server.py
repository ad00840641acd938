"""Values at the edge of what can be decoded, from a real server."""

from __future__ import annotations

import asyncio
from types import ModuleType

import pytest

from ouroboros_postgres.errors import DeserializationError


async def test_a_value_that_cannot_be_decoded_spoils_no_other_answer(pg: ModuleType) -> None:
    deep = "SELECT 1 AS fine, (repeat('[', 1500) || repeat(']', 1500))::json AS deep"
    outcomes = await asyncio.gather(
        *(pg.execute(deep if number % 5 == 2 else f"SELECT {number} AS n") for number in range(25)),
        return_exceptions=True,
    )
    for number, outcome in enumerate(outcomes):
        if number % 5 == 2:
            assert isinstance(outcome, DeserializationError)
            assert outcome.column_name == "deep"
            assert str(outcome) == "column 'deep': nested more than 1000 levels deep"
        else:
            assert outcome == [{"n": number}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (' {"a" :\n[1, 2.50, null] , "a": "\\ud83d\\ude00"}\t', {"a": "😀"}),
        ('"\\ud83d"', "\ud83d"),
        (" null ", None),
        pytest.param("9" * 5000, 10**5000 - 1, id="5000 digits"),
        ("-0.0", -0.0),
        ("1e400", float("inf")),
    ],
)
async def test_json_as_it_was_written(pg: ModuleType, text: str, expected: object) -> None:
    escaped = text.replace("'", "''")
    rows = await pg.execute(f"SELECT '{escaped}'::json AS a, 7 AS b, ARRAY['{escaped}'::json] AS c")
    assert rows == [{"a": expected, "b": 7, "c": [expected]}]


async def test_a_result_of_many_rows_and_columns(pg: ModuleType) -> None:
    columns = ", ".join(f"n + {i} AS c{i}, (n + {i})::text AS t{i}" for i in range(20))
    rows = await pg.execute(f"SELECT {columns} FROM generate_series(1, 5000) n")
    assert len(rows) == 5000
    for n, row in enumerate(rows, 1):
        assert row == {key: value for i in range(20) for key, value in ((f"c{i}", n + i), (f"t{i}", str(n + i)))}
