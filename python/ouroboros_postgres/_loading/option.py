"""Options of queries: what is done with the instances that a query gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

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

    def __repr__(self) -> str:
        names = ", ".join(map(repr, self.relationship_names))
        return f"{type(self).__name__}({names})"
