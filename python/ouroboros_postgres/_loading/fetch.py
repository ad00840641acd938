"""From a query and its plan to instances with what they refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .._sql import models
from .attributes import LoadableAttribute, attribute
from .config import LoadingConfig, LoadingStrategy
from .joined import Attached, JoinedRows, has_to_wrap, is_selected
from .matching import ByKey
from .plan import Branch, Plan, default_plan
from .state import MISSING, column_value
from .statements import OWNER_KEY, Select, column, related_to_keys, related_to_query
from .tracing import observed

if TYPE_CHECKING:
    from .._sql.encoder import Node
    from .._sql.link import Link
    from .._sql.models import Model

__all__ = ["Loading", "apply_plan", "load_batch", "load_related", "prime_reverse"]

Row: TypeAlias = dict[str, Any]
Keys: TypeAlias = "list[Any]"
OwnersOf: TypeAlias = "Callable[[Branch], tuple[Select, str] | None]"

_MERGING: Final = ("distinct", "distinct_on", "group_by", "sets")


class Loading:
    """A query that loads related rows.

    Args:
        plan: What it loads.
        model: The model of its instances.
        select: The query as such.

    Attributes:
        select: What is to be sent; its rows go to `finish`.

    Raises:
        ValueError: The query leaves out a column that leads to related rows, and the column cannot be added to it.
    """

    __slots__ = ("_hidden", "_joined", "_model", "_owners", "_plan", "select")

    def __init__(self, plan: Plan, model: Model, select: Select) -> None:
        missing = _missing_columns(plan, select)
        if missing and _merges(select.node):
            _refuse(missing)
            plan, missing = plan.without(missing), []
        self._plan = plan
        self._model = model
        self._hidden = {branch.link.owner_column: f"_key_{number}" for number, branch in enumerate(missing)}
        self._owners = self.select = _with_columns(select, self._hidden)
        self._joined: JoinedRows | None = None
        if plan.joined:
            self._joined = JoinedRows(plan, self.select, self._hidden)
            self.select = self._joined.select

    async def finish(self, rows: list[Row]) -> list[Any]:
        """Make instances of the rows, which belong to them from now on, and load what they refer to."""
        attached: list[Attached] = []
        if self._joined is not None:
            rows, attached = self._joined.take(rows)
        keys = {name: [row.pop(label) for row in rows] for name, label in self._hidden.items()}
        instances = models.hydrate(self._model, rows)
        for one in attached:
            _prime_joined(one, [instances[position] for position in one.owners])
        await _run(self._plan, instances, attached, keys, self._owners_of)
        return instances

    def _owners_of(self, branch: Branch) -> tuple[Select, str] | None:
        """The query as a source of the keys of owners, if it would give the same owners once more."""
        node = self._owners.node
        paged = "limit" in node or "offset" in node
        if "lock" in node or "ctes" in node or (paged and not _is_total(self._model, self._owners)):
            return None
        name = branch.link.owner_column
        return self._owners, self._hidden.get(name, name)


async def apply_plan(plan: Plan, instances: list[Any]) -> None:
    """Load what instances refer to that no query of the plan gave."""
    await _run(plan, instances, [], {}, None)


async def load_batch(found: LoadableAttribute, owners: list[Any]) -> dict[Any, Any]:
    """Load one relationship of several instances of one class by one statement.

    Returns:
        What is related, by the value that leads there; values without related rows are absent.
    """
    if not owners:
        return {}
    branch = _branch(models.class_of(owners[0]), found, LoadingStrategy.SELECTIN)
    await _load(branch, owners, None, None)
    entries = [found.loaded(owner) for owner in owners]
    return {entry.key: entry.value for entry in entries if entry.is_set and entry.value not in (None, [])}


async def load_related(owner: Any, found: LoadableAttribute, key: Any) -> Any:
    """Load one relationship of one instance.

    Args:
        owner: The instance.
        found: The relationship.
        key: The value of the column that leads to the related rows, not `None`.

    Returns:
        The related instance or `None`, or a list of them.
    """
    branch = _branch(models.class_of(owner), found, LoadingStrategy.LAZY)
    link = branch.link
    (select,) = related_to_keys(link, [key])
    related = [child for _, child in await _fetch(branch, select)]
    if not link.many:
        return related[0] if related else None
    prime_reverse(found, link, owner, related)
    return related


def _branch(model: Model, found: LoadableAttribute, strategy: LoadingStrategy) -> Branch:
    link = found.link(model)
    below = Plan() if link.target_model is None else default_plan(link.target_model, model, found)
    return Branch(found, LoadingConfig(strategy), link, below)


async def _run(
    plan: Plan, instances: list[Any], attached: list[Attached], keys: dict[str, Keys], owners_of: OwnersOf | None
) -> None:
    owners = list(instances)
    joined = {id(one.join.branch): one for one in attached}
    for step in plan.steps:
        if not isinstance(step, Branch):
            await step.apply(instances)
        elif id(step) in joined:
            one = joined[id(step)]
            await _run(step.plan, _distinct(one.related), one.below, {}, None)
        elif not (step.is_joined or step.is_batched):
            _mark(step, owners)
        elif owners:
            await _load(step, owners, keys.get(step.link.owner_column), owners_of)


def _distinct(instances: Iterable[Any]) -> list[Any]:
    return list({id(instance): instance for instance in instances if instance is not None}.values())


def _mark(branch: Branch, owners: Sequence[Any]) -> None:
    """Do what needs no rows: load nothing, or forbid to load what is not loaded yet."""
    for owner in owners:
        entry = branch.attribute.loaded(owner)
        if branch.config.strategy is LoadingStrategy.NOLOAD:
            entry.set([] if branch.link.many else None, column_value(owner, branch.link.owner_column))
        else:
            entry.strategy = branch.config.strategy


# Statements of their own.


async def _load(branch: Branch, owners: list[Any], keys: Keys | None, owners_of: OwnersOf | None) -> None:
    if keys is None:
        keys = [column_value(owner, branch.link.owner_column) for owner in owners]
    wanted = list(dict.fromkeys(key for key in keys if key is not None and key is not MISSING))
    related: list[tuple[Any, Any]] = []
    if wanted:
        with observed(branch, len(owners)) as report:
            for select in _selects(branch, wanted, owners_of):
                related += await _fetch(branch, select)
            report(len(related))
    _fill(branch, owners, keys, related)


def _selects(branch: Branch, keys: Keys, owners_of: OwnersOf | None) -> Iterable[Select]:
    if branch.config.strategy is LoadingStrategy.SUBQUERY and owners_of is not None:
        source = owners_of(branch)
        if source is not None:
            return [related_to_query(branch.link, *source)]
    return related_to_keys(branch.link, keys)


async def _fetch(branch: Branch, select: Select) -> list[tuple[Any, Any]]:
    """Read related rows: each with the key of its owner, as an instance if they have a model."""
    link = branch.link
    if link.target_model is None:
        name = link.target_column if link.through is None else OWNER_KEY
        take = Row.get if link.through is None else Row.pop
        return [(take(row, name), row) for row in await select.run()]
    loading = Loading(branch.plan, link.target_model, select)
    children = await loading.finish(await loading.select.run())
    return [(column_value(child, link.target_column), child) for child in children]


def _fill(branch: Branch, owners: list[Any], keys: Keys, related: list[tuple[Any, Any]]) -> None:
    grouped: dict[Any, list[Any]] = {}
    for key, child in related:
        grouped.setdefault(key, []).append(child)
    by_key = ByKey(grouped)
    for owner, key in zip(owners, keys, strict=True):
        if key is not MISSING:
            _prime(branch, owner, [] if key is None else by_key.get(key) or [])


def _prime(branch: Branch, owner: Any, children: list[Any]) -> None:
    """Give an instance its related objects."""
    key = column_value(owner, branch.link.owner_column)
    if branch.link.many:
        branch.attribute.loaded(owner).set(list(children), key)
        prime_reverse(branch.attribute, branch.link, owner, children)
    else:
        branch.attribute.loaded(owner).set(children[0] if children else None, key)


def prime_reverse(found: LoadableAttribute, link: Link, owner: Any, children: list[Any]) -> None:
    """Tell the related objects of an instance that they belong to it, if they have a relationship for that."""
    if found.reverse is None or link.target_model is None:
        return
    reverse = attribute(link.target_model, found.reverse)
    back = reverse.link(link.target_model)
    if not back.many:
        for child in children:
            reverse.loaded(child).set(owner, column_value(child, back.owner_column))


# Rows that came by JOIN.


def _prime_joined(attached: Attached, owners: list[Any]) -> None:
    related: dict[int, tuple[Any, dict[int, Any]]] = {}
    for owner, child in zip(owners, attached.related, strict=True):
        if owner is not None:
            children = related.setdefault(id(owner), (owner, {}))[1]
            if child is not None:
                children[id(child)] = child
    for owner, children in related.values():
        _prime(attached.join.branch, owner, list(children.values()))
    for below in attached.below:
        _prime_joined(below, attached.related)


# Columns that lead to related rows, where a query leaves them out.


def _missing_columns(plan: Plan, select: Select) -> list[Branch]:
    """The relationships whose columns a query does not select, and would have to."""
    wrapped = has_to_wrap(plan, select)
    needed = [branch for branch in plan.branches if branch.is_batched or (branch.is_joined and wrapped)]
    return [branch for branch in needed if not is_selected(select.node, select.key, branch.link.owner_column)]


def _merges(node: Node) -> bool:
    """Whether a query would have other rows if it had other columns."""
    return any(node.get(field) for field in _MERGING) or any("aggregate" in c["expression"] for c in node["columns"])


def _refuse(missing: list[Branch]) -> None:
    """Refuse to load what an option asks for; what is loaded by default just is not loaded then."""
    for branch in missing:
        if not branch.is_default:
            raise ValueError(
                f"{branch.name} cannot be loaded: the query does not select {branch.link.owner_column!r}, and its rows "
                "would be others if it did"
            )


def _with_columns(select: Select, hidden: dict[str, str]) -> Select:
    if not hidden:
        return select
    added: list[Node] = [{"expression": column(name, select.key), "label": label} for name, label in hidden.items()]
    return select.replace(columns=[*select.node["columns"], *added])


def _is_total(model: Model, select: Select) -> bool:
    """Whether the order of a query leaves no two rows in doubt."""
    return any(
        _is_unique(model, item["expression"].get("column", {}), select.key) for item in select.node.get("order", ())
    )


def _is_unique(model: Model, found: Node, key: str) -> bool:
    name = found.get("name")
    if name is None or found.get("of", key) != key:
        return False
    declared = models.column_declaration(model, name)
    return name == models.primary_key(model) or (declared is not None and declared.unique and not declared.nullable)
