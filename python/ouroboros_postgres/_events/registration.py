"""Events, and what is said when somebody listens to one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias, TypedDict

__all__ = ["EventRegistration", "EventType", "Listener", "ListenerOptions", "check_target", "event_type"]

Listener: TypeAlias = Callable[..., Any]


class EventType(StrEnum):
    """What listeners can be told of. A member is equal to its value, and that is accepted wherever a member is."""

    BEFORE_INSERT = "before_insert"
    AFTER_INSERT = "after_insert"
    BEFORE_UPDATE = "before_update"
    AFTER_UPDATE = "after_update"
    BEFORE_DELETE = "before_delete"
    AFTER_DELETE = "after_delete"
    BEFORE_FLUSH = "before_flush"
    AFTER_FLUSH = "after_flush"
    AFTER_COMMIT = "after_commit"
    AFTER_ROLLBACK = "after_rollback"
    ATTRIBUTE_SET = "attribute_set"
    ATTRIBUTE_REMOVE = "attribute_remove"
    AFTER_LOAD = "after_load"
    BEFORE_EXPIRE = "before_expire"


def event_type(event: EventType | str) -> EventType:
    """Give the event of this name.

    Raises:
        ValueError: There is no such event.
    """
    try:
        return EventType(event)
    except ValueError:
        raise ValueError(f"Unknown event: {event!r}; it must be one of {', '.join(EventType)}") from None


class ListenerOptions(TypedDict, total=False):
    """How a listener takes part; see `EventRegistration`."""

    propagate: bool
    once: bool
    priority: int


@dataclass(frozen=True, slots=True, weakref_slot=True)
class EventRegistration:
    """That a listener is to be called.

    Attributes:
        event_type: When.
        target: The class whose instances it is about, `None` for all.
        listener: What is called, with the instance first; a function, a coroutine function, any callable.
        propagate: Whether instances of subclasses count.
        once: Whether it is removed after its first call that succeeds.
        priority: Listeners of higher priority are called earlier.

    Raises:
        ValueError: There is no such event.
        TypeError: `target` is no class, `listener` cannot be called, or `priority` is no `int`.
    """

    event_type: EventType
    target: type[Any] | None
    listener: Listener
    propagate: bool = True
    once: bool = False
    priority: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "event_type", event_type(self.event_type))
        check_target(self.target)
        _check_call(self.listener, self.priority)


def check_target(target: Any) -> None:
    """Refuse what registrations cannot be about.

    Raises:
        TypeError: It is neither a class nor `None`.
    """
    if target is not None and not isinstance(target, type):
        raise TypeError(f"target must be a class or None, not {type(target).__name__}")


def _check_call(listener: Any, priority: Any) -> None:
    if not callable(listener):
        raise TypeError(f"listener must be callable, not {type(listener).__name__}")
    if not isinstance(priority, int):
        raise TypeError(f"priority must be int, not {type(priority).__name__}")
