"""The table that a model declares, as a request of the engine."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final, NamedTuple, get_args, get_origin

from .. import _requests
from .._arguments import argument
from .._column import ColumnDeclaration, GeneratedColumn, rule_words
from .._guards import is_collection, is_mapping
from .._sql import models
from .._sql.models import Model
from ..types import Range
from .annotations import nullable, without_none
from .values import is_immutable_type

__all__ = ["Definition", "create_table", "drop_table"]

_TYPES: Final[dict[type[Any], str]] = {
    str: "text",
    int: "integer",
    float: "double precision",
    bool: "boolean",
    dt.datetime: "timestamp",
    dt.date: "date",
    dt.time: "time",
    dt.timedelta: "interval",
    Decimal: "numeric",
    bytes: "bytea",
    uuid.UUID: "uuid",
    dict: "jsonb",
    list: "jsonb",
}
_INDEX_KEYS: Final = frozenset(("columns", "fields", "unique", "name", "type"))


class Definition(NamedTuple):
    """What a model declares of its table; see `Record` for the attributes that it comes from."""

    defaults: Mapping[str, Any]
    generated: Mapping[str, GeneratedColumn]
    none_by_default: Collection[str]
    indexes: Any


def create_table(model: Model, definition: Definition, *, if_not_exists: bool) -> bytes:
    """The request that makes the table of a model.

    Raises:
        TypeError: A column has a type that no column of a table can have.
        ValueError: The primary key is no declared column, or a declaration contradicts itself.
    """
    key = models.primary_key(model)
    names = models.table_columns(model)
    if key not in names:
        raise ValueError(f"{model.__name__} declares no column {key!r}, which is to be its primary key")
    request = {
        "op": "create_table",
        "table": models.table_path(model),
        "if_not_exists": if_not_exists,
        "columns": [_column(model, name, definition, is_key=name == key) for name in names],
        "indexes": [*_column_indexes(model, names, key), *_declared_indexes(model, definition.indexes)],
    }
    return _requests.encode(request)


def drop_table(model: Model, *, if_exists: bool, cascade: bool) -> bytes:
    """The request that drops the table of a model."""
    return _requests.encode(
        {"op": "drop_table", "table": models.table_path(model), "if_exists": if_exists, "cascade": cascade}
    )


def _column(model: Model, name: str, definition: Definition, *, is_key: bool) -> dict[str, Any]:
    annotation = models.column_type(model, name)
    word = _type_word(annotation)
    if word is None:
        raise TypeError(f"{model.__name__}.{name} is declared as {annotation!r}, which is no type of a column")
    generated = definition.generated.get(name)
    declared = definition.defaults.get(name)
    default = None if generated is not None else _default(declared)
    column: dict[str, Any] = {"name": name, "type": word, "default": default}
    if generated is not None:
        return {**column, "generated": _expression(model, name, generated)}
    column["primary_key"] = is_key
    column["identity"] = is_key and word == "integer" and default is None and not _has_factory(declared)
    column["not_null"] = name not in definition.none_by_default and not _takes_null(annotation, declared)
    if isinstance(declared, ColumnDeclaration):
        column["unique"] = bool(declared.unique)
        column["references"] = _references(model, name, declared)
    return column


def _type_word(annotation: Any) -> str | None:
    kind = without_none(annotation)
    origin = get_origin(kind)
    if origin is list:
        item = without_none(get_args(kind)[0])
        return "jsonb" if item is Any else _array_word(item)
    if origin is dict:
        return "jsonb"
    return _TYPES.get(kind) if isinstance(kind, type) else None


def _array_word(item: Any) -> str | None:
    word = _type_word(item)
    return None if word is None else f"{word}[]"


def _takes_null(annotation: Any, declared: Any) -> bool:
    if isinstance(declared, ColumnDeclaration):
        return bool(declared.nullable)
    return nullable(annotation)


def _has_factory(declared: Any) -> bool:
    return isinstance(declared, ColumnDeclaration) and declared.default_factory is not None


def _default(declared: Any) -> Any:
    """The default of the table: scalars only, as others would be shared by all rows or are made by Python."""
    value = declared
    if isinstance(declared, ColumnDeclaration):
        value = None if declared.default_factory is not None else declared.default
    value = value.value if isinstance(value, Enum) else value
    return argument(value) if is_immutable_type(type(value)) and not isinstance(value, Range) else None


def _expression(model: Model, name: str, generated: GeneratedColumn) -> str:
    if not generated.stored:
        raise ValueError(
            f"{model.__name__}.{name} is a generated column that is not stored, which no table can have yet"
        )
    return generated.expression


def _references(model: Model, name: str, declared: ColumnDeclaration) -> dict[str, Any] | None:
    """The constraint of a foreign key; one without rules is known to the package only."""
    if declared.on_delete is None and declared.on_update is None:
        return None
    key = models.foreign_key(model, name)
    if key is None:
        raise ValueError(f"{model.__name__}.{name} has on_delete or on_update, but no foreign_key")
    rules = {"on_delete": declared.on_delete, "on_update": declared.on_update}
    return {
        "table": ".".join(key.table),
        "column": key.column,
        **{field: rule_words(rule) for field, rule in rules.items() if rule is not None},
    }


def _column_indexes(model: Model, names: Iterable[str], key: str) -> Iterator[dict[str, Any]]:
    for name in names:
        declared = models.column_declaration(model, name)
        if declared is not None and declared.index and not declared.unique and name != key:
            yield {"columns": [name]}


def _declared_indexes(model: Model, indexes: Any) -> Iterator[dict[str, Any]]:
    if not is_collection(indexes):
        raise TypeError(f"indexes of {model.__name__} must be a list of dicts, not {type(indexes).__name__}")
    for position, index in enumerate(indexes):
        yield _declared_index(f"indexes[{position}] of {model.__name__}", index)


def _declared_index(what: str, index: Any) -> dict[str, Any]:
    if not is_mapping(index):
        raise TypeError(f"{what} must be a dict, not {type(index).__name__}")
    for key in index:
        if key not in _INDEX_KEYS:
            raise ValueError(f"{what} has an unknown key {key!r}; known are {', '.join(sorted(_INDEX_KEYS))}")
    columns = index.get("columns", index.get("fields"))
    if columns is None:
        raise ValueError(f"{what} names no columns")
    found: dict[str, Any] = {"columns": [columns] if isinstance(columns, str) else _requests.name_list(what, columns)}
    if index.get("unique"):
        found["unique"] = True
    for key, field in (("name", "name"), ("type", "method")):
        if index.get(key) is not None:
            found[field] = _requests.text(f"{key} of {what}", index[key])
    return found
