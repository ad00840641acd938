"""Whatever the bytes are: an exception or an object, no crash and nothing lost.

To run all of this directory under AddressSanitizer and UBSan: build the extension with
CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=undefined", and start Python with PYTHONMALLOC=malloc,
ASAN_OPTIONS=detect_leaks=0 and LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)".
"""

from __future__ import annotations

import ctypes
import datetime as dt
import gc
import random
import sys
import tracemalloc
import weakref
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import Any
from uuid import SafeUUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.payloads import payloads, result_set
from ouroboros_postgres import _binding
from ouroboros_postgres.errors import DeserializationError

ROWS = 1
KINDS = ["i", "b", "f", "n", "s", "y", "u", "d", "t", "T", "v", "j", "I", "N", "R", ["a", "i"], ["r", "d"]]

# One value of every kind, and errors in all places come from cutting and changing it.
COLUMNS = [
    *([f"c{i}", kind] for i, kind in enumerate(KINDS)),
    ["nested", ["c", [["tags", ["a", ["r", "n"]]], ["inner", ["c", [["j", "j"]]]]]]],
]
ROW = [
    -12, True, 1.5e-7, "1.10", 'quo"te é \x01', "AQID", "c0ffee00-1234-4abc-8def-0123456789ab", "2024-02-29",
    "10:00:00.000001", "2024-01-15T10:00:00+00:00", [1, -5],
    {"k": [1, {"k": "\ud83d"}], "10": 10**30}, "10.0.0.1/8", "10.0.0.0/8",
    [["i", 1], [["a", "s"], ["x"]], ["R", [["j", {}]]]], {"dims": [2, 2], "flat": [1, 2, None, 4]},
    ["2024-01-01", None, "[)"], [[["1", "2", "[]"], "empty"], [[1, 2.5]]],
]  # fmt: skip
PAYLOAD = result_set(COLUMNS, [ROW, [None] * len(ROW), ROW])


def read(payload: bytes, kind: int = ROWS) -> Any:
    """Decodes from memory that ends with the payload: under AddressSanitizer, a read beyond it is found."""
    return _binding.decode(kind, (ctypes.c_char * len(payload)).from_buffer_copy(payload))


def outcome(payload: bytes, kind: int = ROWS) -> Any:
    """A list of rows, or the exception that is allowed."""
    try:
        return read(payload, kind)
    except (_binding.DecodeError, DeserializationError) as error:
        return error


def test_the_payload_is_sound() -> None:
    assert len(_binding.decode(ROWS, PAYLOAD)) == 3


def test_every_truncation_is_refused() -> None:
    for length in range(len(PAYLOAD)):
        with pytest.raises((_binding.DecodeError, DeserializationError)):
            read(PAYLOAD[:length])


def test_every_changed_byte_is_survived() -> None:
    for at in range(len(PAYLOAD)):
        for byte in b'"[]{},:\\0n\x00\xff':
            changed = bytearray(PAYLOAD)
            changed[at] = byte
            assert isinstance(outcome(bytes(changed)), (list, Exception))


def test_random_bytes_and_random_cuts_are_survived() -> None:
    source = random.Random(7)
    for _ in range(3000):
        first, second = sorted(source.randrange(len(PAYLOAD)) for _ in range(2))
        cut = PAYLOAD[:first] + PAYLOAD[second:]
        assert isinstance(outcome(cut), (list, Exception))
        assert isinstance(outcome(PAYLOAD[:first] + source.randbytes(8) + PAYLOAD[first:]), (list, Exception))


@settings(max_examples=100, deadline=None)
@given(payloads(), st.integers(0, 2**16), st.integers(0, 7))
def test_flipped_bits_are_survived(payload: bytes, at: int, bit: int) -> None:
    changed = bytearray(payload)
    changed[at % len(changed)] ^= 1 << bit
    assert isinstance(outcome(bytes(changed)), (list, Exception))


@given(st.binary(max_size=60))
def test_any_bytes_as_json(data: bytes) -> None:
    outcome(data, kind=0)


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        ('["a","j"]', "[" * 100_000),
        ('["a","j"]', '{"a":' * 100_000),
        ('["a","j"]', "[" * 1001 + "]" * 1001),
        ('["a","R"]', '[["R",' * 100_000),
        ('["a","R"]', "[[" + '["a",' * 100_000),
        ('["a",' + '["a",' * 100_000, "1"),
        ('["a",' + '["c",[["b",' * 100_000, "1"),
    ],
)
def test_deep_nesting_is_refused(columns: str, row: str) -> None:
    with pytest.raises((ValueError, DeserializationError), match="nested more than 1000 levels deep"):
        _binding.decode(ROWS, f'{{"cols":[{columns}],"rows":[[{row}]],"tag":""}}'.encode())


def test_a_thousand_levels_are_read() -> None:
    value = _binding.decode(0, b"[" * 1000 + b"]" * 1000)
    for _ in range(999):
        (value,) = value
    assert value == []


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ('"i"', "1.5", "expected an integer before this"),
        ('"i"', "01", "expected a number without leading zeros"),
        ('"i"', "-", "expected a digit"),
        ('"i"', '"1"', "expected a digit"),
        ('"b"', "1", "expected true or false"),
        ('"f"', '"Infinity"', "expected a float"),
        ('"f"', "1.", "expected a digit"),
        ('"f"', "1e", "expected a digit"),
        ('"s"', "1", "expected a string"),
        ('"s"', '"\n"', "without control characters"),
        ('"s"', '"\\x"', "only valid escapes"),
        ('"s"', '"\\u12g4"', "only valid escapes"),
        ('"y"', '"AQI"', "whole base64 groups"),
        ('"y"', '"A==="', "only base64"),
        ('"y"', '"===="', "only base64"),
        ('"y"', '"=QID"', "only base64"),
        ('"y"', '"AQID=QID"', "only base64"),
        ('"u"', '"\\u0041"', "a string without escapes"),
        ('"j"', "NaN", "a JSON value"),
        ('"j"', "[1,]", "a JSON value"),
        ('"j"', '{"a"}', "expected ':'"),
        ('"j"', "{1:2}", "expected a string"),
        ('["a","i"]', '{"dims":[2,2],"flat":[1,2,3]}', "as many elements as the dimensions say"),
        ('["a","i"]', '{"dims":[2],"flat":[1,2,3]}', "the end of the array"),
        ('["a","i"]', '{"dims":[0],"flat":[]}', "sizes of dimensions"),
        ('["a","i"]', '{"dims":[1,1,1,1,1,1,1],"flat":[1]}', "sizes of dimensions"),
        ('["a","i"]', '{"dims":[9999999999,9999999999],"flat":[1]}', "as many elements as the dimensions say"),
        ('["a","i"]', '{"dims":[99999999999],"flat":[1]}', "a closing bracket"),
        ('["c",[["x","i"]]]', "[]", "expected a digit"),
        ('["c",[["x","i"]]]', "[1,2]", "one value per name"),
        ('["r","i"]', "[1,2]", "expected ','"),
        ('"R"', '[["?",1]]', "expected a kind"),
        ('"v"', "[1]", "expected ','"),
        ('"z"', "1", "expected a kind"),
        ('["z","i"]', "1", "expected a kind"),
        ('"ii"', "1", "expected a kind"),
        ('"i"', "1,2", "one value per name"),
        ('"i"', "nul", "expected null"),
    ],
)
def test_what_is_wrong_is_said(kind: str, value: str, said: str) -> None:
    payload = f'{{"cols":[["a",{kind}]],"rows":[[{value}]],"tag":""}}'.encode()
    with pytest.raises(_binding.DecodeError, match=r"malformed payload at byte \d+ of \d+: ") as refusal:
        _binding.decode(ROWS, payload)
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"{}", b"[]", b'{"cols":[]}', b'{"cols":[],"rows":[', b'{"cols":[],"rows":[]', b'{"cols":[],"rows":[]}x',
        b'{"cols":[[],"rows":[]}', b'{"cols":[],"rows":[],}', b'{"cols":[],"rows":[],"a"}', b'{"cols":["a"],"rows":[]}',
        b'{"cols":[["\xff","i"]],"rows":[]}', b'{"cols":[["a","s"]],"rows":[["\xff"]]}',
        b'{"cols":[["a","i"]],"rows":[1]}', b'{"cols":[["a","s"]],"rows":[["\xed\xa0\x80"]]}',
    ],
)  # fmt: skip
def test_malformed_result_sets(payload: bytes) -> None:
    with pytest.raises(_binding.DecodeError):
        _binding.decode(ROWS, payload)


def broken() -> list[bytes]:
    """Payloads that fail in many places, for their form or for a value, and some that throw others out of the cache."""
    refused = [
        ("d", "2024-13-01"),
        ("v", [10**12, 0]),
        ("n", "x"),
        ("u", "x"),
        ("N", "10.0.0.1/8"),
        (["r", "i"], [1, 2, "x"]),
    ]
    values = [result_set([["c", kind]], [[value]]) for kind, value in refused]
    evicting = [result_set([[f"column{n}", "i"]], [[n]]) for n in range(400)]  # more than are kept
    return [PAYLOAD, *values, *evicting, *(PAYLOAD[:length] for length in range(0, len(PAYLOAD), 3))]


def test_nothing_is_lost() -> None:
    """Neither memory nor references, however the decoding ends: what is lost once is lost in every round."""
    broken_payloads = broken()
    (row, *_) = _binding.decode(ROWS, PAYLOAD)
    shared = [None, True, False, 0, 1, dt.UTC, SafeUUID.unknown, *{type(value) for value in row.values()}]

    def used() -> list[int]:
        gc.collect()
        return [tracemalloc.get_traced_memory()[0], *map(sys.getrefcount, shared)]

    rounds = []
    tracemalloc.start()
    try:
        for _ in range(8):
            before = used()
            for payload in broken_payloads:
                outcome(payload)
            rounds.append([new - old for new, old in zip(used(), before, strict=True)])
    finally:
        tracemalloc.stop()
    least = [min(grown) for grown in zip(*rounds, strict=True)]
    assert least[0] < 512  # the lists of this test; a reference lost in one payload of a hundred is more
    assert max(least[1:]) <= 0


def test_the_module_goes_with_what_it_keeps() -> None:
    """A second instance of the extension, with filled caches, is collected when nothing refers to it."""
    loader = ExtensionFileLoader("ouroboros_postgres._binding", str(_binding.__file__))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    second = module_from_spec(spec)
    loader.exec_module(second)
    assert second is not _binding
    assert second.decode(ROWS, PAYLOAD) == _binding.decode(ROWS, PAYLOAD)
    gone = weakref.ref(second.DecodeError)
    del second
    gc.collect()
    assert gone() is None
