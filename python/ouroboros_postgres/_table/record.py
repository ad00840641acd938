"""Instances of models: their values, and which of those are changes."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, Self

from .. import _binding
from .._column import GeneratedColumn  # get_type_hints() of a model needs it
from .._loading.config import LoadingConfig, LoadingStrategy
from .._sql import models
from .._sql.proxy import ColumnProxy
from .declaration import declared_type
from .values import Default, is_immutable_type, is_same, mutable_columns, private_copy

__all__ = ["Record"]

_SHOWN: Final = 60
"""Longest text of a value in `repr`, in characters."""

_STATE: Final = ("_deferred", "_related", "_defaulted")
"""What instances keep in their `__dict__` that belongs to them alone."""


class Record:
    """The values of one row, or of one to be."""

    __slots__ = ("__dict__", "__weakref__", "_clean", "_data")

    _columns: ClassVar[dict[str, Any]]
    _column_defaults: ClassVar[dict[str, Any]]
    _declared_keys: ClassVar[tuple[str, ...]]
    _generated: ClassVar[dict[str, GeneratedColumn]]
    _has_integer_id: ClassVar[bool]
    _immutable: ClassVar[frozenset[str]]
    _inherits_id: ClassVar[bool]
    _instance_defaults: ClassVar[list[Default]]
    _primary_key: ClassVar[str]
    _relationships: ClassVar[dict[str, Any]]
    _schema: ClassVar[str]
    _settings: ClassVar[type[Any]]
    _table_name: ClassVar[str]

    _data: dict[str, Any]
    """The values by column, whatever is loaded or was given."""
    _clean: dict[str, Any] | None
    """The values as they are in the table, `None` for an instance that stands for no row of it."""

    def __init__(self, **values: Any) -> None:
        model = type(self)
        others: dict[str, Any] | None = None
        if not values.keys() <= model._columns.keys():
            undeclared = values.keys() - model._columns.keys()
            others = {name: values.pop(name) for name in undeclared if _has_setter(model, name)}
        _SET_DATA(self, values)
        _SET_CLEAN(self, None)
        if model._instance_defaults:
            self._set_defaults(model._instance_defaults)
        if "id" in values:
            self._set_identity(values.pop("id"))
        if others:
            for name, value in others.items():
                setattr(self, name, value)

    def _set_identity(self, value: Any) -> None:
        self.__dict__["id"] = int(value) if value is not None and self._has_integer_id else value

    def _set_defaults(self, defaults: list[Default]) -> None:
        data, key = self._data, self._primary_key
        has_key = data.get(key) is not None
        missing = {d.column: d.value if d.make is None else d.make() for d in defaults if d.column not in data}
        data.update(missing)
        if missing and (has_key or key in missing):
            self.__dict__["_defaulted"] = private_copy(missing)

    # Attributes.

    def __getattr__(self, name: str) -> Any:
        # Only what the class does not have gets here: columns that the model does not declare.
        if not name.startswith("_"):
            try:
                return self._data[name]
            except KeyError:
                pass
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        model = type(self)
        if type(model.__dict__.get(name)) is ColumnProxy:  # nearly always
            self._data[name] = value
        elif name.startswith("_") or _has_setter(model, name):
            object.__setattr__(self, name, value)
        else:
            self._data[name] = value

    def __delattr__(self, name: str) -> None:
        if name.startswith("_") or hasattr(models.static_attribute(type(self), name), "__delete__"):
            object.__delattr__(self, name)
            return
        holders = [holder for holder in (self._data, self.__dict__) if name in holder]
        for holder in holders:
            del holder[name]
        if not holders:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _missing(self, name: str) -> Any:
        """The value of a column that `_data` lacks: one kept elsewhere, one to be loaded, or `None`."""
        attributes = self.__dict__
        if name in attributes:
            return attributes[name]
        if self._clean is None or name in self._clean or (name == "id" and self._inherits_id_only()):
            return None
        deferred: dict[str, Any] = attributes.setdefault("_deferred", {})
        if name not in deferred:
            from .._loading.deferred import DeferredColumn  # only instances of partial queries need it

            deferred[name] = DeferredColumn(self, name, LoadingConfig(LoadingStrategy.LAZY))
        return deferred[name]

    @classmethod
    def _inherits_id_only(cls) -> bool:
        """Whether the table has no column `id`: no model declares it, and the key is another column."""
        return cls._inherits_id and cls._primary_key != "id"

    def to_dict(self) -> dict[str, Any]:
        """Give the values by column: those that are loaded or given, and `id` unless it is `None`."""
        values = {**self._data, "id": models.value_of(self, "id")}
        if values["id"] is None:
            del values["id"]
        return values

    def __repr__(self) -> str:
        values = self.to_dict()
        shown = {"id": values.pop("id"), **values} if "id" in values else values
        return f"{type(self).__name__}({', '.join(f'{name}={_shortened(value)}' for name, value in shown.items())})"

    def __getstate__(self) -> dict[str, Any]:
        attributes = dict(self.__dict__)
        attributes.pop("_deferred", None)
        if "_related" in attributes:
            attributes["_related"] = {name: copy.copy(loaded) for name, loaded in attributes["_related"].items()}
        return {"_data": dict(self._data), "_clean": private_copy(self._clean), "attributes": attributes}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._data, self._clean = state["_data"], state["_clean"]
        self.__dict__.update(state["attributes"])

    # The row.

    @classmethod
    def _hydrate(cls, rows: list[dict[str, Any]]) -> list[Self]:
        """Make instances from rows that were read; the rows become their values."""
        if not rows:
            return []
        mutable = mutable_columns(rows[0], cls._immutable_columns())
        return _binding.hydrate(cls, rows, _DATA, _CLEAN, tuple(mutable), private_copy)

    @classmethod
    def _immutable_columns(cls) -> frozenset[str]:
        found: frozenset[str] | None = cls.__dict__.get("_immutable")
        if found is None:
            types = ((name, cls._column_type(name)) for name in cls._columns)
            found = cls._immutable = frozenset(name for name, kind in types if is_immutable_type(kind))
        return found

    @classmethod
    def _column_type(cls, name: str) -> Any:
        """The declared type of a column; its text as long as that cannot be evaluated."""
        if isinstance(cls._columns[name], str):
            cls._columns[name] = declared_type(cls, name)
        return cls._columns[name]

    @classmethod
    def _get_pk_column(cls) -> str:
        """The column of the primary key.

        Raises:
            ValueError: Several columns are declared as primary key.
        """
        if len(cls._declared_keys) > 1:
            raise ValueError(
                f"{cls.__name__} declares a composite primary key ({', '.join(cls._declared_keys)}), "
                "which is not supported"
            )
        return cls._primary_key

    def _get_pk(self) -> Any:
        """The value of the primary key, `None` if there is none."""
        return models.value_of(self, self._get_pk_column())

    @classmethod
    def _are_fresh(cls, instances: Iterable[Self]) -> bool:
        """Whether none of some instances has a row or a primary key."""
        key = cls._get_pk_column()
        return all(
            instance._clean is None and instance._data.get(key) is None and instance.__dict__.get(key) is None
            for instance in instances
        )

    def _get_column_values(self) -> dict[str, Any]:
        """The values of declared columns that can be written, as far as they are loaded or given."""
        key = self._get_pk_column()
        return {name: value for name, value in self._writable().items() if name in self._columns or name == key}

    def _writable(self) -> dict[str, Any]:
        """All values that an INSERT takes: those of generated columns are left out, and a key that is `None`."""
        return self._writable_rows([self])[0]

    @classmethod
    def _writable_rows(cls, instances: Sequence[Self]) -> list[dict[str, Any]]:
        """`_writable` of several instances."""
        rows = [instance._data.copy() for instance in instances]
        key, generated = cls._primary_key, cls._generated
        for instance, row in zip(instances, rows, strict=True):
            for name in generated:
                row.pop(name, None)
            if "id" not in row:
                identity = instance.__dict__.get("id")
                if identity is not None:
                    row["id"] = identity
            if key in row and row[key] is None:
                del row[key]
        return rows

    def _changes(self) -> dict[str, Any]:
        """The values of a persistent instance that differ from those of its row."""
        clean = self._clean or {}
        return {
            name: value
            for name, value in self._data.items()
            if (name not in clean or not is_same(value, clean[name])) and name not in self._generated
        }

    def _is_partial(self) -> bool:
        """Whether the instance comes from a query that left out the primary key."""
        return self._clean is not None and self._get_pk_column() not in self._clean

    def _absorb(self, values: Mapping[str, Any]) -> None:
        """Take over values that were read from the row; they are not changes."""
        self._data.update(values)
        self._clean = {**(self._clean or {}), **private_copy(dict(values))}

    @classmethod
    def _settle(cls, instances: Sequence[Self], rows: list[dict[str, Any]], had: Sequence[Mapping[str, Any]]) -> None:
        """Take over rows as one statement has left them.

        What has been changed since it was sent stays a change; objects that are equal to what came back stay.

        Args:
            instances: The instances.
            rows: For each the columns that came back; those that did not hold what was sent.
            had: For each private copies of all its values that can be written, as of that time.
        """
        names = list(rows[0])
        if len(rows) > 1:
            names = [name for name in names if not _came_back(name, instances, rows, had)]
        mutable = mutable_columns(rows[0], cls._immutable_columns())
        for instance, row, before in zip(instances, rows, had, strict=True):
            data = instance._data
            for name in names:
                if name not in data or not (_is_equal(data[name], row[name]) or instance._is_newer(name, before)):
                    data[name] = row[name]
            for name in mutable:
                row[name] = private_copy(row[name])
            clean = instance._clean
            _SET_CLEAN(instance, {**(before if clean is None else clean), **row})
            attributes = instance.__dict__
            if attributes:
                for name in row.keys() & attributes.keys():
                    del attributes[name]
                attributes.pop("_defaulted", None)

    def _is_newer(self, name: str, before: Mapping[str, Any]) -> bool:
        """Whether the value of a column has been assigned, or changed in place, after it was like this."""
        value = self._data[name]
        if name in before:
            return not is_same(value, before[name])
        return value is not None and name not in self._generated

    def _replace(self, row: dict[str, Any]) -> None:
        """Become the row, and forget what was derived from the old values."""
        self._data = row
        self._clean = private_copy(row)
        for name in (*_STATE, *row):
            self.__dict__.pop(name, None)


_DATA: Final = Record.__dict__["_data"]
_CLEAN: Final = Record.__dict__["_clean"]
_SET_DATA: Final = _DATA.__set__
_SET_CLEAN: Final = _CLEAN.__set__
_NOTHING: Final = object()


def _came_back(
    name: str, instances: Sequence[Record], rows: list[dict[str, Any]], had: Sequence[Mapping[str, Any]]
) -> bool:
    """Whether all rows have come back with what their instances had in a column, and have still."""
    if name not in had[0]:
        return False
    fresh = [row[name] for row in rows]
    before = [values.get(name, _NOTHING) for values in had]
    current = [instance._data.get(name, _NOTHING) for instance in instances]  # pyright: ignore[reportPrivateUsage]
    return list(map(type, current)) == list(map(type, fresh)) and current == before and current == fresh


def _is_equal(current: object, fresh: object) -> bool:
    return type(current) is type(fresh) and is_same(current, fresh)


def _has_setter(model: type[Any], name: str) -> bool:
    """Whether the class attribute of this name takes assignments."""
    return hasattr(models.class_of(models.static_attribute(model, name)), "__set__")


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
