"""Result sets as row dicts (docs/reference/payloads.md, "Result sets").

The reference of the binding's decoder: what the tests of this directory compare it with, and more lenient with payloads
that the engine does not write. A column whose JSON form is its Python form has no converter.
"""

from __future__ import annotations

import binascii
import datetime as dt
import ipaddress
import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from ouroboros_postgres.errors import DeserializationError
from ouroboros_postgres.types import Range

__all__ = ["decode_rows", "decode_value"]

Row: TypeAlias = dict[str, Any]
Converter: TypeAlias = Callable[[Any], Any]


def decode_rows(payload: bytes) -> list[Row]:
    """Decode a ROWS payload.

    Returns:
        One dict per row, keys in the order of the columns; of equal names the last column wins.

    Raises:
        DeserializationError: A value cannot be represented in Python; names the column.
    """
    result = decode_value(payload)
    rows: list[list[Any]] = result["rows"]
    names, conversions = _plan(json.dumps(result["cols"]))
    for index, convert in conversions:
        _convert_column(rows, index, convert, names[index])
    return [dict(zip(names, row, strict=True)) for row in rows]


def decode_value(payload: bytes) -> Any:
    """Decode any JSON payload, integers exact whatever their length."""
    try:
        return json.loads(payload)
    except json.JSONDecodeError:
        raise
    except ValueError:  # longer than sys.get_int_max_str_digits()
        return json.loads(payload, parse_int=_long_int)


def _long_int(text: str) -> int:
    return int(Decimal(text))


def _convert_column(rows: list[list[Any]], index: int, convert: Converter, name: str) -> None:
    try:
        for row in rows:
            value = row[index]
            if value is not None:
                row[index] = convert(value)
    except (ValueError, ArithmeticError) as error:
        raise DeserializationError(f"column {name!r}: {error}", column_name=name) from error


@lru_cache(maxsize=512)
def _plan(columns: str) -> tuple[tuple[str, ...], tuple[tuple[int, Converter], ...]]:
    names: list[str] = []
    conversions: list[tuple[int, Converter]] = []
    for index, (name, kind) in enumerate(json.loads(columns)):
        names.append(name)
        convert = _converter(kind)
        if convert is not None:
            conversions.append((index, convert))
    return tuple(names), tuple(conversions)


def _converter(kind: Any) -> Converter | None:
    if isinstance(kind, str):
        return _SCALARS[kind]
    tag, inner = kind
    return _COMPOUND[tag](inner)


def _interval(value: list[int]) -> dt.timedelta:
    days, microseconds = value
    return dt.timedelta(days, 0, microseconds)


def _inet(value: str) -> object:
    return ipaddress.ip_interface(value) if "/" in value else ipaddress.ip_address(value)


def _record(value: list[list[Any]]) -> tuple[Any, ...]:
    return tuple(_nullable(_converter(kind), item) for kind, item in value)


def _nullable(convert: Converter | None, value: Any) -> Any:
    return value if value is None or convert is None else convert(value)


def _array(inner: Any) -> Converter:
    convert = _converter(inner)

    def decode(value: list[Any] | dict[str, list[Any]]) -> list[Any]:
        if isinstance(value, dict):
            return _fold(elements(value["flat"]), value["dims"])
        return elements(value)

    def elements(items: list[Any]) -> list[Any]:
        return items if convert is None else [None if item is None else convert(item) for item in items]

    return decode


def _fold(items: list[Any], dims: list[int]) -> list[Any]:
    for size in reversed(dims[1:]):
        items = [items[start : start + size] for start in range(0, len(items), size)]
    return items


def _range(inner: Any) -> Converter:
    convert = _converter(inner)

    def decode(value: Any) -> Range[Any]:
        if value == "empty":
            return Range(empty=True)
        lower, upper, bounds = value
        return Range(_nullable(convert, lower), _nullable(convert, upper), bounds)

    return decode


def _composite(fields: list[list[Any]]) -> Converter:
    names = [name for name, _ in fields]
    converters = [_converter(kind) for _, kind in fields]

    def decode(value: list[Any]) -> Row:
        items = zip(names, converters, value, strict=True)
        return {name: _nullable(convert, item) for name, convert, item in items}

    return decode


_SCALARS: dict[str, Converter | None] = {
    "i": None,
    "b": None,
    "f": float,
    "n": Decimal,
    "s": None,
    "y": binascii.a2b_base64,
    "u": uuid.UUID,
    "d": dt.date.fromisoformat,
    "t": dt.time.fromisoformat,
    "T": dt.datetime.fromisoformat,
    "v": _interval,
    "j": None,
    "I": _inet,
    "N": ipaddress.ip_network,
    "R": _record,
}

_COMPOUND: dict[str, Callable[[Any], Converter]] = {"a": _array, "r": _range, "c": _composite}
