"""Options of queries: which related objects a query loads, and how.

`Post.find().options(selectinload("author"), noload("comments"))`
"""

from __future__ import annotations

from typing import overload

from ._loading.config import LoadingConfig, LoadingStrategy
from ._loading.option import QueryOption, RelationshipOption
from .telemetry import add_exception, create_relationship_span, is_tracing_enabled, set_span_result

__all__ = [
    "JoinedLoad",
    "LazyLoad",
    "NoLoad",
    "QueryOption",
    "RaiseLoad",
    "SelectInLoad",
    "SubqueryLoad",
    "add_exception",
    "create_relationship_span",
    "is_tracing_enabled",
    "joined",
    "joinedload",
    "lazy",
    "noload",
    "raiseload",
    "selectinload",
    "set_span_result",
    "subquery",
]


class SelectInLoad(RelationshipOption):
    """Load the related rows of all instances by one more statement."""

    strategy = LoadingStrategy.SELECTIN


class SubqueryLoad(RelationshipOption):
    """Load the related rows by one more statement that contains the query."""

    strategy = LoadingStrategy.SUBQUERY


class JoinedLoad(RelationshipOption):
    """Load the related rows together with those of the query, by JOIN.

    `apply`, where the query is over, loads them as `SelectInLoad` does.

    Args:
        relationship_name: An attribute, or a path of attributes with dots between them.
        more: Further ones.
        innerjoin: Whether rows without a related row are left out.
    """

    strategy = LoadingStrategy.JOINED

    def __init__(self, relationship_name: str, *more: str, innerjoin: bool = False) -> None:
        super().__init__(relationship_name, *more)
        self.innerjoin = innerjoin

    @property
    def config(self) -> LoadingConfig:
        """How the relationships are loaded."""
        return LoadingConfig(self.strategy, innerjoin=self.innerjoin)


class LazyLoad(RelationshipOption):
    """Load when the relationship is awaited, whatever the model says."""

    strategy = LoadingStrategy.LAZY


class NoLoad(RelationshipOption):
    """Load nothing: the relationship is `None`, or an empty list."""

    strategy = LoadingStrategy.NOLOAD


class RaiseLoad(RelationshipOption):
    """Forbid to load later what is not loaded.

    Args:
        relationship_name: An attribute, or a path of attributes with dots between them.
        more: Further ones.
        sql_only: Whether only what needs a statement is forbidden.
    """

    strategy = LoadingStrategy.RAISE

    def __init__(self, relationship_name: str, *more: str, sql_only: bool = False) -> None:
        super().__init__(relationship_name, *more)
        self.sql_only = sql_only

    @property
    def config(self) -> LoadingConfig:
        """How the relationships are loaded."""
        return _raising(self.sql_only)


# With names these give options, without a configuration for all relationships that no option names.


@overload
def selectinload() -> LoadingConfig: ...
@overload
def selectinload(relationship_name: str, *more: str) -> SelectInLoad: ...
def selectinload(relationship_name: str | None = None, *more: str) -> SelectInLoad | LoadingConfig:
    """Load related rows by one more statement for all instances of the query."""
    if relationship_name is None:
        return LoadingConfig(LoadingStrategy.SELECTIN)
    return SelectInLoad(relationship_name, *more)


@overload
def noload() -> LoadingConfig: ...
@overload
def noload(relationship_name: str, *more: str) -> NoLoad: ...
def noload(relationship_name: str | None = None, *more: str) -> NoLoad | LoadingConfig:
    """Load nothing: relationships are `None`, or empty lists."""
    return LoadingConfig(LoadingStrategy.NOLOAD) if relationship_name is None else NoLoad(relationship_name, *more)


@overload
def lazy() -> LoadingConfig: ...
@overload
def lazy(relationship_name: str, *more: str) -> LazyLoad: ...
def lazy(relationship_name: str | None = None, *more: str) -> LazyLoad | LoadingConfig:
    """Load each relationship when it is awaited."""
    return LoadingConfig(LoadingStrategy.LAZY) if relationship_name is None else LazyLoad(relationship_name, *more)


@overload
def subquery() -> LoadingConfig: ...
@overload
def subquery(relationship_name: str, *more: str) -> SubqueryLoad: ...
def subquery(relationship_name: str | None = None, *more: str) -> SubqueryLoad | LoadingConfig:
    """Load related rows by one more statement that contains the query.

    Where the query could give other rows the second time, having a limit but no unambiguous order, the statement has
    the keys of its rows instead.
    """
    if relationship_name is None:
        return LoadingConfig(LoadingStrategy.SUBQUERY)
    return SubqueryLoad(relationship_name, *more)


@overload
def raiseload(relationship_name: bool | None = None, *, sql_only: bool = False) -> LoadingConfig: ...
@overload
def raiseload(relationship_name: str, *more: str, sql_only: bool = False) -> RaiseLoad: ...
def raiseload(
    relationship_name: str | bool | None = None, *more: str, sql_only: bool = False
) -> RaiseLoad | LoadingConfig:
    """Forbid to load later what is not loaded: awaiting it is a `LazyLoadError`.

    Args:
        relationship_name: The relationship; or `sql_only`.
        more: Further ones.
        sql_only: Whether only what needs a statement is forbidden; it is a `SQLGenerationError`.
    """
    if isinstance(relationship_name, str):
        return RaiseLoad(relationship_name, *more, sql_only=sql_only)
    return _raising(sql_only or bool(relationship_name))


def _raising(sql_only: bool) -> LoadingConfig:
    return LoadingConfig(LoadingStrategy.RAISE_ON_SQL if sql_only else LoadingStrategy.RAISE, sql_only=sql_only)


@overload
def joined(relationship_name: bool | None = None, *, innerjoin: bool = False) -> LoadingConfig: ...
@overload
def joined(relationship_name: str, *more: str, innerjoin: bool = False) -> JoinedLoad: ...
def joined(
    relationship_name: str | bool | None = None, *more: str, innerjoin: bool = False
) -> JoinedLoad | LoadingConfig:
    """Load related rows together with those of the query, by JOIN.

    Args:
        relationship_name: The relationship; or `innerjoin`.
        more: Further ones.
        innerjoin: Whether rows without a related row are left out.
    """
    if isinstance(relationship_name, str):
        return JoinedLoad(relationship_name, *more, innerjoin=innerjoin)
    return LoadingConfig(LoadingStrategy.JOINED, innerjoin=innerjoin or bool(relationship_name))


def joinedload(relationship_name: str, *more: str, innerjoin: bool = False) -> JoinedLoad:
    """Load related rows together with those of the query, by JOIN; see `joined`."""
    return JoinedLoad(relationship_name, *more, innerjoin=innerjoin)
