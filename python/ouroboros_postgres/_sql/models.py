"""What statements need to know of a model class: the one place that reads it.

A model is any class with a `__table_name__()` class method; `Table` classes also tell their columns and their key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias, cast

__all__ = ["Model", "column_types", "primary_key", "source_key", "table_name"]

Model: TypeAlias = type[Any]


class _Table(Protocol):
    """The declarations of a `Table` class."""

    _columns: Mapping[str, Any]
    _primary_key: str
    _schema: str
    _table_name: str


def source_key(model: Model) -> str:
    """What column nodes call the table of a model in `of`: its name as SQL text."""
    return cast("str", model.__table_name__())


def table_name(model: Model) -> str | list[str]:
    """The table in a source node: its bare parts, or the text of a model that only has that."""
    declared = cast("_Table", model)
    if "_table_name" not in dir(model):
        return source_key(model)
    return [declared._schema, declared._table_name]


def column_types(model: Model) -> Mapping[str, Any] | None:
    """The declared columns with their annotations, `None` when the model declares none."""
    return getattr(model, "_columns", None)


def primary_key(model: Model) -> str:
    """The column of the primary key."""
    return cast("str", getattr(model, "_primary_key", "id"))
