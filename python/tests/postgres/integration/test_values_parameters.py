"""Python values as parameters: which type is sent, and what happens when it does not fit."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import ipaddress
import math
import uuid
from collections import OrderedDict, UserDict
from decimal import Decimal
from fractions import Fraction
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import Range, errors

UTC = dt.UTC
INDIA = dt.timezone(dt.timedelta(hours=5, minutes=30))
SOME_UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")


class Colour(enum.Enum):
    RED = "red"
    NUMBER = 7


class Level(enum.IntEnum):
    LOW = 1


class Text(str):
    """A subclass of str whose own text must not be used."""

    __slots__ = ()

    def __str__(self) -> str:
        return "wrong"


class Index:
    def __index__(self) -> int:
        return 42


class Float:
    def __float__(self) -> float:
        return 1.5


# value, natural type, what comes back
NATURAL: list[tuple[Any, str, Any]] = [
    (None, "text", None),
    (True, "boolean", True),
    (False, "boolean", False),
    (5, "integer", 5),
    (-(2**31), "integer", -(2**31)),
    (2**31, "bigint", 2**31),
    (-(2**63), "bigint", -(2**63)),
    (2**63, "numeric", Decimal(2**63)),
    (-(10**40), "numeric", Decimal(-(10**40))),
    (Level.LOW, "integer", 1),
    (1.5, "double precision", 1.5),
    (-0.0, "double precision", -0.0),
    (math.inf, "double precision", math.inf),
    (-math.inf, "double precision", -math.inf),
    (5e-324, "double precision", 5e-324),
    (1.7976931348623157e308, "double precision", 1.7976931348623157e308),
    (Decimal("1.10"), "numeric", Decimal("1.10")),
    (Decimal("1E+3"), "numeric", Decimal("1000")),
    (Decimal("Infinity"), "numeric", Decimal("Infinity")),
    (Decimal("-Infinity"), "numeric", Decimal("-Infinity")),
    ("", "text", ""),
    ("Ünï 😀 '\"\\", "text", "Ünï 😀 '\"\\"),
    (Text("x"), "text", "x"),
    (b"\x00\xff", "bytea", b"\x00\xff"),
    (bytearray(b"ab"), "bytea", b"ab"),
    (memoryview(b"abcd")[::2], "bytea", b"ac"),
    (
        dt.datetime(2024, 1, 15, 10, 30, 0, 123456),
        "timestamp without time zone",
        dt.datetime(2024, 1, 15, 10, 30, 0, 123456),
    ),
    (
        dt.datetime(2024, 1, 15, 10, 30, tzinfo=INDIA),
        "timestamp with time zone",
        dt.datetime(2024, 1, 15, 5, 0, tzinfo=UTC),
    ),
    (dt.date(2024, 2, 29), "date", dt.date(2024, 2, 29)),
    (dt.time(10, 30, 0, 5), "time without time zone", dt.time(10, 30, 0, 5)),
    (dt.time(10, 30, tzinfo=INDIA), "time with time zone", dt.time(10, 30, tzinfo=INDIA)),
    (dt.timedelta(days=-1, microseconds=1), "interval", dt.timedelta(days=-1, microseconds=1)),
    (dt.timedelta(days=400, hours=30), "interval", dt.timedelta(days=400, hours=30)),
    (SOME_UUID, "uuid", SOME_UUID),
    ({"a": [1, None, {"b": 1.5}]}, "jsonb", {"a": [1, None, {"b": 1.5}]}),
    (OrderedDict(a=1), "jsonb", {"a": 1}),
    (UserDict({"a": 1}), "jsonb", {"a": 1}),
    ([1, 2], "integer[]", [1, 2]),
    ((1, None), "integer[]", [1, None]),
    ([1, 2**40], "bigint[]", [1, 2**40]),
    ([1, 2**70], "numeric[]", [Decimal(1), Decimal(2**70)]),
    ([1, 2.5], "double precision[]", [1.0, 2.5]),
    ([True, None], "boolean[]", [True, None]),
    (["a", None, "NULL", "", 'q"\\,{}'], "text[]", ["a", None, "NULL", "", 'q"\\,{}']),
    ([[1, 2], [3, None]], "integer[]", [[1, 2], [3, None]]),
    ([b"\x01"], "bytea[]", [b"\x01"]),
    ([dt.date(2024, 1, 1)], "date[]", [dt.date(2024, 1, 1)]),
    ([SOME_UUID], "uuid[]", [SOME_UUID]),
    ([Decimal("1.0")], "numeric[]", [Decimal("1.0")]),
    ([dt.timedelta(1)], "interval[]", [dt.timedelta(1)]),
    ([1, "a"], "jsonb", [1, "a"]),
    ([[1], [2, 3]], "jsonb", [[1], [2, 3]]),
    ([{"a": 1}], "jsonb", [{"a": 1}]),
    ({3}, "integer[]", [3]),
    (frozenset(["x"]), "text[]", ["x"]),
    (Colour.RED, "text", "red"),
    (Colour.NUMBER, "integer", 7),
    (ipaddress.ip_address("10.0.0.1"), "inet", ipaddress.ip_address("10.0.0.1")),
    (ipaddress.ip_address("::1"), "inet", ipaddress.ip_address("::1")),
    (ipaddress.ip_interface("10.0.0.1/24"), "inet", ipaddress.ip_interface("10.0.0.1/24")),
    (ipaddress.ip_network("10.0.0.0/8"), "cidr", ipaddress.ip_network("10.0.0.0/8")),
    (Range(1, 5), "int4range", Range(1, 5)),
    (Range(dt.date(2024, 1, 1), None), "daterange", Range(dt.date(2024, 1, 1), None)),
    (Range(Decimal("1.5"), Decimal("2"), "(]"), "numrange", Range(Decimal("1.5"), Decimal(2), "(]")),
    (Index(), "integer", 42),
    (Float(), "double precision", 1.5),
    (Fraction(1, 4), "double precision", 0.25),
]


@pytest.mark.parametrize("case", NATURAL, ids=lambda case: f"{type(case[0]).__name__}-{case[1]}")
async def test_the_natural_type_where_none_can_be_inferred(pg: ModuleType, case: tuple[Any, str, Any]) -> None:
    value, name, expected = case
    [row] = await pg.execute("SELECT $1 AS x", [value])
    assert type(row["x"]) is type(expected)
    assert row["x"] == expected
    if isinstance(expected, float):
        assert math.copysign(1, row["x"]) == math.copysign(1, expected)
    if isinstance(expected, Decimal):
        assert row["x"].as_tuple() == expected.as_tuple()
    # A function of no certain type shows what has been declared.
    assert (await pg.execute("SELECT pg_typeof($1)::text AS t", [value]))[0]["t"] in (name, "unknown")


async def test_nan(pg: ModuleType) -> None:
    [row] = await pg.execute("SELECT $1 AS f, $2 AS n, $3::numeric AS fn", [math.nan, Decimal("NaN"), math.nan])
    assert type(row["f"]) is float and math.isnan(row["f"])
    assert row["n"].is_nan() and row["fn"].is_nan()


# column type, value, what the column then holds
COLUMNS: list[tuple[str, Any, Any]] = [
    *(
        (kind, None, None)
        for kind in ("int", "jsonb", "timestamp", "boolean", "uuid", "int[]", "text", "numeric", "bytea")
    ),
    *((kind, 7, 7) for kind in ("smallint", "int", "bigint", "oid")),
    *((kind, 7, 7.0) for kind in ("real", "double precision")),
    *((kind, 7, Decimal(7)) for kind in ("numeric", "numeric(10,0)")),
    ("numeric(10,2)", 7, Decimal("7.00")),
    ("money", 7, "$7.00"),
    ("bigint", 2**40, 2**40),
    ("numeric", 10**30, Decimal(10**30)),
    ("double precision", 2**60, float(2**60)),
    *((kind, 1.5, 1.5) for kind in ("real", "double precision")),
    ("numeric", 99.99, Decimal("99.99")),
    ("numeric", 0.1, Decimal("0.1")),
    ("numeric", 1e-7, Decimal("0.0000001")),
    ("numeric", 1e22, Decimal(10**22)),
    ("numeric(10,2)", 99.99, Decimal("99.99")),
    ("numeric", math.inf, Decimal("Infinity")),
    *((kind, 300.0, 300) for kind in ("smallint", "int", "bigint")),
    (
        "numeric",
        Decimal("0.1234567890123456789012345678901234567890"),
        Decimal("0.1234567890123456789012345678901234567890"),
    ),
    ("numeric", Decimal("1.10"), Decimal("1.10")),
    ("double precision", Decimal("1.5"), 1.5),
    ("real", Decimal("1.5"), 1.5),
    ("int", Decimal("5"), 5),
    ("text", 12, "12"),
    ("varchar(5)", 12, "12"),
    ("char(4)", "ab", "ab  "),
    ('"char"', "x", "x"),
    ("name", "abc", "abc"),
    ("date", "2024-01-15", dt.date(2024, 1, 15)),
    ("uuid", str(SOME_UUID), SOME_UUID),
    ("uuid", SOME_UUID, SOME_UUID),
    ("inet", "10.0.0.1", ipaddress.ip_address("10.0.0.1")),
    ("timestamp", "2024-01-15 10:00", dt.datetime(2024, 1, 15, 10)),
    ("timestamptz", "2024-01-15 10:00+02", dt.datetime(2024, 1, 15, 8, tzinfo=UTC)),
    ("interval", "1 day 2 hours", dt.timedelta(days=1, hours=2)),
    ("mood", "happy", "happy"),
    ("mood", Colour.RED, "red"),
    ("numeric", "12.340", Decimal("12.340")),
    ("int", "17", 17),
    ("json", '{"b": 1, "a": 2}', {"b": 1, "a": 2}),
    ("jsonb", "[1, 2]", [1, 2]),
    ("jsonb", '"text"', "text"),
    ("date", dt.date(2024, 1, 15), dt.date(2024, 1, 15)),
    ("timestamp", dt.date(2024, 1, 15), dt.datetime(2024, 1, 15)),
    ("timestamptz", dt.datetime(2024, 1, 15, 10, tzinfo=INDIA), dt.datetime(2024, 1, 15, 4, 30, tzinfo=UTC)),
    ("time", dt.time(10, 30), dt.time(10, 30)),
    ("timetz", dt.time(10, 30, tzinfo=INDIA), dt.time(10, 30, tzinfo=INDIA)),
    ("interval", dt.timedelta(hours=-5), dt.timedelta(hours=-5)),
    ("bytea", b"\x00\x01", b"\x00\x01"),
    ("jsonb", {"a": 1}, {"a": 1}),
    ("json", {"b": 1, "a": 2}, {"b": 1, "a": 2}),
    ("jsonb", [1, "a", None], [1, "a", None]),
    ("json", [1, 2], [1, 2]),
    ("jsonb", [], []),
    ("jsonb", (), []),
    ("jsonb", [[1], [2, 3]], [[1], [2, 3]]),
    ("jsonb", ["a"], ["a"]),
    ("int[]", [], []),
    ("text[]", [], []),
    ("int[]", [1, None, 3], [1, None, 3]),
    ("text[]", ("a", None), ["a", None]),
    ("int[]", [[1, 2], [3, 4]], [[1, 2], [3, 4]]),
    ("numeric[]", [1, 2.5, Decimal("3.10")], [Decimal(1), Decimal("2.5"), Decimal("3.10")]),
    ("bigint[]", [1, 2**40], [1, 2**40]),
    ("uuid[]", [SOME_UUID, str(SOME_UUID)], [SOME_UUID, SOME_UUID]),
    ("date[]", ["2024-01-15", dt.date(2024, 1, 16)], [dt.date(2024, 1, 15), dt.date(2024, 1, 16)]),
    ("timestamptz[]", [dt.datetime(2024, 1, 1, tzinfo=INDIA)], [dt.datetime(2023, 12, 31, 18, 30, tzinfo=UTC)]),
    ("jsonb[]", [{"a": 1}, None], [{"a": 1}, None]),
    ("mood[]", ["happy", None], ["happy", None]),
    ("bool[]", [True, False, None], [True, False, None]),
    ("text[]", {"only"}, ["only"]),
    ("inet", ipaddress.ip_interface("10.0.0.1/24"), ipaddress.ip_interface("10.0.0.1/24")),
    ("cidr", ipaddress.ip_network("2001:db8::/32"), ipaddress.ip_network("2001:db8::/32")),
    ("int4range", Range(1, 5, "[]"), Range(1, 6)),
    ("tstzrange", Range(dt.datetime(2024, 1, 1, tzinfo=UTC), None), Range(dt.datetime(2024, 1, 1, tzinfo=UTC), None)),
    ("numrange", Range(empty=True), Range(empty=True)),
    ("daterange", Range(dt.date(2024, 1, 1), dt.date(2024, 2, 1)), Range(dt.date(2024, 1, 1), dt.date(2024, 2, 1))),
    ("int4multirange", [Range(1, 3), Range(5, 9)], [Range(1, 3), Range(5, 9)]),
    ("positive", 5, 5),
    ("bool", True, True),
    ("bool", "yes", True),
    ("macaddr", "08:00:2b:01:02:03", "08:00:2b:01:02:03"),
    ("bit(3)", "101", "101"),
    ("point", "(1,2)", "(1,2)"),
    ("tsvector", "'a':1", "'a':1"),
]


@pytest.fixture
async def types(pg: ModuleType) -> None:
    await pg.execute("CREATE TYPE mood AS ENUM ('happy', 'sad', 'red')")
    await pg.execute("CREATE DOMAIN positive AS int CHECK (VALUE > 0)")


@pytest.mark.parametrize("case", COLUMNS, ids=lambda case: f"{case[0]}-{type(case[1]).__name__}")
async def test_values_go_into_columns(pg: ModuleType, types: None, case: tuple[str, Any, Any]) -> None:
    kind, value, expected = case
    await pg.execute(f"CREATE TABLE t (c {kind})")
    by_statement = await pg.execute("INSERT INTO t VALUES ($1) RETURNING c", [value])
    by_row = await pg.insert_one("t", {"c": value})
    by_rows = await pg.insert_many("t", [{"c": None}, {"c": value}])
    for row in (*by_statement, by_row, by_rows[1]):
        assert type(row["c"]) is type(expected)
        assert row["c"] == expected
        if isinstance(expected, Decimal) and expected.is_finite():
            assert row["c"].as_tuple() == expected.as_tuple()
    assert by_rows[0] == {"c": None}


# column type, value, exception, SQLSTATE
REFUSED: list[tuple[str, Any, type[Exception], str | None]] = [
    ("smallint", 40_000, errors.DataError, "22003"),
    ("int", 2**31, errors.DataError, "22003"),
    ("int", -(2**70), errors.DataError, "22003"),
    ("bigint", 2**63, errors.DataError, "22003"),
    ("numeric(4,2)", 1000, errors.DataError, "22003"),
    ("real", 1e300, errors.DataError, "22003"),
    ("int", "x", errors.DataError, "22P02"),
    ("date", "not a date", errors.DataError, "22007"),
    ("date", "2024-02-30", errors.DataError, "22008"),
    ("uuid", "zz", errors.DataError, "22P02"),
    ("inet", "300.0.0.1", errors.DataError, "22P02"),
    ("jsonb", "{", errors.DataError, "22P02"),
    ("mood", "angry", errors.DataError, "22P02"),
    ("timestamp", "2024-13-01", errors.DataError, "22008"),
    ("interval", "soon", errors.DataError, "22007"),
    ("varchar(2)", "abc", errors.DataError, "22001"),
    ("positive", -1, errors.CheckError, "23514"),
    ("numeric", Decimal("sNaN"), errors.DataError, None),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[0]}-{case[1]}")
async def test_values_that_do_not_fit_a_column(
    pg: ModuleType, types: None, database: Database, case: tuple[str, Any, type[Exception], str | None]
) -> None:
    kind, value, expected, sqlstate = case
    await pg.execute(f"CREATE TABLE t (c {kind})")
    for call in (
        lambda: pg.insert_one("t", {"c": value}),
        lambda: pg.execute("INSERT INTO t VALUES ($1)", [value]),
        lambda: pg.insert_many("t", [{"c": None}, {"c": value}]),
    ):
        with pytest.raises(expected) as caught:
            await call()
        assert caught.value.sqlstate == sqlstate  # type: ignore[attr-defined]
    assert database.query("SELECT count(*) AS n FROM t") == [{"n": 0}]


@pytest.mark.parametrize("kind", ["smallint", "int", "bigint"])
async def test_a_bool_for_an_integer_column_is_a_type_error(pg: ModuleType, database: Database, kind: str) -> None:
    await pg.execute(f"CREATE TABLE t (c {kind})")
    with pytest.raises((errors.PostgresError, TypeError)):
        await pg.insert_one("t", {"c": True})
    assert database.query("SELECT * FROM t") == []


async def test_comparisons_beyond_the_inferred_type(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (n int4, s int2, x text, d date, ts timestamp, f float8)")
    await pg.execute(
        "INSERT INTO t VALUES (25, 1, 'a', '2024-01-15', '2024-01-15 10:00', 1.5), (26, 2, 'b', '2024-01-16', NULL, 2)"
    )

    async def numbers(condition: str, *values: Any) -> list[int]:
        return [row["n"] for row in await pg.execute(f"SELECT n FROM t WHERE {condition} ORDER BY n", list(values))]

    assert await numbers("n = $1", 9_999_999_999) == []
    assert await numbers("n < $1", 9_999_999_999) == [25, 26]
    assert await numbers("n < $1", 10**30) == [25, 26]
    assert await numbers("s < $1", 100_000) == [25, 26]
    assert await numbers("n > $1", 25.5) == [26]
    assert await numbers("n = $1", 25.0) == [25]
    assert await numbers("n > $1", Decimal("25.5")) == [26]
    assert await numbers("n = ANY($1)", [25, 9_999_999_999]) == [25]
    assert await numbers("d < $1", dt.datetime(2024, 1, 15, 12)) == [25]
    assert await numbers("f < $1", Decimal("1.75")) == [25]
    assert await numbers("ts = $1", dt.datetime(2024, 1, 15, 10, tzinfo=UTC)) == [25]
    assert await numbers("ts < $1", dt.datetime(2024, 1, 15, 10, 1, tzinfo=INDIA)) == []


async def test_text_against_int_is_the_servers_operator_error(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (x text)")
    with pytest.raises(errors.QueryError, match="operator does not exist: text = integer"):
        await pg.execute("SELECT * FROM t WHERE x = $1", [5])
    with pytest.raises(errors.QueryError, match="operator does not exist"):
        await pg.find_many("t", {"x": 5})


async def test_types_that_cannot_be_inferred(pg: ModuleType) -> None:
    async def value(expression: str, *values: Any) -> Any:
        return (await pg.execute(f"SELECT {expression} AS v", list(values)))[0]["v"]

    assert await value("concat($1, $2, $3, $4)", "a", 5, None, True) == "a5t"
    assert await value("jsonb_build_object($1, $2, $3, $4)", "a", 5, "b", None) == {"a": 5, "b": None}
    assert await value("jsonb_build_array($1, $2, $3)", 1.5, "x", True) == [1.5, "x", True]
    assert await value("to_jsonb($1)", 5) == 5
    assert await value("to_jsonb($1)", "x") == "x"
    assert await value("to_jsonb($1)", [1, 2]) == [1, 2]
    assert await value("$1 + $2", 2, 3) == 5
    assert await value("$1 + $2", 2.5, 3) == 5.5
    assert await value("$1 || $2", "a", "b") == "ab"
    assert await value("array_append($1, $2)", [1, 2], 3) == [1, 2, 3]
    assert await value("coalesce($1, $2)", None, 5) == 5
    assert await value("greatest($1, $2)", 5, 7) == 7
    assert await value("CASE WHEN $1 THEN $2 ELSE $3 END", True, 1, 2) == 1
    assert await value("$1 IS NULL", None) is True
    assert await value("$1 IS NULL", 5) is False
    assert await value("format('%s-%s', $1, $2)", 1, "b") == "1-b"
    assert await value("$1 = $2", 1, 1) is True
    assert await value("pg_typeof($1)::text", 2**40) == "bigint"
    assert await value("(SELECT sum(v) FROM unnest($1) AS v)", [1, 2, 3]) == 6


async def test_a_failed_inference_does_not_abort_the_transaction(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (n int4, x text)")
    async with pg.begin_transaction() as tx:
        await tx.insert_one("t", {"n": 1, "x": "a"})
        assert await tx.execute("SELECT concat($1, $2) AS v", ["a", 5]) == [{"v": "a5"}]
        assert await tx.execute("SELECT $1 + $2 AS v", [1, 2]) == [{"v": 3}]
        assert await tx.execute("SELECT n FROM t WHERE n = $1", [9_999_999_999]) == []
        assert await tx.execute("SELECT n FROM t WHERE n < $1", [25.5]) == [{"n": 1}]
        assert await tx.execute("SELECT to_jsonb($1) AS v", [[1, 2]]) == [{"v": [1, 2]}]
        await tx.insert_one("t", {"n": 2, "x": 12})
    assert await pg.execute("SELECT n, x FROM t ORDER BY n") == [{"n": 1, "x": "a"}, {"n": 2, "x": "12"}]


async def test_one_statement_with_values_of_changing_types(pg: ModuleType) -> None:
    for value in (5, "x", 1.5, None, True, 2**40, [1], {"a": 1}, 5, "y"):
        [row] = await pg.execute("SELECT $1 AS v", [value])
        assert (type(row["v"]), row["v"]) == (type(value), value)
    await pg.execute("CREATE TABLE t (n int)")
    for value in (1, 2.0, "3", Decimal(4), None):
        await pg.execute("INSERT INTO t VALUES ($1)", [value])
    assert await pg.execute("SELECT array_agg(n) AS a FROM t") == [{"a": [1, 2, 3, 4, None]}]


async def test_lists_in_conditions(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (n int, tags text[])")
    await pg.insert_many("t", [{"n": 1, "tags": ["a", "b"]}, {"n": 2, "tags": ["c"]}, {"n": 3, "tags": []}])

    async def numbers(condition: str, value: Any) -> list[int]:
        return [row["n"] for row in await pg.execute(f"SELECT n FROM t WHERE {condition} ORDER BY n", [value])]

    assert await numbers("n = ANY($1)", [1, 3]) == [1, 3]
    assert await numbers("n = ANY($1)", (1, 3)) == [1, 3]
    assert await numbers("n = ANY($1)", []) == []
    assert await numbers("n = ANY($1::int[])", [2]) == [2]
    assert await numbers("n = ANY($1::int[])", []) == []
    assert await numbers("NOT n = ANY($1)", []) == [1, 2, 3]
    assert await numbers("$1 = ANY(tags)", "a") == [1]
    assert await numbers("tags @> $1", ["a", "b"]) == [1]
    assert await numbers("tags @> $1", []) == [1, 2, 3]
    assert await numbers("tags && $1", ["b", "c"]) == [1, 2]
    assert await pg.execute("SELECT * FROM unnest($1::text[]) AS x", [["p", "q"]]) == [{"x": "p"}, {"x": "q"}]
    assert await pg.execute("SELECT * FROM unnest($1::int[], $2::text[]) AS x(a, b)", [[1, 2], ["p", None]]) == [
        {"a": 1, "b": "p"},
        {"a": 2, "b": None},
    ]


async def test_naive_datetimes_take_the_sessions_time_zone(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (c timestamptz)")
    async with pg.begin_transaction() as tx:
        await tx.execute("SET LOCAL TIME ZONE 'Asia/Tokyo'")
        row = await tx.insert_one("t", {"c": dt.datetime(2024, 1, 15, 10)})
        assert row["c"] == dt.datetime(2024, 1, 15, 1, tzinfo=UTC)
        assert await tx.execute("SELECT c FROM t WHERE c = $1", [dt.datetime(2024, 1, 15, 10)]) == [row]
        row = await tx.insert_one("t", {"c": dt.date(2024, 1, 15)})
        assert row["c"] == dt.datetime(2024, 1, 14, 15, tzinfo=UTC)


async def test_other_session_styles_do_not_change_values(pg: ModuleType) -> None:
    values = [
        dt.date(2024, 2, 3),
        dt.datetime(2024, 2, 3, 4, 5, 6, 7),
        dt.datetime(2024, 2, 3, 4, 5, tzinfo=UTC),
        dt.timedelta(days=3, hours=-4, microseconds=5),
        b"\\x01\xff",
        1 / 3,
    ]
    styles = [
        "DateStyle = 'SQL, DMY'",
        "IntervalStyle = 'sql_standard'",
        "bytea_output = 'escape'",
        "extra_float_digits = 0",
    ]
    for style in (*styles, "DateStyle = 'German'", "IntervalStyle = 'iso_8601'", "TimeZone = 'Asia/Kathmandu'"):
        async with pg.begin_transaction() as tx:
            await tx.execute(f"SET LOCAL {style}")
            [row] = await tx.execute("SELECT $1 AS a, $2 AS b, $3 AS c, $4 AS d, $5 AS e, $6 AS f", values)
            assert list(row.values())[:5] == values[:5], style
            assert row["f"] == pytest.approx(values[5], rel=1e-14), style


@dataclasses.dataclass
class Point:
    x: int


class Plain:
    """No PostgreSQL type: must not be stored as its repr."""


@pytest.mark.parametrize("value", [Plain(), Point(1), object(), 1j, lambda: 1, Plain, ..., range(3), iter([])])
async def test_objects_without_a_postgresql_type(pg: ModuleType, database: Database, value: Any) -> None:
    await pg.execute("CREATE TABLE t (c text, d jsonb)")
    for call in (
        lambda: pg.execute("INSERT INTO t (c) VALUES ($1)", [value]),
        lambda: pg.insert_one("t", {"c": value}),
        lambda: pg.insert_one("t", {"d": {"a": value}}),
        lambda: pg.insert_many("t", [{"c": "fine"}, {"c": value}]),
        lambda: pg.execute("INSERT INTO t (c) VALUES ($1[1])", [[value]]),
        lambda: pg.find_many("t", [("c", "eq", value)]),
    ):
        with pytest.raises(TypeError, match=type(value).__name__):
            await call()
    assert database.query("SELECT * FROM t") == []


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "a\x00b", "\x00"])
async def test_text_that_postgresql_cannot_hold(pg: ModuleType, database: Database, text: str) -> None:
    await pg.execute("CREATE TABLE t (c text, j jsonb, a text[])")
    for call in (
        lambda: pg.execute("INSERT INTO t (c) VALUES ($1)", [text]),
        lambda: pg.execute("INSERT INTO t (c) VALUES (:v)", {"v": text}),
        lambda: pg.insert_one("t", {"c": text}),
        lambda: pg.insert_one("t", {"a": ["fine", text]}),
        lambda: pg.insert_one("t", {"j": {"k": text}}),
        lambda: pg.insert_one("t", {"j": {text: 1}}),
        lambda: pg.insert_many("t", [{"c": "fine"}, {"c": text}]),
        lambda: pg.upsert_one("t", {"c": text}, "c"),
        lambda: pg.find_many("t", {"c": text}),
        lambda: pg.update_many("t", None, {"c": text}),
        lambda: pg.delete_one("t", "c", text),
    ):
        with pytest.raises(errors.DataError) as caught:
            await call()
        assert isinstance(caught.value, ValueError)
    assert database.query("SELECT * FROM t") == []


async def test_acceptances_that_callers_rely_on(pg: ModuleType) -> None:
    await pg.execute(
        "CREATE TABLE t (id serial PRIMARY KEY, n numeric, b bigint, r real, f float8, d date, j jsonb, i int)"
    )
    await pg.execute("INSERT INTO t (j) VALUES ($1::jsonb)", ['{"a": 1}'])
    assert await pg.execute("SELECT j FROM t WHERE j @> $1::jsonb", ['{"a": 1}']) == [{"j": {"a": 1}}]
    rows = await pg.insert_many(
        "t",
        [
            {"n": 100.0, "b": 2**33, "r": 3.14, "f": 2.5, "d": "2024-01-15", "j": [1], "i": 20},
            {"n": 200, "b": 1, "r": 7, "f": None, "d": dt.date(2024, 1, 16), "j": None, "i": 40},
        ],
    )
    assert rows[0]["r"] == 3.14
    assert rows[0]["b"] == 2**33
    assert [row["d"] for row in rows] == [dt.date(2024, 1, 15), dt.date(2024, 1, 16)]
    [row] = await pg.execute("SELECT sum(n) AS s, avg(i) AS a, sum(i) AS si, sum(b) AS sb, count(*) AS c FROM t")
    assert row["s"] == 300.0
    assert float(row["s"]) == 300.0
    assert row["a"] == 30
    assert [type(row[key]) for key in ("s", "a", "si", "sb", "c")] == [Decimal, Decimal, int, Decimal, int]


async def test_numpy_like_scalars_in_columns(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (n int, f float8, j jsonb)")
    assert await pg.insert_one("t", {"n": Index(), "f": Float(), "j": {"n": Index(), "f": Float()}}) == {
        "n": 42,
        "f": 1.5,
        "j": {"n": 42, "f": 1.5},
    }


async def test_integers_longer_than_python_prints(pg: ModuleType) -> None:
    value = 10**5000 + 7
    [row] = await pg.execute("SELECT $1 AS n, $1::numeric = $2::numeric AS same, to_jsonb($1) AS j", [value, value])
    assert int(row["n"]) == value
    assert row["same"] is True
    assert row["j"] == value
    with pytest.raises(errors.DataError, match="JSON"):
        await pg.execute("SELECT $1::jsonb AS j", [{"n": value}])


CONTEXTS: list[tuple[str, list[Any], Any]] = [
    ("$1::bool", [1], True),
    ("$1::text", [5], "5"),
    ("$1::int", [1.5], 2),
    ("date '2024-01-01' + $1", [5], dt.date(2024, 1, 6)),
    ("now() - $1::interval < now()", ["1 day"], True),
    ("'{}'::jsonb || $1", [{"a": 1}], {"a": 1}),
    ("jsonb_set('{}', $1, $2)", [["a"], 5], {"a": 5}),
    ("jsonb_set('{}', '{a}', $1)", ["5"], {"a": 5}),
    ("$1::json ->> 'a'", [{"a": 1}], "1"),
    ("(SELECT count(*) FROM jsonb_array_elements($1))", [[1, 2]], 2),
    ("$1::varchar(3)", ["abcdef"], "abc"),
    ("($1::int[])[1]", [[7]], 7),
    ("array_length($1, 1)", [[1, 2]], 2),
    ("$1 = ANY($2)", [1, [1, 2]], True),
    ("$1 IN (SELECT unnest($2::int[]))", [1, [1, 2]], True),
    ("to_char($1, 'YYYY')", [dt.datetime(2024, 1, 1)], "2024"),
    ("round($1, 2)", [1.236], Decimal("1.24")),
    ("coalesce($1, 0)", [None], 0),
    ("length($1)", ["abc"], 3),
    ("length($1)", [b"abcd"], 4),
    ("'x' || $1", [5], "x5"),
    ("row($1, $2)", [5, "a"], (5, "a")),
    ("(SELECT max(n) FROM (SELECT n FROM generate_series(1, 9) AS n LIMIT $1) AS s)", [4], 4),
    ("(SELECT max(n) FROM (SELECT n FROM generate_series(1, 9) AS n LIMIT $1) AS s)", [4.0], 4),
    ("(SELECT max(n) FROM (SELECT n FROM generate_series(1, 9) AS n LIMIT $1) AS s)", ["4"], 4),
    ("set_config('app.x', $1, false)", ["5"], "5"),
]


@pytest.mark.parametrize("again", ["first time", "inside a transaction"])
async def test_parameters_in_many_contexts(pg: ModuleType, again: str) -> None:
    async def check() -> None:
        for expression, values, expected in CONTEXTS:
            [row] = await pg.execute(f"SELECT {expression} AS v", values)
            assert (type(row["v"]), row["v"]) == (type(expected), expected), expression

    if again == "first time":
        await check()
        await check()
        return
    async with pg.begin_transaction():
        await check()
