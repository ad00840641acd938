from __future__ import annotations

import base64
import datetime as dt
import enum
import fractions
import ipaddress
import json
import uuid
from collections import OrderedDict, UserDict
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ouroboros_postgres import DataError, Range
from ouroboros_postgres._arguments import argument, arguments, json_text


class Colour(enum.Enum):
    RED = "red"
    POINT = (1, 2)


class Level(enum.IntEnum):
    HIGH = 3


class Mode(str, enum.Enum):  # noqa: UP042 - the older way has its own way to be wrong
    FAST = "fast"


class Text(str):
    def __str__(self) -> str:
        return "not this"


class Index:
    def __index__(self) -> int:
        return 7


class Real:
    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return self.value


class Unindexable(Real):
    def __index__(self) -> int:
        raise TypeError("only whole numbers")


OFFSET = dt.timezone(dt.timedelta(hours=5, minutes=30))
UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (5, 5),
        (10**40, 10**40),
        ("text", "text"),
        ("", ""),
        (1.5, 1.5),
        (300.0, 300.0),
        (float("nan"), {"f": "nan"}),
        (float("inf"), {"f": "inf"}),
        (float("-inf"), {"f": "-inf"}),
        (Decimal("1.10"), {"n": "1.10"}),
        (Decimal("-NaN123"), {"n": "NaN"}),
        (Decimal("-Infinity"), {"n": "-Infinity"}),
        (b"\x00\xff", {"y": "AP8="}),
        (bytearray(b"a"), {"y": "YQ=="}),
        (memoryview(b"abcd")[::2], {"y": "YWM="}),
        (UUID, {"u": "12345678-1234-5678-1234-567812345678"}),
        (dt.date(5, 1, 2), {"d": "0005-01-02"}),
        (dt.time(10, 0, 0, 500000), {"t": "10:00:00.500000"}),
        (dt.time(10, 0, tzinfo=OFFSET), {"tz": "10:00:00+05:30"}),
        (dt.datetime(2024, 1, 15, 10, 0), {"ts": "2024-01-15T10:00:00"}),
        (dt.datetime(2024, 1, 15, 10, 0, tzinfo=OFFSET), {"tsz": "2024-01-15T10:00:00+05:30"}),
        (dt.timedelta(days=1, seconds=2, microseconds=500000), {"v": "P1DT2.500000S"}),
        (dt.timedelta(hours=-1), {"v": "P-0DT-3600S"}),
        ({"a": 1}, {"j": '{"a":1}'}),
        ({"n": "1"}, {"j": '{"n":"1"}'}),
        ({}, {"j": "{}"}),
        ([1, None, "a"], [1, None, "a"]),
        (((1, 2), [3, 4]), [[1, 2], [3, 4]]),
        ([{"a": 1}, Decimal(2)], [{"j": '{"a":1}'}, {"n": "2"}]),
        ([Decimal("1.10"), Decimal(2)], {"n": ["1.10", "2"]}),
        ([Decimal(1), Decimal("NaN")], [{"n": "1"}, {"n": "NaN"}]),
        ((UUID, UUID), {"u": [str(UUID), str(UUID)]}),
        ([dt.date(2024, 1, 2)], {"d": ["2024-01-02"]}),
        ([dt.datetime(1970, 1, 2), dt.datetime(1969, 12, 31, 23, 59, 59, 1)], {"ts": [86400000000, -999999]}),
        ([dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC)], {"tsz": [1000000]}),
        ([dt.datetime(2024, 1, 2, tzinfo=OFFSET)], [{"tsz": "2024-01-02T00:00:00+05:30"}]),
        (
            [dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 2, tzinfo=dt.UTC)],
            [{"ts": "2024-01-02T00:00:00"}, {"tsz": "2024-01-02T00:00:00+00:00"}],
        ),
        ([dt.date(2024, 1, 2), None], [{"d": "2024-01-02"}, None]),
        ({1}, [1]),
        (frozenset(("a",)), ["a"]),
        (Colour.RED, "red"),
        (Colour.POINT, [1, 2]),
        (Level.HIGH, 3),
        (Mode.FAST, "fast"),
        (Text("this"), "this"),
        (OrderedDict(b=1, a=2), {"j": '{"b":1,"a":2}'}),
        (UserDict({"a": 1}), {"j": '{"a":1}'}),
        (MappingProxyType({"a": 1}), {"j": '{"a":1}'}),
        (ipaddress.ip_address("10.0.0.1"), {"ip": "10.0.0.1"}),
        (ipaddress.ip_interface("10.0.0.1/24"), {"ip": "10.0.0.1/24"}),
        (ipaddress.ip_network("fe80::/64"), {"net": "fe80::/64"}),
        (Range(1, None), {"r": {"lower": 1, "upper": None, "bounds": "[)", "empty": False}}),
        (
            Range(dt.date(2024, 1, 1), dt.date(2024, 2, 1)),
            {"r": {"lower": {"d": "2024-01-01"}, "upper": {"d": "2024-02-01"}, "bounds": "[)", "empty": False}},
        ),
        (Index(), 7),
        (Real(2.5), 2.5),
        (Real(float("nan")), {"f": "nan"}),
        (Unindexable(1.5), 1.5),
        (fractions.Fraction(1, 2), 0.5),
    ],
)
def test_every_type_has_its_form(value: Any, expected: Any) -> None:
    form = argument(value)
    assert form == expected
    assert type(form) is type(expected)


def test_all_arguments_are_converted() -> None:
    assert arguments((1, Decimal(2), "x")) == [1, {"n": "2"}, "x"]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (object(), "object"),
        (1j, "complex"),
        (range(3), "range"),
        ((n for n in ()), "generator"),
        ([object()], "object"),
        (test_all_arguments_are_converted, "function"),
        (Colour, "type"),
    ],
)
def test_other_types_are_refused_by_name(value: Any, name: str) -> None:
    with pytest.raises(TypeError, match=rf"{name}.* cannot be used as a parameter"):
        argument(value)


def test_the_name_of_a_foreign_type_has_its_module() -> None:
    class Model:
        pass

    with pytest.raises(TypeError, match=r"test_arguments\..*Model cannot"):
        argument(Model())


def test_a_signalling_nan_is_refused() -> None:
    with pytest.raises(DataError, match="signalling NaN"):
        argument(Decimal("sNaN"))


def circular_list() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def circular_dict() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = [value]
    return value


@pytest.mark.parametrize("value", [circular_list(), circular_dict(), [circular_dict()]])
def test_structures_that_contain_themselves_are_refused(value: Any) -> None:
    with pytest.raises(DataError, match="contains itself"):
        argument(value)


# JSON.


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": [1, 2.5, None, True, "ü😀"]}, '{"b":1,"a":[1,2.5,null,true,"ü😀"]}'),
        ({"t": (1, 2)}, '{"t":[1,2]}'),
        ({"d": dt.date(2024, 1, 15)}, '{"d":"2024-01-15"}'),
        ({"d": dt.datetime(2024, 1, 15, 10, tzinfo=OFFSET)}, '{"d":"2024-01-15T10:00:00+05:30"}'),
        ({"t": dt.time(1, 2, 3)}, '{"t":"01:02:03"}'),
        ({"v": dt.timedelta(days=1, seconds=2)}, '{"v":"P1DT2S"}'),
        ({"u": UUID}, '{"u":"12345678-1234-5678-1234-567812345678"}'),
        ({"n": Decimal("1.10")}, '{"n":"1.10"}'),
        ({"y": b"\x00\xff"}, '{"y":"AP8="}'),
        ({"e": [Colour.RED, Level.HIGH, Mode.FAST]}, '{"e":["red",3,"fast"]}'),
        ({"s": {1}}, '{"s":[1]}'),
        ({"m": UserDict({"a": {2}})}, '{"m":{"a":[2]}}'),
        ({"i": [Index(), Real(2.5)]}, '{"i":[7,2.5]}'),
        ({"big": 10**40}, '{"big":' + str(10**40) + "}"),
    ],
)
def test_values_inside_json(value: Any, expected: str) -> None:
    assert json_text(value) == expected


@pytest.mark.parametrize("key", [1, None, True, 2.5, (1,), b"a"])
@pytest.mark.parametrize("wrap", [lambda d: d, lambda d: {"a": [{"b": d}]}, lambda d: {"a": UserDict({"b": (d,)})}])
def test_keys_that_are_not_text_are_refused_at_any_depth(key: Any, wrap: Any) -> None:
    with pytest.raises(TypeError, match=f"keys of a JSON object must be str, not {type(key).__name__}"):
        json_text(wrap({key: 1}))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Real(float("-inf"))])
def test_json_has_no_such_numbers(value: Any) -> None:
    with pytest.raises(DataError, match="NaN and Infinity"):
        json_text({"a": [value]})


def test_json_refuses_other_types_by_name() -> None:
    with pytest.raises(TypeError, match="complex cannot be written as JSON"):
        json_text({"a": 1j})


def test_json_refuses_an_integer_that_python_does_not_print() -> None:
    with pytest.raises(DataError, match="cannot be written as JSON"):
        json_text({"a": 10**5000})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), json_values))
def test_json_is_unchanged_and_keeps_its_order(value: dict[str, Any]) -> None:
    read = json.loads(argument(value)["j"])
    assert read == value
    assert list(read) == list(value)


@given(st.binary())
def test_bytes_are_base64(value: bytes) -> None:
    assert base64.b64decode(argument(value)["y"], validate=True) == value


@given(st.timedeltas())
def test_durations_have_one_sign(value: dt.timedelta) -> None:
    text = argument(value)["v"]
    days, seconds = text.removeprefix("P").removesuffix("S").split("DT")
    assert dt.timedelta(days=int(days)) + dt.timedelta(microseconds=round(Decimal(seconds) * 10**6)) == value
    assert days.startswith("-") == seconds.startswith("-")
