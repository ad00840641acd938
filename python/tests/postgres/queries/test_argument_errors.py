"""Wrong arguments: each has its type and text, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from ouroboros_postgres import QueryBuilder, SqlExpr, WindowSpec, any_, has, raw_sql
from queries.sent import Sent
from queries.shop import Order, User

pytestmark = pytest.mark.usefixtures("shop")

COUNT = [("count", None, "n")]
FIND = User.find

FUNCTION: list[tuple[dict[str, Any], Any, str | None]] = [
    ({"aggregates": [("median", "age", "x")]}, ValueError, "Unknown aggregate function: median"),
    ({"having": [("mode", "age", "gt", 1)]}, ValueError, "Unknown aggregate function: mode"),
    ({"aggregates": [("sum", None, "x")]}, ValueError, "(?i)sum requires a column name"),
    ({"aggregates": [("count_distinct", None, "x")]}, ValueError, "(?i)count_distinct requires a column name"),
    ({"having": [("avg", None, "gt", 1)]}, ValueError, "(?i)avg requires a column name"),
    ({"where_conditions": [("age", "~=", 1)]}, ValueError, "Unknown operator: ~="),
    ({"where_conditions": [("age", "", 1)]}, ValueError, "Unknown operator: "),
    ({"having": [("sum", "age", "near", 1)]}, ValueError, "Unknown operator: near"),
    ({"having": [("max", "name", "like", "x")]}, ValueError, None),
    ({"subqueries": [("some", "id", "SELECT 1", [])]}, ValueError, "Unknown subquery type"),
    ({"subqueries": [("in", None, "SELECT 1", [])]}, ValueError, "IN subquery requires a field name"),
    ({"subqueries": [("not_in", None, "SELECT 1", [])]}, ValueError, "NOT IN subquery requires a field name"),
    ({"set_operations": [("minus", "SELECT 1", [])]}, ValueError, "Unknown set operation: minus"),
    ({"windows": [("median", "age", None, None, None, None, "w")]}, ValueError, "Unknown window function: median"),
    ({"windows": [("ntile", None, None, None, None, None, "w")]}, ValueError, "(?i)ntile"),
    ({"windows": [("rank", None, None, None, None, None, None)]}, (ValueError, TypeError), None),
    ({"windows": [("rank", None)]}, ValueError, "windows"),
    ({"aggregates": [("count", None)]}, ValueError, "aggregates"),
    ({"aggregates": [5]}, TypeError, "aggregates"),
    ({"aggregates": [("sum", 5, "x")]}, TypeError, "aggregates"),
    ({"having": [("count", None, "gt")]}, ValueError, "having"),
    ({"where_conditions": [("age", "eq")]}, ValueError, "(?i)where|condition|filter"),
    ({"order_by": [("age",)]}, ValueError, "order_by"),
    ({"group_by": [5]}, TypeError, "group_by"),
    ({"ctes": [("c", "SELECT 1")]}, ValueError, "ctes"),
    ({"limit": -1}, ValueError, "limit"),
    ({"offset": -1}, ValueError, "offset"),
    ({"limit": 1.5}, TypeError, "limit"),
    ({"limit": True}, TypeError, "limit"),
    ({"aggregates": [], "group_by": []}, ValueError, None),
    ({"order_by": [("n", "sideways")]}, ValueError, "sideways"),
    ({"where_conditions": [("age", "gt", None)]}, ValueError, None),
    ({"where_conditions": [("age", "between", [1])]}, ValueError, None),
    ({"aggregates": [("sum", "age", "x"), ("avg", "age", "x")]}, ValueError, "alias"),
    ({"table": "no;table"}, ValueError, "Invalid table name"),
    ({"table": "pg_class"}, ValueError, None),
    ({"table": "information_schema.tables"}, ValueError, None),
]


@pytest.mark.parametrize("number", range(len(FUNCTION)))
async def test_of_the_function(shop: ModuleType, number: int) -> None:
    changes, kind, text = FUNCTION[number]
    sent = Sent(shop)
    with pytest.raises(kind, match=text):
        await shop.query_aggregate(**{"table": "users", "aggregates": COUNT, **changes})
    assert sent() == 0


BUILDER: list[tuple[Callable[[], Any], Any, str | None]] = [
    (lambda: FIND().having("mode", "age", "gt", 1).count_agg(), ValueError, "Unknown aggregate function: mode"),
    (
        lambda: FIND().count_agg().having_sum(None, "gt", 1),
        (ValueError, TypeError),
        "(?i)sum requires a column name|str",
    ),
    (lambda: FIND().where("age", "~=", 1), ValueError, "Unknown operator: ~="),
    (lambda: FIND(SqlExpr("age", "||", 1)), ValueError, "Unknown operator: \\|\\|"),
    (lambda: FIND().having_count("near", 1).count_agg(), ValueError, "Unknown operator: near"),
    (lambda: FIND().window("median", "w", "age"), ValueError, "Unknown window function: median"),
    (lambda: FIND().window("ntile", "w"), ValueError, "(?i)ntile"),
    (lambda: FIND().window("lag", "w"), ValueError, "(?i)lag requires a column name"),
    (lambda: FIND().rank("r", WindowSpec().order_by("id", "up")), ValueError, "up"),
    (lambda: FIND(5), TypeError, "Invalid filter type"),
    (lambda: FIND("age > 1"), TypeError, "Invalid filter type"),
    (lambda: FIND(User), TypeError, "Invalid filter type"),
    (lambda: FIND().select(5), TypeError, None),
    (lambda: FIND().order_by(5), TypeError, None),
    (lambda: FIND().group_by(5), TypeError, None),
    (lambda: FIND().limit(-1), ValueError, None),
    (lambda: FIND().offset(-1), ValueError, None),
    (lambda: FIND().limit("1"), TypeError, None),
    (lambda: FIND().limit(1.5), TypeError, None),
    (lambda: FIND().select("id", "name").union(FIND().select("id")), ValueError, None),
    (lambda: FIND().where_in_subquery("id", FIND().select("id", "name")), ValueError, None),
    (lambda: FIND().join("no_such_relationship", how="sideways"), ValueError, None),
    (lambda: FIND().join(Order, Order.user_id == User.id, how="cross"), ValueError, "cross"),
    (
        lambda: (
            FIND().join(Order, Order.user_id == User.id, alias="o").join(Order, Order.user_id == User.id, alias="o")
        ),
        ValueError,
        "o",
    ),
    (lambda: FIND().with_cte("c", FIND()).with_cte("c", FIND()), ValueError, "(?i)duplicate"),
    (lambda: FIND().defer("no_such"), ValueError, "no_such"),
    (lambda: FIND().only("no_such"), ValueError, "no_such"),
    (lambda: FIND(any_("no_such", User.id == 1)), ValueError, "no_such"),
    (lambda: FIND(has(User.meta, 5)), TypeError, None),
    (lambda: FIND(has("meta", None)), TypeError, None),
    (lambda: FIND(any_(User.id, User.id == 1)), TypeError, None),
    (lambda: FIND(raw_sql("id = $1")), ValueError, None),
    (lambda: FIND(User.id.in_("12")), TypeError, None),
    (lambda: FIND().where_json_any_key_exists("meta", "k"), TypeError, None),
    (lambda: FIND({"na me": 1}), ValueError, "Invalid filter"),
    (lambda: FIND().order_by("na me"), ValueError, "Invalid order_by"),
    (lambda: FIND().group_by("na me").count_agg(), ValueError, "Invalid group_by"),
    (lambda: FIND().sum("na me", "x"), ValueError, "Invalid aggregate"),
    (lambda: FIND().count_agg().having_sum("na me", "gt", 1), ValueError, "Invalid having clause"),
    (lambda: FIND().distinct_on("na me"), ValueError, "Invalid distinct_on"),
    (lambda: FIND().select("na me"), ValueError, "Invalid select columns"),
    (lambda: FIND().with_cte("na me", FIND()), ValueError, "Invalid CTE"),
    (lambda: QueryBuilder.from_cte("na me", FIND()), ValueError, "Invalid"),
    (lambda: FIND().window_sum("na me", "x"), ValueError, "Invalid window function"),
    (lambda: FIND().where_in_raw("na me", "SELECT 1"), ValueError, "Invalid IN subquery"),
    (lambda: FIND().where_not_in_raw("na me", "SELECT 1"), ValueError, "Invalid NOT IN subquery"),
    (lambda: FIND().where_in_raw("id", "SELECT 1; SELECT 2"), ValueError, None),
    (lambda: FIND().for_update(nowait=True, skip_locked=True), ValueError, None),
]


@pytest.mark.parametrize("number", range(len(BUILDER)))
async def test_of_the_builder(shop: ModuleType, number: int) -> None:
    make, kind, text = BUILDER[number]
    sent = Sent(shop)
    with pytest.raises(kind, match=text):
        await make().to_dicts()
    assert sent() == 0


async def test_nothing_to_compute(shop: ModuleType) -> None:
    sent = Sent(shop)
    with pytest.raises(ValueError, match="No aggregate functions specified"):
        await User.find().aggregate()
    assert sent() == 0


async def test_equal_names_of_results(shop: ModuleType) -> None:
    sent = Sent(shop)
    with pytest.raises(ValueError, match="alias"):
        await User.find().sum("age", "x").avg("age", "x").aggregate()
    assert sent() == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda: User.find().update(),
        lambda: User.find().update({}),
        lambda: User.update_many({}, User.id == 1),
        lambda: User.find().returning("na me").update(age=1),
        lambda: User.find().update({"na me": 1}),
        lambda: User.find().explain(format="pdf"),
    ],
)
async def test_of_writes(shop: ModuleType, call: Callable[[], Any]) -> None:
    sent = Sent(shop)
    with pytest.raises(ValueError):
        await call()
    assert sent() == 0


async def test_without_a_pool() -> None:
    import ouroboros_postgres

    await ouroboros_postgres.close()
    for call in (User.find().to_list, User.find().count, User.find().exists, User.find().count_agg().aggregate):
        with pytest.raises(RuntimeError, match="Call init\\(\\) first"):
            await call()


async def test_unknown_tables_and_columns_are_the_servers_errors(shop: ModuleType) -> None:
    with pytest.raises(RuntimeError, match="Query failed: .*nope"):
        await User.find({"nope": 1}).to_list()
    with pytest.raises(RuntimeError, match="Count query failed: .*nope"):
        await User.find({"nope": 1}).count()
    with pytest.raises(RuntimeError, match="Aggregate query failed: .*nope"):
        await User.find().sum("nope").aggregate()
    with pytest.raises(RuntimeError, match="Update failed: .*nope"):
        await User.find().update(nope=1)
    with pytest.raises(RuntimeError, match="Delete failed: .*nope"):
        await User.find({"nope": 1}).delete()
