"""UPDATE and DELETE of the rows of a query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .._guards import is_collection, is_mapping
from .._sql import models
from .._sql.encoder import Encoder, Scope
from .._sql.proxy import ColumnProxy
from . import tree
from .execution import run
from .names import name_of, named
from .sources import main_source

if TYPE_CHECKING:
    from .._sql.encoder import Node
    from .execution import Row
    from .state import State

__all__ = ["affected", "changes", "delete", "returned", "update"]

_ALL: Final = "*"


async def update(state: State, values: list[tuple[str, Any]]) -> int | list[Row]:
    """Change the rows of a query; see `QueryBuilder.update`."""
    encoder = Encoder()
    changed = [[name, encoder.slot(value)] for name, value in values]
    fields = _fields("update", state, encoder)
    result: int | list[Row] = await run({"update": {**fields, "set": changed}}, encoder, "update")
    return result


async def delete(state: State) -> int | list[Row]:
    """Delete the rows of a query; see `QueryBuilder.delete`."""
    encoder = Encoder()
    result: int | list[Row] = await run({"delete": _fields("delete", state, encoder)}, encoder, "delete")
    return result


def affected(result: int | list[Row]) -> int:
    """How many rows a result is about."""
    return result if isinstance(result, int) else len(result)


def changes(values: Any, more: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Read the new values of columns.

    Raises:
        TypeError: They are no dict, or a key is no column.
        ValueError: There are none, or a column is given twice.
    """
    if values is not None and not is_mapping(values):
        raise TypeError(f"the values of update() must be a dict, not {type(values).__name__}")
    given = {name_of(named("each column of update()", column)): value for column, value in (values or {}).items()}
    for name in more:
        if name in given:
            raise ValueError(f"update() is given two values for the column {name!r}")
    given |= more
    if not given:
        raise ValueError("the updates must not be empty")
    return list(given.items())


def returned(columns: Any) -> tuple[str, ...]:
    """Read the columns to return: a name, or a list of names; `*` among them means all.

    Raises:
        TypeError: They are something else.
    """
    if columns is None:
        return ()
    single = isinstance(columns, str) or hasattr(columns, "name")
    if not single and not is_collection(columns):
        raise TypeError(f"returning must be a list of columns, not {type(columns).__name__}")
    names = [name_of(named("each column of returning", item)) for item in ([columns] if single else columns)]
    return (_ALL,) if _ALL in names else tuple(dict.fromkeys(names))


def _fields(what: str, state: State, encoder: Encoder) -> Node:
    """The fields that UPDATE and DELETE have in common."""
    _check(what, state)
    main = main_source(state)
    fields: Node = {"table": main}
    if state.ctes:
        fields["ctes"] = tree.common_tables(state, encoder)
    with encoder.within(Scope(main["keys"][0], state.model, qualified=False)):
        where = [_member(state, encoder, main["keys"][0])] if state.joins else tree.conditions(state, encoder)
    if where:
        fields["where"] = where
    if state.returning:
        fields["returning"] = list(state.returning)
    return fields


def _member(state: State, encoder: Encoder, key: str) -> Node:
    """The condition that a row is among those of the query with its joins."""
    name = models.primary_key(state.model)
    rows = tree.one_column(state.replace(select=(ColumnProxy[Any](name, state.model),), ctes=()), encoder)
    column = {"column": {"name": name, "of": key}}
    return {"compare": {"left": column, "operator": "IN", "right": {"query": {"select": rows}}}}


def _check(what: str, state: State) -> None:
    """Refuse parts of a query that would not restrict the rows as they do when it is read."""
    parts = {
        "a limit": state.limit,
        "an offset": state.offset,
        "an order": state.order,
        **state.reshaping(),
        "a lock": state.lock,
        "a common table as its source": state.source,
    }
    for part, given in parts.items():
        if given:
            raise ValueError(f"{what}() is not possible for a query with {part}")
