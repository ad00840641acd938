"""Columns of models as fields of schemas."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import TYPE_CHECKING, Annotated, Any, Final, ForwardRef, get_args, get_origin

from .._column import ColumnDeclaration, GeneratedColumn
from .._sql import models
from .._table.annotations import nullable, without_none
from .installed import pydantic
from .values import transportable

if TYPE_CHECKING:
    from .._sql.models import Model

__all__ = ["Use", "columns", "fields", "writable_columns"]


class Use(Enum):
    """What a schema is for."""

    READ = auto()
    """A row as it is in the table: every column has a value."""
    CREATE = auto()
    """A row to be: without what the server makes; columns with defaults need not be given."""
    UPDATE = auto()
    """Changes of a row: without its key; nothing need be given."""


def columns(model: Model, use: Use) -> list[str]:
    """The columns that a schema has unless it is told otherwise."""
    if use is Use.READ:
        return models.table_columns(model)
    key = models.primary_key(model)
    has_key = use is Use.CREATE and not _is_made(model, key)
    return [name for name in writable_columns(model) if has_key or name != key]


def writable_columns(model: Model) -> list[str]:
    """The columns that the table does not compute."""
    generated = getattr(model, "_generated", {})
    return [name for name in models.table_columns(model) if name not in generated]


def fields(model: Model, names: Iterable[str], use: Use) -> dict[str, Any]:
    """Columns as `create_model` takes fields.

    Raises:
        TypeError: The annotation of a column cannot be evaluated.
    """
    return {name: _field(model, name, use) for name in names}


def _is_made(model: Model, key: str) -> bool:
    """Whether the key of a new row is made by the server or by the model, rather than chosen."""
    default = _default(model, key)
    if default:
        return True
    return models.foreign_key(model, key) is None and without_none(models.column_type(model, key)) is int


def _field(model: Model, name: str, use: Use) -> tuple[Any, Any]:
    kind = _type(model, name)
    declared = models.column_declaration(model, name)
    description = None if declared is None else declared.description
    if use is Use.READ:
        return kind, pydantic.Field(description=description)
    if use is Use.UPDATE:
        kind = kind if nullable(kind) else Annotated[kind, _ABSENT]
        return kind, pydantic.Field(default=None, description=description, json_schema_extra=_drop_default)
    return kind, pydantic.Field(**_default(model, name), description=description)


def _default(model: Model, name: str) -> dict[str, Any]:
    """The default of a column as arguments of `Field`, none if it has to be given."""
    declared = getattr(model, "_column_defaults", {}).get(name)
    if isinstance(declared, ColumnDeclaration):
        if declared.default_factory is not None:
            return {"default_factory": _without_arguments(declared.default_factory)}
        declared = declared.default
    if declared is not None and not isinstance(declared, GeneratedColumn):
        return {"default": declared}
    return {"default": None} if nullable(_type(model, name)) else {}


def _without_arguments(factory: Callable[[], Any]) -> Callable[[], Any]:
    """The factory as one that pydantic never hands the values of the other fields."""
    return lambda: factory()


def _type(model: Model, name: str) -> Any:
    """The type of the values of a column in a row."""
    annotation = models.column_type(model, name)
    if isinstance(annotation, (str, ForwardRef)):
        raise TypeError(f"the annotation of {model.__name__}.{name} cannot be evaluated: {annotation!r}")
    declared = models.column_declaration(model, name)
    if name == models.primary_key(model) or (declared is not None and not declared.nullable):
        annotation = _never_none(annotation)
    return transportable(annotation)


def _never_none(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        kind, *metadata = get_args(annotation)
        return Annotated[(_never_none(kind), *metadata)]
    return without_none(annotation) if nullable(annotation) and annotation is not Any else annotation


def _unless_absent(value: Any, serialize: Any) -> Any:
    """The serialized value; what was not given is `None`, whatever the type is."""
    return None if value is None else serialize(value)


def _drop_default(schema: dict[str, Any]) -> None:
    """The default stands for a field that is not given: it is no value of the field."""
    schema.pop("default", None)


_ABSENT: Final = pydantic.WrapSerializer(_unless_absent)
