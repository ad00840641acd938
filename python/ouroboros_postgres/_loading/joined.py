"""Loading by JOIN: what is added to a select.

A query is joined as it is when that changes nothing about it. Anything else becomes a source of a query around it, so
that its limit counts its own rows, and its conditions, its order and whatever else it has concern its own columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from .._guards import is_list, is_mapping
from .._sql import models
from .attached import attach
from .statements import column, equal

if TYPE_CHECKING:
    from .._sql.encoder import Node
    from .attached import Attached
    from .plan import Branch, Plan
    from .statements import Select

__all__ = ["JoinedRows", "has_to_wrap", "is_selected"]

Row: TypeAlias = dict[str, Any]

_MAIN: Final = "@main"
_INNER: Final = "@inner"
_NUMBER: Final = "_row_number"
_HOISTED: Final = ("ctes", "recursive")
_LOOSE: Final = frozenset(("raw", "sql", "aggregate", "window"))
_MULTIPLYING: Final = ("joins", "limit", "offset")
_RESHAPING: Final = ("distinct", "distinct_on", "group_by", "having", "sets", "lock", "ctes")


class Join:
    """A relationship in a select.

    Attributes:
        branch: The relationship.
        key: What column nodes call the source of its rows.
        label: What its rows are called in those of the select.
        key_column: The column that is NULL where nothing was joined.
        joins: The relationships of its rows.
    """

    __slots__ = ("_path", "branch", "joins", "key", "key_column", "label")

    def __init__(self, branch: Branch, path: str) -> None:
        self.branch = branch
        self._path = path
        self.key = f"@join_{path}"
        self.label = f"_{path}_row"
        self.key_column = models.primary_key(self.model)
        self.joins = joins_of(branch.plan, f"{path}_")

    @property
    def model(self) -> models.Model:
        """The model of its rows."""
        return cast("models.Model", self.branch.link.target_model)  # the plan refuses to join anything else

    def columns(self) -> Iterator[Node]:
        """The items of the select list, those of the joins below included; each row is one value of the result."""
        names = list(dict.fromkeys((*models.table_columns(self.model), self.key_column)))
        nest = {"nest": {"name": self.label, "fields": names, "key": names.index(self.key_column)}}
        for position, name in enumerate(names):
            yield {"expression": column(name, self.key), "label": f"_{self._path}_{position}", **nest}
            nest = {}
        for join in self.joins:
            yield from join.columns()

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
            yield {"expression": column(self.key_column, self.key), "direction": "ASC"}
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


def joins_of(plan: Plan, path: str = "") -> list[Join]:
    """The joins for the instances that a plan is about."""
    return [Join(branch, f"{path}{number}") for number, branch in enumerate(plan.joined, 1)]


def has_to_wrap(plan: Plan, model: models.Model, select: Select) -> bool:
    """Whether a select must become a source of the one with the joins."""
    if not plan.joined:
        return False
    return not _is_plain(select.node) or (plan.leads_to_many and _row_key(plan, model, select) is None)


def _row_key(plan: Plan, model: models.Model, select: Select) -> str | None:
    """The column that tells the rows of an ordered select apart when they are joined to many; `None` if none does.

    It is the primary key, provided that the table is known to have it: a relationship starts from there.
    """
    node = select.node
    if not node.get("order") or not node.keys().isdisjoint(_MULTIPLYING):
        return None
    many = [branch.link.owner_column for branch in plan.joined if branch.link.many]
    return next(
        (name for name in many if models.is_primary_key(model, name) and is_selected(node, select.key, name)), None
    )


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
        model: The model of the instances.
        select: The select without it.
        names: The names that columns of the main source have in the rows of the select, where that is another.
        is_wrapped: Whether the select becomes a source; see `has_to_wrap`.

    Attributes:
        select: The select with it.
    """

    __slots__ = ("_is_folded", "_is_numbered", "_joins", "select")

    def __init__(
        self, plan: Plan, model: models.Model, select: Select, names: dict[str, str], *, is_wrapped: bool
    ) -> None:
        self._joins = joins_of(plan)
        self._is_folded = plan.leads_to_many
        self._is_numbered = is_wrapped and (self._is_folded or bool(select.node.get("order")))
        if is_wrapped:
            self.select = self._around(select, names)
        else:
            self.select = self._within(select, _row_key(plan, model, select) if self._is_folded else None)

    def _within(self, select: Select, row_key: str | None) -> Select:
        node = select.node
        items = node.get("columns") or [{"expression": {"star": {"of": select.key}}}]
        fields: Node = {}
        if row_key is not None:
            key = column(row_key, select.key)
            is_ordered = any(item["expression"] == key for item in node["order"])
            last = [] if is_ordered else [{"expression": key, "direction": "ASC"}]
            fields = {"fold": True, "order": [*node["order"], *last, *self._order()]}
        return select.replace(
            columns=[*items, *self._columns()],
            joins=[*node.get("joins", ()), *self._clauses(select.key, {})],
            **fields,
        )

    def _around(self, select: Select, names: dict[str, str]) -> Select:
        inner = self._required(select)
        outer: Node = {field: inner.pop(field) for field in _HOISTED if field in inner}
        if self._is_numbered:
            number = {"expression": {"window": {"function": "row_number"}}, "label": _NUMBER}
            source = _source(inner, "parents", _INNER)
            inner = {"columns": [{"expression": {"star": {"of": _INNER}}}, number], "from": source}
            outer["order"] = [{"expression": column(_NUMBER, _MAIN), "direction": "ASC"}, *self._order()]
        outer["columns"] = [{"expression": {"star": {"of": _MAIN}}}, *self._columns()]
        outer["from"] = _source(inner, "parents", _MAIN)
        outer["joins"] = list(self._clauses(_MAIN, names))
        if self._is_folded:
            outer["fold"] = True
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

    def take(self, rows: list[Row]) -> list[Attached]:
        """Take what was joined out of the rows, which are those of the main source then, each once.

        Returns:
            The related instances.
        """
        if self._is_numbered:
            for row in rows:
                del row[_NUMBER]
        return attach(self._joins, rows, is_folded=self._is_folded)


def _source(node: Node, alias: str, key: str) -> Node:
    return {"query": {"select": node}, "alias": alias, "keys": [key]}
