"""Finding what belongs to a key when both ends of a relationship may spell it in different types."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from .._sql import models

__all__ = ["ByKey"]


class ByKey:
    """Objects by keys that are equal, or the same value in another type: 1 and "1", a UUID and its text."""

    __slots__ = ("_exact", "_text", "_types")

    def __init__(self, exact: Mapping[Any, Sequence[Any]]) -> None:
        self._exact = exact
        self._types = {models.class_of(key) for key in exact}
        self._text: dict[str, Sequence[Any]] | None = None

    def get(self, key: Any) -> Sequence[Any]:
        """The objects of a key."""
        found = self._exact.get(key)
        if found is not None:
            return found
        if not self._types or self._types == {models.class_of(key)}:
            return ()
        if self._text is None:
            self._text = {_text(known): value for known, value in self._exact.items()}
        return self._text.get(_text(key), ())


def _text(key: Any) -> str:
    text = str(key)
    if len(text) in (32, 36):
        try:
            return str(uuid.UUID(text))
        except ValueError:
            pass
    return text
