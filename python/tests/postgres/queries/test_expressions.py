"""Conditions on columns of every type, asked on a server."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from enum import Enum
from types import ModuleType
from typing import Any

import pytest

from ouroboros_postgres import BooleanClause, ColumnProxy, QueryFragment, SqlExpr, and_, not_, or_, raw_sql
from ouroboros_postgres.table import Table

THINGS = """
    CREATE TYPE mood AS ENUM ('sad', 'happy');
    CREATE TABLE things (
        id int PRIMARY KEY, name text, code varchar(20), small int2, big int8, price numeric, rate float8, rate4 float4,
        on_sale bool, day date, at timestamp, at_tz timestamptz, clock time, span interval, key uuid, raw bytea,
        feeling mood, ip inet, meta jsonb, plain json, tags text[], labels varchar[], numbers int[], "Order" int,
        body text
    );
    INSERT INTO things VALUES
        (1, 'Ada', 'a_1', 1, 10, 1.50, 0.5, 0.5, true, '2024-01-01', '2024-01-01 10:00', '2024-01-01 10:00+00',
         '10:00', '1 day', '00000000-0000-0000-0000-000000000001', '\\x01', 'sad', '10.0.0.1',
         '{"k": 1, "tags": ["x"], "n": {"deep": "yes"}}', '{"k": 1}', '{red,blue}', '{red,blue}', '{1,2,3}', 1,
         'the cats were running'),
        (2, 'ADAM', 'a%2', 2, 20, 2.50, 1.5, 1.5, false, '2024-01-02', '2024-01-02 10:00', '2024-01-02 10:00+00',
         '11:00', '2 days', '00000000-0000-0000-0000-000000000002', '\\x02', 'happy', '10.0.0.2',
         '{"k": 2, "other": true}', '{"k": 2}', '{}', '{}', '{}', 2, 'a dog sleeps'),
        (3, 'Bob 50%', 'a\\3', 3, 9000000000, 100, 2.5, 2.5, NULL, '2024-01-03', '2024-01-03 10:00',
         '2024-01-03 10:00+00', '12:00', '3 days', '00000000-0000-0000-0000-000000000003', '\\x03', 'happy',
         '10.0.0.3', '["k", 5, "x"]', '[]', '{red,NULL}', '{green}', '{3,NULL}', 3, 'cats and dogs'),
        (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
         NULL, NULL, NULL, NULL, NULL, NULL)
"""


@pytest.fixture(autouse=True)
async def things(pg: ModuleType) -> None:
    await pg.execute(THINGS)


class Thing(Table):
    """The table of this module; its columns are made where they are needed."""

    class Settings:
        table_name = "things"


def c(name: str) -> ColumnProxy[Any]:
    """A column of the table."""
    return ColumnProxy(name, Thing)


class Feeling(Enum):
    HAPPY = "happy"


async def ids(pg: ModuleType, condition: Any) -> list[int]:
    """The rows that a condition holds for, as text in a statement of the caller and in a query."""
    sql, params = condition.to_sql()
    rows = await pg.execute(f"SELECT id FROM things WHERE {sql} ORDER BY id", params)
    assert await Thing.find(condition).order_by("id").select("id").to_dicts() == rows
    return [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        # The value finds its type in the column.
        (c("id") == 1, [1]),
        (c("id") == 1.0, [1]),
        (c("id") > 1.5, [2, 3, 4]),
        (c("id") == Decimal("2"), [2]),
        (c("id") == 10**12, []),
        (c("id") < 10**12, [1, 2, 3, 4]),
        (c("small") == 100_000, []),
        (c("small").in_([1, 100_000]), [1]),
        (c("big") == 9_000_000_000, [3]),
        (c("big") > 15.5, [2, 3]),
        (c("price") == 1.5, [1]),
        (c("price") == 100, [3]),
        (c("price") >= Decimal("2.50"), [2, 3]),
        (c("rate") == 1.5, [2]),
        (c("rate") < 2, [1, 2]),
        (c("rate4") == 2.5, [3]),
        (c("on_sale") == True, [1]),  # noqa: E712
        (c("day") == dt.date(2024, 1, 2), [2]),
        (c("day") >= "2024-01-02", [2, 3]),
        (c("at") < dt.datetime(2024, 1, 2), [1]),
        (c("at_tz") > dt.datetime(2024, 1, 2, tzinfo=dt.UTC), [2, 3]),
        (c("clock") == dt.time(11), [2]),
        (c("span") > dt.timedelta(days=1), [2, 3]),
        (c("key") == uuid.UUID(int=3), [3]),
        (c("key") == str(uuid.UUID(int=3)), [3]),
        (c("raw") == b"\x02", [2]),
        (c("feeling") == "happy", [2, 3]),
        (c("feeling") == Feeling.HAPPY, [2, 3]),
        (c("feeling").in_([Feeling.HAPPY]), [2, 3]),
        (c("ip") == "10.0.0.2", [2]),
        (c("numbers") == [1, 2, 3], [1]),
        (c("numbers") == [], [2]),
        (c("Order") == 2, [2]),
        (c("meta") == {"k": 2, "other": True}, [2]),
        # NULL.
        (c("name") == None, [4]),  # noqa: E711
        (c("name") != None, [1, 2, 3]),  # noqa: E711
        (c("name") != "Ada", [2, 3]),
        (c("name").is_null(), [4]),
        (c("name").is_not_null(), [1, 2, 3]),
        (c("on_sale").is_(None), [3, 4]),
        (c("on_sale").is_(True), [1]),
        (c("on_sale").is_(False), [2]),
        (c("on_sale").is_not(True), [2, 3, 4]),
        (c("on_sale").is_not(None), [1, 2]),
        (c("on_sale").is_distinct_from(True), [2, 3, 4]),
        (c("on_sale").is_distinct_from(None), [1, 2]),
        # Lists.
        (c("id").in_([1, 3, 99]), [1, 3]),
        (c("id").in_({1, 3}), [1, 3]),
        (c("id").in_(range(2, 4)), [2, 3]),
        (c("id").in_([]), []),
        (c("id").not_in([]), [1, 2, 3, 4]),
        (c("id").not_in([1, 3]), [2, 4]),
        (c("small").in_([1, None]), [1, 4]),
        (c("small").in_([None]), [4]),
        (c("small").not_in([1, None]), [2, 3]),
        (c("small").not_in([None]), [1, 2, 3]),
        (c("small").not_in([1]), [2, 3]),
        (c("id").in_(range(2, 2000)), [2, 3, 4]),
        (c("id").not_in(range(2, 2000)), [1]),
        (c("small").in_([*range(2, 2000), None]), [2, 3, 4]),
        (c("small").not_in([*range(2, 2000), None]), [1]),
        (c("name").in_([str(n) for n in range(2000)] + ["Ada"]), [1]),
        (c("code").in_([str(n) for n in range(2000)] + ["a_1"]), [1]),
        (c("key").in_([uuid.UUID(int=n) for n in range(3, 2000)]), [3]),
        # Ranges.
        (c("price").between(2, 100), [2, 3]),
        (c("price").not_between(2, 50.5), [1, 3]),
        (c("day").between(dt.date(2024, 1, 1), "2024-01-02"), [1, 2]),
        (c("small").between(c("id"), 2), [1, 2]),
        # Text.
        (c("name").like("Ada%"), [1]),
        (c("name").ilike("ada%"), [1, 2]),
        (c("name").not_like("Ada%"), [2, 3]),
        (c("name").not_ilike("ada%"), [3]),
        (c("code").startswith("a_"), [1]),
        (c("code").startswith("a%"), [2]),
        (c("code").startswith("a\\"), [3]),
        (c("code").startswith("a"), [1, 2, 3]),
        (c("name").contains("50%"), [3]),
        (c("name").contains("0%"), [3]),
        (c("name").contains("_"), []),
        (c("name").endswith("%"), [3]),
        (c("name").endswith("a"), [1]),
        (c("name").iendswith("A"), [1]),
        (c("name").istartswith("aDa"), [1, 2]),
        (c("name").icontains("DA"), [1, 2]),
        (c("name").regexp("^A.a$"), [1]),
        (c("name").regexp("^ad", ignore_case=True), [1, 2]),
        (SqlExpr("name", "!~", "^A"), [3]),
        (SqlExpr("name", "!~*", "^b"), [1, 2]),
        (c("body").match("cat"), [1, 3]),
        (c("body").match("run"), [1]),
        (c("body").match("cat", "simple"), []),
        (c("body").match("cats dogs"), [3]),
        # Columns.
        (c("id") == c("small"), [1, 2, 3]),
        (c("big") > c("price"), [1, 2, 3]),
        (c("id") < c("Order"), []),
        # Arrays, also those of varchar.
        (c("tags").any_("red"), [1, 3]),
        (c("labels").any_("red"), [1]),
        (c("numbers").any_(3), [1, 3]),
        (c("numbers").any_(10**12), []),
        (c("tags").any_(["blue", "none"]), [1]),
        (c("labels").any_(["green", "none"]), [3]),
        (c("tags").any_(None), [3]),
        (c("tags").any_(["blue", None]), [1, 3]),
        (c("tags").any_([]), []),
        (c("tags").array_contains(["red", "blue"]), [1]),
        (c("labels").array_contains(["red"]), [1]),
        (c("tags").array_contains([]), [1, 2, 3]),
        (c("tags").array_contained_by(["red", "blue", "x"]), [1, 2]),
        (c("labels").array_overlaps(("green", "blue")), [1, 3]),
        (c("numbers").array_overlaps({2, 5}), [1]),
        (c("numbers").contains([1, 2]), [1]),
        (c("labels").contains({"green"}), [3]),
        # JSON.
        (c("meta").contains({"k": 1}), [1]),
        (c("meta").json_contains({"n": {"deep": "yes"}}), [1]),
        (c("meta").json_contains('{"k": 2}'), [2]),
        (c("meta").json_contains([5]), [3]),
        (c("meta").json_contains(5), [3]),
        (c("meta").json_contains([]), [3]),
        (c("meta").json_contained_by({"k": 2, "other": True, "more": None}), [2]),
        (c("meta").json_contained_by(["k", 5, "x", "y"]), [3]),
        (c("meta").has_key("k"), [1, 2, 3]),
        (c("meta").has_key("deep"), []),
        (c("meta").has_any_keys(["other", "tags"]), [1, 2]),
        (c("meta").has_any_keys([]), []),
        (c("meta").has_all_keys(["k", "other"]), [2]),
        (c("meta").has_all_keys([]), [1, 2, 3]),
        (c("meta").json_path("n", "deep") == "yes", [1]),
        (c("meta").json_path("k") == 2, [2]),
        (c("meta").json_path("k").in_([1, 2]), [1, 2]),
        (c("meta").json_path("other") == True, [2]),  # noqa: E712
        (c("meta").json_path("tags", 0) == "x", [1]),
        (c("meta").json_path(1) == "5", [3]),
        (c("meta").json_path("k").is_null(), [3, 4]),
        (c("meta").json_path("n", "deep").startswith("y"), [1]),
        (c("plain").json_path("k") == "1", [1]),
        (c("name") == c("meta").json_path("nothing"), []),
        # Combinations.
        ((c("id") > 1) & (c("id") < 3), [2]),
        ((c("id") == 1) | (c("id") == 3), [1, 3]),
        (~(c("id") == 1), [2, 3, 4]),
        (~(c("name") == "Ada"), [2, 3]),
        (((c("id") == 1) | (c("id") == 3)) & (c("name") == "Ada"), [1]),
        ((c("id") == 1) | ((c("id") == 3) & (c("name") == "Ada")), [1]),
        (and_(or_(c("id") == 1, c("id") == 2), not_(c("name") == "ADAM")), [1]),
        (not_(not_(c("id") == 1)), [1]),
        (or_(c("id").in_([]), c("id") == 2), [2]),
        (or_({"id": 1}, {"id": 2, "name": "ADAM"}), [1, 2]),
        (~QueryFragment(id__gt=1, id__lt=4), [1, 4]),
        (QueryFragment(id=1) | (c("id") == 4), [1, 4]),
        (raw_sql("id = $1 OR id = $2", [1, 2]) & (c("id") > 1), [2]),
        (~raw_sql("id = ANY($1)", [[1, 2]]), [3, 4]),
        (raw_sql("meta @> $1::jsonb", ['{"k": 1}']), [1]),
        (raw_sql("meta @> $1::jsonb", [{"k": 1}]), [1]),
        (raw_sql("name IS NOT DISTINCT FROM $1", [None]), [4]),
        (raw_sql("$1::text = 'x' AND note = '$2'", ["y"]) | (c("id") == 1), None),
    ],
)  # fmt: skip
async def test_conditions(pg: ModuleType, condition: Any, expected: list[int] | None) -> None:
    if expected is None:  # the text reaches the server, which knows no such column
        with pytest.raises(pg.UndefinedColumnError, match="note"):
            await ids(pg, condition)
        return
    assert await ids(pg, condition) == expected


async def test_every_quoted_name_reaches_the_server(pg: ModuleType) -> None:
    await pg.execute('CREATE TABLE odd (id int, "user" int, "order" int, "createdAt" int, "姓名" int, "a.b" int)')
    await pg.execute("INSERT INTO odd VALUES (1, 2, 3, 4, 5, 6)")
    condition = (
        (ColumnProxy[int]("user") == 2)
        & (ColumnProxy[int]("order") == 3)
        & (ColumnProxy[int]("createdAt") == 4)
        & (ColumnProxy[int]("姓名") == 5)
        & (SqlExpr('"a.b"', "=", 6))
    )
    sql, params = condition.to_sql()
    assert await pg.execute(f"SELECT id FROM odd WHERE {sql}", params) == [{"id": 1}]


async def test_a_nul_is_refused_when_it_is_sent(pg: ModuleType) -> None:
    condition = c("name") == "a\0b"
    assert condition.to_sql() == ("name = $1", ["a\0b"])
    with pytest.raises(ValueError):
        await ids(pg, condition)


async def test_numbering_continues_behind_other_parameters(pg: ModuleType) -> None:
    one, first = (c("id") > 1).to_sql()
    clause = BooleanClause("OR", [c("name") == "ADAM", c("id").in_([3])])
    other, second = clause.to_sql(param_index=2)
    rows = await pg.execute(f"SELECT id FROM things WHERE {one} AND ({other}) ORDER BY id", first + second)
    assert [row["id"] for row in rows] == [2, 3]
