"""What a builder holds, and that nothing ever changes it."""

from __future__ import annotations

from typing import Any

import pytest

from ouroboros_postgres import QueryBuilder, WindowSpec
from ouroboros_postgres.columns import ColumnProxy, SqlExpr
from queries.company import Department, Employee


class Bare:
    """As little of a model as a query needs."""

    @classmethod
    def __table_name__(cls) -> str:
        return "public.bare"


def bare(*filters: Any) -> QueryBuilder[Bare]:
    return QueryBuilder(Bare, filters)


def test_a_new_query_is_empty() -> None:
    condition = SqlExpr("a", "=", 1)
    query = bare(condition)
    assert query._model is Bare
    assert query._filters == (condition,)
    assert (query._order_by_spec, query._offset_val, query._limit_val, query._select_cols) == ([], 0, 0, None)
    assert (query._aggregates_spec, query._group_by_cols, query._having_conditions) == ([], [], [])
    assert (query._distinct, query._distinct_on_cols, query._ctes, query._subqueries) == (False, [], [], [])
    assert (query._windows, query._set_operations, query._returning, query._options) == ([], [], [], [])
    assert query._json_conditions == []
    assert query._cte_table_name is None


def test_the_constructor_takes_every_part() -> None:
    parts: dict[str, Any] = {
        "_order_by": [("age", "DESC")],
        "_offset": 2,
        "_limit": 3,
        "_select": ["a", "b"],
        "_aggregates": [("sum", "a", "s"), ("count", None, None)],
        "_group_by": ["a"],
        "_having": [("sum", "a", ">", 1)],
        "_distinct": True,
        "_distinct_on": ["a"],
        "_ctes": [("c", "SELECT $1", [1])],
        "_subqueries": [("in", "a", "SELECT 1", [])],
        "_windows": [("rank", None, None, None, ["a"], [("b", "ASC")], "r")],
        "_set_operations": [("union", "SELECT $1", [1])],
        "_returning": ["a"],
        "_options": [],
    }
    query = QueryBuilder(Bare, (), **parts)
    assert query._order_by_spec == parts["_order_by"]
    assert (query._offset_val, query._limit_val) == (2, 3)
    assert query._select_cols == parts["_select"]
    assert query._aggregates_spec == parts["_aggregates"]
    assert query._group_by_cols == parts["_group_by"]
    assert query._having_conditions == parts["_having"]
    assert query._distinct is True
    assert query._distinct_on_cols == parts["_distinct_on"]
    assert query._ctes == parts["_ctes"]
    assert query._subqueries == parts["_subqueries"]
    assert query._windows == parts["_windows"]
    assert query._set_operations == parts["_set_operations"]
    assert query._returning == parts["_returning"]


def everything() -> QueryBuilder[Employee]:
    """A query with every part that can be set."""
    other = Department.find().select("id")
    return (
        Employee.find(Employee.age > 1)
        .select("name")
        .distinct()
        .distinct_on("age")
        .join(Department, alias="d")
        .group_by("age")
        .sum("age", "s")
        .having_count(">", 1)
        .row_number("n", WindowSpec().partition_by("age").order_by("id", "desc"))
        .where_json_contains("profile", {"a": 1})
        .where_in_subquery("id", other)
        .with_cte("c", other)
        .order_by("age")
        .limit(1)
        .offset(2)
        .union(Employee.find())
        .order_by("-name")
        .limit(3)
        .offset(4)
        .returning("id")
        .defer("hired")
        .only("name")
    )


CHANGES: dict[str, Any] = {
    "where": lambda q: q.where(Employee.id == 1),
    "order_by": lambda q: q.order_by("id"),
    "select": lambda q: q.select("id"),
    "distinct": lambda q: q.distinct(),
    "distinct_on": lambda q: q.distinct_on("id"),
    "limit": lambda q: q.limit(9),
    "offset": lambda q: q.offset(9),
    "join": lambda q: q.join(Department),
    "group_by": lambda q: q.group_by("id"),
    "count_agg": lambda q: q.count_agg("x"),
    "having": lambda q: q.having("sum", "age", ">", 9),
    "window": lambda q: q.rank("x"),
    "json": lambda q: q.jsonb_has_key("profile", "x"),
    "subquery": lambda q: q.where_exists(Department.find()),
    "cte": lambda q: q.with_cte_raw("x", "SELECT 1"),
    "union": lambda q: q.union_all(Department.find().select("name")),
    "returning": lambda q: q.returning_all(),
    "defer": lambda q: q.defer("name"),
    "only": lambda q: q.only("age"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_method_makes_a_new_query_and_leaves_the_others(change: str) -> None:
    base = Employee.find(Employee.age > 1)
    before = base.to_sql()
    first = CHANGES[change](base)
    made = first.__class__
    assert first is not base
    assert made is QueryBuilder
    once = vars_of(first)
    CHANGES[change](first)
    assert base.to_sql() == before
    assert vars_of(first) == once


def vars_of(query: QueryBuilder[Any]) -> dict[str, Any]:
    names = [
        "_filters",
        "_order_by_spec",
        "_offset_val",
        "_limit_val",
        "_select_cols",
        "_aggregates_spec",
        "_group_by_cols",
        "_having_conditions",
        "_distinct",
        "_distinct_on_cols",
        "_ctes",
        "_subqueries",
        "_windows",
        "_set_operations",
        "_returning",
        "_options",
        "_json_conditions",
        "_cte_table_name",
    ]
    return {name: getattr(query, name) for name in names}


def test_a_clone_has_all_of_it() -> None:
    query = everything()
    clone = query._clone()
    assert clone is not query
    assert vars_of(clone) == vars_of(query)
    text = QueryBuilder.from_cte("c", query).to_sql()
    assert QueryBuilder.from_cte("c", clone).to_sql() == text
    source = QueryBuilder.from_cte("c", Department.find())
    assert source.where("id", "eq", 1)._clone()._cte_table_name == "c"


def test_a_clone_takes_changes_as_the_constructor_does() -> None:
    clone = Employee.find().limit(1)._clone(_limit=5, _order_by=[("id", "asc")])
    assert (clone._limit_val, clone._order_by_spec) == (5, [("id", "ASC")])
    with pytest.raises(TypeError, match="no part '_nothing'"):
        clone._clone(_nothing=1)


def test_the_lists_of_a_query_are_not_its_state() -> None:
    query = Employee.find().order_by("id").group_by("id")
    query._order_by_spec.append(("x", "ASC"))
    query._group_by_cols.clear()
    assert query._order_by_spec == [("id", "ASC")]
    assert query._group_by_cols == ["id"]


def test_items_show_as_names_whatever_they_were_given_as() -> None:
    name: ColumnProxy[Any] = ColumnProxy("name")
    query = (
        bare()
        .order_by("a", "-b", name, -name, name.desc().nulls_last())
        .select("a", name, name.label("other"))
        .group_by(name)
        .sum(name)
        .having_sum(name, ">", 3)
        .distinct_on(name)
        .returning(name, "a")
        .where_json_key_exists(name, "k")
        .where_in_raw(name, "SELECT 1")
        .lag(name, "before", 2, 0, WindowSpec().partition_by(name).order_by(name, "desc"))
    )
    assert query._order_by_spec == [
        ("a", "ASC"),
        ("b", "DESC"),
        ("name", "ASC"),
        ("name", "DESC"),
        ("name", "DESC NULLS LAST"),
    ]
    assert query._select_cols == ["a", "name", "other"]
    assert query._group_by_cols == ["name"]
    assert query._aggregates_spec == [("sum", "name", None)]
    assert query._having_conditions == [("sum", "name", ">", 3)]
    assert query._distinct_on_cols == ["name"]
    assert query._returning == ["name", "a"]
    assert query._json_conditions == [("json_key_exists", "name", "k")]
    assert query._subqueries == [("in", "name", "SELECT 1", [])]
    assert query._windows == [("lag", "name", 2, 0, ["name"], [("name", "desc")], "before")]


def test_operands_show_as_their_own_text() -> None:
    other = Department.find(Department.id == 7).select("id")
    text = "SELECT id FROM public.departments WHERE id = $1"
    query = Employee.find().with_cte("c", other).where_in_subquery("id", other).union(other)
    assert query._ctes == [("c", text, [7])]
    assert query._subqueries == [("in", "id", text, [7])]
    assert query._set_operations == [("union", text, [7])]


def test_a_window_spec_never_changes() -> None:
    spec = WindowSpec()
    first = spec.partition_by("a")
    second = first.partition_by(ColumnProxy("b")).order_by("c").order_by("d", "DESC").rows_between(None, 0)
    assert (spec._partition_by, spec._order_by) == ([], [])
    assert (first._partition_by, first._order_by) == (["a"], [])
    assert (second._partition_by, second._order_by) == (["a", "b"], [("c", "asc"), ("d", "DESC")])


def test_the_frame_of_a_window_follows_its_alias() -> None:
    query = bare().window_sum("a", "s", WindowSpec().order_by("b").rows_between(-1, 0))
    assert query._windows == [("sum", "a", None, None, [], [("b", "asc")], "s", ("rows", -1, 0))]


WRONG: dict[str, tuple[Any, type[Exception], str]] = {
    "limit": (lambda: bare().limit(-1), ValueError, "limit must not be negative"),
    "limit_text": (lambda: bare().limit("1"), TypeError, "limit must be int or None, not str"),  # type: ignore[arg-type]
    "limit_bool": (lambda: bare().limit(True), TypeError, "limit must be int"),
    "offset": (lambda: bare().offset(-1), ValueError, "offset must not be negative"),
    "offset_float": (lambda: bare().offset(1.5), TypeError, "offset must be int"),  # type: ignore[arg-type]
    "order_by": (lambda: bare().order_by(1), TypeError, "each of the fields of order_by.* not int"),
    "select": (lambda: bare().select(1), TypeError, "each of the columns of select.* not int"),
    "group_by": (lambda: bare().group_by(1), TypeError, "each of the columns of group_by.* not int"),
    "distinct_on": (lambda: bare().distinct_on(None), TypeError, "each of the columns of distinct_on.* not NoneType"),
    "sum": (lambda: bare().sum(None), TypeError, "the column of sum"),
    "alias": (lambda: bare().sum("a", 1), TypeError, "the alias of sum"),  # type: ignore[arg-type]
    "window_alias": (lambda: bare().rank(None), TypeError, "the alias of rank"),  # type: ignore[arg-type]
    "window_spec": (lambda: bare().rank("r", "spec"), TypeError, "a WindowSpec, not str"),  # type: ignore[arg-type]
    "window_offset": (lambda: bare().lag("a", "x", "1"), TypeError, "the offset of lag.* not str"),  # type: ignore[arg-type]
    "negative_offset": (lambda: bare().lag("a", "x", -1), ValueError, "the offset of lag.* must not be negative"),
    "empty_alias": (lambda: bare().join("x", alias=""), ValueError, "Invalid alias"),
    "direction": (lambda: WindowSpec().order_by("a", "up"), ValueError, "the direction of order_by.*'up'"),
    "frame": (lambda: WindowSpec().rows_between("a", 1), TypeError, "rows_between"),  # type: ignore[arg-type]
    "partition": (lambda: WindowSpec().partition_by(1), TypeError, "partition_by"),
    "cte": (lambda: bare().with_cte("c", "SELECT 1"), TypeError, "the CTE 'c' must be a QueryBuilder"),  # type: ignore[arg-type]
    "cte_name": (lambda: bare().with_cte_raw(1, "SELECT 1"), TypeError, "the name of a CTE"),  # type: ignore[arg-type]
    "cte_params": (lambda: bare().with_cte_raw("c", "SELECT 1", "x"), TypeError, "params.* list or tuple, not str"),
    "subquery": (lambda: bare().where_exists("SELECT 1"), TypeError, "QueryBuilder"),  # type: ignore[arg-type]
    "subquery_wide": (lambda: bare().where_in_subquery("a", bare().select("a", "b")), ValueError, "one column, not 2"),
    "union": (lambda: bare().union("SELECT 1"), TypeError, "union.* QueryBuilder"),  # type: ignore[arg-type]
    "union_width": (lambda: bare().select("a").union(bare().select("a", "b")), ValueError, "1 and 2 columns"),
    "how": (lambda: bare().join("x", how="cross"), ValueError, "Unknown join: 'cross'"),
    "join_alias": (lambda: bare().join("x", alias="a").join("y", alias="a"), ValueError, "Duplicate alias: a"),
    "keys": (lambda: bare().where_json_any_key_exists("a", "k"), TypeError, "JSON keys must be a list of str"),
    "json": (lambda: bare().where_json_contains("a", "{"), ValueError, "not JSON"),
    "json_nan": (lambda: bare().where_json_contains("a", "[NaN]"), ValueError, "not JSON: it contains NaN"),
    "json_deep": (lambda: bare().where_json_contains("a", "[" * 10**5), ValueError, "not JSON"),
    "key": (lambda: bare().where_json_key_exists("a", 1), TypeError, "a JSON key must be str"),  # type: ignore[arg-type]
    "nowait": (lambda: bare().for_update(nowait=True, skip_locked=True), ValueError, "exclude each other"),
    "defer": (lambda: Employee.find().defer("x"), ValueError, "defer.*: Employee has no column 'x'"),
    "only": (lambda: Employee.find().only("manager"), ValueError, "no column 'manager'"),
    "undefer": (lambda: Employee.find().undefer("x"), ValueError, "no column 'x'"),
    "options": (lambda: bare().options("author"), TypeError, "a QueryOption or a LoadingConfig, not str"),  # type: ignore[arg-type]
    "returning": (lambda: bare().returning(1), TypeError, "each column of returning.* not int"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments_are_refused_where_they_are_given(case: str) -> None:
    act, error, message = WRONG[case]
    with pytest.raises(error, match=message):
        act()


def test_a_builder_says_what_it_is_about() -> None:
    assert repr(Employee.find()) == "<QueryBuilder of Employee>"
