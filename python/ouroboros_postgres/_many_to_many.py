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


async def m2m_create_join_table(
    join_table: str,
    source_key: str,
    target_key: str,
    source_table: str,
    target_table: str,
    source_reference: str = "id",
    target_reference: str = "id",
) -> None:
    """Create a join table unless it exists: both keys NOT NULL, cascading foreign keys and together the primary key."""
    request = _request(
        "m2m_create", join_table, source_key, target_key, target_table, source_reference, target_reference
    )
    request["source_table"] = source_table
    await start(target(), _requests.encode(request))


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
    request = _request("m2m_add", join_table, source_key, target_key, target_table, source_reference, target_reference)
    request |= {"source_id": argument(source_id), "target_id": argument(target_id)}
    await start(target(), _requests.encode(request))


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
    request = _request(
        "m2m_remove", join_table, source_key, target_key, target_table, source_reference, target_reference
    )
    request |= {"source_id": argument(source_id), "target_id": argument(target_id)}
    return cast("int", await start(target(), _requests.encode(request)))


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
    request = _request(
        "m2m_clear", join_table, source_key, target_key, target_table, source_reference, target_reference
    )
    request["source_id"] = argument(source_id)
    return cast("int", await start(target(), _requests.encode(request)))


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
    request = _request(
        "m2m_fetch", join_table, source_key, target_key, target_table, source_reference, target_reference
    )
    request["source_id"] = argument(source_id)
    request |= _requests.reading(select_columns, order_by, limit, offset)
    return cast("list[Row]", await start(target(), _requests.encode(request)))


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
    request = _request(
        "m2m_count", join_table, source_key, target_key, target_table, source_reference, target_reference
    )
    request["source_id"] = argument(source_id)
    return cast("int", await start(target(), _requests.encode(request)))


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
    request = _request("m2m_has", join_table, source_key, target_key, target_table, source_reference, target_reference)
    request |= {"source_id": argument(source_id), "target_id": argument(target_id)}
    return cast("bool", await start(target(), _requests.encode(request)))


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
    request = _request("m2m_set", join_table, source_key, target_key, target_table, source_reference, target_reference)
    request |= {"source_id": argument(source_id), "target_ids": arguments(target_ids)}
    await start(target(), _requests.encode(request))


def _request(
    op: str,
    join_table: str,
    source_key: str,
    target_key: str,
    target_table: str,
    source_reference: str,
    target_reference: str,
) -> dict[str, Any]:
    fields = {
        "join_table": join_table,
        "source_key": source_key,
        "target_key": target_key,
        "target_table": target_table,
    }
    references = {"source_reference": source_reference, "target_reference": target_reference}
    return {
        "op": op,
        **{field: _requests.text(field, value) for field, value in fields.items()},
        **{field: _requests.given_name(field, value) for field, value in references.items()},
    }
