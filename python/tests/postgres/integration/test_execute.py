"""`execute`: what it returns for which statement, placeholders, parameters, batches and refusals."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import _engine, connection, errors

ROW_STATEMENTS = {
    "select": ("SELECT 1 AS n", [{"n": 1}]),
    "lower case": ("select 1 as n", [{"n": 1}]),
    "leading space and newlines": ("\n\t  SELECT 1 AS n", [{"n": 1}]),
    "line comment": ("-- INSERT\nSELECT 1 AS n", [{"n": 1}]),
    "block comment": ("/* a /* nested */ one */ SELECT 1 AS n", [{"n": 1}]),
    "parentheses": ("((SELECT 1 AS n))", [{"n": 1}]),
    "trailing semicolon": ("SELECT 1 AS n;", [{"n": 1}]),
    "trailing comment": ("SELECT 1 AS n; -- done\n /* really */ ;", [{"n": 1}]),
    "union": ("(SELECT 1 AS n) UNION ALL (SELECT 2)", [{"n": 1}, {"n": 2}]),
    "with": ("WITH a AS (SELECT 1 AS n) SELECT n FROM a", [{"n": 1}]),
    "values": ("VALUES (1, 'a'), (2, 'b')", [{"column1": 1, "column2": "a"}, {"column1": 2, "column2": "b"}]),
    "table": ("TABLE t ORDER BY n", [{"n": 1}, {"n": 2}]),
    "show": ("SHOW standard_conforming_strings", [{"standard_conforming_strings": "on"}]),
    "no row": ("SELECT n FROM t WHERE n > 100", []),
    "insert returning": ("INSERT INTO t VALUES (3) RETURNING n", [{"n": 3}]),
    "update returning": ("UPDATE t SET n = n + 10 WHERE n = 1 RETURNING n", [{"n": 11}]),
    "delete returning": ("DELETE FROM t WHERE n = 2 RETURNING n", [{"n": 2}]),
    "delete returning nothing": ("DELETE FROM t WHERE n = 99 RETURNING n", []),
    "with insert returning": ("WITH a AS (SELECT 5 AS n) INSERT INTO t SELECT n FROM a RETURNING n", [{"n": 5}]),
    "select over a writing with": ("WITH d AS (DELETE FROM t RETURNING n) SELECT count(*) FROM d", [{"count": 2}]),
    "call with out parameter": ("CALL twice(21, NULL)", [{"result": 42}]),
}

COUNT_STATEMENTS = {
    "insert": ("INSERT INTO t VALUES (3), (4)", 2),
    "insert select of nothing": ("INSERT INTO t SELECT 1 WHERE false", 0),
    "update": ("UPDATE t SET n = n + 10", 2),
    "update of nothing": ("UPDATE t SET n = 0 WHERE n = 99", 0),
    "delete": ("delete from t", 2),
    "the word returning in a literal": ("INSERT INTO words VALUES ('RETURNING')", 1),
    "the word returning in a name": ('UPDATE words SET "returning" = 1', 0),
    "the word returning in a comment": ("DELETE FROM t -- RETURNING n", 2),
    "with insert": ("WITH a AS (SELECT 5 AS n) INSERT INTO t SELECT n FROM a", 1),
    "with update": ("WITH a AS (SELECT 1 AS n) UPDATE t SET n = 7 FROM a WHERE t.n = a.n", 1),
    "with delete": ("WITH a AS (SELECT 1 AS n) DELETE FROM t USING a WHERE t.n = a.n", 1),
    "merge": (
        "MERGE INTO t USING (VALUES (1), (9)) AS s(n) ON t.n = s.n"
        " WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.n)",
        2,
    ),
}

OTHER_STATEMENTS = {
    "create": "CREATE TABLE other (n int)",
    "create table as": "CREATE TABLE other AS SELECT generate_series(1, 5) AS n",
    "select into": "SELECT 1 AS n INTO other",
    "truncate": "TRUNCATE t",
    "grant": "GRANT SELECT ON t TO PUBLIC",
    "set": "SET work_mem = '5MB'",
    "do": "DO $$ BEGIN PERFORM 1; END $$",
    "vacuum": "VACUUM t",
    "comment": "COMMENT ON TABLE t IS 'SELECT'",
    "drop": "DROP TABLE words",
    "call without out parameter": "CALL nothing()",
    "analyze": "ANALYZE t",
}


@pytest.fixture
def tables(database: Database) -> None:
    database.query("CREATE TABLE t (n int)")
    database.query("INSERT INTO t VALUES (1), (2)")
    database.query('CREATE TABLE words (word text, "returning" int)')
    database.query("CREATE PROCEDURE nothing() LANGUAGE sql AS ''")
    database.query("CREATE PROCEDURE twice(n int, INOUT result int) LANGUAGE plpgsql AS 'BEGIN result := 2 * n; END'")


@pytest.mark.parametrize("name", ROW_STATEMENTS)
async def test_statements_with_columns_give_rows(pg: ModuleType, tables: None, name: str) -> None:
    statement, expected = ROW_STATEMENTS[name]
    assert await pg.execute(statement) == expected


@pytest.mark.parametrize("name", COUNT_STATEMENTS)
async def test_writing_statements_give_counts(pg: ModuleType, tables: None, name: str) -> None:
    statement, expected = COUNT_STATEMENTS[name]
    result = await pg.execute(statement)
    assert (type(result), result) == (int, expected)


@pytest.mark.parametrize("name", OTHER_STATEMENTS)
async def test_other_statements_give_none(pg: ModuleType, tables: None, name: str) -> None:
    assert await pg.execute(OTHER_STATEMENTS[name]) is None


async def test_lock_and_fetch_inside_a_transaction(pg: ModuleType, tables: None) -> None:
    async with pg.begin_transaction() as tx:
        assert await tx.execute("LOCK TABLE t") is None
        assert await tx.execute("DECLARE c CURSOR FOR SELECT n FROM t ORDER BY n") is None
        assert await tx.execute("FETCH 1 FROM c") == [{"n": 1}]
        assert await tx.execute("FETCH ALL FROM c") == [{"n": 2}]
        assert await tx.execute("FETCH 1 FROM c") == []


async def test_explain_has_one_column(pg: ModuleType, tables: None) -> None:
    for statement in ("EXPLAIN SELECT * FROM t", "explain (costs off) select * from t where n = 1"):
        rows = await pg.execute(statement)
        assert rows
        assert all(list(row) == ["QUERY PLAN"] and isinstance(row["QUERY PLAN"], str) for row in rows)


async def test_unnamed_columns_keep_the_servers_name(pg: ModuleType, tables: None) -> None:
    assert list((await pg.execute("SELECT 1"))[0]) == ["?column?"]
    assert await pg.execute("SELECT count(*) FROM t") == [{"count": 2}]
    assert list((await pg.execute("SELECT version()"))[0]) == ["version"]


async def test_columns_come_in_select_order_and_the_last_duplicate_wins(pg: ModuleType, tables: None) -> None:
    assert list((await pg.execute("SELECT 1 AS z, 2 AS a, 3 AS m"))[0]) == ["z", "a", "m"]
    assert await pg.execute("SELECT 1 AS n, 2 AS n") == [{"n": 2}]


async def test_rows_come_in_the_servers_order(pg: ModuleType, tables: None) -> None:
    rows = await pg.execute("INSERT INTO t VALUES (30), (10), (20) RETURNING n")
    assert [row["n"] for row in rows] == [30, 10, 20]
    rows = await pg.execute("SELECT n FROM generate_series(1000, 1, -1) AS n")
    assert [row["n"] for row in rows] == list(range(1000, 0, -1))


async def test_placeholders_in_any_order_and_repeatedly(pg: ModuleType) -> None:
    assert await pg.execute("SELECT $2::int AS b, $1::text AS a, $2 + 1 AS c", ["x", 5]) == [{"b": 5, "a": "x", "c": 6}]
    assert await pg.execute("SELECT $1::jsonb AS j", ['{"a": [1, 2]}']) == [{"j": {"a": [1, 2]}}]
    many = await pg.execute("SELECT " + ", ".join(f"${n}::int AS c{n}" for n in range(1, 101)), list(range(100)))
    assert many == [{f"c{n}": n - 1 for n in range(1, 101)}]


async def test_operators_pass_through(pg: ModuleType) -> None:
    document = '\'{"a": {"b": 1}, "c": [1]}\'::jsonb'
    statement = f"""
        SELECT {document} ? 'a' AS q1, {document} ?| array['x', 'c'] AS q2, {document} ?& array['a', 'c'] AS q3,
               {document} @> '{{"c": [1]}}' AS q4, {document} -> 'a' -> 'b' AS q5, {document} ->> 'c' AS q6,
               {document} #>> '{{a,b}}' AS q7, 'a' || 'b' AS q8, 7 % 4 AS q9, 'a' LIKE '%' AS q10, '$1 ? :x' AS q11
    """
    expected = [
        {
            **{f"q{n}": True for n in range(1, 5)},
            **{"q5": 1, "q6": "[1]", "q7": "1", "q8": "ab", "q9": 3, "q10": True, "q11": "$1 ? :x"},
        }
    ]
    assert await pg.execute(statement) == expected
    assert await pg.execute(f"SELECT {document} ? $1 AS found, 7 % $2 AS rest", ["a", 4]) == [
        {"found": True, "rest": 3}
    ]


@pytest.mark.parametrize("nothing", [None, [], (), {}])
async def test_no_parameters(pg: ModuleType, nothing: Any) -> None:
    assert await pg.execute("SELECT 1 AS n", nothing) == [{"n": 1}]
    assert await pg.execute("SELECT 1 AS n", params=nothing) == [{"n": 1}]


@pytest.mark.parametrize("params", [("a", 1), ["a", 1], {"x": "a", "y": 1}])
async def test_kinds_of_parameter_containers(pg: ModuleType, params: Any) -> None:
    statement = (
        "SELECT :x::text AS x, :y::int AS y" if isinstance(params, dict) else "SELECT $1::text AS x, $2::int AS y"
    )
    assert await pg.execute(statement, params) == [{"x": "a", "y": 1}]


@pytest.mark.parametrize(
    ("statement", "params", "expected", "given"),
    [
        ("INSERT INTO t VALUES ($1)", [], 1, 0),
        ("INSERT INTO t VALUES ($1)", [1, 2], 1, 2),
        ("INSERT INTO t VALUES (3)", [1], 0, 1),
        ("INSERT INTO t SELECT $3::int", [1, 2], 3, 2),
        ("INSERT INTO t VALUES ($1)", None, 1, 0),
    ],
)
async def test_wrong_parameter_count(
    pg: ModuleType, tables: None, database: Database, statement: str, params: Any, expected: int, given: int
) -> None:
    with pytest.raises(errors.QueryError, match=rf"{expected}.*{given}") as caught:
        await pg.execute(statement, params)
    assert not isinstance(caught.value, ConnectionError)
    assert str(caught.value).startswith("Query execution failed: ")
    assert database.query("SELECT count(*) AS n FROM t") == [{"n": 2}]


async def test_named_parameters_spare_what_only_looks_like_one(pg: ModuleType) -> None:
    statement = """
        SELECT ':a' AS quoted, :a::int AS cast, ":b" AS name, $tag$ :a $tag$ AS dollars, E'\\':a' AS escaped, -- :a
               /* :a */ :long_name AS long, (array[1,2,3])[1:2] AS slice
        FROM (SELECT 1 AS ":b") AS s WHERE :a = 1
    """
    assert await pg.execute(statement, {"a": 1, "long_name": "x"}) == [
        {"quoted": ":a", "cast": 1, "name": 1, "dollars": " :a ", "escaped": "':a", "long": "x", "slice": [1, 2]}
    ]


async def test_a_missing_name_is_refused(pg: ModuleType) -> None:
    with pytest.raises(errors.QueryError, match="missing"):
        await pg.execute("SELECT :present::int, :missing::int", {"present": 1})


async def test_several_statements_give_the_last_result(pg: ModuleType, tables: None, database: Database) -> None:
    assert await pg.execute("INSERT INTO t VALUES (3); SELECT count(*) FROM t") == [{"count": 3}]
    assert await pg.execute("SELECT 1; INSERT INTO t VALUES (4), (5);") == 2
    assert await pg.execute("SELECT 1; CREATE TABLE u (n int)") is None
    assert await pg.execute("SELECT ';' AS a; SELECT $$;$$ AS b; -- ;") == [{"b": ";"}]
    assert database.query("SELECT count(*) AS n FROM t") == [{"n": 5}]


async def test_a_batch_is_one_implicit_transaction(pg: ModuleType, tables: None, database: Database) -> None:
    with pytest.raises(errors.UndefinedTableError, match='relation "missing" does not exist'):
        await pg.execute("INSERT INTO t VALUES (3); INSERT INTO missing VALUES (1)")
    assert database.query("SELECT count(*) AS n FROM t") == [{"n": 2}]


async def test_a_batch_decodes_values_like_a_single_statement(pg: ModuleType) -> None:
    columns = (
        "1::int8 AS i, 1.10::numeric AS n, ARRAY['a',NULL] AS a, '2024-01-15'::date AS d, '{\"a\": 1}'::jsonb AS j"
    )
    single = await pg.execute(f"SELECT {columns}, 'x'::bytea AS y")
    assert await pg.execute(f"SELECT 1; SELECT {columns}, 'x'::bytea AS y") == single


async def test_several_statements_take_no_parameters(pg: ModuleType, tables: None, database: Database) -> None:
    with pytest.raises(errors.QueryError, match="cannot insert multiple commands into a prepared statement"):
        await pg.execute("INSERT INTO t VALUES ($1); SELECT 1", [3])
    assert database.query("SELECT count(*) AS n FROM t") == [{"n": 2}]


@pytest.mark.parametrize("statement", ["", "  \n", ";", " ; ; ", "-- nothing", "/* nothing */ ;", "-- a\n;/* b */"])
async def test_empty_text_is_refused(pg: ModuleType, statement: str) -> None:
    with pytest.raises(errors.QueryError):
        await pg.execute(statement)


@pytest.mark.parametrize("statement", ["COPY t FROM STDIN", "copy t to stdout", "/* x */ COPY (SELECT 1) TO STDOUT"])
async def test_copy_through_the_connection_is_refused(pg: ModuleType, tables: None, statement: str) -> None:
    with pytest.raises(errors.QueryError):
        await pg.execute(statement)
    assert await pg.execute("SELECT count(*) FROM t") == [{"count": 2}]


async def test_copy_in_a_batch_is_refused(pg: ModuleType, tables: None) -> None:
    with pytest.raises(errors.QueryError):
        await pg.execute("SELECT 1; COPY t FROM STDIN")
    with pytest.raises(errors.QueryError):
        await pg.execute("COPY t TO STDOUT; SELECT 1")
    assert await pg.execute("SELECT count(*) FROM t") == [{"count": 2}]


async def test_nul_in_the_text_is_refused(pg: ModuleType) -> None:
    with pytest.raises(errors.QueryError):
        await pg.execute("SELECT 'a\x00b'")


async def test_ddl_takes_effect_at_once(pg: ModuleType, database: Database) -> None:
    await pg.execute("CREATE TABLE fresh (n int)")
    assert database.query("SELECT count(*) AS n FROM fresh") == [{"n": 0}]
    assert await pg.execute("SELECT * FROM fresh") == []


async def test_a_table_made_anew_with_other_columns(pg: ModuleType) -> None:
    for columns, value in (("n int", 1), ("n text", "1"), ("a int DEFAULT 0, n boolean", True)):
        await pg.execute(f"CREATE TABLE again ({columns})")
        await pg.execute("INSERT INTO again (n) VALUES ($1)", [value])
        for _ in range(3):
            rows = await pg.execute("SELECT * FROM again")
            assert rows[0]["n"] is value or rows[0]["n"] == value
            assert type(rows[0]["n"]) is type(value)
        await pg.execute("DROP TABLE again")


@pytest.mark.parametrize(
    ("statement", "kind", "sqlstate", "wording"),
    [
        ("SELEC 1", errors.SQLSyntaxError, "42601", 'syntax error at or near "SELEC"'),
        ("SELECT * FROM missing", errors.UndefinedTableError, "42P01", 'relation "missing" does not exist'),
        ("SELECT missing FROM t", errors.UndefinedColumnError, "42703", 'column "missing" does not exist'),
        ("INSERT INTO k VALUES (1)", errors.ConflictError, "23505", "violates unique constraint"),
        ("INSERT INTO k VALUES (NULL)", errors.NotNullError, "23502", "violates not-null constraint"),
        ("INSERT INTO k VALUES (-1)", errors.CheckError, "23514", "violates check constraint"),
        ("SELECT 1 / 0", errors.DataError, "22012", "division by zero"),
        ("SELECT 'x'::int", errors.DataError, "22P02", "invalid input syntax"),
        ("SELECT nope(1)", errors.QueryError, "42883", "function nope(integer) does not exist"),
    ],
)
async def test_errors_carry_the_servers_wording(
    pg: ModuleType, tables: None, statement: str, kind: type[errors.PostgresError], sqlstate: str, wording: str
) -> None:
    await pg.execute("CREATE TABLE k (n int PRIMARY KEY CHECK (n > 0))")
    await pg.execute("INSERT INTO k VALUES (1)")
    with pytest.raises(RuntimeError) as caught:
        await pg.execute(statement)
    assert type(caught.value) is kind
    assert caught.value.sqlstate == sqlstate
    assert str(caught.value).startswith("Query execution failed: ")
    assert wording in str(caught.value)


@pytest.mark.parametrize(
    "statement",
    [
        *("BEGIN", "begin work", "START TRANSACTION READ ONLY", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT a"),
        *(
            "RELEASE a",
            "RELEASE SAVEPOINT a",
            "ROLLBACK TO a",
            "PREPARE TRANSACTION 'x'",
            "/* x */ BEGIN;",
            "-- x\ncommit",
        ),
        *("COMMIT AND CHAIN", "ROLLBACK AND CHAIN"),
    ],
)
async def test_transaction_control_outside_a_transaction(pg: ModuleType, statement: str) -> None:
    with pytest.raises(errors.TransactionError, match="begin_transaction"):
        await pg.execute(statement)
    assert await pg.execute("SELECT 1 AS n") == [{"n": 1}]


async def test_settings_do_not_survive_on_the_pooled_connection(database: Database) -> None:
    await connection.init(database.dsn, max_connections=1)
    try:
        await connection.execute("SET work_mem = '123kB'")
        assert await connection.execute("SHOW work_mem") != [{"work_mem": "123kB"}]
        async with connection.begin_transaction() as tx:
            await tx.execute("SET LOCAL work_mem = '124kB'")
            assert await tx.execute("SHOW work_mem") == [{"work_mem": "124kB"}]
        assert await connection.execute("SHOW work_mem") != [{"work_mem": "124kB"}]
    finally:
        await connection.close()


async def test_a_transaction_begun_in_a_batch_does_not_reach_the_next_caller(database: Database) -> None:
    await connection.init(database.dsn, max_connections=1)
    try:
        await connection.execute("CREATE TABLE t (n int)")
        try:
            await connection.execute("BEGIN; INSERT INTO t VALUES (1)")
        except errors.TransactionError:
            pass
        assert await connection.execute("SELECT pg_current_xact_id_if_assigned() AS x") == [{"x": None}]
        assert await connection.execute("SELECT n FROM t") == []
    finally:
        await connection.close()


async def test_query_always_gives_a_list(pg: ModuleType, tables: None) -> None:
    assert await _engine.query("SELECT $1::int AS n", [1]) == [{"n": 1}]
    assert await _engine.query("UPDATE t SET n = n") == []
    assert await _engine.query("CREATE TABLE other (n int)", params=None) == []


async def test_positional_and_keyword_calls(pg: ModuleType) -> None:
    for execute in (pg.execute, connection.execute, _engine.execute):
        assert await execute("SELECT $1::int AS n", [1]) == [{"n": 1}]
        assert await execute(sql="SELECT $1::int AS n", params=(1,)) == [{"n": 1}]


async def test_injection_text_is_only_a_value(pg: ModuleType, tables: None, database: Database) -> None:
    hostile = "'; DROP TABLE t; --"
    assert await pg.execute("SELECT $1 AS v", [hostile]) == [{"v": hostile}]
    assert await pg.execute("SELECT :v AS v", {"v": hostile}) == [{"v": hostile}]
    assert database.query("SELECT count(*) AS n FROM t") == [{"n": 2}]


async def test_a_wide_and_a_long_result(pg: ModuleType) -> None:
    columns = ", ".join(f"{n} AS c{n}" for n in range(1600))
    assert await pg.execute(f"SELECT {columns}") == [{f"c{n}": n for n in range(1600)}]
    rows = await pg.execute("SELECT n, repeat('é', 50) AS t FROM generate_series(1, 50000) AS n")
    assert len(rows) == 50_000
    assert rows[-1] == {"n": 50_000, "t": "é" * 50}


async def test_a_large_value(pg: ModuleType) -> None:
    text = "äöü€😀" * 1_000_000
    assert await pg.execute("SELECT $1 AS v, length($1) AS n", [text]) == [{"v": text, "n": len(text)}]


async def test_zero_columns(pg: ModuleType, tables: None) -> None:
    assert await pg.execute("SELECT FROM t") == [{}, {}]
