"""From a query and its plan to instances with what they refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from .._events.loads import Loads
from .._n_plus_one.origin import about_to_load, lead
from .._sql import models
from .config import LoadingConfig, LoadingStrategy
from .current import get_related, hydrate_related, is_at_hand
from .joined import JoinedRows
from .plan import Branch, Plan, default_plan
from .priming import Recipients
from .selection import Selection
from .state import column_value
from .statements import OWNER_KEY, Select, related_to_keys, related_to_query
from .tracing import observed

if TYPE_CHECKING:
    from .._n_plus_one.site import Site
    from .._sql.models import Model
    from .attached import Attached
    from .attributes import LoadableAttribute

__all__ = ["Loading", "apply_plan", "load_batch", "load_related"]

Row: TypeAlias = dict[str, Any]
Keys: TypeAlias = "list[Any]"
Receive: TypeAlias = "Callable[[Keys, list[Any]], None]"
OwnersOf: TypeAlias = "Callable[[Branch], tuple[Select, str] | None]"


class Loading:
    """A query that loads related rows.

    Args:
        plan: What it loads.
        model: The model of its instances.
        select: The query as such.
        is_related: Whether the instances are themselves related to others, and so are those of the current session.

    Attributes:
        select: What is to be sent; its rows go to `finish`.

    Raises:
        ValueError: The query leaves out a column that leads to related rows, and the column cannot be added to it.
    """

    __slots__ = ("_hydrate", "_joined", "_model", "_selection", "select")

    def __init__(self, plan: Plan, model: Model, select: Select, *, is_related: bool = False) -> None:
        self._model = model
        self._hydrate = hydrate_related if is_related else models.hydrate
        self._selection = selection = Selection(plan, model, select)
        self._joined: JoinedRows | None = None
        self.select = selection.select
        if selection.plan.joined:
            self._joined = JoinedRows(
                selection.plan, model, selection.select, selection.labels, is_wrapped=selection.is_wrapped
            )
            self.select = self._joined.select

    async def finish(self, rows: list[Row], receive: Receive | None = None, column: str = "") -> list[Any]:
        """Make instances of the rows, and load what they refer to.

        Args:
            rows: The rows, which belong to the instances from now on.
            receive: Takes the values that the rows have in a column, and the instances, before anything that they refer
                to is loaded: an instance may have another value, if it is one of the session.
            column: That column.
        """
        attached: list[Attached] = []
        with Loads() as loads:
            if self._joined is not None:
                attached = self._joined.take(rows)
            keys = {name: [row.pop(label) for row in rows] for name, label in self._selection.labels.items()}
            values = [] if receive is None else [row.get(column) for row in rows]
            instances = self._hydrate(self._model, rows)
        for one in attached:
            one.prime(instances)
        if receive is not None:
            receive(values, instances)
        await _run(self._selection.plan, instances, attached, keys, self._selection.owners)
        await loads.announce()
        return instances


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


async def load_related(owner: Any, found: LoadableAttribute, key: Any, accessed: Site | None = None) -> list[Any]:
    """Load one relationship of one instance.

    Args:
        owner: The instance.
        found: The relationship.
        key: The value of the column that leads to the related rows, not `None`.
        accessed: Where the program read the attribute.

    Raises:
        NPlusOneError: Loading one by one is an error, and this is not the first instance.
    """
    branch = _branch(models.class_of(owner), found, LoadingStrategy.LAZY)
    if not is_at_hand(branch.link, key):
        about_to_load(owner, found.relationship_name, accessed)
    known = await get_related(branch.link, key)
    if known is not None:
        return known
    (select,) = related_to_keys(branch.link, [key])
    return await _fetch(branch, [owner], select)


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
            if step.plan:
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
            entry.set([] if branch.link.many else None, column_value(owner, branch.link.owner_column), is_void=True)
        else:
            entry.strategy = branch.config.strategy


# Statements of their own.


async def _load(branch: Branch, owners: list[Any], keys: Keys | None, owners_of: OwnersOf | None) -> None:
    """Load a relationship of instances; `keys` are those of its column where the instances do not have it."""
    recipients = Recipients(branch, owners, keys)
    wanted = recipients.keys()
    if wanted:
        with observed(branch, len(owners)) as report:
            count = 0
            for select in _selects(branch, wanted, owners_of):
                count += len(await _fetch(branch, owners, select, recipients.take))
            report(count)
    recipients.close()
    if branch.plan and recipients.present:
        await apply_plan(branch.plan, _distinct(recipients.present))


def _selects(branch: Branch, keys: Keys, owners_of: OwnersOf | None) -> Iterable[Select]:
    if branch.config.strategy is LoadingStrategy.SUBQUERY and owners_of is not None:
        source = owners_of(branch)
        if source is not None:
            return [related_to_query(branch.link, *source)]
    return related_to_keys(branch.link, keys)


async def _fetch(branch: Branch, owners: list[Any], select: Select, receive: Receive | None = None) -> list[Any]:
    """Read related rows, as instances if they have a model.

    Args:
        branch: The relationship.
        owners: The instances that the rows belong to.
        select: The statement.
        receive: Takes the keys of owners and the related objects, before anything that these refer to is loaded.
    """
    link = branch.link
    if link.target_model is None:
        name = link.target_column if link.through is None else OWNER_KEY
        take = Row.get if link.through is None else Row.pop
        rows = await select.run()
        keys = [take(row, name) for row in rows]
        if receive is not None:
            receive(keys, rows)
        return rows
    loading = Loading(branch.plan, link.target_model, select, is_related=True)

    def hand_over(keys: Keys, related: list[Any]) -> None:
        lead(owners, branch.name, related)
        if receive is not None:
            receive(keys, related)

    return await loading.finish(await loading.select.run(), hand_over, link.target_column)
