"""How a relationship of a model is expressed in SQL; what EXISTS filters, joins and loaders have in common."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .models import Model

__all__ = ["Link", "RelatedAttribute", "Through"]


@dataclass(frozen=True, slots=True)
class Through:
    """The table between both ends of a many-to-many relationship."""

    table: str
    source_key: str
    target_key: str


@dataclass(frozen=True, slots=True)
class Link:
    """`owner.owner_column = target.target_column`, or both through a join table.

    Attributes:
        owner_column: The column of the owner's table.
        target_table: The related table: text, or bare parts.
        target_column: The column of the related table.
        target_model: Its model, when there is one.
        many: Whether an owner can have several related rows.
        through: The join table of a many-to-many relationship; its `source_key` refers to `owner_column`, its
            `target_key` to `target_column`.
    """

    owner_column: str
    target_table: str | list[str]
    target_column: str
    target_model: Model | None = None
    many: bool = False
    through: Through | None = None


class RelatedAttribute:
    """A descriptor of a model that leads to rows of another table."""

    @property
    @abstractmethod
    def relationship_name(self) -> str:
        """The name of the attribute."""

    @property
    @abstractmethod
    def owner(self) -> Model | None:
        """The class whose body has the attribute, `None` when it was added to a class later."""

    @abstractmethod
    def link(self, owner: Model) -> Link:
        """How the rows of `owner` and the related rows belong together.

        Raises:
            ValueError: The related model cannot be found.
        """
