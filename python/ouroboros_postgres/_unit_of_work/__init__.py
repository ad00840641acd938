"""What is behind `Session`: which objects it knows, what they were like, what to write, in what order."""

from __future__ import annotations

__all__: list[str] = []
