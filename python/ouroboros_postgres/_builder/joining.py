"""Joins."""

from __future__ import annotations

from typing import Any, Final, Self

from ..errors import IdentifierError
from . import names
from .chain import Chain, M
from .state import Join

__all__ = ["Joining"]

_KINDS: Final = ("inner", "left", "right", "full")


class Joining(Chain[M]):
    """Methods that join other tables.

    The query still gives the rows of its own model, once for each row they are joined to; `distinct()` or an EXISTS
    filter (`any_`) avoids that. Columns of other tables can be selected, and are in the rows of `to_dicts()`.
    """

    __slots__ = ()

    def join(self, target: Any, on: Any = None, *, how: str = "left", alias: str | None = None) -> Self:
        """Join a table, by LEFT JOIN unless `how` says otherwise.

        Args:
            target: A model, an aliased model, a relationship (the attribute of the class, or its name), or the name of
                a table.
            on: A condition on any of the tables joined so far; left out it follows from the relationship, or from the
                only foreign key between the model and the table.
            how: `inner`, `left`, `right` or `full`.
            alias: What to call the table in this query; a table that occurs again is otherwise called `<table>_1`,
                `_2`, and so on.

        Raises:
            ValueError: The kind is unknown, the alias is taken, or there is not exactly one foreign key. All but the
                first may be found only when the query is used.
            TypeError: An argument is of the wrong type.
        """
        kind = names.text("how", how).lower()
        if kind not in _KINDS:
            raise ValueError(f"Unknown join: {how!r}; it must be one of {', '.join(_KINDS)}")
        if alias is not None:
            self._check_alias(alias)
        return self._with(joins=(*self._state.joins, Join(kind, target, on, alias)))

    def inner_join(self, target: Any, on: Any = None, *, alias: str | None = None) -> Self:
        """Join by INNER JOIN; see `join`."""
        return self.join(target, on, how="inner", alias=alias)

    def left_join(self, target: Any, on: Any = None, *, alias: str | None = None) -> Self:
        """Join by LEFT JOIN; see `join`."""
        return self.join(target, on, how="left", alias=alias)

    def right_join(self, target: Any, on: Any = None, *, alias: str | None = None) -> Self:
        """Join by RIGHT JOIN; see `join`. Rows without a partner in the model's table have None in all its columns."""
        return self.join(target, on, how="right", alias=alias)

    def full_join(self, target: Any, on: Any = None, *, alias: str | None = None) -> Self:
        """Join by FULL OUTER JOIN; see `right_join`."""
        return self.join(target, on, how="full", alias=alias)

    def _check_alias(self, alias: str) -> None:
        if not names.text("the alias of a join", alias):
            raise IdentifierError("Invalid alias: it is empty")
        if any(join.alias == alias for join in self._state.joins):
            raise ValueError(f"Duplicate alias: {alias}")
