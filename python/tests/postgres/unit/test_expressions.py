"""Columns, comparisons, orderings, labels and raw conditions: what they are and the text they become."""

from __future__ import annotations

import copy
import datetime as dt
import functools
import operator
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from ouroboros_postgres._sql.encodable import Subquery
from ouroboros_postgres._sql.encoder import Encoder, Node
from ouroboros_postgres._sql.proxy import column_node
from ouroboros_postgres._sql.scalar import ScalarSubquery
from ouroboros_postgres.columns import ColumnProxy, SqlExpr
from ouroboros_postgres.query_ext import BooleanClause, QueryFragment, and_, or_, raw_sql


class User:
    """A model as far as columns need one."""

    age: ColumnProxy[int]
    email: ColumnProxy[str]
    tags: ColumnProxy[list[str]]

    def __init__(self, **values: Any) -> None:
        self._data = values

    @classmethod
    def __table_name__(cls) -> str:
        return "public.users"


for _name in ("age", "email", "tags", "order"):
    setattr(User, _name, ColumnProxy(_name, User))


class Colour(Enum):
    RED = "red"


class Ids(Subquery):
    """SELECT id FROM users WHERE age > $1."""

    def encode(self, encoder: Encoder) -> Node:
        return {
            "select": {
                "columns": [{"expression": {"column": {"name": "id"}}}],
                "from": {"table": ["public", "users"], "keys": ["public.users"]},
                "where": [(User.age > 18).encode(encoder)],
            }
        }

    encode_column = encode


COLUMN = ColumnProxy[Any]("c")


@pytest.mark.parametrize(
    ("op", "value", "text", "params"),
    [
        *((op, 5, f"c {op} $1", [5]) for op in ("=", "!=", "<>", ">", ">=", "<", "<=")),
        *((op, "a%", f"c {op} $1", ["a%"]) for op in ("LIKE", "ILIKE", "NOT LIKE", "NOT ILIKE")),
        *((op, "^a", f"c {op} $1", ["^a"]) for op in ("~", "~*", "!~", "!~*", "@@", "?")),
        ("IN", [1, 2, 3], "c IN ($1, $2, $3)", [1, 2, 3]),
        ("NOT IN", (1, 2), "c NOT IN ($1, $2)", [1, 2]),
        ("IN", [], "FALSE", []),
        ("NOT IN", [], "TRUE", []),
        ("IN", [1, None], "(c IN ($1) OR c IS NULL)", [1]),
        ("NOT IN", [None, 1, 2], "(c NOT IN ($1, $2) AND c IS NOT NULL)", [1, 2]),
        ("IN", [None], "c IS NULL", []),
        ("NOT IN", [None], "c IS NOT NULL", []),
        ("BETWEEN", [1, 2], "c BETWEEN $1 AND $2", [1, 2]),
        ("NOT BETWEEN", (1, 2), "c NOT BETWEEN $1 AND $2", [1, 2]),
        *((op, None, f"c {op}", []) for op in ("IS NULL", "IS NOT NULL", "IS TRUE", "IS NOT FALSE", "IS UNKNOWN")),
        ("IS NULL", "ignored", "c IS NULL", []),
        ("=", None, "c IS NULL", []),
        ("!=", None, "c IS NOT NULL", []),
        ("<>", None, "c IS NOT NULL", []),
        ("IS DISTINCT FROM", 1, "c IS DISTINCT FROM $1", [1]),
        ("IS DISTINCT FROM", None, "c IS NOT NULL", []),
        ("IS NOT DISTINCT FROM", None, "c IS NULL", []),
        ("@>", ["a", "b"], "c @> $1", [["a", "b"]]),
        ("<@", ("a",), "c <@ $1", [["a"]]),
        ("&&", {"a"}, "c && $1", [["a"]]),
        ("?|", ["a", "b"], "c ?| $1", [["a", "b"]]),
        ("?&", ["a", "b"], "c ?& $1", [["a", "b"]]),
        ("?|", [], "FALSE", []),
        ("?&", [], "c IS NOT NULL", []),
        ("@>", {"k": 1}, "c @> $1::jsonb", [{"k": 1}]),
        ("<@", {"k": 1}, "c <@ $1::jsonb", [{"k": 1}]),
        ("=", [1, [2, 3]], "c = $1", [[1, [2, 3]]]),
        ("=", Colour.RED, "c = $1", ["red"]),
        ("IN", [Colour.RED], "c IN ($1)", ["red"]),
        ("=", Decimal("1.5"), "c = $1", [Decimal("1.5")]),
        ("like", "x", "c LIKE $1", ["x"]),
        ("not  in", [1], "c NOT IN ($1)", [1]),
        ("is null", None, "c IS NULL", []),
    ],
)
def test_operators(op: str, value: Any, text: str, params: list[Any]) -> None:
    expression = SqlExpr("c", op, value)
    assert expression.to_sql() == (text, params)
    assert (expression.column, expression.op) == ("c", op)
    assert expression.value is value


def test_numbering_starts_where_it_is_told_to() -> None:
    assert SqlExpr("c", "BETWEEN", [1, 2]).to_sql(param_index=7) == ("c BETWEEN $7 AND $8", [1, 2])
    assert SqlExpr("c", "IN", [1, 2]).to_sql(3)[0] == "c IN ($3, $4)"


@pytest.mark.parametrize(("index", "error"), [(0, ValueError), (-1, ValueError), ("1", TypeError), (True, TypeError)])
def test_the_first_number_is_checked(index: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="param_index"):
        SqlExpr("c", "=", 1).to_sql(index)


@pytest.mark.parametrize("op", ["eq", "==", "; DROP TABLE users", "= 1 OR 1 =", "json_contains", "any", "", "IS"])
def test_operators_that_sql_does_not_have(op: str) -> None:
    with pytest.raises(ValueError, match="Unknown operator: ") as caught:
        SqlExpr("c", op, 1).to_sql()
    assert op in str(caught.value)


@pytest.mark.parametrize("op", [">", ">=", "<", "<=", "LIKE", "ILIKE", "~", "@>", "&&", "?", "?|"])
def test_none_has_no_order(op: str) -> None:
    with pytest.raises(ValueError, match="None"):
        SqlExpr("c", op, None).to_sql()


@pytest.mark.parametrize(
    ("op", "value", "error"),
    [
        ("IN", "abc", TypeError),
        ("IN", 5, TypeError),
        ("IN", None, TypeError),
        ("NOT IN", {"a": 1}, TypeError),
        ("BETWEEN", [1], ValueError),
        ("BETWEEN", [1, 2, 3], ValueError),
        ("BETWEEN", [None, 2], ValueError),
        ("BETWEEN", 5, TypeError),
    ],
)
def test_values_that_do_not_fit(op: str, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        SqlExpr("c", op, value).to_sql()


def test_an_operator_must_be_text() -> None:
    with pytest.raises(TypeError, match="operator"):
        SqlExpr("c", 5, 1).to_sql()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "column", ["a b", "a;b", 'a"b', "a'b", "", "1a", "a..b", "a-b", "x" * 64, "a.b.c.d", "a\0b", "*"]
)
def test_names_are_checked_when_used_only(column: str) -> None:
    expression = SqlExpr(column, "=", 1)
    with pytest.raises(ValueError):
        expression.to_sql()
    with pytest.raises(RuntimeError):
        expression.to_sql()


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("age", "age = $1"),
        ("name", "name = $1"),
        ("role", "role = $1"),
        ("value", "value = $1"),
        ("order", '"order" = $1'),
        ("user", '"user" = $1'),
        ("createdAt", '"createdAt" = $1'),
        ("姓名", '"姓名" = $1'),
        ("users.age", "users.age = $1"),
        ("public.users.Age", 'public.users."Age" = $1'),
    ],
)
def test_names_are_quoted_where_they_need_it(column: str, text: str) -> None:
    assert SqlExpr(column, "=", 1).to_sql() == (text, [1])


def test_a_column_must_be_a_name_or_an_expression() -> None:
    assert SqlExpr(User.age, "=", 1).to_sql() == ("age = $1", [1])
    for column in (5, None, SqlExpr):
        with pytest.raises(TypeError, match="column"):
            SqlExpr(column, "=", 1).to_sql()


def test_more_than_a_thousand_values_are_one_array() -> None:
    many = list(range(1001))
    assert SqlExpr("c", "IN", many).to_sql() == ("c = ANY($1)", [many])
    assert SqlExpr("c", "NOT IN", many).to_sql() == ("c <> ALL($1)", [many])
    assert SqlExpr("c", "IN", [*many, None]).to_sql() == ("(c = ANY($1) OR c IS NULL)", [many])
    assert SqlExpr("c", "NOT IN", [*many, None]).to_sql() == ("(c <> ALL($1) AND c IS NOT NULL)", [many])
    assert len(SqlExpr("c", "IN", many[:1000]).to_sql()[1]) == 1000


# Equality, hash, truth.


def test_expressions_are_equal_to_themselves_only() -> None:
    one, other = SqlExpr("c", "=", 1), SqlExpr("c", "=", 1)
    assert one == one
    assert (one == other) is False
    assert (one != other) is True
    assert one in [other, one] and one not in [other]
    assert len({one, other}) == 2


@pytest.mark.parametrize(
    "condition", [COLUMN == 1, and_(COLUMN == 1, COLUMN == 2), QueryFragment(a=1), raw_sql("TRUE"), COLUMN == User.age]
)
def test_conditions_have_no_truth_value(condition: Any) -> None:
    with pytest.raises(TypeError, match=r"&.*and_\(\).*or_\(\)"):
        bool(condition)
    with pytest.raises(TypeError):
        assert condition and True


def test_repr() -> None:
    text = repr(SqlExpr("age", ">=", 18))
    assert all(part in text for part in ("SqlExpr", "age", ">=", "18"))
    assert repr(ColumnProxy("email", User)) == "ColumnProxy('email', User)"
    assert repr(ColumnProxy("email")) == "ColumnProxy('email', None)"
    assert "raw_sql" in repr(raw_sql("a = $1", [1]))


# Combination.


def test_two_expressions_make_an_expression() -> None:
    one, other = User.age > 1, User.email == "a"
    for made, word in ((one & other, "AND"), (one | other, "OR")):
        assert isinstance(made, SqlExpr)
        assert made.column == made.op == word
        assert made.value == [one, other]
        assert made.value[0] is one and made.value[1] is other
        assert made.to_sql() == (f"(age > $1 {word} email = $2)", [1, "a"])


def test_combinations_nest() -> None:
    made = ((User.age > 1) & (User.age < 9)) | (User.email == "a")
    assert made.to_sql(4) == ("((age > $4 AND age < $5) OR email = $6)", [1, 9, "a"])
    assert (~made).to_sql() == ("NOT ((age > $1 AND age < $2) OR email = $3)", [1, 9, "a"])


@pytest.mark.parametrize("combine", [operator.and_, operator.or_])
@pytest.mark.parametrize("first", [User.age == -1, raw_sql("a = $1", [-1])])
def test_many_conditions_in_a_row(combine: Callable[[Any, Any], Any], first: Any) -> None:
    made = functools.reduce(combine, [first, *(User.age == number for number in range(3000))])
    sql, params = made.to_sql()
    assert params == list(range(-1, 3000))
    assert sql.count("age = $") + sql.count("(a = $1)") == 3001
    assert sql.count("(") <= 2
    other = combine(made, or_(User.age == 1, User.age == 2) if combine is operator.and_ else ~(User.age == 1))
    assert other.to_sql()[0].count("(") <= 4


def test_hand_made_combinations() -> None:
    made = SqlExpr("AND", "and", [User.age > 1, User.age < 9, User.email == "a"])
    assert made.to_sql() == ("(age > $1 AND age < $2 AND email = $3)", [1, 9, "a"])
    with pytest.raises(TypeError):
        SqlExpr("AND", "AND", ["age > 1", User.age > 1]).to_sql()


def test_other_conditions_make_a_clause() -> None:
    clause = and_(User.age > 1, User.age < 9)
    made = (User.email == "a") | clause
    assert isinstance(made, BooleanClause)
    assert made.to_sql() == ("email = $1 OR (age > $2 AND age < $3)", ["a", 1, 9])
    assert ((User.email == "a") & raw_sql("f($1)", [2])).to_sql() == ("email = $1 AND (f($2))", ["a", 2])
    negated = ~(User.age > 1)
    assert isinstance(negated, BooleanClause)
    assert negated.to_sql() == ("NOT (age > $1)", [1])


@pytest.mark.parametrize("other", ["x", 5, None, True, [], {}, User.age])
def test_what_cannot_be_combined(other: Any) -> None:
    condition = User.age > 1
    combinations: list[Callable[[], Any]] = [
        lambda: condition & other,
        lambda: condition | other,
        lambda: other & condition,
        lambda: other | condition,
    ]
    for combine in combinations:
        with pytest.raises(TypeError):
            combine()


# Columns.


def test_comparisons_of_a_column() -> None:
    made = [User.age == 1, User.age != 1, User.age > 1, User.age >= 1, User.age < 1, User.age <= 1]
    assert [(e.column, e.op, e.value) for e in made] == [("age", op, 1) for op in ("=", "!=", ">", ">=", "<", "<=")]
    assert all(type(e) is SqlExpr for e in made)
    assert (5 < User.age).to_sql() == ("age > $1", [5])  # type: ignore[operator]


@pytest.mark.parametrize(
    ("expression", "op", "value"),
    [
        (User.age.in_([1, 2]), "IN", [1, 2]),
        (User.age.not_in([1, 2]), "NOT IN", [1, 2]),
        (User.age.between(1, 2), "BETWEEN", [1, 2]),
        (User.age.not_between(1, 2), "NOT BETWEEN", [1, 2]),
        (User.age.is_null(), "IS NULL", None),
        (User.age.is_not_null(), "IS NOT NULL", None),
        (User.email.like("a_%"), "LIKE", "a_%"),
        (User.email.ilike("a_%"), "ILIKE", "a_%"),
        (User.email.not_like("a"), "NOT LIKE", "a"),
        (User.email.not_ilike("a"), "NOT ILIKE", "a"),
        (User.email.startswith("ab"), "LIKE", "ab%"),
        (User.email.contains("ab"), "LIKE", "%ab%"),
        (User.email.endswith("ab"), "LIKE", "%ab"),
        (User.email.istartswith("ab"), "ILIKE", "ab%"),
        (User.email.icontains("ab"), "ILIKE", "%ab%"),
        (User.email.iendswith("ab"), "ILIKE", "%ab"),
        (User.email.startswith(r"50%_\x"), "LIKE", r"50\%\_\\x%"),
        (User.email.contains(r"50%_\x"), "LIKE", r"%50\%\_\\x%"),
        (User.tags.contains(["a"]), "@>", ["a"]),
        (User.tags.contains(("a",)), "@>", ["a"]),
        (User.tags.contains({"a"}), "@>", ["a"]),
        (User.tags.contains({"a": 1}), "@>", {"a": 1}),
        (User.age.is_(None), "IS NULL", None),
        (User.age.is_(True), "IS TRUE", None),
        (User.age.is_(False), "IS FALSE", None),
        (User.age.is_not(None), "IS NOT NULL", None),
        (User.age.is_not(True), "IS NOT TRUE", None),
        (User.age.is_distinct_from(1), "IS DISTINCT FROM", 1),
        (User.email.regexp("^a"), "~", "^a"),
        (User.email.regexp("^a", ignore_case=True), "~*", "^a"),
        (User.tags.has_key("k"), "?", "k"),
        (User.tags.has_any_keys(["k", "l"]), "?|", ["k", "l"]),
        (User.tags.has_all_keys(("k", "l")), "?&", ["k", "l"]),
        (User.tags.array_contains(["a"]), "@>", ["a"]),
        (User.tags.array_contained_by(("a",)), "<@", ["a"]),
        (User.tags.array_overlaps({"a"}), "&&", ["a"]),
        (User.tags.json_contains({"a": 1}), "@>", {"a": 1}),
        (User.email.match("cats"), "@@", "cats"),
    ],
)
def test_methods_of_a_column(expression: SqlExpr, op: str, value: Any) -> None:
    assert isinstance(expression, SqlExpr)
    assert (expression.op, expression.value) == (op, value)
    assert expression.column in ("age", "email", "tags")


@pytest.mark.parametrize(
    ("expression", "text", "params"),
    [
        (COLUMN.json_contains({"a": 1}), "c @> $1::jsonb", [{"a": 1}]),
        (COLUMN.json_contains('{"a": 1}'), "c @> $1::jsonb", ['{"a": 1}']),
        (COLUMN.json_contains([1, "a"]), "c @> $1::jsonb", ['[1,"a"]']),
        (COLUMN.json_contains(5), "c @> $1::jsonb", ["5"]),
        (COLUMN.json_contained_by({"a": 1}), "c <@ $1::jsonb", [{"a": 1}]),
        (COLUMN.json_path("a", "b", 0) == "x", "c #>> $1 = $2", [["a", "b", "0"], "x"]),
        (COLUMN.json_path("a").in_([1, True, "x", None]), "(c #>> $1 IN ($2, $3, $4) OR c #>> $1 IS NULL)",
         [["a"], "1", "true", "x"]),
        (COLUMN.json_path("a") == 30, "c #>> $1 = $2", [["a"], "30"]),
        (COLUMN.any_("a"), "$1 = ANY(c)", ["a"]),
        (COLUMN.any_(["a", "b"]), "c && $1", [["a", "b"]]),
        (COLUMN.any_([]), "FALSE", []),
        (COLUMN.any_(None), "array_position(c, NULL) IS NOT NULL", []),
        (COLUMN.array_contains([]), "c @> $1", [[]]),
        (COLUMN.match("cats"), "to_tsvector('english', c) @@ plainto_tsquery('english', $1)", ["cats"]),
        (COLUMN.match("cats", "pg_catalog.german"),
         "to_tsvector('pg_catalog.german', c) @@ plainto_tsquery('pg_catalog.german', $1)", ["cats"]),
    ],
)  # fmt: skip
def test_texts_of_methods(expression: SqlExpr, text: str, params: list[Any]) -> None:
    assert expression.to_sql() == (text, params)


@pytest.mark.parametrize(
    "make",
    [
        lambda: COLUMN.in_("abc"),
        lambda: COLUMN.in_(5),
        lambda: COLUMN.not_in(None),
        lambda: COLUMN.is_(5),
        lambda: COLUMN.is_not("x"),
        lambda: COLUMN.startswith(5),
        lambda: COLUMN.contains(5),
        lambda: COLUMN.endswith(None),
        lambda: COLUMN.has_key(5),
        lambda: COLUMN.has_any_keys("abc"),
        lambda: COLUMN.has_all_keys([1]),
        lambda: COLUMN.array_contains("abc"),
        lambda: COLUMN.array_overlaps(5),
        lambda: COLUMN.match(5),
        lambda: COLUMN.match("a", 5),
        lambda: COLUMN.label(5),
        lambda: COLUMN.json_path(1.5),
        lambda: COLUMN.json_path(True),
    ],
)
def test_arguments_of_other_types(make: Callable[[], Any]) -> None:
    with pytest.raises(TypeError):
        make()


@pytest.mark.parametrize("make", [lambda: COLUMN.between(None, 1), lambda: COLUMN.between(1, None), COLUMN.json_path])
def test_arguments_with_other_values(make: Callable[[], Any]) -> None:
    with pytest.raises(ValueError):
        make()


@pytest.mark.parametrize("config", ["a b", "x'", "a;b", 'e"x', "", "x\\"])
def test_a_text_search_configuration_is_an_identifier(config: str) -> None:
    with pytest.raises(ValueError):
        COLUMN.match("a", config).to_sql()


def test_an_iterable_is_gone_through_once() -> None:
    expression = COLUMN.in_(number for number in (1, 2))
    assert expression.to_sql() == expression.to_sql() == ("c IN ($1, $2)", [1, 2])


def test_columns_compare_with_columns() -> None:
    name = ColumnProxy[str]("name", User)
    assert (User.age == name).to_sql() == ("age = name", [])
    assert (User.age.between(1, name)).to_sql() == ("(age >= $1 AND age <= name)", [1])
    assert (User.age.not_between(name, 5)).to_sql() == ("(age < name OR age > $1)", [5])
    expression = User.age >= name
    assert expression.value is name
    assert User.email.like(name).to_sql() == ("email LIKE name", [])
    assert User.tags.any_(name).to_sql() == ("name = ANY(tags)", [])
    assert User.tags.array_overlaps(COLUMN).to_sql() == ("tags && c", [])
    assert COLUMN.json_contains(User.tags).to_sql() == ("c @> tags", [])


def test_columns_compare_with_queries() -> None:
    inner = "SELECT id FROM public.users WHERE age > $1"
    assert COLUMN.in_(Ids()).to_sql() == (f"c IN ({inner})", [18])
    assert COLUMN.not_in(Ids()).to_sql() == (
        f"c NOT IN (SELECT v FROM ({inner}) AS s(v) WHERE v IS NOT NULL)",
        [18],
    )
    assert (COLUMN == Ids()).to_sql() == (f"c = ({inner})", [18])
    assert (COLUMN > ScalarSubquery(Ids())).to_sql() == (f"c > ({inner})", [18])
    assert (ScalarSubquery(Ids()) > 3).to_sql(2) == (f"({inner.replace('$1', '$2')}) > $3", [18, 3])


def test_a_condition_is_no_value() -> None:
    for value in (User.age > 1, [User.age]):
        with pytest.raises(TypeError):
            (User.age.in_([value]) if isinstance(value, SqlExpr) else SqlExpr("c", "&&", value)).to_sql()


def test_read_from_a_class_and_from_an_instance() -> None:
    user = User(age=30)
    assert user.age == 30
    assert user.email is None
    user.email = "a@b"  # type: ignore[assignment]
    assert user._data == {"age": 30, "email": "a@b"}
    assert isinstance(User.age, ColumnProxy)
    assert (User.age.name, User.age.model) == ("age", User)


def test_columns_are_keys() -> None:
    twin = ColumnProxy[int]("age", User)
    assert {User.age: 1}[User.age] == 1
    assert {User.age: 1}[twin] == 1
    assert hash(twin) == hash(User.age) != hash(ColumnProxy("age"))
    assert len({User.age, twin, ColumnProxy("age"), User.email}) == 3


def test_columns_are_not_searched_for_in_lists() -> None:
    with pytest.raises(TypeError, match="no truth value"):
        assert User.email in [User.age]


@pytest.mark.parametrize("name", ["", "a b", "order", "x" * 100, 'a"; DROP TABLE users', "姓名"])
def test_any_name_can_be_kept(name: str) -> None:
    assert ColumnProxy(name, User).name == name
    assert SqlExpr(name, "=", 1).column == name


def test_a_nul_is_kept_while_building() -> None:
    assert (User.email == "a\0b").to_sql() == ("email = $1", ["a\0b"])


# Ordering and labels.


def test_ordering() -> None:
    cases = {
        "ASC": User.age.asc(),
        "DESC": -User.age,
        "DESC NULLS LAST": User.age.desc().nulls_last(),
        "ASC NULLS FIRST": User.age.asc().nulls_first(),
        "DESC NULLS FIRST": (-User.age).nulls_last().nulls_first(),
    }
    for words, ordering in cases.items():
        assert ordering.words == words
        assert ordering.name == "age"
        assert ordering.encode(Encoder()) == {"expression": User.age.encode(Encoder()), "direction": words}
    assert (-User.age).direction == "DESC"
    base = User.age.desc()
    base.nulls_first()
    assert base.words == "DESC"


def test_labels() -> None:
    label = User.age.label("years")
    assert label.name == "years"
    assert label.encode(Encoder()) == {"expression": User.age.encode(Encoder()), "label": "years"}


def test_columns_by_name_or_as_objects() -> None:
    encoder = Encoder()
    node = User.age.encode(encoder)
    for item in (User.age, User.age.label("x"), -User.age):
        assert column_node(encoder, item) == node
    assert column_node(encoder, "age") == {"column": {"name": "age"}}
    for item in (5, None, User.age > 1):
        with pytest.raises(TypeError, match="column"):
            column_node(encoder, item)


def test_reprs_of_what_columns_make() -> None:
    for made in (-User.age, User.age.label("years"), User.age.json_path("k"), ScalarSubquery(Ids())):
        assert type(made).__name__.lower()[:4] in repr(made).lower()


# Raw SQL.


def test_raw_sql_is_renumbered() -> None:
    raw = raw_sql("f($2) > g($1) AND note <> '$1'", [1, 2])
    assert raw.to_sql(5) == ("f($6) > g($5) AND note <> '$1'", [1, 2])
    assert and_(User.age > 1, raw).to_sql() == ("age > $1 AND (f($3) > g($2) AND note <> '$1')", [1, 1, 2])
    assert raw_sql("now() > 'x'").to_sql() == ("now() > 'x'", [])
    assert raw_sql("id = ANY($1)", [[1, 2]]).to_sql() == ("id = ANY($1)", [[1, 2]])
    assert raw_sql("id = ANY($1)", [{1}]).to_sql() == ("id = ANY($1)", [[1]])
    assert (~raw_sql("a")).to_sql() == ("NOT (a)", [])
    assert (raw.fragment, raw.params) == ("f($2) > g($1) AND note <> '$1'", [1, 2])


@pytest.mark.parametrize(
    ("fragment", "params"), [("", None), ("a = $1", None), ("a = $1", [1, 2]), ("a = $2", [1]), ("a; b", None)]
)
def test_raw_sql_whose_placeholders_do_not_fit(fragment: str, params: list[Any] | None) -> None:
    condition = raw_sql(fragment, params)
    with pytest.raises(ValueError):
        condition.to_sql()


def test_raw_sql_of_other_types() -> None:
    for fragment, params in ((5, None), ("a", "b"), ("a", {"x": 1})):
        with pytest.raises(TypeError):
            raw_sql(fragment, params)  # type: ignore[arg-type]


def test_a_dict_is_one_parameter_of_raw_sql() -> None:
    assert raw_sql("meta @> $1::jsonb", [{"a": [1]}]).to_sql() == ("meta @> $1::jsonb", [{"a": [1]}])


def test_values_of_every_type_stay_themselves() -> None:
    values = [1, 1.5, Decimal(1), True, b"x", dt.date(2024, 1, 1), dt.datetime(2024, 1, 1), dt.timedelta(1), "x"]
    for value in values:
        assert (COLUMN == value).to_sql() == ("c = $1", [value])
        assert (COLUMN == value).to_sql()[1][0] is value


def test_expressions_can_be_copied() -> None:
    expression = (User.age > 1) & (User.email == "a")
    assert copy.copy(expression).to_sql() == expression.to_sql()
