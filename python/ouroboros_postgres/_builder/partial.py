"""Loading only some columns of the model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from .._sql import models
from . import names
from .chain import Chain, M

__all__ = ["PartialLoading"]


class PartialLoading(Chain[M]):
    """Methods that leave columns of the model out of the select list.

    Instances know which columns they have: one that was left out is loaded when it is awaited.
    """

    __slots__ = ()

    def defer(self, *columns: Any) -> Self:
        """Leave more columns out; without arguments none is left out any more.

        Raises:
            ValueError: The model has no such column.
        """
        deferred = (*self._state.deferred, *self._declared("defer", columns)) if columns else ()
        return self._with(deferred=tuple(dict.fromkeys(deferred)))

    def undefer(self, *columns: Any) -> Self:
        """Put columns back that `defer` has left out, all of them without arguments.

        Raises:
            ValueError: The model has no such column.
        """
        back = self._declared("undefer", columns)
        return self._with(deferred=tuple([name for name in self._state.deferred if back and name not in back]))

    def only(self, *columns: Any) -> Self:
        """Load just these columns and the primary key, whatever `defer` says; without arguments all again.

        Raises:
            ValueError: The model has no such column.
        """
        return self._with(only=self._declared("only", columns) or None)

    def _declared(self, method: str, columns: Iterable[Any]) -> tuple[str, ...]:
        known = models.column_types(self._model)
        found = [names.name_of(names.column(f"each of the columns of {method}()", item)) for item in columns]
        for name in found:
            if known is None or name not in known:
                raise ValueError(f"{method}(): {self._model.__name__} has no column {name!r}")
        return tuple(found)
