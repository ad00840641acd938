"""Events: being told what happens to instances and sessions, and taking part.

@listens_for(User, "before_insert")
async def normalise(user: User) -> None:
    user.email = user.email.lower()
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, Unpack

from ._events.attributes import AttributeEvents
from ._events.dispatcher import EventDispatcher
from ._events.registration import EventRegistration, EventType, Listener, ListenerOptions

__all__ = [
    "AttributeEvents",
    "EventDispatcher",
    "EventRegistration",
    "EventType",
    "after_commit",
    "after_delete",
    "after_insert",
    "after_update",
    "before_delete",
    "before_flush",
    "before_insert",
    "before_update",
    "dispatch",
    "dispatch_async",
    "event",
    "listen",
    "listens_for",
    "remove_listener",
]

F = TypeVar("F", bound=Listener)

event: Final = EventDispatcher()
"""The dispatcher of the process."""


def listens_for(
    target: type[Any] | None,
    event_type: EventType | str,
    propagate: bool = True,
    once: bool = False,
    priority: int = 0,
) -> Callable[[F], F]:
    """Register the function below as a listener; arguments and errors as of `EventDispatcher.listen`.

    Returns:
        A decorator, which gives the function back unchanged.
    """

    def register(function: F) -> F:
        event.listen(target, event_type, function, propagate, once, priority)
        return function

    return register


def listen(
    target: type[Any] | None,
    event_type: EventType | str,
    listener: Listener,
    propagate: bool = True,
    once: bool = False,
    priority: int = 0,
) -> EventRegistration:
    """Register a listener; see `EventDispatcher.listen`."""
    return event.listen(target, event_type, listener, propagate, once, priority)


def remove_listener(registration: EventRegistration) -> bool:
    """Remove a registration.

    Returns:
        Whether there was one.
    """
    return event.remove(registration)


def dispatch(event_type: EventType | str, target_instance: Any, *args: Any, **kwargs: Any) -> list[Any]:
    """Call the listeners of an event; see `EventDispatcher.dispatch`."""
    return event.dispatch(event_type, target_instance, *args, **kwargs)


async def dispatch_async(event_type: EventType | str, target_instance: Any, *args: Any, **kwargs: Any) -> list[Any]:
    """Call the listeners of an event and await them; see `EventDispatcher.dispatch_async`."""
    return await event.dispatch_async(event_type, target_instance, *args, **kwargs)


def before_insert(target: type[Any] | None, **options: Unpack[ListenerOptions]) -> Callable[[F], F]:
    """Decorate a listener that is called before instances are inserted; options as of `listens_for`."""
    return listens_for(target, EventType.BEFORE_INSERT, **options)


def after_insert(target: type[Any] | None, **options: Unpack[ListenerOptions]) -> Callable[[F], F]:
    """Decorate a listener that is called when instances have been inserted; options as of `listens_for`."""
    return listens_for(target, EventType.AFTER_INSERT, **options)


def before_update(target: type[Any] | None, **options: Unpack[ListenerOptions]) -> Callable[[F], F]:
    """Decorate a listener that is called before instances are updated; options as of `listens_for`."""
    return listens_for(target, EventType.BEFORE_UPDATE, **options)


def after_update(target: type[Any] | None, **options: Unpack[ListenerOptions]) -> Callable[[F], F]:
    """Decorate a listener that is called when instances have been updated; options as of `listens_for`."""
    return listens_for(target, EventType.AFTER_UPDATE, **options)


def before_delete(target: type[Any] | None, **options: Unpack[ListenerOptions]) -> Callable[[F], F]:
    """Decorate a listener that is called before instances are deleted; options as of `listens_for`."""
    return listens_for(target, EventType.BEFORE_DELETE, **options)


def after_delete(target: type[Any] | None, **options: Unpack[ListenerOptions]) -> Callable[[F], F]:
    """Decorate a listener that is called when instances have been deleted; options as of `listens_for`."""
    return listens_for(target, EventType.AFTER_DELETE, **options)


def before_flush(**options: Unpack[ListenerOptions]) -> Callable[[F], F]:
    """Decorate a listener that is called before any session writes its changes; options as of `listens_for`."""
    return listens_for(None, EventType.BEFORE_FLUSH, **options)


def after_commit(**options: Unpack[ListenerOptions]) -> Callable[[F], F]:
    """Decorate a listener that is called when any session has committed; options as of `listens_for`."""
    return listens_for(None, EventType.AFTER_COMMIT, **options)
