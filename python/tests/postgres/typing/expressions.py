"""What the type checkers see of conditions and columns. Checked, never run."""

from __future__ import annotations

from typing import Any, assert_type

from ouroboros_postgres import (
    BooleanClause,
    ColumnProxy,
    QueryFragment,
    SqlExpr,
    Table,
    active_filter,
    aliased,
    and_,
    any_,
    has,
    not_,
    or_,
    raw_sql,
)


class Plain(Table):
    """Columns as their values: comparisons look like bool."""

    name: str
    age: int


class Typed(Table):
    """Columns as columns."""

    name: ColumnProxy[str]
    age: ColumnProxy[int]
    meta: ColumnProxy[dict[str, Any]]


def comparisons_that_look_like_bool() -> None:
    Plain.find(Plain.age > 30, Plain.name == "Ada")
    Plain.find((Plain.age > 30) & (Plain.name == "Ada"), (Plain.age > 30) | (Typed.age > 30))
    assert_type(and_(Plain.age > 30, or_(Plain.name == "Ada", Typed.age > 30)), BooleanClause)
    assert_type(not_(Plain.age > 30), BooleanClause)
    Plain.find(QueryFragment(Plain.age > 30) & (Plain.name == "Ada"))
    Plain.find((Typed.age > 30) & (Plain.age > 30), ~(Typed.age > 30) | (Plain.age > 30))
    Plain.find(any_("related", Plain.age > 30))


def comparisons() -> None:
    assert_type(Typed.age == 1, SqlExpr)
    assert_type(Typed.age > 1, SqlExpr)
    assert_type((Typed.age > 1) & (Typed.name == "x"), SqlExpr)
    assert_type((Typed.age > 1) | (Typed.name == "x"), SqlExpr)
    assert_type(~(Typed.age > 1), BooleanClause)
    assert_type(Typed.name.startswith("x") & any_("tags", "a"), SqlExpr)
    assert_type(has(Typed.meta, "k"), SqlExpr)
    assert_type(Typed.meta.json_path("a", 0) == "x", SqlExpr)
    assert_type(raw_sql("a = $1", [1]).to_sql(), tuple[str, list[Any]])
    assert_type(active_filter() & (Typed.age > 1), QueryFragment)
    assert_type(active_filter() | (Typed.age > 1), BooleanClause)
    assert_type(~active_filter(), BooleanClause)
    assert_type(aliased(Typed).age, ColumnProxy[Any])
    assert_type((-Typed.age).name, str)


def values(one: Typed, other: Plain) -> None:
    assert_type(one.age, int)
    assert_type(one.meta, dict[str, Any])
    assert_type(other.age, int)
    assert_type(Typed.age, ColumnProxy[int])
    one.age = 5
