"""`after_load`: instances are made for all rows of a result at once, and listeners are called when that is complete."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar, Token
from typing import Any, Final, Self

from .fire import fire_each
from .listeners import LISTENERS
from .registration import EventType

__all__ = ["Loads", "note"]


class Loads:
    """The instances that are made of rows while it is entered, if anybody wants to know."""

    __slots__ = ("_made", "_token")

    def __init__(self) -> None:
        self._made: list[Any] = []
        self._token: Token[list[Any] | None] | None = None

    def __enter__(self) -> Self:
        if LISTENERS.is_heard_anywhere(EventType.AFTER_LOAD):
            self._token = _current.set(self._made)
        return self

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            _current.reset(self._token)

    async def announce(self) -> None:
        """Call the listeners, now that the instances are as the program is to see them."""
        if self._made:
            await fire_each(EventType.AFTER_LOAD, self._made)


def note(instances: Iterable[Any]) -> None:
    """Say that instances have been made of rows."""
    made = _current.get()
    if made is not None:
        made.extend(instances)


_current: Final[ContextVar[list[Any] | None]] = ContextVar("_current", default=None)
