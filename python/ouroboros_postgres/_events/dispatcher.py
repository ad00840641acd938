"""The dispatcher: registering listeners, and events that programs fire."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from .calling import call, call_async
from .listeners import LISTENERS
from .registration import EventRegistration, EventType, Listener, check_target, event_type

__all__ = ["EventDispatcher"]


class EventDispatcher:
    """Where listeners are registered and events are dispatched; there is one in a process.

    Everywhere an event may be given as a member of `EventType` or by its name.
    """

    __slots__ = ()

    _instance: ClassVar[Any] = None

    def __new__(cls) -> Self:
        """Give the one that there is."""
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        instance: Self = cls._instance
        return instance

    def listen(
        self,
        target: type[Any] | None,
        event_type: EventType | str,
        listener: Listener,
        propagate: bool = True,
        once: bool = False,
        priority: int = 0,
    ) -> EventRegistration:
        """Register a listener.

        Args:
            target: The class whose instances it is about, `None` for all. The class is not kept alive.
            event_type: The event.
            listener: Called with the instance, or the session, and whatever else the event has. What it returns may
                have to be awaited.
            propagate: Whether instances of subclasses count.
            once: Whether it is removed after its first call that succeeds.
            priority: Listeners of higher priority are called earlier; of equal priority, those for all classes first,
                then those of the class, then those of its bases, each in the order in which they were registered.

        Returns:
            The registration, for `remove`.

        Raises:
            ValueError: There is no such event.
            TypeError: `target` is no class, `listener` cannot be called, or `priority` is no `int`.
        """
        registration = EventRegistration(_known(event_type), target, listener, propagate, once, priority)
        LISTENERS.add(registration)
        return registration

    def remove(self, registration: EventRegistration) -> bool:
        """Remove a registration, or else the first that is equal to it.

        Returns:
            Whether there was one.
        """
        return LISTENERS.remove(registration)

    def clear(self, target: type[Any] | None = None) -> None:
        """Remove all registrations, or just those for exactly this class.

        Raises:
            TypeError: `target` is no class.
        """
        check_target(target)
        LISTENERS.clear(target)

    def has_listeners(self, target_class: type[Any] | None, event_type: EventType | str) -> bool:
        """Whether an event of an instance of this class would be heard; for `None` only by listeners for all.

        Raises:
            ValueError: There is no such event.
            TypeError: `target_class` is no class.
        """
        return bool(self._get_listeners(target_class, event_type))

    def _get_listeners(self, target_class: type[Any] | None, event_type: EventType | str) -> list[EventRegistration]:
        """The registrations whose listeners an event would call, in this order."""
        check_target(target_class)
        found = LISTENERS.find(target_class, _known(event_type))
        return [registration for registration in found if not LISTENERS.is_claimed(registration)]

    def dispatch(self, event_type: EventType | str, target_instance: Any, *args: Any, **kwargs: Any) -> list[Any]:
        """Call the listeners of an event, one after the other.

        What a listener raises becomes a warning. So does a listener whose result would have to be awaited; a coroutine
        is closed.

        Args:
            event_type: The event.
            target_instance: What it happens to: the first argument of the listeners, whose class decides which.
            *args: Their other arguments.
            **kwargs: Their keyword arguments.

        Returns:
            What the others returned.

        Raises:
            ValueError: There is no such event.
        """
        return call(_known(event_type), target_instance, *args, **kwargs)

    async def dispatch_async(
        self, event_type: EventType | str, target_instance: Any, *args: Any, **kwargs: Any
    ) -> list[Any]:
        """Call the listeners of an event as `dispatch` does, and await results that have to be."""
        return await call_async(_known(event_type), target_instance, *args, **kwargs)


_known = event_type
