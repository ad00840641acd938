"""Events that the package fires by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from .calling import call_async, call_strictly, call_strictly_now
from .listeners import LISTENERS
from .registration import EventType

__all__ = ["fire", "fire_each", "fire_now", "is_heard"]

_BEFORE: Final = frozenset(event for event in EventType if event.startswith("before_"))


def is_heard(model: type[Any], event: EventType) -> bool:
    """Whether anybody listens to an event of instances of a class. Where nobody does it costs one look into a set."""
    return LISTENERS.is_heard(model, event)


async def fire(event: EventType, target: object) -> None:
    """Call the listeners of an event with an object, and await those that want it.

    What a listener raises before something happens goes to the caller, who gives up what he was about to do, and the
    listeners behind it are not called. Afterwards it becomes a warning.

    Args:
        event: The event.
        target: The instance or the session that it happens to.
    """
    if LISTENERS.is_heard(type(target), event):
        await (call_strictly if event in _BEFORE else call_async)(event, target)


def fire_now(event: EventType, target: object) -> None:
    """Call the listeners of an event that cannot wait, as `fire` does; it warns of those that have to be awaited.

    Args:
        event: The event, one before something.
        target: What it happens to.
    """
    if LISTENERS.is_heard(type(target), event):
        call_strictly_now(event, target)


async def fire_each(event: EventType, targets: Iterable[object]) -> None:
    """Fire an event for several objects, one after the other. Where nobody listens it costs one look into a set."""
    if not LISTENERS.is_heard_anywhere(event):
        return
    everything = list(targets)
    heard = {model for model in set(map(type, everything)) if LISTENERS.is_heard(model, event)}
    if heard:
        for target in everything:
            if type(target) in heard:
                await fire(event, target)
