"""How many statements a piece of code sends."""

from __future__ import annotations

from types import ModuleType

__all__ = ["Sent"]


class Sent:
    """Counts statements since it was made."""

    def __init__(self, pg: ModuleType) -> None:
        self._pg = pg
        self._before = self._count()

    def _count(self) -> int:
        count: int = self._pg.pool_metrics()["queries_executed"]
        return count

    def __call__(self) -> int:
        """Returns the number of statements."""
        return self._count() - self._before
