"""Names in every position of every function: accepted and quoted, or refused before anything is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import pytest

import ouroboros_postgres as package
from fixtures.database import Database
from ouroboros_postgres import _engine, connection, errors, validate_foreign_key_reference

ACCEPTED = [
    *("users", "user_accounts", "UserAccounts", "users123", "_users", "col$1", "x" * 63, "姓名", "größe", "é" * 31),
    *("order", "user", "end", "group", "limit", "select", "table", "deleted_at", "dropdown", "truncate_me"),
]

QUOTED = ['"My Table"', '"say ""hi"""', '"1st"', '"a.b"', '"a;b"', '"drop--"']

HOSTILE = [
    *("", " ", "users;--", "users'", "../x", "[users]", "users/*", "a b", "a\tb", "a\nb", "a`b", "a\\b", "a-b", "a/b"),
    *(
        "a*b",
        "a#b",
        "a,b",
        "a@b",
        "a=b",
        "a(b)",
        '"',
        '"a',
        'a"',
        '"a"b',
        'a"b"',
        '""',
        "1abc",
        "x" * 64,
        "é" * 32,
        "a\x00b",
    ),
    *(
        "a.b.c",
        ".a",
        "a.",
        ".",
        "a..b",
        "a'; DROP TABLE t; --",
        "t WHERE 1=1",
        "\u2028",
        "a\u00a0b",
        "\u2019a",
        "\u200bb",
    ),
    *("\ufb01ne", "\u212b", "e\u0301", "\uff11", "a\uff0eb"),
]

SYSTEM = [
    "pg_catalog.pg_class",
    "information_schema.tables",
    "pg_class",
    "pg_temp.t",
    "PG_CATALOG.pg_class",
    "pg_toast.x",
]

Position = Callable[[str], Awaitable[Any]]

TABLES: dict[str, Position] = {
    "insert_one": lambda n: package.insert_one(n, {"id": 1}),
    "insert_many": lambda n: package.insert_many(n, [{"id": 1}]),
    "upsert_one": lambda n: package.upsert_one(n, {"id": 1}, "id"),
    "upsert_many": lambda n: package.upsert_many(n, [{"id": 1}], "id"),
    "find_one": lambda n: package.find_one(n),
    "find_many": lambda n: package.find_many(n),
    "count": lambda n: package.count(n),
    "update_one": lambda n: package.update_one(n, "id", 1, {"v": 1}),
    "update_many": lambda n: package.update_many(n, None, {"v": 1}),
    "delete_one": lambda n: package.delete_one(n, "id", 1),
    "delete_many": lambda n: package.delete_many(n, None),
    "find_by_foreign_key": lambda n: package.find_by_foreign_key(n, "id", 1),
    "engine find_one": lambda n: _engine.find_one(n, "id", 1),
    "engine find_many": lambda n: _engine.find_many(n, "", []),
    "fetch_one": lambda n: _engine.fetch_one(n, {}),
    "fetch_all": lambda n: _engine.fetch_all(n, {}),
    "engine count": lambda n: _engine.count(n, "", []),
    "engine update_many": lambda n: _engine.update_many(n, {"v": 1}, "", []),
    "engine delete_many": lambda n: _engine.delete_many(n, "", []),
    "fetch_one_with_relations": lambda n: package.fetch_one_with_relations(n, 1, []),
    "fetch_one_eager": lambda n: package.fetch_one_eager(n, 1, []),
    "fetch_many_with_relations": lambda n: package.fetch_many_with_relations(n, []),
    "relation": lambda n: package.fetch_one_with_relations("t", 1, [{"name": "r", "table": n, "foreign_key": "v"}]),
    "join": lambda n: package.fetch_one_eager("t", 1, [("r", "v", n)]),
    "delete_with_cascade": lambda n: package.delete_with_cascade(n, 1),
    "delete_checked": lambda n: package.delete_checked(n, 1),
    "m2m join table": lambda n: _engine.m2m_add_relation(n, "s", "g", "t", 1, 1),
    "m2m target": lambda n: _engine.m2m_fetch_related("j", "s", "g", n, 1),
    "m2m create": lambda n: _engine.m2m_create_join_table(n, "s", "g", "t", "t"),
    "m2m create source": lambda n: _engine.m2m_create_join_table("j2", "s", "g", n, "t"),
    "m2m create target": lambda n: _engine.m2m_create_join_table("j2", "s", "g", "t", n),
}

COLUMNS: dict[str, Position] = {
    "insert_one": lambda n: package.insert_one("t", {n: 1}),
    "insert_many": lambda n: package.insert_many("t", [{n: 1}]),
    "insert_many filled": lambda n: package.insert_many("t", [{"v": 1}, {n: 1}], fill_missing=True),
    "upsert_one": lambda n: package.upsert_one("t", {"id": 1, n: 1}, "id"),
    "upsert_many": lambda n: package.upsert_many("t", [{"id": 1, n: 1}], "id"),
    "conflict target": lambda n: package.upsert_one("t", {"v": 1}, n),
    "conflict target in a list": lambda n: package.upsert_many("t", [{"v": 1}], ["id", n]),
    "dict condition": lambda n: package.find_many("t", {n: 1}),
    "triple condition": lambda n: package.find_one("t", [(n, "eq", 1)]),
    "null condition": lambda n: package.find_one("t", [(n, "is_null", None)]),
    "count condition": lambda n: package.count("t", {n: 1}),
    "order": lambda n: package.find_many("t", order_by=(n, "asc")),
    "select": lambda n: package.find_many("t", select_columns=[n]),
    "distinct on": lambda n: package.find_many("t", distinct_on=[n]),
    "update key": lambda n: package.update_one("t", n, 1, {"v": 1}),
    "update column": lambda n: package.update_one("t", "id", 1, {n: 1}),
    "update_many column": lambda n: package.update_many("t", None, {n: 1}),
    "update_many condition": lambda n: package.update_many("t", {n: 1}, {"v": 1}),
    "update_many returning": lambda n: package.update_many("t", None, {"v": 1}, returning=[n]),
    "delete key": lambda n: package.delete_one("t", n, 1),
    "delete_many condition": lambda n: package.delete_many("t", {n: 1}),
    "delete_many returning": lambda n: package.delete_many("t", None, returning=[n]),
    "foreign key": lambda n: package.find_by_foreign_key("t", n, 1),
    "engine order": lambda n: _engine.find_many("t", "", [], [(n, "asc")]),
    "engine select": lambda n: _engine.find_many("t", "", [], None, None, None, [n]),
    "engine distinct on": lambda n: _engine.find_many("t", "", [], None, None, None, None, None, [n]),
    "engine filter": lambda n: _engine.fetch_one("t", {n: 1}),
    "engine fetch_all order": lambda n: _engine.fetch_all("t", {}, None, None, [(n, "asc")]),
    "engine update": lambda n: _engine.update_many("t", {n: 1}, "", []),
    "engine update returning": lambda n: _engine.update_many("t", {"v": 1}, "", [], [n]),
    "engine delete returning": lambda n: _engine.delete_many("t", "", [], [n]),
    "relation key": lambda n: package.fetch_one_with_relations("t", 1, [{"name": "r", "table": "u", "foreign_key": n}]),
    "relation reference": lambda n: package.fetch_one_with_relations(
        "t", 1, [{"name": "r", "table": "u", "foreign_key": "v", "reference_column": n}]
    ),
    "relation columns": lambda n: package.fetch_one_with_relations(
        "t", 1, [{"name": "r", "table": "u", "foreign_key": "v", "select_columns": [n]}]
    ),
    "related filter": lambda n: package.fetch_many_with_relations("t", [], {n: 1}),
    "related order": lambda n: package.fetch_many_with_relations("t", [], None, (n, "asc")),
    "related key": lambda n: package.fetch_one_with_relations("t", 1, [], id_column=n),
    "cascade key": lambda n: package.delete_with_cascade("t", 1, n),
    "checked key": lambda n: package.delete_checked("t", 1, n),
    "m2m source key": lambda n: _engine.m2m_count_related("j", n, "g", "t", 1),
    "m2m target key": lambda n: _engine.m2m_has_relation("j", "s", n, "t", 1, 1),
    "m2m reference": lambda n: _engine.m2m_create_join_table("j2", "s", "g", "t", "t", n, "id"),
    "m2m columns": lambda n: _engine.m2m_fetch_related("j", "s", "g", "t", 1, [n]),
    "m2m order": lambda n: _engine.m2m_fetch_related("j", "s", "g", "t", 1, None, [(n, "asc")]),
    "m2m set": lambda n: _engine.m2m_set_relations("j", n, "g", "t", 1, [1]),
    "m2m clear": lambda n: _engine.m2m_clear_relations("j", n, "g", "t", 1),
    "m2m remove": lambda n: _engine.m2m_remove_relation("j", n, "g", "t", 1, 1),
}


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
    await pg.execute("CREATE TABLE u (id int PRIMARY KEY)")
    await pg.execute("CREATE TABLE j (s int REFERENCES t, g int REFERENCES t, PRIMARY KEY (s, g))")
    await pg.insert_one("t", {"id": 1, "v": 5})


def nothing_happened(database: Database) -> bool:
    tables = database.query(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    rows = database.query("SELECT * FROM t")
    return sorted(row["relname"] for row in tables) == ["j", "t", "u"] and rows == [{"id": 1, "v": 5}]


@pytest.mark.parametrize("position", TABLES)
async def test_hostile_tables(pg: ModuleType, database: Database, position: str) -> None:
    await refused(pg, TABLES[position], HOSTILE)
    assert nothing_happened(database)


@pytest.mark.parametrize("position", COLUMNS)
async def test_hostile_columns(pg: ModuleType, database: Database, position: str) -> None:
    await refused(pg, COLUMNS[position], [*HOSTILE, "a.b"])
    assert nothing_happened(database)


async def refused(pg: ModuleType, call: Position, names: list[str]) -> None:
    before = pg.pool_metrics()["queries_executed"]
    for name in names:
        with pytest.raises(ValueError) as caught:
            await call(name)
            pytest.fail(f"{name!r} was accepted")
        if not name and "Missing" in str(caught.value):  # a relation without a field
            continue
        assert isinstance(caught.value, errors.IdentifierError)
        assert isinstance(caught.value, RuntimeError) and isinstance(caught.value, ValueError)
        assert "DROP TABLE" not in str(caught.value)
    assert pg.pool_metrics()["queries_executed"] == before, "something was sent"


@pytest.mark.parametrize("position", TABLES)
async def test_system_tables(pg: ModuleType, database: Database, position: str) -> None:
    before = pg.pool_metrics()["queries_executed"]
    for name in SYSTEM:
        with pytest.raises(errors.IdentifierError, match="Access to .* is not allowed"):
            await TABLES[position](name)
    assert pg.pool_metrics()["queries_executed"] == before


async def test_raw_sql_may_read_catalogues(pg: ModuleType) -> None:
    assert await pg.execute("SELECT relname FROM pg_catalog.pg_class WHERE relname = 't'") == [{"relname": "t"}]
    assert await pg.execute("SELECT table_name FROM information_schema.tables WHERE table_name = $1", ["t"]) == [
        {"table_name": "t"}
    ]


def bare(name: str) -> str:
    """The name as PostgreSQL stores it."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


@pytest.mark.parametrize("name", [*ACCEPTED, *QUOTED])
async def test_accepted_names(pg: ModuleType, database: Database, name: str) -> None:
    stored = bare(name)
    sql = '"' + stored.replace('"', '""') + '"'
    await pg.execute(f"CREATE TABLE {sql} (id serial PRIMARY KEY, {sql} int UNIQUE)")
    for table in (name, f"public.{name}"):
        row = await pg.insert_one(table, {name: 1})
        assert row[stored] == 1
        assert list(row) == ["id", stored]
        assert await pg.find_many(table, {name: 1}, order_by=(name, "asc"), select_columns=[name]) == [{stored: 1}]
        assert await pg.find_one(table, [(name, "in", [1])], select_columns=[name]) == {stored: 1}
        assert (await pg.upsert_one(table, {name: 1}, name))["id"] == row["id"]
        assert await pg.update_many(table, {name: 1}, {name: 2}, returning=[name]) == [{stored: 2}]
        assert await _engine.find_many(table, f"{sql} = $1", [2], [(name, "desc")], None, 1, [name]) == [{stored: 2}]
        assert await _engine.update_many(table, {name: 3}, "", [], [name]) == [{stored: 3}]
        assert await pg.count(table, {name: 3}) == 1
        assert (await pg.fetch_many_with_relations(table, [], {name: 3}, (name, "asc")))[0][stored] == 3
        assert await pg.delete_with_cascade(table, 3, name) == 1
        assert await pg.delete_one(table, name, 3) == 0
    assert await pg.table_exists(stored) is True
    assert [column["name"] for column in await pg.get_columns(stored)] == ["id", stored]


async def test_case_is_kept_exactly(pg: ModuleType) -> None:
    await pg.execute('CREATE TABLE "Cased" (n int)')
    await pg.execute("CREATE TABLE cased (n int)")
    await pg.insert_one("Cased", {"n": 1})
    assert await pg.count("cased") == 0
    with pytest.raises(errors.UndefinedTableError):
        await pg.count("CASED")


async def test_quoted_schemas(pg: ModuleType) -> None:
    await pg.execute('CREATE SCHEMA "My Schema"')
    await pg.execute('CREATE TABLE "My Schema"."用户" (n int)')
    assert await pg.insert_one('"My Schema"."用户"', {"n": 1}) == {"n": 1}
    assert await pg.count('"My Schema".用户') == 1


async def test_the_message_does_not_repeat_hostile_names(pg: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    hostile = "x'; DROP TABLE s3cret; --"
    with pytest.raises(errors.IdentifierError) as caught:
        await pg.find_many(hostile)
    assert "s3cret" not in str(caught.value)
    records = [record for record in caplog.records if record.getMessage() == "Identifier validation failed"]
    assert [record.name for record in records] == ["ouroboros_postgres.validation"]
    assert "s3cret" not in str(vars(records[0]))
    assert vars(records[0])["reason"] == "invalid_characters"


REFERENCES = [
    ("users", ("users", "id")),
    ("users.uid", ("users", "uid")),
    ("schema.users.uid", ("schema.users", "uid")),
    ("deleted_at", ("deleted_at", "id")),
    ("dropdown.truncated", ("dropdown", "truncated")),
    ("用户.标识", ("用户", "标识")),
]


@pytest.mark.parametrize(("reference", "expected"), REFERENCES)
def test_references(reference: str, expected: tuple[str, str]) -> None:
    assert validate_foreign_key_reference(reference) == expected
    assert type(validate_foreign_key_reference(reference)) is tuple


def test_empty_references() -> None:
    with pytest.raises(errors.IdentifierError, match="cannot be empty"):
        validate_foreign_key_reference("")


@pytest.mark.parametrize("reference", ["a.b.c.d", "a..b", ".a", "a.", "."])
def test_malformed_references(reference: str) -> None:
    with pytest.raises(errors.IdentifierError, match="Invalid foreign key reference format"):
        validate_foreign_key_reference(reference)


@pytest.mark.parametrize("reference", ["users;--", "a b", "users'", "1a", "a.b c", "x" * 64])
def test_hostile_references(reference: str) -> None:
    with pytest.raises(errors.IdentifierError):
        validate_foreign_key_reference(reference)


@pytest.mark.parametrize("reference", [None, 5, b"users", ("users", "id")])
def test_references_must_be_text(reference: Any) -> None:
    with pytest.raises(TypeError):
        validate_foreign_key_reference(reference)


@pytest.mark.parametrize("name", [None, 5, b"t", ["t"], ("t",), 1.5])
async def test_names_must_be_text(pg: ModuleType, database: Database, name: Any) -> None:
    optional = {"related key", "cascade key", "checked key", "relation reference"}
    for position, call in {**TABLES, **COLUMNS}.items():
        if (position in optional and name is None) or (
            position == "conflict target" and isinstance(name, (list, tuple))
        ):
            continue
        with pytest.raises((TypeError, ValueError)):
            await call(name)
            pytest.fail(f"{position} accepted {name!r}")
    assert nothing_happened(database)


async def test_a_lone_surrogate_in_a_name(pg: ModuleType, database: Database) -> None:
    for position, call in {**TABLES, **COLUMNS}.items():
        with pytest.raises((errors.DataError, errors.IdentifierError)):
            await call("a\ud800")
            pytest.fail(f"{position} accepted it")
    assert nothing_happened(database)
    assert connection.is_connected()
