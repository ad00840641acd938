"""What the catalogue says about tables. Names are matched exactly as they are given."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

from . import _requests
from ._runtime import start
from ._session import target

__all__ = [
    "get_backreferences",
    "get_columns",
    "get_foreign_keys",
    "get_indexes",
    "inspect_table",
    "list_tables",
    "table_exists",
]

Description: TypeAlias = dict[str, Any]


async def list_tables(schema: str = "public") -> list[str]:
    """List the ordinary and partitioned tables of a schema, sorted; `[]` if there is no such schema."""
    return cast("list[str]", await _ask("list_tables", {"schema": schema}))


async def table_exists(table: str, schema: str = "public") -> bool:
    """Tell whether there is such a table; views do not count."""
    return cast("bool", await _ask("table_exists", {"table": table, "schema": schema}))


async def get_columns(table: str, schema: str = "public") -> list[Description]:
    """Describe the columns of a table in their order.

    Returns:
        Dicts with `name`, `data_type` (such as `Integer` or `Varchar(255)`), `sql_type`, `nullable`, `default` (SQL
        text or `None`), `is_primary_key`, `is_unique` and more; `[]` if there is no such table.
    """
    return cast("list[Description]", await _ask("get_columns", {"table": table, "schema": schema}))


async def get_indexes(table: str, schema: str = "public") -> list[Description]:
    """Describe the indexes of a table by name, those of its constraints included.

    Returns:
        Dicts with `name`, `columns` in index order, `is_unique`, `index_type` (such as `btree`) and more.
    """
    return cast("list[Description]", await _ask("get_indexes", {"table": table, "schema": schema}))


async def get_foreign_keys(table: str, schema: str = "public") -> list[Description]:
    """Describe the foreign keys of a table by name.

    Returns:
        Dicts with `name`, `columns`, `referenced_table`, `referenced_columns` (paired with `columns`), `on_delete`,
        `on_update` and more.
    """
    return cast("list[Description]", await _ask("get_foreign_keys", {"table": table, "schema": schema}))


async def get_backreferences(table: str, schema: str | None = None) -> list[Description]:
    """Describe the foreign keys that refer to a table; `None` is the schema `public`.

    Returns:
        One dict per column pair with `source_table`, `source_column`, `target_table`, `target_column`,
        `constraint_name`, `on_delete`, `on_update` and `source_schema`.
    """
    schema = "public" if schema is None else schema
    return cast("list[Description]", await _ask("get_backreferences", {"table": table, "schema": schema}))


async def inspect_table(table: str, schema: str = "public") -> Description:
    """Describe a table.

    Returns:
        A dict with `name`, `schema`, `columns`, `indexes` and `foreign_keys`.

    Raises:
        UndefinedTableError: There is no such table.
    """
    return cast("Description", await _ask("inspect_table", {"table": table, "schema": schema}))


async def _ask(op: str, fields: dict[str, str]) -> Any:
    request = {"op": op, **{field: _requests.text(field, value) for field, value in fields.items()}}
    return await start(target(), _requests.encode(request))
