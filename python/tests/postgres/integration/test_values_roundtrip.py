"""Random values of every Python type go to the server and come back: as untyped parameters, casts, columns and JSON."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import math
import struct
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.database import Database
from ouroboros_postgres import Range, connection

UTC = dt.UTC

# One loop for all examples: Hypothesis calls plain functions.
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
integers = st.one_of(
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([2**15, 2**31 - 1, 2**31, -(2**31) - 1, 2**63 - 1, -(2**63), 2**53 + 1]),
)
floats = st.floats(allow_nan=False)
decimals = st.one_of(
    st.decimals(allow_nan=False),
    st.decimals(allow_nan=False, allow_infinity=False, places=2),
    st.builds(
        lambda digits, exponent: Decimal((0, digits, exponent)),
        st.lists(st.integers(0, 9), min_size=1, max_size=60).map(tuple),
        st.integers(-60, 60),
    ),
).filter(
    lambda value: not value.is_finite() or (-1000 < value.adjusted() < 1000 and int(value.as_tuple().exponent) > -1000)
)
offsets = st.integers(-(15 * 3600 + 59 * 60 + 59), 15 * 3600 + 59 * 60 + 59).map(
    lambda seconds: dt.timezone(dt.timedelta(seconds=seconds))
)
aware = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=offsets)
intervals = st.timedeltas(dt.timedelta(days=-999_999), dt.timedelta(days=999_999))
json_numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), json_numbers, text),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(text, inner, max_size=5)),
    max_leaves=20,
)
documents = st.dictionaries(text, json_values, max_size=5)
addresses = st.ip_addresses()
interfaces = st.one_of(
    st.builds(lambda address, bits: ipaddress.ip_interface((address, bits)), st.ip_addresses(v=4), st.integers(0, 31)),
    st.builds(lambda address, bits: ipaddress.ip_interface((address, bits)), st.ip_addresses(v=6), st.integers(0, 127)),
)
networks = interfaces.map(lambda interface: interface.network)

SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "double precision": floats,
    "numeric": decimals,
    "text": text,
    "bytea": st.binary(),
    "uuid": st.uuids(),
    "date": st.dates(),
    "time": st.times(),
    "timetz": st.times(timezones=offsets),
    "timestamp": st.datetimes(),
    "timestamptz": aware,
    "interval": intervals,
    "inet": st.one_of(addresses, interfaces),
    "cidr": networks,
}


def ranges(values: st.SearchStrategy[Any], bounds: st.SearchStrategy[str]) -> st.SearchStrategy[Range[Any]]:
    pairs = st.lists(values, min_size=2, max_size=2, unique=True).map(sorted)
    return st.one_of(
        st.builds(lambda pair, kind: Range(pair[0], pair[1], kind), pairs, bounds),
        st.builds(lambda value: Range(value, None), values),
        st.builds(lambda value: Range(None, value), values),
        st.just(Range(None, None)),
        st.just(Range(empty=True)),
    )


any_bounds = st.sampled_from(["[)", "(]", "[]", "()"])
RANGES: dict[str, st.SearchStrategy[Any]] = {
    # Discrete ranges come back in their canonical form, which has these bounds.
    "int4range": ranges(st.integers(-(2**31), 2**31 - 2), st.just("[)")),
    "int8range": ranges(st.integers(-(2**63), 2**63 - 2), st.just("[)")),
    "daterange": ranges(st.dates(max_value=dt.date(9999, 12, 30)), st.just("[)")),
    "numrange": ranges(st.decimals(allow_nan=False, allow_infinity=False, places=3), any_bounds),
    "tsrange": ranges(st.datetimes(), any_bounds),
    "tstzrange": ranges(aware.map(lambda value: value.astimezone(UTC)), any_bounds),
}


class Session:
    """A transaction that runs one call at a time, for functions that are not coroutines."""

    def __init__(self, dsn: str) -> None:
        self._runner = asyncio.Runner()
        self._runner.run(connection.init(dsn))

    def value(self, statement: str, *values: Any) -> Any:
        rows = self._runner.run(connection.execute(statement, list(values)))
        assert isinstance(rows, list)
        return rows[0]["v"]

    def row(self, table: str, document: dict[str, Any]) -> dict[str, Any]:
        return self._runner.run(connection.insert_one(table, document))

    def rows(self, table: str, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return self._runner.run(connection.insert_many(table, documents))

    def find(self, table: str, conditions: Any) -> list[dict[str, Any]]:
        return self._runner.run(connection.find_many(table, conditions))

    def run(self, statement: str) -> None:
        self._runner.run(connection.execute(statement))

    def close(self) -> None:
        self._runner.run(connection.close())
        self._runner.close()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    opened = Session(database.dsn)
    yield opened
    opened.close()


def is_same(value: Any, expected: Any) -> bool:
    """Equality with classes, signs of zero and scales, at any depth; time zones only as instants."""
    if isinstance(expected, Decimal):
        # PostgreSQL knows no positive exponent and no negative zero.
        return (
            isinstance(value, Decimal)
            and value == expected
            and (
                not expected.is_finite() or int(value.as_tuple().exponent) == min(int(expected.as_tuple().exponent), 0)
            )
        )
    if type(value) is not type(expected):
        return False
    if isinstance(expected, float):
        return value == expected and math.copysign(1, value) == math.copysign(1, expected)
    if isinstance(expected, list):
        return len(value) == len(expected) and all(map(is_same, value, expected))
    if isinstance(expected, dict):
        return value.keys() == expected.keys() and all(is_same(value[key], expected[key]) for key in expected)
    return bool(value == expected)


@pytest.mark.parametrize("kind", SCALARS)
def test_scalars(session: Session, kind: str) -> None:
    session.run(f"CREATE TABLE t (v {kind}, vs {kind}[])")

    @quick
    @given(SCALARS[kind])
    def check(value: Any) -> None:
        assert is_same(session.value(f"SELECT $1::{kind} AS v", value), value)
        row = session.row("t", {"v": value})
        assert is_same(row["v"], value)

    check()


@pytest.mark.parametrize("kind", SCALARS)
def test_values_as_they_are(session: Session, kind: str) -> None:
    """Nothing in the statement says which type the parameter has: the Python class decides."""

    @quick
    @given(SCALARS[kind])
    def check(value: Any) -> None:
        assert is_same(session.value("SELECT $1 AS v", value), value)

    check()


@pytest.mark.parametrize("kind", SCALARS)
def test_arrays(session: Session, kind: str) -> None:
    session.run(f"CREATE TABLE t (v {kind}[])")
    items = st.one_of(st.none(), SCALARS[kind])
    lists = st.one_of(
        st.lists(items, max_size=6),
        st.integers(1, 3).flatmap(lambda n: st.lists(st.lists(items, min_size=n, max_size=n), min_size=1, max_size=3)),
    )

    @quick
    @given(lists)
    def check(value: list[Any]) -> None:
        assert is_same(session.value(f"SELECT $1::{kind}[] AS v", value), value)
        assert is_same(session.row("t", {"v": value})["v"], value)

    check()


@pytest.mark.parametrize("kind", RANGES)
def test_ranges(session: Session, kind: str) -> None:
    @quick
    @given(RANGES[kind], st.lists(RANGES[kind], max_size=3))
    def check(value: Range[Any], values: list[Range[Any]]) -> None:
        assert session.value(f"SELECT $1::{kind} AS v", value) == value
        assert session.value(f"SELECT $1::{kind}[] AS v", values) == values

    check()


@pytest.mark.parametrize("kind", ["json", "jsonb"])
def test_json(session: Session, kind: str) -> None:
    session.run(f"CREATE TABLE t (v {kind})")

    @quick
    @given(st.one_of(documents, st.lists(json_values, max_size=5)))
    def check(value: Any) -> None:
        for result in (session.value(f"SELECT $1::{kind} AS v", value), session.row("t", {"v": value})["v"]):
            assert same_json(result, value, normalised=kind == "jsonb")
            if kind == "json" and isinstance(value, dict):
                assert list(result) == list(value)

    check()


def same_json(value: Any, expected: Any, *, normalised: bool) -> bool:
    """jsonb stores numbers as numeric: 1e22 comes back as an int, -0.0 as 0.0."""
    if isinstance(expected, dict):
        return (
            isinstance(value, dict)
            and value.keys() == expected.keys()
            and all(same_json(value[key], expected[key], normalised=normalised) for key in expected)
        )
    if isinstance(expected, list):
        return (
            isinstance(value, list)
            and len(value) == len(expected)
            and all(same_json(*pair, normalised=normalised) for pair in zip(value, expected, strict=True))
        )
    if normalised and isinstance(expected, float):
        return isinstance(value, (int, float)) and float(value) == expected
    return type(value) is type(expected) and bool(value == expected)


def test_integers(session: Session) -> None:
    @quick
    @given(integers)
    def check(value: int) -> None:
        assert is_same(session.value("SELECT $1 AS v", value), value)
        assert session.value("SELECT $1::numeric AS v", value) == value

    check()


def test_integers_of_any_size(session: Session) -> None:
    @quick
    @given(st.integers(-(10**400), 10**400))
    def check(value: int) -> None:
        assert session.value("SELECT $1::numeric AS v", value) == value
        assert session.value("SELECT $1 AS v", value) == value
        assert session.value("SELECT $1::jsonb AS v", [value]) == [value]

    check()


def test_real(session: Session) -> None:
    @quick
    @given(st.floats(width=32, allow_nan=False))
    def check(value: float) -> None:
        result = session.value("SELECT $1::real AS v", value)
        assert isinstance(result, float)
        assert struct.pack("f", result) == struct.pack("f", value)
        # The shortest text of the float32: sent again it is the same number.
        assert session.value("SELECT $1::real = $2::real AS v", value, result) is True

    check()


def test_floats_into_numeric_are_the_shortest_decimal(session: Session) -> None:
    @quick
    @given(st.floats(allow_nan=False, min_value=-1e100, max_value=1e100).filter(lambda f: f == 0 or abs(f) > 1e-100))
    def check(value: float) -> None:
        assert session.value("SELECT $1::numeric AS v", value) == Decimal(repr(value))

    check()


def test_intervals_agree_with_the_servers_arithmetic(session: Session) -> None:
    @quick
    @given(intervals)
    def check(value: dt.timedelta) -> None:
        total = session.value("SELECT extract(epoch FROM $1::interval) AS v", value)
        assert total == Decimal(value // dt.timedelta(microseconds=1)).scaleb(-6)

    check()


def test_instants_are_exact(session: Session) -> None:
    @quick
    @given(aware)
    def check(value: dt.datetime) -> None:
        result = session.value("SELECT $1::timestamptz AS v", value)
        assert result == value
        assert result.utcoffset() == dt.timedelta(0)
        local = session.value("SELECT $1::timestamptz AT TIME ZONE 'UTC' AS v", value)
        assert local == value.astimezone(UTC).replace(tzinfo=None)

    check()


def test_text_is_verbatim_everywhere(session: Session) -> None:
    session.run("CREATE TABLE t (v text, vs text[], j jsonb)")

    @quick
    @given(text)
    def check(value: str) -> None:
        document = {"v": value, "vs": [value, None], "j": {value: [value]}}
        assert session.row("t", document) == document
        assert document in session.find("t", {"v": value})
        assert document in session.find("t", [("vs", "has", value), ("j", "json_key_exists", value)])
        assert session.value("SELECT octet_length($1) AS v", value) == len(value.encode())

    check()


def test_mixed_rows_in_batches(session: Session) -> None:
    session.run(
        "CREATE TABLE t (i bigint, f float8, n numeric, s text, y bytea, d date, z timestamptz, j jsonb, a text[])"
    )
    rows = st.lists(
        st.fixed_dictionaries(
            {
                "i": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
                "f": st.one_of(st.none(), floats),
                "n": st.one_of(
                    st.none(), decimals, st.integers(), floats.filter(math.isfinite).map(lambda f: round(f % 1e6, 3))
                ),
                "s": st.one_of(st.none(), text),
                "y": st.one_of(st.none(), st.binary()),
                "d": st.one_of(st.none(), st.dates()),
                "z": st.one_of(st.none(), aware),
                "j": st.one_of(st.none(), documents.filter(lambda d: "e" not in repr(d))),
                "a": st.one_of(st.none(), st.lists(st.one_of(st.none(), text), max_size=4)),
            }
        ),
        min_size=1,
        max_size=8,
    )

    @quick
    @given(rows)
    def check(documents: list[dict[str, Any]]) -> None:
        results = session.rows("t", documents)
        assert len(results) == len(documents)
        for result, document in zip(results, documents, strict=True):
            for name, value in document.items():
                if name == "n" and value is not None:
                    assert type(result[name]) is Decimal and result[name] == Decimal(str(value))
                else:
                    assert result[name] == value

    check()
