"""P0.3: whatever goes wrong is a typed Python exception, and the process lives."""

from __future__ import annotations

import datetime
import decimal
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import _binding, _runtime


class Odd:
    """Something that is no value of a database."""


async def test_p0_3_dropped_table(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE t (id serial PRIMARY KEY, n int)")
    await pg.insert_one("t", {"n": 1})
    await pg.execute("DROP TABLE t")
    for call in (
        pg.insert_one("t", {"n": 1}),
        pg.find_many("t"),
        pg.count("t"),
        pg.update_many("t", [], {"n": 2}),
        pg.delete_many("t", []),
        pg.upsert_one("t", {"id": 1, "n": 1}, "id"),
        pg.delete_with_cascade("t", 1),
        pg.fetch_many_with_relations("t", []),
        pg.inspect_table("t"),
        pg.execute("SELECT * FROM t"),
    ):
        with pytest.raises(pg.PostgresError):
            await call
    assert await pg.get_columns("t") == []
    assert await pg.execute("SELECT 1 AS n") == [{"n": 1}]


@pytest.mark.parametrize(
    "value",
    [Odd(), object, lambda: 1, {1: "x"}, [Odd()], {"a": Odd()}, {"a": {"b": [Odd()]}}, 1j, ...],
    ids=lambda value: type(value).__name__,
)
async def test_p0_3_values_that_are_none(pg: ModuleType, value: Any) -> None:
    for call in (
        pg.execute("SELECT $1::text", [value]),
        pg.insert_one("t", {"a": value}),
        pg.find_many("t", [("a", "eq", value)]),
    ):
        with pytest.raises(TypeError):
            await call


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT $1::int", "x"), ("SELECT $1::int", 2**40), ("SELECT $1::smallint", 40_000), ("SELECT $1::uuid", "x"),
        ("SELECT $1::text", "a\x00b"), ("SELECT $1::text", "\ud800"), ("SELECT $1::jsonb", "{"),
        ("SELECT $1::jsonb", {"a": float("nan")}), ("SELECT $1::int[]", [[1, 2], [3]]), ("SELECT $1::date", "soon"),
        ("SELECT $1::numeric(3, 1)", decimal.Decimal(1000)), ("SELECT $1::inet", "999.0.0.1"),
        ("SELECT $1::numeric", decimal.Decimal("sNaN")), ("SELECT $1::timestamptz", "infinite"),
    ],
)  # fmt: skip
async def test_p0_3_values_that_do_not_fit(pg: ModuleType, sql: str, value: Any) -> None:
    with pytest.raises(pg.PostgresError) as caught:
        await pg.execute(sql, [value])
    assert isinstance(caught.value, RuntimeError)
    async with pg.begin_transaction():
        assert await pg.execute("SELECT 1 AS n") == [{"n": 1}]


@pytest.mark.parametrize(
    "sql", ["SELECT '24:00'::time", "SELECT '4713-01-01 BC'::date", "SELECT '20000-01-01'::timestamp"]
)
async def test_p0_3_results_that_python_cannot_represent(pg: ModuleType, sql: str) -> None:
    with pytest.raises(pg.DeserializationError):
        await pg.execute(sql)
    assert await pg.execute("SELECT 1 AS n") == [{"n": 1}]


@pytest.mark.parametrize(
    "name", ["", "users;--", "users'", "../x", "a.b.c", "1st", "x" * 64, "a\x00b", "pg_class", "a b"]
)
async def test_p0_3_invalid_identifiers(pg: ModuleType, name: str) -> None:
    for call in (
        pg.insert_one(name, {"n": 1}),
        pg.find_many(name),
        pg.update_many(name, [], {"n": 1}),
        pg.delete_one(name, "id", 1),
        pg.count(name),
        pg.delete_with_cascade(name, 1),
        pg.fetch_many_with_relations(name, []),
    ):
        with pytest.raises(pg.IdentifierError):
            await call


@pytest.mark.parametrize("operator", ["", "==", "=;", "eq --", "or", "@>>"])
async def test_p0_3_invalid_operators(pg: ModuleType, operator: str) -> None:
    for call in (
        pg.find_many("t", [("a", operator, 1)]),
        pg.count("t", [("a", operator, 1)]),
        pg.delete_many("t", [("a", operator, 1)]),
    ):
        with pytest.raises(ValueError, match="Unknown operator"):
            await call


@pytest.mark.parametrize(
    "sql", ["", " ", ";", "-- x", "/* x", "SELECT 'x", 'SELECT "x', "SELECT $$x", "SELECT (", "\x00"]
)
async def test_p0_3_texts_that_are_no_statement(pg: ModuleType, sql: str) -> None:
    with pytest.raises(pg.QueryError):
        await pg.execute(sql)
    assert await pg.execute("SELECT 1 AS n") == [{"n": 1}]


@pytest.mark.parametrize("params", [[], [1], [1, 2, 3], {"a": 1}])
async def test_p0_3_wrong_number_of_parameters(pg: ModuleType, params: Any) -> None:
    with pytest.raises(pg.QueryError):
        await pg.execute("SELECT $1::int, $2::int", params)


@pytest.mark.parametrize("sql", ["COPY t FROM STDIN", "COPY t TO STDOUT", "COPY (SELECT 1) TO STDOUT"])
async def test_p0_3_copy(pg: ModuleType, sql: str) -> None:
    with pytest.raises(pg.QueryError):
        await pg.execute(sql)


async def test_p0_3_killed_backends(pg: ModuleType, database: Database) -> None:
    for _ in range(5):
        async with pg.begin_transaction(independent=True) as tx:
            (row,) = await tx.execute("SELECT pg_backend_pid() AS pid")
            database.query("SELECT pg_terminate_backend(%s, 5000)", [row["pid"]])
            with pytest.raises(pg.ConnectionFailedError):
                await tx.execute("SELECT 1")
    assert await pg.execute("SELECT 1 AS n") == [{"n": 1}]


async def test_p0_3_closed_handles(pg: ModuleType) -> None:
    async with pg.begin_transaction() as tx:
        await tx.commit()
    for call in (
        tx._tx.execute("SELECT 1"),
        tx._tx.commit(),
        tx._tx.rollback(),
        tx._tx.savepoint("a"),
        tx._tx.rollback_to_savepoint("a"),
        tx._tx.release_savepoint("a"),
        tx._tx.insert_one("t", {"n": 1}),
        tx._tx.fetch_one("t", {}),
        tx._tx.update_one("t", "id", 1, {"n": 1}),
        tx._tx.delete_one("t", "id", 1),
    ):
        with pytest.raises(pg.TransactionClosedError, match="Transaction already completed"):
            await call


async def test_p0_3_garbage_over_the_c_abi(pg: ModuleType) -> None:
    """Requests that are no requests: an error each."""
    for garbage in (
        b'{"op":"execute"}', b'{"op":"execute","sql":5}',
        b'{"op":"insert","table":"t","columns":[1],"count":1,"values":[[]]}',
        b'{"op":"select","table":"t","filter":[["a"]]}', b'{"op":"execute","sql":"SELECT $1","args":[{"n":"x"}]}',
        b'{"op":"execute","sql":"SELECT $1","args":[{"u":"x"}]}', b'{"op":"begin","isolation":"chaos"}', b"{}",
        b'{"op":"execute","sql":"SELECT 1","unknown":1}', b'{"op":"commit"}', b'{"op":"' + b"x" * 10_000 + b'"}',
        b'{"op":"execute","sql":"SELECT $1","args":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    ):  # fmt: skip
        with pytest.raises((RuntimeError, ValueError, TypeError)):
            await _runtime.start(pg.connection._session.pool_target(), garbage)
    for garbage in (b"", b"\xff\xfe", b"[1", b"null", b"5", b'"text"'):
        with pytest.raises((RuntimeError, ValueError, TypeError, _binding.StatusError)):
            await _runtime.start(pg.connection._session.pool_target(), garbage)
    assert await pg.execute("SELECT 1 AS n") == [{"n": 1}]


async def test_p0_3_huge_and_odd_results(pg: ModuleType) -> None:
    rows = await pg.execute("SELECT repeat('x', 5000000) AS x, n FROM generate_series(1, 3) AS n")
    assert [len(row["x"]) for row in rows] == [5_000_000] * 3
    assert await pg.execute("SELECT") == [{}]
    assert await pg.execute("SELECT WHERE false") == []
    columns = ", ".join(f"{n} AS c{n}" for n in range(1600))
    (row,) = await pg.execute(f"SELECT {columns}")
    assert row == {f"c{n}": n for n in range(1600)}
    (row,) = await pg.execute("SELECT 'infinity'::date AS d, '-infinity'::timestamp AS t")
    assert row == {"d": datetime.date.max, "t": datetime.datetime.min}


async def test_p0_3_errors_raised_by_functions(pg: ModuleType) -> None:
    """States that the server does not know, and texts of any kind."""
    for state in ("ZZ999", "00001", "P0001", "57P04", "58030"):
        with pytest.raises(pg.PostgresError) as caught:
            await pg.execute(
                f"DO $$ BEGIN RAISE 'a %% \"b\" ünï' USING ERRCODE = '{state}', DETAIL = 'd', HINT = 'h'; END $$"
            )
        assert (caught.value.sqlstate, caught.value.detail, caught.value.hint) == (state, "d", "h")
        assert 'a % "b" ünï' in str(caught.value)
