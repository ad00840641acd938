"""Window functions."""

from __future__ import annotations

from typing import Any, Self

from . import names
from .chain import Chain, M
from .window_spec import WindowSpec

__all__ = ["Windowing"]


class Windowing(Chain[M]):
    """Methods that add the result of a window function to every row, under an alias."""

    __slots__ = ()

    def window(
        self,
        func_type: str,
        alias: str,
        column: Any = None,
        spec: WindowSpec | None = None,
        offset: int | None = None,
        default: Any = None,
    ) -> Self:
        """Add any window function.

        Args:
            func_type: `row_number`, `rank`, `dense_rank`, `percent_rank`, `cume_dist`, `ntile`, `lag`, `lead`,
                `first_value`, `last_value`, `nth_value`, `sum`, `avg`, `min`, `max`, `count`, `count_column`.
            alias: The name of the result.
            column: What the function is applied to.
            spec: The rows that it looks at, by default all of them.
            offset: Rows of distance of `lag` and `lead`, parts of `ntile`, position of `nth_value`.
            default: What `lag` and `lead` give where there is no such row.

        Raises:
            TypeError: An argument is of the wrong type.
        """
        names.text("func_type", func_type)
        if column is not None:
            column = names.column(f"the column of {func_type}()", column)
        if offset is not None:
            offset = names.whole(f"the offset of {func_type}()", offset)
        rows = _spec(f"the spec of {func_type}()", spec)
        added = rows.window(func_type, column, offset, default, names.text(f"the alias of {func_type}()", alias))
        return self._with(windows=(*self._state.windows, added))

    def row_number(self, alias: str, spec: WindowSpec | None = None) -> Self:
        """Number the rows of each partition."""
        return self.window("row_number", alias, None, spec)

    def rank(self, alias: str, spec: WindowSpec | None = None) -> Self:
        """Rank the rows of each partition, with gaps behind equal ones."""
        return self.window("rank", alias, None, spec)

    def dense_rank(self, alias: str, spec: WindowSpec | None = None) -> Self:
        """Rank the rows of each partition without gaps."""
        return self.window("dense_rank", alias, None, spec)

    def ntile(self, n: int, alias: str, spec: WindowSpec | None = None) -> Self:
        """Divide the rows of each partition into `n` parts as equal as possible, and number these."""
        return self.window("ntile", alias, None, spec, n)

    def lag(
        self, column: Any, alias: str, offset: int = 1, default: Any = None, spec: WindowSpec | None = None
    ) -> Self:
        """The value that the row `offset` rows before has, `default` where there is none."""
        return self.window("lag", alias, column, spec, offset, default)

    def lead(
        self, column: Any, alias: str, offset: int = 1, default: Any = None, spec: WindowSpec | None = None
    ) -> Self:
        """The value that the row `offset` rows behind has, `default` where there is none."""
        return self.window("lead", alias, column, spec, offset, default)

    def first_value(self, column: Any, alias: str, spec: WindowSpec | None = None) -> Self:
        """The value of the first row of the window."""
        return self.window("first_value", alias, column, spec)

    def last_value(self, column: Any, alias: str, spec: WindowSpec | None = None) -> Self:
        """The value of the last row of the window, which is the current row if there is an order but no frame."""
        return self.window("last_value", alias, column, spec)

    def window_count(self, column: Any, alias: str, spec: WindowSpec | None = None) -> Self:
        """Count the values of a column in the window that are not NULL; its rows with `None` as the column."""
        return self.window("count" if column is None else "count_column", alias, column, spec)

    def window_sum(self, column: Any, alias: str, spec: WindowSpec | None = None) -> Self:
        """Add the values in the window: a running total if there is an order."""
        return self.window("sum", alias, column, spec)

    def window_avg(self, column: Any, alias: str, spec: WindowSpec | None = None) -> Self:
        """The mean of the values in the window."""
        return self.window("avg", alias, column, spec)

    def window_min(self, column: Any, alias: str, spec: WindowSpec | None = None) -> Self:
        """The least value in the window."""
        return self.window("min", alias, column, spec)

    def window_max(self, column: Any, alias: str, spec: WindowSpec | None = None) -> Self:
        """The greatest value in the window."""
        return self.window("max", alias, column, spec)


def _spec(what: str, value: Any) -> WindowSpec:
    if value is None:
        return WindowSpec()
    if not isinstance(value, WindowSpec):
        raise TypeError(f"{what} must be a WindowSpec, not {type(value).__name__}")
    return value
