"""Conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from .._sql.comparison import compare
from .._sql.condition import Condition
from .._sql.declared import kind_of_column
from .._sql.json_comparison import contains_json
from .._sql.proxy import column_node
from . import names
from .chain import Chain, M
from .jsonb import document

if TYPE_CHECKING:
    from .._sql.encoder import Encoder, Node
    from .state import ColumnItem

__all__ = ["Filtering", "OperatorCondition"]

_DOCUMENTS = ("json_contains", "json_contained_by")


class OperatorCondition(Condition):
    """`column operator value`, the operator being a word of the function API (`eq`, `not_in`, `json_contains`, …)."""

    __slots__ = ("column", "operator", "value")

    def __init__(self, column: ColumnItem, operator: str, value: Any) -> None:
        self.column = column
        self.operator = operator
        self.value = value

    def encode(self, encoder: Encoder) -> Node:
        """Make the node."""
        left = column_node(encoder, self.column)
        operator = self.operator
        if operator.lower() in _DOCUMENTS and self.value is not None:
            return contains_json(encoder, left, operator, document(self.value))
        if operator.lower() == "has" and self._is_json(encoder):
            operator = "json_key_exists"
        return compare(encoder, left, operator, self.value)

    def _is_json(self, encoder: Encoder) -> bool:
        model = getattr(self.column, "model", None) or (encoder.scope.model if encoder.scope is not None else None)
        return kind_of_column(model, names.name_of(self.column)) == "json"

    def __repr__(self) -> str:
        return f"OperatorCondition({self.column!r}, {self.operator!r}, {self.value!r})"


class Filtering(Chain[M]):
    """Methods that add conditions, all of which must hold."""

    __slots__ = ()

    def where(self, *conditions: Any) -> Self:
        """Add conditions, as `find` takes them; or one, given as a column, an operator and a value.

        `where(User.age > 30, {"active": True})`, `where("age", "gt", 30)`, `where("id", "in", other_query)`.

        Args:
            *conditions: The conditions; or a column or its name, an operator of the functions of the package, a value.
        """
        if len(conditions) == 3 and isinstance(conditions[1], str):
            column, operator, value = conditions
            added: tuple[Any, ...] = (OperatorCondition(names.column("the column", column), operator, value),)
        else:
            added = conditions
        return self._with(filters=(*self._state.filters, *added))

    filter = where
