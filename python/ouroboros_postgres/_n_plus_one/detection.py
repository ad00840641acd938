"""Whether anybody looks for queries that load row by row, per context and for the process."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, Literal, Self, TypeAlias, get_args

if TYPE_CHECKING:
    from .report import NPlusOne

__all__ = ["Detection", "Mode", "current", "set_default"]

Mode: TypeAlias = Literal["off", "warn", "raise"]

_MODES: Final = get_args(Mode)


class Detection:
    """Looks for queries that load row by row, in the context of the block that it is entered for.

    Attributes:
        mode: `off`, `warn` or `raise`.
        threshold: For how many instances of one query result something may not be loaded one by one.
        found: What was found.

    Raises:
        ValueError: There is no such mode, or the threshold is less than 2.
        TypeError: The threshold is no int.
    """

    __slots__ = ("_is_open", "_outer", "found", "mode", "threshold")

    def __init__(self, mode: Mode, threshold: int) -> None:
        if mode not in _MODES:
            raise ValueError(f"Unknown mode: {mode!r}; it must be one of {', '.join(_MODES)}")
        if isinstance(threshold, bool) or not isinstance(threshold, int):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may not check types
            raise TypeError(f"threshold must be int, not {type(threshold).__name__}")
        if threshold < 2:
            raise ValueError(f"threshold must be at least 2, not {threshold}")
        self.mode = mode
        self.threshold = threshold
        self.found: list[NPlusOne] = []
        self._outer: Detection | None = None
        self._is_open = False

    def __enter__(self) -> Self:
        if self._is_open:
            raise RuntimeError("a block that looks for N+1 queries cannot be entered twice at a time")
        self._outer, self._is_open = _current.get(), True
        _current.set(self)
        _process.add_block(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._is_open = False
        _process.add_block(-1)
        if _current.get() is self:
            _current.set(self._outer)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        self.__exit__()

    @property
    def live(self) -> Detection | None:
        """This one, or the innermost one around it whose block has not ended."""
        if self._is_open or self._outer is None:
            return self if self._is_open else None
        return self._outer.live


class _Process:
    """What one process has: the default of all contexts, and whether there is anything to ask contexts for."""

    __slots__ = ("_blocks", "_lock", "default", "is_concerned")

    def __init__(self) -> None:
        self.default: Detection | None = None
        self.is_concerned = False
        self._blocks = 0
        self._lock = threading.Lock()

    def add_block(self, difference: int) -> None:
        with self._lock:
            self._blocks += difference
            self.is_concerned = self._blocks > 0 or self.default is not None

    def set_default(self, default: Detection | None) -> None:
        with self._lock:
            self.default = default
            self.is_concerned = self._blocks > 0 or default is not None


_current: Final[ContextVar[Detection | None]] = ContextVar("_current", default=None)
_process: Final = _Process()


def current() -> Detection | None:
    """Find what looks for such queries in this context, `None` for nobody: nearly always, and fast."""
    if not _process.is_concerned:
        return None
    block = _current.get()
    detection = (block and block.live) or _process.default
    return None if detection is None or detection.mode == "off" else detection


def set_default(detection: Detection | None) -> Detection | None:
    """Have something look in all contexts without a block of their own.

    Returns:
        What did before.
    """
    before = _process.default
    _process.set_default(detection)
    return before
