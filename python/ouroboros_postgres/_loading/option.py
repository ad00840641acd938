"""Options of queries: what is done with the instances that a query gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from .._sql import models
from .config import LoadingConfig, LoadingStrategy

__all__ = ["QueryOption", "RelationshipOption"]


class QueryOption(ABC):
    """Something to do with the instances of a query, given to `QueryBuilder.options`."""

    @abstractmethod
    async def apply(self, instances: list[Any]) -> None:
        """Work on the instances that a query gave; called once they are complete.

        Args:
            instances: The result of the query, or a batch of it. It may be changed in place.
        """


class RelationshipOption(QueryOption):
    """How to load relationships.

    Args:
        relationship_name: An attribute, or a path of attributes with dots between them.
        more: Further ones.
    """

    strategy: ClassVar[LoadingStrategy]

    def __init__(self, relationship_name: str, *more: str) -> None:
        self.relationship_names = (relationship_name, *more)
        for name in self.relationship_names:
            if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may not check types
                raise TypeError(f"the name of a relationship must be str, not {type(name).__name__}")
        self.relationship_name = relationship_name

    @property
    def config(self) -> LoadingConfig:
        """How the relationships are loaded."""
        return LoadingConfig(self.strategy)

    @property
    def is_planned(self) -> bool:
        """Whether the query itself sees to it, as `apply` is not that of a class of the user's own."""
        return type(self).apply is RelationshipOption.apply

    async def apply(self, instances: list[Any]) -> None:
        """Do for instances what the option does for those of a query.

        Raises:
            ValueError: One of them has no such relationship.
        """
        from .fetch import apply_plan  # these plan what options say, and so import this
        from .plan import named_plan

        by_model: dict[models.Model, list[Any]] = {}
        for instance in instances:
            by_model.setdefault(models.class_of(instance), []).append(instance)
        for model, group in by_model.items():
            await apply_plan(named_plan(model, self), group)

    def __repr__(self) -> str:
        names = ", ".join(map(repr, self.relationship_names))
        return f"{type(self).__name__}({names})"
