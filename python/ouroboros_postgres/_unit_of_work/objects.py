"""What a session needs to know of its objects: instances of `Table`, or of any other class.

Another class may say what its rows are by the methods that `Table` has for it: `_get_table_name`, `_get_pk_column`,
`_get_pk`, `_get_column_values`. Without them its table is the name of the class in lower case, its primary key is
`id`, and its columns are its public attributes.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, TypeAlias

from .._sql import models
from .._table.annotations import without_none
from .._table.record import Record
from .._table.values import is_same, private_copy

__all__ = [
    "Clean",
    "changes_of",
    "clean_values",
    "is_row",
    "is_unchanged",
    "key_column",
    "key_of",
    "normalised",
    "restore",
    "set_clean",
    "set_values",
    "settle",
    "table_of",
    "table_path",
    "values_of",
    "written_rows",
    "written_values",
]

Values: TypeAlias = "Mapping[str, Any]"
Clean: TypeAlias = "dict[str, Any]"

# The names of `Table` that are private to its users, but not to the package.
_ABSORB: Final = attrgetter("_absorb")
_ARE_FRESH: Final = attrgetter("_are_fresh")
_CHANGES: Final = attrgetter("_changes")
_CLEAN: Final = attrgetter("_clean")
_COLUMN_VALUES: Final = attrgetter("_get_column_values")
_DATA: Final = attrgetter("_data")
_GENERATED: Final = attrgetter("_generated")
_IS_PARTIAL: Final = attrgetter("_is_partial")
_KEY: Final = attrgetter("_get_pk")
_KEY_COLUMN: Final = attrgetter("_get_pk_column")
_REPLACE: Final = attrgetter("_replace")
_SETTLE: Final = attrgetter("_settle")
_TABLE_NAME: Final = attrgetter("_get_table_name")
_WRITABLE: Final = attrgetter("_writable")
_WRITABLE_ROWS: Final = attrgetter("_writable_rows")


def is_row(obj: Any) -> bool:
    """Whether this is an instance of `Table`, which knows by itself what its row was like."""
    return isinstance(obj, Record)


def table_of(model: Any) -> str:
    """The table of a class, or of an object, by which rows are told apart."""
    if hasattr(model, "_get_table_name"):
        name: str = _TABLE_NAME(model)()
        return name
    return (model if isinstance(model, type) else models.class_of(model)).__name__.lower()


def table_path(model: type[Any]) -> str:
    """The table of a class as requests name it."""
    return models.table_path(model) if models.is_model(model) else table_of(model)


def key_column(model: Any) -> str:
    """The column of the primary key of a class, or of an object."""
    if hasattr(model, "_get_pk_column"):
        name: str = _KEY_COLUMN(model)()
        return name
    return "id"


def key_of(obj: Any) -> Any:
    """The value of the primary key that an object has now, `None` if it has none."""
    return _KEY(obj)() if hasattr(obj, "_get_pk") else getattr(obj, "id", None)


def normalised(model: type[Any], key: Any) -> Any:
    """A primary key as its column has it, when it is given as text."""
    if not isinstance(key, str) or not issubclass(model, Record):
        return key
    kind = without_none(models.column_type(model, key_column(model)))
    try:
        return kind(key) if kind in (int, uuid.UUID) else key
    except ValueError:
        return key


# Values.


def values_of(obj: Any) -> dict[str, Any]:
    """The values of an object by column."""
    if hasattr(obj, "_get_column_values"):
        return dict(_COLUMN_VALUES(obj)())
    return {name: value for name, value in _attributes(obj) if not name.startswith("_")}


def all_values_of(obj: Any) -> dict[str, Any]:
    """The values of an object by column, also of columns that its class does not declare."""
    return dict(_DATA(obj)) if isinstance(obj, Record) else values_of(obj)


def _attributes(obj: Any) -> list[tuple[str, Any]]:
    found = dict[str, Any](getattr(obj, "__dict__", {}))
    for owner in models.class_of(obj).__mro__:
        slots: Any = owner.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(obj, name) and name not in found:
                found[name] = getattr(obj, name)
    return list(found.items())


def written_values(obj: Any) -> dict[str, Any]:
    """The values that an INSERT takes: all but a primary key that is `None`."""
    if isinstance(obj, Record):
        writable: dict[str, Any] = _WRITABLE(obj)()
        return writable
    values = values_of(obj)
    key = key_column(obj)
    if values.get(key) is None:
        values.pop(key, None)
    return values


def written_rows(objs: list[Any]) -> list[dict[str, Any]]:
    """`written_values` of several objects of one class."""
    if not is_row(objs[0]):
        return [written_values(obj) for obj in objs]
    rows: list[dict[str, Any]] = _WRITABLE_ROWS(type(objs[0]))(objs)
    return rows


def computed_columns(model: type[Any]) -> list[str]:
    """The columns that the table computes whenever it writes a row."""
    return list(_GENERATED(model)) if issubclass(model, Record) else []


def set_values(obj: Any, values: Values) -> None:
    """Give an object values, which belong to it from now on."""
    for name, value in values.items():
        setattr(obj, name, value)


def set_written(obj: Any, values: dict[str, Any]) -> None:
    """Give an object without a row just these values, which belong to it from now on."""
    if isinstance(obj, Record):
        obj._data = values  # pyright: ignore[reportPrivateUsage] - the one place
    else:
        set_values(obj, values)


def forget_value(obj: Any, name: str) -> None:
    """Let an object have no value in a column."""
    if isinstance(obj, Record):
        _DATA(obj).pop(name, None)
        obj.__dict__.pop(name, None)
    else:
        setattr(obj, name, None)


# What the row was like. Instances of `Table` keep that by themselves.


def clean_values(obj: Any) -> Clean | None:
    """The values of the row of an instance of `Table`, `None` if it stands for none. Replaced, never changed."""
    clean: Clean | None = _CLEAN(obj)
    return clean


def set_clean(obj: Any, clean: Clean | None) -> None:
    """Say what the row of an instance of `Table` is like."""
    obj._clean = clean  # pyright: ignore[reportPrivateUsage] - the one place


def is_partial(obj: Any) -> bool:
    """Whether an object comes from a query that left out its primary key."""
    return isinstance(obj, Record) and bool(_IS_PARTIAL(obj)())


def is_transient(obj: Any) -> bool:
    """Whether this is an instance of `Table` without a row."""
    return isinstance(obj, Record) and clean_values(obj) is None


def are_fresh(objs: list[Any]) -> bool:
    """Whether these are instances of one model, none of which has a row or a primary key."""
    return is_row(objs[0]) and len(set(map(type, objs))) == 1 and bool(_ARE_FRESH(type(objs[0]))(objs))


def has_row(obj: Any) -> bool:
    """Whether an object stands for a row, as far as it shows."""
    return clean_values(obj) is not None if isinstance(obj, Record) else key_of(obj) is not None


def copy_of(obj: Any) -> Any:
    """An object without a row, with the same values."""
    values = private_copy(written_values(obj))
    if isinstance(obj, Record):
        return type(obj)(**values)
    made: Any = object.__new__(models.class_of(obj))
    set_values(made, private_copy(values_of(obj)))
    return made


def is_unchanged(obj: Any) -> bool:
    """Whether an instance of `Table` is as its row is, at a glance."""
    return bool(_DATA(obj) == _CLEAN(obj))


def are_unchanged(objs: list[Any]) -> bool:
    """Whether instances of `Table` are as their rows are, all of them, at a glance."""
    return list(map(_DATA, objs)) == list(map(_CLEAN, objs))


def changes_of(obj: Any) -> dict[str, Any]:
    """The values of an instance of `Table` that its row does not have."""
    changes: dict[str, Any] = _CHANGES(obj)()
    return changes


def settle(written: list[Any], rows: list[dict[str, Any]], had: Sequence[Values]) -> None:
    """Take over rows as one statement has left them, except what has been changed since.

    Args:
        written: Objects of one class.
        rows: For each the columns that came back; those that did not hold what was sent.
        had: For each private copies of its `written_values`, as of the time of the statement.
    """
    if is_row(written[0]):
        _SETTLE(type(written[0]))(written, rows, had)
        return
    for obj, row, values in zip(written, rows, had, strict=True):
        _settle_other(obj, row, values)


def _settle_other(obj: Any, row: Values, had: Values) -> None:
    key = key_column(obj)
    for name, value in row.items():
        if name != key and not hasattr(obj, name):
            continue
        current = getattr(obj, name, None)
        is_newer = current is not None if name not in had else not is_same(current, had[name])
        if not is_newer and not is_same(current, value):
            setattr(obj, name, value)


def reload(obj: Any, clean: Values, row: Values) -> None:
    """Take over a row that was read again; changes that are not written yet stay.

    Args:
        obj: The object.
        clean: What its row was like.
        row: What it is like now.
    """
    if isinstance(obj, Record):
        obj._data = {**_DATA(obj), **row, **changes_of(obj)}  # pyright: ignore[reportPrivateUsage] - the one place
        return
    for name, value in row.items():
        if name in clean and is_same(getattr(obj, name, None), clean[name]):
            setattr(obj, name, value)


def replace(obj: Any, row: dict[str, Any], *, is_whole: bool) -> None:
    """Take over a row that was read again, or a part of it; changes are lost."""
    if not isinstance(obj, Record):
        set_values(obj, {name: value for name, value in row.items() if hasattr(obj, name)})
    elif is_whole:
        _REPLACE(obj)(row)
    else:
        _ABSORB(obj)(row)


def restore(obj: Any, clean: Clean, changes: Values) -> None:
    """Give an object back the values of its row, as it was, with changes that are not written.

    Args:
        obj: The object.
        clean: What the row was like.
        changes: The changes, which belong to the object from now on.
    """
    values = {**private_copy(clean), **changes}
    if isinstance(obj, Record):
        set_clean(obj, clean)
        obj._data = values  # pyright: ignore[reportPrivateUsage] - the one place
    else:
        set_values(obj, values)
