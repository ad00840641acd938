"""Values of every PostgreSQL type as results: classes, specials, and what Python cannot represent."""

from __future__ import annotations

import datetime as dt
import ipaddress
import math
import uuid
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from ouroboros_postgres import Range, errors

UTC = dt.UTC

# expression, value; the class counts as well
RESULTS: list[tuple[str, Any]] = [
    ("true", True),
    ("'f'::bool", False),
    ("(-32768)::int2", -32768),
    ("2147483647::int4", 2147483647),
    ("(-9223372036854775808)::int8", -(2**63)),
    ("count(*)", 1),
    ("row_number() OVER ()", 1),
    ("4294967295::oid", 4294967295),
    ("'17'::xid", 17),
    ("'17'::cid", 17),
    ("3.14::float4", 3.14),
    ("1e-45::float4", 1e-45),
    ("0.1::float8 + 0.2::float8", 0.1 + 0.2),
    ("'5e-324'::float8", 5e-324),
    ("'inf'::float8", math.inf),
    ("'-inf'::float4", -math.inf),
    ("'-0'::float8", -0.0),
    ("1.10::numeric", Decimal("1.10")),
    ("0.00::numeric", Decimal("0.00")),
    ("1e20::numeric", Decimal("100000000000000000000")),
    (
        "'123456789012345678901234567890.123456789012345678901234567890'::numeric",
        Decimal("123456789012345678901234567890.123456789012345678901234567890"),
    ),
    ("'Infinity'::numeric", Decimal("Infinity")),
    ("'-Infinity'::numeric", Decimal("-Infinity")),
    ("sum(1::int4)", 1),
    ("sum(1::int8)", Decimal(1)),
    ("avg(30::int4)", Decimal("30.0000000000000000")),
    ("'été 😀'::text", "été 😀"),
    ("'a'::varchar(5)", "a"),
    ("'a'::char(3)", "a  "),
    ("'a'::name", "a"),
    ("'a'::\"char\"", "a"),
    ("'a'", "a"),
    ("NULL", None),
    ("'\\x00ff'::bytea", b"\x00\xff"),
    ("''::bytea", b""),
    ("'12345678-1234-5678-1234-567812345678'::uuid", uuid.UUID("12345678-1234-5678-1234-567812345678")),
    ("'2024-02-29'::date", dt.date(2024, 2, 29)),
    ("'0001-01-01'::date", dt.date.min),
    ("'9999-12-31'::date", dt.date.max),
    ("'infinity'::date", dt.date.max),
    ("'-infinity'::date", dt.date.min),
    ("'23:59:59.999999'::time", dt.time.max),
    ("'10:00+05:30'::timetz", dt.time(10, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))),
    (
        "'10:00:00.5-08:00:01'::timetz",
        dt.time(10, 0, 0, 500_000, tzinfo=dt.timezone(-dt.timedelta(hours=8, seconds=1))),
    ),
    ("'2024-01-15 10:30:00.000001'::timestamp", dt.datetime(2024, 1, 15, 10, 30, 0, 1)),
    ("'infinity'::timestamp", dt.datetime.max),
    ("'-infinity'::timestamp", dt.datetime.min),
    ("'2024-01-15 10:30+02'::timestamptz", dt.datetime(2024, 1, 15, 8, 30, tzinfo=UTC)),
    ("'infinity'::timestamptz", dt.datetime.max.replace(tzinfo=UTC)),
    ("'-infinity'::timestamptz", dt.datetime.min.replace(tzinfo=UTC)),
    ("'0001-01-01 00:00+00'::timestamptz", dt.datetime(1, 1, 1, tzinfo=UTC)),
    ("'1 month'::interval", dt.timedelta(days=30)),
    ("'12 months'::interval", dt.timedelta(days=365)),
    (
        "'1 year 2 months 3 days 04:05:06.000007'::interval",
        dt.timedelta(days=365 + 60 + 3, hours=4, minutes=5, seconds=6, microseconds=7),
    ),
    ("'-1 month'::interval", dt.timedelta(days=-30)),
    ("'-14 months'::interval", dt.timedelta(days=-(365 + 60))),
    ("'1 mon -1 day'::interval", dt.timedelta(days=29)),
    ("'-00:00:00.000001'::interval", dt.timedelta(microseconds=-1)),
    ('\'{"b": 1, "a": [1.5, true, null, "é"]}\'::json', {"b": 1, "a": [1.5, True, None, "é"]}),
    ("'{\"n\": 123456789012345678901234567890}'::jsonb", {"n": 123456789012345678901234567890}),
    ("'null'::jsonb", None),
    ("'[]'::jsonb", []),
    ("'5'::jsonb", 5),
    ("'5.0'::jsonb", 5.0),
    ("'\"x\"'::jsonb", "x"),
    ("'true'::jsonb", True),
    ("'{\"a\": {\"b\": 1}}'::jsonb -> 'a'", {"b": 1}),
    ("'{\"a\": {\"b\": 1}}'::jsonb ->> 'a'", '{"b": 1}'),
    ("'{\"a\": null}'::jsonb ->> 'a'", None),
    ('\'{"ts": "x"}\'::jsonb', {"ts": "x"}),
    ('\'{"n": "1.10"}\'::json', {"n": "1.10"}),
    ('\'[{"y": "AA=="}]\'::jsonb', [{"y": "AA=="}]),
    ("ARRAY[1, NULL, 3]", [1, None, 3]),
    ("'{}'::int[]", []),
    ("NULL::int[]", None),
    ("ARRAY[[1, 2], [3, NULL]]", [[1, 2], [3, None]]),
    ("ARRAY[[['a', 'b']], [['c', 'd']]]", [[["a", "b"]], [["c", "d"]]]),
    ("'[5:7]={1,2,3}'::int[]", [1, 2, 3]),
    ("ARRAY['a,b', '\"', '\\', '', 'NULL', NULL, '{}']", ["a,b", '"', "\\", "", "NULL", None, "{}"]),
    ("ARRAY['2024-01-15', NULL]::date[]", [dt.date(2024, 1, 15), None]),
    ("ARRAY['2024-01-15 10:00']::timestamp[]", [dt.datetime(2024, 1, 15, 10)]),
    (
        "ARRAY['2024-01-15 10:00+00', 'infinity']::timestamptz[]",
        [dt.datetime(2024, 1, 15, 10, tzinfo=UTC), dt.datetime.max.replace(tzinfo=UTC)],
    ),
    ("ARRAY['{\"a\": 1}', NULL, 'null']::jsonb[]", [{"a": 1}, None, None]),
    ("ARRAY['happy', NULL]::mood[]", ["happy", None]),
    ("ARRAY['\\x00']::bytea[]", [b"\x00"]),
    ("ARRAY[true, NULL]", [True, None]),
    ("ARRAY['1 day']::interval[]", [dt.timedelta(1)]),
    ("ARRAY['10.0.0.1']::inet[]", [ipaddress.ip_address("10.0.0.1")]),
    ("ARRAY[1.5, 'inf']::float8[]", [1.5, math.inf]),
    ("ARRAY['a']::name[]", ["a"]),
    ("ARRAY[ROW(1, 'x')::pair, NULL]", [{"a": 1, "b": "x"}, None]),
    ("ARRAY['[1,3)', 'empty']::int4range[]", [Range(1, 3), Range(empty=True)]),
    ("ARRAY[5::positive]", [5]),
    ("'1 2'::int2vector", "1 2"),
    ("'happy'::mood", "happy"),
    ("5::positive", 5),
    ("ARRAY[1,2]::few", [1, 2]),
    ("ROW(1, 'x')::pair", {"a": 1, "b": "x"}),
    ("ROW(NULL, NULL)::pair", {"a": None, "b": None}),
    ("NULL::pair", None),
    (
        "ROW(ROW(1, 'q\"'), '2024-01-15', ARRAY[1,NULL])::nest",
        {"p": {"a": 1, "b": 'q"'}, "d": dt.date(2024, 1, 15), "l": [1, None]},
    ),
    (
        "ROW(1, 'x'::text, NULL, true, 1.10, '2024-01-15'::date)",
        (1, "x", None, True, Decimal("1.10"), dt.date(2024, 1, 15)),
    ),
    ("ROW(ROW(1), ARRAY[2])", ((1,), [2])),
    ("ROW()", ()),
    ("'10.0.0.1'::inet", ipaddress.IPv4Address("10.0.0.1")),
    ("'::1'::inet", ipaddress.IPv6Address("::1")),
    ("'10.0.0.1/24'::inet", ipaddress.IPv4Interface("10.0.0.1/24")),
    ("'2001:db8::1/64'::inet", ipaddress.IPv6Interface("2001:db8::1/64")),
    ("'10.0.0.0/8'::cidr", ipaddress.IPv4Network("10.0.0.0/8")),
    ("'2001:db8::/32'::cidr", ipaddress.IPv6Network("2001:db8::/32")),
    ("'10.0.0.1/32'::cidr", ipaddress.IPv4Network("10.0.0.1/32")),
    ("'08:00:2b:01:02:03'::macaddr", "08:00:2b:01:02:03"),
    ("'08:00:2b:01:02:03:04:05'::macaddr8", "08:00:2b:01:02:03:04:05"),
    ("1234.5::money", "$1,234.50"),
    ("B'101'", "101"),
    ("B'101'::varbit", "101"),
    ("to_tsvector('simple', 'a b')", "'a':1 'b':2"),
    ("to_tsquery('simple', 'a & b')", "'a' & 'b'"),
    ("point(1, 2.5)", "(1,2.5)"),
    ("'{1,2,3}'::line", "{1,2,3}"),
    ("'[(0,0),(1,1)]'::lseg", "[(0,0),(1,1)]"),
    ("'(1,1),(0,0)'::box", "(1,1),(0,0)"),
    ("'((0,0),(1,1))'::path", "((0,0),(1,1))"),
    ("'((0,0),(1,1))'::polygon", "((0,0),(1,1))"),
    ("'<(0,0),1>'::circle", "<(0,0),1>"),
    ("'16/B374D848'::pg_lsn", "16/B374D848"),
    ("'pg_class'::regclass", "pg_class"),
    ("'integer'::regtype", "integer"),
    ("'now'::regproc", "now"),
    ("'(0,1)'::tid", "(0,1)"),
    ("'10:20:10,14'::pg_snapshot", "10:20:10,14"),
    ("'$.a'::jsonpath", '$."a"'),
    ("ARRAY[point(1, 2)]", ["(1,2)"]),
    ("int4range(1, 5)", Range(1, 5)),
    ("int8range(NULL, 5)", Range(None, 5)),
    ("int4range(1, 1)", Range(empty=True)),
    ("numrange(1.10, 2, '(]')", Range(Decimal("1.10"), Decimal(2), "(]")),
    ("daterange('2024-01-01', '2024-02-01')", Range(dt.date(2024, 1, 1), dt.date(2024, 2, 1))),
    ("tsrange('2024-01-01', NULL)", Range(dt.datetime(2024, 1, 1), None)),
    ("tstzrange('2024-01-01 00:00+00', NULL, '()')", Range(dt.datetime(2024, 1, 1, tzinfo=UTC), None, "()")),
    ("int4range(NULL, NULL)", Range(None, None)),
    ("'{[1,3),[5,9)}'::int4multirange", [Range(1, 3), Range(5, 9)]),
    ("'{}'::int4multirange", []),
    ("floatrange(1, 2.5)", Range(1.0, 2.5)),
    ("pg_sleep(0)", None),
    ("int4multirange(int4range(1, 2))", [Range(1, 2)]),
]


@pytest.fixture
async def types(pg: ModuleType) -> None:
    for statement in (
        "CREATE TYPE mood AS ENUM ('happy', 'sad')",
        "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
        "CREATE DOMAIN few AS int[] CHECK (cardinality(VALUE) < 5)",
        "CREATE TYPE pair AS (a int, b text)",
        "CREATE TYPE nest AS (p pair, d date, l int[])",
        "CREATE TYPE floatrange AS RANGE (subtype = float8)",
    ):
        await pg.execute(statement)


def is_same(value: Any, expected: Any) -> bool:
    """Equality with classes and signs of zero, at any depth."""
    if type(value) is not type(expected):
        return False
    if isinstance(value, float):
        return value == expected and math.copysign(1, value) == math.copysign(1, expected)
    if isinstance(value, Decimal):
        return value.as_tuple() == expected.as_tuple()
    if isinstance(value, (list, tuple)):
        return len(value) == len(expected) and all(map(is_same, value, expected))
    if isinstance(value, dict):
        return list(value) == list(expected) and all(map(is_same, value.values(), expected.values()))
    if isinstance(value, Range):
        return repr(value) == repr(expected)
    if isinstance(value, (dt.datetime, dt.time)):
        return value == expected and value.utcoffset() == expected.utcoffset()
    return bool(value == expected)


async def test_every_type(pg: ModuleType, types: None) -> None:
    wrong = []
    for expression, expected in RESULTS:
        statements = [f"SELECT {expression} AS v"]
        if not isinstance(expected, tuple):  # in a batch the server sends no types of an anonymous record's fields
            statements.append(f"SELECT 1; SELECT {expression} AS v")
        for statement in statements:
            [row] = await pg.execute(statement)
            if not is_same(row["v"], expected):
                wrong.append((statement, row["v"], expected))
    assert wrong == []


async def test_not_a_number(pg: ModuleType) -> None:
    [row] = await pg.execute("SELECT 'NaN'::float8 AS f, 'NaN'::numeric AS n, ARRAY[1.10, NULL, 'NaN']::numeric[] AS a")
    assert type(row["f"]) is float and math.isnan(row["f"])
    assert type(row["n"]) is Decimal and row["n"].is_nan()
    assert row["a"][:2] == [Decimal("1.10"), None] and row["a"][2].is_nan()


async def test_utc_whatever_the_session_says(pg: ModuleType) -> None:
    async with pg.begin_transaction() as tx:
        await tx.execute("SET LOCAL TIME ZONE 'Asia/Kathmandu'")
        [row] = await tx.execute("SELECT '2024-01-15 10:00+00'::timestamptz AS t")
    assert row["t"] == dt.datetime(2024, 1, 15, 10, tzinfo=UTC)
    assert row["t"].tzinfo is UTC or row["t"].utcoffset() == dt.timedelta(0)


UNREPRESENTABLE = [
    ("'24:00:00'::time", "time"),
    ("'24:00:00+00'::timetz", "timetz"),
    ("'4713-01-01 BC'::date", "date"),
    ("'0001-01-01 BC'::timestamp", "timestamp"),
    ("'10000-01-01'::date", "date"),
    ("'294276-12-31'::timestamp", "timestamp"),
    ("'10000-01-01 00:00+00'::timestamptz", "timestamptz"),
    ("'178000000 years'::interval", "interval"),
]


@pytest.mark.parametrize(("expression", "name"), UNREPRESENTABLE)
@pytest.mark.parametrize("shape", ["{}", "ARRAY[{}]", "ROW({})"])
async def test_values_that_python_cannot_represent(pg: ModuleType, expression: str, name: str, shape: str) -> None:
    with pytest.raises(errors.DeserializationError, match="odd_one") as caught:
        await pg.execute(f"SELECT 1 AS fine, {shape.format(expression)} AS odd_one")
    if shape == "{}":
        assert name in str(caught.value)
        assert "::text" in str(caught.value)
    assert await pg.execute(f"SELECT ({expression})::text IS NOT NULL AS fine") == [{"fine": True}]


async def test_an_unrepresentable_value_does_not_end_the_transaction(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (n int)")
    async with pg.begin_transaction() as tx:
        await tx.insert_one("t", {"n": 1})
        with pytest.raises(errors.DeserializationError):
            await tx.execute("SELECT '24:00'::time AS v FROM generate_series(1, 1000)")
        await tx.insert_one("t", {"n": 2})
    assert await pg.execute("SELECT n FROM t ORDER BY n") == [{"n": 1}, {"n": 2}]


async def test_no_type_is_fatal(pg: ModuleType) -> None:
    for table in ("pg_class", "pg_type", "pg_proc", "pg_attribute", "pg_statistic", "pg_settings", "pg_index", "pg_am"):
        [expected] = await pg.execute(f"SELECT count(*) AS n FROM {table}")
        assert len(await pg.execute(f"SELECT * FROM {table}")) == expected["n"]
    for table in ("pg_stat_activity", "pg_locks", "pg_stats", "pg_database", "pg_trigger", "pg_constraint", "pg_roles"):
        assert isinstance(await pg.execute(f"SELECT * FROM {table}"), list)


async def test_types_made_while_the_pool_is_open(pg: ModuleType) -> None:
    for labels, value in (("'a'", "a"), ("'b', 'c'", "c")):
        await pg.execute(f"CREATE TYPE kind AS ENUM ({labels})")
        await pg.execute(f"CREATE TYPE duo AS (k kind, n {'int' if value == 'a' else 'text'})")
        await pg.execute("CREATE TABLE t (k kind, ks kind[], b duo)")
        number = 1 if value == "a" else "x"
        await pg.execute("INSERT INTO t VALUES ($1, $2, ROW($1, $3)::duo)", [value, [value], number])
        assert await pg.execute("SELECT * FROM t") == [{"k": value, "ks": [value], "b": {"k": value, "n": number}}]
        for statement in ("DROP TABLE t", "DROP TYPE duo", "DROP TYPE kind"):
            await pg.execute(statement)


async def test_types_of_dropped_composite_columns(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (a int, gone text, b text)")
    await pg.execute("INSERT INTO t VALUES (1, 'x', 'y')")
    assert await pg.execute("SELECT t AS r FROM t") == [{"r": {"a": 1, "gone": "x", "b": "y"}}]
    await pg.execute("ALTER TABLE t DROP COLUMN gone")
    assert await pg.execute("SELECT t AS r FROM t") == [{"r": {"a": 1, "b": "y"}}]


async def extension(pg: ModuleType, name: str) -> None:
    if not await pg.execute("SELECT 1 FROM pg_available_extensions WHERE name = $1", [name]):
        [row] = await pg.execute("SHOW server_version")
        pytest.skip(f"PostgreSQL {row['server_version']} at TEST_DATABASE_URL comes without the extension {name}")
    await pg.execute(f"CREATE EXTENSION {name}")


async def test_hstore(pg: ModuleType) -> None:
    await extension(pg, "hstore")
    expression = """'a=>1, "b c"=>NULL, "q\\"=>,"=>"x\\\\y", é=>"😀", "NULL"=>"NULL", ""=>""'::hstore"""
    expected = {"a": "1", "b c": None, 'q"=>,': "x\\y", "é": "😀", "NULL": "NULL", "": ""}
    assert await pg.execute(f"SELECT {expression} AS h, ''::hstore AS e, NULL::hstore AS n") == [
        {"h": expected, "e": {}, "n": None}
    ]
    assert await pg.execute("SELECT ARRAY['a=>1'::hstore, NULL] AS v") == [{"v": [{"a": "1"}, None]}]
    await pg.execute("CREATE TABLE t (h hstore)")
    assert await pg.insert_one("t", {"h": "a=>1"}) == {"h": {"a": "1"}}


async def test_citext_and_ltree(pg: ModuleType) -> None:
    await extension(pg, "citext")
    await extension(pg, "ltree")
    assert await pg.execute("SELECT 'AbC'::citext AS c, 'a.b.c'::ltree AS l, ARRAY['x'::citext] AS a") == [
        {"c": "AbC", "l": "a.b.c", "a": ["x"]}
    ]
    await pg.execute("CREATE TABLE t (c citext, l ltree)")
    await pg.insert_one("t", {"c": "AbC", "l": "a.b"})
    assert await pg.execute("SELECT c FROM t WHERE c = $1 AND l <@ $2", ["abc", "a"]) == [{"c": "AbC"}]
