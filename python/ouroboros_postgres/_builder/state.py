"""What a query consists of: an immutable value that every chained method replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from .._sql.models import Model
    from .inner import InnerQuery

__all__ = [
    "Aggregate",
    "ColumnItem",
    "CommonTable",
    "Having",
    "Join",
    "JsonCondition",
    "Lock",
    "Order",
    "Page",
    "SetOperation",
    "State",
    "SubqueryCondition",
    "Window",
]

ColumnItem: TypeAlias = Any
"""A name, or an object that has one and knows where it belongs: a proxy, a label."""


class Order(NamedTuple):
    """One item of ORDER BY; the direction may end in NULLS FIRST or NULLS LAST."""

    column: ColumnItem
    direction: str = "ASC"


class Aggregate(NamedTuple):
    """`function(column) AS alias`."""

    function: str
    column: ColumnItem | None
    alias: str | None


class Having(NamedTuple):
    """`function(column) operator value`."""

    function: str
    column: ColumnItem | None
    operator: str
    value: Any


class Window(NamedTuple):
    """`function(column, offset, default) OVER (PARTITION BY … ORDER BY … frame) AS alias`."""

    function: str
    column: ColumnItem | None
    offset: int | None
    default: Any
    partition: tuple[ColumnItem, ...]
    order: tuple[Order, ...]
    alias: str
    frame: tuple[str, int | None, int | None] | None = None


class JsonCondition(NamedTuple):
    """`column operator value` on a JSON document; the value is JSON text, a key, or a list of keys."""

    operator: str
    column: ColumnItem
    value: Any


class CommonTable(NamedTuple):
    """`name AS (query)` of WITH."""

    name: str
    query: InnerQuery


class SubqueryCondition(NamedTuple):
    """A condition with a subquery: `in`, `not_in`, `exists`, `not_exists`."""

    kind: str
    column: ColumnItem | None
    query: InnerQuery


class SetOperation(NamedTuple):
    """`UNION (query)` and so on."""

    operation: str
    query: InnerQuery


class Page(NamedTuple):
    """Which rows, and in which order: what the left operand of set operations has for itself."""

    order: tuple[Order, ...]
    limit: int
    offset: int


class Join(NamedTuple):
    """`kind JOIN target ON on`; without a condition it follows from the declarations of the models."""

    kind: str
    target: Any
    on: Any
    alias: str | None


class Lock(NamedTuple):
    """`FOR strength OF of`, with what to do about rows that others have locked."""

    strength: str
    of: tuple[Any, ...]
    nowait: bool
    skip_locked: bool


class State:
    """The parts of a query; what is not set has the default of the class.

    Attributes:
        select: The selected columns, `None` for all.
        only: The columns to load, `None` for all; beats `deferred`.
        left: The page of the left operand, once there is a set operation.
        source: The name of the common table to read instead of the model's table.
    """

    model: Model
    filters: tuple[Any, ...] = ()
    order: tuple[Order, ...] = ()
    offset: int = 0
    limit: int = 0
    select: tuple[ColumnItem, ...] | None = None
    only: tuple[str, ...] | None = None
    deferred: tuple[str, ...] = ()
    distinct: bool = False
    distinct_on: tuple[ColumnItem, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    group: tuple[ColumnItem, ...] = ()
    having: tuple[Having, ...] = ()
    windows: tuple[Window, ...] = ()
    json: tuple[JsonCondition, ...] = ()
    subqueries: tuple[SubqueryCondition, ...] = ()
    ctes: tuple[CommonTable, ...] = ()
    source: str | None = None
    sets: tuple[SetOperation, ...] = ()
    left: Page | None = None
    joins: tuple[Join, ...] = ()
    lock: Lock | None = None
    returning: tuple[str, ...] = ()
    options: tuple[Any, ...] = ()

    def __init__(self, model: Model, filters: tuple[Any, ...] = ()) -> None:
        self.model = model
        self.filters = filters

    def replace(self, **changes: Any) -> State:
        """Make a state that differs in some parts."""
        other = object.__new__(State)
        other.__dict__.update(self.__dict__)
        other.__dict__.update(changes)
        return other

    def reshaping(self) -> dict[str, object]:
        """The parts by which rows of the result are no longer rows of tables, by what messages call them."""
        return {
            "DISTINCT": self.distinct or self.distinct_on,
            "GROUP BY": self.group,
            "HAVING": self.having,
            "aggregates": self.aggregates,
            "windows": self.windows,
            "set operations": self.sets,
        }
