"""Where in the program of the user something happens."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["Site", "caller", "caller_in_task"]

_PACKAGE: Final = __name__.partition(".")[0]
_SKIPPED: Final = frozenset((_PACKAGE, "asyncio"))


class Site(NamedTuple):
    """A line of a program."""

    filename: str
    lineno: int
    names: dict[str, Any]
    """The global names of its module."""


def caller() -> Site | None:
    """Find the line of the nearest code that belongs neither to the package nor to asyncio."""
    return _outside(inspect.currentframe(), None)


def caller_in_task() -> Site | None:
    """Find that line among the code of the current task; `None` if all of that is of the package or of asyncio."""
    return _outside(inspect.currentframe(), _outermost())


def _outside(frame: FrameType | None, last: FrameType | None) -> Site | None:
    while frame is not None:
        module = frame.f_globals.get("__name__")
        if not isinstance(module, str) or module.partition(".")[0] not in _SKIPPED:
            return Site(frame.f_code.co_filename, frame.f_lineno, frame.f_globals)
        if frame is last:
            return None
        frame = frame.f_back
    return None


def _outermost() -> FrameType | None:
    """The frame of the coroutine that the current task runs."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return None
    coroutine: Any = None if task is None else task.get_coro()
    for name in ("cr_frame", "gi_frame"):
        frame: FrameType | None = getattr(coroutine, name, None)
        if frame is not None:
            return frame
    return None
