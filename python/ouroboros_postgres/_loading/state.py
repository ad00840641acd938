"""What is known about the related objects of one instance. It lives on the instance, beside its values."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from .._sql import models
from .config import LoadingStrategy
from .deferred import DeferredColumn

__all__ = ["MISSING", "Loaded", "column_value", "forget", "known", "loaded"]


class _Missing:
    """The value of a column that an instance does not have."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return "MISSING"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


class Loaded:
    """One relationship of one instance.

    Attributes:
        is_set: Whether there is a value.
        is_void: Whether the value is nothing because nothing was to be loaded.
        value: The related object or objects.
        key: The value of the column that leads to the related rows as of then; another one makes the value obsolete.
        strategy: What to do when there is no value: LAZY, RAISE or RAISE_ON_SQL.
        lock: Held while somebody loads.
    """

    __slots__ = ("is_set", "is_void", "key", "lock", "strategy", "value")

    is_set: bool
    is_void: bool
    key: Any
    value: Any

    def __init__(self, strategy: LoadingStrategy = LoadingStrategy.LAZY) -> None:
        self.strategy = strategy
        self.lock: asyncio.Lock | None = None
        self.is_set = self.is_void = False
        self.value = None
        self.key = MISSING

    def set(self, value: Any, key: Any, *, is_void: bool = False) -> None:
        """Take the related object or objects."""
        self.is_set, self.value, self.key, self.is_void = True, value, key, is_void

    def clear(self) -> None:
        """Forget the value."""
        self.is_set, self.value, self.key, self.is_void = False, None, MISSING, False

    def holds(self, key: Any) -> bool:
        """Whether the value is that of this key."""
        return self.is_set and (self.key is key or bool(self.key == key))

    def __getstate__(self) -> tuple[LoadingStrategy, bool, bool, Any, Any]:
        return self.strategy, self.is_set, self.is_void, self.value, self.key

    def __setstate__(self, state: tuple[LoadingStrategy, bool, bool, Any, Any]) -> None:
        self.strategy, self.is_set, self.is_void, self.value, self.key = state
        self.lock = None


def known(instance: object, name: str) -> Loaded | None:
    """What is known about a relationship of an instance, if anything."""
    if not hasattr(instance, "__dict__"):
        return None
    found: Loaded | None = models.related_state(instance).get(name)
    return found


def loaded(instance: object, name: str, strategy: LoadingStrategy = LoadingStrategy.LAZY) -> Loaded:
    """What is known about a relationship of an instance, to be changed; `strategy` is where it starts from."""
    state = models.related_state(instance)
    entry: Loaded | None = state.get(name)
    if entry is None:
        entry = state[name] = Loaded(strategy)
    return entry


def forget(instance: object, name: str) -> None:
    """Drop what was loaded for a relationship of an instance; it loads again when it is asked for."""
    models.related_state(instance).pop(name, None)


def column_value(instance: Any, name: str) -> Any:
    """The value of a column of an instance of any class, `MISSING` when it was not loaded; no I/O."""
    value = models.value_of(instance, name)
    if value is None and isinstance(getattr(instance, name, None), DeferredColumn):
        return MISSING
    return value
