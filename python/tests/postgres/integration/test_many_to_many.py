"""The engine's many-to-many functions, positional as programs call them."""

from __future__ import annotations

import uuid
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import _engine, errors

LINK = ("post_tags", "post_id", "tag_id", "tags")
BACK = ("post_tags", "tag_id", "post_id", "posts")


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE posts (id serial PRIMARY KEY, title text)")
    await pg.execute("CREATE TABLE tags (id serial PRIMARY KEY, name text, weight int)")
    await pg.insert_many("posts", [{"title": f"p{n}"} for n in range(1, 4)])
    await pg.insert_many("tags", [{"name": f"t{n}", "weight": -n} for n in range(1, 6)])
    assert await _engine.m2m_create_join_table("post_tags", "post_id", "tag_id", "posts", "tags") is None


async def related(source: int) -> list[int]:
    rows = await _engine.m2m_fetch_related(*LINK, source, None, [("id", "asc")])
    return [row["id"] for row in rows]


async def test_the_join_table(pg: ModuleType, database: Database) -> None:
    assert await _engine.m2m_create_join_table("post_tags", "post_id", "tag_id", "posts", "tags", "id", "id") is None
    table = await pg.inspect_table("post_tags")
    assert [(c["name"], c["data_type"], c["nullable"]) for c in table["columns"]] == [
        ("post_id", "Integer", False),
        ("tag_id", "Integer", False),
    ]
    assert {(k["referenced_table"], k["on_delete"]) for k in table["foreign_keys"]} == {
        ("posts", "CASCADE"),
        ("tags", "CASCADE"),
    }
    assert [index["columns"] for index in table["indexes"] if index["is_primary"]] == [["post_id", "tag_id"]]
    assert any(index["columns"][0] == "tag_id" for index in table["indexes"])


async def test_add_is_idempotent(pg: ModuleType) -> None:
    assert await _engine.m2m_add_relation(*LINK, 1, 2) is None
    assert await _engine.m2m_add_relation(*LINK, 1, 2, "id", "id") is None
    assert await related(1) == [2]


async def test_remove(pg: ModuleType) -> None:
    await _engine.m2m_add_relation(*LINK, 1, 2)
    assert await _engine.m2m_remove_relation(*LINK, 1, 2) == 1
    assert await _engine.m2m_remove_relation(*LINK, 1, 2, "id", "id") == 0


async def test_clear_and_count(pg: ModuleType) -> None:
    for tag in (1, 2, 3):
        await _engine.m2m_add_relation(*LINK, 1, tag)
    await _engine.m2m_add_relation(*LINK, 2, 1)
    assert await _engine.m2m_count_related(*LINK, 1) == 3
    assert await _engine.m2m_count_related(*LINK, 1, "id", "id") == 3
    assert await _engine.m2m_clear_relations(*LINK, 1) == 3
    assert await _engine.m2m_clear_relations(*LINK, 1, "id", "id") == 0
    assert await _engine.m2m_count_related(*LINK, 1) == 0
    assert await _engine.m2m_count_related(*LINK, 2) == 1


async def test_has(pg: ModuleType) -> None:
    await _engine.m2m_add_relation(*LINK, 1, 2)
    assert await _engine.m2m_has_relation(*LINK, 1, 2) is True
    assert await _engine.m2m_has_relation(*LINK, 2, 1, "id", "id") is False


async def test_fetch(pg: ModuleType) -> None:
    for tag in (3, 1, 2):
        await _engine.m2m_add_relation(*LINK, 1, tag)
    rows = await _engine.m2m_fetch_related(*LINK, 1)
    assert sorted(row["id"] for row in rows) == [1, 2, 3]
    assert set(rows[0]) == {"id", "name", "weight"}
    fetch = _engine.m2m_fetch_related
    assert await fetch(*LINK, 1, ["name"], [("weight", "asc")]) == [{"name": "t3"}, {"name": "t2"}, {"name": "t1"}]
    assert await fetch(*LINK, 1, ["name", "id"], [("id", "DESC")], 1) == [{"name": "t3", "id": 3}]
    assert await fetch(*LINK, 1, None, [("id", "Asc")], 2, "id", "id") == [
        {"id": 1, "name": "t1", "weight": -1},
        {"id": 2, "name": "t2", "weight": -2},
    ]
    assert await fetch(*LINK, 1, None, None, 0) == []
    assert await fetch(*LINK, 3) == []
    assert await fetch(*LINK, 1, order_by=[("id", "asc")], limit=1, offset=1, select_columns=["id"]) == [{"id": 2}]
    with pytest.raises(ValueError, match="direction|asc"):
        await fetch(*LINK, 1, None, [("id", "sideways")])
    with pytest.raises(ValueError, match="limit"):
        await fetch(*LINK, 1, None, None, -1)
    with pytest.raises(errors.UndefinedColumnError):
        await fetch(*LINK, 1, ["nope"])


async def test_the_other_direction(pg: ModuleType) -> None:
    for post in (1, 2):
        await _engine.m2m_add_relation(*LINK, post, 4)
    rows = await _engine.m2m_fetch_related(*BACK, 4, ["title"], [("id", "asc")])
    assert [row["title"] for row in rows] == ["p1", "p2"]
    assert await _engine.m2m_count_related(*BACK, 4) == 2
    assert await _engine.m2m_has_relation(*BACK, 4, 1) is True
    await _engine.m2m_set_relations(*BACK, 4, [3])
    assert await related(3) == [4]
    assert await related(1) == []


async def test_set(pg: ModuleType) -> None:
    for ids in ([1, 2, 3], [3, 4], [4, 4, 5, 5], [], [1]):
        assert await _engine.m2m_set_relations(*LINK, 1, ids) is None
        assert await related(1) == sorted(set(ids))
    assert await _engine.m2m_set_relations(*LINK, 1, (2, 3), "id", "id") is None
    assert await related(1) == [2, 3]


async def test_set_keeps_what_stays(pg: ModuleType, database: Database) -> None:
    await pg.execute("ALTER TABLE post_tags ADD COLUMN note text")
    await _engine.m2m_set_relations(*LINK, 1, [1, 2])
    await pg.execute("UPDATE post_tags SET note = 'kept'")
    await _engine.m2m_set_relations(*LINK, 1, [2, 3])
    assert database.query("SELECT tag_id, note FROM post_tags ORDER BY tag_id") == [
        {"tag_id": 2, "note": "kept"},
        {"tag_id": 3, "note": None},
    ]


async def test_set_is_atomic(pg: ModuleType) -> None:
    await _engine.m2m_set_relations(*LINK, 1, [1, 2])
    with pytest.raises(errors.ForeignKeyError, match="violates foreign key constraint"):
        await _engine.m2m_set_relations(*LINK, 1, [3, 99])
    assert await related(1) == [1, 2]


async def test_ids_without_a_row(pg: ModuleType) -> None:
    for arguments in ((1, 99), (99, 1)):
        with pytest.raises(errors.ForeignKeyError, match="violates foreign key constraint"):
            await _engine.m2m_add_relation(*LINK, *arguments)
    assert await _engine.m2m_count_related(*LINK, 99) == 0


async def test_deleting_a_row_ends_its_relations(pg: ModuleType) -> None:
    await _engine.m2m_add_relation(*LINK, 1, 2)
    assert await pg.delete_with_cascade("tags", 2) == 2
    assert await related(1) == []


@pytest.mark.parametrize(
    ("kind", "name", "keys"),
    [
        ("bigint", "BigInt", [2**40, 2**41]),
        ("uuid", "Uuid", [uuid.UUID(int=1), uuid.UUID(int=2)]),
        ("text", "Text", ["it's", "ünï"]),
        ("varchar(20)", "Varchar(20)", ["a", "b"]),
    ],
)
async def test_keys_of_any_type(pg: ModuleType, kind: str, name: str, keys: list[Any]) -> None:
    await pg.execute("CREATE SCHEMA app")
    await pg.execute(f'CREATE TABLE app.left_side ("Key" {kind} PRIMARY KEY)')
    await pg.execute(f"CREATE TABLE app.right_side (code {kind} PRIMARY KEY, n int)")
    await pg.insert_many("app.left_side", [{"Key": key} for key in keys])
    await pg.insert_many("app.right_side", [{"code": key, "n": n} for n, key in enumerate(keys)])
    await _engine.m2m_create_join_table("app.joined", "l", "r", "app.left_side", "app.right_side", "Key", "code")
    assert [column["data_type"] for column in await pg.get_columns("joined", "app")] == [name, name]
    link = ("app.joined", "l", "r", "app.right_side")
    await _engine.m2m_add_relation(*link, keys[0], keys[1], "Key", "code")
    await _engine.m2m_set_relations(*link, keys[0], keys, "Key", "code")
    rows = await _engine.m2m_fetch_related(*link, keys[0], None, [("n", "asc")], None, "Key", "code")
    assert rows == [{"code": key, "n": n} for n, key in enumerate(keys)]
    assert await _engine.m2m_has_relation(*link, keys[0], keys[0], "Key", "code") is True
    assert await _engine.m2m_remove_relation(*link, keys[0], keys[1], "Key", "code") == 1
    assert await _engine.m2m_clear_relations(*link, keys[0], "Key", "code") == 1


async def test_references_are_checked(pg: ModuleType) -> None:
    with pytest.raises(RuntimeError):
        await _engine.m2m_create_join_table("j", "a", "b", "posts", "missing")
    with pytest.raises(RuntimeError):
        await _engine.m2m_create_join_table("j", "a", "b", "posts", "tags", "id", "nope")
    with pytest.raises(RuntimeError):
        await _engine.m2m_create_join_table("j", "a", "b", "posts", "tags", "title", "id")
    assert await pg.table_exists("j") is False


async def test_a_table_joined_with_itself(pg: ModuleType) -> None:
    await _engine.m2m_create_join_table("follows", "follower", "followed", "posts", "posts")
    link = ("follows", "follower", "followed", "posts")
    await _engine.m2m_set_relations(*link, 1, [1, 2, 3])
    assert await _engine.m2m_count_related(*link, 1) == 3
    assert [row["id"] for row in await _engine.m2m_fetch_related("follows", "followed", "follower", "posts", 2)] == [1]


@pytest.mark.parametrize("ids", [None, "12", 5, {"a": 1}, b"1"])
async def test_target_ids_must_be_a_list(pg: ModuleType, ids: Any) -> None:
    await _engine.m2m_add_relation(*LINK, 1, 2)
    with pytest.raises(TypeError):
        await _engine.m2m_set_relations(*LINK, 1, ids)
    assert await related(1) == [2]


async def test_inside_a_transaction(pg: ModuleType) -> None:
    async with pg.begin_transaction() as tx:
        await _engine.m2m_add_relation(*LINK, 1, 1)
        await _engine.m2m_set_relations(*LINK, 1, [2, 3])
        assert await related(1) == [2, 3]
        with pytest.raises(errors.ForeignKeyError):
            await _engine.m2m_set_relations(*LINK, 1, [99])
        await tx.rollback()
    assert await related(1) == []


async def test_by_keyword(pg: ModuleType) -> None:
    names = {"join_table": "post_tags", "source_key": "post_id", "target_key": "tag_id", "target_table": "tags"}
    await _engine.m2m_add_relation(**names, source_id=1, target_id=2, source_reference="id", target_reference="id")
    assert await _engine.m2m_has_relation(**names, source_id=1, target_id=2) is True
    assert await _engine.m2m_fetch_related(**names, source_id=1, select_columns=["id"]) == [{"id": 2}]
    assert await _engine.m2m_count_related(**names, source_id=1) == 1
    await _engine.m2m_set_relations(**names, source_id=1, target_ids=[3])
    assert await _engine.m2m_remove_relation(**names, source_id=1, target_id=3) == 1
    assert await _engine.m2m_clear_relations(**names, source_id=1) == 0
