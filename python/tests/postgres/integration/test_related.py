"""Joined reads: belongs-to, has-many, join types, selected columns, filters, keys of any type."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from ouroboros_postgres import _engine, connection, errors

AUTHOR = {"name": "author", "table": "users", "foreign_key": "author_id"}
EDITOR = {"name": "editor", "table": "users", "foreign_key": "editor_id"}
POSTS = {"name": "posts", "table": "posts", "foreign_key": "author_id"}


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE users (id serial PRIMARY KEY, name text, joined date, balance numeric(10,2))")
    await pg.execute(
        "CREATE TABLE posts (id serial PRIMARY KEY, title text, author_id int"
        " REFERENCES users, editor_id int REFERENCES users)"
    )
    await pg.insert_many(
        "users",
        [
            {"name": "Ada", "joined": dt.date(2024, 1, 15), "balance": Decimal("1.50")},
            {"name": "Bob", "joined": None, "balance": None},
            {"name": "Eve", "joined": None, "balance": None},
        ],
    )
    await pg.insert_many(
        "posts",
        [
            {"title": "one", "author_id": 1, "editor_id": 2},
            {"title": "two", "author_id": 1, "editor_id": None},
            {"title": "three", "author_id": 2, "editor_id": 1},
            {"title": "four", "author_id": None, "editor_id": None},
        ],
    )


ADA = {"id": 1, "name": "Ada", "joined": dt.date(2024, 1, 15), "balance": Decimal("1.50")}
BOB = {"id": 2, "name": "Bob", "joined": None, "balance": None}
ONE = {"id": 1, "title": "one", "author_id": 1, "editor_id": 2}
FOUR = {"id": 4, "title": "four", "author_id": None, "editor_id": None}


async def test_belongs_to(pg: ModuleType) -> None:
    for call in (pg.fetch_one_with_relations, connection.fetch_one_with_relations, _engine.fetch_one_with_relations):
        assert await call("posts", 1, [AUTHOR]) == {**ONE, "author": ADA}
        assert await call(table="posts", id=1, relations=[AUTHOR, EDITOR]) == {**ONE, "author": ADA, "editor": BOB}
        assert await call("posts", 4, [AUTHOR]) == {**FOUR, "author": None}
        assert await call("posts", 99, [AUTHOR]) is None
        assert await call("posts", None, [AUTHOR]) is None
        assert await call("posts", 1, []) == ONE


async def test_related_values_have_their_own_classes(pg: ModuleType) -> None:
    row = await pg.fetch_one_with_relations("posts", 1, [AUTHOR])
    assert type(row["author"]["balance"]) is Decimal
    assert row["author"]["balance"].as_tuple() == Decimal("1.50").as_tuple()
    assert type(row["author"]["joined"]) is dt.date
    assert list(row) == ["id", "title", "author_id", "editor_id", "author"]


async def test_eager(pg: ModuleType) -> None:
    for call in (pg.fetch_one_eager, connection.fetch_one_eager, _engine.fetch_one_eager):
        assert await call("posts", 1, [("author", "author_id", "users"), ("editor", "editor_id", "users")]) == {
            **ONE,
            "author": ADA,
            "editor": BOB,
        }
        assert await call(table="posts", id=4, joins=[("author", "author_id", "users")]) == {**FOUR, "author": None}
        assert await call("posts", 99, []) is None
        assert await call("posts", 1, []) == ONE


async def test_selected_columns(pg: ModuleType) -> None:
    relation = {**AUTHOR, "select_columns": ["name"]}
    assert (await pg.fetch_one_with_relations("posts", 1, [relation]))["author"] == {"name": "Ada"}
    assert (await pg.fetch_one_with_relations("posts", 4, [relation]))["author"] is None
    rows = await pg.fetch_many_with_relations("posts", [relation], order_by=("id", "asc"))
    assert [row["author"] for row in rows] == [{"name": "Ada"}, {"name": "Ada"}, {"name": "Bob"}, None]
    # A related row whose selected columns are all NULL is still a row.
    relation = {**EDITOR, "select_columns": ["joined", "balance"]}
    assert (await pg.fetch_one_with_relations("posts", 1, [relation]))["editor"] == {"joined": None, "balance": None}
    assert list(
        (await pg.fetch_one_with_relations("posts", 3, [{**EDITOR, "select_columns": ["name", "id"]}]))["editor"]
    ) == [
        "name",
        "id",
    ]
    assert (await pg.fetch_one_with_relations("posts", 1, [{**AUTHOR, "select_columns": None}]))["author"] == ADA


@pytest.mark.parametrize("join_type", ["left", "LEFT", "Left"])
async def test_left_keeps_rows_without_relation(pg: ModuleType, join_type: str) -> None:
    rows = await pg.fetch_many_with_relations("posts", [{**AUTHOR, "join_type": join_type}], order_by=("id", "asc"))
    assert [row["author"]["name"] if row["author"] else None for row in rows] == ["Ada", "Ada", "Bob", None]


@pytest.mark.parametrize("join_type", ["inner", "INNER"])
async def test_inner_leaves_them_out(pg: ModuleType, join_type: str) -> None:
    relation = {**AUTHOR, "join_type": join_type}
    assert len(await pg.fetch_many_with_relations("posts", [relation])) == 3
    assert await pg.fetch_one_with_relations("posts", 4, [relation]) is None
    assert (await pg.fetch_one_with_relations("posts", 1, [relation]))["author"] == ADA


@pytest.mark.parametrize("join_type", ["right", "full", "RIGHT", "Full"])
async def test_right_and_full_joins(pg: ModuleType, join_type: str) -> None:
    rows = await pg.fetch_many_with_relations("posts", [{**AUTHOR, "join_type": join_type}])
    names = {row["author"]["name"] for row in rows if row["author"]}
    assert {"Ada", "Bob"} <= names
    assert (await pg.fetch_one_with_relations("posts", 1, [{**AUTHOR, "join_type": join_type}]))["author"] == ADA


@pytest.mark.parametrize("join_type", ["outer", "", "left outer", "natural", "cross", "left; DROP TABLE posts", 5])
async def test_unknown_join_types(pg: ModuleType, join_type: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        await pg.fetch_one_with_relations("posts", 1, [{**AUTHOR, "join_type": join_type}])


@pytest.mark.parametrize("field", ["name", "table", "foreign_key"])
async def test_missing_fields(pg: ModuleType, field: str) -> None:
    relation = {key: value for key, value in AUTHOR.items() if key != field}
    for call in (
        lambda: pg.fetch_one_with_relations("posts", 1, [relation]),
        lambda: pg.fetch_many_with_relations("posts", [relation]),
    ):
        with pytest.raises(ValueError, match=f"Missing '{field}'"):
            await call()


async def test_filter_order_limit_offset(pg: ModuleType) -> None:
    async def titles(**options: Any) -> list[str]:
        return [row["title"] for row in await pg.fetch_many_with_relations("posts", [AUTHOR], **options)]

    assert await titles(order_by=("id", "desc")) == ["four", "three", "two", "one"]
    assert await titles(order_by=("id", "DESC"), limit=2) == ["four", "three"]
    assert await titles(order_by=[("author_id", "asc"), ("id", "desc")]) == ["two", "one", "three", "four"]
    assert await titles(order_by=("id", "asc"), limit=2, offset=1) == ["two", "three"]
    assert await titles(filter={"author_id": 1, "editor_id": 2}) == ["one"]
    assert await titles(filter={"author_id": None}) == ["four"]
    assert await titles(filter={"title": ["one", "three"]}, order_by=("id", "asc")) == ["one", "three"]
    assert await titles(filter={"title": []}) == []
    assert await titles(filter={"title": "nope"}) == []
    assert await titles(filter={}, order_by=("id", "asc"), limit=0) == []
    assert len(await titles(filter=None)) == 4
    rows = await connection.fetch_many_with_relations("posts", [AUTHOR], {"author_id": 1}, ("id", "asc"), 1, 1)
    assert [row["title"] for row in rows] == ["two"]
    rows = await _engine.fetch_many_with_relations("posts", [], {"id": 1}, None, None, None)
    assert rows == [ONE]


async def test_has_many(pg: ModuleType) -> None:
    row = await pg.fetch_one_with_relations("users", 1, [POSTS])
    assert [post["title"] for post in row["posts"]] == ["one", "two"]
    assert row["posts"][0] == ONE
    assert (await pg.fetch_one_with_relations("users", 3, [POSTS]))["posts"] == []
    rows = await pg.fetch_many_with_relations("users", [POSTS], order_by=("id", "asc"), limit=2)
    assert [(row["name"], len(row["posts"])) for row in rows] == [("Ada", 2), ("Bob", 1)]
    rows = await pg.fetch_many_with_relations("users", [{**POSTS, "select_columns": ["title"]}], order_by=("id", "asc"))
    assert [row["posts"] for row in rows] == [[{"title": "one"}, {"title": "two"}], [{"title": "three"}], []]


async def test_two_has_many_do_not_multiply(pg: ModuleType) -> None:
    edited = {"name": "edited", "table": "posts", "foreign_key": "editor_id"}
    rows = await pg.fetch_many_with_relations("users", [POSTS, edited], order_by=("id", "asc"))
    assert [(len(row["posts"]), len(row["edited"])) for row in rows] == [(2, 1), (1, 1), (0, 0)]


async def test_has_many_values_have_their_own_classes(pg: ModuleType) -> None:
    await pg.execute(
        "CREATE TABLE payments (user_id int, amount numeric, at timestamptz, data bytea, doc jsonb, ids uuid[])"
    )
    document = {
        "user_id": 1,
        "amount": Decimal("1.10"),
        "at": dt.datetime(2024, 1, 15, 10, tzinfo=dt.UTC),
        "data": b"\x00\xff",
        "doc": {"a": [1, None]},
        "ids": [uuid.UUID(int=5)],
    }
    await pg.insert_one("payments", document)
    [payment] = (
        await pg.fetch_one_with_relations(
            "users", 1, [{"name": "payments", "table": "payments", "foreign_key": "user_id"}]
        )
    )["payments"]
    assert payment == document
    assert payment["amount"].as_tuple() == document["amount"].as_tuple()


async def test_the_direction_can_be_forced(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE nodes (id int PRIMARY KEY, parent int REFERENCES nodes)")
    await pg.insert_many("nodes", [{"id": 1, "parent": None}, {"id": 2, "parent": 1}, {"id": 3, "parent": 1}])
    relation = {"name": "other", "table": "nodes", "foreign_key": "parent"}
    assert (await pg.fetch_one_with_relations("nodes", 2, [relation]))["other"] == {"id": 1, "parent": None}
    row = await pg.fetch_one_with_relations("nodes", 1, [{**relation, "many": True}])
    assert [node["id"] for node in row["other"]] == [2, 3]
    assert (await pg.fetch_one_with_relations("nodes", 2, [{**relation, "many": False}]))["other"]["id"] == 1


async def test_reference_columns(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE countries (code text PRIMARY KEY, name text UNIQUE)")
    await pg.execute("CREATE TABLE towns (id serial PRIMARY KEY, country text)")
    await pg.insert_one("countries", {"code": "fr", "name": "France"})
    await pg.insert_one("towns", {"country": "fr"})
    relation = {"name": "of", "table": "countries", "foreign_key": "country", "reference_column": "code"}
    assert (await pg.fetch_one_with_relations("towns", 1, [relation]))["of"] == {"code": "fr", "name": "France"}
    back = {"name": "towns", "table": "towns", "foreign_key": "country", "reference_column": "code"}
    assert (await pg.fetch_one_with_relations("countries", "fr", [back]))["towns"] == [{"id": 1, "country": "fr"}]


async def test_keys_of_any_type_and_name(pg: ModuleType) -> None:
    await pg.execute("CREATE SCHEMA app")
    await pg.execute("CREATE TABLE app.owners (key uuid PRIMARY KEY, id text)")
    await pg.execute("CREATE TABLE app.things (slug text PRIMARY KEY, id int, owner uuid REFERENCES app.owners)")
    key = uuid.UUID(int=77)
    await pg.insert_one("app.owners", {"key": key, "id": "o"})
    await pg.insert_one("app.things", {"slug": "s", "id": 5, "owner": key})
    relation = {"name": "owner_row", "table": "app.owners", "foreign_key": "owner", "reference_column": "key"}
    assert (await pg.fetch_one_with_relations("app.things", "s", [relation], id_column="slug"))["owner_row"][
        "id"
    ] == "o"
    await pg.execute("ALTER TABLE app.things DROP COLUMN id")
    assert (await pg.fetch_one_with_relations("app.things", "s", [relation]))["owner_row"]["key"] == key


async def test_names_of_relations(pg: ModuleType) -> None:
    for name in ("user", "order", "select", "Über", "end"):
        assert (await pg.fetch_one_with_relations("posts", 1, [{**AUTHOR, "name": name}]))[name] == ADA
    for call in (pg.fetch_one_with_relations, _engine.fetch_one_with_relations):
        with pytest.raises(ValueError, match="title"):
            await call("posts", 1, [{**AUTHOR, "name": "title"}])
    with pytest.raises(ValueError, match="author"):
        await pg.fetch_one_with_relations("posts", 1, [AUTHOR, AUTHOR])


async def test_missing_tables_and_columns(pg: ModuleType) -> None:
    for call in (
        lambda: pg.fetch_one_with_relations("missing", 1, []),
        lambda: pg.fetch_many_with_relations("missing", []),
        lambda: pg.fetch_many_with_relations("posts", [{**AUTHOR, "table": "missing"}]),
        lambda: pg.fetch_one_eager("missing", 1, []),
    ):
        with pytest.raises(RuntimeError, match="not found"):
            await call()
    with pytest.raises((errors.PostgresError, ValueError)):
        await pg.fetch_one_with_relations("posts", 1, [{**AUTHOR, "foreign_key": "nope"}])
    with pytest.raises(errors.UndefinedColumnError):
        await pg.fetch_one_with_relations("posts", 1, [{**AUTHOR, "select_columns": ["nope"]}])
    with pytest.raises(errors.UndefinedColumnError):
        await pg.fetch_many_with_relations("posts", [AUTHOR], {"nope": 1})


@pytest.mark.parametrize(
    "relations",
    [
        None,
        "x",
        5,
        ["x"],
        [None],
        [{**AUTHOR, "name": 5}],
        [{**AUTHOR, "unknown": 1}],
        [{**AUTHOR, "select_columns": "name"}],
        AUTHOR,
    ],
)
async def test_malformed_relations(pg: ModuleType, relations: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        await pg.fetch_one_with_relations("posts", 1, relations)
    with pytest.raises((TypeError, ValueError)):
        await pg.fetch_many_with_relations("posts", relations)


@pytest.mark.parametrize("joins", [None, "x", [("a", "b")], [("a", "b", 5)], ["abc"], [5]])
async def test_malformed_joins(pg: ModuleType, joins: Any) -> None:
    with pytest.raises((TypeError, ValueError, errors.PostgresError)):
        await pg.fetch_one_eager("posts", 1, joins)


async def test_inside_a_transaction(pg: ModuleType) -> None:
    async with pg.begin_transaction() as tx:
        user = await pg.insert_one("users", {"name": "New"})
        post = await pg.insert_one("posts", {"title": "fresh", "author_id": user["id"]})
        assert (await pg.fetch_one_with_relations("posts", post["id"], [AUTHOR]))["author"] == user
        assert (await pg.fetch_one_with_relations("users", user["id"], [POSTS]))["posts"] == [post]
        await tx.rollback()
    assert await pg.fetch_one_with_relations("posts", post["id"], [AUTHOR]) is None


async def test_errors_of_the_server_name_the_function(pg: ModuleType) -> None:
    nowhere = {**AUTHOR, "foreign_key": "nope"}
    for prefix, call in (
        ("Fetch with relations failed", lambda: pg.fetch_one_with_relations("posts", 1, [nowhere])),
        ("Eager fetch failed", lambda: pg.fetch_one_eager("posts", 1, [("author", "nope", "users")])),
        ("Fetch many with relations failed", lambda: pg.fetch_many_with_relations("posts", [AUTHOR], {"nope": 1})),
    ):
        with pytest.raises(errors.UndefinedColumnError, match=f"^{prefix}: .*nope"):
            await call()


@pytest.mark.parametrize(
    ("join_type", "titles"), [("right", ["one", "three", "two"]), ("full", ["four", "one", "three", "two"])]
)
async def test_rows_without_a_main_row_have_none_for_its_columns(
    pg: ModuleType, join_type: str, titles: list[str]
) -> None:
    rows = await pg.fetch_many_with_relations("posts", [{**AUTHOR, "join_type": join_type}])
    (alone,) = [row for row in rows if row["id"] is None]
    assert alone == {**dict.fromkeys(ONE), "author": alone["author"]}
    assert alone["author"]["id"] == 3
    assert sorted(row["title"] for row in rows if row is not alone) == titles


async def test_no_function_overwrites_a_column_with_a_relation(pg: ModuleType) -> None:
    with pytest.raises(ValueError, match="title"):
        await pg.fetch_many_with_relations("posts", [{**AUTHOR, "name": "title"}])
    with pytest.raises(ValueError, match="title"):
        await pg.fetch_one_eager("posts", 1, [("title", "author_id", "users")])
