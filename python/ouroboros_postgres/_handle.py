"""Ownership of what the engine holds for us: pools and transactions."""

from __future__ import annotations

from . import _binding

__all__ = ["Handle"]


class Handle:
    """The right to use a pool or a transaction; given back when it is released or garbage-collected."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def release(self) -> bool:
        """Give the handle back, without waiting for what follows from that.

        Returns:
            Whether there was anything left to give back.
        """
        number, self.number = self.number, 0
        if number == 0:
            return False
        try:
            return _binding.release(number)
        except (_binding.StatusError, _binding.ForkError):  # stale, shut down, or the parent's
            return False

    def __del__(self) -> None:
        try:
            self.release()
        except Exception:  # noqa: S110 - the interpreter is going away and its modules with it
            pass
