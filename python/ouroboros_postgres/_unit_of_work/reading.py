"""Reading the row of an object."""

from __future__ import annotations

from typing import Any

from .. import _requests
from .._arguments import arguments
from .._loading.fetch import apply_plan
from .._loading.plan import loading_plan
from .._runtime import start
from .._session import target
from .._sql import models
from .._sql.encoder import Encoder
from . import objects

__all__ = ["load_defaults", "read_row"]


async def read_row(model: type[Any], key: Any, *, lock: bool = False) -> dict[str, Any] | None:
    """Read a row by its primary key, in the ambient transaction.

    Args:
        model: Its class.
        key: The value of its key.
        lock: Whether to lock it until the end of the transaction.

    Returns:
        The row, `None` if there is none.
    """
    rows: list[dict[str, Any]] = await start(target(), _selection(model, key, lock=lock))
    return rows[0] if rows else None


def _selection(model: type[Any], key: Any, *, lock: bool) -> bytes:
    table, column = objects.table_path(model), objects.key_column(model)
    if not lock:
        return _requests.select(table, filter=_requests.pk_filter(column, key), limit=1)
    encoder = Encoder()
    condition = {"left": {"column": {"name": column}}, "operator": "=", "value": encoder.slot(key)}
    select = {"from": {"table": table}, "where": [{"compare": condition}], "lock": {"strength": "update"}}
    request = {"op": "statement", "statement": {"select": select}, "args": arguments(encoder.values)}
    return _requests.encode(request)


async def load_defaults(obj: Any) -> None:
    """Load the relationships of an object that its class says are loaded with it."""
    model = models.class_of(obj)
    if models.relationships(model):
        plan = loading_plan(model, ())
        if plan:
            await apply_plan(plan, [obj])
