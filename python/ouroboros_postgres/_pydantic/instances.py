"""From instances of models to objects of pydantic and back. Nothing here asks the database."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from .._guards import is_list, is_mapping
from .._loading.attributes import LoadableAttribute
from .._loading.config import LoadingStrategy
from .._loading.deferred import DeferredColumn
from .._loading.state import column_value
from .._sql import models
from .._sql.proxy import ColumnProxy
from ..relationships import RelationshipDescriptor
from .fields import writable_columns
from .installed import PydanticCustomError, pydantic

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from .._sql.models import Model

__all__ = ["View", "column_values", "from_pydantic", "read_by_hand", "schema_values"]

_NOT_LOADED: Final = "{names} {are} not loaded: load with the query, by options(), or give the field a default"

B = TypeVar("B", bound="BaseModel")
M = TypeVar("M")


class _Absence(Enum):
    """Why an instance has no value."""

    UNKNOWN = "no such attribute"
    NOT_LOADED = "not loaded"


class View:
    """An instance of a model as schemas written by hand read it: attributes are what is loaded, at any depth."""

    __slots__ = ("instance",)

    def __init__(self, instance: object) -> None:
        self.instance = instance

    def __getattr__(self, name: str) -> Any:
        value = _value(self.instance, name)
        if isinstance(value, _Absence):
            raise AttributeError(f"{models.class_of(self.instance).__name__}.{name}: {value.value}")
        return _viewed(value)

    def __repr__(self) -> str:
        return repr(self.instance)


def read_by_hand(instance: object, schema: type[B]) -> B:
    """Make an object of a schema that knows nothing of models."""
    values = {name: _viewed(value) for name, value in schema_values(instance, schema).items()}
    return schema.model_validate(values, from_attributes=True)


def schema_values(instance: object, schema: type[BaseModel]) -> dict[str, Any]:
    """The loaded values of an instance, by the keys under which a schema takes them.

    Raises:
        PydanticCustomError: What the schema requires is not loaded.
    """
    values: dict[str, Any] = {}
    missing: list[str] = []
    loaded, own = models.loaded_values(instance), vars(models.class_of(instance))
    for name, field in schema.model_fields.items():
        is_plain = name in loaded and type(own.get(name)) is ColumnProxy  # nearly always
        value = loaded[name] if is_plain else _value(instance, name)
        if not isinstance(value, _Absence):
            values[_key(schema, name, field)] = value
        elif value is _Absence.NOT_LOADED and field.is_required():
            missing.append(f"{models.class_of(instance).__name__}.{name}")
    if missing:
        context = {"names": ", ".join(missing), "are": "is" if len(missing) == 1 else "are"}
        raise PydanticCustomError("not_loaded", _NOT_LOADED, context)
    return values


def _key(schema: type[BaseModel], name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    return alias if isinstance(alias, str) and schema.model_config.get("validate_by_alias") is not False else name


def _value(instance: Any, name: str) -> Any:
    attribute = models.related_attribute(models.class_of(instance), name)
    if isinstance(attribute, LoadableAttribute):
        return _related_value(instance, attribute)
    try:
        value = getattr(instance, name)
    except AttributeError:
        return _Absence.UNKNOWN
    return _Absence.NOT_LOADED if isinstance(value, DeferredColumn) else value


def _related_value(instance: object, attribute: LoadableAttribute) -> Any:
    link = attribute.link(models.class_of(instance))
    known = attribute.known(instance)
    key = column_value(instance, link.owner_column)
    if known is not None and known.holds(key):
        return known.value
    strategy = attribute.default if known is None else known.strategy
    if key is None or strategy is LoadingStrategy.NOLOAD:
        return [] if link.many else None
    return _Absence.NOT_LOADED


def _viewed(value: Any) -> Any:
    if models.is_model(models.class_of(value)):
        return View(value)
    return [_viewed(item) for item in value] if is_list(value) else value


# Back.


def from_pydantic(model: type[M], given: object, *, exclude_unset: bool) -> M:
    """Make an instance of a model from an object of any schema."""
    return model(**column_values(model, given, exclude_unset=exclude_unset))


def column_values(model: Model, given: object, *, exclude_unset: bool) -> dict[str, Any]:
    """What an object of any schema says about the columns and relationships of a model.

    Raises:
        TypeError: It is no object of pydantic.
    """
    if not isinstance(given, pydantic.BaseModel):
        raise TypeError(f"{model.__name__} takes an object of a pydantic model, not {type(given).__name__}")
    writable = frozenset(writable_columns(model))
    names = [name for name in type(given).model_fields if not exclude_unset or name in given.model_fields_set]
    values: dict[str, Any] = {}
    for name in names:
        value = getattr(given, name)
        attribute = models.related_attribute(model, name)
        if isinstance(attribute, RelationshipDescriptor):
            link = attribute.link(model)
            if value is not None or link.owner_column not in names:
                values[name] = _instances(cast("Model", link.target_model), value, exclude_unset=exclude_unset)
        elif name in writable:
            values[name] = _plain(value)
    return values


def _instances(model: Model, value: Any, *, exclude_unset: bool) -> Any:
    """Nested objects as instances of the related model."""
    if isinstance(value, pydantic.BaseModel):
        return from_pydantic(model, value, exclude_unset=exclude_unset)
    if is_list(value):
        return [_instances(model, item, exclude_unset=exclude_unset) for item in value]
    return value


def _plain(value: Any) -> Any:
    """A value that a column takes: objects within are JSON."""
    if isinstance(value, pydantic.BaseModel):
        return value.model_dump(mode="json")
    if is_mapping(value):
        mapping: Mapping[Any, Any] = value
        return {key: _plain(item) for key, item in mapping.items()}
    return [_plain(item) for item in value] if is_list(value) else value
