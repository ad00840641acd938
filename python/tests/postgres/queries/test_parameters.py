"""Values of every type in filters, HAVING, subqueries and CTEs; types of results."""

from __future__ import annotations

import datetime
import enum
import uuid
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from ouroboros_postgres import QueryBuilder, Table, raw_sql


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    TWO = 2


class Kind(Table):
    id: int
    names: list[str] | None
    shorts: list[str] | None
    numbers: list[int] | None
    bigs: list[int] | None

    class Settings:
        table_name = "kinds"


COLUMNS = {
    "small": "int2",
    "plain": "int4",
    "big": "int8",
    "exact": "numeric",
    "single": "float4",
    "wide": "float8",
    "words": "text",
    "short": "varchar(20)",
    "fixed": "char(3)",
    "flag": "bool",
    "raw": "bytea",
    "key": "uuid",
    "day": "date",
    "hour": "time",
    "local": "timestamp",
    "instant": "timestamptz",
    "span": "interval",
    "colour": "colour",
    "host": "inet",
    "doc": "jsonb",
    "plaindoc": "json",
    "names": "text[]",
    "shorts": "varchar[]",
    "numbers": "int4[]",
    "bigs": "int8[]",
}
KEY = uuid.UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")
NOON = datetime.datetime(2024, 5, 6, 12, 0)
EAST = datetime.timezone(datetime.timedelta(hours=2))
ROW: dict[str, Any] = {
    "id": 1,
    **dict.fromkeys(("small", "plain", "big", "exact", "single", "wide"), 2),
    "words": "it's",
    "short": "it's",
    "fixed": "ab",
    "flag": True,
    "raw": b"\x00\xff",
    "key": KEY,
    "day": NOON.date(),
    "hour": NOON.time(),
    "local": NOON,
    "instant": NOON.replace(tzinfo=datetime.UTC),
    "span": datetime.timedelta(hours=36),
    "colour": "red",
    "host": "10.0.0.1",
    "doc": {"a": [1]},
    "plaindoc": {"a": 1},
    "names": ["a", "b"],
    "shorts": ["a", "b"],
    "numbers": [1, 2],
    "bigs": [1, 2],
}

NUMBERS: list[tuple[str, Any]] = [
    (column, value)
    for column in ("small", "plain", "big", "exact", "single", "wide")
    for value in (2, 2.0, Decimal("2.00"), Level.TWO)
]
EQUAL: list[tuple[str, Any]] = [
    *NUMBERS,
    ("words", "it's"),
    ("short", "it's"),
    ("fixed", "ab"),
    ("exact", "2.0"),
    ("plain", "2"),
    ("flag", True),
    ("raw", b"\x00\xff"),
    ("raw", bytearray(b"\x00\xff")),
    ("key", KEY),
    ("key", str(KEY)),
    ("day", datetime.date(2024, 5, 6)),
    ("day", "2024-05-06"),
    ("hour", datetime.time(12)),
    ("hour", "12:00"),
    ("local", NOON),
    ("local", "2024-05-06 12:00"),
    ("instant", NOON.replace(tzinfo=datetime.UTC)),
    ("instant", datetime.datetime(2024, 5, 6, 14, tzinfo=EAST)),
    ("instant", "2024-05-06T14:00:00+02:00"),
    ("span", datetime.timedelta(days=1, hours=12)),
    ("colour", Colour.RED),
    ("colour", "red"),
    ("host", "10.0.0.1"),
    ("doc", {"a": [1]}),
    ("doc", '{"a":   [1]}'),
    ("names", ["a", "b"]),
    ("names", ("a", "b")),
    ("shorts", ["a", "b"]),
    ("numbers", [1, 2]),
    ("bigs", [1, 2]),
]


@pytest.fixture(autouse=True)
async def table(pg: ModuleType) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    await pg.execute(f"CREATE TYPE colour AS ENUM ('red', 'blue'); CREATE TABLE kinds (id int PRIMARY KEY, {columns})")
    await pg.insert_one("kinds", ROW)
    await pg.execute("INSERT INTO kinds (id) VALUES (2)")


async def keys(query: QueryBuilder[Any]) -> list[int]:
    return [row["id"] for row in await query.to_dicts()]


async def test_equality_in_every_form(pg: ModuleType) -> None:
    for column, value in EQUAL:
        told = f"{column} = {value!r}"
        assert await keys(Kind.find({column: value})) == [1], told
        assert await keys(Kind.find().where(column, "eq", value)) == [1], told
        assert await keys(Kind.find(raw_sql(f"{column} = $1", [value]))) == [1], told
        inner = Kind.find({column: value}).select("id")
        assert await keys(Kind.find().where_in_subquery("id", inner)) == [1], told
        assert await keys(QueryBuilder.from_cte("c", Kind.find({column: value}))) == [1], told
        rows = await pg.query_with_cte("c", [("c", f"SELECT id FROM kinds WHERE {column} = $1", [value])])
        assert rows == [{"id": 1}], told


async def test_lists_of_values() -> None:
    for column, value in EQUAL:
        if COLUMNS[column].endswith("[]"):
            continue
        assert await keys(Kind.find().where(column, "in", [value, value])) == [1], column
        assert await keys(Kind.find().where(column, "not_in", [value])) == [], column
        many = [value] * 1001
        assert await keys(Kind.find().where(column, "in", many)) == [1], (column, value)


async def test_having(pg: ModuleType) -> None:
    for column, value in EQUAL:
        if COLUMNS[column] in ("bool", "bytea", "uuid", "jsonb", "json", "inet"):
            continue  # there is no max of them
        query = Kind.find(Kind.id == 1).group_by("id").having_max(column, "eq", value)
        assert await query.max(column, "m").count() == 1, (column, value)
    for value in (2, 1.5, Decimal("1.5"), Level.TWO):
        assert len(await Kind.find().count_agg("n").having_count("gte", value).aggregate()) == 1
        assert len(await Kind.find().count_agg("n").having_sum("plain", "gte", value).aggregate()) == 1
        assert len(await Kind.find().count_agg("n").having_avg("wide", "gte", value).aggregate()) == 1
    assert await Kind.find().count_agg("n").having_count("gt", 2.5).aggregate() == []
    assert await Kind.find().count_agg("n").having_count("gt", 10**20).aggregate() == []


async def test_numbers_that_the_column_cannot_hold() -> None:
    for column in ("small", "plain", "big", "exact", "single", "wide"):
        for value in (10**30, -(10**12), 2.5, Decimal("2.0000001"), 10**5):
            assert await keys(Kind.find({column: value})) == [], (column, value)
            assert await keys(Kind.find().where(column, "in", [value, 2])) == [1], (column, value)
        assert await keys(Kind.find().where(column, "lt", 10**30)) == [1], column
        assert await keys(Kind.find().where(column, "gt", 1.5)) == [1], column
        assert await keys(Kind.find().where(column, "between", [1.5, Decimal("2.5")])) == [1], column


@pytest.mark.parametrize(
    ("column", "operator", "value", "expected"),
    [
        ("names", "array_contains", ["a"], [1]),
        ("shorts", "array_contains", ["a"], [1]),
        ("names", "has_any", ["z", "b"], [1]),
        ("shorts", "has_any", {"b"}, [1]),
        ("shorts", "array_contained_by", ("a", "b", "c"), [1]),
        ("numbers", "array_contains", [2], [1]),
        ("bigs", "array_overlaps", [2, 3], [1]),
        ("numbers", "any", 2, [1]),
        ("bigs", "any", 2, [1]),
        ("names", "any", "a", [1]),
        ("shorts", "any", "a", [1]),
        ("names", "array_contains", [], [1]),
        ("names", "array_overlaps", [], []),
        ("doc", "json_contains", {"a": [1]}, [1]),
        ("doc", "json_contains", '{"a": [1]}', [1]),
        ("doc", "json_contained_by", {"a": [1, 2], "b": datetime.date(2020, 1, 1)}, [1]),
        ("doc", "json_key_exists", "a", [1]),
    ],
)
async def test_containment(pg: ModuleType, column: str, operator: str, value: Any, expected: list[int]) -> None:
    assert await keys(Kind.find().where(column, operator, value)) == expected
    rows = await pg.query_aggregate("kinds", [], ["id"], where_conditions=[(column, operator, value)])
    assert [row["id"] for row in rows] == expected


async def test_a_nul_is_kept_while_building_and_refused_when_sent() -> None:
    query = Kind.find({"words": "a\0b"})
    assert query.to_sql()[1] == ["a\0b"]
    with pytest.raises(ValueError):
        await query.to_dicts()


async def test_types_of_results() -> None:
    query = Kind.find().count_agg("n").sum("plain", "a").sum("big", "b").sum("exact", "c").avg("plain", "d")
    query = query.avg("wide", "e").min("day", "f").max("words", "g").max("instant", "h").sum("wide", "i")
    row = (await query.aggregate())[0]
    kinds = (int, int, Decimal, Decimal, Decimal, float, datetime.date, str, datetime.datetime, float)
    assert [type(value) for value in row.values()] == list(kinds)
    assert row["d"] == 2
    assert row["d"] > 1.5
    nothing = Kind.find(Kind.id == 0)
    assert await nothing.count_agg("n").sum("plain", "s").aggregate() == [{"n": 0, "s": None}]
    assert await nothing.group_by("id").count_agg("n").aggregate() == []
    rows = await Kind.find(Kind.id == 1).to_dicts()
    assert isinstance(rows, list)
    assert type(rows[0]) is dict
    assert list(rows[0]) == ["id", *COLUMNS]
    assert rows[0]["doc"] == {"a": [1]}
    assert rows[0]["key"] == KEY
    assert list((await Kind.find().count_agg().sum("plain").avg("plain").min("plain").max("plain").aggregate())[0]) == [
        "count",
        "sum",
        "avg",
        "min",
        "max",
    ]
