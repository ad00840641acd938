"""Joined reads and deletes that follow foreign keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from . import _relation_requests
from ._runtime import start
from ._session import target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "delete_checked",
    "delete_with_cascade",
    "fetch_many_with_relations",
    "fetch_one_eager",
    "fetch_one_with_relations",
]

Row: TypeAlias = dict[str, Any]
Order: TypeAlias = "tuple[str, str] | Sequence[tuple[str, str]]"


async def fetch_one_with_relations(
    table: str, id: Any, relations: Sequence[Mapping[str, Any]], *, id_column: str | None = None
) -> Row | None:
    """Fetch a row together with rows that it is related to.

    Args:
        table: `name` or `schema.name`.
        id: The key of the row.
        relations: For each relation a dict with `name` (the key in the result), `table` and `foreign_key`, and perhaps
            `reference_column` (default `"id"`), `join_type` (`inner`, `left`, `right` or `full`; default `left`),
            `select_columns` and `many`. A foreign key of the main table gives a dict or `None`; one of the related
            table, or `many=True`, gives a list of dicts.
        id_column: The column of the key, by default the primary key of the table.

    Returns:
        The columns of the row, and one key per relation; `None` if there is no such row.

    Raises:
        ValueError: A relation lacks a field, has an unknown join type, or is named like a column of the table.
        UndefinedTableError: There is no such table.
    """
    return await _one("select_one_related", table, id, relations, id_column)


async def fetch_one_eager(
    table: str, id: Any, joins: Sequence[tuple[str, str, str]], *, id_column: str | None = None
) -> Row | None:
    """Fetch a row together with the rows that its foreign keys refer to.

    Args:
        table: `name` or `schema.name`.
        id: The key of the row.
        joins: For each relation `(name, foreign_key, table)`; the foreign key refers to `id`.
        id_column: The column of the key, by default the primary key of the table.

    Returns:
        As `fetch_one_with_relations`.
    """
    return await _one("select_one_eager", table, id, _relation_requests.joins(joins), id_column)


async def _one(op: str, table: str, id: Any, relations: Any, id_column: str | None) -> Row | None:
    request = _relation_requests.related(op, table, relations, key=(id_column, id))
    rows = await start(target(), request) if id is not None else None
    return cast("Row", rows[0]) if rows else None


async def fetch_many_with_relations(
    table: str,
    relations: Sequence[Mapping[str, Any]],
    filter: Mapping[str, Any] | None = None,
    order_by: Order | None = None,
    limit: int | None = None,
    offset: int | None = None,
) -> list[Row]:
    """Fetch rows together with rows that they are related to.

    Args:
        table: `name` or `schema.name`.
        relations: As for `fetch_one_with_relations`.
        filter: Values that columns of the main table must have: `None` for NULL, a list for any of its elements.
        order_by: `(column, direction)` or a list of such pairs.
        limit: How many rows of the main table at most.
        offset: How many rows of the main table to leave out first.

    Returns:
        One dict per row of the main table.
    """
    request = _relation_requests.related(
        "select_related", table, relations, filter=filter, order_by=order_by, limit=limit, offset=offset
    )
    return cast("list[Row]", await start(target(), request))


async def delete_with_cascade(table: str, id: Any, id_column: str | None = "id") -> int:
    """Delete a row and, to any depth, what its foreign keys say must go with it, in one transaction.

    Returns:
        How many rows were deleted, those that were only updated not counted; 0 if there is no such row.

    Raises:
        ForeignKeyError: A row with RESTRICT or NO ACTION refers to one of them; nothing was changed.
    """
    request = _relation_requests.delete_referenced("delete_cascade", table, id, id_column)
    return cast("int", await start(target(), request))


async def delete_checked(table: str, id: Any, id_column: str | None = "id") -> int:
    """Delete a row unless rows with RESTRICT or NO ACTION refer to it.

    Returns:
        1, or 0 if there is no such row.

    Raises:
        ForeignKeyError: Such rows exist; nothing was changed.
    """
    request = _relation_requests.delete_referenced("delete_checked", table, id, id_column)
    return cast("int", await start(target(), request))
