"""The condition of a join that follows from the foreign keys which models declare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .._sql import models

if TYPE_CHECKING:
    from .._sql.models import Model

__all__ = ["KeyPair", "Table", "derived", "model_of_table", "parts"]


class Table(NamedTuple):
    """A table and its model, if it has one."""

    name: str | list[str]
    model: Model | None


class KeyPair(NamedTuple):
    """`source.source_column = target.target_column`; `source` is the index of one of the tables joined so far."""

    source: int
    source_column: str
    target_column: str


def derived(sources: Sequence[Table], target: Table) -> KeyPair:
    """Find the foreign key between the target and the first source, else between it and one of the others.

    Raises:
        ValueError: There is none, or several.
    """
    found = list(_pairs(0, sources[0], target))
    if not found:
        found = [pair for index in range(1, len(sources)) for pair in _pairs(index, sources[index], target)]
    if len(found) == 1:
        return found[0]
    name = parts(target.name)[-1]
    if not found:
        raise ValueError(
            f"no foreign key is declared between {name!r} and {_listed(sources)}: say what joins them with on=…"
        )
    candidates = ", ".join(
        f"{parts(sources[pair.source].name)[-1]}.{pair.source_column} = {name}.{pair.target_column}" for pair in found
    )
    raise ValueError(f"several foreign keys join {name!r}: say which with on=…; they are {candidates}")


def _pairs(index: int, source: Table, target: Table) -> Iterator[KeyPair]:
    own, other = parts(source.name), parts(target.name)
    for column, key in _keys(source):
        if _same(parts(key.table), other):
            yield KeyPair(index, column, key.column)
    if _same(own, other):
        return  # a table joined to itself: from the row that refers to the one referred to
    for column, key in _keys(target):
        if _same(parts(key.table), own):
            yield KeyPair(index, key.column, column)


def _keys(table: Table) -> list[tuple[str, models.ForeignKey]]:
    return [] if table.model is None else list(models.foreign_keys(table.model).items())


def _same(one: list[str], other: list[str]) -> bool:
    """Whether two names mean one table; a schema that is not given may be any."""
    length = min(len(one), len(other))
    return one[-length:] == other[-length:]


def parts(table: str | list[str]) -> list[str]:
    """The bare parts of the name of a table."""
    if not isinstance(table, str):
        return table
    return [part.strip('"').replace('""', '"') for part in table.split(".")]


def _listed(sources: Sequence[Table]) -> str:
    return ", ".join(repr(parts(source.name)[-1]) for source in sources)


def model_of_table(name: str, main: Model) -> Model | None:
    """Find the model of a table among the relatives of another one; the last, in its module if possible."""
    root = [base for base in main.__mro__ if models.is_model(base)][-1]
    wanted = parts(name)
    found = [model for model in _derived(root) if _same(parts(models.table_name(model)), wanted)]
    near = [model for model in found if model.__module__ == main.__module__]
    candidates = near or found
    return candidates[-1] if candidates else None


def _derived(model: Model) -> Iterator[Model]:
    for sub in type.__subclasses__(model):
        yield sub
        yield from _derived(sub)
