"""What models offer for rows and queries."""

from __future__ import annotations

import datetime as dt
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import Column, QueryBuilder, Table, and_, filter_by, or_, relationship
from ouroboros_postgres.errors import DataBridgeError, IdentifierError, IntegrityError, NotNullError
from queries.sent import Sent

SCHEMA = """
CREATE TABLE person (
    id serial PRIMARY KEY, name text NOT NULL, age int DEFAULT 1, city text, tags text[],
    since date DEFAULT '2024-01-01'
);
CREATE TABLE tally (id serial PRIMARY KEY, count int, find text, get text);
CREATE TABLE bare (sku text PRIMARY KEY);
"""


class Person(Table):
    name: str
    age: int | None
    city: str | None = "Bern"
    tags: list[str] | None = Column(default_factory=list)
    boss_id: int | None = None
    boss = relationship("Person", "boss_id")


class Odd(Table):
    createdAt: int | None
    order: int | None

    class Settings:
        table_name = "OddTable"


class Tally(Table):
    count: int
    find: str | None
    get: str | None


class Bare(Table):
    sku: str

    class Settings:
        primary_key = "sku"


@pytest.fixture
async def people(pg: ModuleType) -> ModuleType:
    await pg.execute(SCHEMA)
    await pg.execute(
        "INSERT INTO person (name, age, city) VALUES ('a', 10, 'Bern'), ('b', 20, NULL), ('c', 30, 'Basel')"
    )
    return pg


def names(database: Database) -> list[str]:
    return [row["name"] for row in database.query("SELECT name FROM person ORDER BY id")]


# Queries.


def test_find_makes_a_query_without_io() -> None:
    query = Person.find(Person.age > 3, {"name": "x"})
    assert isinstance(query, QueryBuilder)
    assert query._model is Person
    assert len(query._filters) == 2
    assert len(Person.find()._filters) == 0


async def test_find_one_gives_the_first_match_or_none(people: ModuleType) -> None:
    found = await Person.find_one(Person.age > 15)
    assert isinstance(found, Person)
    assert found.age in (20, 30)
    assert await Person.find_one(Person.age > 100) is None
    assert (await Person.find_one({"city": None})).name == "b"  # type: ignore[union-attr]


async def test_find_one_fetches_one_row(people: ModuleType, sent: Sent) -> None:
    before = sent()
    await Person.find_one()
    assert sent() == before + 1
    sql, values = Person.find().limit(1).to_sql()
    assert "LIMIT $1" in sql
    assert values == [1]


async def test_get_takes_the_primary_key(people: ModuleType, database: Database) -> None:
    found = await Person.get(2)
    assert found is not None
    assert (found.id, found.name, found.city) == (2, "b", None)
    assert await Person.get(99) is None
    assert await Person.get(None) is None
    assert (await Person.get("2")).name == "b"  # type: ignore[union-attr]
    database.query("INSERT INTO bare VALUES ('x')")
    assert (await Bare.get("x")).sku == "x"  # type: ignore[union-attr]
    assert await Bare.get("y") is None


async def test_count(people: ModuleType) -> None:
    assert await Person.count() == 3
    assert await Person.count(Person.age >= 20) == 2
    assert await Person.count({"city": ["Bern", "Basel"]}, Person.age > 10) == 1
    assert type(await Person.count()) is int


async def test_filters_of_all_kinds(people: ModuleType) -> None:
    kinds: list[Any] = [
        (Person.name == "a") | (Person.name == "b"),
        or_(Person.name == "a", Person.age == 20),
        {"name": ("a", "b")},
        and_(Person.age < 25, {"name": {"a", "b"}}),
    ]
    for condition in kinds:
        assert await Person.count(condition) == 2
    assert await Person.count(*filter_by(name="a", age=10)) == 1
    with pytest.raises(TypeError, match="Invalid filter type: int"):
        await Person.find(5).to_list()  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Invalid filter type: str"):
        await Person.count("age > 3")  # type: ignore[arg-type]


async def test_keys_of_filters_must_be_identifiers_but_need_not_be_declared(people: ModuleType) -> None:
    assert await Person.count({"since": dt.date(2024, 1, 1)}) == 3
    with pytest.raises(ValueError, match="Invalid"):
        await Person.count({'name" = 1; --': 1})
    with pytest.raises(DataBridgeError, match="no_such_column"):
        await Person.count({"no_such_column": 1})


async def test_fetch_links_loads_every_relationship(people: ModuleType) -> None:
    await people.execute("ALTER TABLE person ADD boss_id int; UPDATE person SET boss_id = 1 WHERE id > 1")
    found = await Person.find(Person.id > 1, fetch_links=True).to_list()
    assert [person.boss.is_loaded for person in found] == [True, True]
    one = await Person.find_one(Person.id == 2, fetch_links=True)
    assert one is not None
    assert one.boss.is_loaded
    assert not (await Person.find_one(Person.id == 2)).boss.is_loaded  # type: ignore[union-attr]


async def test_columns_called_like_methods_do_not_hinder_others(people: ModuleType) -> None:
    tally = await Tally.insert(count=3, find="x", get="y")
    assert await Tally.find_one(Tally.count == 3) is not None
    assert await Tally.insert_many([{"count": 4}]) == [2]
    assert await Tally.delete_many({"find": None}) == 1
    tally.count = 5
    await tally.save()
    await tally.refresh()
    assert (tally.count, tally.find, tally.get) == (5, "x", "y")


# _build_where_clause.


def test_build_where_clause() -> None:
    assert Person._build_where_clause(()) == ("", [])
    assert Person._build_where_clause(({},)) == ("", [])
    assert Person._build_where_clause((Person.age > 3, {"city": "x", "name": None})) == (
        "age > $1 AND city = $2 AND name IS NULL",
        [3, "x"],
    )
    assert Odd._build_where_clause((Odd.createdAt == 1, Odd.order == 2)) == (
        '"createdAt" = $1 AND "order" = $2',
        [1, 2],
    )
    with pytest.raises(ValueError, match="Invalid"):
        Person._build_where_clause(({"a b": 1},))


# insert.


async def test_insert_returns_the_completed_instance(people: ModuleType, database: Database) -> None:
    person = await Person.insert(name="d")
    assert (person.id, person.name, person.age, person.city, person.tags) == (4, "d", 1, "Bern", [])
    assert person.since == dt.date(2024, 1, 1)
    assert (await Person.insert(id=50, name="e")).id == 50
    assert names(database) == ["a", "b", "c", "d", "e"]
    with pytest.raises(IntegrityError, match="Insert failed: "):
        await Person.insert(id=50, name="f")
    with pytest.raises(NotNullError, match="Insert failed: "):
        await Person.insert(age=4)


async def test_an_inserted_instance_is_persistent(people: ModuleType, sent: Sent) -> None:
    person = await Person.insert(name="d")
    before = sent()
    await person.save()
    assert sent() == before


async def test_insert_always_inserts(people: ModuleType) -> None:
    with pytest.raises(IntegrityError):
        await Person.insert(id=1, name="x")


# insert_many.


async def test_insert_many_takes_dicts_and_instances(people: ModuleType, database: Database, sent: Sent) -> None:
    given = Person(name="x", age=5)
    before = sent()
    keys = await Person.insert_many([{"name": "d"}, given, {"name": "e", "id": 77, "city": None}])
    assert keys == [4, 5, 77]
    assert sent() - before <= 2
    assert (given.id, given.age, given.since) == (5, 5, dt.date(2024, 1, 1))
    rows = database.query("SELECT * FROM person WHERE id > 3 ORDER BY id")
    assert [(row["name"], row["age"], row["city"], row["tags"]) for row in rows] == [
        ("d", 1, "Bern", []),
        ("x", 5, "Bern", []),
        ("e", 1, None, []),
    ]
    given.age = 6
    await given.save()
    assert database.query("SELECT age FROM person WHERE id = 5") == [{"age": 6}]


async def test_insert_many_of_nothing_sends_nothing(people: ModuleType, sent: Sent) -> None:
    before = sent()
    assert await Person.insert_many([]) == []
    assert sent() == before


@pytest.mark.parametrize("row", [5, "name", None, Odd(), [("name", "x")]])
async def test_insert_many_refuses_other_rows(people: ModuleType, database: Database, row: Any) -> None:
    with pytest.raises(TypeError, match=r"rows\[1\] must be a dict or an instance of Person, not "):
        await Person.insert_many([{"name": "d"}, row])
    assert names(database) == ["a", "b", "c"]


async def test_insert_many_refuses_what_is_no_list(people: ModuleType) -> None:
    for rows in ({"name": "x"}, "abc", 5):
        with pytest.raises(TypeError, match="rows must be a list of dicts and instances"):
            await Person.insert_many(rows)  # type: ignore[arg-type]


async def test_insert_many_is_all_or_nothing_in_any_size(people: ModuleType, database: Database) -> None:
    keys = await Person.insert_many({"name": str(n), "age": n} for n in range(20_000))
    assert keys == list(range(4, 20_004))
    assert database.query("SELECT count(*) FROM person") == [{"count": 20_003}]
    rows: list[Any] = [
        {"name": str(n)} if n % 2 else {"name": str(n), "since": dt.date(2020, 1, 1)} for n in range(15_000)
    ]
    with pytest.raises(NotNullError, match="Batch insert failed: "):
        await Person.insert_many([*rows, {"name": None}])
    assert database.query("SELECT count(*) FROM person") == [{"count": 20_003}]
    assert len(await Person.insert_many(rows)) == 15_000
    assert database.query("SELECT count(*) FROM person WHERE since = '2020-01-01'") == [{"count": 7_500}]


async def test_insert_many_refers_to_instances_that_were_saved_since(people: ModuleType, database: Database) -> None:
    await people.execute("ALTER TABLE person ADD boss_id int")
    boss = Person(name="boss")
    workers = [Person(name="worker", boss=boss), Person(name="other")]  # type: ignore[call-arg]
    await boss.save()
    await Person.insert_many(workers)
    assert database.query("SELECT boss_id FROM person WHERE name IN ('worker', 'other') ORDER BY id") == [
        {"boss_id": boss.id},
        {"boss_id": None},
    ]


async def test_insert_many_refuses_names_that_are_no_identifiers(people: ModuleType) -> None:
    with pytest.raises(IdentifierError):
        await Person.insert_many([{"name": "x", 'a"b': 1}])


# update_many and delete_many.


async def test_update_many_counts_or_returns(people: ModuleType, database: Database) -> None:
    assert await Person.update_many({"city": "Chur"}, Person.age > 15) == 2
    assert await Person.update_many({"age": 5}) == 3
    assert await Person.update_many({"city": "x"}, {"name": "a"}, returning=["id", "city"]) == [{"id": 1, "city": "x"}]
    every = await Person.update_many({"city": "y"}, {"name": "a"}, returning=["*"])
    assert isinstance(every, list)
    assert (every[0]["name"], every[0]["since"]) == ("a", dt.date(2024, 1, 1))
    assert await Person.update_many({"city": "z"}, {"name": "nobody"}, returning=["id"]) == []
    assert await Person.update_many({"city": "z"}, returning=[]) == 3
    assert await Person.update_many({"city": "w"}, or_(Person.name == "a", Person.name == "b")) == 2
    assert await Person.update_many({"city": "w"}, (Person.name == "a") | (Person.name == "b")) == 2
    assert [row["city"] for row in database.query("SELECT city FROM person ORDER BY id")] == ["w", "w", "z"]


async def test_update_many_refuses_bad_arguments(people: ModuleType) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        await Person.update_many({})
    with pytest.raises(ValueError, match="Invalid"):
        await Person.update_many({"a b": 1})
    with pytest.raises(ValueError, match="Invalid"):
        await Person.update_many({"city": "x"}, returning=["a b"])
    with pytest.raises(TypeError, match="Invalid filter type"):
        await Person.update_many({"city": "x"}, 5)  # type: ignore[arg-type]


async def test_update_many_may_name_columns_that_are_not_declared(people: ModuleType) -> None:
    assert await Person.update_many({"since": dt.date(2020, 1, 1)}, {"since": dt.date(2024, 1, 1)}) == 3


async def test_delete_many_counts_or_returns(people: ModuleType, database: Database) -> None:
    assert await Person.delete_many(Person.name == "a", returning=["name"]) == [{"name": "a"}]
    assert await Person.delete_many({"name": "b"}) == 1
    assert await Person.delete_many({"name": "b"}) == 0
    assert names(database) == ["c"]


async def test_conditions_of_all_kinds_select_what_is_updated_and_deleted(
    people: ModuleType, database: Database
) -> None:
    kinds: list[Any] = [
        (Person.name == "a") | (Person.name == "b"),
        (Person.age < 25) & Person.name.in_(["a", "b", "x"]),
        or_(Person.name == "a", and_(Person.age == 20, Person.name == "b")),
        and_({"name": ["a", "b"]}, or_(Person.age == 10, Person.age == 20)),
        {"name": ("a", "b"), "since": [dt.date(2024, 1, 1), None]},
    ]
    for condition in kinds:
        assert await Person.update_many({"city": "x"}, condition) == 2
        async with people.begin_transaction() as transaction:
            assert await Person.delete_many(condition) == 2
            assert await Person.find().scalars("name") == ["c"]
            await transaction.rollback()
    assert await Person.update_many({"city": None}, {"name": []}) == 0
    assert await Person.delete_many({"name": []}) == 0
    assert await Person.update_many({"city": None}, {"name": "a"}) == 1
    assert await Person.delete_many({"city": None}, Person.age == 10) == 1
    assert names(database) == ["b", "c"]


async def test_delete_many_refuses_bad_arguments(people: ModuleType, sent: Sent) -> None:
    before = sent()
    for call in (
        Person.delete_many({'name" = $1; --': 1}),
        Person.update_many({"city": "x"}, {"a b": 1}),
        Person.delete_many(returning=['name"; --']),
    ):
        with pytest.raises(ValueError, match="Invalid"):
            await call
    with pytest.raises(TypeError, match="Invalid filter type"):
        await Person.delete_many("age > 3")  # type: ignore[arg-type]
    assert sent() == before
    assert await Person.count() == 3


async def test_delete_many_without_condition_empties_the_table(people: ModuleType, database: Database) -> None:
    assert await Person.delete_many({}) == 3
    await Person.insert_many([{"name": "x"}, {"name": "y"}])
    assert await Person.delete_many() == 2
    assert names(database) == []


async def test_bulk_methods_leave_instances_alone(people: ModuleType) -> None:
    person = await Person.get(1)
    assert person is not None
    await Person.update_many({"name": "changed"})
    assert person.name == "a"
    await Person.delete_many()
    assert (person.id, person.name) == (1, "a")


async def test_class_methods_join_the_ambient_transaction(people: ModuleType, database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with people.begin_transaction():
            await Person.insert(name="d")
            await Person.insert_many([{"name": "e"}])
            await Person.update_many({"city": "x"})
            await Person.delete_many({"name": "a"})
            assert await Person.count() == 4
            assert await Person.get(1) is None
            assert names(database) == ["a", "b", "c"]
            raise ZeroDivisionError
    assert names(database) == ["a", "b", "c"]


# Names.


@pytest.mark.parametrize("name", ["users; DROP TABLE person", "t" * 100, "pg_class", 'a"b', ""])
async def test_bad_table_names_are_refused_before_anything_is_sent(people: ModuleType, sent: Sent, name: str) -> None:
    class Hostile(Table):
        title: str

    Hostile._table_name = name
    before = sent()
    calls: list[Any] = [
        Hostile.get(1),
        Hostile.insert(title="x"),
        Hostile.insert_many([{"title": "x"}]),
        Hostile.update_many({"title": "y"}),
        Hostile.delete_many(),
        Hostile.count(),
        Hostile(id=1, title="x").save(),
        Hostile(id=1).save(),
        Hostile(id=1).delete(),
        Hostile(id=1).refresh(),
        Hostile.create_table(),
        Hostile.drop_table(),
    ]
    for call in calls:
        with pytest.raises(IdentifierError) as caught:
            await call
        assert isinstance(caught.value, ValueError)
        assert isinstance(caught.value, RuntimeError)
    assert sent() == before


async def test_names_in_capitals_and_other_scripts_work(pg: ModuleType, database: Database) -> None:
    class Named(Table):
        createdAt: int
        order: int
        姓名: str | None

        class Settings:
            table_name = "用户Table"
            schema = "Other"

    database.query('CREATE SCHEMA "Other"')
    await Named.create_table()
    named = await Named.insert(createdAt=1, order=2, 姓名="x")
    named.order = 3
    await named.save()
    assert await Named.count(Named.createdAt == 1, Named.order == 3, {"姓名": "x"}) == 1
    assert database.query('SELECT "order" FROM "Other"."用户Table"') == [{"order": 3}]
    await Named.drop_table()
