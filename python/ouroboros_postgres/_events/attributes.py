"""Events of attributes: what is set and removed, with the values before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from .._sql import models
from .._sql.link import RelatedAttribute
from .._sql.proxy import ColumnProxy
from .._table.record import Record
from .._table.values import is_same, private_copy
from .calling import call
from .fire import is_heard
from .registration import EventType

__all__ = ["AttributeEvents"]

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class AttributeEvents:
    """A class whose instances tell when their attributes change.

        class User(Table, AttributeEvents):
            name: str

    Once tracking is enabled for an instance, setting a public attribute to a value that is not equal to the one before
    dispatches `attribute_set` with the instance, the name, the old value and the new one, when the attribute has the
    new value already; deleting one dispatches `attribute_remove` with the instance, the name and the old value. An
    attribute without a value counts as `None`, and so do a column and a relationship that are not loaded.

    Assignments cannot wait: these events are dispatched as by `dispatch`, whose listeners must not be coroutine
    functions. Changes of a value in place and values that are read from the database are no assignments.
    """

    _tracking_enabled: bool = False
    _original_values: Mapping[str, Any] = _NOTHING

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if _is_behind_record(cls):
            _put_in_front(cls)

    def enable_tracking(self) -> None:
        """Begin to tell of changes; the values of now are kept in `_original_values`."""
        self._original_values = private_copy(_values(self))
        self._tracking_enabled = True

    def disable_tracking(self) -> None:
        """Tell of no more changes."""
        self._tracking_enabled = False

    def __setattr__(self, name: str, value: Any) -> None:
        _set(self, name, value, super().__setattr__)

    def __delattr__(self, name: str) -> None:
        _delete(self, name, super().__delattr__)


def _set(instance: AttributeEvents, name: str, value: Any, below: Callable[[str, Any], None]) -> None:
    if not _is_told(instance, name, EventType.ATTRIBUTE_SET):
        below(name, value)
        return
    old = _current(instance, name)
    below(name, value)
    if not is_same(value, old):
        call(EventType.ATTRIBUTE_SET, instance, name, old, value)


def _delete(instance: AttributeEvents, name: str, below: Callable[[str], None]) -> None:
    if not _is_told(instance, name, EventType.ATTRIBUTE_REMOVE):
        below(name)
        return
    old = _current(instance, name)
    below(name)
    call(EventType.ATTRIBUTE_REMOVE, instance, name, old)


def _is_told(instance: Any, name: str, event: EventType) -> bool:
    return not name.startswith("_") and instance._tracking_enabled and is_heard(models.class_of(instance), event)


def _values(instance: AttributeEvents) -> dict[str, Any]:
    """The public values of an instance; those of `Table` are the columns that have one."""
    if not isinstance(instance, Record):
        return {name: value for name, value in vars(instance).items() if not name.startswith("_")}
    key = models.value_of(instance, "id")
    return dict(models.loaded_values(instance)) if key is None else {**models.loaded_values(instance), "id": key}


def _current(instance: AttributeEvents, name: str) -> Any:
    """The value of an attribute, without computing or loading one that is not there."""
    attribute = models.static_attribute(models.class_of(instance), name)
    if isinstance(attribute, RelatedAttribute):
        loaded = models.related_state(instance).get(name)
        return loaded.value if loaded is not None and loaded.is_set else None
    if isinstance(attribute, ColumnProxy) or (attribute is None and isinstance(instance, Record)):
        return models.value_of(instance, name)
    if hasattr(models.class_of(attribute), "__set__") or name not in vars(instance):
        return _read(instance, name, attribute)
    return vars(instance)[name]


def _read(instance: AttributeEvents, name: str, attribute: Any) -> Any:
    kind = models.class_of(attribute)
    is_computed = hasattr(kind, "__get__") and not hasattr(kind, "__set__")
    return None if is_computed else getattr(instance, name, None)


# `Table` sets attributes without asking what stands behind it in the order of bases.


def _is_behind_record(model: type[Any]) -> bool:
    order = model.__mro__
    if Record not in order or order.index(Record) > order.index(AttributeEvents):
        return False
    return not any(issubclass(owner, Record) and issubclass(owner, AttributeEvents) for owner in order[1:])


def _put_in_front(model: type[Any]) -> None:
    for name, act in (("__setattr__", _set), ("__delattr__", _delete)):
        setattr(model, name, _in_front(model, name, act))


def _in_front(model: type[Any], name: str, act: Callable[..., None]) -> Callable[..., None]:
    below = models.static_attribute(model, name)

    def method(self: Any, *arguments: Any) -> None:
        act(self, *arguments, partial(below, self))

    method.__name__, method.__qualname__ = name, f"{model.__qualname__}.{name}"
    return method
