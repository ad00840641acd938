"""`insert_one` and `insert_many`: returned rows, defaults, atomicity, key sets, chunks, errors."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import _engine, connection, errors


@pytest.fixture(autouse=True)
def tables(database: Database) -> None:
    database.query(
        "CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL, email"
        " text UNIQUE, age int DEFAULT 18 CHECK (age >= 0),"
        " created timestamptz DEFAULT now(), score numeric(10,2))"
    )
    database.query("CREATE TABLE defaults (id serial PRIMARY KEY, n int DEFAULT 7)")
    database.query("CREATE SCHEMA other CREATE TABLE t (id serial, n int)")
    database.query('CREATE TABLE "Mixed Case" ("Order" int, "user" text, "größe" int)')


async def test_the_whole_row_comes_back(pg: ModuleType, database: Database) -> None:
    row = await pg.insert_one("users", {"name": "Ada", "score": 1.5})
    assert list(row) == ["id", "name", "email", "age", "created", "score"]
    assert isinstance(row["created"], dt.datetime)
    assert row == {**row, "id": 1, "name": "Ada", "email": None, "age": 18, "score": Decimal("1.50")}
    assert database.query("SELECT * FROM users") == [row]


async def test_every_way_to_call(pg: ModuleType) -> None:
    for insert_one in (pg.insert_one, connection.insert_one):
        assert (await insert_one("users", {"name": "a"}))["name"] == "a"
        assert (await insert_one(table="users", document={"name": "a"}))["name"] == "a"
    assert (await _engine.insert_one("users", {"name": "a"}))["name"] == "a"
    for insert_many in (pg.insert_many, connection.insert_many):
        assert len(await insert_many("users", [{"name": "a"}])) == 1
        assert len(await insert_many(table="users", documents=[{"name": "a"}])) == 1
    assert len(await _engine.insert_many("users", [{"name": "a"}])) == 1


async def test_no_values_are_all_defaults(pg: ModuleType) -> None:
    assert await pg.insert_one("defaults", {}) == {"id": 1, "n": 7}
    assert await pg.insert_many("defaults", [{}, {}]) == [{"id": 2, "n": 7}, {"id": 3, "n": 7}]


async def test_schemas_and_odd_names(pg: ModuleType) -> None:
    assert await pg.insert_one("other.t", {"n": 5}) == {"id": 1, "n": 5}
    assert await pg.insert_many("other.t", [{"n": 6}]) == [{"id": 2, "n": 6}]
    row = {"Order": 1, "user": "x", "größe": 3}
    assert await pg.insert_one('"Mixed Case"', row) == row


async def test_rows_come_back_in_input_order(pg: ModuleType) -> None:
    names = [f"n{index * 7919 % 500}" for index in range(500)]
    rows = await pg.insert_many("users", [{"name": name} for name in names])
    assert [row["name"] for row in rows] == names
    assert [row["id"] for row in rows] == list(range(1, 501))
    assert {row["age"] for row in rows} == {18}


async def test_key_order_may_differ(pg: ModuleType) -> None:
    rows = await pg.insert_many("users", [{"name": "a", "age": 1}, {"age": 2, "name": "b"}])
    assert [(row["name"], row["age"]) for row in rows] == [("a", 1), ("b", 2)]


async def test_nothing_to_insert(pg: ModuleType) -> None:
    assert await pg.insert_many("users", []) == []
    assert await pg.insert_many("users", iter(())) == []
    assert await pg.insert_many("no_such_table", []) == []


async def test_no_statement_without_documents(pg: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    before = pg.pool_metrics()["queries_executed"]
    await pg.insert_many("users", [])
    await pg.upsert_many("users", [], "id")
    assert pg.pool_metrics()["queries_executed"] == before


async def test_iterables_of_documents(pg: ModuleType) -> None:
    def generate() -> Iterator[dict[str, Any]]:
        yield {"name": "a"}
        yield {"name": "b"}

    assert [row["name"] for row in await pg.insert_many("users", generate())] == ["a", "b"]
    assert [row["name"] for row in await pg.insert_many("users", ({"name": "c"}, {"name": "d"}))] == ["c", "d"]


@pytest.mark.parametrize(
    "documents", [[{"name": "a"}, ["b"]], ["x"], [None], [{"name": "a"}, 5], 5, "text", {"name": "a"}]
)
async def test_documents_must_be_dicts(pg: ModuleType, database: Database, documents: Any) -> None:
    with pytest.raises(TypeError):
        await pg.insert_many("users", documents)
    assert database.query("SELECT * FROM users") == []


@pytest.mark.parametrize("document", [None, [], "x", 5, {1: 2}, {None: 1}, [("name", "a")]])
async def test_the_document_must_be_a_dict_of_names(pg: ModuleType, database: Database, document: Any) -> None:
    with pytest.raises(TypeError):
        await pg.insert_one("users", document)
    assert database.query("SELECT * FROM users") == []


async def test_key_sets_must_be_the_same(pg: ModuleType, database: Database) -> None:
    with pytest.raises(ValueError, match=r"1.*age"):
        await pg.insert_many("users", [{"name": "a", "age": 1}, {"name": "b"}])
    with pytest.raises(ValueError, match=r"2.*email"):
        await pg.insert_many("users", [{"name": "a"}, {"name": "b"}, {"name": "c", "email": "e"}])
    with pytest.raises(ValueError, match=r"1.*age.*name|1.*name.*age"):
        await pg.insert_many("users", [{"name": "a"}, {"age": 5}])
    assert database.query("SELECT * FROM users") == []


async def test_missing_keys_take_the_default(pg: ModuleType) -> None:
    documents = [{"name": "a"}, {"name": "b", "age": 5}, {"age": None, "name": "c", "email": "e"}]
    rows = await pg.insert_many("users", documents, fill_missing=True)
    assert [(row["name"], row["age"], row["email"]) for row in rows] == [
        ("a", 18, None),
        ("b", 5, None),
        ("c", None, "e"),
    ]
    rows = await pg.insert_many("defaults", [{}, {"n": 1}], fill_missing=True)
    assert [row["n"] for row in rows] == [7, 1]


@pytest.mark.parametrize(
    "bad", [{"name": "x", "email": "taken"}, {"name": None, "email": "f"}, {"name": "x", "email": "e"}]
)
async def test_a_failing_row_undoes_all(pg: ModuleType, database: Database, bad: dict[str, Any]) -> None:
    await pg.insert_one("users", {"name": "first", "email": "taken"})
    with pytest.raises(errors.IntegrityError, match="^Batch insert failed: .*violates"):
        await pg.insert_many("users", [{"name": "a", "email": "e"}, bad])
    assert database.query("SELECT name FROM users") == [{"name": "first"}]


@pytest.mark.parametrize("size", [1, 2, 7, 1000, 100_000])
async def test_batch_sizes(pg: ModuleType, database: Database, size: int) -> None:
    rows = await pg.insert_many("defaults", [{"n": n} for n in range(20)], batch_size=size)
    assert [row["n"] for row in rows] == list(range(20))
    with pytest.raises(errors.DataError):
        await pg.insert_many("defaults", [*({"n": n} for n in range(20)), {"n": 2**40}], batch_size=size)
    assert database.query("SELECT count(*) AS n FROM defaults") == [{"n": 20}]


@pytest.mark.parametrize("size", [0, -1, "x", 1.5, True])
async def test_bad_batch_sizes(pg: ModuleType, size: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="batch_size"):
        await pg.insert_many("defaults", [{"n": 1}], batch_size=size)
    with pytest.raises((ValueError, TypeError), match="batch_size"):
        await pg.upsert_many("defaults", [{"id": 1}], "id", batch_size=size)


async def test_more_values_than_one_statement_takes(pg: ModuleType, database: Database) -> None:
    await pg.execute("CREATE TABLE wide (" + ", ".join(f"c{n} int" for n in range(30)) + ", t text DEFAULT 'd')")
    documents = [{f"c{n}": index for n in range(30)} for index in range(5000)]
    rows = await pg.insert_many("wide", documents)
    assert [row["c0"] for row in rows] == list(range(5000))
    assert rows[-1] == {**documents[-1], "t": "d"}
    documents[-1] = {**documents[-1], "c29": "no number"}
    with pytest.raises(errors.DataError):
        await pg.insert_many("wide", documents)
    assert database.query("SELECT count(*) AS n FROM wide") == [{"n": 5000}]


async def test_chunks_inside_a_transaction(pg: ModuleType, database: Database) -> None:
    async with pg.begin_transaction():
        await pg.insert_one("defaults", {"n": -2})
        with pytest.raises(errors.DataError):
            await pg.insert_many("defaults", [*({"n": n} for n in range(2500)), {"n": 2**40}])
        # The chunks lie behind a savepoint.
        assert await pg.count("defaults") == 1
        assert len(await pg.insert_many("defaults", [{"n": n} for n in range(2500)])) == 2500
    assert database.query("SELECT count(*) AS n, min(n) AS least FROM defaults") == [{"n": 2501, "least": -2}]


async def test_values_of_different_classes_in_one_column(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE mixed (n numeric, t text, j jsonb)")
    rows = await pg.insert_many(
        "mixed",
        [
            {"n": 1, "t": "a", "j": {"a": 1}},
            {"n": 1.5, "t": None, "j": [1]},
            {"n": Decimal("2.50"), "t": 12, "j": '"text"'},
            {"n": "3.25", "t": "", "j": None},
            {"n": None, "t": "é", "j": []},
        ],
    )
    assert [row["n"] for row in rows] == [Decimal(1), Decimal("1.5"), Decimal("2.50"), Decimal("3.25"), None]
    assert [row["t"] for row in rows] == ["a", None, "12", "", "é"]
    assert [row["j"] for row in rows] == [{"a": 1}, [1], "text", None, []]


async def test_array_columns_in_batches(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE arrays (a int[], t text[], m int[])")
    documents = [
        {"a": [1, 2], "t": ["x", None], "m": [[1, 2], [3, 4]]},
        {"a": [], "t": [], "m": []},
        {"a": None, "t": None, "m": None},
        {"a": [3], "t": ["a,b", '"', "{}"], "m": [[5]]},
    ]
    assert await pg.insert_many("arrays", documents) == documents


async def test_generated_and_identity_columns_and_triggers(pg: ModuleType) -> None:
    await pg.execute(
        "CREATE TABLE made (id int GENERATED ALWAYS AS IDENTITY, n int, twice int GENERATED ALWAYS AS (n * 2) STORED)"
    )
    assert await pg.insert_one("made", {"n": 4}) == {"id": 1, "n": 4, "twice": 8}
    assert await pg.insert_many("made", [{"n": 5}, {"n": 6}]) == [
        {"id": 2, "n": 5, "twice": 10},
        {"id": 3, "n": 6, "twice": 12},
    ]
    with pytest.raises(errors.QueryError, match='cannot insert a non-DEFAULT value into column "id"'):
        await pg.insert_one("made", {"id": 9, "n": 1})


FAILURES: list[tuple[str, dict[str, Any], type[errors.PostgresError], str]] = [
    ("users", {"name": "x", "email": "taken"}, errors.ConflictError, "duplicate key value violates unique constraint"),
    ("users", {"email": "x"}, errors.NotNullError, 'null value in column "name"'),
    ("users", {"name": None}, errors.NotNullError, "violates not-null constraint"),
    ("users", {"name": "x", "age": -1}, errors.CheckError, "violates check constraint"),
    ("missing", {"n": 1}, errors.UndefinedTableError, 'relation "missing" does not exist'),
    (
        "users",
        {"name": "x", "nope": 1},
        errors.UndefinedColumnError,
        'column "nope" of relation "users" does not exist',
    ),
    ("users", {"name": "x", "age": "old"}, errors.DataError, "invalid input syntax"),
    ("missing.users", {"name": "x"}, errors.PostgresError, "does not exist"),
]


@pytest.mark.parametrize(("table", "document", "kind", "wording"), FAILURES)
async def test_errors(
    pg: ModuleType, table: str, document: dict[str, Any], kind: type[errors.PostgresError], wording: str
) -> None:
    await pg.insert_one("users", {"name": "first", "email": "taken"})
    for prefix, call in (
        ("Insert failed: ", lambda: pg.insert_one(table, document)),
        ("Batch insert failed: ", lambda: pg.insert_many(table, [document])),
        (
            "Batch insert failed: ",
            lambda: pg.insert_many(table, [document, {**document, "email": "two"}], fill_missing=True),
        ),
    ):
        with pytest.raises(RuntimeError) as caught:
            await call()
        assert isinstance(caught.value, kind)
        assert not isinstance(caught.value, AssertionError)
        assert str(caught.value).startswith(prefix)
        assert wording in str(caught.value)
        assert "insert" in str(caught.value).lower() and "failed" in str(caught.value).lower()


async def test_error_fields(pg: ModuleType) -> None:
    await pg.insert_one("users", {"name": "first", "email": "taken"})
    with pytest.raises(errors.ConflictError) as caught:
        await pg.insert_one("users", {"name": "second", "email": "taken"})
    error = caught.value
    assert error.sqlstate == "23505"
    assert (error.schema_name, error.table_name, error.constraint_name) == ("public", "users", "users_email_key")
    assert error.severity == "ERROR"
    assert error.detail == "Key (email)=(taken) already exists."
    assert error.is_constraint_violation and not error.is_retryable
    with pytest.raises(errors.NotNullError) as missing:
        await pg.insert_one("users", {})
    assert missing.value.column_name == "name"


async def test_values_never_appear_in_messages(pg: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "ouroboros_postgres")
    with pytest.raises(errors.CheckError) as caught:
        await pg.insert_one("users", {"name": "s3cret-name", "age": -77})
    assert "s3cret-name" not in caught.value.message
    assert "s3cret-name" not in (caught.value.query or "")
    assert "s3cret-name" not in "".join(str(vars(record)) for record in caplog.records if record.msg != "Query failed")


async def test_hidden_details(database: Database) -> None:
    await connection.init(database.dsn, hide_detail=True)
    try:
        await connection.insert_one("users", {"name": "a", "email": "s3cret"})
        with pytest.raises(errors.ConflictError) as caught:
            await connection.insert_one("users", {"name": "b", "email": "s3cret"})
        assert caught.value.detail is None
        assert "s3cret" not in str(caught.value)
    finally:
        await connection.close()


async def test_injection_text_in_values(pg: ModuleType, database: Database) -> None:
    hostile = "'); DROP TABLE users; --"
    assert (await pg.insert_one("users", {"name": hostile}))["name"] == hostile
    assert (await pg.insert_many("users", [{"name": hostile}, {"name": "$1"}]))[1]["name"] == "$1"
    assert database.query("SELECT count(*) AS n FROM users") == [{"n": 3}]


async def test_views_and_partitions(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE p (id int, n int) PARTITION BY RANGE (n)")
    await pg.execute("CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)")
    await pg.execute("CREATE VIEW v AS SELECT id, n FROM p")
    assert await pg.insert_one("p", {"id": 1, "n": 1}) == {"id": 1, "n": 1}
    assert await pg.insert_many("v", [{"id": 2, "n": 2}, {"id": 3, "n": 3}]) == [{"id": 2, "n": 2}, {"id": 3, "n": 3}]
    with pytest.raises(errors.CheckError, match="no partition"):
        await pg.insert_one("p", {"id": 4, "n": 99})
