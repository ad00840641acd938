from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import json
import math
import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ouroboros_postgres import DeserializationError, Range, _binding


def decode_rows(document: bytes) -> list[dict[str, Any]]:
    return _binding.decode(1, document)  # type: ignore[no-any-return]


def payload(cols: list[Any], rows: list[list[Any]]) -> bytes:
    document = {"cols": cols, "rows": rows, "tag": f"SELECT {len(rows)}"}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def decode(kind: Any, value: Any) -> Any:
    return decode_rows(payload([["x", kind]], [[value]]))[0]["x"]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("i", 5, 5),
        ("i", 10**40, 10**40),
        ("b", True, True),
        ("f", 1.5, 1.5),
        ("f", 1e300, 1e300),
        ("f", "inf", math.inf),
        ("f", "-inf", -math.inf),
        ("n", "1.10", Decimal("1.10")),
        ("n", "Infinity", Decimal("Infinity")),
        ("s", "ü😀", "ü😀"),
        ("y", "AP8=", b"\x00\xff"),
        ("y", "", b""),
        ("u", "12345678-1234-5678-1234-567812345678", uuid.UUID("12345678-1234-5678-1234-567812345678")),
        ("d", "2024-01-15", dt.date(2024, 1, 15)),
        ("d", "9999-12-31", dt.date.max),
        ("t", "10:00:00.5", dt.time(10, 0, 0, 500000)),
        ("t", "10:00:00+05:30", dt.time(10, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))),
        ("T", "2024-01-15T10:00:00.000001", dt.datetime(2024, 1, 15, 10, 0, 0, 1)),
        ("T", "2024-01-15T10:00:00+00:00", dt.datetime(2024, 1, 15, 10, tzinfo=dt.UTC)),
        ("T", "9999-12-31T23:59:59.999999", dt.datetime.max),
        ("v", [-3, 500000], dt.timedelta(days=-3, microseconds=500000)),
        ("v", [0, -(10**12)], dt.timedelta(microseconds=-(10**12))),
        ("j", {"a": [1, None, {"n": "1"}]}, {"a": [1, None, {"n": "1"}]}),
        ("j", 10**40, 10**40),
        ("I", "10.0.0.1", ipaddress.ip_address("10.0.0.1")),
        ("I", "fe80::1/64", ipaddress.ip_interface("fe80::1/64")),
        ("N", "10.0.0.0/8", ipaddress.ip_network("10.0.0.0/8")),
        (
            "R",
            [["i", 1], ["n", "2.0"], ["s", None], [["a", "d"], ["2024-01-15"]]],
            (1, Decimal("2.0"), None, [dt.date(2024, 1, 15)]),
        ),
        (["a", "s"], ["x", None], ["x", None]),
        (["a", "n"], ["1.0", None], [Decimal("1.0"), None]),
        (["a", "i"], [], []),
        (["a", "i"], {"dims": [2, 3], "flat": [1, 2, 3, 4, None, 6]}, [[1, 2, 3], [4, None, 6]]),
        (["a", "i"], {"dims": [2, 1, 2], "flat": [1, 2, 3, 4]}, [[[1, 2]], [[3, 4]]]),
        (["a", "j"], [{"dims": [1], "flat": [1]}], [{"dims": [1], "flat": [1]}]),
        (["r", "i"], [1, 5, "[)"], Range(1, 5)),
        (["r", "d"], [None, "2024-01-15", "(]"], Range(None, dt.date(2024, 1, 15), "(]")),
        (["r", "n"], "empty", Range(empty=True)),
        (["a", ["r", "i"]], [[1, 2, "[)"], [5, 6, "[)"]], [Range(1, 2), Range(5, 6)]),
        (["c", [["a", "i"], ["b", ["a", "d"]]]], [1, ["2024-01-15"]], {"a": 1, "b": [dt.date(2024, 1, 15)]}),
        (["c", [["a", "n"]]], [None], {"a": None}),
        (["a", ["c", [["a", "u"]]]], [[None], None], [{"a": None}, None]),
    ],
)
def test_every_kind(kind: Any, value: Any, expected: Any) -> None:
    decoded = decode(kind, value)
    assert decoded == expected
    assert type(decoded) is type(expected)


def test_a_decimal_keeps_its_scale() -> None:
    assert str(decode("n", "1.100")) == "1.100"
    assert decode("n", "NaN").is_nan()


def test_a_float_keeps_the_sign_of_zero() -> None:
    assert math.copysign(1, decode("f", -0.0)) == -1
    assert math.isnan(decode("f", "nan"))


def test_utc_is_the_common_one() -> None:
    assert decode("T", "2024-01-15T10:00:00+00:00").tzinfo is dt.UTC


@pytest.mark.parametrize("kind", [*"ibfnsyudtTvjINR", ["a", "i"], ["r", "d"], ["c", [["a", "i"]]]])
def test_null_is_none_in_every_kind(kind: Any) -> None:
    assert decode(kind, None) is None


def test_keys_are_in_the_order_of_the_columns() -> None:
    rows = decode_rows(payload([["b", "i"], ["a", "n"]], [[1, "2"], [3, None]]))
    assert rows == [{"b": 1, "a": Decimal(2)}, {"b": 3, "a": None}]
    assert [list(row) for row in rows] == [["b", "a"], ["b", "a"]]


def test_the_last_column_of_a_name_wins() -> None:
    assert decode_rows(payload([["a", "i"], ["a", "n"]], [[1, "2"]])) == [{"a": Decimal(2)}]


def test_columns_of_equal_names_and_other_kinds_are_told_apart() -> None:
    assert [decode(kind, "1") for kind in ("s", "n", "s")] == ["1", Decimal(1), "1"]


def test_no_rows() -> None:
    assert decode_rows(payload([["a", "n"]], [])) == []


def test_rows_without_columns() -> None:
    assert decode_rows(payload([], [[], []])) == [{}, {}]


@pytest.mark.parametrize(
    ("kind", "value"), [("v", [10**12, 0]), ("d", "10000-01-01"), ("u", "x"), ("n", "x"), ("N", "10.0.0.1/8")]
)
def test_what_python_cannot_represent_names_its_column(kind: str, value: Any) -> None:
    with pytest.raises(DeserializationError, match="column 'x'") as caught:
        decode(kind, value)
    assert caught.value.column_name == "x"


def test_integers_of_any_length() -> None:
    digits = "9" * 5000
    (row,) = decode_rows(b'{"cols":[["x","j"],["y","i"]],"rows":[[{"a":-%b},1]],"tag":""}' % digits.encode())
    assert row == {"x": {"a": 1 - 10**5000}, "y": 1}


def test_broken_json_is_not_taken_for_a_long_integer() -> None:
    with pytest.raises(_binding.DecodeError):
        _binding.decode(0, b'{"cols":')


@given(st.lists(st.none() | st.binary()))
def test_bytes_round_trip(values: list[bytes | None]) -> None:
    coded = [None if value is None else base64.b64encode(value).decode() for value in values]
    assert decode(["a", "y"], coded) == values


@given(st.datetimes(timezones=st.none() | st.just(dt.UTC)))
def test_datetimes_round_trip(value: dt.datetime) -> None:
    decoded = decode("T", value.isoformat())
    assert (decoded, decoded.tzinfo) == (value, value.tzinfo)


@given(
    st.lists(st.integers(1, 3), min_size=2, max_size=4).flatmap(lambda dims: st.tuples(st.just(dims), st.integers()))
)
def test_dimensions_are_restored(case: tuple[list[int], int]) -> None:
    dims, start = case
    flat = list(range(start, start + math.prod(dims)))
    nested = decode(["a", "i"], {"dims": dims, "flat": flat})
    for size in dims:
        assert len(nested) == size
        nested = nested[0] if nested[0] is not start else [start]
