"""The class of models."""

from __future__ import annotations

from typing import Any, Final, dataclass_transform

from .._sql.proxy import ColumnProxy
from .declaration import read

__all__ = ["TableMeta", "declare"]

_ATTRIBUTES: Final = {
    "_columns": "columns",
    "_column_defaults": "column_defaults",
    "_declared_keys": "keys",
    "_generated": "generated",
    "_has_integer_id": "has_integer_id",
    "_inherits_id": "inherits_id",
    "_instance_defaults": "instance_defaults",
    "_none_by_default": "none_by_default",
    "_primary_key": "primary_key",
    "_relationships": "relationships",
    "_schema": "schema",
    "_settings": "settings",
    "_table_name": "table_name",
}


# Column is no field specifier: to type checkers any `x: T = Column(...)` is an optional keyword, as it is at run time.
@dataclass_transform(kw_only_default=True, eq_default=False)
class TableMeta(type):
    """Makes models: reads what the body declares and puts a `ColumnProxy` in the place of each column."""

    def __new__(mcls, name: str, bases: tuple[type[Any], ...], namespace: dict[str, Any], **kwargs: Any) -> TableMeta:
        """Create a model; `__init_subclass__` of `Table` has declared it unless a class in between did not call it."""
        model = super().__new__(mcls, name, bases, namespace, **kwargs)
        if "_columns" not in model.__dict__:
            declare(model)
        return model


def declare(model: type[Any]) -> None:
    """Read the declarations of a new model and set its attributes."""
    above = [owner for owner in model.__mro__ if isinstance(owner, TableMeta)]
    root = above[-1]
    parent = next((owner for owner in above[1:] if owner is not root), None)
    declaration = read(model, parent, root)
    for attribute, source in _ATTRIBUTES.items():
        setattr(model, attribute, getattr(declaration, source))
    for name in declaration.columns.keys() - declaration.generated.keys():
        setattr(model, name, ColumnProxy(name, model))
