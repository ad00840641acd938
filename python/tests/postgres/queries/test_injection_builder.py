"""Hostile texts in every place of models, expressions and builders: refused, or taken as nothing but themselves."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeAlias

import pytest

from ouroboros_postgres import (
    ArrayOps,
    FullTextSearch,
    Point,
    QueryBuilder,
    QueryFragment,
    SqlExpr,
    Table,
    WindowSpec,
    aliased,
    any_,
    filter_by,
    has,
    null_check_filter,
    or_,
    raw_sql,
    selectinload,
)
from ouroboros_postgres.columns import ColumnProxy
from queries.hostile import (
    STORED,
    TEXTS,
    Guard,
    Position,
    identifiers_are_refused,
    labels_are_literal,
    values_are_literal,
)


class Vault(Table):
    id: int
    secret: str | None
    doc: dict[str, Any] | None
    tags: list[str] | None
    n: int | None

    class Settings:
        table_name = "vault"


Make: TypeAlias = Callable[[str], Any]


def rows(make: Make) -> Position:
    """The rows of a builder that is made from a text."""

    async def position(_: ModuleType, text: str) -> Any:
        return await make(text).to_dicts()

    return position


def groups(make: Make) -> Position:
    """What a builder computes that is made from a text."""

    async def position(_: ModuleType, text: str) -> Any:
        return await make(text).aggregate()

    return position


def named(text: str) -> ColumnProxy[Any]:
    return ColumnProxy(text)


def model(text: str, place: str = "table_name") -> type[Table]:
    """A model with a text as the name of its table, schema or key."""
    settings = {"table_name": "vault", place: text}
    made: type[Table] = type("Hostile", (Table,), {"Settings": type("Settings", (), settings)})
    return made


FIND = Vault.find
# The second member of these tuples matters to nobody: no rows.
NOBODY = Vault.id == -1

IDENTIFIERS: dict[str, Position] = {
    "dict key": rows(lambda text: FIND({text: "x"})),
    "expression column": rows(lambda text: FIND(SqlExpr(text, "=", "x"))),
    "expression column, nested": rows(lambda text: FIND(or_(NOBODY, SqlExpr(text, "IS NULL", None)))),
    "expression operator": rows(lambda text: FIND(SqlExpr("secret", text, "x"))),
    "filter_by": rows(lambda text: FIND(*filter_by(**{text: "x"}))),
    "fragment": rows(lambda text: FIND(QueryFragment(**{text + "__ne": "x"}))),
    "lookup": rows(lambda text: FIND(QueryFragment(**{"secret__" + text.replace("__", ""): "x"}))),
    "null check": rows(lambda text: FIND(null_check_filter(text))),
    "proxy": rows(lambda text: FIND(named(text) == "x")),
    "proxy compared": rows(lambda text: FIND(Vault.secret == named(text))),
    "any_": rows(lambda text: FIND(any_(text, "x"))),
    "has": rows(lambda text: FIND(has(text, "x"))),
    "relationship": rows(lambda text: FIND(any_(text, Vault.id == 1))),
    "where column": rows(lambda text: FIND().where(text, "eq", "x")),
    "where operator": rows(lambda text: FIND().where("secret", text, "x")),
    "select": rows(lambda text: FIND(NOBODY).select("id", text)),
    "selected proxy": rows(lambda text: FIND(NOBODY).select(named(text))),
    "labelled": rows(lambda text: FIND(NOBODY).select(named(text).label("x"))),
    "order": rows(lambda text: FIND(NOBODY).order_by(text)),
    "descending order": rows(lambda text: FIND(NOBODY).order_by("-" + text)),
    "order of a proxy": rows(lambda text: FIND(NOBODY).order_by(named(text).desc().nulls_last())),
    "distinct on": rows(lambda text: FIND(NOBODY).distinct_on(text)),
    "only": rows(lambda text: FIND(NOBODY).only(text)),
    "defer": rows(lambda text: FIND(NOBODY).defer(text)),
    "json column": rows(lambda text: FIND().where_json_contains(text, {"a": 1})),
    "json key column": rows(lambda text: FIND().jsonb_has_key(text, "a")),
    "subquery column": rows(lambda text: FIND().where_in_subquery(text, FIND().select("id"))),
    "raw subquery column": rows(lambda text: FIND().where_in_raw(text, "SELECT 1")),
    "subquery's select": rows(lambda text: FIND().where_in_subquery("id", FIND().select(text))),
    "set operand's select": rows(lambda text: FIND(NOBODY).select("id").union(FIND().select(text))),
    "join": rows(lambda text: FIND(NOBODY).join(text, Vault.id == Vault.n)),
    "join's columns": rows(lambda text: FIND(NOBODY).join(aliased(Vault, "v"), named(text) == Vault.id)),
    "join kind": rows(lambda text: FIND(NOBODY).join(aliased(Vault, "v"), Vault.id == 1, how=text)),
    "table": rows(lambda text: model(text).find()),
    "table of a condition": rows(lambda text: FIND().where_exists(model(text).find())),
    "schema": rows(lambda text: model(text, "schema").find()),
    "search column": rows(lambda text: FIND(named(text).match("x"))),
    "search configuration": rows(lambda text: FIND(Vault.secret.match("x", config=text))),
    "option": lambda _, text: FIND(NOBODY).options(selectinload(text)).to_list(),
    "aggregate column": groups(lambda text: FIND().sum(text, "x")),
    "distinct aggregate": groups(lambda text: FIND().count_distinct(named(text), "x")),
    "group": groups(lambda text: FIND().group_by(text).count_agg()),
    "having function": groups(lambda text: FIND().count_agg().having(text, "n", "gt", 0)),
    "having column": groups(lambda text: FIND().count_agg().having_sum(text, "gt", 0)),
    "having operator": groups(lambda text: FIND().count_agg().having_count(text, 0)),
    "window function": groups(lambda text: FIND().window(text, "w", "n")),
    "window column": groups(lambda text: FIND().window_sum(text, "w")),
    "partition": groups(lambda text: FIND().rank("w", WindowSpec().partition_by(text))),
    "window order": groups(lambda text: FIND().rank("w", WindowSpec().order_by(text))),
    "window direction": groups(lambda text: FIND().rank("w", WindowSpec().order_by("n", text))),
    "update": lambda _, text: FIND(NOBODY).update({text: 1}),
    "updated column": lambda _, text: FIND(NOBODY).returning(text).update(n=1),
    "returning": lambda _, text: FIND(NOBODY).returning(text).delete(),
    "update_many": lambda _, text: Vault.update_many({text: 1}, NOBODY),
    "update_many's filter": lambda _, text: Vault.update_many({"n": 1}, NOBODY, {text: 1}),
    "update_many's returning": lambda _, text: Vault.update_many({"n": 1}, NOBODY, returning=["id", text]),
    "delete_many": lambda _, text: Vault.delete_many({text: -1}, NOBODY),
    "count": lambda _, text: Vault.count({text: 1}),
    "explain": lambda _, text: FIND(NOBODY).explain(format=text),
}
SIGNS = ["?", "?|", "@@", "~"]
# What has a meaning in the position.
MEANT = {
    "expression operator": SIGNS,
    "where operator": SIGNS,
    "select": ["*"],
    "set operand's select": ["*"],
    "schema": [""],  # none
    "updated column": ["*"],
    "returning": ["*"],
    "update_many's returning": ["*"],
}


async def test_what_names_something_is_refused(pg: ModuleType, vault: Guard) -> None:
    await identifiers_are_refused(IDENTIFIERS, pg, vault, MEANT)


async def test_what_is_locked_is_refused(pg: ModuleType, vault: Guard) -> None:
    async with pg.begin_transaction():
        await identifiers_are_refused({"lock": rows(lambda text: FIND(NOBODY).for_update(of=text))}, pg, vault, {})


def keys(make: Make) -> Position:
    async def position(_: ModuleType, text: str) -> list[str]:
        row = (await make(text).limit(1).aggregate())[0]
        return [key for key in row if key != "id"]

    return position


def shown(make: Make) -> Position:
    async def position(_: ModuleType, text: str) -> list[str]:
        return list((await make(text).limit(1).to_dicts())[0])

    return position


LABELS: dict[str, Position] = {
    "count": keys(lambda text: FIND().count_agg(text)),
    "sum": keys(lambda text: FIND().sum("n", text)),
    "window": keys(lambda text: FIND().select("id").row_number(text)),
    "lag": keys(lambda text: FIND().select("id").lag("n", text, 1, 0)),
    "label": shown(lambda text: FIND().select(Vault.n.label(text))),
    "label of a subquery": shown(lambda text: FIND().select(FIND().count_agg("n").as_scalar().label(text))),
}


async def test_labels_are_refused_or_literal(pg: ModuleType, vault: Guard) -> None:
    await labels_are_literal(LABELS, pg, vault)


def one(make: Make) -> Position:
    """The text if the query works and finds all rows but none of a table that it invents."""

    async def position(_: ModuleType, text: str) -> list[str]:
        assert await make(text).count() == len(STORED)
        return [text]

    return position


ALIASES: dict[str, Position] = {
    "CTE": one(lambda text: FIND().with_cte(text, FIND())),
    "raw CTE": one(lambda text: FIND().with_cte_raw(text, "SELECT 1")),
    "source": one(lambda text: QueryBuilder.from_cte(text, FIND())),
    "join": one(lambda text: FIND().join(Vault, Vault.id == -1, alias=text)),
    "aliased": one(lambda text: _joined(aliased(Vault, text))),
}


def _joined(alias: Any) -> Any:
    return FIND().join(alias, alias.id == Vault.id)


async def test_aliases_are_refused_or_literal(pg: ModuleType, vault: Guard) -> None:
    await labels_are_literal(ALIASES, pg, vault)


def secrets(make: Make) -> Position:
    """The secrets of the rows that a condition finds."""

    async def position(_: ModuleType, text: str) -> list[str]:
        return [found.secret for found in await Vault.find(make(text)).to_list()]

    return position


def built(make: Make) -> Position:
    async def position(_: ModuleType, text: str) -> list[str]:
        return [found.secret for found in await make(text).to_list()]

    return position


def exactly(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def selects(condition: Any) -> Any:
    return FIND(condition).select("id")


VALUES: dict[str, Position] = {
    "dict": secrets(lambda text: {"secret": text}),
    "equal": secrets(lambda text: Vault.secret == text),
    "in": secrets(lambda text: Vault.secret.in_([text, None])),
    "in, many": secrets(lambda text: Vault.secret.in_([text] * 1001)),
    "between": secrets(lambda text: Vault.secret.between(text, text)),
    "like": secrets(lambda text: Vault.secret.like(exactly(text))),
    "ilike": secrets(lambda text: (Vault.secret.ilike(exactly(text))) & (Vault.secret == text)),
    "contains": secrets(lambda text: Vault.secret.contains(text) & (Vault.secret == text)),
    "starts with": secrets(lambda text: Vault.secret.startswith(text) & (Vault.secret == text)),
    "ends with": secrets(lambda text: Vault.secret.iendswith(text) & (Vault.secret == text)),
    "expression": secrets(lambda text: SqlExpr("secret", "IS NOT DISTINCT FROM", text)),
    "fragment": secrets(lambda text: QueryFragment(secret__in=[text])),
    "raw": secrets(lambda text: raw_sql("secret = $1 AND $1 = secret", [text])),
    "any": secrets(lambda text: any_("tags", text)),
    "has": secrets(lambda text: has(Vault.tags, [text])),
    "array": secrets(lambda text: Vault.tags.array_contained_by([text])),
    "equal arrays": secrets(lambda text: Vault.tags == [text]),
    "document": secrets(lambda text: Vault.doc.json_contains({"it": text})),
    "path's value": secrets(lambda text: Vault.doc.json_path("it") == text),
    "key": secrets(lambda text: Vault.doc.has_key(text) & (Vault.secret == text)),
    "keys": secrets(lambda text: has("doc", [text, "it"])),
    "path": secrets(lambda text: (Vault.doc.json_path(text) == "1") & (Vault.secret == text)),
    "where": built(lambda text: FIND().where("secret", "eq", text)),
    "document of the builder": built(lambda text: FIND().jsonb_contains("doc", {"it": text})),
    "key of the builder": built(lambda text: FIND().jsonb_has_key("doc", text)),
    "keys of the builder": built(lambda text: FIND().where_json_any_key_exists("doc", [text])),
    "subquery": built(lambda text: FIND().where_in_subquery("id", selects(Vault.secret == text))),
    "raw subquery": built(lambda text: FIND().where_in_raw("secret", "SELECT $1::text", [text])),
    "exists": built(lambda text: FIND().where_exists_raw("SELECT 1 WHERE vault.secret = $1", [text])),
    "CTE": built(lambda text: QueryBuilder.from_cte("c", FIND(Vault.secret == text))),
    "set operation": built(lambda text: FIND().intersect(FIND(Vault.secret == text))),
    "array literal": secrets(lambda text: raw_sql(ArrayOps.contains("tags", [text]))),
    "array element literal": secrets(lambda text: raw_sql(ArrayOps.any("tags", text))),
    "overlapping array literal": secrets(lambda text: raw_sql(ArrayOps.overlap("tags", [text, text]))),
}


async def test_values_are_themselves(pg: ModuleType, vault: Guard) -> None:
    await values_are_literal(VALUES, pg, vault)


async def test_search_texts_do_no_harm(vault: Guard) -> None:
    """Any text is a question to the text search, and an answer to it nothing but rows."""
    queries: list[Callable[[str], Any]] = [
        lambda text: Vault.secret.match(text),
        lambda text: raw_sql(FullTextSearch.match("secret", text)),
        lambda text: raw_sql("$1 = $1 OR " + FullTextSearch.match("secret", "x", "simple"), [text]),
    ]
    for make in queries:
        for text in STORED:
            assert await Vault.find(make(text)).count() <= len(STORED)
    vault.check("search")


def test_configurations_of_text_search_are_names() -> None:
    for text in TEXTS:
        for method in (FullTextSearch.to_tsvector, FullTextSearch.to_tsquery, FullTextSearch.plainto_tsquery):
            try:
                made = method("x", config=text)
            except ValueError:
                continue
            # Quoted or of several scripts, but nothing that ends the literal.
            assert "'" not in made[made.index("'") + 1 : made.index(",") - 1], made


async def test_search_and_geometry_literals_are_literals(pg: ModuleType, vault: Guard) -> None:
    """What the server reads as the text is the text."""
    for text in STORED:
        literal = Point.from_wkt(text, 4326).removeprefix("ST_GeomFromText(").removesuffix(", 4326)")
        assert await pg.execute(f"SELECT {literal} AS it") == [{"it": text}]
        literal = FullTextSearch.to_tsquery(text).removeprefix("to_tsquery('english', ").removesuffix(")")
        assert await pg.execute(f"SELECT {literal} AS it") == [{"it": text}]
        array = ArrayOps._format_array([text, text])
        assert await pg.execute(f"SELECT {array} AS it") == [{"it": [text, text]}]
    vault.check("literals")


def test_literals_refuse_what_they_cannot_hold() -> None:
    for text in TEXTS:
        if "\0" in text:
            with pytest.raises(ValueError, match="NUL|null|zero|0x00|\\\\x00|\\\\0"):
                FullTextSearch.to_tsquery(text)
        with pytest.raises((TypeError, ValueError)):
            Point(text, 1.0)  # type: ignore[arg-type]
        with pytest.raises((TypeError, ValueError)):
            Point(1.0, 1.0, srid=text)  # type: ignore[arg-type]
        with pytest.raises((TypeError, ValueError)):
            Point.from_wkt("POINT(1 1)", text)  # type: ignore[arg-type]
    for value in (object(), {"a": 1}, float):
        with pytest.raises(TypeError):
            ArrayOps._format_array([value])
    for number in (float("nan"), float("inf")):
        with pytest.raises(ValueError):
            Point(number, 1.0)
    assert ArrayOps._format_array([uuid.UUID(int=1)]) == "ARRAY['00000000-0000-0000-0000-000000000001']"
    assert ArrayOps._format_array([datetime.date(2020, 1, 2)]) == "ARRAY['2020-01-02']"


def test_defining_never_fails() -> None:
    """Odd names are for the server to know: they are found out when a statement is made."""
    for text in TEXTS:
        assert model(text)._table_name == (text or "hostile")
        assert ColumnProxy(text).name == text
        assert SqlExpr(text, text, text).column == text
        assert repr(aliased(Vault, text or None))
