"""Several hundred literals of every type, decoded by this package and by psycopg: the same values."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import math
from types import ModuleType
from typing import Any

import psycopg
import pytest
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range as PsycopgRange

from fixtures.database import Database
from ouroboros_postgres import Range

UTC = dt.UTC

LITERALS: dict[str, list[str]] = {
    "bool": ["t", "f", "yes", "0", "on"],
    "int2": ["0", "-32768", "32767", " 12 "],
    "int4": ["0", "-2147483648", "2147483647", "-1"],
    "int8": ["0", "-9223372036854775808", "9223372036854775807", "9007199254740993"],
    "oid": ["0", "4294967295"],
    "float4": [
        "0",
        "-0",
        "1.5",
        "3.14",
        "1e10",
        "1e-10",
        "3.4028235e38",
        "1.17549435e-38",
        "1e-45",
        "NaN",
        "inf",
        "-inf",
    ],
    "float8": [
        *(
            "0",
            "-0",
            "0.1",
            "3.14",
            "1e15",
            "1e16",
            "1e22",
            "1e23",
            "123456789.123456789",
            "5e-324",
            "2.2250738585072014e-308",
        ),
        *("1.7976931348623157e308", "NaN", "inf", "-inf", "9007199254740993", "-1e-7", "100000", "1e300"),
    ],
    "numeric": [
        *(
            "0",
            "0.0",
            "0.000",
            "-0.1",
            "1",
            "1.0",
            "1.10",
            "100",
            "1e10",
            "1e-10",
            "12345678901234567890.123456789",
            "NaN",
        ),
        *("Infinity", "-Infinity", "9999", "10000", "99999999", "0.0001", "0.00010000", "1e100", "-1e-30"),
    ],
    "numeric(10,2)": ["0", "1.1", "-99999999.99", "12345678.9"],
    "text": ["", "a", "é", "😀", "\\", '"', "a\nb\tc\r", "null", "{}", "'", "\u2028", "\x01\x7f", "ﷺ", "a" * 5000],
    "varchar": ["", "x", "trailing  "],
    "char(5)": ["ab", "", "abcde", "é"],
    "name": ["a", "select", "é"],
    '"char"': ["a", "Z"],
    "bytea": ["", "\\x00", "\\xff00ff", "\\x" + "00ff" * 500, "abc", "\\000\\377"],
    "uuid": ["12345678-1234-5678-1234-567812345678", "{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}"],
    "date": ["2024-01-15", "2024-02-29", "0001-01-01", "9999-12-31", "1582-10-10", "1970-01-01", "1999-12-31"],
    "time": ["00:00", "23:59:59.999999", "12:30:15.5", "01:02:03.000004", "12:00:00.1"],
    "timetz": ["00:00+00", "23:59:59.999999-12", "12:30+05:45", "10:00+05:30:15", "10:00-00:30"],
    "timestamp": [
        *("2024-01-15 10:30", "0001-01-01 00:00", "9999-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999"),
        *("2000-01-01 00:00:00.000001", "1583-01-01 12:00:00.5", "2024-02-29 23:59:60"),
    ],
    "timestamptz": [
        *("2024-01-15 10:30+00", "2024-06-15 10:30+02", "0001-01-01 00:00+00", "9999-12-31 23:59:59.999999+00"),
        *("1900-01-01 00:00:00.000001-11:30", "1880-01-01 00:00 Europe/Paris", "2024-03-31 02:30 Europe/Paris"),
    ],
    "interval": [
        *(
            "0",
            "1 day",
            "-1 day",
            "1 day -1 hour",
            "00:00:00.000001",
            "-00:00:00.000001",
            "1 year",
            "1 month",
            "-1 month",
        ),
        *(
            "14 months 3 days",
            "1 year -1 month",
            "100 years",
            "999 days 23:59:59.999999",
            "-13 months -5 days -04:03:02.1",
        ),
    ],
    "json": [
        *(
            '{"b": 1, "a": 2}',
            "[]",
            "{}",
            "null",
            "true",
            "1",
            "1.0",
            "1e3",
            "-0",
            '"x"',
            '{"a": {"b": [1, [2, {"c": null}]]}}',
        ),
        *(
            '"\\ud83d\\ude00\\n\\u0041"',
            "12345678901234567890123",
            '  {"a" : 1 }  ',
            '{"a": 1, "a": 2}',
            '"\\/"',
            "0.1",
        ),
    ],
    "jsonb": [
        *(
            '{"b": 1, "a": 2}',
            "[]",
            "{}",
            "null",
            "false",
            "1",
            "1.0",
            "1e3",
            '"x"',
            '[1, "a", null, {"k": [true]}]',
            '""',
        ),
        *(
            '"\\ud83d\\ude00"',
            "12345678901234567890123",
            "1e-7",
            '"\\u0001\\"\\\\"',
            "[[[[[]]]]]",
            '{"": {"": ""}}',
            "123.450",
        ),
    ],
    "jsonpath": ["$.a[*] ? (@ > 1)"],
    "inet": ["10.0.0.1", "10.0.0.1/32", "10.0.0.1/24", "::1", "2001:db8::1/64", "0.0.0.0/0", "::ffff:1.2.3.4", "::/0"],
    "cidr": ["10.0.0.0/8", "10.0.0.1/32", "2001:db8::/32", "0.0.0.0/0", "192.168.1"],
    "macaddr": ["08:00:2b:01:02:03"],
    "macaddr8": ["08:00:2b:01:02:03:04:05"],
    "money": ["1234.50", "-0.01", "92233720368547758.07"],
    "bit(3)": ["101", "000"],
    "varbit": ["", "1", "10101"],
    "tsvector": ["'a':1 'b':2,3A", ""],
    "tsquery": ["'a' & !'b'"],
    "point": ["(1,2)", "(-0.5,1e300)"],
    "line": ["{1,-1,0}"],
    "lseg": ["[(0,0),(1,1)]"],
    "box": ["(0,0),(1,1)"],
    "path": ["[(0,0),(1,1)]", "((0,0),(1,1))"],
    "polygon": ["((0,0),(1,1),(1,0))"],
    "circle": ["<(0,0),2.5>"],
    "pg_lsn": ["0/0", "16/B374D848"],
    "regclass": ["pg_class", "pg_catalog.pg_type"],
    "regtype": ["int4", "text[]"],
    "regrole": ["postgres"],
    "tid": ["(0,1)"],
    "int2vector": ["1 2 3", ""],
    "oidvector": ["1 2"],
    "int4range": ["[1,5)", "(1,5]", "empty", "(,)", "[1,)", "(,5]", "[3,3]"],
    "int8range": ["[1,9223372036854775806]", "(,0)"],
    "numrange": ["[1.10,2.50]", "(1.0,2)", "empty", "[1,]", "(,)"],
    "daterange": ["[2024-01-01,2024-02-01)", "(,2024-01-01)", "[2024-01-01,2024-01-01]"],
    "tsrange": ["[2024-01-01 00:00,2024-02-01 12:30:00.5)", "(,)", "(2024-01-01,2024-01-02]"],
    "tstzrange": ["[2024-01-01 00:00+02,2024-02-01 00:00+00]", "empty"],
    "int4multirange": ["{}", "{[1,3),[5,9)}", "{(,)}"],
    "nummultirange": ["{[1.0,2.5],(3,4)}"],
    "datemultirange": ["{[2024-01-01,2024-02-01),[2025-01-01,)}"],
    "int4[]": ["{}", "{1,NULL,-3}", "{{1,2},{3,4}}", "{{{1}},{{2}}}", "[2:3]={7,8}", "[0:1][5:6]={{1,2},{3,4}}"],
    "int2[]": ["{1,2}"],
    "int8[]": ["{9223372036854775807,NULL}"],
    "bool[]": ["{t,f,NULL}"],
    "float4[]": ["{3.14,NaN,inf}"],
    "float8[]": ["{0.1,-0,NULL,1e300}"],
    "numeric[]": ["{1.10,NaN,-Infinity,NULL}", "{{1.0},{2}}"],
    "text[]": [
        '{a,NULL,"NULL",null,"",""}',
        '{"a,b","q\\"","b\\\\s"," x ","{}"}',
        "{é,😀}",
        "{}",
        '{{a,b},{"c d",NULL}}',
        '{"\n"}',
    ],
    "varchar[]": ["{a,b}"],
    "name[]": ["{a,b}"],
    "bytea[]": ['{"\\\\x00ff",NULL,"\\\\x"}'],
    "uuid[]": ["{12345678-1234-5678-1234-567812345678,NULL}"],
    "date[]": ["{2024-01-15,NULL}"],
    "time[]": ["{10:00,23:59:59.5}"],
    "timestamp[]": ['{"2024-01-15 10:30:00.5",NULL}'],
    "timestamptz[]": ['{"2024-01-15 10:30+02",NULL}'],
    "interval[]": ['{"1 day","-00:00:01",NULL}'],
    "json[]": ['{"{\\"b\\": 1, \\"a\\": [1, \\"x,y\\"]}",NULL,"null","[]"}'],
    "jsonb[]": ['{"{\\"a\\": \\"}\\"}",NULL,"1"}'],
    "inet[]": ["{10.0.0.1,10.0.0.1/24,::1,NULL}"],
    "cidr[]": ["{10.0.0.0/8}"],
    "point[]": ['{"(1,2)",NULL}'],
    "box[]": ["{(1,1),(0,0);(3,3),(2,2)}"],
    "money[]": ["{1,NULL}"],
    "oid[]": ["{1,4294967295}"],
    "int4range[]": ['{"[1,5)",empty,NULL}'],
    "tstzrange[]": ['{"[2024-01-01 00:00+00,2024-02-01 00:00+00)"}'],
    "mood": ["happy", "so so"],
    "mood[]": ['{happy,"so so",NULL}'],
    "positive": ["5"],
    "positive[]": ["{5,NULL}"],
    "label": ["abc"],
    "pair": ["(1,x)", "(,)", '(1,"a,b""c\\\\")', "(-5,é)"],
    "pair[]": ['{"(1,x)","(,)",NULL}'],
    "nest": ['("(1,x)",2024-01-15,"{1,NULL}")', "(,,)"],
}

CASES = [(kind, literal) for kind, literals in LITERALS.items() for literal in literals]

SCHEMA = """
CREATE TYPE mood AS ENUM ('happy', 'so so');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN label AS varchar(10);
CREATE TYPE pair AS (a int, b text);
CREATE TYPE nest AS (p pair, d date, l int[])
"""

# psycopg reads these as plain text until they are registered; test_values_results.py has them.
FOREIGN_TO_PSYCOPG = frozenset(("pair", "pair[]", "nest", "mood[]", "positive[]"))


def test_there_are_several_hundred_literals() -> None:
    assert len(CASES) > 300


def normalised(value: Any, kind: str) -> Any:
    """psycopg's value in the terms of this package, where the contract says otherwise."""
    base = kind.removesuffix("[]")
    if isinstance(value, list):
        return [normalised(item, kind) for item in value]
    if isinstance(value, Multirange):
        return [normalised(item, kind) for item in value]
    if isinstance(value, PsycopgRange):
        if value.isempty:
            return Range(empty=True)
        return Range(normalised(value.lower, base), normalised(value.upper, base), value.bounds)
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if isinstance(value, (ipaddress.IPv4Interface, ipaddress.IPv6Interface)) and "/" not in str(value):
        return value.ip
    return value


def comparable(value: Any) -> Any:
    """Text that shows classes, scales, signs of zero and not-a-numbers, for any depth."""
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(comparable, value)]
    if isinstance(value, float) and math.isnan(value):
        return "float nan"
    if isinstance(value, dt.time):
        return f"time {value.isoformat()}"
    return f"{type(value).__name__} {value!r}"


@pytest.fixture
async def types(pg: ModuleType) -> None:
    await pg.execute(SCHEMA)


async def compare(pg: ModuleType, database: Database, statement: str) -> None:
    differences = []
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        for kind, literal in CASES:
            if kind in FOREIGN_TO_PSYCOPG:
                continue
            cursor = connection.execute(statement.format(kind=kind, value="%s"), [literal])  # type: ignore[arg-type]
            [(expected,)] = cursor.fetchall()
            [row] = await pg.execute(statement.format(kind=kind, value="$1"), [literal])
            if comparable(row["v"]) != comparable(normalised(expected, kind)):
                differences.append((kind, literal, row["v"], expected))
    assert differences == []


async def test_casts_agree(pg: ModuleType, types: None, database: Database) -> None:
    await compare(pg, database, "SELECT CAST({value}::text AS {kind}) AS v")


async def test_parameters_agree(pg: ModuleType, types: None, database: Database) -> None:
    await compare(pg, database, "SELECT {value}::{kind} AS v")


async def test_batches_agree(pg: ModuleType, types: None, database: Database) -> None:
    """The simple protocol sends everything as text."""
    differences = []
    for kind, literal in CASES:
        quoted = "'" + literal.replace("'", "''") + "'"
        [single] = await pg.execute(f"SELECT {quoted}::{kind} AS v")
        [batched] = await pg.execute(f"SELECT 1; SELECT {quoted}::{kind} AS v")
        if comparable(single["v"]) != comparable(batched["v"]):
            differences.append((kind, literal, single["v"], batched["v"]))
    assert differences == []


async def test_text_forms_agree(pg: ModuleType, types: None, database: Database) -> None:
    """Every value cast to text by the server is the text that psycopg reads."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        async with pg.begin_transaction() as tx:
            await tx.execute("SET LOCAL TIME ZONE 'UTC'")
            for kind, literal in CASES:
                statement = "SELECT CAST(CAST({} AS {}) AS text) AS v"
                [(expected,)] = connection.execute(statement.format("%s::text", kind), [literal]).fetchall()  # type: ignore[arg-type]
                assert await tx.execute(statement.format("$1::text", kind), [literal]) == [{"v": expected}]


async def test_columns_agree_in_one_wide_row(pg: ModuleType, types: None, database: Database) -> None:
    columns = ", ".join(f"c{index} {kind}" for index, (kind, _) in enumerate(CASES))
    await pg.execute(f"CREATE TABLE wide ({columns})")
    document = {f"c{index}": literal for index, (_, literal) in enumerate(CASES)}
    row = await pg.insert_one("wide", document)
    assert list(row) == list(document)
    assert [comparable(r) for r in await pg.find_many("wide")] == [comparable(row)]
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        [expected] = connection.execute("SELECT * FROM wide").fetchall()
    differences = [
        (kind, literal, row[f"c{index}"], expected[index])
        for index, (kind, literal) in enumerate(CASES)
        if kind not in FOREIGN_TO_PSYCOPG
        and comparable(row[f"c{index}"]) != comparable(normalised(expected[index], kind))
    ]
    assert differences == []


async def test_rows_with_nulls_agree(pg: ModuleType, types: None) -> None:
    for kind in LITERALS:
        assert await pg.execute(f"SELECT NULL::{kind} AS v") == [{"v": None}]
        assert await pg.execute(f"SELECT $1::{kind} AS v", [None]) == [{"v": None}]
        assert await pg.execute(f"SELECT ARRAY[NULL]::{kind.removesuffix('[]')}[] AS v") == [{"v": [None]}]


async def test_json_agrees_with_the_standard_library(pg: ModuleType) -> None:
    for literal in LITERALS["json"]:
        [row] = await pg.execute("SELECT $1::json AS v", [literal])
        assert comparable(row["v"]) == comparable(json.loads(literal))
