"""The query builder, in parts by meaning: what it holds, what changes it, how it becomes a tree, how it runs."""

from __future__ import annotations

from .builder import QueryBuilder
from .window_spec import WindowSpec

__all__ = ["QueryBuilder", "WindowSpec"]
