"""Values of PostgreSQL types that the standard library has no class for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

__all__ = ["Range"]

T = TypeVar("T")

_BOUNDS = frozenset(("[)", "(]", "[]", "()"))


@dataclass(frozen=True, slots=True)
class Range(Generic[T]):
    """A value of a range type.

    Attributes:
        lower: The lower bound, `None` for no bound.
        upper: The upper bound, `None` for no bound.
        bounds: `[` or `(` and `]` or `)`: whether the bounds belong to the range. A missing bound never does, as in
            PostgreSQL.
        empty: Whether the range contains nothing; it then has no bounds.

    Raises:
        ValueError: `bounds` is not one of `[)`, `(]`, `[]`, `()`.
    """

    lower: T | None = None
    upper: T | None = None
    bounds: str = "[)"
    empty: bool = False

    def __post_init__(self) -> None:
        if self.bounds not in _BOUNDS:
            raise ValueError(f"bounds must be one of '[)', '(]', '[]', '()', not {self.bounds!r}")
        if self.empty:
            object.__setattr__(self, "lower", None)
            object.__setattr__(self, "upper", None)
        first = "(" if self.lower is None else self.bounds[0]
        last = ")" if self.upper is None else self.bounds[1]
        object.__setattr__(self, "bounds", first + last)

    def __bool__(self) -> bool:
        return not self.empty

    def __contains__(self, value: Any) -> bool:
        if self.empty:
            return False
        if self.lower is not None and (value < self.lower or (value == self.lower and self.bounds[0] == "(")):
            return False
        return self.upper is None or value < self.upper or (value == self.upper and self.bounds[1] == "]")
