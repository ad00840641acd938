"""Programs as they are written for the contract: their imports, their ways to call, their handlers, their fixtures."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import threading
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

import ouroboros_postgres
from fixtures.database import Database
from fixtures.observe import until
from ouroboros_postgres import _engine, connection, transactions

PACKAGE_NAMES = [
    *(
        "init",
        "close",
        "is_connected",
        "execute",
        "insert_one",
        "insert_many",
        "upsert_one",
        "upsert_many",
        "list_tables",
    ),
    *("table_exists", "get_columns", "get_indexes", "get_foreign_keys", "inspect_table", "get_backreferences"),
    *("find_by_foreign_key", "fetch_one_with_relations", "fetch_one_eager", "fetch_many_with_relations"),
    *("delete_with_cascade", "delete_checked", "pg_transaction", "Transaction", "connection", "transactions"),
    *("find_one", "find_many", "update_one", "update_many", "delete_one", "delete_many", "count", "begin_transaction"),
    *("Savepoint", "IsolationLevel", "pool_metrics", "health_check", "PostgresError", "DataBridgeError", "_engine"),
]

CONNECTION_NAMES = [
    *("init", "close", "is_connected", "execute", "insert_one", "insert_many", "upsert_one", "upsert_many", "find_one"),
    *("find_many", "count", "update_one", "update_many", "delete_one", "delete_many", "find_by_foreign_key"),
    *(
        "fetch_one_with_relations",
        "fetch_one_eager",
        "fetch_many_with_relations",
        "delete_with_cascade",
        "delete_checked",
    ),
    *("list_tables", "table_exists", "get_columns", "get_indexes", "get_foreign_keys", "get_backreferences"),
    *("query_aggregate", "query_with_cte"),
    *("inspect_table", "begin_transaction", "IsolationLevel", "_active_transaction"),
]

# Name and leading positional parameters, in order.
ENGINE_SIGNATURES = {
    "init": "connection_string min_connections max_connections connect_timeout max_lifetime idle_timeout max_retries"
    " initial_retry_delay_ms max_retry_delay_ms statement_cache_capacity",
    "close": "",
    "is_connected": "",
    "execute": "sql params",
    "query": "sql params",
    "query_aggregate": "table aggregates group_by having where_conditions order_by limit distinct distinct_on ctes"
    " subqueries",
    "query_with_cte": "main_table ctes select_columns where_conditions order_by limit subqueries",
    "insert_one": "table data",
    "insert_many": "table rows",
    "upsert_one": "table data conflict_target update_columns",
    "upsert_many": "table rows conflict_target update_columns",
    "fetch_one": "table filter",
    "fetch_all": "table filter limit offset order_by distinct distinct_on",
    "find_one": "table pk_column pk_value",
    "find_many": "table where_clause params order_by offset limit select_cols distinct distinct_on",
    "find_by_foreign_key": "table foreign_key_column foreign_key_value",
    "count": "table where_clause params",
    "update_one": "table pk_column pk_value update",
    "update_many": "table updates where_clause params returning",
    "delete_one": "table pk_column pk_value",
    "delete_many": "table where_clause params returning",
    "fetch_one_with_relations": "table id relations",
    "fetch_one_eager": "table id joins",
    "fetch_many_with_relations": "table relations filter order_by limit offset",
    "delete_with_cascade": "table id id_column",
    "delete_checked": "table id id_column",
    "get_backreferences": "table schema",
    "list_tables": "schema",
    "table_exists": "table schema",
    "get_columns": "table schema",
    "get_indexes": "table schema",
    "get_foreign_keys": "table schema",
    "inspect_table": "table schema",
    "begin_transaction": "isolation_level",
}

# The contract names the arguments of public functions; the engine's data and rows are positional.
BY_POSITION_ONLY = {"insert_one", "insert_many", "upsert_one", "upsert_many"}


def test_names_of_the_package() -> None:
    for name in PACKAGE_NAMES:
        assert getattr(ouroboros_postgres, name) is not None
    for name in CONNECTION_NAMES:
        assert hasattr(connection, name)
    assert importlib.import_module("ouroboros_postgres.connection") is connection
    assert importlib.import_module("ouroboros_postgres.transactions") is transactions
    assert importlib.import_module("ouroboros_postgres._engine") is ouroboros_postgres._engine


@pytest.mark.parametrize("name", ENGINE_SIGNATURES)
def test_signatures_of_the_engine(name: str) -> None:
    function = getattr(_engine, name)
    expected = ENGINE_SIGNATURES[name].split()
    parameters = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    if name in BY_POSITION_ONLY:
        assert len(parameters) >= len(expected)
    else:
        assert parameters[: len(expected)] == expected
    assert inspect.iscoroutinefunction(function) is (name != "is_connected")


async def test_a_typical_program(database: Database) -> None:
    from ouroboros_postgres import close, execute, init, insert_one, is_connected, upsert_one

    await init(database.dsn, min_connections=1, max_connections=5)
    assert is_connected()
    await execute("DROP TABLE IF EXISTS test_users")
    await execute(
        "CREATE TABLE test_users (id SERIAL PRIMARY KEY, name VARCHAR(255) NOT NULL, email TEXT UNIQUE, age INTEGER)"
    )
    user = await insert_one("test_users", {"name": "Alice", "email": "a@example.com", "age": 30})
    assert isinstance(user["id"], int)
    try:
        await insert_one("test_users", {"name": "Bob", "email": "a@example.com"})
        pytest.fail("no error")
    except RuntimeError as e:
        assert "violates" in str(e) and "unique" in str(e).lower()
    with pytest.raises(Exception) as caught:
        await execute("INSERT INTO test_users (name) VALUES ($1)", [None])
    assert "null" in str(caught.value).lower()
    with pytest.raises(Exception, match="does not exist"):
        await execute("SELECT * FROM no_such_table")
    result = await upsert_one("test_users", {"email": "a@example.com", "name": "Alicia"}, conflict_target="email")
    assert result["id"] == user["id"] and result["name"] == "Alicia" and result["age"] == 30
    rows = await execute("SELECT * FROM test_users WHERE age > $1 ORDER BY id", [18])
    assert rows is not None and not isinstance(rows, int)
    assert len(rows) == 1 and rows[0]["name"] == "Alicia"
    assert await execute("UPDATE test_users SET age = age + 1") == 1
    assert await execute("DELETE FROM test_users WHERE id = $1", [user["id"]]) == 1
    assert await execute("TRUNCATE test_users RESTART IDENTITY CASCADE") is None
    await close()
    assert not is_connected()
    with pytest.raises(RuntimeError, match="not initialized"):
        await execute("SELECT 1")


async def test_typical_transactions(pg: ModuleType, database: Database) -> None:
    from ouroboros_postgres import execute, pg_transaction
    from ouroboros_postgres.connection import begin_transaction

    await execute(
        "CREATE TABLE accounts (id serial PRIMARY KEY, owner text, balance numeric(12,2) CHECK (balance >= 0))"
    )
    async with begin_transaction() as tx:
        await tx.insert_one("accounts", {"owner": "a", "balance": 100.0})
        await tx._tx.savepoint("sp1")
        await tx._tx.insert_one("accounts", {"owner": "b", "balance": 5})
        await tx._tx.rollback_to_savepoint("sp1")
        await tx._tx.release_savepoint("sp1")
        await tx._tx.execute("INSERT INTO accounts (owner, balance) VALUES ($1, $2)", ["c", Decimal("1.50")])
    async with begin_transaction("serializable", read_only=True) as tx:
        rows = await execute("SELECT owner, balance FROM accounts ORDER BY id")
        assert [(row["owner"], float(row["balance"])) for row in rows] == [("a", 100.0), ("c", 1.5)]
        with pytest.raises(Exception, match="read-only"):
            await execute("DELETE FROM accounts")
        await tx.rollback()
    with pytest.raises(ValueError, match="Invalid isolation level: bogus"):
        async with begin_transaction("bogus"):
            pass
    try:
        async with begin_transaction(isolation_level="repeatable_read") as tx:
            await tx.execute("UPDATE accounts SET balance = balance - 1000 WHERE owner = 'a'")
    except RuntimeError as e:
        assert "violates" in str(e)
    async with pg_transaction() as tx:
        sp = await tx.savepoint("a")
        await execute("DELETE FROM accounts")
        await sp.rollback()
        async with await tx.savepoint("b"):
            await execute("UPDATE accounts SET balance = 7 WHERE owner = 'a'")
    async with pg_transaction(isolation_level="SERIALIZABLE", read_only=True, deferrable=True) as tx:
        assert tx.is_active
    assert database.query("SELECT owner, balance FROM accounts ORDER BY id") == [
        {"owner": "a", "balance": Decimal("7.00")},
        {"owner": "c", "balance": Decimal("1.50")},
    ]


async def test_init_from_parts(database: Database) -> None:
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(database.dsn)
    if parts.hostname is None or "host=" in parts.query:
        pytest.skip("the server of TEST_DATABASE_URL has no TCP address")
    await connection.init(
        host=parts.hostname,
        port=parts.port or 5432,
        database=parts.path.lstrip("/"),
        username=unquote(parts.username or "postgres"),
        password=unquote(parts.password) if parts.password else None,
        max_connections=2,
    )
    assert await connection.execute("SELECT current_database() AS d") == [{"d": parts.path.lstrip("/")}]
    await connection.close()


async def test_a_second_init_replaces_the_pool(database: Database) -> None:
    await connection.init(database.dsn, application_name="first_pool")
    await connection.init(database.dsn, application_name="second_pool")
    assert await connection.execute("SHOW application_name") == [{"application_name": "second_pool"}]
    await until(lambda: not database.query("SELECT 1 FROM pg_stat_activity WHERE application_name = 'first_pool'"))
    await connection.close()
    await connection.close()
    assert await connection.close() is None


class TestLoopPerClass:
    """One pool opened in another loop, as a fixture of the session does; each test has a loop of its own."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def pool(cls, session_database: Database) -> Iterator[None]:
        session_database.reset()
        asyncio.run(connection.init(session_database.dsn))
        asyncio.run(connection.execute("CREATE TABLE kept (id serial PRIMARY KEY, name text)"))
        yield
        asyncio.run(connection.close())

    @pytest.fixture
    async def transaction(self) -> AsyncIterator[Any]:
        async with connection.begin_transaction() as tx:
            yield tx
            await tx.rollback()

    @pytest.mark.parametrize("number", range(3))
    async def test_each_in_its_own_loop(self, number: int) -> None:
        row = await connection.insert_one("kept", {"name": f"n{number}"})
        assert (await connection.find_many("kept", {"id": row["id"]}))[0]["name"] == f"n{number}"

    @pytest.mark.parametrize("number", range(2))
    async def test_a_transaction_of_a_fixture(self, transaction: Any, number: int) -> None:
        await transaction.insert_one("kept", {"name": "undone"})
        assert await transaction.fetch_one("kept", {"name": "undone"}) is not None
        rows = await transaction.execute("SELECT count(*) FROM kept WHERE name = 'undone'")
        assert rows == [{"count": 1}]

    async def test_concurrency(self) -> None:
        results = await asyncio.gather(*(connection.execute("SELECT $1::int AS n", [n]) for n in range(200)))
        assert [result[0]["n"] for result in results] == list(range(200))

    def test_a_loop_in_a_thread(self) -> None:
        results: list[Any] = []
        thread = threading.Thread(target=lambda: results.append(asyncio.run(connection.execute("SELECT 1 AS n"))))
        thread.start()
        thread.join()
        assert results == [[{"n": 1}]]


async def test_functions_can_be_replaced(pg: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fake(table: str, where_conditions: Any = None, **options: Any) -> list[dict[str, Any]]:
        return [{"table": table}]

    monkeypatch.setattr(ouroboros_postgres, "find_many", fake)
    assert await ouroboros_postgres.find_many("t") == [{"table": "t"}]


async def test_health_and_metrics(pg: ModuleType) -> None:
    before = pg.pool_metrics()["queries_executed"]
    await pg.execute("SELECT 1")
    metrics = pg.pool_metrics()
    assert metrics["queries_executed"] == before + 1
    assert (metrics["max_connections"], metrics["min_connections"]) == (10, 1)
    health = await pg.health_check()
    assert health["is_healthy"] is True and health["is_connected"] is True and health["error"] is None
    await pg.close()
    assert (await pg.health_check())["is_connected"] is False
