"""`Settings`: what a model says of its table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

__all__ = ["Settings", "given_setting"]


class Settings:
    """The defaults of the class `Settings` in the body of a model.

    Attributes:
        table_name: The table; `""` for the name of the class in lower case. Never inherited.
        schema: Its schema; inherited from the model above.
        indexes: Its indexes: `{"columns": [...], "unique": bool, "name": str, "type": str}`, all but `columns` (or
            `fields`) optional. Never inherited.
        primary_key: The column of its primary key; inherited from the model above.
    """

    table_name: ClassVar[str] = ""
    schema: ClassVar[str] = "public"
    indexes: ClassVar[list[Mapping[str, Any]]] = []
    primary_key: ClassVar[str] = "id"


def given_setting(settings: type[Any], name: str) -> Any:
    """What a settings class says itself, or a base of it other than the defaults; `None` if nothing."""
    for owner in settings.__mro__:
        if owner is not Settings and name in owner.__dict__:
            return owner.__dict__[name]
    return None
