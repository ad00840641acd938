"""Conditions on the elements of an array column, or on the keys and elements of a JSON column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from .._arguments import json_text
from .._guards import is_list, is_mapping, is_set
from .comparison import compare
from .declared import kind_of_column
from .encodable import Encodable, Subquery
from .expression import SqlExpr
from .json_comparison import contains_json

if TYPE_CHECKING:
    from .declared import Kind
    from .encoder import Encoder, Node

__all__ = ["MemberFilter"]


class MemberFilter(SqlExpr):
    """What `any_` and `has` make of a column and a value; `op` is `ANY` or `HAS`.

    Attributes:
        kind: Whether the column is an array or JSON; `None` if that depends on the model of the query.
    """

    __slots__ = ("kind",)

    def __init__(
        self,
        column: str,
        op: Literal["ANY", "HAS"],
        value: Any,
        *,
        operand: Encodable | None = None,
        kind: Kind | None = None,
    ) -> None:
        super().__init__(column, op, value, operand=operand)
        self.kind: Kind | None = kind
        if kind == "json" and op == "HAS":
            _check_keys(value)

    def encode(self, encoder: Encoder) -> Node:
        """Give the node.

        Raises:
            TypeError: A key of JSON is not text.
        """
        left, has_all = self.left(encoder), self.op == "HAS"
        is_array = self._kind(encoder) == "array"
        if isinstance(self.value, (Encodable, Subquery)):
            return compare(encoder, left, "any" if is_array else "?", self.value)
        if is_array:
            return _array(encoder, left, self.value, has_all)
        if has_all:
            _check_keys(self.value)
        return _json(encoder, left, self.value, has_all)

    def _kind(self, encoder: Encoder) -> Kind:
        if self.kind is not None:
            return self.kind
        model = encoder.scope.model if encoder.scope is not None else None
        known = kind_of_column(model, self.column)
        return default_kind(self.op) if known is None else known


def default_kind(op: str) -> Kind:
    """What a column is taken for when nothing tells."""
    return "json" if op == "HAS" else "array"


def _is_many(value: Any) -> bool:
    return is_list(value) or is_set(value)


def _check_keys(value: Any) -> None:
    for key in value if _is_many(value) else [value]:
        if not isinstance(key, (str, Encodable, Subquery)):
            raise TypeError(f"has() takes keys of JSON that are str, not {type(key).__name__}")


def _compared(left: Node, operator: str, value: Any) -> Node:
    return {"compare": {"left": left, "operator": operator, "value": value}}


def _combined(operator: str, members: list[Node]) -> Node:
    if len(members) == 1:
        return members[0]
    return {"boolean": {"operator": operator, "members": members, "enclosed": True}}


def _array(encoder: Encoder, left: Node, value: Any, has_all: bool) -> Node:
    if not _is_many(value):
        return _compared(left, "any", encoder.slot(value))
    if not has_all:
        return _compared(left, "any", encoder.slots(value))
    # `@>` never finds NULL, so that is asked for apart.
    present = [item for item in value if item is not None]
    tests = [_compared(left, "array_contains", encoder.slots(present))] if present or not value else []
    if len(present) < len(value):
        tests.append(_compared(left, "any", None))
    return _combined("AND", tests)


def _json(encoder: Encoder, left: Node, value: Any, has_all: bool) -> Node:
    if not _is_many(value):
        return _json_member(encoder, left, value)
    if all(isinstance(item, str) for item in value):
        return _compared(left, "?&" if has_all else "?|", encoder.slots(value))
    return _combined("OR", [_json_member(encoder, left, item) for item in value])


def _json_member(encoder: Encoder, left: Node, value: Any) -> Node:
    if isinstance(value, str):
        return _compared(left, "?", encoder.slot(value))
    return contains_json(encoder, left, "@>", value if is_mapping(value) else json_text(value))
