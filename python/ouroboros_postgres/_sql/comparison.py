"""Comparisons of an expression with a value: what the value becomes depends on the operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from .._arguments import PLAIN
from .._guards import is_collection, is_list, is_mapping, is_set
from .encodable import Encodable, Subquery

if TYPE_CHECKING:
    from .encoder import Encoder, Node

__all__ = ["OPERATORS", "compare", "members", "spelling"]

_NULL_TESTS: Final = frozenset(
    f"IS {negation}{state}" for negation in ("", "NOT ") for state in ("NULL", "TRUE", "FALSE", "UNKNOWN")
)
_MEMBERSHIPS: Final = frozenset(("IN", "NOT IN", "NOT_IN"))
_RANGES: Final = {
    "BETWEEN": ("AND", ">=", "<="),
    "NOT BETWEEN": ("OR", "<", ">"),
    "NOT_BETWEEN": ("OR", "<", ">"),
}
_MOST_LISTED: Final = 1000
_CONTAINMENTS: Final = frozenset(("@>", "<@"))
_DISTINCTIONS: Final = {"IS DISTINCT FROM": "IS NOT NULL", "IS NOT DISTINCT FROM": "IS NULL"}

OPERATORS: Final = _NULL_TESTS | {
    *("=", "!=", "<>", ">", ">=", "<", "<="),
    *("LIKE", "ILIKE", "NOT LIKE", "NOT ILIKE", "~", "~*", "!~", "!~*"),
    *("IN", "NOT IN", "BETWEEN", "NOT BETWEEN", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"),
    *("@>", "<@", "&&", "?", "?|", "?&", "@@"),
}
"""The operators of SQL that conditions may have, as `spelling` gives them."""


def spelling(operator: str) -> str:
    """Write an operator in upper case with single spaces.

    Raises:
        TypeError: It is not text.
    """
    if operator in OPERATORS:
        return operator
    if not isinstance(operator, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may not be typed
        raise TypeError(f"an operator must be str, not {type(operator).__name__}")
    return " ".join(operator.upper().split())


def compare(encoder: Encoder, left: Node, operator: str, value: Any) -> Node:
    """Compare an expression with a value, another expression or a query.

    Args:
        encoder: Takes the value.
        left: The node of the expression.
        operator: One of `OPERATORS`, or a word that conditions of tuples may have (`eq`, `json_contains`, …).
        value: What to compare with; tests for NULL ignore it.
    """
    word = spelling(operator)
    convert = _CONVERSIONS.get(word)
    if convert is not None:
        return convert(encoder, left, word, value)
    return _scalar(encoder, left, word if word in OPERATORS else operator, value)


def members(operator: str, value: Any) -> list[Any]:
    """Read the values of IN and of the like, going through them once.

    Raises:
        TypeError: It is no list, set or the like of values; text is none.
    """
    if not is_collection(value):
        raise TypeError(f"{operator} needs a list of values, not {type(value).__name__}")
    return list(value)


def _null_test(encoder: Encoder, left: Node, word: str, value: Any) -> Node:
    return {"compare": {"left": left, "operator": word}}


def _distinction(encoder: Encoder, left: Node, word: str, value: Any) -> Node:
    if value is None:
        return {"compare": {"left": left, "operator": _DISTINCTIONS[word]}}
    return _scalar(encoder, left, word, value)


def _scalar(encoder: Encoder, left: Node, word: str, value: Any) -> Node:
    compared: Node = {"left": left, "operator": word}
    if type(value) in PLAIN:
        compared["value"] = encoder.slot(value)
    elif isinstance(value, Subquery):
        compared["right"] = {"query": value.encode_column(encoder)}
    elif isinstance(value, Encodable):
        compared["right"] = value.encode(encoder)
    elif is_list(value) or is_set(value):
        compared["value"] = encoder.slots(value)
    else:
        compared["value"] = encoder.slot(value)
    return {"compare": compared}


def _membership(encoder: Encoder, left: Node, word: str, value: Any) -> Node:
    if isinstance(value, (Subquery, Encodable)):
        return _scalar(encoder, left, word, value)
    values = members(word, value)
    if len(values) <= _MOST_LISTED:
        return {"compare": {"left": left, "operator": word, "value": encoder.slots(values)}}
    # One array: the tree stays small and is the same for any number of values.
    present = [item for item in values if item is not None]
    array: Node = {"compare": {"left": left, "operator": word, "value": encoder.slot(present), "array": True}}
    if len(present) == len(values):
        return array
    joined, test = ("OR", "IS NULL") if word == "IN" else ("AND", "IS NOT NULL")
    null: Node = {"compare": {"left": left, "operator": test}}
    return {"boolean": {"operator": joined, "members": [array, null], "enclosed": True}}


def _range(encoder: Encoder, left: Node, word: str, value: Any) -> Node:
    bounds = members(word, value)
    if len(bounds) != 2:
        raise ValueError(f"{word} needs two values, not {len(bounds)}")
    if any(bound is None for bound in bounds):
        raise ValueError(f"{word} cannot have None as a bound")
    if not any(isinstance(bound, (Encodable, Subquery)) for bound in bounds):
        return {"compare": {"left": left, "operator": word, "value": encoder.slots(bounds)}}
    joined, lower, upper = _RANGES[word]
    sides = [_scalar(encoder, left, lower, bounds[0]), _scalar(encoder, left, upper, bounds[1])]
    return {"boolean": {"operator": joined, "members": sides, "enclosed": True}}


def _containment(encoder: Encoder, left: Node, word: str, value: Any) -> Node:
    if not is_mapping(value):
        return _scalar(encoder, left, word, value)
    return {"compare": {"left": left, "operator": word, "value": encoder.slot(value), "cast": "jsonb"}}


_Conversion = Callable[["Encoder", "Node", str, Any], "Node"]
_CONVERSIONS: Final[dict[str, _Conversion]] = {
    **dict.fromkeys(_NULL_TESTS, _null_test),
    **dict.fromkeys(_DISTINCTIONS, _distinction),
    **dict.fromkeys(_MEMBERSHIPS, _membership),
    **dict.fromkeys(_RANGES, _range),
    **dict.fromkeys(_CONTAINMENTS, _containment),
}
