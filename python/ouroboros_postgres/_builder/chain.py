"""The base of the builder: its state, how it is copied, and how its attributes show it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Generic, Self, TypeVar

from .fields import PARAMETERS, orders, windows
from .names import name_of
from .state import State

__all__ = ["Chain", "M"]

M = TypeVar("M")

_PARAMETERS: Final = tuple(name for name in PARAMETERS if name != "filters")
"""The parameters of a query behind its filters, in their order."""


class Chain(Generic[M]):
    """A query of the rows of one model. Immutable: every method makes a new one.

    The attributes are lists of plain tuples and names, made anew whenever they are read.
    """

    __slots__ = ("_state",)

    _state: State

    def __init__(
        self,
        model: type[M],
        filters: Iterable[Any] = (),
        _order_by: Iterable[Any] | None = None,
        _offset: int = 0,
        _limit: int = 0,
        _select: Iterable[Any] | None = None,
        _aggregates: Iterable[Any] | None = None,
        _group_by: Iterable[Any] | None = None,
        _having: Iterable[Any] | None = None,
        _distinct: bool | None = None,
        _distinct_on: Iterable[Any] | None = None,
        _ctes: Iterable[Any] | None = None,
        _subqueries: Iterable[Any] | None = None,
        _windows: Iterable[Any] | None = None,
        _set_operations: Iterable[Any] | None = None,
        _returning: Iterable[Any] | None = None,
        _options: Iterable[Any] | None = None,
    ) -> None:
        self._state = State(model, tuple(filters))
        parts = (
            *(_order_by, _offset, _limit, _select, _aggregates, _group_by, _having, _distinct, _distinct_on),
            *(_ctes, _subqueries, _windows, _set_operations, _returning, _options),
        )
        if any(parts):
            given = {name: part for name, part in zip(_PARAMETERS, parts, strict=True) if part}
            self._state = self._state.replace(**_read(given))

    def _clone(self, **changes: Any) -> Self:
        """Copy with changes, which are named and given as for the constructor."""
        return self._with(**_read(changes))

    def _with(self, **changes: Any) -> Self:
        """Copy with changes of the state."""
        if self._state.sets and not changes.keys().isdisjoint(("filters", "json", "subqueries")):
            raise ValueError(
                "a condition behind a set operation would only concern its left query: "
                "add it to the queries before they are combined, or to one that reads from the combined (from_cte)"
            )
        return self._of(self._state.replace(**changes))

    @classmethod
    def _of(cls, state: State) -> Self:
        """Make a builder of a state."""
        other = object.__new__(cls)
        other._state = state
        return other

    @property
    def _model(self) -> type[M]:
        return self._state.model

    @property
    def _filters(self) -> tuple[Any, ...]:
        return self._state.filters

    @property
    def _order_by_spec(self) -> list[tuple[str, str]]:
        return orders(self._state.order)

    @property
    def _offset_val(self) -> int:
        return self._state.offset

    @property
    def _limit_val(self) -> int:
        return self._state.limit

    @property
    def _select_cols(self) -> list[str] | None:
        select = self._state.select
        return None if select is None else [name_of(item) for item in select]

    @property
    def _aggregates_spec(self) -> list[tuple[str, str | None, str | None]]:
        return [(item.function, _optional_name(item.column), item.alias) for item in self._state.aggregates]

    @property
    def _group_by_cols(self) -> list[str]:
        return [name_of(item) for item in self._state.group]

    @property
    def _having_conditions(self) -> list[tuple[str, str | None, str, Any]]:
        return [(item.function, _optional_name(item.column), item.operator, item.value) for item in self._state.having]

    @property
    def _distinct(self) -> bool:
        return self._state.distinct

    @property
    def _distinct_on_cols(self) -> list[str]:
        return [name_of(item) for item in self._state.distinct_on]

    @property
    def _returning(self) -> list[str]:
        return list(self._state.returning)

    @property
    def _ctes(self) -> list[tuple[str, str, list[Any]]]:
        return [(item.name, *item.query.to_sql()) for item in self._state.ctes]

    @property
    def _cte_table_name(self) -> str | None:
        return self._state.source

    @property
    def _subqueries(self) -> list[tuple[str, str | None, str, list[Any]]]:
        return [(item.kind, _optional_name(item.column), *item.query.to_sql()) for item in self._state.subqueries]

    @property
    def _set_operations(self) -> list[tuple[str, str, list[Any]]]:
        return [(item.operation, *item.query.to_sql()) for item in self._state.sets]

    @property
    def _windows(self) -> list[tuple[Any, ...]]:
        return windows(self._state)

    @property
    def _json_conditions(self) -> list[tuple[str, str, Any]]:
        return [(item.operator, name_of(item.column), item.value) for item in self._state.json]

    @property
    def _options(self) -> list[Any]:
        return list(self._state.options)


def _read(changes: dict[str, Any]) -> dict[str, Any]:
    """Turn parameters of the constructor into parts of the state."""
    parts: dict[str, Any] = {}
    for name, value in changes.items():
        if name == "model":
            parts["model"] = value
            continue
        known = PARAMETERS.get(name)
        if known is None:
            raise TypeError(f"a query has no part {name!r}")
        part, read = known
        parts[part] = read(value)
    return parts


def _optional_name(item: Any) -> str | None:
    return None if item is None else name_of(item)
