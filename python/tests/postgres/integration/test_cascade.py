"""`delete_with_cascade` and `delete_checked`: rules at any depth, counts, refusals, keys of any kind."""

from __future__ import annotations

import asyncio
import uuid
from types import ModuleType
from typing import Any

import psycopg
import pytest

from fixtures.database import Database
from fixtures.observe import until
from ouroboros_postgres import _engine, connection, errors

REFUSAL = (
    "Cannot delete record: foreign key constraint violation. Use cascade delete or remove referencing records first."
)


def script(database: Database, *statements: str) -> None:
    for statement in statements:
        database.query(statement)


def counts(database: Database, *tables: str) -> list[int]:
    return [database.query(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in tables]


@pytest.fixture(params=["CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION"])
def family(database: Database, request: pytest.FixtureRequest) -> str:
    script(
        database,
        "CREATE TABLE parent (id serial PRIMARY KEY)",
        f"CREATE TABLE child (id serial, p int DEFAULT 1 CONSTRAINT"
        f" child_rule REFERENCES parent ON DELETE {request.param})",
        "INSERT INTO parent VALUES (1), (2), (3)",
        "INSERT INTO child (p) VALUES (2), (2), (1)",
    )
    return str(request.param)


async def test_cascade_by_rule(pg: ModuleType, database: Database, family: str) -> None:
    if family in ("RESTRICT", "NO ACTION"):
        with pytest.raises(errors.ForeignKeyError) as caught:
            await pg.delete_with_cascade("parent", 2)
        assert REFUSAL in str(caught.value)
        assert (caught.value.table_name, caught.value.column_name, caught.value.constraint_name) == (
            "child",
            "p",
            "child_rule",
        )
        assert caught.value.is_constraint_violation
        assert counts(database, "parent", "child") == [3, 3]
        return
    assert await pg.delete_with_cascade("parent", 2) == {"CASCADE": 3, "SET NULL": 1, "SET DEFAULT": 1}[family]
    expected = {"CASCADE": [1], "SET NULL": [None, None, 1], "SET DEFAULT": [1, 1, 1]}[family]
    assert [row["p"] for row in database.query("SELECT p FROM child ORDER BY id")] == expected


async def test_checked_by_rule(pg: ModuleType, database: Database, family: str) -> None:
    if family in ("RESTRICT", "NO ACTION"):
        with pytest.raises(errors.ForeignKeyError) as caught:
            await pg.delete_checked("parent", 2)
        assert REFUSAL in str(caught.value)
        assert (caught.value.table_name, caught.value.column_name, caught.value.constraint_name) == (
            "child",
            "p",
            "child_rule",
        )
        assert counts(database, "parent", "child") == [3, 3]
    else:
        assert await pg.delete_checked("parent", 2) == 1
        assert counts(database, "parent") == [2]
    assert await pg.delete_checked("parent", 3) == 1
    assert await pg.delete_checked("parent", 3) == 0


async def test_missing_rows(pg: ModuleType, family: str) -> None:
    for call in (pg.delete_with_cascade, pg.delete_checked, connection.delete_with_cascade, _engine.delete_checked):
        assert await call("parent", 99) == 0
        assert await call("parent", None) == 0
        assert await call(table="parent", id=99, id_column="id") == 0
    assert await _engine.delete_with_cascade("parent", 99, None) == 0


async def test_plain_delete_leaves_it_to_the_server(pg: ModuleType, family: str) -> None:
    if family in ("RESTRICT", "NO ACTION"):
        with pytest.raises(errors.ForeignKeyError, match="violates"):
            await pg.execute("DELETE FROM parent WHERE id = $1", [2])
    else:
        assert await pg.execute("DELETE FROM parent WHERE id = $1", [2]) == 1


async def test_any_depth_is_counted(pg: ModuleType, database: Database) -> None:
    previous = "a"
    database.query("CREATE TABLE a (id int PRIMARY KEY)")
    database.query("INSERT INTO a VALUES (1), (2)")
    for name in "bcdef":
        script(
            database,
            f"CREATE TABLE {name} (id int PRIMARY KEY, up int REFERENCES {previous} ON DELETE CASCADE)",
            f"INSERT INTO {name} SELECT n, (n + 1) / 2 FROM generate_series(1, {2 ** (ord(name) - 96)}) AS n",
        )
        previous = name
    assert counts(database, *"abcdef") == [2, 4, 8, 16, 32, 64]
    assert await pg.delete_with_cascade("a", 1) == 1 + 2 + 4 + 8 + 16 + 32
    assert counts(database, *"abcdef") == [1, 2, 4, 8, 16, 32]


@pytest.mark.parametrize("rule", ["RESTRICT", "NO ACTION", "NO ACTION DEFERRABLE INITIALLY DEFERRED"])
async def test_a_refusal_at_depth_changes_nothing(pg: ModuleType, database: Database, rule: str) -> None:
    script(
        database,
        "CREATE TABLE a (id int PRIMARY KEY)",
        "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE)",
        f"CREATE TABLE c (id int PRIMARY KEY, b int CONSTRAINT deep REFERENCES b ON DELETE {rule})",
        "CREATE TABLE log (n int)",
        "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN INSERT INTO log VALUES (1); RETURN OLD; END'",
        "CREATE TRIGGER noted BEFORE DELETE ON b FOR EACH ROW EXECUTE FUNCTION noted()",
        "INSERT INTO a VALUES (1)",
        "INSERT INTO b VALUES (1, 1)",
        "INSERT INTO c VALUES (1, 1)",
    )
    for call in (pg.delete_with_cascade, pg.delete_checked):
        with pytest.raises(errors.ForeignKeyError) as caught:
            await call("a", 1)
        assert REFUSAL in str(caught.value) or "violates" in str(caught.value)
    assert counts(database, "a", "b", "c", "log") == [1, 1, 1, 0]
    database.query("DELETE FROM c")
    assert await pg.delete_with_cascade("a", 1) == 2


async def test_self_references_and_cycles(pg: ModuleType, database: Database) -> None:
    script(
        database,
        "CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree ON DELETE CASCADE)",
        "INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2), (4, 2), (5, NULL), (6, 6)",
        "CREATE TABLE x (id int PRIMARY KEY, y int)",
        "CREATE TABLE y (id int PRIMARY KEY, x int REFERENCES x ON DELETE CASCADE)",
        "ALTER TABLE x ADD FOREIGN KEY (y) REFERENCES y ON DELETE CASCADE",
        "INSERT INTO x VALUES (1, NULL), (2, NULL)",
        "INSERT INTO y VALUES (1, 1), (2, 2)",
        "UPDATE x SET y = 1 WHERE id = 1",
        "UPDATE x SET y = 1 WHERE id = 2",
    )
    assert await pg.delete_with_cascade("tree", 1) == 4
    assert await pg.delete_with_cascade("tree", 6) == 1
    assert counts(database, "tree") == [1]
    assert await pg.delete_with_cascade("x", 1) == 4
    assert counts(database, "x", "y") == [0, 0]


async def test_a_row_reached_twice_counts_once(pg: ModuleType, database: Database) -> None:
    script(
        database,
        "CREATE TABLE a (id int PRIMARY KEY)",
        "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE)",
        "CREATE TABLE c (id int PRIMARY KEY, a int REFERENCES a ON DELETE"
        " CASCADE, b int REFERENCES b ON DELETE CASCADE)",
        "INSERT INTO a VALUES (1)",
        "INSERT INTO b VALUES (1, 1)",
        "INSERT INTO c VALUES (1, 1, 1), (2, 1, NULL), (3, NULL, 1), (4, NULL, NULL)",
    )
    assert await pg.delete_with_cascade("a", 1) == 5
    assert counts(database, "a", "b", "c") == [0, 0, 1]


async def test_referenced_columns_composites_and_schemas(pg: ModuleType, database: Database) -> None:
    script(
        database,
        "CREATE SCHEMA app",
        "CREATE SCHEMA ext",
        "CREATE TABLE app.doc (id uuid PRIMARY KEY, code text UNIQUE, a int, b int, UNIQUE (a, b))",
        "CREATE TABLE ext.by_code (code text CONSTRAINT same REFERENCES app.doc (code) ON DELETE CASCADE)",
        "CREATE TABLE ext.by_pair (x int, y int, CONSTRAINT same FOREIGN KEY"
        " (y, x) REFERENCES app.doc (b, a) ON DELETE CASCADE)",
        "CREATE TABLE public.doc (id int PRIMARY KEY)",
        "INSERT INTO app.doc VALUES ('00000000-0000-0000-0000-000000000001', 'one', 1, 2),"
        " ('00000000-0000-0000-0000-000000000002', 'two', 2, 1)",
        "INSERT INTO ext.by_code VALUES ('one'), ('two'), (NULL)",
        "INSERT INTO ext.by_pair VALUES (1, 2), (2, 1), (1, NULL)",
    )
    assert await pg.delete_with_cascade("app.doc", uuid.UUID(int=1)) == 3
    assert [row["code"] for row in database.query("SELECT code FROM ext.by_code ORDER BY code")] == ["two", None]
    assert counts(database, "app.doc", "ext.by_pair") == [1, 2]
    assert await pg.delete_with_cascade("app.doc", "two", "code") == 3
    assert counts(database, "app.doc", "ext.by_code", "ext.by_pair") == [0, 1, 1]


async def test_other_key_columns(pg: ModuleType, database: Database) -> None:
    script(
        database,
        'CREATE TABLE "Odd Parent" ("Key" text PRIMARY KEY)',
        'CREATE TABLE "child" ("Ref" text REFERENCES "Odd Parent" ON DELETE CASCADE)',
        """INSERT INTO "Odd Parent" VALUES ('it''s')""",
        """INSERT INTO child VALUES ('it''s'), ('it''s')""",
    )
    assert await pg.delete_with_cascade('"Odd Parent"', "it's", id_column="Key") == 3
    assert await pg.delete_checked('"Odd Parent"', "it's", "Key") == 0


async def test_inside_a_transaction(pg: ModuleType, database: Database, family: str) -> None:
    async with pg.begin_transaction() as tx:
        await pg.insert_one("parent", {"id": 10})
        if family in ("RESTRICT", "NO ACTION"):
            with pytest.raises(errors.ForeignKeyError):
                await pg.delete_with_cascade("parent", 2)
            with pytest.raises(errors.ForeignKeyError):
                await pg.delete_checked("parent", 2)
        else:
            assert await pg.delete_with_cascade("parent", 2) >= 1
        # The refusal lies behind a savepoint: the transaction goes on.
        assert await pg.count("parent", {"id": 10}) == 1
        await tx.rollback()
    assert counts(database, "parent", "child") == [3, 3]


async def test_a_concurrent_child_cannot_slip_in(pg: ModuleType, database: Database) -> None:
    """A child that another transaction is about to add makes the delete wait, and then refuse."""
    script(
        database,
        "CREATE TABLE parent (id int PRIMARY KEY)",
        "CREATE TABLE child (p int REFERENCES parent ON DELETE RESTRICT)",
        "INSERT INTO parent VALUES (1)",
    )
    with psycopg.connect(database.dsn) as other:
        other.execute("INSERT INTO child VALUES (1)")
        deleting = asyncio.ensure_future(pg.delete_with_cascade("parent", 1))
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        await until(lambda: deleting.done() or database.query(waiting))
        assert not deleting.done()
        other.commit()
        with pytest.raises(errors.ForeignKeyError):
            await deleting
    assert counts(database, "parent", "child") == [1, 1]


async def test_missing_tables_and_columns(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (id int PRIMARY KEY)")
    for call in (pg.delete_with_cascade, pg.delete_checked):
        with pytest.raises(RuntimeError, match="missing"):
            await call("missing", 1)
        with pytest.raises(errors.UndefinedColumnError):
            await call("t", 1, "nope")
        with pytest.raises((errors.PostgresError, TypeError)):
            await call("t", "not a number")


async def test_calls_by_position(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (id int PRIMARY KEY, k text)")
    await pg.insert_many("t", [{"id": n, "k": f"k{n}"} for n in range(6)])
    arguments: list[tuple[Any, ...]] = [("t", 0), ("t", 1, "id"), ("t", "k2", "k")]
    for call, rows in (
        (_engine.delete_with_cascade, arguments),
        (_engine.delete_checked, [("t", 3), ("t", 4, "id"), ("t", "k5", "k")]),
    ):
        for row in rows:
            assert await call(*row) == 1
    assert await pg.count("t") == 0
