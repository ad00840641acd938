"""Queries inside queries: another builder, or SQL text of the caller with its own placeholders."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from .._guards import is_list
from .._sql.encodable import Subquery

if TYPE_CHECKING:
    from .._sql.encoder import Encoder, Node

__all__ = ["InnerQuery", "InnerText", "query", "text"]


class InnerQuery(Subquery):
    """What becomes a query node of the query around it."""

    __slots__ = ()

    @abstractmethod
    def to_sql(self) -> tuple[str, list[Any]]:
        """Render the query on its own."""

    @property
    def width(self) -> int | None:
        """How many columns it has, `None` when that is not known."""
        return None


class InnerText(InnerQuery):
    """SQL text whose placeholders are numbered from `$1` for its own parameters."""

    __slots__ = ("_params", "_sql")

    def __init__(self, sql: str, params: list[Any]) -> None:
        self._sql = sql
        self._params = params

    def encode(self, encoder: Encoder) -> Node:
        """Make the query node."""
        return {"sql": self._sql, "args": [encoder.slot(value) for value in self._params]}

    def encode_column(self, encoder: Encoder) -> Node:
        """Make the query node; the server counts the columns."""
        return self.encode(encoder)

    def to_sql(self) -> tuple[str, list[Any]]:
        """The text as it was given."""
        return self._sql, list(self._params)


def text(what: str, sql: Any, params: Any) -> InnerText:
    """Accept a text and its parameters.

    Raises:
        TypeError: One of them is of another type.
    """
    if not isinstance(sql, str):
        raise TypeError(f"the SQL of {what} must be str, not {type(sql).__name__}")
    if params is None:
        return InnerText(sql, [])
    if not is_list(params):
        raise TypeError(f"the params of {what} must be a list or tuple, not {type(params).__name__}")
    return InnerText(sql, list(params))


def query(what: str, value: Any) -> InnerQuery:
    """Accept another builder.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(value, InnerQuery):
        raise TypeError(f"{what} must be a QueryBuilder, not {type(value).__name__}")
    return value
