"""Trees of simple queries, kept encoded: those that differ in nothing but values have the same tree."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from uuid import UUID
from weakref import WeakKeyDictionary

from .._arguments import PLAIN
from .._sql import models
from .._sql.encoder import Encoder
from .._sql.expression import SqlExpr
from .._sql.proxy import ColumnProxy
from . import tree
from .execution import opening

if TYPE_CHECKING:
    from .state import Order, State

__all__ = ["Prepared", "prepared"]

_Shape: TypeAlias = tuple[str | bool, ...]

_PARTS: Final = frozenset(("model", "filters", "order", "limit", "offset"))
_OPERATORS: Final = frozenset(("=", "!=", ">", ">=", "<", "<=", "LIKE", "ILIKE"))
_VALUES: Final = (PLAIN - {type(None)}) | {
    *(float, bytes, Decimal, UUID),
    *(dt.datetime, dt.date, dt.time, dt.timedelta),
}
"""Types of values that are bound as one parameter, whatever they are compared with."""

_MOST_SHAPES: Final = 256
_known: Final[WeakKeyDictionary[models.Model, dict[_Shape, bytes]]] = WeakKeyDictionary()


class Prepared(NamedTuple):
    """A statement that is ready to be sent.

    Attributes:
        opening: What its request begins with; see `execution.opening`.
        values: The values of its slots.
    """

    opening: bytes
    values: list[Any]


def prepared(state: State) -> Prepared | None:
    """Find or make the select of a query; `None` unless it just compares columns of its model with values."""
    if not state.__dict__.keys() <= _PARTS:
        return None
    shape: list[str | bool] = [models.source_key(state.model), bool(state.limit), bool(state.offset)]
    values: list[Any] = []
    if not (_add_filters(state, shape, values) and _add_order(state.order, state.model, shape)):
        return None
    values += [number for number in (state.limit, state.offset) if number]
    return Prepared(_opening(state, tuple(shape)), values)


def _add_filters(state: State, shape: list[str | bool], values: list[Any]) -> bool:
    for each in state.filters:
        if type(each) is not SqlExpr or each.op not in _OPERATORS or type(each.value) not in _VALUES:
            return False
        name = _own_name(each.operand, state.model)
        if name is None:
            return False
        shape += (name, each.op)
        values.append(each.value)
    return True


def _add_order(order: tuple[Order, ...], model: models.Model, shape: list[str | bool]) -> bool:
    for each in order:
        name = each.column if isinstance(each.column, str) else _own_name(each.column, model)
        if name is None:
            return False
        shape += (name is each.column, name, each.direction)
    return True


def _own_name(column: object, model: models.Model) -> str | None:
    """The name of a column of the model itself."""
    if isinstance(column, ColumnProxy) and column.model is model and column.aliased is None:
        return column.name
    return None


def _opening(state: State, shape: _Shape) -> bytes:
    shapes = _known.get(state.model)
    if shapes is None:
        shapes = _known[state.model] = {}
    known = shapes.get(shape)
    if known is None:
        if len(shapes) >= _MOST_SHAPES:
            shapes.clear()
        known = shapes[shape] = opening({"select": tree.select(state, Encoder())})
    return known
