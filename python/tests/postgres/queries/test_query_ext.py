"""Boolean clauses, fragments, dicts and aliases in queries, updates and deletes on a server."""

from __future__ import annotations

import datetime as dt
from types import ModuleType
from typing import Any

import pytest

from ouroboros_postgres import (
    ColumnProxy,
    QueryFragment,
    SqlExpr,
    active_filter,
    aliased,
    and_,
    date_range_filter,
    filter_by,
    in_list_filter,
    not_,
    null_check_filter,
    or_,
    raw_sql,
)
from ouroboros_postgres.table import Table


@pytest.fixture(autouse=True)
async def people(pg: ModuleType) -> None:
    await pg.execute("""
        CREATE TABLE person (
            id int PRIMARY KEY, name text, status text, born date, boss_id int, tags text[], meta jsonb
        );
        INSERT INTO person VALUES
            (1, 'Ada', 'active', '1990-01-01', NULL, '{a,b}', '{"k": 1}'),
            (2, 'Bob', 'gone', '1991-01-01', 1, '{b}', '{}'),
            (3, 'Cyd', 'active', '1992-01-01', 1, '{}', NULL),
            (4, NULL, NULL, NULL, 3, NULL, '{"k": 2}')
    """)


class Person(Table):
    name: str
    status: str
    born: dt.date | None
    boss_id: int | None
    tags: list[str]
    meta: dict[str, Any]


async def keys(query: Any) -> list[int]:
    """The primary keys that a query finds, in order."""
    return sorted([row["id"] for row in await query.select("id").to_dicts()])


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (filter_by(status="active", name="Cyd"), [3]),
        (filter_by(name=None), [4]),
        ([and_(Person.id > 1, or_(Person.name == "Bob", Person.name == "Cyd"))], [2, 3]),
        ([or_(Person.id == 1, Person.id == 3), Person.name == "Ada"], [1]),
        ([not_(Person.status == "active")], [2]),
        ([~or_(Person.id == 1, Person.id == 2)], [3, 4]),
        ([{"status": "active", "name": "Ada"}], [1]),
        ([{"name": None}], [4]),
        ([{"name": ["Ada", "Bob"]}], [1, 2]),
        ([{"name": ("Ada", None)}], [1, 4]),
        ([{"name": set[str]()}], []),
        ([{"meta": {"k": 1}}], [1]),
        ([{}], [1, 2, 3, 4]),
        ([QueryFragment()], [1, 2, 3, 4]),
        ([QueryFragment(status="active", id__gt=1)], [3]),
        ([*QueryFragment(status="active", id__gt=1)], [3]),
        ([QueryFragment(Person.id < 3) & QueryFragment(name__startswith="B")], [2]),
        ([QueryFragment(id=1) | QueryFragment(id=2, name="Ada")], [1]),
        ([~QueryFragment(status="active", id=1)], [2, 3, 4]),
        ([(Person.id == 4) | active_filter()], [1, 3, 4]),
        ([active_filter("name", "Bob")], [2]),
        ([date_range_filter("born", dt.date(1991, 1, 1), dt.date(1992, 1, 1))], [2, 3]),
        ([date_range_filter("born", end="1990-12-31")], [1]),
        ([date_range_filter("born")], [1, 2, 3, 4]),
        ([in_list_filter("id", [1, 4])], [1, 4]),
        ([null_check_filter("born")], [4]),
        ([null_check_filter("born", False)], [1, 2, 3]),
        ([QueryFragment(tags__any="b")], [1, 2]),
        ([QueryFragment(meta__has_key="k")], [1, 4]),
        ([QueryFragment(tags__contains=["a", "b"])], [1]),
        ([QueryFragment(name__in=["Ada", "Bob"], id__not_in=[1])], [2]),
        ([QueryFragment(id__between=(2, 3), name__icontains="Y")], [3]),
        ([QueryFragment(name__isnull=True)], [4]),
        ([raw_sql("lower(name) = $1", ["ada"])], [1]),
        ([raw_sql("id = 1 OR id = 2"), raw_sql("name <> $1", ["Ada"])], [2]),
        ([SqlExpr("person.id", "=", 1)], [1]),
    ],
)
async def test_filters(filters: list[Any], expected: list[int]) -> None:
    assert await keys(Person.find(*filters)) == expected
    assert await Person.count(*filters) == len(expected)
    first = await Person.find_one(*filters)
    assert (first is not None) == bool(expected)


@pytest.mark.parametrize("filters", [["x"], [5], [None], [True], [[Person.id == 1]], [Person.id]])
async def test_what_is_no_filter(filters: list[Any]) -> None:
    with pytest.raises(TypeError, match="Invalid filter type: "):
        await Person.find(*filters).to_list()
    with pytest.raises(TypeError, match="Invalid filter type: "):
        await Person.delete_many(*filters)
    assert await Person.count() == 4


async def test_updates_take_every_kind_of_condition() -> None:
    assert await Person.update_many({"status": "x"}, or_(Person.id == 1, Person.id == 2)) == 2
    assert await Person.update_many({"status": "y"}, QueryFragment(id=1)) == 1
    assert await Person.update_many({"status": "z"}, (Person.id == 3) & (Person.name == "Cyd")) == 1
    assert await Person.update_many({"status": "w"}, raw_sql("id = $1", [4])) == 1
    rows = await Person.find().select("id", "status").to_dicts()
    assert {row["id"]: row["status"] for row in rows} == {1: "y", 2: "x", 3: "z", 4: "w"}


async def test_deletes_take_every_kind_of_condition() -> None:
    assert await Person.delete_many(not_(Person.id > 1), {"name": "Ada"}) == 1
    assert await Person.delete_many(QueryFragment(id__gte=3) | (Person.name == "nobody")) == 2
    assert await keys(Person.find()) == [2]


async def test_an_empty_fragment_in_a_condition_deletes_nothing() -> None:
    with pytest.raises(ValueError, match="empty"):
        await Person.delete_many(QueryFragment() | (Person.id == 1))
    assert await Person.count() == 4


# Aliases.


async def test_a_table_joined_to_itself() -> None:
    boss = aliased(Person, "boss")
    query = Person.find(boss.name == "Ada").join(boss, Person.boss_id == boss.id)
    assert await keys(query) == [2, 3]
    query = Person.find().inner_join(boss, Person.boss_id == boss.id).order_by(boss.name.desc(), -Person.id)
    rows = await query.select(Person.id, boss.name.label("boss")).to_dicts()
    assert rows == [{"id": 4, "boss": "Cyd"}, {"id": 3, "boss": "Ada"}, {"id": 2, "boss": "Ada"}]


async def test_two_aliases_with_the_default_name() -> None:
    boss, top = aliased(Person), aliased(Person)
    query = Person.find(top.name == "Ada").join(boss, Person.boss_id == boss.id).join(top, boss.boss_id == top.id)
    sql, _ = query.to_sql()
    assert "person_1" in sql and "person_2" in sql
    assert await keys(query) == [4]


async def test_two_aliases_with_one_name_of_their_own() -> None:
    one, other = aliased(Person, "p"), aliased(Person, "p")
    with pytest.raises(ValueError, match="Duplicate alias: p"):
        await Person.find().join(one, one.id == Person.id).join(other, other.id == one.id).to_list()


async def test_an_alias_of_a_hostile_name_is_refused() -> None:
    odd = aliased(Person, 'x"; DROP TABLE person')
    with pytest.raises(ValueError):
        await Person.find().join(odd, odd.id == Person.id).to_list()
    assert await Person.count() == 4


async def test_a_scalar_subquery() -> None:
    oldest = Person.find(Person.born.is_not_null()).order_by("born").limit(1).select("id").as_scalar()
    assert await keys(Person.find(Person.boss_id == oldest)) == [2, 3]
    assert await keys(Person.find(oldest == Person.id)) == [1]
    rows = await Person.find(Person.id == 2).select(Person.id, oldest.label("oldest")).to_dicts()
    assert rows == [{"id": 2, "oldest": 1}]


async def test_unbound_columns_are_those_of_the_query() -> None:
    assert await keys(Person.find(ColumnProxy[str]("name") == "Ada")) == [1]
