"""Requests of joined reads and of deletes that follow foreign keys, from the arguments of public functions."""

from __future__ import annotations

from typing import Any

from ._arguments import argument
from ._requests import Request, check_mapping, encode, given_name, listed, name_list, reading, sized, text

__all__ = ["delete_referenced", "joins", "related"]

_RELATION_FIELDS = frozenset(
    ("name", "table", "foreign_key", "reference_column", "join_type", "select_columns", "many")
)


def related(
    op: str,
    table: str,
    relations: Any,
    *,
    filter: Any = None,
    order_by: Any = None,
    limit: Any = None,
    offset: Any = None,
    key: tuple[str | None, Any] | None = None,
) -> bytes:
    """`select_related` and its forms for one row; `key` is the column and the value that this has."""
    request: Request = {"op": op, "table": text("table", table), "relations": _relations(relations)}
    if filter:
        items = check_mapping("filter", filter).items()
        request["filter"] = [[column, _membership(value), argument(value)] for column, value in items]
    if key is not None:
        column, value = key
        request["id"] = argument(value)
        if column is not None:
            request["id_column"] = given_name("id_column", column)
    request |= reading(None, order_by, limit, offset)
    return encode(request)


def _membership(value: object) -> str:
    return "in" if isinstance(value, (list, tuple, set, frozenset)) else "eq"


def _relations(relations: Any) -> list[Request]:
    return [_relation(index, relation) for index, relation in enumerate(listed("relations", "dicts", relations))]


def _relation(index: int, relation: Any) -> Request:
    what = f"relations[{index}]"
    fields = dict(check_mapping(what, relation))
    for field in ("name", "table", "foreign_key"):
        if field not in fields:
            raise ValueError(f"Missing '{field}' in {what}")
        text(f"{field} of {what}", fields[field])
    unknown = fields.keys() - _RELATION_FIELDS
    if unknown:
        raise ValueError(f"Unknown {sorted(unknown)} in {what}")
    if fields.get("reference_column") is not None:
        given_name(f"reference_column of {what}", fields["reference_column"])
    if fields.get("join_type") == "":  # the engine would take it for none given
        raise ValueError(f"Unknown join type: '' in {what}")
    if fields.get("select_columns") is not None:
        fields["select_columns"] = name_list(f"select_columns of {what}", fields["select_columns"])
    return fields


def joins(joins: Any) -> list[Request]:
    """Read `(name, foreign_key, table)` tuples as relations."""
    read: list[Request] = []
    for index, join in enumerate(listed("joins", "(name, foreign_key, table)", joins)):
        name, foreign_key, table = sized(f"joins[{index}]", join, 3, "(name, foreign_key, table)")
        read.append({"name": name, "foreign_key": foreign_key, "table": table})
    return read


def delete_referenced(op: str, table: str, id: Any, id_column: str | None) -> bytes:
    """`delete_cascade` and `delete_checked`."""
    request: Request = {"op": op, "table": text("table", table), "id": argument(id)}
    if id_column is not None:
        request["id_column"] = given_name("id_column", id_column)
    return encode(request)
