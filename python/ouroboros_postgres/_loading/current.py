"""Loading through the current session, which has one object per row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._n_plus_one.origin import mark
from .._session import CurrentSession, current_session
from .._sql import models

if TYPE_CHECKING:
    from .._sql.link import Link
    from .._sql.models import Model

__all__ = ["get_related", "hydrate_related", "is_at_hand"]


def hydrate_related(model: Model, rows: list[dict[str, Any]]) -> list[Any]:
    """Make instances of rows, which belong to them from now on, except where the session has one already."""
    current = _open_session()
    if current is None:
        return models.hydrate(model, rows)
    instances = current.tracking.adopt(model, rows)
    mark(model, instances)  # those that were there already, too
    return instances


async def get_related(link: Link, key: Any) -> list[Any] | None:
    """Ask the session for a related object.

    Args:
        link: How the object is related.
        key: The value of the column that leads to it.

    Returns:
        The object, if there is one; `None` if the session cannot tell, and has written what may matter.
    """
    current = _open_session()
    if current is None:
        return None
    if link.target_model is None or not _is_by_key(link):
        await current.prepare()
        return None
    related = await current.session.get(link.target_model, key)
    return [] if related is None else [related]


def is_at_hand(link: Link, key: Any) -> bool:
    """Whether the session has a related object already."""
    current = _open_session()
    if current is None or link.target_model is None or not _is_by_key(link):
        return False
    found = current.tracking.find(link.target_model, key)
    return found is not None and not current.tracking.is_expired(found)


def _open_session() -> CurrentSession | None:
    current = current_session.get()
    return None if current is None or current.tracking.is_closed else current


def _is_by_key(link: Link) -> bool:
    """Whether a link leads to a single row by its primary key."""
    if link.many or link.through is not None or link.target_model is None:
        return False
    return link.target_column == models.primary_key(link.target_model)
