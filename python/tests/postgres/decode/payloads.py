"""Random result sets in the form of docs/reference/payloads.md, and how to compare what becomes of them."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import json
import math
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from ouroboros_postgres.types import Range

__all__ = ["payloads", "result_set", "same"]

Kinded = tuple[Any, st.SearchStrategy[Any]]


def result_set(columns: list[Any], rows: list[Any], **options: Any) -> bytes:
    result = {"cols": columns, "rows": rows, "tag": f"SELECT {len(rows)}"}
    return json.dumps(result, separators=(",", ":"), allow_nan=False, **options).encode("utf-8")


def same(left: Any, right: Any) -> bool:
    """Equal in type and value, in all parts; NaN is like NaN and 0.0 unlike -0.0."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, Range):
        return same(left.__reduce__()[1], right.__reduce__()[1])
    if isinstance(left, float):
        return math.copysign(1.0, left) == math.copysign(1.0, right) and (left == right or left != left)
    if isinstance(left, UUID) and left.is_safe is not right.is_safe:
        return False
    if isinstance(left, (dt.datetime, dt.time)) and repr(left.tzinfo) != repr(right.tzinfo):
        return False
    if isinstance(left, int):
        return bool(left == right)
    if isinstance(left, Decimal) and left.is_nan():
        return bool(right.is_nan())
    return bool(left == right) and hash(left) == hash(right) and str(left) == str(right)


def _float_text(value: float) -> Any:
    if math.isnan(value):
        return "nan"
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def _times(zones: st.SearchStrategy[dt.tzinfo | None]) -> st.SearchStrategy[str]:
    return st.times(timezones=zones).map(dt.time.isoformat)


_offsets = st.integers(-86399, 86399).map(lambda seconds: dt.timezone(dt.timedelta(seconds=seconds)))
_text = st.text(st.characters(codec="utf-8"), max_size=40)
_json_text = st.text(st.characters(), max_size=20)  # with surrogates
_integers = st.one_of(st.integers(), st.integers(-(10**30), 10**30), st.integers(0, 20).map(lambda n: 10**n))
_json = st.recursive(
    st.none() | st.booleans() | _integers | st.floats(allow_nan=False, allow_infinity=False) | _json_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_json_text, inner, max_size=4),
    max_leaves=12,
)
_addresses = st.one_of(st.ip_addresses(), st.ip_addresses(v=4))


def _with_bits(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> st.SearchStrategy[str]:
    return st.integers(0, address.max_prefixlen).map(lambda bits: f"{address}/{bits}")


def _network(text: str) -> str:
    return str(ipaddress.ip_network(text, strict=False))


_decimals = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.sampled_from(["NaN", "Infinity", "-Infinity", "0.00", "-0", "1.10", "9" * 1000 + "." + "5" * 1000]),
)

_scalars: dict[str, st.SearchStrategy[Any]] = {
    "i": _integers,
    "b": st.booleans(),
    "f": st.floats().map(_float_text),
    "n": _decimals,
    "s": _text,
    "y": st.binary(max_size=40).map(lambda data: base64.b64encode(data).decode()),
    "u": st.uuids().map(str) | st.uuids().map(lambda value: str(value).upper()),
    "d": st.dates().map(dt.date.isoformat),
    "t": _times(st.none()) | _times(_offsets),
    "T": st.datetimes().map(dt.datetime.isoformat)
    | st.datetimes(timezones=st.just(dt.UTC)).map(dt.datetime.isoformat)
    | st.datetimes(timezones=_offsets).map(dt.datetime.isoformat),
    "v": st.tuples(st.integers(-999_999_999, 999_999_998), st.integers(0, 86_399_999_999)).map(list),
    "j": _json,
    "I": _addresses.map(str) | _addresses.flatmap(_with_bits),
    "N": _addresses.flatmap(_with_bits).map(_network),
}


def _nullable(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def _array(inner: Kinded) -> Kinded:
    kind, values = inner
    flat = st.lists(_nullable(values), max_size=4)

    def fill(dims: list[int]) -> st.SearchStrategy[Any]:
        size = math.prod(dims)
        elements = st.lists(_nullable(values), min_size=size, max_size=size)
        return elements.map(lambda items: {"dims": dims, "flat": items})

    return ["a", kind], flat | st.lists(st.integers(1, 3), min_size=2, max_size=3).flatmap(fill)


def _range(inner: Kinded) -> Kinded:
    kind, values = inner
    bounds = st.sampled_from(["[)", "(]", "[]", "()"])
    return ["r", kind], st.just("empty") | st.tuples(_nullable(values), _nullable(values), bounds).map(list)


def _composite(fields: list[tuple[str, Kinded]]) -> Kinded:
    kind = ["c", [[name, kind] for name, (kind, _) in fields]]
    return kind, st.tuples(*(_nullable(values) for _, (_, values) in fields)).map(list)


def _record(fields: list[Kinded]) -> Kinded:
    pairs = [st.tuples(st.just(kind), _nullable(values)).map(list) for kind, values in fields]
    return "R", st.tuples(*pairs).map(list)


_scalar_kinds: st.SearchStrategy[Kinded] = st.sampled_from(sorted(_scalars)).map(lambda kind: (kind, _scalars[kind]))
_kinds: st.SearchStrategy[Kinded] = st.recursive(
    _scalar_kinds,
    lambda inner: st.one_of(
        inner.map(_array),
        inner.map(_range),
        st.lists(st.tuples(_text, inner), max_size=3).map(_composite),
        st.lists(inner, max_size=3).map(_record),
    ),
    max_leaves=4,
)


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """Result sets of any kinds, as the engine writes them or with other escapes."""
    columns = draw(st.lists(st.tuples(_text | st.just('],"rows":['), _kinds), max_size=8))
    values = st.tuples(*(_nullable(strategy) for _, (_, strategy) in columns)).map(list)
    rows = draw(st.lists(values, max_size=4))
    # Lone surrogates, which JSON columns may have, exist as escapes only.
    escaped = draw(st.booleans()) or any("\\u" in json.dumps(row) for row in rows)
    return result_set([[name, kind] for name, (kind, _) in columns], rows, ensure_ascii=escaped)
