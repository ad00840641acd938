"""Finding what belongs to a key when both ends of a relationship may spell it in different types."""

from __future__ import annotations

import uuid
from typing import Any, Generic, TypeVar

__all__ = ["ByKey"]

T = TypeVar("T")


class ByKey(Generic[T]):
    """Values by keys that are equal, or the same value in another type: 1 and "1", a UUID and its text."""

    __slots__ = ("_exact", "_text")

    def __init__(self, exact: dict[Any, T]) -> None:
        self._exact = exact
        self._text: dict[str, T] | None = None

    def get(self, key: Any) -> T | None:
        """The value of a key, `None` if there is none."""
        found = self._exact.get(key)
        if found is not None or not self._exact:
            return found
        if self._text is None:
            self._text = {_text(known): value for known, value in self._exact.items()}
        return self._text.get(_text(key))


def _text(key: Any) -> str:
    text = str(key)
    if len(text) in (32, 36):
        try:
            return str(uuid.UUID(text))
        except ValueError:
            pass
    return text
