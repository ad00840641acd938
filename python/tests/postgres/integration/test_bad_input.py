"""What no program should pass: each is a typed error that names the offender, nothing is sent, the process lives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import _engine, connection, errors

MALFORMED = [
    *(
        "not a uri",
        "mysql://localhost/x",
        "http://localhost",
        "postgres://",
        "://",
        "postgres//localhost",
        "localhost:5432",
    ),
    *("postgres://host:notaport/db", "postgres://host:99999/db", "postgres://[::1/db", "postgres://u:p%zz@h/db"),
    *(
        "postgres://h/db?sslmode=nope",
        "postgres://h/db?target_session_attrs=nope",
        "postgres://h/db?connect_timeout=abc",
    ),
    *("postgres://h\x00st/db", "postgresql://h/db?sslmode=disable&sslmode", "\x00", "\n"),
]


@pytest.mark.parametrize("dsn", MALFORMED)
async def test_malformed_connection_strings(database: Database, dsn: str) -> None:
    with pytest.raises(errors.ConnectionFailedError) as caught:
        await connection.init(dsn, max_retries=0, connect_timeout=1)
    assert str(caught.value).startswith("Failed to initialize PostgreSQL:")
    assert len(dsn) < 4 or dsn not in str(caught.value)
    assert not connection.is_connected()


async def test_malformed_strings_keep_secrets(database: Database) -> None:
    for dsn in (
        "postgres://user:s3cret@host:badport/db",
        "postgres://user:s3cret@[/db",
        "host=h password=s3cret port=x",
    ):
        with pytest.raises(errors.ConnectionFailedError) as caught:
            await connection.init(dsn)
        text = (
            str(caught.value) + repr(vars(caught.value)) + repr(caught.value.__cause__) + repr(caught.value.__context__)
        )
        assert "s3cret" not in text


async def test_the_texts_of_bad_connection_strings(database: Database) -> None:
    with pytest.raises(errors.ConnectionFailedError, match="Connection URI cannot be empty"):
        await connection.init("")
    with pytest.raises(errors.ConnectionFailedError, match="Invalid connection URI"):
        await connection.init("postgres://host:notaport/db")


@pytest.mark.parametrize("dsn", [5, b"postgres://localhost", ["postgres://localhost"], object()])
async def test_connection_strings_must_be_text(database: Database, dsn: Any) -> None:
    with pytest.raises(TypeError):
        await connection.init(dsn)
    with pytest.raises(TypeError):
        await _engine.init(dsn)


async def test_a_lone_surrogate_in_the_connection_string(database: Database) -> None:
    with pytest.raises((errors.DataError, errors.ConnectionFailedError)):
        await connection.init("postgres://h\ud800st/db")


BAD_OPTIONS: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"min_connections": -1}, ValueError),
    ({"max_connections": 0}, ValueError),
    ({"min_connections": 11}, ValueError),
    ({"min_connections": 3, "max_connections": 2}, ValueError),
    ({"connect_timeout": -1}, ValueError),
    ({"acquire_timeout": -0.5}, ValueError),
    ({"max_lifetime": -1}, ValueError),
    ({"idle_timeout": -1}, ValueError),
    ({"close_timeout": -1}, ValueError),
    ({"max_retries": -1}, ValueError),
    ({"statement_timeout_ms": -1}, ValueError),
    ({"connect_timeout": float("nan")}, ValueError),
    ({"connect_timeout": float("inf")}, ValueError),
    ({"statement_cache_capacity": -5}, ValueError),
    ({"max_connections": 2**40}, ValueError),
    ({"max_connections": "10"}, TypeError),
    ({"max_connections": 1.5}, TypeError),
    ({"max_connections": True}, TypeError),
    ({"max_connections": None}, TypeError),
    ({"connect_timeout": "soon"}, TypeError),
    ({"application_name": 5}, TypeError),
    ({"hide_detail": "yes"}, TypeError),
    ({"no_such_option": 1}, TypeError),
    ({"minconnections": 1}, TypeError),
]


@pytest.mark.parametrize(("options", "kind"), BAD_OPTIONS, ids=lambda value: str(value))
async def test_bad_options(database: Database, options: dict[str, Any], kind: type[Exception]) -> None:
    for init in (connection.init, _engine.init):
        with pytest.raises(kind, match=next(iter(options)).split("_")[0]):
            await init(database.dsn, **options)
    assert not connection.is_connected()


@pytest.mark.parametrize("port", ["5432", 0, -1, 70000, 5432.0, None, True])
async def test_bad_ports(database: Database, port: Any) -> None:
    with pytest.raises(ValueError, match="port"):
        await connection.init(host="localhost", port=port)


@pytest.mark.parametrize("part", ["host", "database", "username", "password"])
async def test_bad_parts(database: Database, part: str) -> None:
    with pytest.raises(TypeError, match=part):
        await connection.init(**{part: 5})


async def test_positional_options_are_refused(database: Database) -> None:
    with pytest.raises(TypeError):
        await connection.init(database.dsn, 1, 5)  # type: ignore[misc]


@pytest.fixture
async def table(pg: ModuleType) -> AsyncIterator[ModuleType]:
    await pg.execute("CREATE TABLE t (id int PRIMARY KEY, v text, j jsonb, a int[])")
    await pg.insert_one("t", {"id": 1, "v": "one"})
    yield pg
    assert await pg.find_many("t") == [{"id": 1, "v": "one", "j": None, "a": None}]


@pytest.mark.parametrize("sql", [None, 5, b"SELECT 1", ["SELECT 1"], object()])
async def test_sql_must_be_text(table: ModuleType, sql: Any) -> None:
    for call in (table.execute, _engine.execute, _engine.query):
        with pytest.raises(TypeError):
            await call(sql)


@pytest.mark.parametrize("params", ["text", 5, {1}, b"x", (n for n in [1]), object(), {1: 2}, {None: 1}])
async def test_parameters_must_be_a_list_or_dict(table: ModuleType, params: Any) -> None:
    for call in (table.execute, _engine.execute, _engine.query):
        with pytest.raises(TypeError):
            await call("DELETE FROM t WHERE id = $1", params)


async def test_surrogates_in_sql(table: ModuleType) -> None:
    for sql in ("DELETE FROM t WHERE v = '\ud800'", "\ud800"):
        with pytest.raises((errors.DataError, errors.QueryError)):
            await table.execute(sql)
    with pytest.raises((errors.DataError, errors.QueryError)):
        await table.execute("DELETE FROM t WHERE v = :a", {"a\ud800": 1})


async def test_nul_in_sql_and_conditions(table: ModuleType) -> None:
    for call in (
        lambda: table.execute("DELETE FROM t\x00"),
        lambda: table.execute("DELETE FROM t WHERE v = '\x00'"),
        lambda: _engine.delete_many("t", "true\x00", []),
        lambda: _engine.count("t", "v = '\x00'", []),
        lambda: table.execute("\x00"),
    ):
        with pytest.raises((errors.QueryError, errors.DataError)):
            await call()


class Explosive:
    """Fails whatever is done with it."""

    def __getattribute__(self, name: str) -> Any:
        raise ZeroDivisionError(name)

    def __iter__(self) -> Any:
        raise ZeroDivisionError

    def __repr__(self) -> str:
        raise ZeroDivisionError

    __str__ = __repr__


class Unindexable:
    def __index__(self) -> int:
        raise ZeroDivisionError


def recursive() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def recursive_document() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = value
    return value


def deep(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def deep_document(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"d": value}
    return value


@pytest.mark.parametrize("make", [recursive, recursive_document, lambda: deep(100_000), lambda: deep_document(100_000)])
async def test_values_without_end(table: ModuleType, make: Any) -> None:
    value = make()
    for call in (
        lambda: table.execute("UPDATE t SET j = $1", [value]),
        lambda: table.insert_one("t", {"id": 2, "j": value}),
        lambda: table.insert_many("t", [{"id": 2, "j": value}]),
        lambda: table.find_many("t", {"j": value}),
        lambda: table.update_many("t", None, {"j": value}),
    ):
        with pytest.raises((errors.PostgresError, ValueError, RecursionError)):
            await call()


@pytest.mark.parametrize("depth", [10, 100, 500])
async def test_deep_values_arrive_or_are_refused(table: ModuleType, depth: int) -> None:
    value = deep_document(depth)
    assert await table.execute("SELECT $1::jsonb AS j", [value]) == [{"j": value}]


@pytest.mark.parametrize("make", [Explosive, Unindexable])
async def test_values_that_raise(table: ModuleType, make: Any) -> None:
    value = make()
    with pytest.raises((ZeroDivisionError, TypeError)):
        await table.execute("UPDATE t SET v = $1", [value])
    with pytest.raises((ZeroDivisionError, TypeError)):
        await table.insert_one("t", {"id": 2, "v": value})
    with pytest.raises((ZeroDivisionError, TypeError)):
        await table.insert_many("t", [{"id": 2, "j": {"a": value}}])


@pytest.mark.parametrize("value", [{1: "a"}, {"a": {None: 1}}, [{"a": [{2: 3}]}], {("a",): 1}, {b"a": 1}])
async def test_keys_of_json_objects_must_be_text(table: ModuleType, value: Any) -> None:
    with pytest.raises(TypeError, match="key"):
        await table.execute("UPDATE t SET j = $1", [value])
    with pytest.raises(TypeError, match="key"):
        await table.insert_one("t", {"id": 2, "j": value})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
async def test_numbers_that_json_does_not_have(table: ModuleType, number: float) -> None:
    for value in ({"a": number}, {"a": [1, {"b": number}]}):
        with pytest.raises(errors.DataError):
            await table.execute("UPDATE t SET j = $1", [value])
        with pytest.raises(errors.DataError):
            await table.insert_one("t", {"id": 2, "j": value})
    with pytest.raises(errors.DataError):
        await table.insert_one("t", {"id": 2, "j": [1, number]})


async def test_ragged_and_mixed_arrays(table: ModuleType) -> None:
    for value in ([[1], [2, 3]], [1, "a"], [1, [2]], [{"a": 1}], [[1], 2], "no array", 5):
        with pytest.raises((errors.PostgresError, TypeError)):
            await table.insert_one("t", {"id": 2, "a": value})
    with pytest.raises(errors.PostgresError):
        await table.insert_one("t", {"id": 2, "a": [[[[[[[1]]]]]]]})  # more than six dimensions


@pytest.mark.parametrize("count", [65_535, 100_000])
async def test_very_many_parameters(table: ModuleType, count: int) -> None:
    sql = "SELECT " + " + ".join(f"${n}::int" for n in range(1, count + 1, 1000)) + " AS n"
    with pytest.raises(errors.QueryError, match="parameters"):
        await table.execute(sql, [1] * (count + 1))
    with pytest.raises(errors.QueryError, match="Invalid placeholder"):
        await _engine.find_many(
            "t", "id IN (" + ", ".join(f"${n}" for n in range(1, count + 2)) + ")", [1] * (count + 1)
        )


async def test_wrong_parameter_numbers(table: ModuleType) -> None:
    for sql in ("SELECT $0", "SELECT $65536", "SELECT $99999999999999999999"):
        with pytest.raises(errors.PostgresError):
            await table.execute(sql, [1])


async def test_reusing_or_dropping_coroutines(table: ModuleType) -> None:
    task = asyncio.ensure_future(table.execute("SELECT 1 AS n"))
    assert await task == [{"n": 1}]
    assert await task == [{"n": 1}]
    pending = [asyncio.ensure_future(table.execute("SELECT pg_sleep(300)")) for _ in range(5)]
    await asyncio.sleep(0)
    for future in pending:
        future.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    assert await table.execute("SELECT 1 AS n") == [{"n": 1}]


async def test_invalid_utf8_from_the_server_side(table: ModuleType) -> None:
    with pytest.raises(errors.DataError, match="invalid byte sequence"):
        await table.execute("SELECT convert_from('\\xff'::bytea, 'UTF8')")


async def test_arguments_of_the_wrong_type(table: ModuleType) -> None:
    calls: list[Any] = [
        lambda: table.find_many("t", select_columns="id"),
        lambda: table.find_many("t", order_by=5),
        lambda: table.find_many("t", order_by="id"),
        lambda: table.find_many("t", order_by=[("id",)]),
        lambda: table.find_many("t", distinct="yes"),
        lambda: table.update_many("t", None, {"v": "x"}, returning="*"),
        lambda: table.update_many("t", None, None),
        lambda: table.update_many("t", None, [("v", 1)]),
        lambda: table.delete_many("t", None, returning="id"),
        lambda: table.upsert_one("t", {"id": 1}, 5),
        lambda: table.upsert_one("t", {"id": 1}, "id", "v"),
        lambda: table.upsert_one("t", {"id": 1}, [5]),
        lambda: table.fetch_many_with_relations("t", [], [("id", 1)]),
        lambda: _engine.find_many("t", "id = $1", 1),
        lambda: _engine.find_many("t", "id = $1", "1"),
        lambda: _engine.find_many("t", 5, []),
        lambda: _engine.update_many("t", {"v": 1}, None, [], "*"),
        lambda: _engine.fetch_one("t", [("id", 1)]),
        lambda: _engine.count("t", "true", {"a": 1}),
    ]
    for number, call in enumerate(calls):
        with pytest.raises((TypeError, ValueError)):
            await call()
            pytest.fail(f"call {number} was accepted")


async def test_after_close(database: Database) -> None:
    await connection.init(database.dsn)
    tx = await connection.begin_transaction()
    running = asyncio.ensure_future(connection.execute("SELECT 1 AS n"))
    assert await running == [{"n": 1}]
    await tx.rollback()
    await connection.close()
    for _ in range(2):
        with pytest.raises(errors.NotConnectedError):
            await connection.execute("SELECT 1")
        with pytest.raises(errors.TransactionClosedError):
            await tx.execute("SELECT 1")
    await connection.init(database.dsn)
    assert await connection.execute("SELECT 1 AS n") == [{"n": 1}]
    await connection.close()
