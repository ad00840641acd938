"""What is behind `Table`: reading declarations, the state of instances, writing rows, making tables."""

from __future__ import annotations

__all__: list[str] = []
