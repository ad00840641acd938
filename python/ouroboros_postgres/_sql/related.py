"""`any_` and `has`: filters on related rows, on arrays and on JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeGuard, cast

from . import models
from .condition import Condition
from .declared import kind_of_column
from .expression import SqlExpr
from .link import Link, RelatedAttribute
from .member_filter import MemberFilter, default_kind
from .proxy import ColumnProxy
from .related_rows import OuterRow, exists

if TYPE_CHECKING:
    from .encoder import Encoder, Node
    from .models import ForeignKey, Model

__all__ = ["RelatedFilter", "any_", "has"]


_OMITTED: Final = object()  # None is a value
_Word = Literal["ANY", "HAS"]


class RelatedFilter(SqlExpr):
    """What `any_` and `has` make of a relationship: there is a related row, one that a condition holds for.

    `column` is the name of the relationship or the foreign-key column, `op` is `ANY` or `HAS`, `value` the condition.
    """

    __slots__ = ("relationship",)

    def __init__(
        self, relationship: str | RelatedAttribute | ColumnProxy[Any], op: _Word, condition: Condition | None
    ) -> None:
        super().__init__(_name(relationship), op, condition)
        self.relationship = relationship

    def encode(self, encoder: Encoder) -> Node:
        """Give the node.

        Raises:
            ValueError: The relationship is a name that the model of the query does not have, or its target is unknown.
        """
        relationship = self.relationship
        if isinstance(relationship, str):
            relationship = _named(encoder, relationship)
        if isinstance(relationship, ColumnProxy):
            row, link = _through_key(encoder, relationship)
        else:
            row, link = _through_attribute(encoder, relationship)
        return exists(encoder, row, link, self.value)


def _name(relationship: str | RelatedAttribute | ColumnProxy[Any]) -> str:
    if isinstance(relationship, str):
        return relationship
    return relationship.name if isinstance(relationship, ColumnProxy) else relationship.relationship_name


def _named(encoder: Encoder, name: str) -> RelatedAttribute | ColumnProxy[Any]:
    """Look a name up in the model of the query."""
    model = encoder.scope.model if encoder.scope is not None else None
    if model is None:
        raise ValueError(f"Unknown relationship: {name}; there is no model here to look it up in")
    attribute = models.related_attribute(model, name)
    if attribute is not None:
        return attribute
    if models.foreign_key(model, name) is None:
        raise ValueError(
            f"Unknown relationship: {name}; {model.__name__} has no relationship or foreign key of that name"
        )
    return ColumnProxy(name, model)


def _through_key(encoder: Encoder, column: ColumnProxy[Any]) -> tuple[OuterRow, Link]:
    # A column gets here only if its model declares the key.
    key = cast("ForeignKey", models.foreign_key(cast("Model", column.model), column.name))
    node = column.encode(encoder)["column"]
    return OuterRow(node["of"], node.get("as")), Link(column.name, key.table, key.column)


def _through_attribute(encoder: Encoder, attribute: RelatedAttribute) -> tuple[OuterRow, Link]:
    owner = _owner(encoder, attribute)
    return OuterRow(models.source_key(owner)), attribute.link(owner)


def _owner(encoder: Encoder, attribute: RelatedAttribute) -> Model:
    """Find the model that is filtered: that of the query, as it may have inherited the attribute."""
    scope = encoder.scope
    while scope is not None:
        if scope.model is not None and models.static_attribute(scope.model, attribute.relationship_name) is attribute:
            return scope.model
        scope = scope.outer
    if attribute.owner is None:
        raise ValueError(f"Unknown relationship: {attribute.relationship_name}; no model of the query has it")
    return attribute.owner


def any_(relationship: Any, condition: Any = _OMITTED) -> SqlExpr:
    """Filter by related rows, by an element of an array, or by a key or element of JSON.

    - `any_(User.posts, Post.published == True)`: there is a related row that the condition holds for. Without a
      condition: there is a related row. The first argument is a relationship of any kind, a column with a foreign key,
      or the name of one of them; names are looked up in the model of the query.
    - `any_(Article.tags, "urgent")`: an array column has the element; with a list: one of its elements.
    - `any_(Article.meta, "author")`: a JSON column has the key or the string in its array, or contains another value;
      with a list: for one of its items.

    The declared type of the column tells arrays from JSON; where there is none, it is taken for an array. A row whose
    column is NULL matches neither the condition nor its negation.

    Raises:
        NotImplementedError: The first argument is `None`.
        TypeError: The arguments are none of these combinations.
        ValueError: When the query is built: `Unknown relationship: …`.
    """
    return _dispatch("ANY", relationship, condition)


def has(relationship: Any, condition: Any = _OMITTED) -> SqlExpr:
    """Filter by related rows as `any_` does; or by all of several elements of an array, or all of several keys of JSON.

    - `has(Post.author, User.active == True)`: there is a related row that the condition holds for.
    - `has(Article.tags, ["a", "b"])`: an array column has all of these elements.
    - `has(Article.meta, ["a", "b"])`: a JSON column has all of these keys.

    The declared type of the column tells arrays from JSON; where there is none, it is taken for JSON. A row whose
    column is NULL matches neither the condition nor its negation.

    Raises:
        NotImplementedError: The first argument is `None`.
        TypeError: The arguments are none of these combinations, or a key is not text.
        ValueError: When the query is built: `Unknown relationship: …`.
    """
    return _dispatch("HAS", relationship, condition)


def _dispatch(op: _Word, first: Any, condition: Any) -> SqlExpr:
    if first is None:
        raise NotImplementedError(f"{_call(op)} needs a relationship or a column, not None")
    is_filter = condition is _OMITTED or isinstance(condition, Condition)
    wanted = None if condition is _OMITTED else condition
    if isinstance(first, (RelatedAttribute, str)) or _has_key(first):
        if is_filter:
            return RelatedFilter(first, op, wanted)
    elif not _is_column(first) or is_filter:
        raise _refusal(op, first)
    if isinstance(first, RelatedAttribute):
        raise _refusal(op, first)
    if isinstance(first, str):
        return MemberFilter(first, op, condition)
    column: ColumnProxy[Any] = first
    kind = kind_of_column(column.model, column.name) or default_kind(op)
    return MemberFilter(column.name, op, condition, operand=column, kind=kind)


def _is_column(first: object) -> TypeGuard[ColumnProxy[Any]]:
    return isinstance(first, ColumnProxy)


def _has_key(first: object) -> bool:
    if not _is_column(first) or first.model is None:
        return False
    return models.foreign_key(first.model, first.name) is not None


def _call(op: _Word) -> str:
    return "any_()" if op == "ANY" else "has()"


def _refusal(op: _Word, first: object) -> TypeError:
    return TypeError(
        f"{_call(op)} takes a relationship with a condition or none, a foreign-key column with a condition or none, or "
        f"an array or JSON column with a value; these arguments are none of them: {first!r}"
    )
