"""Python values in the form that requests carry them (docs/reference/payloads.md, "Arguments").

Most values are themselves in JSON; everything else becomes a list or an object with one key, its tag. A `dict` travels
as JSON text, so that user data can never be taken for a tag.
"""

from __future__ import annotations

import binascii
import datetime as dt
import ipaddress
import math
import uuid
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import Enum
from json import JSONEncoder
from types import NoneType
from typing import Any, TypeAlias

from ._guards import is_list, is_mapping, is_octets, is_set
from .errors import DataError
from .types import Range

__all__ = ["EXACT", "PLAIN", "argument", "arguments", "column_arguments", "json_text"]

Argument: TypeAlias = Any

_FLOATS = {float}
PLAIN: frozenset[type] = frozenset((int, str, bool, NoneType))
"""The types whose values are sent as they are; hot loops test `type(value) in PLAIN` before calling `argument`."""


EXACT: frozenset[type] = PLAIN | {bytes, Decimal, dt.date, dt.datetime, float, uuid.UUID}
"""The types whose values come back from a column that holds them as equal values of the same type."""


def argument(value: Any) -> Argument:
    """Convert one value.

    Raises:
        TypeError: There is no PostgreSQL form for a value of this type.
        DataError: The value itself cannot be sent.
    """
    kind = _type_of(value)
    if kind in PLAIN:
        return value
    convert = _CONVERTERS.get(kind)
    return convert(value) if convert is not None else _convert_other(value)


def arguments(values: Iterable[Any]) -> list[Argument]:
    """Convert each of some values."""
    return [value if type(value) in PLAIN else argument(value) for value in values]


def column_arguments(values: list[Any]) -> Argument:
    """Convert a list, such as the values of one column, which mostly are of one type: its tag is written only once."""
    kinds = set(map(type, values))
    if kinds <= PLAIN or (kinds == _FLOATS and all(map(math.isfinite, values))):
        return values
    tag = _TAGS.get(kinds.pop()) if len(kinds) == 1 else None
    return (tag(values) if tag is not None else None) or arguments(values)


def json_text(value: Any) -> str:
    """Encode a value as JSON, object keys in their order.

    Raises:
        TypeError: A key is not a `str`, or a value has no JSON form.
        DataError: A number is not finite or absurdly long, or the structure is too deep or contains itself.
    """
    try:
        _check(value)
        return _encode_json(value)
    except RecursionError:
        raise DataError(_TOO_DEEP) from None
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"a value cannot be written as JSON: {error}") from None


_TOO_DEEP = "a value is nested too deeply or contains itself"


def _type_of(value: object) -> type[object]:
    return type(value)


def _type_name(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _float(value: float) -> Argument:
    if math.isfinite(value):
        return value
    return {"f": "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}


def _decimal(value: Decimal) -> Argument:
    if value.is_snan():
        raise DataError("a signalling NaN cannot be sent")
    return {"n": "NaN" if value.is_nan() else str(value)}


def _bytes(value: bytes | bytearray) -> Argument:
    return {"y": binascii.b2a_base64(value, newline=False).decode("ascii")}


def _memoryview(value: memoryview) -> Argument:
    return _bytes(value.tobytes())


def _uuid(value: uuid.UUID) -> Argument:
    return {"u": str(value)}


def _date(value: dt.date) -> Argument:
    return {"d": value.isoformat()}


def _time(value: dt.time) -> Argument:
    return {"t" if value.utcoffset() is None else "tz": value.isoformat()}


def _datetime(value: dt.datetime) -> Argument:
    zone = value.tzinfo
    is_naive = zone is None or (type(zone) is not dt.timezone and value.utcoffset() is None)
    return {"ts" if is_naive else "tsz": value.isoformat()}


def _timedelta(value: dt.timedelta) -> Argument:
    return {"v": duration_text(value)}


def duration_text(value: dt.timedelta) -> str:
    """Write a duration in ISO 8601 with one sign on every field, the form that PostgreSQL reads."""
    sign = ""
    if value.days < 0:
        sign, value = "-", -value
    fraction = f".{value.microseconds:06}" if value.microseconds else ""
    return f"P{sign}{value.days}DT{sign}{value.seconds}{fraction}S"


def _mapping(value: Mapping[Any, Any]) -> Argument:
    return {"j": json_text(value)}


def _sequence(value: Iterable[Any]) -> Argument:
    try:
        return column_arguments(list(value))
    except RecursionError:
        raise DataError(_TOO_DEEP) from None


def _address(value: object) -> Argument:
    return {"ip": str(value)}


def _network(value: object) -> Argument:
    return {"net": str(value)}


def _range(value: Range[Any]) -> Argument:
    return {
        "r": {
            "lower": argument(value.lower),
            "upper": argument(value.upper),
            "bounds": value.bounds,
            "empty": value.empty,
        }
    }


_CONVERTERS: dict[type, Callable[[Any], Argument]] = {
    float: _float,
    Decimal: _decimal,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _memoryview,
    uuid.UUID: _uuid,
    dt.datetime: _datetime,
    dt.date: _date,
    dt.time: _time,
    dt.timedelta: _timedelta,
    dict: _mapping,
    list: _sequence,
    tuple: _sequence,
    set: _sequence,
    frozenset: _sequence,
    ipaddress.IPv4Address: _address,
    ipaddress.IPv6Address: _address,
    ipaddress.IPv4Interface: _address,
    ipaddress.IPv6Interface: _address,
    ipaddress.IPv4Network: _network,
    ipaddress.IPv6Network: _network,
    Range: _range,
}


def _datetimes(values: list[dt.datetime]) -> Argument:
    zone = values[0].tzinfo
    if zone not in (None, dt.UTC) or any(value.tzinfo is not zone for value in values):
        return None
    epoch = dt.datetime(1970, 1, 1, tzinfo=zone)
    spans = [value - epoch for value in values]
    passed = [(span.days * 86400 + span.seconds) * 1000000 + span.microseconds for span in spans]
    return {"ts" if zone is None else "tsz": passed}


def _dates(values: list[dt.date]) -> Argument:
    return {"d": [value.isoformat() for value in values]}


def _decimals(values: list[Decimal]) -> Argument:
    return {"n": list(map(str, values))} if all(map(Decimal.is_finite, values)) else None


def _uuids(values: list[uuid.UUID]) -> Argument:
    return {"u": list(map(str, values))}


# For lists of these, what stands for all their values; None where it cannot be one tag.
_TAGS: dict[type, Callable[[list[Any]], Argument]] = {
    dt.datetime: _datetimes,
    dt.date: _dates,
    Decimal: _decimals,
    uuid.UUID: _uuids,
}

# datetime is a date and an interface is an address: the order of the table above decides.
_SUBCLASSES: tuple[tuple[type[Any], Callable[[Any], Argument]], ...] = (
    (int, int),
    (str, str.__str__),
    *_CONVERTERS.items(),
    (Mapping, _mapping),
)


def _convert_other(value: Any) -> Argument:
    if isinstance(value, Enum):
        return argument(value.value)
    for kind, convert in _SUBCLASSES:
        if isinstance(value, kind):
            return convert(value)
    number = _number(value)
    if number is None:
        raise TypeError(f"a value of type {_type_name(value)} cannot be used as a parameter")
    return _float(number) if isinstance(number, float) else number


def _number(value: Any) -> int | float | None:
    """Read a scalar of another library, such as NumPy's, through the protocols for numbers."""
    kind = _type_of(value)
    for method, convert in (("__index__", _index), ("__float__", float)):
        if hasattr(kind, method):
            try:
                return convert(value)
            except TypeError:
                continue
    return None


def _index(value: Any) -> int:
    return int(value.__index__())


# JSON inside json and jsonb values.

_SCALARS: frozenset[type] = frozenset((str, int, bool, NoneType))


def _check(value: Any) -> None:
    """Refuse what the JSON encoder would silently alter: keys that are not text, numbers that JSON does not have."""
    if is_mapping(value):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"keys of a JSON object must be str, not {_type_name(key)}")
            if type(item) not in _SCALARS:
                _check(item)
    elif is_list(value):
        for item in value:
            if type(item) not in _SCALARS:
                _check(item)
    elif isinstance(value, float) and not math.isfinite(value):
        raise DataError("NaN and Infinity cannot be written as JSON")


def _json_default(value: Any) -> Any:
    """Give the JSON form of a value that the encoder does not know."""
    form = _json_form(value)
    _check(form)
    return form


_JSON_TEXT = (uuid.UUID, Decimal)
_JSON_ISO = (dt.date, dt.time)


def _json_form(value: Any) -> Any:
    if isinstance(value, _JSON_ISO):
        return value.isoformat()
    if isinstance(value, _JSON_TEXT):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dt.timedelta):
        return duration_text(value)
    if is_octets(value):
        return binascii.b2a_base64(value, newline=False).decode("ascii")
    if is_set(value):
        return list(value)
    if is_mapping(value):
        return dict(value)
    number = _number(value)
    if number is None:
        raise TypeError(f"a value of type {_type_name(value)} cannot be written as JSON")
    return number


_encode_json = JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_json_default).encode
