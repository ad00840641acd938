"""What the body of a model and its bases declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from .._column import ColumnDeclaration, GeneratedColumn
from .._sql import models
from .._sql.proxy import ColumnProxy
from ..relationships import RelationshipDescriptor
from .annotations import annotations_of, is_class_variable, resolved, without_none
from .settings import Settings, given_setting
from .values import Default, defaults

__all__ = ["Declaration", "declared_type", "read"]

_UNSET: Final = object()
_BODY: Final = "_declared_body"
"""Where a model keeps what its own body declares: its attributes make way for proxies."""


@dataclass(slots=True)
class Declaration:
    """What a model declares in all.

    Attributes:
        columns: Column name to type, those of the bases first.
        defaults: Column name to plain default, `Column` object or descriptor of a generated column, where there is one.
        keys: The columns declared as primary key.
        none_by_default: The columns whose default is said to be `None`, which therefore take it.
        inherits_id: Whether `id` is the one that every model has, not declared by any.
        primary_key: The primary key by all that is said about it.
        relationships: The descriptors that `relationship()` makes, by name.
        schema: The schema.
        settings: The settings class of the body, or the defaults.
        table_name: The table.
    """

    columns: dict[str, Any] = field(default_factory=dict[str, Any])
    defaults: dict[str, Any] = field(default_factory=dict[str, Any])
    keys: tuple[str, ...] = ()
    none_by_default: set[str] = field(default_factory=set[str])
    inherits_id: bool = True
    primary_key: str = "id"
    relationships: dict[str, Any] = field(default_factory=dict[str, Any])
    schema: str = Settings.schema
    settings: type[Any] = Settings
    table_name: str = ""

    @property
    def generated(self) -> dict[str, GeneratedColumn]:
        """The columns that the table computes."""
        return {name: default for name, default in self.defaults.items() if isinstance(default, GeneratedColumn)}

    @property
    def column_defaults(self) -> dict[str, Any]:
        """The defaults of the others."""
        return {name: default for name, default in self.defaults.items() if not isinstance(default, GeneratedColumn)}

    @property
    def instance_defaults(self) -> list[Default]:
        """How new instances get what they are not given."""
        return defaults(self.column_defaults)

    @property
    def has_integer_id(self) -> bool:
        """Whether what is given as `id` becomes a number."""
        return without_none(self.columns.get("id")) is int


@dataclass(slots=True)
class _Body:
    """What one class adds: columns with annotation and default (or `_UNSET`), and names that are columns no more."""

    columns: dict[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])
    overridden: set[str] = field(default_factory=set[str])


def read(model: type[Any], parent: type[Any] | None, root: type[Any]) -> Declaration:
    """Read what a model and its bases declare; its body is untouched yet.

    Args:
        model: The model.
        parent: The nearest model above, `None` if that is the root.
        root: The model that all derive from, which may be this one.
    """
    declaration = Declaration()
    for owner in reversed(model.__mro__):
        if owner in root.__mro__[1:]:
            continue
        body = _body(owner, declaration.columns, keep=owner is model)
        _merge(declaration, body)
        if owner is not root and _declares(body, "id"):
            declaration.inherits_id = False
    declaration.keys = tuple(name for name, default in declaration.defaults.items() if _is_key(default))
    declaration.relationships = _relationships(model)
    declaration.settings = settings = model.__dict__.get("Settings", Settings)
    if not hasattr(settings, "indexes"):
        settings.indexes = []
    declaration.table_name = given_setting(settings, "table_name") or model.__name__.lower()
    declaration.schema = _schema(settings, parent)
    declaration.primary_key = given_setting(settings, "primary_key") or _primary_key(declaration.keys, parent)
    return declaration


def _declares(body: _Body, name: str) -> bool:
    annotation, default = body.columns.get(name, (_UNSET, None))
    return annotation is not _UNSET or (default is not _UNSET and default is not None)


def _merge(declaration: Declaration, body: _Body) -> None:
    for name in body.overridden:
        declaration.columns.pop(name, None)
        declaration.defaults.pop(name, None)
    for name, (annotation, default) in body.columns.items():
        if annotation is not _UNSET:
            declaration.columns[name] = annotation
            declaration.defaults.pop(name, None)
            declaration.none_by_default.discard(name)
        declaration.columns.setdefault(name, Any)
        if default is None:
            declaration.none_by_default.add(name)
        elif default is not _UNSET:
            declaration.defaults[name] = default
            declaration.none_by_default.discard(name)


def _body(owner: type[Any], inherited: Mapping[str, Any], *, keep: bool) -> _Body:
    body: _Body | None = owner.__dict__.get(_BODY)
    if body is None:
        body = _read_body(owner, inherited)
        if keep:
            setattr(owner, _BODY, body)
    return body


def _read_body(owner: type[Any], inherited: Mapping[str, Any]) -> _Body:
    body = _Body()
    annotations = annotations_of(owner)
    for name, annotation in annotations.items():
        if name.startswith("_") or is_class_variable(annotation) or _is_about_relationship(owner, name):
            continue
        value = owner.__dict__.get(name, _UNSET)
        if _is_other(value):
            body.overridden.add(name)
        else:
            body.columns[name] = (resolved(annotation, owner), _default(value))
    for name, value in _plain_attributes(owner, annotations):
        if name not in inherited and not isinstance(value, (ColumnDeclaration, GeneratedColumn)):
            continue
        if _is_other(value):
            body.overridden.add(name)
        else:
            body.columns[name] = (_UNSET, _default(value))
    return body


def _plain_attributes(owner: type[Any], annotations: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in owner.__dict__.items():
        if name not in annotations and not name.startswith("_"):
            yield name, value


def _is_about_relationship(owner: type[Any], name: str) -> bool:
    """Whether an annotation without a value only says more about the type of a relationship of a base."""
    return name not in owner.__dict__ and models.related_attribute(owner, name) is not None


def _is_other(value: object) -> bool:
    """Whether a class attribute is a descriptor of its own, as relationships and methods are, and so no column."""
    return hasattr(type(value), "__get__") and not isinstance(value, (ColumnProxy, GeneratedColumn))


def _default(value: Any) -> Any:
    return _UNSET if isinstance(value, ColumnProxy) else value


def _is_key(default: object) -> bool:
    return isinstance(default, ColumnDeclaration) and default.primary_key


def _relationships(model: type[Any]) -> dict[str, Any]:
    found = models.related_attributes(model)
    return {name: value for name, value in found.items() if isinstance(value, RelationshipDescriptor)}


def _primary_key(keys: tuple[str, ...], parent: type[Any] | None) -> str:
    inherited = () if parent is None else cast("tuple[str, ...]", getattr(parent, "_declared_keys", ()))
    own = [name for name in keys if name not in inherited]
    if own:
        return own[0]
    return "id" if parent is None else models.declared_primary_key(parent)


def _schema(settings: type[Any], parent: type[Any] | None) -> str:
    given = given_setting(settings, "schema")
    if given is None:
        given = Settings.schema if parent is None else models.schema(parent)
    return cast("str", given)


def declared_type(model: type[Any], name: str) -> Any:
    """The type of a column whose annotation could not be evaluated before: evaluated now, or its text."""
    for owner in model.__mro__:
        annotation = annotations_of(owner).get(name, _UNSET)
        if annotation is not _UNSET:
            return resolved(annotation, owner)
    return Any
