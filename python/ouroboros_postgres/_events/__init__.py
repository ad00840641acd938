"""What is behind `events`: who listens to what, and how listeners are called."""

from __future__ import annotations

__all__: list[str] = []
