"""Values that are written into SQL text arrive as what they were, whatever is in them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.database import Database
from ouroboros_postgres import ArrayOps, FullTextSearch, Point

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

hostile = st.lists(
    st.sampled_from(["'", '"', "\\", "$1", "$$", "--", "/*", ";", " ", "{", "}", ",", "NULL", "é", "\n", "%"])
)
text = st.one_of(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), hostile.map("".join))
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "text": text,
    "int8": st.integers(-(2**63), 2**63 - 1),
    "float8": st.floats(),
    "numeric": st.decimals(min_value=Decimal("-1e30"), max_value=Decimal("1e30"), places=6),
    "bool": st.booleans(),
    "date": st.dates(),
    "timestamptz": st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.just(dt.UTC)),
    "time": st.times(),
    "uuid": st.uuids(),
}


@pytest.fixture(params=["on", "off"])
def ask(database: Database, request: pytest.FixtureRequest) -> Any:
    """Run a query of one value on a server that takes backslashes in strings as they are, or that does not."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(f"SET standard_conforming_strings = {request.param}".encode())
        connection.execute(b"SET escape_string_warning = off")

        def run(sql: str) -> Any:
            row = connection.execute(sql.encode()).fetchone()
            assert row is not None
            return row[0]

        yield run


def is_same(got: Any, sent: Any) -> bool:
    if isinstance(sent, float) and math.isnan(sent):
        return isinstance(got, float) and math.isnan(got)
    return bool(got == sent)


@pytest.mark.parametrize("kind", KINDS)
def test_arrays(ask: Callable[[str], Any], kind: str) -> None:
    @quick
    @given(st.lists(st.one_of(st.none(), KINDS[kind]), max_size=5))
    def check(values: list[Any]) -> None:
        written: str = getattr(ArrayOps, "_format_array")(values, cast=f"{kind}[]")  # noqa: B009 - public by contract
        got = ask(f"SELECT {written}")
        assert len(got) == len(values) and all(map(is_same, got, values))

    check()


@given(st.lists(st.lists(text, min_size=2, max_size=2), min_size=1, max_size=3))
@quick
def test_nested_arrays(ask: Callable[[str], Any], values: list[list[str]]) -> None:
    assert ask(f"SELECT {ArrayOps.contained_by(ArrayOps.contains('c', values)[5:], values)}") is True


@given(text, st.lists(text, max_size=3))
@quick
def test_elements(ask: Callable[[str], Any], value: str, others: list[str]) -> None:
    written: str = getattr(ArrayOps, "_format_array")([*others, value], cast="text[]")  # noqa: B009 - public by contract
    assert ask(f"SELECT {ArrayOps.any(written, value)}") is True


@given(text)
@quick
def test_text_searches(ask: Callable[[str], Any], query: str) -> None:
    assert ask(f"SELECT {FullTextSearch.plainto_tsquery(query)} IS NOT NULL") is True
    assert ask(f"SELECT {FullTextSearch.websearch_to_tsquery(query, 'simple')} IS NOT NULL") is True


@given(text)
@quick
def test_well_known_text_is_one_literal(ask: Callable[[str], Any], wkt: str) -> None:
    literal = Point.from_wkt(wkt, 1).removeprefix("ST_GeomFromText(").removesuffix(", 1)")
    assert ask(f"SELECT {literal}::text") == wkt
