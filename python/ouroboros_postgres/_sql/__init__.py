"""Expression objects and how they become the trees that the engine compiles (docs/reference/statements.md)."""

from __future__ import annotations

__all__: list[str] = []
