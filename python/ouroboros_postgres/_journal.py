"""What instances were like before a transaction wrote them, so that they go back when the database does."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple, TypeAlias

__all__ = ["Entry", "Journal", "Written"]

Written: TypeAlias = "tuple[Any, dict[str, Any] | None, Collection[str]]"
"""An instance, the values of its row before (`None` if it had none), and the columns that the table did not give it."""

Entry: TypeAlias = "tuple[weakref.ref[Any], dict[str, Any] | None, frozenset[str], Collection[str]]"
"""An instance, the values of its row before, the columns that have come back, and those that the table did not give."""

_FEW: Final = 1000
"""How many entries are kept at least without a look at which instances are gone."""


class _Part(NamedTuple):
    """The transaction, whose name is empty, or the part of it since a savepoint."""

    name: str
    entries: dict[int, Entry]
    """By the id of the instance, which passes to another one when it is gone."""


class Journal:
    """What the instances were like that one transaction has written by their own methods.

    Calls come in the order in which the server did what they tell of.
    """

    __slots__ = ("_is_kept", "_limit", "_parts")

    def __init__(self) -> None:
        self._is_kept: bool | None = None
        self._limit = _FEW
        self._parts = [_Part("", {})]

    def note(self, written: list[Written], came: Iterable[str]) -> None:
        """Note that rows of instances have been written or deleted by one statement.

        Args:
            written: The instances; the values of their rows are not to be changed afterwards.
            came: The columns that have come back.
        """
        if self._is_kept:
            return
        columns, entries = frozenset(came), self._parts[-1].entries
        for instance, before, given in written:
            key = id(instance)
            known = entries.get(key) if len(self._parts) == 1 else self._innermost(key)
            if known is None or known[0]() is not instance:
                entries[key] = (weakref.ref(instance), before, columns, given)
            else:
                generated = known[2].difference(known[3]).union(columns).difference(given)
                entries[key] = (known[0], known[1] if key in entries else before, generated, frozenset())
        self._forget_some()
        if self._is_kept is False:  # it was rolled back by another task meanwhile
            self.savepoint_undone("")

    def _innermost(self, key: int) -> Entry | None:
        return next((part.entries[key] for part in reversed(self._parts) if key in part.entries), None)

    def _forget_some(self) -> None:
        """Forget the instances that are gone if there may be many of them."""
        entries = self._parts[-1].entries
        if len(entries) > self._limit:
            for key in [key for key, entry in entries.items() if entry[0]() is None]:
                del entries[key]
            self._limit = max(_FEW, 2 * len(entries))

    def savepoint_set(self, name: str) -> None:
        """A savepoint was set."""
        self._parts.append(_Part(name, {}))

    def savepoint_undone(self, name: str) -> None:
        """What was done since a savepoint was undone."""
        undone = self._cut(name)
        if undone:
            self.savepoint_set(name)
            _go_back([entry for part in reversed(undone) for entry in part.entries.values()])

    def savepoint_released(self, name: str) -> None:
        """A savepoint, with all that were set after it, is gone."""
        for part in self._cut(name):
            outer = self._parts[-1].entries
            for key, entry in part.entries.items():
                known = outer.get(key)
                is_known = known is not None and known[0] is entry[0]
                outer[key] = (entry[0], known[1], *entry[2:]) if known is not None and is_known else entry

    def savepoint_given_up(self, name: str) -> None:
        """What was done since a savepoint was undone, and the savepoint is gone."""
        self.savepoint_undone(name)
        self.savepoint_released(name)

    def end(self, *, is_kept: bool) -> None:
        """The transaction has ended; only the first call counts."""
        if self._is_kept is not None:
            return
        self._is_kept = is_kept
        if is_kept:
            self._parts.clear()
        else:
            self.savepoint_undone("")

    def _cut(self, name: str) -> list[_Part]:
        """Take off what was done since a savepoint, nothing if it was not set here."""
        position = next((i for i in reversed(range(len(self._parts))) if self._parts[i].name == name), len(self._parts))
        cut = self._parts[position:]
        del self._parts[position:]
        return cut


def _go_back(entries: list[Entry]) -> None:
    if entries:
        from ._unit_of_work.going_back import go_back  # most transactions need none of it

        go_back(entries)
