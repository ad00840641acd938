"""Hostile texts in every place of the functions: refused, or taken as nothing but themselves."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from queries.hostile import (
    TEXTS,
    Guard,
    Position,
    identifiers_are_refused,
    labels_are_literal,
    values_are_literal,
)

COUNT = [("count", None, "n")]
RANK = ("row_number", None, None, None, None, None, "r")


def aggregate(**changes: Any) -> Any:
    """A call of query_aggregate with these arguments."""

    async def position(pg: ModuleType, text: str) -> Any:
        given = {name: place(text) for name, place in changes.items()}
        return await pg.query_aggregate(**{"table": "vault", "aggregates": COUNT, **given})

    return position


def with_cte(**changes: Any) -> Any:
    """A call of query_with_cte with these arguments."""

    async def position(pg: ModuleType, text: str) -> Any:
        given = {name: place(text) for name, place in changes.items()}
        ctes = [("c", "SELECT 1 AS x", [])]
        return await pg.query_with_cte(**{"main_table": "c", "ctes": ctes, **given})

    return position


def found(**changes: Any) -> Any:
    """A call of find_many with these arguments."""

    async def position(pg: ModuleType, text: str) -> Any:
        given = {name: place(text) for name, place in changes.items()}
        return await pg.find_many(**{"table": "vault", "limit": 1, **given})

    return position


IDENTIFIERS: dict[str, Position] = {
    "aggregate table": aggregate(table=lambda text: text),
    "aggregate function": aggregate(aggregates=lambda text: [(text, "n", "a")]),
    "aggregate column": aggregate(aggregates=lambda text: [("sum", text, "a")]),
    "distinct aggregate column": aggregate(aggregates=lambda text: [("count_distinct", text, "a")]),
    "group": aggregate(group_by=lambda text: [text]),
    "having function": aggregate(having=lambda text: [(text, "n", "gt", 0)]),
    "having column": aggregate(having=lambda text: [("sum", text, "gt", 0)]),
    "having operator": aggregate(having=lambda text: [("sum", "n", text, 0)]),
    "field": aggregate(where_conditions=lambda text: [(text, "eq", "x")]),
    "dict key": aggregate(where_conditions=lambda text: {text: "x"}),
    "operator": aggregate(where_conditions=lambda text: [("secret", text, "x")]),
    "order": aggregate(order_by=lambda text: [(text, "asc")], group_by=lambda _: ["n"]),
    "direction": aggregate(order_by=lambda text: [("n", text)], group_by=lambda _: ["n"]),
    "distinct on": aggregate(distinct_on=lambda text: [text], aggregates=lambda _: [], windows=lambda _: [RANK]),
    "subquery type": aggregate(subqueries=lambda text: [(text, "id", "SELECT 1", [])]),
    "subquery field": aggregate(subqueries=lambda text: [("in", text, "SELECT 1", [])]),
    "set operation": aggregate(set_operations=lambda text: [(text, "SELECT 1", [])]),
    "window function": aggregate(windows=lambda text: [(text, "n", None, None, None, None, "w")]),
    "window column": aggregate(windows=lambda text: [("sum", text, None, None, None, None, "w")]),
    "window partition": aggregate(windows=lambda text: [("rank", None, None, None, [text], None, "w")]),
    "window order": aggregate(windows=lambda text: [("rank", None, None, None, None, [(text, "asc")], "w")]),
    "window direction": aggregate(windows=lambda text: [("rank", None, None, None, None, [("n", text)], "w")]),
    "window frame": aggregate(windows=lambda text: [(*RANK, (text, None, 0))]),
    "main table": with_cte(main_table=lambda text: text),
    "select column": with_cte(select_columns=lambda text: ["x", text]),
    "CTE's field": with_cte(where_conditions=lambda text: [(text, "eq", 1)]),
    "CTE's order": with_cte(order_by=lambda text: [(text, "asc")]),
    "CTE's subquery": with_cte(subqueries=lambda text: [("not_in", text, "SELECT 1", [])]),
    "table": found(table=lambda text: text),
    "find's field": found(where_conditions=lambda text: [(text, "is_null", None)]),
    "find's dict key": found(where_conditions=lambda text: {text: 1}),
    "find's operator": found(where_conditions=lambda text: [("n", text, 1)]),
    "find's columns": found(select_columns=lambda text: ["id", text]),
    "find's order": found(order_by=lambda text: [(text, "desc")]),
    "find's direction": found(order_by=lambda text: ("id", text)),
    "find's distinct on": found(distinct_on=lambda text: [text]),
    "limit": found(limit=lambda text: text),
    "offset": found(offset=lambda text: text),
    "aggregate's limit": aggregate(limit=lambda text: text),
    "count's key": lambda pg, text: pg.count("vault", {text: 1}),
    "update's column": lambda pg, text: pg.update_many("vault", {"id": -1}, {text: 1}),
    "update's returning": lambda pg, text: pg.update_many("vault", {"id": -1}, {"n": 1}, returning=[text]),
    "delete's key": lambda pg, text: pg.delete_many("vault", {text: -1, "id": -1}),
    "delete's returning": lambda pg, text: pg.delete_many("vault", {"id": -1}, returning=["id", text]),
}
SIGNS = ["?", "?|", "@@", "~"]
# What has a meaning in the position.
MEANT = {
    "select column": ["*"],
    "find's columns": ["*"],
    "update's returning": ["*"],
    "delete's returning": ["*"],
    "operator": SIGNS,
    "find's operator": SIGNS,
}


async def test_what_names_something_is_refused(pg: ModuleType, vault: Guard) -> None:
    await identifiers_are_refused(IDENTIFIERS, pg, vault, MEANT)


async def keys(rows: Any) -> list[str]:
    found: list[str] = list((await rows)[0])
    return found


LABELS: dict[str, Position] = {
    "aggregate alias": lambda pg, text: keys(pg.query_aggregate("vault", [("count", None, text)])),
    "window alias": lambda pg, text: keys(
        pg.query_aggregate(
            "c",
            [],
            windows=[("rank", None, None, None, None, None, text)],
            ctes=[("c", "SELECT", [])],
        )
    ),
}


async def defined(pg: ModuleType, text: str) -> list[str]:
    """The name of a CTE, if that works."""
    rows = await pg.query_with_cte(text, [(text, "SELECT 1 AS x", [])])
    assert rows == [{"x": 1}]
    return [text]


async def test_aliases_are_refused_or_literal(pg: ModuleType, vault: Guard) -> None:
    await labels_are_literal({**LABELS, "CTE": defined}, pg, vault)


async def secrets(rows: Any) -> list[str]:
    return [row["secret"] for row in await rows]


def condition(field: str, operator: str, place: Any = lambda text: text) -> Position:
    """The secrets of the rows that satisfy a condition."""
    return lambda pg, text: secrets(
        pg.query_aggregate("vault", [], ["secret"], where_conditions=[(field, operator, place(text))])
    )


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


VALUES: dict[str, Position] = {
    "eq": condition("secret", "eq"),
    "in": condition("secret", "in", lambda text: [text]),
    "like": condition("secret", "like", escaped),
    "between": condition("secret", "between", lambda text: (text, text)),
    "array": condition("tags", "any"),
    "array contains": condition("tags", "has_all", lambda text: [text]),
    "document": condition("doc", "json_contains", lambda text: {"it": text}),
    "dict": lambda pg, text: secrets(pg.find_many("vault", {"secret": text}, select_columns=["secret"])),
    "having": lambda pg, text: secrets(
        pg.query_aggregate("vault", [], ["secret"], having=[("max", "secret", "eq", text)])
    ),
    "CTE": lambda pg, text: secrets(
        pg.query_with_cte("c", [("c", "SELECT secret FROM vault WHERE secret = $1", [text])])
    ),
    "condition behind a CTE": lambda pg, text: secrets(
        pg.query_with_cte("c", [("c", "SELECT secret FROM vault WHERE n = $1", [1])], None, [("secret", "eq", text)])
    ),
    "subquery": lambda pg, text: secrets(
        pg.query_aggregate(
            "vault", [], ["secret"], subqueries=[("in", "id", "SELECT id FROM vault WHERE secret = $1", [text])]
        )
    ),
    "set operation": lambda pg, text: secrets(
        pg.query_aggregate(
            "vault",
            [],
            ["secret"],
            set_operations=[("intersect", "SELECT secret FROM vault WHERE secret = $1", [text])],
        )
    ),
    "window default": lambda pg, text: secrets(
        pg.query_aggregate(
            "c", [], windows=[("lag", "x", None, text, None, None, "secret")], ctes=[("c", "SELECT 'y' AS x", [])]
        )
    ),
}


KEYS: dict[str, Position] = {
    "key": condition("doc", "json_key_exists"),
    "any key": condition("doc", "json_any_key_exists", lambda text: [text, "no such key"]),
    "all keys": condition("doc", "json_all_keys_exist", lambda text: [text, "it"]),
}


async def test_values_are_themselves(pg: ModuleType, vault: Guard) -> None:
    await values_are_literal({**VALUES, **KEYS}, pg, vault)


def test_there_are_enough_texts() -> None:
    assert len(TEXTS) >= 400
