"""Whether a column is an array or JSON, by the type that its model declares."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, Union, cast, get_args, get_origin, get_type_hints

from . import models

if TYPE_CHECKING:
    from .models import Model

__all__ = ["Kind", "kind_of_column", "kind_of_type"]

Kind: TypeAlias = Literal["array", "json"]


def kind_of_column(model: Model | None, name: str) -> Kind | None:
    """Tell what a column holds, `None` when its type says neither or is not known."""
    columns = None if model is None else models.column_types(model)
    if columns is None or name not in columns:
        return None
    annotation = columns[name]
    return kind_of_type(_resolved(annotation, model) if isinstance(annotation, str) else annotation)


def kind_of_type(annotation: Any) -> Kind | None:
    """Tell what values of a type are, `None` for those that are neither arrays nor JSON."""
    origin = get_origin(annotation)
    if origin is Union or origin is types.UnionType:
        members = [member for member in get_args(annotation) if member is not type(None)]
        return kind_of_type(members[0]) if len(members) == 1 else None
    if origin is Annotated:
        return kind_of_type(get_args(annotation)[0])
    declared = annotation if origin is None else origin
    if not isinstance(declared, type) or issubclass(declared, (str, bytes, bytearray, memoryview)):
        return None
    if issubclass(declared, Mapping):
        return "json"
    return "array" if issubclass(declared, (Sequence, Set)) else None


def _resolved(annotation: str, model: Model | None) -> Any:
    """Look up what an annotation written as text means in the module of the model; `None` if that fails."""
    holder = types.new_class("holder")
    holder.__annotations__ = {"column": annotation}
    holder.__module__ = cast("str", getattr(model, "__module__", None))
    try:
        return get_type_hints(holder, localns=dict(vars(model)), include_extras=True)["column"]
    except Exception:  # the annotation is evaluated: anything can go wrong in it
        return None
