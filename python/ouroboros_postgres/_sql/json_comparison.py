"""Containment of JSON, where the value is JSON whatever its type in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._arguments import json_text
from .._guards import is_mapping
from .encodable import Encodable, Subquery
from .expression import SqlExpr

if TYPE_CHECKING:
    from .encoder import Encoder, Node

__all__ = ["JsonComparison", "contains_json"]


class JsonComparison(SqlExpr):
    """`column @> value::jsonb` or `column <@ value::jsonb`; a `str` is JSON text, anything else is written as JSON."""

    __slots__ = ()

    def encode(self, encoder: Encoder) -> Node:
        """Give the node."""
        value = self.value
        if isinstance(value, (Encodable, Subquery)):
            return super().encode(encoder)
        if value is not None and not isinstance(value, str) and not is_mapping(value):
            value = json_text(value)
        return contains_json(encoder, self.left(encoder), self.op, value)


def contains_json(encoder: Encoder, left: Node, operator: str, value: Any) -> Node:
    """Compare with a dict or JSON text."""
    return {"compare": {"left": left, "operator": operator, "value": encoder.slot(value), "cast": "jsonb"}}
