"""What can be asked of the loading of a relationship or of columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["LazyLoadError", "LoadingConfig", "LoadingStrategy", "SQLGenerationError"]


class LazyLoadError(RuntimeError):
    """Something was not loaded, and loading it when it is asked for was forbidden."""


class SQLGenerationError(RuntimeError):
    """Loading would have needed a statement, and only what is in memory was allowed."""


class LoadingStrategy(StrEnum):
    """How something related is loaded."""

    LAZY = "lazy"
    JOINED = "joined"
    SUBQUERY = "subquery"
    SELECTIN = "selectin"
    NOLOAD = "noload"
    RAISE = "raise"
    RAISE_ON_SQL = "raise_on_sql"


@dataclass
class LoadingConfig:
    """How to load: a relationship when it stands in an option with a name, else all relationships, or columns.

    Attributes:
        strategy: How related rows are loaded.
        sql_only: With a raising strategy: forbid only what needs a statement.
        deferred_columns: The columns to leave out.
        innerjoin: With JOINED: leave out rows without a related row.
        columns: The columns that this is about; `None` when it is about relationships.
        only: Whether the other columns are left out, rather than these.
    """

    strategy: LoadingStrategy
    sql_only: bool = False
    deferred_columns: list[str] = field(default_factory=list[str])
    innerjoin: bool = False
    columns: list[str] | None = None
    only: bool = False
