"""One object per row: objects by table and primary key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

__all__ = ["IdentityKey", "IdentityMap"]


@dataclass(slots=True, unsafe_hash=True)
class IdentityKey:
    """Which row an object stands for.

    Attributes:
        table_name: The table.
        primary_key: The value of its primary key.
    """

    table_name: str
    primary_key: Any


class IdentityMap:
    """Objects by the rows that they stand for.

    Args:
        use_weak_refs: Whether objects disappear from here when nothing else refers to them. Those of classes without
            weak references stay.
    """

    def __init__(self, use_weak_refs: bool = True) -> None:
        self._weak: WeakValueDictionary[tuple[str, Any], Any] | None = WeakValueDictionary() if use_weak_refs else None
        self._strong: dict[tuple[str, Any], Any] = {}

    def get(self, table_name: str, pk: Any) -> Any:
        """The object of a row, `None` if there is none."""
        key = (table_name, pk)
        found = None if self._weak is None else self._weak.get(key)
        return self._strong.get(key) if found is None else found

    def add(self, table_name: str, pk: Any, obj: Any) -> None:
        """Take an object in, instead of the one that the row had."""
        key = (table_name, pk)
        if self._weak is None:
            self._strong[key] = obj
            return
        try:
            self._weak[key] = obj
        except TypeError:
            self._weak.pop(key, None)
            self._strong[key] = obj
        else:
            self._strong.pop(key, None)

    def remove(self, table_name: str, pk: Any) -> None:
        """Forget the object of a row, if there is one."""
        key = (table_name, pk)
        self._strong.pop(key, None)
        if self._weak is not None:
            self._weak.pop(key, None)

    def contains(self, table_name: str, pk: Any) -> bool:
        """Whether a row has an object."""
        return self.get(table_name, pk) is not None

    def clear(self) -> None:
        """Forget all objects."""
        self._strong.clear()
        if self._weak is not None:
            self._weak.clear()

    def __len__(self) -> int:
        return len(self._strong) + (0 if self._weak is None else len(self._weak))
