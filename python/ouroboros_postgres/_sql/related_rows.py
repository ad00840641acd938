"""EXISTS over the rows of another table that belong to a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import _runtime
from . import models
from .encoder import Scope

if TYPE_CHECKING:
    from .condition import Condition
    from .encoder import Encoder, Node
    from .link import Link

__all__ = ["OuterRow", "exists"]

_THROUGH = "@through"


@dataclass(frozen=True, slots=True)
class OuterRow:
    """The row that others belong to, in a select further out.

    Attributes:
        key: What columns call its source.
        alias: The alias that its columns are written with where no select around them has the source.
    """

    key: str
    alias: str | None = None

    def column(self, name: str) -> Node:
        """Give the node of one of its columns."""
        column: Node = {"name": name, "of": self.key, "outer": True}
        if self.alias is not None:
            column["as"] = self.alias
        return {"column": column}


def exists(encoder: Encoder, row: OuterRow, link: Link, condition: Condition | None) -> Node:
    """Say that there are related rows, those that a condition holds for."""
    keys = _keys(link)
    where: list[Node] = []
    select: Node = {
        "columns": [{"expression": {"raw": {"sql": "1", "args": []}}}],
        "from": {"table": link.target_table, "keys": keys},
        "qualified": True,
        "where": where,
    }
    target = _column(link.target_column, keys[0])
    if link.through is None:
        where.append(_equal(target, row.column(link.owner_column)))
    else:
        joined = _equal(_column(link.through.target_key, _THROUGH), target)
        source = {"table": link.through.table, "keys": [_THROUGH]}
        select["joins"] = [{"kind": "inner", "source": source, "on": joined}]
        where.append(_equal(_column(link.through.source_key, _THROUGH), row.column(link.owner_column)))
    if condition is not None and not condition.is_empty():
        with encoder.within(Scope(keys[0], link.target_model, qualified=True, closed=True)):
            where.append(condition.encode(encoder))
    return {"exists": {"query": {"select": select}}}


def _column(name: str, key: str) -> Node:
    return {"column": {"name": name, "of": key}}


def _equal(left: Node, right: Node) -> Node:
    return {"compare": {"left": left, "operator": "=", "right": right}}


def _keys(link: Link) -> list[str]:
    """Give what columns of the related table call it; without a model, by every way to write its name."""
    if link.target_model is not None:
        return [models.source_key(link.target_model)]
    table = link.target_table
    if isinstance(table, str):
        if '"' in table:
            return [table]
        table = table.split(".")
    bare, schema = table[-1], table[-2] if len(table) > 1 else "public"
    names = [[schema, bare], [bare]] if schema == "public" else [[schema, bare]]
    return [_runtime.call(0, {"op": "table_text", "name": name}) for name in names]
