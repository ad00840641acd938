"""Wrong calls are answered with a status, and harm nobody."""

from __future__ import annotations

import ctypes
import os
import random
import socket

import pytest

from abi.library import Buffer, Client, Library, constants

C = constants()
HANDLE_KINDS = range(8)
PING = b'{"op":"ping"}'


def connect(server: socket.socket) -> dict[str, object]:
    """A request that stays in flight."""
    host, port = server.getsockname()
    return {"op": "connect", "dsn": f"postgres://user@{host}:{port}/db?sslmode=disable"}


def test_null_pointers(client: Client) -> None:
    library = client.library
    assert library.queue_open(-1, 0, None) == C["BAD_REQUEST"]
    assert library.queue_drain(client.queue, 0, None) == C["BAD_REQUEST"]
    assert library.submit(client.queue, 1, 0, None, 0) == C["BAD_REQUEST"]
    assert library.submit(client.queue, 1, 0, None, 10) == C["BAD_REQUEST"]
    assert library.call(0, None, 10, ctypes.byref(Buffer())) == C["BAD_REQUEST"]
    assert library.call(0, PING, len(PING), None) == C["BAD_REQUEST"]
    assert library.counters(None) == C["BAD_REQUEST"]
    library.buf_free(None)


def test_empty_buffer_may_be_freed(library: Library) -> None:
    buffer = Buffer()
    library.buf_free(ctypes.byref(buffer))
    library.buf_free(ctypes.byref(buffer))
    assert not buffer.data


def test_freeing_twice_is_harmless(client: Client) -> None:
    buffer = Buffer()
    assert client.library.counters(ctypes.byref(buffer)) == 0
    before = client.library.count()["buffers"]
    client.library.buf_free(ctypes.byref(buffer))
    client.library.buf_free(ctypes.byref(buffer))
    assert client.library.count()["buffers"] == before - 1


@pytest.mark.parametrize("length", [C["MAX_REQUEST"] + 1, 2**32, 2**63, 2**64 - 1])
def test_huge_lengths_are_refused_unread(client: Client, length: int) -> None:
    assert client.library.submit(client.queue, 1, 0, PING, length) == C["TOO_LARGE"]
    assert client.library.call(0, PING, length, ctypes.byref(Buffer())) == C["TOO_LARGE"]


@pytest.mark.parametrize(
    "request_bytes", [b"{", b"[]", b"null", b'"op"', b"1", b'{"op":"ping"}}', b"\0", b"\xff\xfe", b"{'op':1}"]
)
def test_what_is_no_object_is_a_bad_request(client: Client, request_bytes: bytes) -> None:
    assert client.status(request_bytes) == C["BAD_REQUEST"]
    assert client.call(request_bytes) == (C["BAD_REQUEST"], None)


def test_random_bytes_are_refused_or_answered(client: Client) -> None:
    generator = random.Random(20_241)
    for length in range(1, 1500):
        garbage = generator.randbytes(length)
        assert client.status(garbage) == C["BAD_REQUEST"]
        assert client.call(garbage)[0] == C["BAD_REQUEST"]


def test_mutilated_requests_are_refused_or_answered(client: Client) -> None:
    generator = random.Random(20_242)
    whole = b'{"op":"connect","options":{"max_connections":[1,{"a":"\\u00e9"}],"application_name":"x"}}'
    for _ in range(1500):
        request = bytearray(whole)
        for _ in range(generator.randint(1, 4)):
            request[generator.randrange(len(request))] = generator.randrange(256)
        status = client.status(bytes(request))
        assert status in (C["OK"], C["BAD_REQUEST"])
        if status == C["OK"]:
            (frame,) = client.next()
            assert (frame.operation, frame.kind) == (1 << 32, C["FRAME_ERROR"])


def test_unknown_operation_is_an_error_frame(client: Client) -> None:
    frame = client.run({"op": "no such operation"})
    assert (frame.kind, frame.payload["kind"]) == (C["FRAME_ERROR"], "value")
    assert "no such operation" in frame.payload["message"]
    status, answer = client.call({"op": "no such operation"})
    assert status == 0
    assert answer is not None
    assert (answer.operation, answer.kind, answer.payload["kind"]) == (0, C["FRAME_ERROR"], "value")


def test_operation_zero_is_refused(client: Client) -> None:
    assert client.status(PING, operation=0) == C["BAD_REQUEST"]


def test_operation_in_flight_is_a_duplicate(client: Client, silent_server: socket.socket) -> None:
    operation = client.submit(connect(silent_server))
    assert client.status(connect(silent_server), operation=operation) == C["DUPLICATE"]
    other = Client(client.library)
    assert other.status(connect(silent_server), operation=operation) == C["OK"]
    assert other.close() == 0


@pytest.mark.parametrize("kind", HANDLE_KINDS)
def test_numbers_that_were_never_issued(client: Client, kind: int) -> None:
    library = client.library
    for counter in (0, 1 << 40, 2**56 - 1):
        handle = kind << 56 | counter
        assert library.queue_drain(handle, 0, ctypes.byref(Buffer())) == C["BAD_HANDLE"]
        assert library.queue_wait(handle, 0) == C["BAD_HANDLE"]
        assert library.queue_close(handle) == C["BAD_HANDLE"]
        assert library.log_subscribe(handle, 10) == C["BAD_HANDLE"]
        assert library.cancel(handle, 1) == C["BAD_HANDLE"]
        assert library.release(handle) == C["BAD_HANDLE"]
        assert library.submit(handle, 1, 0, PING, len(PING)) == C["BAD_HANDLE"]
        assert client.status(PING, target=handle) == C["BAD_HANDLE"]
        assert client.call({"op": "metrics"}, target=handle)[0] == C["BAD_HANDLE"]


def test_queue_is_no_target(client: Client) -> None:
    assert client.status(PING, target=client.queue) == C["WRONG_KIND"]
    assert client.library.release(client.queue) == C["WRONG_KIND"]
    assert client.call({"op": "metrics"}, target=client.queue)[0] == C["WRONG_KIND"]


def test_closed_queue_is_a_stale_handle(library: Library) -> None:
    client = Client(library)
    assert client.close() == 0
    assert client.close() == C["BAD_HANDLE"]
    assert client.wait(0) == C["BAD_HANDLE"]
    assert client.status(PING) == C["BAD_HANDLE"]


def test_queue_open_checks_its_arguments(library: Library) -> None:
    queue = ctypes.c_uint64()
    reading, writing = os.pipe()
    os.close(writing)
    try:
        for fd, flags in ((-1, 1), (-2, 0), (2**40, 0), (reading, 0), (-(2**63), 0)):
            assert library.queue_open(fd, flags, ctypes.byref(queue)) == C["BAD_REQUEST"]
            assert queue.value == 0
    finally:
        os.close(reading)


def test_log_level_is_not_negative(client: Client) -> None:
    assert client.library.log_subscribe(client.queue, -1) == C["BAD_REQUEST"]
    assert client.library.log_subscribe(client.queue, 10) == 0
    assert client.library.log_subscribe(client.queue, 0) == 0


def test_wait_without_frames_times_out(client: Client) -> None:
    assert client.wait(0) == C["TIMEOUT"]
    assert client.wait(1) == C["TIMEOUT"]
    assert client.drain() == []
