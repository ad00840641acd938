"""Migrations from SQL files: what is read, what runs, what is recorded, and who may run at the same time."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest

from fixtures.database import Database
from fixtures.observe import blocked_backends, until
from ouroboros_postgres import errors

V1, V2, V3 = "20240101_000000", "20240102_000000", "20240103_000000"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    directory = tmp_path / "migrations"
    directory.mkdir()
    return directory


def write(folder: Path, name: str, up: str = "SELECT 1;", down: str = "SELECT 1;", header: str = "") -> Path:
    path = folder / f"{name}.sql"
    path.write_text(f"{header}\n-- UP\n{up}\n\n-- DOWN\n{down}\n", encoding="utf-8")
    return path


def three(folder: Path) -> None:
    for number, version in enumerate((V1, V2, V3), 1):
        write(folder, f"{version}_make_t{number}", f"CREATE TABLE t{number} (id int);", f"DROP TABLE t{number};")


def tables(database: Database) -> list[str]:
    rows = database.query("SELECT tablename AS t FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return [row["t"] for row in rows if row["t"] != "_migrations"]


def recorded(database: Database, table: str = "_migrations") -> list[str]:
    return [row["version"] for row in database.query(f"SELECT version FROM {table} ORDER BY version")]


# The history table.


async def test_init_creates_the_table_and_may_be_repeated(pg: ModuleType, database: Database) -> None:
    assert await pg.migration_init() is None
    assert await pg.migration_init() is None
    columns = database.query(
        "SELECT column_name AS name, data_type AS type, character_maximum_length AS length, is_nullable, column_default"
        " FROM information_schema.columns WHERE table_name = '_migrations' ORDER BY ordinal_position"
    )
    assert [tuple(column.values()) for column in columns] == [
        ("version", "character varying", 255, "NO", None),
        ("description", "text", None, "NO", None),
        ("applied_at", "timestamp with time zone", None, "NO", "now()"),
        ("checksum", "character varying", 64, "NO", None),
    ]
    assert database.query("SELECT 1 FROM pg_index WHERE indrelid = '_migrations'::regclass AND indisprimary")


async def test_concurrent_inits(pg: ModuleType, database: Database) -> None:
    await asyncio.gather(*(pg.migration_init() for _ in range(8)))
    assert recorded(database) == []


async def test_another_table(pg: ModuleType, database: Database, folder: Path) -> None:
    database.query("CREATE SCHEMA ops")
    three(folder)
    table = "ops.History"
    await pg.migration_init(migrations_table=table)
    assert await pg.migration_apply(folder, migrations_table=table) == [V1, V2, V3]
    assert (await pg.migration_status(folder, migrations_table=table))["applied"] == [V1, V2, V3]
    assert await pg.migration_rollback(folder, migrations_table=table) == [V3]
    assert recorded(database, 'ops."History"') == [V1, V2]
    assert not database.query("SELECT 1 FROM pg_tables WHERE tablename = '_migrations'")


@pytest.mark.parametrize("table", ["", 'x"; DROP TABLE y; --', "a b", "pg_catalog.x", "a.b.c"])
async def test_bad_table_names(pg: ModuleType, folder: Path, table: str) -> None:
    for call in (
        pg.migration_init(migrations_table=table),
        pg.migration_status(folder, migrations_table=table),
        pg.migration_apply(folder, migrations_table=table),
        pg.migration_rollback(folder, migrations_table=table),
    ):
        with pytest.raises(errors.IdentifierError):
            await call


async def test_errors_of_the_history_table(pg: ModuleType, database: Database, folder: Path) -> None:
    with pytest.raises(RuntimeError, match='^Failed to initialize migrations: schema "nowhere" does not exist'):
        await pg.migration_init(migrations_table="nowhere.m")
    database.query("CREATE TABLE _migrations (id int)")
    for call, prefix in (
        (pg.migration_status, "Failed to get migration status"),
        (pg.migration_apply, "Failed to apply migrations"),
        (pg.migration_rollback, "Failed to rollback migrations"),
    ):
        with pytest.raises(errors.UndefinedColumnError, match=f'^{prefix}: column "version" does not exist'):
            await call(folder)
    database.query(
        "ALTER DATABASE " + database.query("SELECT current_database() AS d")[0]["d"] + " SET search_path = ''"
    )
    try:
        await pg.close()
        await pg.init(database.dsn)
        with pytest.raises(errors.MigrationError, match="There is no schema to create _migrations in"):
            await pg.migration_init()
    finally:
        database.query(
            "ALTER DATABASE " + database.query("SELECT current_database() AS d")[0]["d"] + " RESET search_path"
        )


# Status.


async def test_status_without_the_table(pg: ModuleType, database: Database, folder: Path) -> None:
    three(folder)
    assert await pg.migration_status(str(folder)) == {
        "applied": [],
        "pending": [V1, V2, V3],
        "missing": [],
        "modified": [],
        "out_of_order": [],
    }
    assert not database.query("SELECT 1 FROM pg_tables WHERE tablename = '_migrations'")


async def test_status_of_everything(pg: ModuleType, folder: Path) -> None:
    write(folder, V1)
    write(folder, V3)
    gone = write(folder, "20240102_120000_gone")
    await pg.migration_apply(folder)
    write(folder, V2)
    write(folder, "20240104_000000")
    write(folder, V3, "SELECT 2;")
    gone.unlink()
    assert await pg.migration_status(folder) == {
        "applied": [V1, "20240102_120000", V3],
        "pending": [V2, "20240104_000000"],
        "missing": ["20240102_120000"],
        "modified": [V3],
        "out_of_order": [V2],
    }


# Apply.


async def test_apply_in_order(pg: ModuleType, database: Database, folder: Path) -> None:
    write(folder, "20240101_9_a", "CREATE TABLE n (i int);")
    write(folder, "20240101_10_b", "CREATE TABLE m (i int);")  # byte-wise before _9
    assert await pg.migration_apply(folder) == ["20240101_10", "20240101_9"]
    assert await pg.migration_apply(folder) == []
    assert tables(database) == ["m", "n"]


async def test_apply_records(pg: ModuleType, database: Database, folder: Path) -> None:
    path = write(folder, f"{V1}_add_some_users")
    write(folder, f"{V2}_x", header="-- Migration: whatever\n-- Description: Büro  'x'\nnot SQL, ignored")
    await pg.migration_apply(folder)
    first, second = database.query("SELECT * FROM _migrations ORDER BY version")
    assert first["description"] == "add some users"
    assert first["checksum"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert second["description"] == "Büro  'x'"
    assert first["applied_at"] < second["applied_at"]


async def test_a_failure_undoes_its_migration_only(pg: ModuleType, database: Database, folder: Path) -> None:
    three(folder)
    write(folder, f"{V2}_make_t2", "CREATE TABLE t2 (id int);\n-- next\nINSERT INTO nowhere VALUES (1);")
    with pytest.raises(errors.UndefinedTableError) as caught:
        await pg.migration_apply(folder)
    assert str(caught.value) == (
        f'Failed to apply migrations: Failed to apply migration {V2} (statement 2): relation "nowhere" does not exist'
    )
    assert caught.value.sqlstate == "42P01"
    assert tables(database) == ["t1"]
    assert recorded(database) == [V1]
    write(folder, f"{V2}_make_t2", "CREATE TABLE t2 (id int);")
    assert await pg.migration_apply(folder) == [V2, V3]


async def test_a_failure_at_commit(pg: ModuleType, database: Database, folder: Path) -> None:
    write(
        folder,
        V1,
        "CREATE TABLE p (id int PRIMARY KEY);"
        "CREATE TABLE c (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED); INSERT INTO c VALUES (1);",
    )
    with pytest.raises(errors.ForeignKeyError, match=f"Failed to apply migrations: Failed to apply migration {V1}: "):
        await pg.migration_apply(folder)
    assert (tables(database), recorded(database)) == ([], [])


async def test_transaction_control_is_refused(pg: ModuleType, database: Database, folder: Path) -> None:
    write(folder, V1, "CREATE TABLE t (id int); COMMIT; CREATE TABLE u (id int);")
    with pytest.raises(errors.TransactionError, match=r"\(statement 2\): COMMIT inside a transaction"):
        await pg.migration_apply(folder)
    assert tables(database) == []


async def test_a_modified_file_stops_everything(pg: ModuleType, database: Database, folder: Path) -> None:
    three(folder)
    (folder / f"{V3}_make_t3.sql").rename(folder / "later")
    await pg.migration_apply(folder)
    write(folder, f"{V1}_make_t1", "CREATE TABLE other (id int);")
    (folder / "later").rename(folder / f"{V3}_make_t3.sql")
    with pytest.raises(
        errors.MigrationError, match=f"^Failed to apply migrations: Checksum mismatch for migration {V1}"
    ):
        await pg.migration_apply(folder)
    assert tables(database) == ["t1", "t2"]


async def test_missing_files_do_not_stop_and_late_ones_are_applied(pg: ModuleType, folder: Path) -> None:
    path = write(folder, V1)
    write(folder, V3)
    await pg.migration_apply(folder)
    path.unlink()
    write(folder, V2)
    assert await pg.migration_apply(folder) == [V2]


async def test_target_and_dry_run(pg: ModuleType, database: Database, folder: Path) -> None:
    three(folder)
    assert await pg.migration_apply(folder, dry_run=True, target=V2) == [V1, V2]
    assert not database.query("SELECT 1 FROM pg_tables WHERE tablename = '_migrations'")
    assert await pg.migration_apply(folder, target=V2) == [V1, V2]
    assert await pg.migration_apply(folder, target=V1) == []
    assert await pg.migration_apply(folder, dry_run=True) == [V3]
    with pytest.raises(errors.MigrationError, match="Target 1_1 is not found in migration files"):
        await pg.migration_apply(folder, target="1_1")
    assert await pg.migration_rollback(folder, 2, dry_run=True) == [V2, V1]
    assert (tables(database), recorded(database)) == (["t1", "t2"], [V1, V2])


SCHEMA = r"""
CREATE TABLE "odd;name" (
    id SERIAL PRIMARY KEY, -- a comment; with a semicolon
    kind text NOT NULL CHECK (kind IN ('a;b', 'it''s', E'\';', $q$;$q$)),
    updated_at timestamptz
);
/* outer /* nested; */ still; */
CREATE INDEX i1 ON "odd;name" (kind);
CREATE INDEX i2 ON "odd;name" (updated_at)
;
CREATE FUNCTION touch() RETURNS trigger AS $$
BEGIN
    NEW.updated_at := now(); -- ';
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;
CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql
BEGIN ATOMIC
    SELECT 1;
    SELECT CASE WHEN i > 0 THEN 2 * i ELSE 0 END;
END;
DO $body$ BEGIN EXECUTE 'CREATE TABLE made_by_do (id int)'; END; $body$;
CREATE TRIGGER touch BEFORE INSERT ON "odd;name" FOR EACH ROW EXECUTE FUNCTION touch();
;;
ALTER TABLE "odd;name" ADD COLUMN n int NOT NULL DEFAULT 3;
CREATE TABLE child (parent int REFERENCES "odd;name" ON DELETE CASCADE);
SELECT setval('"odd;name_id_seq"', 41);
INSERT INTO "odd;name" (kind) VALUES ('a;b')
-- the end
"""

UNDO = """
DROP TABLE IF EXISTS child; DROP TABLE IF EXISTS made_by_do; DROP TABLE IF EXISTS "odd;name" CASCADE;
DROP FUNCTION IF EXISTS touch(); DROP FUNCTION twice;
"""


async def test_statements_of_real_files(pg: ModuleType, database: Database, folder: Path) -> None:
    write(folder, V1, SCHEMA, UNDO)
    assert await pg.migration_apply(folder) == [V1]
    (row,) = database.query('SELECT *, twice(4) AS twice FROM "odd;name"')
    assert (row["id"], row["kind"], row["n"], row["twice"]) == (42, "a;b", 3, 8)
    assert row["updated_at"] is not None
    assert await pg.migration_rollback(folder) == [V1]
    assert tables(database) == []
    assert not database.query("SELECT 1 FROM pg_proc WHERE proname IN ('touch', 'twice')")


async def test_markers_of_all_kinds(pg: ModuleType, database: Database, folder: Path) -> None:
    (folder / f"{V1}.sql").write_text("-- migrate:down\nDROP TABLE t\n  -- Migrate:UP  \nCREATE TABLE t (id int)")
    (folder / f"{V2}.sql").write_text("-- up\n-- nothing\n-- Down\n-- nothing")
    assert await pg.migration_apply(folder) == [V1, V2]
    assert tables(database) == ["t"]
    assert await pg.migration_rollback(folder, 2) == [V2, V1]
    assert tables(database) == []


async def test_bom_and_crlf(pg: ModuleType, database: Database, folder: Path) -> None:
    text = "-- Description: windows\n-- UP\nCREATE TABLE t (id int);\n-- DOWN\nDROP TABLE t;\n"
    path = folder / f"{V1}.sql"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert await pg.migration_apply(folder) == [V1]
    (row,) = database.query("SELECT description, checksum FROM _migrations")
    assert row == {"description": "windows", "checksum": hashlib.sha256(text.encode()).hexdigest()}
    path.write_text(text)
    assert (await pg.migration_status(folder))["modified"] == []
    assert await pg.migration_rollback(folder) == [V1]


async def test_what_is_not_a_migration(pg: ModuleType, folder: Path) -> None:
    write(folder, V1)
    write(folder, ".20240101_000001_hidden")
    (folder / "20240101_000002_upper.SQL").write_text("")
    (folder / "README.md").write_text("")
    (folder / "20240101_000003_folder.sql").mkdir()
    write(folder / "20240101_000003_folder.sql", "20240101_000004_inside")
    (folder / f"{V2}_link.sql").symlink_to(write(folder / "20240101_000003_folder.sql", f"{V2}_linked"))
    assert (await pg.migration_status(folder))["pending"] == [V1, V2]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("nounderscore.sql", b"-- UP\nx\n-- DOWN\nx", "Invalid migration file name: nounderscore.sql"),
        ("_x.sql", b"-- UP\nx\n-- DOWN\nx", "Invalid migration file name: _x.sql"),
        ("1_1.sql", b"-- DOWN\nx", "Migration file missing UP section: 1_1.sql"),
        ("1_1.sql", b"-- UP\n \n\n-- DOWN\nx", "Migration file missing UP section: 1_1.sql"),
        ("1_1.sql", b"-- UP\nx", "Migration file missing DOWN section: 1_1.sql"),
        ("1_1.sql", b"-- UP\nx\n-- DOWN\nx\n--  UP\n-- up\ny", "Migration file has more than one UP section: 1_1.sql"),
        ("1_1.sql", b"-- UP\n'\xff'\n-- DOWN\nx", "Migration file is not UTF-8: 1_1.sql"),
        ("1_1.sql", b"-- UP\n\0\n-- DOWN\nx", "Migration file contains a NUL character: 1_1.sql"),
        ("1_1.sql", b"-- ouroboros: fast\n-- UP\nx\n-- DOWN\nx", 'unknown option "fast": 1_1.sql'),
        ("1_1.sql", b"-- UP\n-- ouroboros: no-transaction\n-- DOWN\nx", "behind its header: 1_1.sql"),
    ],
)
async def test_malformed_files(
    pg: ModuleType, database: Database, folder: Path, name: str, content: bytes, message: str
) -> None:
    write(folder, "0_0_fine", "CREATE TABLE t (id int)")
    (folder / name).write_bytes(content)
    for call in (pg.migration_status(folder), pg.migration_apply(folder), pg.migration_rollback(folder)):
        with pytest.raises(errors.MigrationError, match="^Failed to load migrations: .*" + re.escape(message)):
            await call
    assert tables(database) == []


async def test_duplicate_versions(pg: ModuleType, folder: Path) -> None:
    write(folder, f"{V1}_a")
    write(folder, f"{V1}_b")
    with pytest.raises(errors.MigrationError, match=f"Duplicate migration version {V1}: {V1}_a.sql and {V1}_b.sql"):
        await pg.migration_apply(folder)


async def test_bad_directories(pg: ModuleType, folder: Path) -> None:
    for call in (pg.migration_status, pg.migration_apply, pg.migration_rollback):
        with pytest.raises(
            RuntimeError, match="^Failed to load migrations: Migration directory does not exist: .*nope"
        ):
            await call(str(folder / "nope"))
        with pytest.raises(RuntimeError, match="^Failed to load migrations: Migration path is not a directory: .*1_1"):
            await call(write(folder, "1_1"))
        with pytest.raises(ValueError, match="migrations_dir must not be empty"):
            await call("")
        bad: Any = 3
        with pytest.raises(TypeError, match="migrations_dir must be str, not int"):
            await call(bad)


async def test_the_default_directory(pg: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    three(folder)
    assert await pg.migration_apply() == [V1, V2, V3]
    assert (await pg.migration_status())["pending"] == []
    assert await pg.migration_rollback() == [V3]


# Sessions.


async def test_each_migration_has_a_session_of_its_own(pg: ModuleType, database: Database, folder: Path) -> None:
    """As dumps do: an empty search_path, which must not reach the next migration or the records."""
    write(folder, V1, "SELECT set_config('search_path', '', false); SET work_mem = '77MB';")
    write(
        folder, V2, "CREATE TABLE t AS SELECT current_setting('work_mem') AS m;", header="-- ouroboros: no-transaction"
    )
    assert await pg.migration_apply(folder) == [V1, V2]
    assert database.query("SELECT m <> '77MB' AS fresh FROM public.t") == [{"fresh": True}]
    assert recorded(database) == [V1, V2]


async def test_timeouts_reach_every_migration(pg: ModuleType, database: Database, folder: Path) -> None:
    settings = "SELECT current_setting('lock_timeout') AS l, current_setting('statement_timeout') AS s"
    write(folder, V1, f"CREATE TABLE a AS {settings};")
    write(folder, V2, f"CREATE TABLE b AS {settings};", header="-- ouroboros: no-transaction")
    write(folder, V3, f"CREATE TABLE c AS {settings};")
    await pg.migration_apply(folder, lock_timeout=7, statement_timeout=90.0005)
    for table in "abc":
        assert database.query(f"SELECT * FROM {table}") == [{"l": "7s", "s": "90001ms"}]
    database.query("CREATE TABLE d (l text, s text)")
    (now,) = await pg.execute(settings)
    assert now == {"l": "0", "s": "0"}


async def test_statement_timeout(pg: ModuleType, folder: Path) -> None:
    write(folder, V1, "SELECT 1; SELECT pg_sleep(30);")
    with pytest.raises(errors.QueryTimeoutError, match=r"\(statement 2\)"):
        await pg.migration_apply(folder, statement_timeout=0.05)


@pytest.mark.parametrize("name", ["lock_timeout", "statement_timeout"])
async def test_bad_timeouts(pg: ModuleType, folder: Path, name: str) -> None:
    for bad, error in (
        (0, ValueError),
        (-1, ValueError),
        (float("nan"), ValueError),
        ("1", TypeError),
        (True, TypeError),
    ):
        with pytest.raises(error, match=name):
            await pg.migration_apply(folder, **{name: bad})
        with pytest.raises(error, match=name):
            await pg.migration_rollback(folder, **{name: bad})


async def test_bad_flags(pg: ModuleType, folder: Path) -> None:
    with pytest.raises(TypeError, match="dry_run must be bool, not int"):
        await pg.migration_apply(folder, dry_run=1)
    with pytest.raises(ValueError, match="target cannot be empty"):
        await pg.migration_apply(folder, target="")


# Without a transaction.


async def test_no_transaction(pg: ModuleType, database: Database, folder: Path) -> None:
    write(folder, V1, "CREATE TABLE t (id int);", "DROP TABLE t;")
    write(
        folder,
        V2,
        "CREATE INDEX CONCURRENTLY i ON t (id); VACUUM t;",
        "DROP INDEX CONCURRENTLY i;",
        header="-- Ouroboros: No-Transaction",
    )
    assert await pg.migration_apply(folder) == [V1, V2]
    assert database.query("SELECT 1 FROM pg_indexes WHERE indexname = 'i'")
    assert await pg.migration_rollback(folder) == [V2]
    assert not database.query("SELECT 1 FROM pg_indexes WHERE indexname = 'i'")
    assert recorded(database) == [V1]


async def test_no_transaction_failure(pg: ModuleType, database: Database, folder: Path) -> None:
    header = "-- ouroboros: no-transaction"
    write(folder, V1, "CREATE TABLE t (id int); CREATE TABLE t (id int); SELECT 1", header=header)
    with pytest.raises(RuntimeError, match=rf"Failed to apply migration {V1} \(statement 2\): .*already exists"):
        await pg.migration_apply(folder)
    assert (tables(database), recorded(database)) == (["t"], [])
    write(folder, V1, "BEGIN", header=header)
    with pytest.raises(errors.TransactionError, match=r"\(statement 1\): BEGIN outside a transaction"):
        await pg.migration_apply(folder)


# Rollback.


async def test_rollback_steps(pg: ModuleType, database: Database, folder: Path) -> None:
    three(folder)
    assert await pg.migration_rollback(folder) == []
    await pg.migration_apply(folder)
    assert await pg.migration_rollback(folder, 0) == []
    assert await pg.migration_rollback(folder) == [V3]
    assert (tables(database), recorded(database)) == (["t1", "t2"], [V1, V2])
    assert await pg.migration_rollback(folder, steps=10**30) == [V2, V1]
    assert (tables(database), recorded(database)) == ([], [])
    assert await pg.migration_apply(folder) == [V1, V2, V3]


async def test_rollback_follows_the_order_of_applying(pg: ModuleType, folder: Path) -> None:
    write(folder, V1)
    write(folder, V3)
    await pg.migration_apply(folder)
    write(folder, V2)
    await pg.migration_apply(folder)
    assert await pg.migration_rollback(folder, 2) == [V2, V3]


async def test_rollback_by_version_when_applied_together(pg: ModuleType, database: Database, folder: Path) -> None:
    three(folder)
    await pg.migration_apply(folder)
    database.query("UPDATE _migrations SET applied_at = '2024-01-01'")
    assert await pg.migration_rollback(folder, 3) == [V3, V2, V1]


async def test_rollback_to_a_target(pg: ModuleType, folder: Path) -> None:
    three(folder)
    await pg.migration_apply(folder)
    with pytest.raises(ValueError, match="steps and target exclude each other"):
        await pg.migration_rollback(folder, 2, target=V1)
    with pytest.raises(errors.MigrationError, match="Target 1_1 is not applied"):
        await pg.migration_rollback(folder, target="1_1")
    assert await pg.migration_rollback(folder, target=V1) == [V3, V2]
    assert await pg.migration_rollback(folder, target=V1) == []


@pytest.mark.parametrize(("steps", "error"), [(-1, ValueError), (True, TypeError), (1.0, TypeError), ("1", TypeError)])
async def test_bad_steps(pg: ModuleType, folder: Path, steps: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="steps"):
        await pg.migration_rollback(folder, steps)


async def test_rollback_needs_all_files_first(pg: ModuleType, database: Database, folder: Path) -> None:
    three(folder)
    await pg.migration_apply(folder)
    (folder / f"{V1}_make_t1.sql").unlink()
    with pytest.raises(
        RuntimeError,
        match=f"^Failed to rollback migrations: Migration {V1} is applied but not found in migration files",
    ):
        await pg.migration_rollback(folder, 3)
    assert tables(database) == ["t1", "t2", "t3"]
    assert await pg.migration_rollback(folder, 2) == [V3, V2]


async def test_a_failing_rollback(pg: ModuleType, database: Database, folder: Path) -> None:
    write(folder, V1, "CREATE TABLE t (id int)", "DROP TABLE t; DROP TABLE u;")
    await pg.migration_apply(folder)
    with pytest.raises(
        errors.UndefinedTableError,
        match=rf"^Failed to rollback migrations: Failed to revert migration {V1} \(statement 2\): ",
    ):
        await pg.migration_rollback(folder)
    assert (tables(database), recorded(database)) == (["t"], [V1])


# Who may run.


async def test_not_inside_a_transaction(pg: ModuleType, folder: Path) -> None:
    three(folder)
    async with pg.begin_transaction():
        for call in (
            pg.migration_init(),
            pg.migration_status(folder),
            pg.migration_apply(folder),
            pg.migration_rollback(folder),
        ):
            with pytest.raises(errors.TransactionError, match=r"migration_\w+ cannot run inside a transaction"):
                await call
        assert pg.migration_create("allowed", folder)
    async with pg.pg_transaction():
        with pytest.raises(RuntimeError, match="cannot run inside a transaction"):
            await pg.migration_apply(folder)


async def test_without_a_pool(folder: Path) -> None:
    import ouroboros_postgres as pg

    for call in (pg.migration_init(), pg.migration_status(folder), pg.migration_apply(folder), pg.migration_rollback()):
        with pytest.raises(errors.NotConnectedError):
            await call


async def test_names_are_found_everywhere(pg: ModuleType) -> None:
    for name in ("migration_init", "migration_status", "migration_apply", "migration_rollback", "migration_create"):
        assert getattr(pg, name) is getattr(pg.connection, name) is getattr(pg._engine, name)


async def test_one_connection_is_enough(database: Database, folder: Path) -> None:
    import ouroboros_postgres as pg

    three(folder)
    await pg.init(database.dsn, max_connections=1)
    runs = await asyncio.gather(*(pg.migration_apply(folder) for _ in range(3)))
    assert sorted(runs) == [[], [], [V1, V2, V3]]
    assert await pg.migration_rollback(folder) == [V3]
    await pg.close()


async def test_concurrent_runs(pg: ModuleType, database: Database, folder: Path) -> None:
    """With CREATE INDEX CONCURRENTLY, which waits for everybody who holds a snapshot."""
    write(folder, V1, "CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 1000);")
    write(folder, V2, "CREATE INDEX CONCURRENTLY i ON t (id);", header="-- ouroboros: no-transaction")
    runs = await asyncio.gather(*(pg.migration_apply(folder) for _ in range(4)))
    assert sorted(runs) == [[], [], [], [V1, V2]]
    assert database.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass") == [{"indisvalid": True}]


DEPLOY = """
import asyncio, json, sys
import ouroboros_postgres as pg

async def main():
    await pg.init(sys.argv[1])
    print(json.dumps(await pg.migration_apply(sys.argv[2])))
    await pg.close()

asyncio.run(main())
"""


async def test_concurrent_processes(database: Database, folder: Path) -> None:
    three(folder)
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", DEPLOY, database.dsn, str(folder), stdout=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    outputs = [(await process.communicate())[0] for process in processes]
    assert sorted(json.loads(output) for output in outputs) == [[], [], [V1, V2, V3]]
    assert recorded(database) == [V1, V2, V3]


@pytest.fixture
async def running(pg: ModuleType, database: Database, folder: Path) -> Any:
    """A run that waits in its first migration for a table lock."""
    database.query("CREATE TABLE gate (id int)")
    write(folder, V1, "SELECT 1; LOCK TABLE gate; CREATE TABLE t (id int);")
    with psycopg.connect(database.dsn) as blocker:
        blocker.execute("LOCK TABLE gate")
        task = asyncio.create_task(pg.migration_apply(folder))
        await until(lambda: blocked_backends(database))
        yield task, blocker
        task.cancel()


async def test_the_second_runner_waits(pg: ModuleType, folder: Path, running: Any) -> None:
    task, blocker = running
    with pytest.raises(errors.LockTimeoutError, match="^Failed to apply migrations: somebody else has been migrating"):
        await pg.migration_apply(folder, lock_timeout=0.05)
    with pytest.raises(errors.LockTimeoutError):
        await pg.migration_rollback(folder, lock_timeout=0.05)
    assert (await pg.migration_status(folder))["pending"] == [V1]  # needs no lock
    assert await pg.migration_apply(folder, dry_run=True) == [V1]
    assert await pg.migration_apply(folder, migrations_table="others", target=V1, dry_run=True) == [V1]
    second = asyncio.create_task(pg.migration_apply(folder))
    blocker.rollback()
    assert await task == [V1]
    assert await second == []


async def test_lock_timeout_of_statements(pg: ModuleType, database: Database, folder: Path, running: Any) -> None:
    with pytest.raises(errors.LockTimeoutError, match=r"\(statement 2\)"):
        await pg.migration_apply(folder, lock_timeout=0.05, migrations_table="others")
    assert tables(database) == ["gate", "others"]


async def test_a_cancelled_run_leaves_nothing(pg: ModuleType, database: Database, folder: Path, running: Any) -> None:
    task, blocker = running
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    blocker.rollback()
    assert await pg.migration_apply(folder) == [V1]


async def test_a_run_that_loses_its_connection(pg: ModuleType, database: Database, folder: Path, running: Any) -> None:
    task, blocker = running
    database.query("SELECT pg_terminate_backend(%s)", blocked_backends(database))
    with pytest.raises(errors.ConnectionFailedError, match=f"Failed to apply migration {V1}"):
        await task
    blocker.rollback()
    assert (tables(database), recorded(database)) == (["gate"], [])
    assert await pg.migration_apply(folder) == [V1]


async def test_connections_that_died_meanwhile(pg: ModuleType, database: Database, folder: Path) -> None:
    three(folder)
    assert await pg.migration_apply(folder, target=V1) == [V1]
    database.query("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::int[]) AS pid", [database.backends()])
    assert await pg.migration_apply(folder) == [V2, V3]


async def test_the_lock_ends_with_the_run(pg: ModuleType, database: Database, folder: Path) -> None:
    write(folder, V1, "SELECT nonsense")
    with pytest.raises(errors.UndefinedColumnError):
        await pg.migration_apply(folder)
    write(folder, V1)
    assert await pg.migration_apply(folder) == [V1]
    await pg.close()
    assert not database.query(
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database"
        " WHERE datname = current_database())"
    )


# Create.


async def test_create(pg: ModuleType, database: Database, tmp_path: Path) -> None:
    directory = tmp_path / "a" / "b"
    path = pg.migration_create("Add Users table", str(directory))
    (file,) = directory.iterdir()
    assert path == f"{directory}/{file.name}"
    assert re.fullmatch(r"\d{8}_\d{6}_add_users_table\.sql", file.name)
    assert file.read_text().startswith(f"-- Migration: {file.stem}\n-- Description: Add Users table\n")
    (version,) = await pg.migration_apply(directory)
    assert file.name.startswith(version + "_")
    assert tables(database) == []  # nothing happens while it is not edited
    assert database.query("SELECT description FROM _migrations") == [{"description": "Add Users table"}]
    assert await pg.migration_rollback(directory) == [version]


def test_create_never_overwrites(tmp_path: Path) -> None:
    import ouroboros_postgres as pg

    paths = [pg.migration_create(name, tmp_path) for name in ("x", "x", "y", "x", "z")]
    stems = [Path(path).stem[:15] for path in paths]
    assert sorted(set(stems)) == stems


@pytest.mark.parametrize(
    ("description", "slug"),
    [
        ("a/../b", "a_b"),
        ('it\'s "x"', "it_s_x"),
        ("one\n-- UP\nDROP TABLE t", "one_up_drop_table_t"),
        ("Größe 2", "gr_e_2"),
        ("姓名", "migration"),
        ("with_underscore", "with_underscore"),
        ("x" * 400, "x" * 150),
    ],
)
async def test_create_with_any_description(
    pg: ModuleType, database: Database, tmp_path: Path, description: str, slug: str
) -> None:
    path = Path(pg.migration_create(description, tmp_path))
    assert path.parent == tmp_path
    assert path.stem[16:] == slug
    await pg.migration_apply(tmp_path)
    assert database.query("SELECT description FROM _migrations") == [{"description": " ".join(description.split())}]


def test_create_refuses(tmp_path: Path) -> None:
    import ouroboros_postgres as pg

    for empty in ("", " \n"):
        with pytest.raises(ValueError, match="description must not be empty"):
            pg.migration_create(empty, tmp_path)
    with pytest.raises(ValueError, match="NUL"):
        pg.migration_create("a\0b", tmp_path)
    bad: Any = None
    with pytest.raises(TypeError, match="description must be str"):
        pg.migration_create(bad, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(RuntimeError, match="^Failed to create migration file: "):
        pg.migration_create("x", tmp_path / "file")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
