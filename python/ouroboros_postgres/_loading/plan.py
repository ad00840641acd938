"""Which relationships a query loads, and how: its options and the defaults of its model as one tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, cast

from .._sql import models
from .attributes import attribute, attributes
from .config import LoadingConfig, LoadingStrategy
from .option import QueryOption, RelationshipOption

if TYPE_CHECKING:
    from .._sql.link import Link
    from .._sql.models import Model
    from .attributes import LoadableAttribute

__all__ = ["Branch", "Option", "Plan", "check_options", "default_plan", "loading_plan", "named_plan"]

Option: TypeAlias = "QueryOption | LoadingConfig"

_BATCHED = (LoadingStrategy.SELECTIN, LoadingStrategy.SUBQUERY)
_EAGER = (LoadingStrategy.JOINED, *_BATCHED)
_Path: TypeAlias = "tuple[tuple[Model, str], ...]"


class Branch:
    """One relationship of the instances of a query.

    Attributes:
        attribute: The descriptor.
        config: How it is loaded.
        link: How the rows belong together.
        plan: What is done with the related instances; empty when they are no instances of a model.
        depth: How many relationships are between it and the instances of the query.
        is_default: Whether no option asks for it.
    """

    __slots__ = ("attribute", "config", "depth", "is_default", "link", "plan")

    def __init__(
        self,
        attribute: LoadableAttribute,
        config: LoadingConfig,
        link: Link,
        plan: Plan,
        *,
        depth: int = 0,
        is_default: bool = False,
    ) -> None:
        self.attribute = attribute
        self.config = config
        self.link = link
        self.plan = plan
        self.depth = depth
        self.is_default = is_default

    @property
    def name(self) -> str:
        """The name of the relationship."""
        return self.attribute.relationship_name

    @property
    def is_joined(self) -> bool:
        """Whether its rows come with those of the query."""
        return self.config.strategy is LoadingStrategy.JOINED

    @property
    def is_batched(self) -> bool:
        """Whether its rows are read by a statement of their own."""
        return self.config.strategy in _BATCHED


class Plan:
    """What is done with the instances of a query, in this order.

    Attributes:
        branches: The steps that are about relationships.
        joined: Those of them that are loaded by JOIN.
        leads_to_many: Whether these may give an instance several rows in the result.
    """

    __slots__ = ("branches", "joined", "leads_to_many", "steps")

    def __init__(self, steps: Iterable[Branch | QueryOption] = ()) -> None:
        self.steps = tuple(steps)
        self.branches = [step for step in self.steps if isinstance(step, Branch)]
        self.joined = [branch for branch in self.branches if branch.is_joined]
        self.leads_to_many: bool = any(branch.link.many or branch.plan.leads_to_many for branch in self.joined)

    def without(self, branches: Iterable[Branch]) -> Plan:
        """The same without some relationships."""
        left_out = {id(branch) for branch in branches}
        return Plan(step for step in self.steps if id(step) not in left_out)

    def __bool__(self) -> bool:
        return bool(self.steps)


def loading_plan(model: Model, options: Iterable[Option], *, batched: bool = False) -> Plan:
    """Plan what a query of a model loads.

    Args:
        model: The model of the query. A class that does not know of relationships ignores names that it does not have.
        options: The options of the query; of several for one relationship the last one counts. A configuration for
            relationships concerns those that no option names; one for columns is none of the plan's business.
        batched: Whether the instances come in batches, so that the rows of one instance must not be spread over several
            rows of the result, and a statement for the whole result is of no use.

    Raises:
        ValueError: There is no such relationship, it cannot be loaded that way, or its model cannot be found.
    """
    requests = _Request()
    customs: dict[str, QueryOption] = {}
    rest: LoadingConfig | None = None
    for option in options:
        if isinstance(option, RelationshipOption) and option.is_planned:
            requests.add_all(option)
        elif isinstance(option, QueryOption):
            if isinstance(option, RelationshipOption):
                named_plan(model, option)
            name = f"{len(customs)}"  # no attribute is called so
            customs[name] = option
            requests.below[name] = _Request()
        elif option.columns is None:
            rest = option
    requests.forget_unknown(model, customs)
    return _Planner(customs, batched=batched).plan(model, requests, rest, ())


def named_plan(model: Model, option: RelationshipOption) -> Plan:
    """Plan what one option loads; errors as for `loading_plan`."""
    requests = _Request()
    requests.add_all(option)
    requests.forget_unknown(model)
    return _Planner({}, batched=False).plan(model, requests, None, (), defaults=False)


def check_options(model: Model, options: Iterable[Option]) -> None:
    """Check that options fit a model; see `loading_plan`.

    Raises:
        ValueError: They do not.
    """
    loading_plan(model, options)


def default_plan(model: Model, owner: Model, attribute: LoadableAttribute) -> Plan:
    """Plan what instances load by themselves that were reached through a relationship."""
    path = ((owner, attribute.relationship_name),)
    return _Planner({}, batched=False).plan(model, _Request(), None, path, skip=attribute.reverse)


class _Request:
    """What options say of one relationship, and of those below it."""

    __slots__ = ("below", "config", "is_explicit")

    def __init__(self) -> None:
        self.below: dict[str, _Request] = {}
        self.config: LoadingConfig | None = None
        self.is_explicit = False

    def add_all(self, option: RelationshipOption) -> None:
        """Take the relationships that an option names."""
        for name in option.relationship_names:
            self.add(name.split("."), option.config)

    def forget_unknown(self, model: Model, others: Iterable[str] = ()) -> None:
        """Drop names that a class does not have if it does not know of relationships."""
        if models.relationships(model) is None:
            known = models.related_attributes(model).keys() | set(others)
            self.below = {name: request for name, request in self.below.items() if name in known}

    def add(self, path: list[str], config: LoadingConfig) -> None:
        """Take a path: the last of its relationships is loaded as `config` says, so are those that lead to it."""
        first, *others = path
        request = self.below.pop(first, None) or _Request()
        self.below[first] = request
        if others:
            request.lead(config)
            request.add(others, config)
        else:
            request.config, request.is_explicit = config, True

    def lead(self, config: LoadingConfig) -> None:
        """Load what leads to another relationship, in the same way unless something else was asked for."""
        if config.strategy not in _EAGER:
            config = LoadingConfig(LoadingStrategy.SELECTIN)
        known = self.config
        if known is None or not self.is_explicit or known.strategy not in _EAGER:
            self.config, self.is_explicit = config, False


class _Planner:
    """Builds the tree of one query.

    Args:
        customs: The options of the user's own classes, by their names in the requests.
        batched: See `loading_plan`.
    """

    __slots__ = ("_batched", "_customs")

    def __init__(self, customs: dict[str, QueryOption], *, batched: bool) -> None:
        self._customs = customs
        self._batched = batched

    def plan(
        self,
        model: Model,
        requests: _Request,
        rest: LoadingConfig | None,
        path: _Path,
        *,
        skip: str | None = None,
        defaults: bool = True,
    ) -> Plan:
        """Plan for the instances of a model.

        Args:
            model: The model.
            requests: What options say of its relationships.
            rest: What they say of those that they do not name.
            path: The relationships that lead here; defaults do not follow one of them again.
            skip: The relationship that leads back, and is known.
            defaults: Whether to load what the model loads by default.
        """
        steps: list[Branch | QueryOption] = []
        for name, request in requests.below.items():
            custom = self._customs.get(name) if not path else None
            if custom is None:
                config = cast("LoadingConfig", request.config)
                steps.append(self._branch(model, attribute(model, name), config, request, path))
            else:
                steps.append(custom)
        for name, found in attributes(model).items():
            config = rest if rest is not None else LoadingConfig(found.default)
            wanted = rest is not None or (defaults and config.strategy in _EAGER)
            if wanted and name not in requests.below and name != skip and (model, name) not in path:
                steps.append(self._branch(model, found, config, _Request(), path))
        return Plan(steps)

    def _branch(
        self, model: Model, found: LoadableAttribute, config: LoadingConfig, request: _Request, path: _Path
    ) -> Branch:
        link = found.link(model)
        config = self._possible(model, found, config, link)
        below = self._below(model, found, config, link, request, path)
        return Branch(found, config, link, below, depth=len(path), is_default=request.config is None)

    def _possible(self, model: Model, found: LoadableAttribute, config: LoadingConfig, link: Link) -> LoadingConfig:
        if config.strategy is LoadingStrategy.JOINED:
            target = link.target_model
            if target is None or models.column_types(target) is None:
                name = f"{model.__name__}.{found.relationship_name}"
                raise ValueError(f"{name} cannot be loaded by JOIN: the columns of its table are not declared")
        if self._batched and (config.strategy is LoadingStrategy.SUBQUERY or (config.strategy in _EAGER and link.many)):
            return replace(config, strategy=LoadingStrategy.SELECTIN)
        return config

    def _below(
        self,
        model: Model,
        found: LoadableAttribute,
        config: LoadingConfig,
        link: Link,
        request: _Request,
        path: _Path,
    ) -> Plan:
        target = link.target_model
        if config.strategy not in _EAGER or target is None:
            for name in request.below:
                where = f"{model.__name__}.{found.relationship_name}"
                raise ValueError(f"Unknown relationship: {name} of {where}, which has no model with relationships")
            return Plan()
        below = (*path, (model, found.relationship_name))
        return self.plan(target, request, None, below, skip=found.reverse if link.many else None)
