"""What statements and loaders need to know of model classes and their instances: the one place that reads them.

A model is any class with a `__table_name__()` class method; `Table` classes also tell their columns and their key.
Instances are those of `Table` unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias, cast

from .._column import ColumnDeclaration
from .._events.loads import note
from .._n_plus_one.origin import mark
from .link import RelatedAttribute

__all__ = [
    "ForeignKey",
    "Model",
    "absorb",
    "class_of",
    "column_declaration",
    "column_type",
    "column_types",
    "declared_primary_key",
    "foreign_key",
    "foreign_keys",
    "has_related_state",
    "hydrate",
    "is_loaded",
    "is_model",
    "is_persistent",
    "is_primary_key",
    "loaded_values",
    "missing_value",
    "primary_key",
    "primary_key_value",
    "related_attribute",
    "related_attributes",
    "related_state",
    "relationships",
    "schema",
    "source_key",
    "static_attribute",
    "table_columns",
    "table_name",
    "table_path",
    "value_of",
]

Model: TypeAlias = type[Any]


class ForeignKey(NamedTuple):
    """What a column refers to."""

    table: list[str]
    """The bare parts of the table; the schema is the referring model's unless it is declared."""
    column: str


# The names of `Table` that are private to its users, but not to the package.
_DATA = attrgetter("_data")
_NAME = attrgetter("_schema", "_table_name")
_HYDRATE = attrgetter("_hydrate")
_ABSORB = attrgetter("_absorb")
_MISSING = attrgetter("_missing")
_PRIMARY_KEY = attrgetter("_get_pk_column")
_COLUMN_TYPE = attrgetter("_column_type")


# Classes.


def class_of(instance: object) -> Model:
    """The class of an instance."""
    return type(instance)


def is_model(candidate: Any) -> bool:
    """Whether this is a class that names a table."""
    return isinstance(candidate, type) and hasattr(cast("Any", candidate), "__table_name__")


def source_key(model: Model) -> str:
    """What column nodes call the table of a model in `of`: its name as SQL text."""
    return cast("str", model.__table_name__())


def table_name(model: Model) -> str | list[str]:
    """The table in a source node: its bare parts, or the text of a model that only has that."""
    if not hasattr(model, "_table_name"):
        return source_key(model)
    own, name = _NAME(model)
    return [own, name] if own else [name]


def table_path(model: Model) -> str:
    """The table in requests that name it by a text; the engine checks and quotes each part."""
    name = table_name(model)
    return name if isinstance(name, str) else ".".join(name)


def column_types(model: Model) -> Mapping[str, Any] | None:
    """The declared columns with their types, `None` when the model declares none.

    A type is text where the annotation could not be evaluated; see `column_type`.
    """
    return getattr(model, "_columns", None)


def table_columns(model: Model) -> list[str]:
    """The declared columns that the table has: not an `id` that the model only inherits beside another key."""
    has_id = not getattr(model, "_inherits_id", False) or primary_key(model) == "id"
    return [name for name in column_types(model) or () if has_id or name != "id"]


def column_type(model: Model, name: str) -> Any:
    """The declared type of a column; `Any` when it is unknown, its text when it cannot be evaluated."""
    kind = (column_types(model) or {}).get(name, Any)
    return _COLUMN_TYPE(model)(name) if isinstance(kind, str) and hasattr(model, "_column_type") else kind


def column_declaration(model: Model, name: str) -> ColumnDeclaration | None:
    """The `Column(...)` of a column, if it has one."""
    declared = getattr(model, "_column_defaults", {}).get(name)
    return declared if isinstance(declared, ColumnDeclaration) else None


def schema(model: Model) -> str:
    """The schema that a model declares, `""` for none."""
    return getattr(model, "_schema", None) or ""


def declared_primary_key(model: Model) -> str:
    """The column of the primary key, also if the model declares several."""
    return cast("str", getattr(model, "_primary_key", "id"))


def primary_key(model: Model) -> str:
    """The column of the primary key.

    Raises:
        ValueError: The model declares several.
    """
    if hasattr(model, "_get_pk_column"):
        return cast("str", _PRIMARY_KEY(model)())
    return declared_primary_key(model)


def is_primary_key(model: Model, name: str) -> bool:
    """Whether a column is the primary key, not one of several."""
    return declared_primary_key(model) == name and len(getattr(model, "_declared_keys", ())) <= 1


def foreign_key(model: Model, name: str) -> ForeignKey | None:
    """What a column refers to by its declaration, `None` if it has no foreign key."""
    declared = column_declaration(model, name)
    if declared is None or declared.foreign_key is None:
        return None
    parts = declared.foreign_key.split(".")
    table, column = (parts, "id") if len(parts) == 1 else (parts[:-1], parts[-1])
    own = schema(model)
    return ForeignKey([own, *table] if len(table) == 1 and own else table, column)


def foreign_keys(model: Model) -> dict[str, ForeignKey]:
    """The columns of a model that refer to other tables."""
    found = {name: foreign_key(model, name) for name in getattr(model, "_column_defaults", {})}
    return {name: key for name, key in found.items() if key is not None}


def relationships(model: Model) -> Mapping[str, Any] | None:
    """The relationship descriptors of a model by name, `None` for a class that keeps none."""
    return getattr(model, "_relationships", None)


def static_attribute(model: Model, name: str) -> Any:
    """What a class or its bases hold under a name, without asking descriptors; `None` if there is nothing."""
    for owner in model.__mro__:
        if name in owner.__dict__:
            return owner.__dict__[name]
    return None


def related_attribute(model: Model, name: str) -> RelatedAttribute | None:
    """The relationship of any kind that a model has under a name."""
    found = static_attribute(model, name)
    return found if isinstance(found, RelatedAttribute) else None


def related_attributes(model: Model) -> dict[str, RelatedAttribute]:
    """All relationships of a model, of every kind, those of its bases first."""
    names = dict.fromkeys(name for owner in reversed(model.__mro__) for name in owner.__dict__)
    found = {name: related_attribute(model, name) for name in names}
    return {name: attribute for name, attribute in found.items() if attribute is not None}


# Instances.


def hydrate(model: Model, rows: list[dict[str, Any]]) -> list[Any]:
    """Make instances from rows, which belong to them from now on; other classes than `Table` are called."""
    if hasattr(model, "_hydrate"):
        instances = cast("list[Any]", _HYDRATE(model)(rows))
    else:
        instances = [model(**row) for row in rows]
    note(instances)
    mark(model, instances)
    return instances


def missing_value(instance: Any, name: str) -> Any:
    """The value of a column that `_data` does not have: what a `ColumnProxy` gives instead of a `KeyError`."""
    try:
        find = _MISSING(instance)
    except AttributeError:
        return getattr(instance, "__dict__", {}).get(name)
    return find(name)


def value_of(instance: Any, name: str) -> Any:
    """The value of a column without any I/O or deferred loading; `None` if there is none. For objects of any class."""
    data = getattr(instance, "_data", None)
    if data is not None and name in data:
        return data[name]
    return instance.__dict__.get(name) if hasattr(instance, "__dict__") else getattr(instance, name, None)


def primary_key_value(instance: Any) -> Any:
    """The value of the primary key, `None` if it has none."""
    return value_of(instance, primary_key(class_of(instance)))


def loaded_values(instance: Any) -> Mapping[str, Any]:
    """The values that the instance has, by column."""
    return cast("Mapping[str, Any]", _DATA(instance))


def is_loaded(instance: Any, name: str) -> bool:
    """Whether the instance has a value of a column."""
    return name in _DATA(instance)


def is_persistent(instance: Any) -> bool:
    """Whether the instance stands for a row: it was loaded or saved, and not deleted since."""
    return getattr(instance, "_clean", None) is not None


def absorb(instance: Any, values: Mapping[str, Any]) -> None:
    """Take over values read from the row of a persistent instance; they are not changes."""
    _ABSORB(instance)(values)


def has_related_state(instance: Any) -> bool:
    """Whether relationships keep anything about an instance."""
    return bool(instance.__dict__.get("_related"))


def related_state(instance: Any) -> dict[str, Any]:
    """Where relationships keep what belongs to one instance, by name. `refresh` empties it; copies start without."""
    attributes: dict[str, Any] = instance.__dict__
    state: dict[str, Any] | None = attributes.get("_related")
    if state is None:
        state = attributes["_related"] = {}
    return state
