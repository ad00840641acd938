"""Finding relationships: by the name of an attribute, and the model that a relationship leads to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from .._sql import models
from .._sql.link import RelatedAttribute
from .config import LoadingStrategy
from .state import MISSING, Loaded, column_value, forget, known, loaded

if TYPE_CHECKING:
    from .._sql.models import Model

__all__ = ["LoadableAttribute", "Target", "adopt_keys", "attribute", "attributes", "resolve_target"]

Target: TypeAlias = "type[Any] | str | Callable[[], type[Any]]"


class LoadableAttribute(RelatedAttribute):
    """A descriptor of a model that leads to rows of another table and remembers, on each instance, those it loaded."""

    _name: str | None = None
    _owner: Model | None = None

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._owner, self._name = owner, name

    def __delete__(self, instance: object) -> None:
        forget(instance, self.relationship_name)

    @property
    def relationship_name(self) -> str:
        """The name of the attribute."""
        return self._name or ""

    @property
    def owner(self) -> Model | None:
        """The class whose body has the attribute, `None` when it was added to a class later."""
        return self._owner

    @property
    def default(self) -> LoadingStrategy:
        """How it is loaded unless a query says otherwise."""
        return LoadingStrategy.LAZY

    @property
    def reverse(self) -> str | None:
        """The attribute of the related model that leads back."""
        return None

    def known(self, instance: object) -> Loaded | None:
        """What an instance knows, if anything."""
        return known(instance, self._name or "")

    def loaded(self, instance: object) -> Loaded:
        """What an instance knows, to be changed."""
        return loaded(instance, self.relationship_name, self.default)


def attributes(model: Model) -> dict[str, LoadableAttribute]:
    """What a model declares by `relationship()`."""
    declared = models.relationships(model) or {}
    return {name: found for name, found in declared.items() if isinstance(found, LoadableAttribute)}


def attribute(model: Model, name: str) -> LoadableAttribute:
    """The attribute of this name that leads to other rows.

    Raises:
        ValueError: There is none.
    """
    found = (models.relationships(model) or {}).get(name) or models.related_attribute(model, name)
    if not isinstance(found, LoadableAttribute):
        available = ", ".join(sorted(models.related_attributes(model))) or "none"
        raise ValueError(f"Unknown relationship: {name} of {model.__name__}; available: {available}")
    return found


def adopt_keys(instance: Any) -> None:
    """Take over the keys of related instances that had none when they were assigned, and have one now."""
    model = models.class_of(instance)
    for name, entry in models.related_state(instance).items():
        if entry.is_set and entry.key is None and entry.value is not None:
            link = attribute(model, name).link(model)
            key = None if link.many else column_value(entry.value, link.target_column)
            if key is not None and key is not MISSING and column_value(instance, link.owner_column) is None:
                setattr(instance, link.owner_column, key)
                entry.key = key


def resolve_target(target: Target, owner: Model, name: str) -> Model:
    """The model that a relationship was declared to lead to.

    Args:
        target: A class, the name of one, or a function that returns one.
        owner: The model that declares the relationship.
        name: The relationship, for messages.

    Raises:
        ValueError: There is no such class, or several.
        TypeError: It is no model.
    """
    found = target if isinstance(target, (type, str)) else target()
    if isinstance(found, str):
        found = _by_name(found, owner, name)
    if not models.is_model(found):
        raise TypeError(f"{owner.__name__}.{name} must lead to a model, not to {found!r}")
    return found


def _by_name(target: str, owner: Model, name: str) -> Model:
    module, _, last = target.rpartition(".")
    found = [model for model in _relatives(owner) if model.__name__ == last and module in ("", model.__module__)]
    same_module = [model for model in found if model.__module__ == owner.__module__]
    same_scope = [model for model in same_module if _scope(model) == _scope(owner)]
    if same_scope:
        return same_scope[-1]  # a function that defines models may have run before
    top = vars(sys.modules.get(owner.__module__, object)).get(target)
    if isinstance(top, type):
        return top
    candidates = same_module or found
    if len(candidates) == 1:
        return candidates[0]
    which = ", ".join(f"{model.__module__}.{model.__qualname__}" for model in candidates)
    problem = f"which may be any of {which}" if which else "but there is no model of that name"
    raise ValueError(f"{owner.__name__}.{name} leads to {target!r}, {problem}")


def _scope(model: Model) -> str:
    return model.__qualname__.rpartition(".")[0]


def _relatives(owner: Model) -> Iterator[Model]:
    """All living classes that derive from the root model of a model, older ones first within one base."""
    pending: list[Model] = [base for base in owner.__mro__ if models.is_model(base)][-1:]
    seen: set[int] = set()
    for model in pending:
        if id(model) not in seen:
            seen.add(id(model))
            pending += type.__subclasses__(model)
            yield model
