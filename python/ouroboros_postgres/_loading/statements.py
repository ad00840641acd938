"""The statements that read related rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from .. import _requests
from .._arguments import arguments
from .._runtime import start
from .._session import target
from .._sql import models
from .._sql.encoder import Encoder

if TYPE_CHECKING:
    from .._sql.encoder import Node
    from .._sql.link import Link

__all__ = ["OWNER_KEY", "Select", "column", "equal", "related_to_keys", "related_to_query"]

OWNER_KEY: Final = "_owner_key"
"""The label of the column that says to whom a row of a many-to-many relationship belongs."""

_TARGET: Final = "@target"
_THROUGH: Final = "@through"
_OWNERS: Final = "@owners"
_CHUNK: Final = 20_000


class Select:
    """A select about to be sent.

    Attributes:
        node: Its fields.
        key: What its column nodes call its main source.
        encoder: Has its values.
    """

    __slots__ = ("encoder", "key", "node")

    def __init__(self, node: Node, key: str, encoder: Encoder) -> None:
        self.node = node
        self.key = key
        self.encoder = encoder

    def replace(self, **fields: Any) -> Select:
        """The same with other fields."""
        return Select({**self.node, **fields}, self.key, self.encoder)

    async def run(self) -> list[dict[str, Any]]:
        """Read the rows; joins the ambient transaction."""
        request = {"op": "statement", "statement": {"select": self.node}, "args": arguments(self.encoder.values)}
        rows: list[dict[str, Any]] = await start(target(), _requests.encode(request))
        return rows


def column(name: str, of: str) -> Node:
    """The node of a column of a source."""
    return {"column": {"name": name, "of": of}}


def equal(left: Node, right: Node) -> Node:
    """The node of a comparison of two columns."""
    return {"compare": {"left": left, "operator": "=", "right": right}}


def related_to_keys(link: Link, keys: Sequence[Any]) -> Iterator[Select]:
    """Read the rows that belong to owners with these keys, in as few statements as is sensible.

    The rows of a many-to-many relationship have `OWNER_KEY`.
    """
    for first in range(0, len(keys), _CHUNK):
        encoder = Encoder()
        slot = encoder.slot(keys[first : first + _CHUNK])
        condition = {"left": _owner_column(link), "operator": "IN", "value": slot, "array": True}
        yield _related(link, condition, encoder)


def related_to_query(link: Link, owners: Select, name: str) -> Select:
    """Read the rows that belong to the owners that a query gives; `name` is what it calls the column of their keys."""
    encoder = Encoder()
    encoder.values = list(owners.encoder.values)
    keys = {
        "columns": [{"expression": column(name, _OWNERS)}],
        "from": {"query": {"select": owners.node}, "alias": "owners", "keys": [_OWNERS]},
    }
    condition = {"left": _owner_column(link), "operator": "IN", "right": {"query": {"select": keys}}}
    return _related(link, condition, encoder)


def _owner_column(link: Link) -> Node:
    """The column whose values are the keys of the owners."""
    return column(link.target_column, _TARGET) if link.through is None else column(link.through.source_key, _THROUGH)


def _related(link: Link, condition: Node, encoder: Encoder) -> Select:
    node: Node = {"from": {"table": link.target_table, "keys": [_TARGET]}, "where": [{"compare": condition}]}
    if link.through is not None:
        node["columns"] = [
            {"expression": {"star": {"of": _TARGET}}},
            {"expression": column(link.through.source_key, _THROUGH), "label": OWNER_KEY},
        ]
        source = {"table": link.through.table, "keys": [_THROUGH]}
        on = equal(column(link.through.target_key, _THROUGH), column(link.target_column, _TARGET))
        node["joins"] = [{"kind": "inner", "source": source, "on": on}]
    order = _order(link)
    if order is not None:
        node["order"] = [{"expression": order, "direction": "ASC"}]
    return Select(node, _TARGET, encoder)


def _order(link: Link) -> Node | None:
    """What the related rows of one owner are ordered by: their key, where it is known."""
    if link.many and link.target_model is not None:
        return column(models.primary_key(link.target_model), _TARGET)
    return None if link.through is None else column(link.target_column, _TARGET)
