"""Finding queries that load row by row what one statement could have loaded."""

from __future__ import annotations

__all__: list[str] = []
