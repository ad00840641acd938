"""How related rows get to the instances that refer to them: lazily, in batches, by JOIN or by subquery."""

from __future__ import annotations

__all__: list[str] = []
