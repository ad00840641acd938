"""Options of a query: what becomes of the instances once they are there."""

from __future__ import annotations

from typing import Any, Self

from .._loading.config import LoadingConfig
from .._loading.option import QueryOption
from .chain import M
from .partial import PartialLoading

__all__ = ["LoadingOptions"]


class LoadingOptions(PartialLoading[M]):
    """Methods that say how related rows are loaded with those of the query."""

    __slots__ = ()

    def options(self, *options: QueryOption | LoadingConfig) -> Self:
        """Add options; they act in this order on the instances that the query gives, not on its other results.

        Args:
            *options: `selectinload("author")`, `joined("author")`, `noload(…)`, `raiseload(…)`; `defer(…)`,
                `undefer(…)` and `only(…)`, which act as the methods of this name; objects of other classes that derive
                from `QueryOption`.

        Raises:
            TypeError: An option is something else.
            ValueError: An option is about a column that the model does not have. Names of relationships are checked
                when the query is used.
        """
        changed = self
        for option in options:
            if isinstance(option, LoadingConfig) and option.columns is not None:
                changed = changed._restricted(option, option.columns)
            else:
                changed = changed._with(options=(*changed._state.options, _option(option)))
        return changed

    def _restricted(self, option: LoadingConfig, columns: list[Any]) -> Self:
        if option.only:
            return self.only(*columns)
        return self.defer(*columns) if option.deferred_columns else self.undefer(*columns)


def _option(option: Any) -> QueryOption | LoadingConfig:
    if not isinstance(option, (QueryOption, LoadingConfig)):
        raise TypeError(f"an option must be a QueryOption or a LoadingConfig, not {type(option).__name__}")
    return option
