"""Calling listeners."""

from __future__ import annotations

import warnings
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from inspect import isawaitable
from typing import Any, cast

from .listeners import LISTENERS
from .registration import EventRegistration, EventType

__all__ = ["call", "call_async", "call_strictly", "call_strictly_now"]


class UnawaitedListenerError(TypeError):
    """A listener wants to be awaited where nobody can wait."""


def call(event: EventType, target: object, /, *args: Any, **kwargs: Any) -> list[Any]:
    """Call the listeners of an event. Errors become warnings, and so do listeners that would have to be awaited.

    Returns:
        What the others returned.
    """
    results: list[Any] = []
    for registration in LISTENERS.find(_class_of(target), event):
        if LISTENERS.claim(registration):
            with _warned(registration), _settled(registration):
                results.append(_now(registration.listener(target, *args, **kwargs)))
    return results


async def call_async(event: EventType, target: object, /, *args: Any, **kwargs: Any) -> list[Any]:
    """Call the listeners of an event and await those that want it, one after the other. Errors become warnings.

    Returns:
        What the others returned.
    """
    results: list[Any] = []
    for registration in LISTENERS.find(_class_of(target), event):
        if LISTENERS.claim(registration):
            with _warned(registration), _settled(registration):
                results.append(await _result(registration.listener(target, *args, **kwargs)))
    return results


async def call_strictly(event: EventType, target: object) -> None:
    """Call the listeners of an event and await those that want it, up to the first error."""
    for registration in LISTENERS.find(_class_of(target), event):
        if LISTENERS.claim(registration):
            with _settled(registration):
                await _result(registration.listener(target))


def call_strictly_now(event: EventType, target: object) -> None:
    """Call the listeners of an event, up to the first error. Those that would have to be awaited become warnings."""
    for registration in LISTENERS.find(_class_of(target), event):
        if LISTENERS.claim(registration):
            with _warned(registration, UnawaitedListenerError), _settled(registration):
                _now(registration.listener(target))


def _class_of(target: object) -> type[Any] | None:
    return None if target is None else type(target)


async def _result(result: Any) -> Any:
    return await result if isawaitable(result) else result


def _now(result: Any) -> Any:
    """Give what a listener has returned, unless that is still to come."""
    if not isawaitable(result):
        return result
    if hasattr(result, "close"):
        cast("Coroutine[Any, Any, Any]", result).close()
    raise UnawaitedListenerError("what it returns has to be awaited, which is not possible here")


@contextmanager
def _settled(registration: EventRegistration) -> Generator[None]:
    has_succeeded = False
    try:
        yield
        has_succeeded = True
    finally:
        LISTENERS.settle(registration, has_succeeded=has_succeeded)


@contextmanager
def _warned(registration: EventRegistration, kind: type[Exception] = Exception) -> Generator[None]:
    try:
        yield
    except kind as error:
        name = getattr(registration.listener, "__qualname__", None) or repr(registration.listener)
        text = f"Event listener error: {error} ({type(error).__name__} in {registration.event_type} listener {name})"
        warnings.warn(text, stacklevel=5)
