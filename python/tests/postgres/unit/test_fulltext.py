from __future__ import annotations

from collections.abc import Callable

import pytest

import ouroboros_postgres as pg
from ouroboros_postgres import FullTextSearch, fts
from ouroboros_postgres.query_ext import and_, not_

QUERIES = ["to_tsquery", "plainto_tsquery", "phraseto_tsquery", "websearch_to_tsquery"]


def test_one_class_has_two_names() -> None:
    assert fts is FullTextSearch


def test_texts() -> None:
    assert fts.to_tsvector("body") == "to_tsvector('english', body)"
    assert fts.match("body", "cat") == "to_tsvector('english', body) @@ plainto_tsquery('english', 'cat')"
    assert fts.rank("body", "cat", "simple") == (
        "ts_rank(to_tsvector('simple', body), plainto_tsquery('simple', 'cat'))"
    )
    assert fts.headline("body", "cat") == "ts_headline('english', body, plainto_tsquery('english', 'cat'))"


@pytest.mark.parametrize("name", QUERIES)
def test_queries_are_literals(name: str) -> None:
    function: Callable[..., str] = getattr(fts, name)
    assert function("it's", config="simple") == f"{name}('simple', 'it''s')"
    assert function("a\\' OR 1=1 --") == f"{name}('english', E'a\\\\'' OR 1=1 --')"
    with pytest.raises(ValueError, match="query contains a NUL character"):
        function("a\0b")
    with pytest.raises(TypeError, match="query must be str, not int"):
        function(1)


@pytest.mark.parametrize("config", ["english'; DROP TABLE t; --", "", "a b", "a.b.c", ".english", "x" * 64, "1a"])
def test_configurations_are_identifiers(config: str) -> None:
    with pytest.raises(ValueError, match="Invalid text search configuration"):
        fts.match("body", "cat", config)
    with pytest.raises(pg.IdentifierError):
        fts.to_tsvector("body", config)


def test_configurations_may_have_a_schema() -> None:
    assert fts.to_tsvector("body", "pg_catalog.german") == "to_tsvector('pg_catalog.german', body)"
    with pytest.raises(TypeError, match="config must be str"):
        fts.to_tsvector("body", None)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_columns_are_named_and_quoted_where_needed() -> None:
    assert fts.to_tsvector(pg.ColumnProxy("body")) == "to_tsvector('english', body)"
    assert fts.to_tsvector(pg.ColumnProxy("fullText")) == "to_tsvector('english', \"fullText\")"

    class Note(pg.Table):
        body: str

    other = pg.aliased(Note, "n")
    assert fts.to_tsvector(other.body) == "to_tsvector('english', n.body)"
    with pytest.raises(ValueError, match="Invalid"):
        fts.to_tsvector(pg.ColumnProxy("a b"))
    with pytest.raises(TypeError, match="column must be SQL text or a column, not int"):
        fts.to_tsvector(1)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_a_match_is_text_and_condition() -> None:
    found = fts.match("body", "cat")
    assert isinstance(found, str)
    assert found.to_sql() == (str(found), [])
    assert (found & (pg.ColumnProxy("age") > 3)).to_sql(2) == (f"({found}) AND age > $2", [3])
    assert and_(found, not_(found)).to_sql()[0] == f"({found}) AND (NOT ({found}))"
    with pytest.raises(TypeError, match="no truth value"):
        bool(found)


def test_a_dollar_in_a_text_is_no_placeholder() -> None:
    assert fts.match("body", "costs $1").to_sql(5) == (str(fts.match("body", "costs $1")), [])
