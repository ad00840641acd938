"""Texts of PostgreSQL's full-text search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._literals import quoted
from ._sql.text import ConditionText, operand
from .errors import IdentifierError

if TYPE_CHECKING:
    from .columns import ColumnProxy

__all__ = ["FullTextSearch", "fts"]


class FullTextSearch:
    """Makes the SQL of full-text search.

    `column` is trusted SQL, a name or an expression, or a column of a model. `query` becomes a literal; `config` is the
    name of a text search configuration, perhaps after its schema. For values that come from users, `ColumnProxy.match`
    binds them as parameters instead.

    Raises:
        ValueError: `config` is no identifier, or `query` contains NUL.
        TypeError: An argument is of the wrong type.
    """

    @staticmethod
    def to_tsvector(column: str | ColumnProxy[Any], config: str = "english") -> str:
        """`to_tsvector('english', column)`."""
        return f"to_tsvector({_config(config)}, {operand('column', column)})"

    @staticmethod
    def to_tsquery(query: str, config: str = "english") -> str:
        """`to_tsquery('english', 'query')`: words joined by `&`, `|`, `!` and `<->`; the server refuses other texts."""
        return _query("to_tsquery", query, config)

    @staticmethod
    def plainto_tsquery(query: str, config: str = "english") -> str:
        """`plainto_tsquery('english', 'query')`: all the words."""
        return _query("plainto_tsquery", query, config)

    @staticmethod
    def phraseto_tsquery(query: str, config: str = "english") -> str:
        """`phraseto_tsquery('english', 'query')`: the words one after the other."""
        return _query("phraseto_tsquery", query, config)

    @staticmethod
    def websearch_to_tsquery(query: str, config: str = "english") -> str:
        """`websearch_to_tsquery('english', 'query')`: quotes, `or` and `-` as in web searches; never an error."""
        return _query("websearch_to_tsquery", query, config)

    @staticmethod
    def match(column: str | ColumnProxy[Any], query: str, config: str = "english") -> ConditionText:
        """Require all the words of `query`; usable as a filter."""
        vector = FullTextSearch.to_tsvector(column, config)
        return ConditionText(f"{vector} @@ {FullTextSearch.plainto_tsquery(query, config)}")

    @staticmethod
    def rank(column: str | ColumnProxy[Any], query: str, config: str = "english") -> str:
        """`ts_rank(…)`: how well the text fits all the words of `query`."""
        vector = FullTextSearch.to_tsvector(column, config)
        return f"ts_rank({vector}, {FullTextSearch.plainto_tsquery(query, config)})"

    @staticmethod
    def headline(column: str | ColumnProxy[Any], query: str, config: str = "english") -> str:
        """`ts_headline(…)`: an excerpt of the text with the words of `query` marked."""
        words = FullTextSearch.plainto_tsquery(query, config)
        return f"ts_headline({_config(config)}, {operand('column', column)}, {words})"


fts = FullTextSearch


def _query(function: str, query: str, config: str) -> str:
    return f"{function}({_config(config)}, {quoted('query', query)})"


def _config(config: str) -> str:
    """Write the name of a configuration as a literal, which the server reads as an identifier."""
    if not isinstance(config, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers need not be typed
        raise TypeError(f"config must be str, not {type(config).__name__}")
    parts = config.split(".")
    if len(parts) > 2 or not all(part.isidentifier() and len(part.encode()) <= 63 for part in parts):
        raise IdentifierError(f"Invalid text search configuration: {config!r}")
    return f"'{config}'"
