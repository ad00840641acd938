"""Pools and transactions as handles, on a real server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from abi.conftest import SETTLE_TIMEOUT, settle
from abi.library import Client, Frame, Library, constants
from fixtures.database import Database

C = constants()


@pytest.fixture
def pool(client: Client, database: Database) -> Iterator[int]:
    """A pool of two connections."""
    handle = client.handle({"op": "connect", "dsn": database.dsn, "options": {"max_connections": 2}})
    yield handle
    client.library.release(handle)


def test_transaction_is_no_pool_and_the_reverse(client: Client, pool: int) -> None:
    transaction = client.handle({"op": "begin"}, pool)
    assert client.status({"op": "commit"}, pool) == C["WRONG_KIND"]
    assert client.status({"op": "begin"}, transaction) == C["WRONG_KIND"]
    assert client.status({"op": "connect", "dsn": ""}, pool) == C["WRONG_KIND"]
    assert client.call({"op": "metrics"}, transaction)[0] == C["WRONG_KIND"]
    assert client.library.queue_close(pool) == C["WRONG_KIND"]
    assert client.library.release(transaction) == 0


def test_second_release_is_a_bad_handle(client: Client, pool: int) -> None:
    transaction = client.handle({"op": "begin"}, pool)
    assert client.library.release(transaction) == 0
    assert client.library.release(transaction) == C["BAD_HANDLE"]
    assert client.status({"op": "commit"}, transaction) == C["BAD_HANDLE"]


def test_closed_pool_is_a_stale_handle(client: Client, pool: int) -> None:
    frame = client.run({"op": "close", "timeout": 5}, pool)
    assert (frame.kind, frame.payload) == (C["FRAME_VALUE"], None)
    assert client.status({"op": "ping"}, pool) == C["BAD_HANDLE"]
    assert client.library.release(pool) == C["BAD_HANDLE"]


def test_released_transaction_frees_its_connection(client: Client, pool: int) -> None:
    for _ in range(10):  # a pool of two would be exhausted
        assert client.library.release(client.handle({"op": "begin"}, pool)) == 0
    assert client.run({"op": "ping"}, pool).payload is None


def test_statements_of_a_transaction_run_in_the_order_of_submits(client: Client, pool: int) -> None:
    transaction = client.handle({"op": "begin"}, pool)
    requests = []
    for i in range(20):
        requests += [{"op": "savepoint", "name": f"s{i}"}, {"op": "release", "name": f"s{i}"}]
    expected = [client.submit(request, transaction) for request in requests]
    expected.append(client.submit({"op": "commit"}, transaction))
    frames: list[Frame] = []
    while len(frames) < len(expected):
        frames += client.next()
    assert [frame.kind for frame in frames] == [C["FRAME_VALUE"]] * len(expected), frames
    assert client.library.release(transaction) == 0


def test_handles_nobody_received_are_given_back(library: Library, client: Client, pool: int) -> None:
    before = library.count()
    other = Client(library)
    for _ in range(2):
        other.submit({"op": "begin"}, pool)
    assert other.wait() == 0
    assert other.close() == 0
    settle(library, before)
    assert client.run({"op": "ping"}, pool).payload is None


def test_cancelled_begin_leaves_no_transaction(library: Library, client: Client, pool: int) -> None:
    before = library.count()
    for _ in range(30):
        library.cancel(client.queue, client.submit({"op": "begin"}, pool))
        for frame in client.drain():
            if frame.kind == C["FRAME_HANDLE"]:
                assert library.release(frame.payload["handle"]) == 0
    for frame in client.drain():
        if frame.kind == C["FRAME_HANDLE"]:
            library.release(frame.payload["handle"])
    settle(library, {**before, "goroutines": before["goroutines"] + 10})  # the pool may have opened a connection
    assert client.run({"op": "ping"}, pool).payload is None


SLEEP = {"op": "execute", "sql": "SELECT pg_sleep(3600)"}


def until(database: Database, condition: str) -> None:
    """Waits until the server says so."""
    deadline = time.monotonic() + SETTLE_TIMEOUT
    while not database.query(f"SELECT {condition} AS reached FROM ({SLEEPING}) s")[0]["reached"]:
        assert time.monotonic() < deadline, condition
        time.sleep(0.01)  # between two looks, with a deadline


SLEEPING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
AND query = 'SELECT pg_sleep(3600)'
"""


def test_cancel_reaches_the_server(client: Client, pool: int, database: Database) -> None:
    operation = client.submit(SLEEP, pool)
    until(database, "count = 1")
    assert client.library.cancel(client.queue, operation) == 0
    until(database, "count = 0")
    assert client.run({"op": "execute", "sql": "SELECT 1 AS one"}, pool).payload["rows"] == [[1]]
    assert client.drain() == []


def test_closing_the_queue_ends_its_statements(library: Library, client: Client, pool: int, database: Database) -> None:
    other = Client(library)
    transaction = client.handle({"op": "begin"}, pool)
    other.submit(SLEEP, pool)
    other.submit(SLEEP, transaction)
    until(database, "count = 2")
    assert other.close() == 0
    until(database, "count = 0")
    assert client.library.release(transaction) == 0
    assert client.run({"op": "ping"}, pool).payload is None


def test_releasing_the_pool_closes_its_connections(library: Library, client: Client, database: Database) -> None:
    before = library.count()
    pool = client.handle({"op": "connect", "dsn": database.dsn})
    client.run({"op": "ping"}, pool)
    assert library.release(pool) == 0
    settle(library, before)
    assert database.backends() == []


def test_rows_values_and_errors_are_frames_of_their_kind(client: Client, pool: int) -> None:
    for sql, kind, part in (
        ("SELECT 1 AS one, NULL::text AS none", "FRAME_ROWS", '"rows": [[1, null]]'),
        ("CREATE TABLE kinds (id int)", "FRAME_VALUE", "null"),
        ("INSERT INTO kinds VALUES (1), (2)", "FRAME_VALUE", "2"),
        ("SELEC", "FRAME_ERROR", '"sqlstate": "42601"'),
    ):
        frame = client.run({"op": "execute", "sql": sql}, pool)
        assert frame.kind == C[kind]
        assert part in json.dumps(frame.payload)


def test_many_operations_share_a_pool(client: Client, pool: int) -> None:
    expected = {
        client.submit({"op": "execute", "sql": "SELECT $1::int8 AS n", "args": [n]}, pool): n for n in range(300)
    }
    received: dict[int, int] = {}
    while len(received) < len(expected):
        received |= {frame.operation: frame.payload["rows"][0][0] for frame in client.next()}
    assert received == expected


def test_errors_of_connecting_hide_the_password(client: Client, database: Database) -> None:
    dsn = "postgres://somebody:hunter2@127.0.0.1:1/db"
    frame = client.run({"op": "connect", "dsn": dsn, "options": {"max_retries": 0, "connect_timeout": 5}})
    assert frame.kind == C["FRAME_ERROR"]
    assert frame.payload["prefix"] == "Failed to initialize PostgreSQL"
    assert "hunter2" not in str(frame.payload)


def test_log_records_come_as_frames(client: Client, database: Database) -> None:
    assert client.library.log_subscribe(client.queue, 30) == 0
    options = {"max_retries": 1, "initial_retry_delay_ms": 1, "connect_timeout": 5}
    client.submit({"op": "connect", "dsn": "postgres://u@127.0.0.1:1/db", "options": options})
    frames: list[Frame] = []
    while not any(frame.kind == C["FRAME_ERROR"] for frame in frames):
        frames += client.next()
    record = next(frame for frame in frames if frame.kind == C["FRAME_LOG"])
    assert record.operation == 0
    assert record.payload["level"] == 30
    assert record.payload["fields"]["max_retries"] == 1
