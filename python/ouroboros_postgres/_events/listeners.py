"""Who listens: registrations by class, found by one look where nobody does."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from operator import attrgetter
from threading import RLock
from typing import Any, Final

from .registration import EventRegistration, EventType

__all__ = ["LISTENERS", "Listeners"]

_ATTRIBUTE: Final = "__event_listeners__"
_PRIORITY: Final = attrgetter("priority")


class _Entry:
    """What belongs to one class.

    It is kept by the class itself: whatever its listeners refer to, the class can be collected with them.

    Attributes:
        found: The registrations that concern instances, by event, as far as they were looked up.
        model: The class: a copy of its `__dict__` may have become another class.
        registrations: Those that name the class, in the order in which they came.
    """

    __slots__ = ("__weakref__", "found", "model", "registrations")

    def __init__(self, model: type[Any]) -> None:
        self.found: dict[EventType, tuple[EventRegistration, ...]] = {}
        self.model = weakref.ref(model)
        self.registrations: list[EventRegistration] = []


class Listeners:
    """All registrations of the process."""

    __slots__ = ("_claimed", "_entries", "_everywhere", "_fixed", "_heard", "_lock")

    def __init__(self) -> None:
        self._lock = RLock()
        self._everywhere: list[EventRegistration] = []
        self._entries: weakref.WeakSet[_Entry] = weakref.WeakSet()
        self._fixed: dict[int, _Entry] = {}
        self._heard: frozenset[EventType] = frozenset()
        self._claimed: set[int] = set()

    # Registrations.

    def add(self, registration: EventRegistration) -> None:
        """Take a registration in."""
        with self._lock:
            self._holder(registration.target).append(registration)
            self._changed()

    def remove(self, registration: EventRegistration) -> bool:
        """Remove a registration, or else the first that is equal to it.

        Returns:
            Whether there was one.
        """
        with self._lock:
            holder = self._holder(registration.target)
            position = _position(registration, holder)
            if position is not None:
                del holder[position]
                self._changed()
            return position is not None

    def clear(self, model: type[Any] | None) -> None:
        """Remove the registrations that name a class; all there are for `None`."""
        with self._lock:
            if model is None:
                self._everywhere.clear()
            for entry in list(self._entries) if model is None else [self._entry(model)]:
                entry.registrations.clear()
            self._changed()

    def _holder(self, model: type[Any] | None) -> list[EventRegistration]:
        return self._everywhere if model is None else self._entry(model).registrations

    def _changed(self) -> None:
        heard = {registration.event_type for registration in self._everywhere}
        for entry in list(self._entries):
            entry.found.clear()
            heard.update(registration.event_type for registration in entry.registrations)
        self._heard = frozenset(heard)

    def _entry(self, model: type[Any]) -> _Entry:
        entry = self._known(model)
        if entry is None:
            entry = _Entry(model)
            try:
                type.__setattr__(model, _ATTRIBUTE, entry)
            except TypeError:  # a class of the interpreter, which stays as long as that does
                self._fixed[id(model)] = entry
            self._entries.add(entry)
        return entry

    def _known(self, model: type[Any]) -> _Entry | None:
        entry: _Entry | None = model.__dict__.get(_ATTRIBUTE) or self._fixed.get(id(model))
        return entry if entry is not None and entry.model() is model else None

    # Calls.

    def find(self, model: type[Any] | None, event: EventType) -> tuple[EventRegistration, ...]:
        """The registrations that concern instances of a class, in the order of their calls."""
        if event not in self._heard:
            return ()
        entry = None if model is None else self._known(model)
        found = None if entry is None else entry.found.get(event)
        return self._collect(model, event) if found is None else found

    def _collect(self, model: type[Any] | None, event: EventType) -> tuple[EventRegistration, ...]:
        with self._lock:
            named = [self._everywhere]
            for owner in () if model is None else model.__mro__:
                entry = self._known(owner)
                if entry is not None:
                    named.append([each for each in entry.registrations if each.propagate or owner is model])
            found = sorted(
                (each for registrations in named for each in registrations if each.event_type is event),
                key=_PRIORITY,
                reverse=True,  # and still stable
            )
            if model is not None:
                self._entry(model).found[event] = tuple(found)
            return tuple(found)

    def is_heard(self, model: type[Any] | None, event: EventType) -> bool:
        """Whether instances of a class concern anybody."""
        return event in self._heard and bool(self.find(model, event))

    def is_heard_anywhere(self, event: EventType) -> bool:
        """Whether anybody listens to an event, whatever the class."""
        return event in self._heard

    def is_claimed(self, registration: EventRegistration) -> bool:
        """Whether a registration for one call is having it."""
        return id(registration) in self._claimed

    def claim(self, registration: EventRegistration) -> bool:
        """Begin a call.

        Returns:
            Whether the listener is to be called: a registration for one call may have had it, or be having it.
        """
        if not registration.once:
            return True
        with self._lock:
            if id(registration) in self._claimed or not _has(registration, self._holder(registration.target)):
                return False
            self._claimed.add(id(registration))
            return True

    def settle(self, registration: EventRegistration, *, has_succeeded: bool) -> None:
        """End a call that `claim` began."""
        if not registration.once:
            return
        with self._lock:
            self._claimed.discard(id(registration))
            holder = self._holder(registration.target)
            if has_succeeded and _has(registration, holder):
                del holder[[each is registration for each in holder].index(True)]
                self._changed()


def _has(registration: EventRegistration, holder: Iterable[EventRegistration]) -> bool:
    return any(each is registration for each in holder)


def _position(registration: EventRegistration, holder: list[EventRegistration]) -> int | None:
    for position, each in enumerate(holder):
        if each is registration:
            return position
    return holder.index(registration) if registration in holder else None


LISTENERS: Final = Listeners()
"""The one of the process."""
