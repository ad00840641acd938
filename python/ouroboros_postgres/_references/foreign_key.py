"""The row that a foreign key refers to."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeAlias

__all__ = ["ForeignKeyProxy"]

Row: TypeAlias = dict[str, Any]


class ForeignKeyProxy:
    """The row that a foreign key refers to, fetched once.

    Args:
        target_table: `name` or `schema.name` of the table referred to.
        foreign_key_column: The column of that table that has the value.
        foreign_key_value: The value.
    """

    __slots__ = ("_is_fetched", "_row", "_value", "foreign_key_column", "target_table")

    def __init__(self, target_table: str, foreign_key_column: str, foreign_key_value: Any) -> None:
        self.target_table = target_table
        self.foreign_key_column = foreign_key_column
        self._value = foreign_key_value
        self._row: Row | None = None
        self._is_fetched = foreign_key_value is None

    @property
    def ref(self) -> Any:
        """The value of the foreign key."""
        return self._value

    @property
    def id(self) -> Any:
        """The value of the foreign key."""
        return self._value

    @property
    def column_value(self) -> Any:
        """The value of the foreign key."""
        return self._value

    @property
    def is_fetched(self) -> bool:
        """Whether the row is here, or known not to exist."""
        return self._is_fetched

    async def fetch(self) -> Row | None:
        """Fetch the row, `None` if there is none; only the first call asks. Joins the ambient transaction."""
        if not self._is_fetched:
            from .. import find_by_foreign_key  # the name of the package, which may be replaced

            self._row = await find_by_foreign_key(self.target_table, self.foreign_key_column, self._value)
            self._is_fetched = True
        return self._row

    def __await__(self) -> Generator[Any, Any, Row | None]:
        return self.fetch().__await__()

    def __repr__(self) -> str:
        state = "fetched" if self._is_fetched else "not fetched"
        return f"ForeignKeyProxy({self.target_table}.{self.foreign_key_column}={self._value!r}, {state})"
