"""Types of columns that JSON has no notion of, as types of pydantic."""

from __future__ import annotations

import base64
import binascii
from types import UnionType
from typing import Annotated, Any, Final, Generic, Literal, TypeVar, Union, get_args, get_origin

from ..types import Range
from .installed import pydantic

__all__ = ["transportable"]

T = TypeVar("T")


def transportable(annotation: Any) -> Any:
    """A type that JSON can carry: `bytes` as base64, ranges as objects."""
    if annotation is bytes:
        return _BASE64
    origin, args = get_origin(annotation), get_args(annotation)
    if annotation is Range or origin is Range:
        return _range(args[0] if args else Any)
    if origin is Annotated:
        kind, *metadata = args
        return Annotated[(transportable(kind), *metadata)]
    if origin is Union or origin is UnionType:
        return Union[tuple(transportable(arg) for arg in args)]  # noqa: UP007 - made at run time
    return list[transportable(args[0])] if origin is list and args else annotation  # type: ignore[misc]


def _decoded(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError(f"no base64: {error}") from error


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


_BASE64: Final = Annotated[
    bytes,
    pydantic.BeforeValidator(_decoded),
    pydantic.PlainSerializer(_encoded, return_type=str, when_used="json"),
    pydantic.WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]


class RangeObject(pydantic.BaseModel, Generic[T]):
    """A range in JSON."""

    model_config = pydantic.ConfigDict(from_attributes=True, extra="forbid")

    lower: T | None = None
    upper: T | None = None
    bounds: Literal["[)", "(]", "[]", "()"] = "[)"
    empty: bool = False


def _range(bound: Any) -> Any:
    kind: Any = RangeObject
    parts = kind[transportable(bound)]

    def read(value: object) -> Range[Any]:
        read = parts.model_validate(value)
        return Range(read.lower, read.upper, read.bounds, read.empty)

    def written(value: Range[Any]) -> Any:
        return parts.model_validate(value)

    return Annotated[
        Range[Any],
        pydantic.PlainValidator(read, json_schema_input_type=parts),
        pydantic.PlainSerializer(written, return_type=parts, when_used="json"),
    ]
