"""Row locks."""

from __future__ import annotations

from typing import Any, Self

from .._guards import is_list
from .chain import Chain, M
from .state import Lock, State

__all__ = ["Locking", "check_lock"]


class Locking(Chain[M]):
    """Methods that lock the rows a query gives until the end of the transaction, without which it cannot run."""

    __slots__ = ()

    def for_update(
        self, *, nowait: bool = False, skip_locked: bool = False, of: Any = None, no_key: bool = False
    ) -> Self:
        """Lock the rows against changes and other locks.

        Args:
            nowait: Whether to raise `LockTimeoutError` instead of waiting for others.
            skip_locked: Whether to leave out rows that others have locked.
            of: The tables whose rows to lock, all by default: models, aliased models, names or aliases; one or a list.
            no_key: Whether others may still refer to the rows by foreign keys (FOR NO KEY UPDATE).

        Raises:
            ValueError: `nowait` together with `skip_locked`, or the query has DISTINCT, groups, aggregates, windows or
                set operations.
        """
        return self._lock("no key update" if no_key else "update", of, nowait, skip_locked)

    def for_share(self, *, nowait: bool = False, skip_locked: bool = False, of: Any = None, key: bool = False) -> Self:
        """Lock the rows against changes, but not against other shared locks; arguments as for `for_update`.

        Args:
            nowait: See `for_update`.
            skip_locked: See `for_update`.
            of: See `for_update`.
            key: Whether others may change what is no key (FOR KEY SHARE).
        """
        return self._lock("key share" if key else "share", of, nowait, skip_locked)

    def _lock(self, strength: str, of: Any, nowait: bool, skip_locked: bool) -> Self:
        if nowait and skip_locked:
            raise ValueError("nowait and skip_locked exclude each other")
        tables = () if of is None else tuple(of) if is_list(of) else (of,)
        state = self._state.replace(lock=Lock(strength, tables, bool(nowait), bool(skip_locked)))
        check_lock(state)
        return self._of(state)


def check_lock(state: State) -> None:
    """Refuse to lock rows that are not rows of a table.

    Raises:
        ValueError: The query has DISTINCT, groups, aggregates, windows or set operations.
    """
    for part, given in state.reshaping().items():
        if given:
            raise ValueError(f"rows cannot be locked in a query with {part}")
