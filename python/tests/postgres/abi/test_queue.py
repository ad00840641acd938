"""Completion queues: waking, draining, cancelling, closing."""

from __future__ import annotations

import os
import select
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from abi.conftest import settle
from abi.library import Client, Frame, Library, constants
from abi.test_status import connect

C = constants()
UNKNOWN = {"op": "unknown"}


@contextmanager
def woken(library: Library) -> Iterator[tuple[Client, int]]:
    """A queue that wakes the reading end of a pipe."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    client = Client(library, writing)
    os.close(writing)  # the queue has its own
    try:
        yield client, reading
    finally:
        client.close()
        os.close(reading)


def wake_ups(fd: int) -> int:
    try:
        data = os.read(fd, 4096)
    except BlockingIOError:
        return 0
    one = (1).to_bytes(8, sys.byteorder)
    assert data == one * (len(data) // 8)
    return len(data) // 8


def test_wake_fd_is_written_once_until_drained(library: Library) -> None:
    with woken(library) as (client, fd):
        client.submit(UNKNOWN)
        select.select([fd], [], [], 20)
        assert wake_ups(fd) == 1
        for _ in range(3):
            client.submit(UNKNOWN)
        settle(library, {**library.count(), "operations": 0})
        assert wake_ups(fd) == 0
        assert len(client.drain(2)) == 2
        assert wake_ups(fd) == 1  # something was left behind
        assert len(client.drain()) == 2
        assert wake_ups(fd) == 0
        client.submit(UNKNOWN)
        select.select([fd], [], [], 20)
        assert wake_ups(fd) == 1


def test_close_gives_the_duplicate_back(library: Library) -> None:
    with woken(library) as (client, fd):
        assert client.close() == 0
        assert os.read(fd, 8) == b""  # nobody holds the writing end any more


def test_two_queues_get_their_own_frames(client: Client) -> None:
    other = Client(client.library)
    mine = {client.submit(UNKNOWN) for _ in range(50)}
    theirs = {other.submit({"op": "theirs"}) for _ in range(50)}
    for queue, expected, name in ((client, mine, "unknown"), (other, theirs, "theirs")):
        frames: list[Frame] = []
        while len(frames) < 50:
            frames += queue.next()
        assert {frame.operation for frame in frames} == expected
        assert all(name in frame.payload["message"] for frame in frames)
    assert other.close() == 0


def test_each_operation_has_one_frame(client: Client) -> None:
    operations = [client.submit(UNKNOWN) for _ in range(2000)]
    frames: list[Frame] = []
    while len(frames) < len(operations):
        batch = client.next()
        assert len(batch) <= 256
        frames += batch
    assert sorted(frame.operation for frame in frames) == operations
    assert client.drain() == []


def test_cancel_hangs_up_and_leaves_no_frame(client: Client, silent_server: socket.socket) -> None:
    operation = client.submit(connect(silent_server))
    connection, _ = silent_server.accept()
    with connection:
        assert client.library.cancel(client.queue, operation) == 0
        assert client.library.cancel(client.queue, operation) == C["BAD_HANDLE"]
        while connection.recv(4096):
            pass
    settle(client.library, {**client.library.count(), "operations": 0})
    assert client.drain() == []


def test_close_cancels_what_is_in_flight(library: Library, silent_server: socket.socket) -> None:
    before = library.count()
    client = Client(library)
    for _ in range(5):
        client.submit(connect(silent_server))
    connections = [silent_server.accept()[0] for _ in range(5)]
    assert client.close() == 0
    for connection in connections:
        with connection:
            while connection.recv(4096):
                pass
    settle(library, before)


def test_finished_operation_cannot_be_cancelled(client: Client) -> None:
    frame = client.run(UNKNOWN)
    assert client.library.cancel(client.queue, frame.operation) == C["BAD_HANDLE"]


def test_close_ends_a_wait_in_another_thread(library: Library) -> None:
    client = Client(library)
    outcome: list[int] = []
    waiting = threading.Thread(target=lambda: outcome.append(client.wait(-1)))
    waiting.start()
    assert client.close() == 0
    waiting.join(20)
    assert outcome[0] in (C["CLOSED"], C["BAD_HANDLE"])  # the latter when the close came before the wait


@pytest.mark.parametrize("threads", [4])
def test_threads_share_a_queue(client: Client, threads: int) -> None:
    per_thread, statuses = 200, []

    def submit(base: int) -> None:
        for i in range(per_thread):
            status = client.status(UNKNOWN, operation=base + i)
            client.library.cancel(client.queue, base + i)
            statuses.append(status)

    workers = [threading.Thread(target=submit, args=(1 + 1000 * n,)) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        while worker.is_alive():
            client.drain()
    assert statuses == [0] * threads * per_thread


def test_gone_reader_harms_nobody(library: Library) -> None:
    reading, writing = os.pipe()
    client = Client(library, writing)
    os.close(writing)
    os.close(reading)
    assert client.run(UNKNOWN).kind == C["FRAME_ERROR"]  # no SIGPIPE, no blocked goroutine
    assert client.run(UNKNOWN).kind == C["FRAME_ERROR"]
    assert client.close() == 0
