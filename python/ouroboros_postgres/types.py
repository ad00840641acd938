"""Values of PostgreSQL types that the standard library has no class for."""

from __future__ import annotations

from typing import Any, Generic, NoReturn, TypeVar

__all__ = ["Range"]

T = TypeVar("T")

_BOUNDS = frozenset(("[)", "(]", "[]", "()"))


# No frozen dataclass: with slots it cannot be called as Range[int](1, 5) in Python 3.11.
class Range(Generic[T]):
    """An immutable value of a range type.

    Attributes:
        lower: The lower bound, `None` for no bound.
        upper: The upper bound, `None` for no bound.
        bounds: `[` or `(` and `]` or `)`: whether the bounds belong to the range. A missing bound never does, as in
            PostgreSQL.
        empty: Whether the range contains nothing; it then has no bounds.

    Raises:
        ValueError: `bounds` is not one of `[)`, `(]`, `[]`, `()`.
    """

    __slots__ = ("bounds", "empty", "lower", "upper")
    __match_args__ = ("lower", "upper", "bounds", "empty")

    lower: T | None
    upper: T | None
    bounds: str
    empty: bool

    def __init__(self, lower: T | None = None, upper: T | None = None, bounds: str = "[)", empty: bool = False) -> None:
        if bounds not in _BOUNDS:
            raise ValueError(f"bounds must be one of '[)', '(]', '[]', '()', not {bounds!r}")
        if empty:
            lower = upper = None
        assign = object.__setattr__
        assign(self, "lower", lower)
        assign(self, "upper", upper)
        assign(self, "bounds", ("(" if lower is None else bounds[0]) + (")" if upper is None else bounds[1]))
        assign(self, "empty", bool(empty))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Range is immutable: {name!r} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Range is immutable: {name!r} cannot be deleted")

    def _parts(self) -> tuple[T | None, T | None, str, bool]:
        return self.lower, self.upper, self.bounds, self.empty

    def __eq__(self, other: object) -> bool:
        return self._parts() == other._parts() if isinstance(other, Range) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._parts())

    def __repr__(self) -> str:
        return "Range(empty=True)" if self.empty else f"Range({self.lower!r}, {self.upper!r}, {self.bounds!r})"

    def __reduce__(self) -> tuple[type[Range[T]], tuple[T | None, T | None, str, bool]]:
        return Range, self._parts()

    def __bool__(self) -> bool:
        return not self.empty

    def __contains__(self, value: Any) -> bool:
        if self.empty:
            return False
        if self.lower is not None and (value < self.lower or (value == self.lower and self.bounds[0] == "(")):
            return False
        return self.upper is None or value < self.upper or (value == self.upper and self.bounds[1] == "]")
