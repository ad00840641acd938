"""Queries as plain data: what is asked, not how it is written. Two renderers turn them into SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = [
    "Aggregate",
    "Boolean",
    "Col",
    "Compare",
    "CompareColumns",
    "CompareQuery",
    "Condition",
    "Exists",
    "Having",
    "In",
    "Join",
    "Order",
    "Output",
    "Page",
    "Query",
    "Related",
    "Window",
]


@dataclass(frozen=True)
class Col:
    """A column of one of the sources of a query or of the query around it."""

    source: str
    name: str


@dataclass(frozen=True)
class Compare:
    """`style` says in which of its forms the builder gets the comparison."""

    col: Col
    op: str
    value: Any
    style: str = "proxy"


@dataclass(frozen=True)
class CompareColumns:
    left: Col
    op: str
    right: Col


@dataclass(frozen=True)
class CompareQuery:
    """`col op (SELECT one row)`."""

    col: Col
    op: str
    query: Query


@dataclass(frozen=True)
class In:
    """`negated` ignores the NULLs of the query."""

    col: Col
    query: Query
    negated: bool


@dataclass(frozen=True)
class Exists:
    query: Query
    negated: bool


@dataclass(frozen=True)
class Related:
    """Some row of another table that belongs to a row of `source` satisfies the condition."""

    source: str
    name: str
    target: str
    condition: Condition | None


@dataclass(frozen=True)
class Boolean:
    operator: str
    members: tuple[Condition, ...]
    style: str = "operators"


Condition: TypeAlias = "Compare | CompareColumns | CompareQuery | In | Exists | Related | Boolean"


@dataclass(frozen=True)
class Join:
    """`model` joined as `source`; `source` is its alias unless it equals the model's name."""

    kind: str
    model: str
    source: str
    on: Condition


@dataclass(frozen=True)
class Order:
    """`item` is a column, or the label of a result column."""

    item: Col | str
    descending: bool = False
    nulls: str | None = None


@dataclass(frozen=True)
class Page:
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None


@dataclass(frozen=True)
class Output:
    """A result column: a column, or the one value of a subquery."""

    label: str
    item: Col | Query


@dataclass(frozen=True)
class Aggregate:
    function: str
    col: Col | None
    label: str


@dataclass(frozen=True)
class Having:
    function: str
    col: Col | None
    op: str
    value: Any


@dataclass(frozen=True)
class Window:
    function: str
    col: Col | None
    label: str
    partition: tuple[Col, ...] = ()
    order: tuple[tuple[Col, str], ...] = ()
    frame: tuple[str, int | None, int | None] | None = None
    offset: int | None = None
    default: Any = None


@dataclass(frozen=True)
class Query:
    """`sets` are applied from left to right to what `page` limits; `after` concerns the combined result."""

    model: str
    joins: tuple[Join, ...] = ()
    where: tuple[Condition, ...] = ()
    columns: tuple[Output, ...] = ()
    distinct: bool = False
    distinct_on: tuple[Col, ...] = ()
    groups: tuple[Col, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    having: tuple[Having, ...] = ()
    windows: tuple[Window, ...] = ()
    page: Page = field(default_factory=Page)
    sets: tuple[tuple[str, Query], ...] = ()
    after: Page = field(default_factory=Page)
    ordered: bool = False
