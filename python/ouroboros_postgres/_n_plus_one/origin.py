"""From which query result instances come, and what has been loaded for them one by one."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from .detection import Detection, current
from .report import NPlusOne, NPlusOneError, NPlusOneWarning
from .site import Site, caller, caller_in_task

__all__ = ["Access", "about_to_load", "access", "access_site", "lead", "mark"]

_ATTRIBUTE: Final = "_origin"


class _Stranger:
    """What instances keep here that is not part of them: a pickled instance does not know its query any more."""

    __slots__ = ()

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return type(None), ()


class _Result(_Stranger):
    """What one query gave; its instances share it.

    Attributes:
        model: The model of its instances.
        root: The model of the query that the path leads from.
        path: The relationships that led to the instances.
        size: How many there are.
        loads: For how many of them a relationship or column was loaded, by its name.
    """

    __slots__ = ("loads", "model", "path", "root", "size")

    def __init__(self, model: type[Any], size: int) -> None:
        self.model = self.root = model
        self.path: tuple[str, ...] = ()
        self.size = size
        self.loads: dict[str, int] = {}


class _Origin(_Stranger):
    """Where one instance comes from for which something was loaded.

    Attributes:
        result: What the query gave.
        numbers: For each relationship or column, as which of the instances of the result it asked for it.
    """

    __slots__ = ("numbers", "result")

    def __init__(self, result: _Result) -> None:
        self.result = result
        self.numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """As which of the instances of the result this one asks for something."""
        if name not in self.numbers:
            loads = self.result.loads
            self.numbers[name] = loads[name] = loads.get(name, 0) + 1
        return self.numbers[name]


def mark(model: type[Any], instances: Sequence[Any]) -> None:
    """Note that instances come from one query result, if anybody wants to know."""
    if current() is None:
        return
    result = _Result(model, len(instances))
    for instance in instances:
        if hasattr(instance, "__dict__"):
            instance.__dict__[_ATTRIBUTE] = result


def lead(owners: Iterable[Any], name: str, related: Iterable[Any]) -> None:
    """Note that a relationship has led from instances to others, if anybody wants to know."""
    if current() is None:
        return
    source = next(filter(None, map(_result, owners)), None)
    if source is None:
        return
    for result in map(_result, related):
        if result is not None and not result.path and result is not source:
            result.root, result.path = source.root, (*source.path, name)


def access_site() -> Site | None:
    """Find the line that reads an attribute, if anybody wants to know."""
    return None if current() is None else caller()


class Access(NamedTuple):
    """The reading of an attribute that gives a query."""

    instance: Any
    name: str
    site: Site | None

    def about_to_load(self) -> None:
        """Note that the query is about to be sent; see the function of this name."""
        about_to_load(self.instance, self.name, self.site)


def access(instance: Any, name: str) -> Access | None:
    """Remember that an attribute is read, if anybody wants to know."""
    return None if current() is None else Access(instance, name, caller())


def about_to_load(instance: Any, name: str, accessed: Site | None = None, *, is_column: bool = False) -> None:
    """Note that a statement is about to be sent for something of one instance.

    Args:
        instance: The instance.
        name: The relationship or column.
        accessed: Where the attribute was read, for loads that nobody's code awaits itself.
        is_column: Whether it is a column.

    Raises:
        NPlusOneError: That has been done for other instances of the same result, and is an error.
    """
    detection = current()
    origin = None if detection is None else _origin(instance)
    if detection is None or origin is None:
        return
    number = origin.number(name)
    if number >= detection.threshold:
        _report(detection, origin.result, name, number, caller_in_task() or accessed or caller(), is_column=is_column)


def _report(
    detection: Detection, result: _Result, name: str, number: int, site: Site | None, *, is_column: bool
) -> None:
    if detection.mode == "warn" and number > detection.threshold:
        return  # has been said
    filename, lineno, names = site or Site("<unknown>", 0, {})
    remedy = _remedy_of_column(result, name) if is_column else _remedy(result, name)
    found = NPlusOne(result.model.__name__, name, number, result.size, filename, lineno, remedy)
    detection.found.append(found)
    if detection.mode == "raise":
        raise NPlusOneError(found)
    module = names.get("__name__", "<unknown>")
    registry = names.setdefault("__warningregistry__", {})
    warnings.warn_explicit(NPlusOneWarning(found), NPlusOneWarning, filename, lineno, module, registry)


def _remedy(result: _Result, name: str) -> str:
    path = ".".join((*result.path, name))
    return f'{result.root.__name__}.find(...).options(selectinload("{path}"))'


def _remedy_of_column(result: _Result, name: str) -> str:
    return f'{result.model.__name__}.find(...).options(undefer("{name}")), or name it in only() or select()'


def _result(instance: Any) -> _Result | None:
    found: _Result | _Origin | None = getattr(instance, "__dict__", {}).get(_ATTRIBUTE)
    return found.result if isinstance(found, _Origin) else found


def _origin(instance: Any) -> _Origin | None:
    found: _Result | _Origin | None = getattr(instance, "__dict__", {}).get(_ATTRIBUTE)
    if isinstance(found, _Result):
        found = instance.__dict__[_ATTRIBUTE] = _Origin(found)
    return found
