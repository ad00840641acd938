"""Loading by JOIN: from the rows of a select to related instances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeAlias

from .._n_plus_one.origin import lead
from .current import hydrate_related
from .priming import Primer

if TYPE_CHECKING:
    from .._sql import models
    from .joined import Join

__all__ = ["Attached", "attach"]

Row: TypeAlias = dict[str, Any]
Groups: TypeAlias = "list[list[Any]]"
Keyed: TypeAlias = "tuple[Iterable[Any], list[Any]]"
"""Keys, and the instances that have them."""
Found: TypeAlias = "dict[models.Model, list[Keyed]]"


class Attached:
    """The related instances of one relationship.

    Attributes:
        join: The relationship.
        groups: For each row of the main source what is joined to it: there is nothing but `None` where there is none.
            The lists of all relationships are of the same lengths.
        repeats: Whether an instance may occur several times, or `None`.
        below: The relationships of the instances.
    """

    __slots__ = ("below", "groups", "join", "repeats")

    def __init__(self, join: Join, groups: Groups, below: list[Attached], *, repeats: bool) -> None:
        self.join = join
        self.groups = groups
        self.repeats = repeats
        self.below = below

    @property
    def related(self) -> Iterator[Any]:
        """The related instances, not by rows."""
        return chain.from_iterable(self.groups)

    def prime(self, owners: list[Any]) -> None:
        """Give the instances of the rows what they are related to."""
        self._prime(owners, self.groups)

    def _prime(self, owners: list[Any], groups: Groups) -> None:
        branch = self.join.branch
        lead(owners, branch.name, self.related)
        related = map(_once, groups) if self.repeats else groups
        Primer(branch.attribute, branch.link).prime_all(zip(owners, related, strict=True))
        for below in self.below:
            below._prime(*_by_owner(self.related, below.related))


def attach(joins: Iterable[Join], rows: list[Row], *, is_folded: bool) -> list[Attached]:
    """Take what was joined out of rows.

    Args:
        joins: The relationships.
        rows: The rows, which lose the values with the labels of the joins.
        is_folded: Whether those are lists.
    """
    found: Found = {}
    return [_attach(join, rows, found, is_folded=is_folded) for join in joins]


def _attach(join: Join, mains: list[Row], found: Found, *, is_folded: bool) -> Attached:
    taken = [row.pop(join.label) for row in mains]
    groups: list[list[Row | None]] = taken if is_folded else [[row] for row in taken]
    rows = [*chain.from_iterable(groups)]
    related, repeats = _instances(join, rows, found.setdefault(join.model, []))
    each = iter(related)
    groups = [[*islice(each, len(group))] for group in groups]
    below = [_attach(below, mains, found, is_folded=is_folded) for below in join.joins]
    return Attached(join, groups, below, repeats=repeats)


def _instances(join: Join, rows: list[Row | None], found: list[Keyed]) -> tuple[list[Any], bool]:
    """The related instance of each row, and whether one occurs several times: equal rows give the same one.

    Args:
        join: The relationship.
        rows: The rows, `None` for none.
        found: The instances of its model that are known; new ones are added.
    """
    name = join.key_column
    known = dict(chain.from_iterable(zip(keys, made, strict=True) for keys, made in found))
    fresh = {row[name]: row for row in rows if row is not None}
    if known:
        fresh = {key: row for key, row in fresh.items() if key not in known}
    keys = [row and row[name] for row in rows] if len(fresh) < len(rows) else None
    made = hydrate_related(join.model, [*fresh.values()])
    found.append((fresh, made))
    if keys is None:
        return made, False
    known.update(zip(fresh, made, strict=True))
    return [*map(known.get, keys)], True


def _once(group: list[Any]) -> list[Any]:
    """What one owner is related to: there is something in every row or in none."""
    return [] if group[0] is None else [*{id(one): one for one in group}.values()]


def _by_owner(owners: Iterable[Any], related: Iterable[Any]) -> tuple[list[Any], Groups]:
    """The different owners, and for each what is joined to it; rows without an owner have nothing."""
    groups: dict[int, tuple[Any, list[Any]]] = {}
    for owner, child in zip(owners, related, strict=True):
        if owner is not None:
            groups.setdefault(id(owner), (owner, []))[1].append(child)
    return [owner for owner, _ in groups.values()], [group for _, group in groups.values()]
