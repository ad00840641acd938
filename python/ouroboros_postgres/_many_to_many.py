"""Many-to-many relations through a join table.

Every function works in either direction: swap the keys and name the other table as the target.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from . import _requests
from ._arguments import argument, arguments
from ._runtime import start
from ._session import target

__all__ = [
    "create_m2m_join_table",
    "m2m_add_relation",
    "m2m_clear_relations",
    "m2m_count_related",
    "m2m_create_join_table",
    "m2m_fetch_related",
    "m2m_has_relation",
    "m2m_remove_relation",
    "m2m_set_relations",
]

Row: TypeAlias = dict[str, Any]


async def create_m2m_join_table(
    join_table: str,
    source_key: str,
    target_key: str,
    source_table: str,
    target_table: str,
    source_reference: str = "id",
    target_reference: str = "id",
) -> None:
    """Create the table of a many-to-many relationship unless it exists.

    Both keys have the types of the columns that they refer to, refer to them `ON DELETE CASCADE`, and are the primary
    key together; `target_key` has an index of its own. Joins the ambient transaction.
    """
    route = (join_table, source_key, target_key, target_table, source_reference, target_reference)
    await _answer("m2m_create", route, source_table=source_table)


m2m_create_join_table = create_m2m_join_table


async def m2m_add_relation(
    join_table: str,
    source_key: str,
    target_key: str,
    target_table: str,
    source_id: Any,
    target_id: Any,
    source_reference: str = "id",
    target_reference: str = "id",
) -> None:
    """Relate two rows; does nothing when they are.

    Raises:
        ForeignKeyError: One of the rows does not exist.
    """
    route = (join_table, source_key, target_key, target_table, source_reference, target_reference)
    await _answer("m2m_add", route, source_id=argument(source_id), target_id=argument(target_id))


async def m2m_remove_relation(
    join_table: str,
    source_key: str,
    target_key: str,
    target_table: str,
    source_id: Any,
    target_id: Any,
    source_reference: str = "id",
    target_reference: str = "id",
) -> int:
    """End the relation of two rows.

    Returns:
        1, or 0 when there was none.
    """
    route = (join_table, source_key, target_key, target_table, source_reference, target_reference)
    return cast("int", await _answer("m2m_remove", route, source_id=argument(source_id), target_id=argument(target_id)))


async def m2m_clear_relations(
    join_table: str,
    source_key: str,
    target_key: str,
    target_table: str,
    source_id: Any,
    source_reference: str = "id",
    target_reference: str = "id",
) -> int:
    """End all relations of a row.

    Returns:
        How many there were.
    """
    route = (join_table, source_key, target_key, target_table, source_reference, target_reference)
    return cast("int", await _answer("m2m_clear", route, source_id=argument(source_id)))


async def m2m_fetch_related(
    join_table: str,
    source_key: str,
    target_key: str,
    target_table: str,
    source_id: Any,
    select_columns: Sequence[str] | None = None,
    order_by: Sequence[tuple[str, str]] | None = None,
    limit: int | None = None,
    source_reference: str = "id",
    target_reference: str = "id",
    *,
    offset: int | None = None,
) -> list[Row]:
    """Fetch the rows of the target table that a row is related to."""
    route = (join_table, source_key, target_key, target_table, source_reference, target_reference)
    return cast(
        "list[Row]",
        await _answer(
            "m2m_fetch",
            route,
            source_id=argument(source_id),
            **_requests.reading(select_columns, order_by, limit, offset),
        ),
    )


async def m2m_count_related(
    join_table: str,
    source_key: str,
    target_key: str,
    target_table: str,
    source_id: Any,
    source_reference: str = "id",
    target_reference: str = "id",
) -> int:
    """Count the relations of a row."""
    route = (join_table, source_key, target_key, target_table, source_reference, target_reference)
    return cast("int", await _answer("m2m_count", route, source_id=argument(source_id)))


async def m2m_has_relation(
    join_table: str,
    source_key: str,
    target_key: str,
    target_table: str,
    source_id: Any,
    target_id: Any,
    source_reference: str = "id",
    target_reference: str = "id",
) -> bool:
    """Tell whether two rows are related."""
    route = (join_table, source_key, target_key, target_table, source_reference, target_reference)
    return cast("bool", await _answer("m2m_has", route, source_id=argument(source_id), target_id=argument(target_id)))


async def m2m_set_relations(
    join_table: str,
    source_key: str,
    target_key: str,
    target_table: str,
    source_id: Any,
    target_ids: Iterable[Any],
    source_reference: str = "id",
    target_reference: str = "id",
) -> None:
    """Make these the relations of a row, in one transaction; relations that stay keep what else is in their rows."""
    if isinstance(target_ids, (str, bytes, Mapping)):
        raise TypeError(f"target_ids must be a list, not {type(cast('object', target_ids)).__name__}")
    route = (join_table, source_key, target_key, target_table, source_reference, target_reference)
    await _answer("m2m_set", route, source_id=argument(source_id), target_ids=arguments(target_ids))


async def _answer(op: str, route: tuple[str, str, str, str, str, str], **fields: Any) -> Any:
    """Run an operation on a relation: `route` is its four names and the columns that the keys refer to."""
    request = {"op": op, **fields}
    for field, value in zip(("join_table", "source_key", "target_key", "target_table"), route[:4], strict=True):
        request[field] = _requests.text(field, value)
    for field, value in zip(("source_reference", "target_reference"), route[4:], strict=True):
        request[field] = _requests.given_name(field, value)
    return await start(target(), _requests.encode(request))
