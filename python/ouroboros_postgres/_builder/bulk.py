"""UPDATE and DELETE of all rows of a model that meet some filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from . import writing
from .state import State
from .tracing import traced

if TYPE_CHECKING:
    from .._sql.models import Model
    from .execution import Row

__all__ = ["delete_many", "update_many"]


async def update_many(
    model: Model, updates: Mapping[str, Any], filters: Iterable[Any], returning: Any = None
) -> int | list[Row]:
    """Change all rows that meet the filters; joins the ambient transaction.

    Args:
        model: The model.
        updates: The new values by column.
        filters: What `find` takes; none for all rows.
        returning: The columns to return, `["*"]` for all; a name counts as one, none at all as `None`.

    Returns:
        How many rows were changed, or with `returning` those rows.

    Raises:
        ValueError: There are no updates, or a filter is not valid.
        TypeError: An argument is of the wrong type.
    """
    state = _state(model, filters, returning)
    values = writing.changes(updates, {})
    return await traced("update", state, lambda state: writing.update(state, values), writing.affected)


async def delete_many(model: Model, filters: Iterable[Any], returning: Any = None) -> int | list[Row]:
    """Delete all rows that meet the filters; arguments as for `update_many`.

    Returns:
        How many rows were deleted, or with `returning` those rows.
    """
    state = _state(model, filters, returning)
    return await traced("delete", state, writing.delete, writing.affected)


def _state(model: Model, filters: Iterable[Any], returning: Any) -> State:
    return State(model, tuple(filters)).replace(returning=writing.returned(returning))
