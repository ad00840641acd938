"""FROM and its joins: which tables a query reads, what its column nodes call them, and what joins them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard, cast

from .._guards import is_list, is_mapping
from .._sql import models
from .._sql.aliased import AliasedClass, alias_source, aliased_model
from .._sql.filters import conjunction
from .._sql.link import RelatedAttribute
from .foreign_keys import Table, derived, model_of_table, parts

if TYPE_CHECKING:
    from .._sql.encoder import Encoder, Node
    from .._sql.link import Link
    from .._sql.models import Model
    from .state import Join, State

__all__ = ["Sources", "main_source"]


class Source(NamedTuple):
    """One table of the query.

    Attributes:
        key: What column nodes call it.
        node: The source node.
        table: The table and its model.
        name: Its alias, else the last part of its name.
    """

    key: str
    node: Node
    table: Table
    name: str


class Target(NamedTuple):
    """What a join joins.

    Attributes:
        key: What column nodes call it, unless another occurrence has that key.
        node: The source node, without the key.
        table: The table and its model.
        link: How it belongs to the owner, for relationships.
        owner: The source that has the relationship.
    """

    key: str
    node: Node
    table: Table
    link: Link | None = None
    owner: Source | None = None


def main_source(state: State) -> Node:
    """The source node of the model's table, or of the common table read instead of it."""
    model = state.model
    if state.source is None:
        return {"table": models.table_name(model), "keys": [models.source_key(model)]}
    return {"table": [state.source], "keys": [models.source_key(model), state.source]}


class Sources:
    """The tables of one select in their order, the main one first.

    Attributes:
        joins: The nodes of the joins.
    """

    __slots__ = ("_encoder", "_items", "_model", "joins")

    def __init__(self, state: State, encoder: Encoder, main: Node) -> None:
        self._encoder = encoder
        self._model = state.model
        self._items = [_source(main, Table(main["table"], state.model))]
        self.joins: list[Node] = []
        for join in state.joins:
            self._add(join)

    def key_of(self, item: Any) -> str:
        """What column nodes call a table that is meant by its model, an aliased class, its name or its alias.

        Raises:
            ValueError: The query does not have it.
        """
        if _is_aliased(item):
            wanted = self._encoder.alias_key(item)
        else:
            wanted = models.source_key(item) if models.is_model(item) else item
        for source in self._items:
            if wanted == source.key or wanted == source.name:
                return source.key
        raise ValueError(f"{item!r} is no table of the query")

    def _add(self, join: Join) -> None:
        target = self._target(join)
        if target.link is not None and target.link.through is not None and join.on is None:
            target = self._add_through(join.kind, target)
        key = self._free_key(target.key)
        self._append(join.kind, target, key, self._on(join.on, target, key))

    def _append(self, kind: str, target: Target, key: str, on: Node) -> None:
        source = {**target.node, "keys": [key]}
        self.joins.append({"kind": kind, "source": source, "on": on})
        self._items.append(_source(source, target.table))

    def _add_through(self, kind: str, target: Target) -> Target:
        """Join the table between both ends of a relationship, from which the target then follows."""
        link, owner = cast("Link", target.link), cast("Source", target.owner)
        through = link.through
        if through is None:
            return target
        key = self._free_key(f"{through.table}@through")
        middle = Target(key, {"table": through.table}, Table(through.table, None))
        self._append(kind, middle, key, _equal(owner.key, link.owner_column, key, through.source_key))
        return target._replace(link=replace(link, owner_column=through.target_key, through=None), owner=self._items[-1])

    # What is joined.

    def _target(self, join: Join) -> Target:
        target = join.target
        if _is_aliased(target):
            return self._aliased(target, join.alias)
        if models.is_model(target):
            table = Table(models.table_name(target), target)
            return Target(models.source_key(target), _node(table, join.alias), table)
        if isinstance(target, RelatedAttribute):
            return _related(target, self._owner_of(target), join.alias)
        if not isinstance(target, str):
            raise TypeError(
                "a join needs a model, an aliased model, a relationship or the name of a table, "
                f"not {type(target).__name__}"
            )
        attribute = models.related_attribute(self._model, target)
        if attribute is not None:
            return _related(attribute, self._items[0], join.alias)
        model = model_of_table(target, self._model)
        table = Table(target, model)
        return Target(target if model is None else models.source_key(model), _node(table, join.alias), table)

    def _aliased(self, target: AliasedClass[Any], alias: str | None) -> Target:
        node = alias_source(self._encoder, target)
        if alias is not None:
            node |= {"alias": alias, "fixed": True}
        return Target(node["keys"][0], node, Table(node["table"], aliased_model(target)))

    def _owner_of(self, attribute: RelatedAttribute) -> Source:
        name = attribute.relationship_name
        for source in self._items:
            model = source.table.model
            if model is not None and models.static_attribute(model, name) is attribute:
                return source
        raise ValueError(f"no table of the query has the relationship {name!r} by which it is joined")

    def _free_key(self, key: str) -> str:
        """Tell several occurrences of one table apart: column nodes mean the first."""
        taken = {source.key for source in self._items}
        return f"{key}#{len(taken)}" if key in taken else key

    # What joins it.

    def _on(self, on: Any, target: Target, key: str) -> Node:
        if on is not None:
            return self._given(on, target, key)
        if target.link is not None and target.owner is not None:
            return _equal(target.owner.key, target.link.owner_column, key, target.link.target_column)
        pair = derived([source.table for source in self._items], target.table)
        return _equal(self._items[pair.source].key, pair.source_column, key, pair.target_column)

    def _given(self, on: Any, target: Target, key: str) -> Node:
        """Encode a condition; columns of a table that occurs again mean the occurrence that is being joined."""
        node = conjunction(self._encoder, on)
        if key == target.key:
            return node
        columns = list(_columns(node))
        repeated = [column for column in columns if column.get("of") == target.key]
        if repeated and len(repeated) == len(columns) and target.key == self._items[0].key:
            raise ValueError(
                f"the table {self._items[0].name!r} is joined to itself, so a column may be of either: "
                "join aliased(…) of the model instead"
            )
        for column in repeated:
            column["of"] = key
        return node


def _is_aliased(item: object) -> TypeGuard[AliasedClass[Any]]:
    return isinstance(item, AliasedClass)


def _source(node: Node, table: Table) -> Source:
    return Source(node["keys"][0], node, table, node.get("alias") or parts(table.name)[-1])


def _related(attribute: RelatedAttribute, owner: Source, alias: str | None) -> Target:
    model = owner.table.model
    link = attribute.link(cast("Model", model))
    table = Table(link.target_table, link.target_model)
    if link.target_model is not None:
        key = models.source_key(link.target_model)
    else:
        key = link.target_table if isinstance(link.target_table, str) else ".".join(link.target_table)
    return Target(key, _node(table, alias), table, link, owner)


def _node(table: Table, alias: str | None) -> Node:
    return {"table": table.name} if alias is None else {"table": table.name, "alias": alias, "fixed": True}


def _equal(left: str, left_column: str, right: str, right_column: str) -> Node:
    return {
        "compare": {
            "left": {"column": {"name": left_column, "of": left}},
            "operator": "=",
            "right": {"column": {"name": right_column, "of": right}},
        }
    }


def _columns(node: Any) -> Iterator[Node]:
    """All column nodes of an expression but those of queries in it."""
    if is_list(node):
        for item in node:
            yield from _columns(item)
    elif is_mapping(node) and "query" not in node:
        for name, item in node.items():
            if name == "column" and is_mapping(item) and "name" in item:
                yield cast("Node", item)
            else:
                yield from _columns(item)
