"""Columns of models as objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from .json_path import JsonPath
from .label import Label
from .models import missing_value
from .operand import Operand
from .ordering import Ordering

if TYPE_CHECKING:
    from .aliased import AliasedClass
    from .encoder import Encoder, Node
    from .models import Model

__all__ = ["ColumnProxy", "column_node"]

T = TypeVar("T")


class ColumnProxy(Operand, Generic[T]):
    """A column of a model: read from the class it makes conditions, read from an instance it is the value.

    Args:
        name: The name of the column; checked when it is used in a query.
        model: The model, `None` for a name that belongs to whatever a query is about.

    Attributes:
        name: As given.
        model: As given.
        aliased: The aliased class that the column was taken from, if it was.
    """

    __slots__ = ("_alias", "_name", "aliased", "model")

    def __init__(
        self,
        name: str,
        model: Model | None = None,
        *,
        aliased: AliasedClass[Any] | None = None,
        alias: str | None = None,
    ) -> None:
        self._name = name
        self.model = model
        self.aliased = aliased
        self._alias = alias

    @property
    def name(self) -> str:
        """The name of the column."""
        return self._name

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> T: ...
    def __get__(self, instance: Any, owner: type | None = None) -> Self | T:
        if instance is None:
            return self
        value: T
        try:
            value = instance._data[self._name]
        except KeyError:
            value = missing_value(instance, self._name)
        return value

    def __set__(self, instance: Any, value: T) -> None:
        instance._data[self._name] = value

    def __hash__(self) -> int:
        return hash((self._name, id(self.model), id(self.aliased)))

    def is_same(self, other: object) -> bool:
        """Whether this is the same column of the same model or alias."""
        if not isinstance(other, ColumnProxy):
            return False
        return self._name == other.name and self.model is other.model and self.aliased is other.aliased

    def encode(self, encoder: Encoder) -> Node:
        """Give the node."""
        if self.aliased is None:
            return encoder.column(self._name, self.model)
        return {"column": {"name": self._name, "of": encoder.alias_key(self.aliased), "as": self._alias}}

    def json_path(self, *keys: str | int) -> JsonPath:
        """Reach into a JSON column: the text at a path of keys, and indices of arrays.

        Raises:
            ValueError: There is no key.
            TypeError: A key is neither `str` nor `int`.
        """
        return JsonPath(self, keys)

    def __repr__(self) -> str:
        model = None if self.model is None else getattr(self.model, "__name__", self.model)
        alias = "" if self._alias is None else f", alias={self._alias!r}"
        return f"ColumnProxy({self._name!r}, {model}{alias})"


def column_node(encoder: Encoder, item: Any) -> Node:
    """Encode a column given by its name or as an object; a label or an ordering stands for its expression.

    Raises:
        TypeError: It is neither.
    """
    if isinstance(item, str):
        return encoder.name(item)
    if isinstance(item, (Label, Ordering)):
        item = item.operand
    if not isinstance(item, Operand):
        raise TypeError(f"a column must be its name or an attribute of a model, not {type(item).__name__}")
    return item.encode(encoder)
