"""Boolean clauses, fragments, ready-made fragments and aliases."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

import ouroboros_postgres
from ouroboros_postgres import query_ext
from ouroboros_postgres._sql.aliased import alias_source, aliased_model
from ouroboros_postgres._sql.encoder import Encoder
from ouroboros_postgres._sql.filters import nodes
from ouroboros_postgres.columns import ColumnProxy, SqlExpr
from ouroboros_postgres.query_ext import (
    AliasedClass,
    BooleanClause,
    QueryFragment,
    active_filter,
    aliased,
    and_,
    any_,
    date_range_filter,
    filter_by,
    in_list_filter,
    not_,
    null_check_filter,
    or_,
    raw_sql,
)


class User:
    """A model as far as columns need one."""

    age: ColumnProxy[int]
    status: ColumnProxy[str]

    @classmethod
    def __table_name__(cls) -> str:
        return "users"


for _name in ("age", "status"):
    setattr(User, _name, ColumnProxy(_name, User))

AGE = SqlExpr("age", ">", 18)
ADMIN = SqlExpr("role", "=", "admin")
EDITOR = SqlExpr("role", "=", "editor")


@pytest.mark.parametrize("name", query_ext.__all__)
def test_the_package_has_the_names(name: str) -> None:
    assert getattr(ouroboros_postgres, name) is getattr(query_ext, name)
    assert name in ouroboros_postgres.__all__


def test_expressions_are_in_the_package() -> None:
    assert ouroboros_postgres.SqlExpr is SqlExpr
    assert ouroboros_postgres.ColumnProxy is ColumnProxy


def test_filter_by() -> None:
    made = filter_by(name="Ada", age=36, deleted=None)
    assert [(e.column, e.op, e.value) for e in made] == [
        ("name", "=", "Ada"),
        ("age", "=", 36),
        ("deleted", "=", None),
    ]
    assert all(type(e) is SqlExpr for e in made)
    assert made[2].to_sql() == ("deleted IS NULL", [])
    assert filter_by() == []


# Boolean clauses.


def test_clauses_keep_what_they_are_given() -> None:
    inner = or_(ADMIN, EDITOR)
    clause = BooleanClause("and", [AGE, inner])
    assert clause.operator == "AND"
    assert clause.conditions == [AGE, inner]
    assert clause.conditions[0] is AGE and clause.conditions[1] is inner
    assert isinstance(clause.conditions, list)


def test_texts_of_clauses() -> None:
    assert and_(AGE, ADMIN).to_sql() == ("age > $1 AND role = $2", [18, "admin"])
    assert and_(AGE, or_(ADMIN, EDITOR)).to_sql() == (
        "age > $1 AND (role = $2 OR role = $3)",
        [18, "admin", "editor"],
    )
    assert or_(and_(AGE, ADMIN), EDITOR).to_sql(5) == (
        "(age > $5 AND role = $6) OR role = $7",
        [18, "admin", "editor"],
    )
    assert not_(AGE).to_sql() == ("NOT (age > $1)", [18])
    assert not_(not_(ADMIN)).to_sql() == ("NOT (NOT (role = $1))", ["admin"])
    assert not_(and_(AGE, ADMIN)).to_sql() == ("NOT (age > $1 AND role = $2)", [18, "admin"])
    assert and_(AGE & ADMIN, EDITOR).to_sql()[0] == "(age > $1 AND role = $2) AND role = $3"
    assert and_(AGE, ADMIN, EDITOR).to_sql()[0] == "age > $1 AND role = $2 AND role = $3"


def test_members_of_other_kinds() -> None:
    fragment = QueryFragment(a=1, b__gt=2)
    assert or_(AGE, fragment).to_sql() == ("age > $1 OR (a = $2 AND b > $3)", [18, 1, 2])
    assert or_(AGE, QueryFragment(a=1)).to_sql() == ("age > $1 OR a = $2", [18, 1])
    assert or_(AGE, {"a": 1, "b": None}).to_sql() == ("age > $1 OR (a = $2 AND b IS NULL)", [18, 1])
    assert or_(raw_sql("x OR y"), AGE).to_sql() == ("(x OR y) OR age > $1", [18])
    assert and_(any_("tags", "a"), AGE).to_sql() == ("$1 = ANY(tags) AND age > $2", ["a", 18])


@pytest.mark.parametrize("operator", ["XOR", "", "AND ", "NAND", "; DROP"])
def test_unknown_operators(operator: str) -> None:
    with pytest.raises(ValueError, match="operator"):
        BooleanClause(operator, [AGE, ADMIN])


@pytest.mark.parametrize(
    ("operator", "members"),
    [("NOT", []), ("NOT", [AGE, ADMIN]), ("AND", []), ("AND", [AGE]), ("OR", []), ("OR", [AGE])],
)
def test_the_number_of_members(operator: str, members: list[Any]) -> None:
    with pytest.raises(ValueError):
        BooleanClause(operator, members)
    if operator != "NOT":
        with pytest.raises(ValueError):
            (and_ if operator == "AND" else or_)(*members)


@pytest.mark.parametrize("member", ["age > 1", 5, None, True, [AGE], User.age])
def test_what_is_no_member(member: Any) -> None:
    with pytest.raises(TypeError, match="Invalid filter type: "):
        BooleanClause("AND", [AGE, member]).to_sql()
    with pytest.raises(TypeError, match="Invalid filter type: "):
        BooleanClause("NOT", [member]).to_sql()


def test_operators_of_clauses() -> None:
    clause = or_(ADMIN, EDITOR)
    for made, operator in ((clause & AGE, "AND"), (clause | AGE, "OR")):
        assert isinstance(made, BooleanClause)
        assert made.operator == operator
        assert made.conditions[0] is clause and made.conditions[1] is AGE
    negated = ~clause
    assert isinstance(negated, BooleanClause) and negated.operator == "NOT"
    assert (clause & AGE).to_sql()[0] == "(role = $1 OR role = $2) AND age > $3"
    for other in ("x", 5, None, {}):
        with pytest.raises(TypeError):
            clause & other  # type: ignore[operator]


# Filters.


def texts(*filters: Any) -> list[str]:
    encoder = Encoder()
    return [_text({"boolean": {"operator": "AND", "members": [node]}}) for node in nodes(encoder, filters)]


def _text(node: dict[str, Any]) -> str:
    from ouroboros_postgres import _runtime

    answer = _runtime.call(0, {"op": "compile", "expression": node})
    return str(answer["sql"])


def test_what_may_be_a_filter() -> None:
    assert texts() == texts({}, QueryFragment()) == []
    assert texts(AGE, {"a": 1, "b": None, "c": [1, None], "d": ()}) == [
        "age > $1",
        "a = $1",
        "b IS NULL",
        "(c IN ($1) OR c IS NULL)",
        "FALSE",
    ]
    assert texts(QueryFragment(AGE, QueryFragment(ADMIN), x=1)) == ["age > $1", "role = $1", "x = $1"]
    assert texts({User.age: 5}) == ["age = $1"]


@pytest.mark.parametrize("item", ["age > 1", 5, None, True, False, [AGE], (AGE,), object(), User.age])
def test_what_is_no_filter(item: Any) -> None:
    with pytest.raises(TypeError, match=f"Invalid filter type: {type(item).__name__}"):
        nodes(Encoder(), [item])


def test_keys_of_dicts_are_checked() -> None:
    for key in ("a b", "a; DROP TABLE x", 'a"'):
        with pytest.raises(ValueError):
            texts({key: 1})
    with pytest.raises(TypeError):
        texts({5: 1})


# Fragments.


def test_fragments_keep_what_they_are_given() -> None:
    fragment = QueryFragment(AGE, ADMIN, status="x")
    conditions = fragment.to_conditions()
    assert conditions[0] is AGE and conditions[1] is ADMIN
    assert (conditions[2].column, conditions[2].op, conditions[2].value) == ("status", "=", "x")
    assert [*fragment] == conditions
    conditions.clear()
    assert len(fragment.to_conditions()) == 3


@pytest.mark.parametrize(
    ("keyword", "value", "op", "kept"),
    [
        ("c", 1, "=", 1),
        ("c", None, "=", None),
        ("c__eq", 1, "=", 1),
        ("c__exact", 1, "=", 1),
        ("c__gt", 1, ">", 1),
        ("c__gte", 1, ">=", 1),
        ("c__lt", 1, "<", 1),
        ("c__lte", 1, "<=", 1),
        ("c__ne", 1, "!=", 1),
        ("c__in", [1, 2], "IN", [1, 2]),
        ("c__not_in", (1, 2), "NOT IN", (1, 2)),
        ("c__like", "a%", "LIKE", "a%"),
        ("c__ilike", "a%", "ILIKE", "a%"),
        ("c__isnull", True, "IS NULL", None),
        ("c__isnull", 1, "IS NULL", None),
        ("c__isnull", False, "IS NOT NULL", None),
        ("c__isnull", None, "IS NOT NULL", None),
        ("c__contains", "50%", "LIKE", r"%50\%%"),
        ("c__contains", ["a"], "@>", ["a"]),
        ("c__icontains", "a", "ILIKE", "%a%"),
        ("c__startswith", "a_", "LIKE", r"a\_%"),
        ("c__istartswith", "a", "ILIKE", "a%"),
        ("c__endswith", "a", "LIKE", "%a"),
        ("c__iendswith", "a", "ILIKE", "%a"),
        ("c__between", (1, 2), "BETWEEN", [1, 2]),
        ("c__range", [1, 2], "BETWEEN", [1, 2]),
        ("c__has_key", "k", "?", "k"),
        ("c__any", "a", "ANY", "a"),
    ],
)
def test_lookups(keyword: str, value: Any, op: str, kept: Any) -> None:
    (condition,) = QueryFragment(**{keyword: value}).to_conditions()
    assert isinstance(condition, SqlExpr)
    assert (condition.column, condition.op, condition.value) == ("c", op, kept)


def test_a_lookup_follows_the_last_separator() -> None:
    (condition,) = QueryFragment(my__odd__column__gte=1)
    assert (condition.column, condition.op) == ("my__odd__column", ">=")


@pytest.mark.parametrize("keyword", ["c__regex", "c__", "c__GT", "my__column"])
def test_unknown_lookups(keyword: str) -> None:
    with pytest.raises(ValueError, match=f"Unknown lookup: {keyword.rpartition('__')[2]}"):
        QueryFragment(**{keyword: 1})


@pytest.mark.parametrize(
    ("keyword", "value", "error"),
    [
        ("c__in", "abc", TypeError),
        ("c__in", 5, TypeError),
        ("c__between", [1], ValueError),
        ("c__between", [None, 1], ValueError),
        ("c__between", 5, TypeError),
        ("c__startswith", 5, TypeError),
        ("c__has_key", 5, TypeError),
    ],
)
def test_values_that_do_not_fit_a_lookup(keyword: str, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        QueryFragment(**{keyword: value})


def test_any_keyword_can_be_a_column() -> None:
    assert QueryFragment(**{"self": 1, "conditions": 2, "kwargs": 3}).to_sql()[1] == [1, 2, 3]


def test_an_iterable_in_a_lookup_can_be_used_twice() -> None:
    fragment = QueryFragment(c__in=iter([1, 2]))
    assert fragment.to_sql() == fragment.to_sql() == ("c IN ($1, $2)", [1, 2])


def test_texts_of_fragments() -> None:
    assert QueryFragment(a=1, b__gt=2).to_sql(3) == ("a = $3 AND b > $4", [1, 2])
    assert QueryFragment(a=1).to_sql() == ("a = $1", [1])
    assert QueryFragment().to_sql() == ("", [])
    assert QueryFragment({}, QueryFragment()).to_sql() == ("", [])
    assert QueryFragment(or_(ADMIN, EDITOR), a=1).to_sql()[0] == "(role = $1 OR role = $2) AND a = $3"
    assert QueryFragment({"a": 1, "b": 2}, QueryFragment(c=3)).to_sql() == ("a = $1 AND b = $2 AND c = $3", [1, 2, 3])


def test_and_of_fragments() -> None:
    fragment = QueryFragment(AGE)
    for other, added in (
        (ADMIN, [ADMIN]),
        (QueryFragment(ADMIN, EDITOR), [ADMIN, EDITOR]),
        (QueryFragment(), []),
    ):
        made = fragment & other
        assert type(made) is QueryFragment
        assert made.to_conditions() == [AGE, *added]
    clause = or_(ADMIN, EDITOR)
    assert (fragment & clause).to_conditions() == [AGE, clause]
    assert fragment.to_conditions() == [AGE]
    assert (QueryFragment() & AGE).to_conditions() == [AGE]


def test_or_and_not_of_fragments() -> None:
    several, one = QueryFragment(a=1, b=2), QueryFragment(ADMIN)
    made = several | AGE
    assert isinstance(made, BooleanClause) and made.operator == "OR"
    assert made.to_sql() == ("(a = $1 AND b = $2) OR age > $3", [1, 2, 18])
    assert (several | QueryFragment(c=3, d=4)).to_sql()[0] == "(a = $1 AND b = $2) OR (c = $3 AND d = $4)"
    assert (one | AGE).conditions == [ADMIN, AGE]
    assert (~several).to_sql()[0] == "NOT (a = $1 AND b = $2)"
    assert (~one).to_sql()[0] == "NOT (role = $1)"


def test_fragments_on_the_right() -> None:
    several = QueryFragment(a=1, b=2)
    for left in (AGE, or_(ADMIN, EDITOR), raw_sql("x")):
        for made in (left & several, left | several):
            assert isinstance(made, BooleanClause)
            assert "(a = $" in made.to_sql()[0]
    assert (AGE & several).to_sql() == ("age > $1 AND (a = $2 AND b = $3)", [18, 1, 2])
    assert (AGE | several).to_sql() == ("age > $1 OR (a = $2 AND b = $3)", [18, 1, 2])
    assert (AGE & QueryFragment()) is AGE


EMPTY: list[Callable[[], Any]] = [
    lambda: QueryFragment() | AGE,
    lambda: AGE | QueryFragment(),
    lambda: QueryFragment(a=1) | QueryFragment(),
    lambda: ~QueryFragment(),
    lambda: and_(AGE, QueryFragment()),
    lambda: or_(QueryFragment(), AGE),
    lambda: or_(QueryFragment(QueryFragment(), {}), AGE),
    lambda: not_(QueryFragment()),
    lambda: or_({}, AGE),
    lambda: BooleanClause("NOT", [QueryFragment()]),
    lambda: date_range_filter("d") | AGE,
]


@pytest.mark.parametrize("make", EMPTY)
def test_empty_fragments_are_no_alternative(make: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match="empty"):
        make()


def test_an_empty_fragment_in_a_combination_made_by_hand() -> None:
    with pytest.raises(ValueError, match="empty"):
        SqlExpr("OR", "OR", [QueryFragment(), AGE]).to_sql()


def test_reprs() -> None:
    assert "AND" in repr(and_(AGE, ADMIN)) and "'age'" in repr(and_(AGE, ADMIN))
    assert "'age'" in repr(QueryFragment(AGE))


@pytest.mark.parametrize("other", ["x", 5, None, True, {}])
def test_what_a_fragment_is_not_combined_with(other: Any) -> None:
    combinations: list[Callable[[], Any]] = [
        lambda: QueryFragment(AGE) & other,
        lambda: QueryFragment(AGE) | other,
    ]
    for combine in combinations:
        with pytest.raises(TypeError):
            combine()


def test_bad_conditions_of_fragments() -> None:
    with pytest.raises(TypeError, match="Invalid filter type: str"):
        QueryFragment("age > 1").to_sql()  # type: ignore[arg-type]


def test_ready_made_fragments() -> None:
    start, end = dt.date(2024, 1, 1), dt.date(2024, 2, 1)
    values = [1, 2]
    cases: list[tuple[QueryFragment, str, list[Any]]] = [
        (active_filter(), "status = $1", ["active"]),
        (active_filter("state", 1), "state = $1", [1]),
        (date_range_filter("d", start, end), "d >= $1 AND d <= $2", [start, end]),
        (date_range_filter("d", start), "d >= $1", [start]),
        (date_range_filter("d", end=end), "d <= $1", [end]),
        (date_range_filter("d"), "", []),
        (in_list_filter("id", values), "id IN ($1, $2)", values),
        (in_list_filter("id", []), "FALSE", []),
        (null_check_filter("d"), "d IS NULL", []),
        (null_check_filter("d", is_null=False), "d IS NOT NULL", []),
    ]
    for fragment, text, params in cases:
        assert type(fragment) is QueryFragment
        assert fragment.to_sql() == (text, params)
    (condition,) = in_list_filter("id", values)
    assert condition.value is values


# Aliases.


def test_aliases() -> None:
    alias = aliased(User)
    assert isinstance(alias, AliasedClass)
    assert alias._table_class is User
    assert alias._alias == "user_1"
    assert alias._column_proxies == {}
    assert aliased(User, "boss")._alias == AliasedClass(User, "boss")._alias == "boss"
    assert "User" in repr(alias) and "user_1" in repr(alias)
    assert aliased_model(alias) is User


def test_columns_of_aliases() -> None:
    alias = aliased(User, "boss")
    column = alias.age
    assert isinstance(column, ColumnProxy)
    assert (column.name, column.model, column._alias) == ("age", User, "boss")
    assert alias.age is column
    assert alias._column_proxies == {"age": column}
    assert column is not User.age and hash(column) != hash(User.age)
    assert (column > 18).to_sql() == ("boss.age > $1", [18])
    assert (alias.status == User.status).to_sql() == ("boss.status = status", [])


@pytest.mark.parametrize("name", ["missing", "__table_name__", "_data", "__wrapped__", "find"])
def test_what_an_alias_does_not_have(name: str) -> None:
    with pytest.raises(AttributeError, match=f"boss.*{name}"):
        getattr(aliased(User, "boss"), name)


def test_any_class_can_have_an_alias() -> None:
    assert AliasedClass(int)._alias == "int_1"
    with pytest.raises(AttributeError):
        _ = AliasedClass(dict, "d").column
    with pytest.raises(TypeError, match="alias"):
        AliasedClass(User, 5)  # type: ignore[arg-type]


def test_an_odd_alias_is_refused_when_used() -> None:
    alias = aliased(User, 'x"; DROP TABLE users')
    with pytest.raises(ValueError):
        (alias.age == 1).to_sql()
    assert (aliased(User, "Order").age == 1).to_sql()[0] == '"Order".age = $1'


def test_aliases_can_be_copied() -> None:
    alias = aliased(User, "boss")
    assert copy.copy(alias)._alias == "boss"


def test_sources_of_aliases() -> None:
    encoder = Encoder()
    named, unnamed = aliased(User, "boss"), aliased(User)
    assert alias_source(encoder, named) == {"table": "users", "alias": "boss", "fixed": True, "keys": ["@0"]}
    assert alias_source(encoder, unnamed) == {"table": "users", "alias": "user_1", "keys": ["@1"]}
    assert named.age.encode(encoder) == {"column": {"name": "age", "of": "@0", "as": "boss"}}
