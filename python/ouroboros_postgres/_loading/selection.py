"""Columns that lead to related rows: which of them a query has, and what is added where one is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .._sql import models
from .joined import has_to_wrap, is_selected
from .statements import column

if TYPE_CHECKING:
    from .._sql.encoder import Node
    from .._sql.models import Model
    from .plan import Branch, Plan
    from .statements import Select

__all__ = ["Selection"]

_MERGING: Final = ("distinct", "distinct_on", "group_by", "sets")


class Selection:
    """A query with all columns that its plan needs.

    Args:
        plan: What the query loads.
        model: The model of its instances.
        select: The query.

    Attributes:
        is_wrapped: Whether the query becomes a source of one with joins.
        labels: The labels of the columns that were added, by column.
        plan: What can be loaded.
        select: The query with these columns.

    Raises:
        ValueError: An option needs a column that cannot be added.
    """

    __slots__ = ("_model", "is_wrapped", "labels", "plan", "select")

    def __init__(self, plan: Plan, model: Model, select: Select) -> None:
        self.is_wrapped = has_to_wrap(plan, model, select)
        missing = _missing(plan, select, is_wrapped=self.is_wrapped)
        if missing and _merges(select.node):
            _refuse(missing)
            plan, missing = plan.without(missing), []
        self._model = model
        self.plan = plan
        self.labels = {branch.link.owner_column: f"_key_{number}" for number, branch in enumerate(missing)}
        self.select = _with_columns(select, self.labels)

    def owners(self, branch: Branch) -> tuple[Select, str] | None:
        """The query as a source of the keys of owners, and its column with them.

        Returns:
            `None` if the query might give other owners, or do something, when it is run once more.
        """
        node = self.select.node
        paged = "limit" in node or "offset" in node
        if "lock" in node or "ctes" in node or (paged and not self._is_totally_ordered()):
            return None
        name = branch.link.owner_column
        return self._unordered(paged), self.labels.get(name, name)

    def _unordered(self, paged: bool) -> Select:
        """The query without an order that decides nothing: sorting would be in vain."""
        node = self.select.node
        if paged or "distinct_on" in node or "order" not in node:
            return self.select
        return self.select.replace(order=[])

    def _is_totally_ordered(self) -> bool:
        """Whether the order of the query leaves no two rows in doubt."""
        return any(self._is_unique(item["expression"]) for item in self.select.node.get("order", ()))

    def _is_unique(self, expression: Node) -> bool:
        found: Node = expression.get("column", {})
        name = found.get("name")
        if name is None or found.get("of", self.select.key) != self.select.key or self.select.node.get("joins"):
            return False
        declared = models.column_declaration(self._model, name)
        return models.is_primary_key(self._model, name) or (
            declared is not None and declared.unique and not declared.nullable
        )


def _missing(plan: Plan, select: Select, *, is_wrapped: bool) -> list[Branch]:
    """The relationships whose columns the query does not select, and would have to."""
    needed = [branch for branch in plan.branches if branch.is_batched or (branch.is_joined and is_wrapped)]
    return [branch for branch in needed if not is_selected(select.node, select.key, branch.link.owner_column)]


def _merges(node: Node) -> bool:
    """Whether the query would have other rows if it had other columns."""
    return any(node.get(field) for field in _MERGING) or any("aggregate" in c["expression"] for c in node["columns"])


def _refuse(missing: list[Branch]) -> None:
    """Refuse to load what an option asks for; what is loaded by default just is not loaded then."""
    for branch in missing:
        if not branch.is_default:
            raise ValueError(
                f"{branch.name} cannot be loaded: the query does not select {branch.link.owner_column!r}, and its rows "
                "would be others if it did"
            )


def _with_columns(select: Select, labels: dict[str, str]) -> Select:
    if not labels:
        return select
    added: list[Node] = [{"expression": column(name, select.key), "label": label} for name, label in labels.items()]
    return select.replace(columns=[*select.node["columns"], *added])
