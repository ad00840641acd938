"""What a window function looks at: partitions, their order, and the frame."""

from __future__ import annotations

from typing import Any, TypeAlias

from . import names
from .state import ColumnItem, Order, Window

__all__ = ["WindowSpec"]

Frame: TypeAlias = tuple[str, int | None, int | None]


class WindowSpec:
    """The rows that a window function looks at. Immutable: every method makes a new one.

    With an order but without a frame a window ends at the current row and its peers, as SQL has it: `last_value` then
    gives the value of the current row. `rows_between(None, None)` makes it the whole partition.
    """

    __slots__ = ("_frame", "_order", "_partition")

    def __init__(self) -> None:
        self._partition: tuple[ColumnItem, ...] = ()
        self._order: tuple[Order, ...] = ()
        self._frame: Frame | None = None

    def partition_by(self, *columns: Any) -> WindowSpec:
        """Divide the rows by more columns: names, or objects that have one.

        Raises:
            TypeError: A column is something else.
        """
        spec = self._copy()
        spec._partition += tuple([names.named("each of the columns of partition_by()", column) for column in columns])
        return spec

    def order_by(self, column: Any, direction: str = "asc") -> WindowSpec:
        """Order the rows of a partition by one more column.

        Args:
            column: A name, or an object that has one.
            direction: `asc` or `desc`, perhaps with `nulls first` or `nulls last`.

        Raises:
            ValueError: The direction is another word.
            TypeError: The column is something else.
        """
        names.direction("order_by()", direction)
        spec = self._copy()
        spec._order += (Order(names.named("the column of order_by()", column), direction),)
        return spec

    def rows_between(self, start: int | None, end: int | None) -> WindowSpec:
        """Look at rows by their distance: negative before the current row, 0 that row, `None` the end of the partition.

        Raises:
            TypeError: A bound is something else.
        """
        return self._framed("rows", start, end)

    def range_between(self, start: int | None, end: int | None) -> WindowSpec:
        """Look at rows by the distance of their values in the order; bounds as for `rows_between`."""
        return self._framed("range", start, end)

    def window(self, function: str, column: Any, offset: int | None, default: Any, alias: str) -> Window:
        """A window function over these rows."""
        return Window(function, column, offset, default, self._partition, self._order, alias, self._frame)

    @property
    def _partition_by(self) -> list[str]:
        return [names.name_of(item) for item in self._partition]

    @property
    def _order_by(self) -> list[tuple[str, str]]:
        return [(names.name_of(item.column), item.direction) for item in self._order]

    def _copy(self) -> WindowSpec:
        spec = WindowSpec()
        spec._partition, spec._order, spec._frame = self._partition, self._order, self._frame
        return spec

    def _framed(self, unit: str, start: Any, end: Any) -> WindowSpec:
        for bound in (start, end):
            if bound is not None and type(bound) is not int:
                raise TypeError(f"a bound of {unit}_between() must be int or None, not {type(bound).__name__}")
        spec = self._copy()
        spec._frame = (unit, start, end)
        return spec

    def __repr__(self) -> str:
        frame = "" if self._frame is None else f", frame={self._frame!r}"
        return f"WindowSpec(partition_by={self._partition_by!r}, order_by={self._order_by!r}{frame})"
