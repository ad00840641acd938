"""Loading by JOIN: what is added to a select, and how its rows become instances.

A query that only leads to single rows is joined as it is. Anything else becomes a source of a query around it, so that
its limit counts its own rows, and its conditions, its order and whatever else it has concern its own columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from .._guards import is_list, is_mapping
from .._sql import models
from .current import hydrate_related
from .statements import column, equal

if TYPE_CHECKING:
    from .._sql.encoder import Node
    from .plan import Branch, Plan
    from .statements import Select

__all__ = ["JoinedRows", "has_to_wrap", "is_selected"]

Row: TypeAlias = dict[str, Any]

_MAIN: Final = "@main"
_INNER: Final = "@inner"
_NUMBER: Final = "_row_number"
_HOISTED: Final = ("ctes", "recursive")
_LOOSE: Final = frozenset(("raw", "sql", "aggregate", "window"))
_RESHAPING: Final = ("distinct", "distinct_on", "group_by", "having", "sets", "lock", "ctes")


class Join:
    """A relationship in a select.

    Attributes:
        branch: The relationship.
        key: What column nodes call the source of its rows.
        labels: The labels of its columns, by column.
        joins: The relationships of its rows.
    """

    __slots__ = ("branch", "joins", "key", "labels")

    def __init__(self, branch: Branch, path: str) -> None:
        self.branch = branch
        self.key = f"@join_{path}"
        columns = dict.fromkeys((*models.table_columns(self.model), models.primary_key(self.model)))
        self.labels = {name: f"_{path}_{position}" for position, name in enumerate(columns)}
        self.joins = joins_of(branch.plan, f"{path}_")

    @property
    def model(self) -> models.Model:
        """The model of its rows."""
        return cast("models.Model", self.branch.link.target_model)  # the plan refuses to join anything else

    @property
    def key_label(self) -> str:
        """The label of the column that is NULL where nothing was joined."""
        return self.labels[models.primary_key(self.model)]

    def columns(self) -> Iterator[Node]:
        """The items of the select list, those of the joins below included."""
        for name, label in self.labels.items():
            yield {"expression": column(name, self.key), "label": label}
        for join in self.joins:
            yield from join.columns()

    def all_labels(self) -> Iterator[str]:
        """The labels of its columns, those of the joins below included."""
        yield from self.labels.values()
        for join in self.joins:
            yield from join.all_labels()

    def clauses(self, owner: Node, *, may_drop: bool = True) -> Iterator[Node]:
        """The joins, those below included.

        Args:
            owner: The column of the owners that leads to the rows.
            may_drop: Whether owners without such a row may be left out, if that was asked for: not below a join that
                keeps its owners.
        """
        inner = may_drop and self.branch.config.innerjoin
        link = self.branch.link
        yield {
            "kind": "inner" if inner else "left",
            "source": {"table": link.target_table, "keys": [self.key]},
            "on": equal(owner, column(link.target_column, self.key)),
        }
        for join in self.joins:
            yield from join.clauses(column(join.branch.link.owner_column, self.key), may_drop=inner)

    def order(self) -> Iterator[Node]:
        """What the rows of one owner are ordered by."""
        if self.branch.link.many:
            yield {"expression": column(models.primary_key(self.model), self.key), "direction": "ASC"}
        for join in self.joins:
            yield from join.order()

    def exists(self, owner: Node) -> Node:
        """The condition that an inner join puts on its owners."""
        link = self.branch.link
        inner = [join for join in self.joins if join.branch.config.innerjoin]
        conditions = [equal(column(link.target_column, self.key), owner)]
        conditions += [join.exists(column(join.branch.link.owner_column, self.key)) for join in inner]
        one = {"expression": column(link.target_column, self.key)}
        source = {"table": link.target_table, "keys": [self.key]}
        return {"exists": {"query": {"select": {"columns": [one], "from": source, "where": conditions}}}}

    @property
    def is_many(self) -> bool:
        """Whether an owner may have several rows in the result."""
        return self.branch.link.many or any(join.is_many for join in self.joins)


def joins_of(plan: Plan, path: str = "") -> list[Join]:
    """The joins for the instances that a plan is about."""
    return [Join(branch, f"{path}{number}") for number, branch in enumerate(plan.joined, 1)]


def has_to_wrap(plan: Plan, select: Select) -> bool:
    """Whether a select must become a source of the one with the joins."""
    return any(join.is_many for join in joins_of(plan)) or not _is_plain(select.node)


def _is_plain(node: Node) -> bool:
    """Whether joins to single rows change nothing about a select: every column says whose it is, no row is merged."""
    return not any(node.get(field) for field in _RESHAPING) and not _is_loose(
        [node.get(field) for field in ("columns", "joins", "where", "order")]
    )


def _is_loose(part: Any) -> bool:
    """Whether a part of a tree has a column that does not say whose it is, a text, an aggregate or a window."""
    if is_list(part):
        return any(map(_is_loose, part))
    if not is_mapping(part):
        return False
    if not part.keys().isdisjoint(_LOOSE):
        return True
    found = part.get("column")
    if is_mapping(found) and "name" in found:
        return "of" not in found
    return any(map(_is_loose, part.values()))


def is_selected(node: Node, key: str, name: str) -> bool:
    """Whether the rows of a select have a column of its main source, under its own name."""
    items: list[Node] | None = node.get("columns")
    return not items or any(_gives(item, key, name) for item in items)


def _gives(item: Node, key: str, name: str) -> bool:
    expression: Node = item["expression"]
    if "star" in expression:
        return bool(expression["star"].get("of", key) == key)
    found: Node = expression.get("column", {})
    return found.get("name") == name and found.get("of", key) == key and item.get("label", name) == name


class JoinedRows:
    """A select with joins.

    Args:
        plan: What is loaded by JOIN.
        select: The select without it.
        names: The names that columns of the main source have in the rows of the select, where that is another.

    Attributes:
        select: The select with it.
    """

    __slots__ = ("_joins", "_numbered", "select")

    def __init__(self, plan: Plan, select: Select, names: dict[str, str]) -> None:
        self._joins = joins_of(plan)
        self._numbered = False
        if has_to_wrap(plan, select):
            self._numbered = bool(select.node.get("order")) or any(join.is_many for join in self._joins)
            self.select = self._around(select, names)
        else:
            self.select = self._within(select)

    def _within(self, select: Select) -> Select:
        items = select.node.get("columns") or [{"expression": {"star": {"of": select.key}}}]
        return select.replace(
            columns=[*items, *self._columns()],
            joins=[*select.node.get("joins", ()), *self._clauses(select.key, {})],
        )

    def _around(self, select: Select, names: dict[str, str]) -> Select:
        inner = self._required(select)
        outer: Node = {field: inner.pop(field) for field in _HOISTED if field in inner}
        if self._numbered:
            number = {"expression": {"window": {"function": "row_number"}}, "label": _NUMBER}
            source = _source(inner, "parents", _INNER)
            inner = {"columns": [{"expression": {"star": {"of": _INNER}}}, number], "from": source}
            outer["order"] = [{"expression": column(_NUMBER, _MAIN), "direction": "ASC"}, *self._order()]
        outer["columns"] = [{"expression": {"star": {"of": _MAIN}}}, *self._columns()]
        outer["from"] = _source(inner, "parents", _MAIN)
        outer["joins"] = list(self._clauses(_MAIN, names))
        wrapped = select.replace()
        wrapped.node, wrapped.key = outer, _MAIN
        return wrapped

    def _required(self, select: Select) -> Node:
        """The fields of the inner select; its limit counts only the rows that inner joins keep."""
        node = dict(select.node)
        inner = [join for join in self._joins if join.branch.config.innerjoin]
        if inner and ("limit" in node or "offset" in node) and not node.get("sets"):
            conditions = [join.exists(column(join.branch.link.owner_column, select.key)) for join in inner]
            node["where"] = [*node.get("where", ()), *conditions]
        return node

    def _columns(self) -> Iterator[Node]:
        for join in self._joins:
            yield from join.columns()

    def _clauses(self, key: str, names: dict[str, str]) -> Iterator[Node]:
        for join in self._joins:
            name = join.branch.link.owner_column
            yield from join.clauses(column(names.get(name, name), key))

    def _order(self) -> Iterator[Node]:
        for join in self._joins:
            yield from join.order()

    def take(self, rows: list[Row]) -> tuple[list[Row], list[Attached]]:
        """Take the joined columns out of the rows.

        Returns:
            The rows of the main source, each once, and the related instances.
        """
        found: dict[models.Model, dict[Any, Any]] = {}
        mains = rows
        positions: list[int] = list(range(len(rows)))
        if self._numbered:
            places: dict[int, int] = {}
            positions = [places.setdefault(row[_NUMBER], len(places)) for row in rows]
        attached = [_attach(join, positions, rows, found) for join in self._joins]
        if self._numbered:
            first = dict(zip(reversed(positions), reversed(rows), strict=True))
            mains = [first[place] for place in range(len(first))]
        added = [label for join in self._joins for label in join.all_labels()]
        for row in mains:
            for label in added:
                del row[label]
            if self._numbered:
                del row[_NUMBER]
        return mains, attached


class Attached:
    """Related instances, and to whom they belong.

    Attributes:
        join: The relationship.
        owners: For each row of the result the owner: a position among the main instances, or an instance; `None` where
            there is none.
        related: For each row the related instance or `None`.
        below: The relationships of those.
    """

    __slots__ = ("below", "join", "owners", "related")

    def __init__(self, join: Join, owners: list[Any], related: list[Any], below: list[Attached]) -> None:
        self.join = join
        self.owners = owners
        self.related = related
        self.below = below


def _attach(join: Join, owners: list[Any], rows: list[Row], found: dict[models.Model, dict[Any, Any]]) -> Attached:
    related = _instances(join, rows, found.setdefault(join.model, {}))
    return Attached(join, owners, related, [_attach(below, related, rows, found) for below in join.joins])


def _instances(join: Join, rows: list[Row], found: dict[Any, Any]) -> list[Any]:
    """The related instance of each row; equal rows give the same one.

    Args:
        join: The relationship.
        rows: The rows of the result.
        found: The instances of its model that are known, by their keys; new ones are added.
    """
    key_label = join.key_label
    keys = [row[key_label] for row in rows]
    fresh = {key: row for key, row in zip(keys, rows, strict=True) if key is not None and key not in found}
    labels = join.labels.items()
    taken = [{name: row[label] for name, label in labels} for row in fresh.values()]
    found.update(zip(fresh, hydrate_related(join.model, taken), strict=True))
    return [found.get(key) for key in keys]


def _source(node: Node, alias: str, key: str) -> Node:
    return {"query": {"select": node}, "alias": alias, "keys": [key]}
