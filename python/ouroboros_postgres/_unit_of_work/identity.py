"""One object per row: objects by table and primary key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
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
        # By table, then by key: a dict more for each table instead of a tuple more for each object.
        self._weak: defaultdict[str, WeakValueDictionary[Any, Any]] | None = None
        if use_weak_refs:
            self._weak = defaultdict(WeakValueDictionary)
        self._strong: defaultdict[str, dict[Any, Any]] = defaultdict(dict)

    def get(self, table_name: str, pk: Any) -> Any:
        """The object of a row, `None` if there is none."""
        found = None
        if self._weak is not None and table_name in self._weak:
            found = self._weak[table_name].get(pk)
        if found is None and table_name in self._strong:
            found = self._strong[table_name].get(pk)
        return found

    def add(self, table_name: str, pk: Any, obj: Any) -> None:
        """Take an object in, instead of the one that the row had."""
        if self._weak is None:
            self._strong[table_name][pk] = obj
            return
        try:
            self._weak[table_name][pk] = obj
        except TypeError:
            self._weak[table_name].pop(pk, None)
            self._strong[table_name][pk] = obj
        else:
            self._strong[table_name].pop(pk, None)

    def add_all(self, table_name: str, objs: Iterable[tuple[Any, Any]]) -> None:
        """Take in objects of one table, given with their keys, as far as they have any."""
        if self._weak is None:
            self._strong[table_name].update((pk, obj) for pk, obj in objs if pk is not None)
            return
        for pk, obj in objs:
            if pk is not None:
                self.add(table_name, pk, obj)

    def remove(self, table_name: str, pk: Any) -> None:
        """Forget the object of a row, if there is one."""
        self._strong[table_name].pop(pk, None)
        if self._weak is not None:
            self._weak[table_name].pop(pk, None)

    def contains(self, table_name: str, pk: Any) -> bool:
        """Whether a row has an object."""
        return self.get(table_name, pk) is not None

    def clear(self) -> None:
        """Forget all objects."""
        self._strong.clear()
        if self._weak is not None:
            self._weak.clear()

    def __len__(self) -> int:
        return sum(map(len, self._strong.values())) + sum(map(len, (self._weak or {}).values()))
