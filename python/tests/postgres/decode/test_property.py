"""The decoder against the reference, which is written in Python on top of the json module."""

from __future__ import annotations

import json
import pickle
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.payloads import payloads, result_set, same
from decode.reference import decode_rows, decode_value
from ouroboros_postgres import _binding
from ouroboros_postgres.errors import DeserializationError

VALUE, ROWS = 0, 1


def agree(payload: bytes) -> None:
    """Both refuse, or both give the same; a refusal of the reference that names a column is the decoder's as well."""
    try:
        expected: Any = decode_rows(payload)
    except DeserializationError as error:
        with pytest.raises(DeserializationError) as refusal:
            _binding.decode(ROWS, payload)
        assert str(refusal.value) == str(error)
        assert refusal.value.column_name == error.column_name
        assert type(refusal.value.__cause__) is type(error.__cause__)
        return
    assert same(_binding.decode(ROWS, payload), expected)


@settings(max_examples=200, deadline=None)
@given(payloads())
def test_any_result_set(payload: bytes) -> None:
    agree(payload)


@settings(max_examples=100, deadline=None)
@given(payloads(), st.data())
def test_changed_result_sets_are_refused_or_read_like_the_reference(payload: bytes, data: st.DataObject) -> None:
    changed = bytearray(payload)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at] = data.draw(st.sampled_from(b'[]{}",:0159-+.eEnulltrueT\\u/ \x00\xff'))
    try:
        rows = _binding.decode(ROWS, bytes(changed))
    except (_binding.DecodeError, DeserializationError):
        return
    assert same(rows, decode_rows(bytes(changed)))


@settings(max_examples=300, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_exact(value: float) -> None:
    for text in (repr(value), f"{value:.17e}", f"{value:.3e}", f"{value:.15f}"):
        (row,) = _binding.decode(ROWS, b'{"cols":[["f","f"]],"rows":[[' + text.encode() + b']],"tag":""}')
        assert same(row["f"], float(text))


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 10**19), st.integers(0, 19))
def test_decimal_fractions_are_rounded_once(digits: int, point: int) -> None:
    text = f"{digits:020d}"
    text = f"{int(text[: 20 - point])}.{text[20 - point :] or '0'}"
    assert same(_binding.decode(VALUE, text.encode()), float(text))


@pytest.mark.parametrize(
    "text", ["9007199254740993.0", "9007199254740992.5", "0.5000000000000000277", "4503599627370497.5"]
)
def test_floats_half_way_between_two(text: str) -> None:
    assert same(_binding.decode(VALUE, text.encode()), float(text))


JSON = [
    '"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00\\ud83d"', '"\\ud83d\\u0041"', '"\\ud83d\\ud83d\\ude00"', '"\\u0000"',
    '"\\ud83dx\\ude00"', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"é\\u00e9"', "-0", "-0.0", "0.0", "0e0", "1e400", "-1e400",
    "1E+2", "1e-400", "123456789012345678901234567890", " [ 1 , 2 ] ", '\t{ "a" :\n1 , "a" : 2 }\r\n', "[]",
    "{}", " null ", "true ",
    "9223372036854775807", "-9223372036854775808", "999999999999999999", "1000000000000000000", '{"":{"":""}}',
    "1e00001",
]  # fmt: skip


@pytest.mark.parametrize("text", JSON)
def test_json_is_read_like_the_json_module_reads_it(text: str) -> None:
    expected = json.loads(text)
    assert same(_binding.decode(VALUE, text.encode()), expected)
    payload = b'{"cols":[["a","j"],["b","j"]],"rows":[[' + text.encode() + b"," + text.encode() + b']],"tag":""}'
    assert same(_binding.decode(ROWS, payload), [{"a": expected, "b": expected}])


@pytest.mark.parametrize("length", [18, 19, 20, 639, 640, 641, 4300, 4301, 20_000])
@pytest.mark.parametrize("sign", ["", "-"])
def test_integers_of_any_length(length: int, sign: str) -> None:
    text = sign + ("1234567890" * (length // 10 + 1))[:length]
    expected = decode_value(text.encode())
    assert _binding.decode(VALUE, text.encode()) == expected
    payload = b'{"cols":[["i","i"],["j","j"]],"rows":[[%b,{"n":%b}]],"tag":""}' % (text.encode(), text.encode())
    assert _binding.decode(ROWS, payload) == [{"i": expected, "j": {"n": expected}}]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("d", "2023-02-29"), ("d", "2024-13-01"), ("d", "0000-01-01"), ("d", "20240115"), ("d", "x"), ("d", ""),
        ("T", "2024-01-15T24:00:01"), ("T", "2024-01-15 10:00:00"), ("T", "2024-01-15T10:00"), ("T", "+00:00"),
        ("T", "2024-01-15T10:00:00.5"), ("T", "2024-01-15T10:00:00.123"), ("T", "2024-02-30T10:00:00+00:00"),
        ("t", "25:00:00"), ("t", "10:00:00+05:30"), ("t", "10:00:60"), ("n", "abc"), ("n", ""), ("n", "1_000"),
        ("u", "0"), ("u", "g0000000-0000-0000-0000-000000000000"), ("u", "{00000000-0000-0000-0000-000000000001}"),
        ("I", "10.0.0.256"), ("I", "10.0.0.1/33"), ("I", ""), ("N", "10.0.0.1/8"), ("N", "::/129"),
        ("v", [10**9, 0]), ("v", [10**30, 0]), ("v", [0, 10**30]), (["r", "i"], [1, 2, "x"]), (["a", "d"], ["x"]),
    ],
)  # fmt: skip
def test_unusual_values_end_as_in_the_reference(kind: Any, value: object) -> None:
    agree(result_set([["fine", "i"], ['the "column"', kind]], [[1, None], [2, value]]))


def test_uuids_are_ordinary() -> None:
    text = "c0ffee00-1234-4abc-8def-0123456789ab"
    (row,) = _binding.decode(ROWS, result_set([["u", "u"]], [[text]]))
    made = UUID(text)
    assert row["u"] == made and hash(row["u"]) == hash(made) and str(row["u"]) == text
    assert row["u"].is_safe is made.is_safe and row["u"].version == 4 and row["u"] in {made}
    assert pickle.loads(pickle.dumps(row["u"])) == made  # noqa: S301
    with pytest.raises(TypeError):
        row["u"].int = 1


def test_of_equal_names_the_last_column_wins() -> None:
    for width in (2, 8):
        payload = result_set([["a", "i"], ["b", "i"]] * (width // 2), [list(range(width))])
        assert same(_binding.decode(ROWS, payload), decode_rows(payload))


def test_more_column_lists_than_are_kept() -> None:
    for round_ in range(2):
        for number in range(600):
            payload = result_set([[f"c{number}", "i"], ["n", ["a", "s"]]], [[round_, ["x"]]])
            assert _binding.decode(ROWS, payload) == [{f"c{number}": round_, "n": ["x"]}]


def test_members_after_the_rows_are_ignored() -> None:
    payload = b'{"cols":[["a","i"]],"rows":[[1]],"tag":"SELECT 1","more":{"a":[1]},"less":null}'
    assert _binding.decode(ROWS, payload) == [{"a": 1}]
