"""Points 13 to 17 of the checklist: SQL that was invalid, or open to injection."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from ouroboros_postgres import (
    ArrayOps,
    BooleanClause,
    FullTextSearch,
    IdentifierError,
    Point,
    QueryBuilder,
    SqlExpr,
    Table,
    and_,
    not_,
    or_,
    raw_sql,
)
from queries.shop import Order, User

pytestmark = pytest.mark.usefixtures("shop")


async def ids(query: Any) -> list[int]:
    return sorted(found.id for found in await query.to_list())


class TestExpressions:
    """13: combined expressions, empty lists, BETWEEN, columns on both sides."""

    async def test_combined_with_operators(self) -> None:
        grown, admin = User.age > 26, User.role == "admin"
        both = grown & admin
        assert (type(both), both.column, both.op, both.value) == (SqlExpr, "AND", "AND", [grown, admin])
        assert both.value[0] is grown
        assert both.to_sql() == ("(age > $1 AND role = $2)", [26, "admin"])
        assert (grown | admin).to_sql(3) == ("(age > $3 OR role = $4)", [26, "admin"])
        assert await ids(User.find(both)) == [1]
        assert await ids(User.find((User.id == 2) | (grown & (User.role == None)))) == [2, 4]  # noqa: E711
        assert await ids(User.find(~both, User.id < 3)) == [2]
        mixed = grown & or_(admin, User.id == 4)
        assert isinstance(mixed, BooleanClause)
        assert await ids(User.find(mixed)) == [1, 4]

    def test_texts(self) -> None:
        one, two, three = User.age > 1, User.role == "a", User.role == "b"
        assert and_(one, or_(two, three)).to_sql() == ("age > $1 AND (role = $2 OR role = $3)", [1, "a", "b"])
        assert not_(not_(two)).to_sql() == ("NOT (NOT (role = $1))", ["a"])
        assert User.find(one, or_(two, three))._build_where_clause() == (
            "age > $1 AND (role = $2 OR role = $3)",
            [1, "a", "b"],
        )
        assert User.find()._build_where_clause() == ("", [])
        assert User.id.in_([1, 2]).to_sql(param_index=4) == ("id IN ($4, $5)", [1, 2])
        assert User.id.between(1, 2).to_sql() == ("id BETWEEN $1 AND $2", [1, 2])

    @pytest.mark.parametrize("other", ["x", 1, None, object()])
    def test_other_operands_are_refused(self, other: Any) -> None:
        for combine in (lambda: (User.id == 1) & other, lambda: (User.id == 1) | other):
            with pytest.raises(TypeError):
                combine()

    async def test_empty_lists(self, shop: ModuleType) -> None:
        for nothing in (User.id.in_([]), User.id.in_(iter(())), SqlExpr("id", "IN", []), ~User.id.not_in(())):
            assert await ids(User.find(nothing)) == []
        for everything in (User.id.not_in([]), ~User.id.in_([]), SqlExpr("id", "not in", ())):
            assert await ids(User.find(everything)) == [1, 2, 3, 4]
        assert User.id.in_([]).to_sql() == ("FALSE", [])
        assert User.id.not_in([]).to_sql() == ("TRUE", [])
        for operator, expected in (("in", 0), ("not_in", 4)):
            assert await User.find().where("id", operator, []).count() == expected
            assert await shop.count("users", [("id", operator, [])]) == expected

    async def test_lists_in_tuples(self, shop: ModuleType) -> None:
        for values in ([1, 3], (1, 3), {1, 3}):
            assert await ids(User.find().where("id", "in", values)) == [1, 3]
            rows = await shop.query_aggregate("users", [("count", None, "n")], None, None, [("id", "in", values)])
            assert rows == [{"n": 2}]

    async def test_between_in_aggregates(self, shop: ModuleType) -> None:
        assert await User.find(User.age.between(25, 29)).count_agg("n").aggregate() == [{"n": 1}]
        rows = await shop.query_aggregate("users", [("count", None, "n")], None, None, [("age", "between", (25, 30))])
        assert rows == [{"n": 3}]

    async def test_columns_are_compared(self) -> None:
        assert (User.id == User.age).to_sql() == ("id = age", [])
        assert await ids(User.find(User.id < User.age)) == [1, 2, 4]
        assert await ids(User.find(Order.id == 3).inner_join(Order, Order.user_id == User.id)) == [2]

    async def test_many_values(self) -> None:
        sql, params = User.id.in_(range(1001)).to_sql()
        assert sql == "id = ANY($1)"
        assert params == [list(range(1001))]
        assert await ids(User.find(User.id.in_(range(2, 100_000)))) == [2, 3, 4]


class TestStatements:
    """14: CTEs, subqueries and operands made from builders; orders, limits, precedence; DISTINCT ON."""

    async def test_builders_as_parts(self) -> None:
        busy = Order.find().group_by("user_id").count_agg("n").having_count("gt", 1)
        query = User.find().with_cte("busy", busy).where_in_raw("id", "SELECT user_id FROM busy")
        assert await ids(query) == [1]
        nested = User.find().where_in_subquery("id", Order.find().where_in_subquery("user_id", query).select("user_id"))
        assert await ids(nested) == [1]
        assert await ids(User.find(User.id == Order.find(Order.amount == 5).select("user_id"))) == [2]
        last = Order.find().order_by("-id").limit(1).select("id")
        assert await Order.find(Order.id.in_(last)).count() == 1
        united = User.find(User.id == 3).select("id").union(Order.find(Order.id == 2).select("id"))
        assert await ids(User.find().where_in_subquery("id", united)) == [2, 3]
        with_own_cte = QueryBuilder.from_cte("c", User.find(User.id.in_([1, 2]))).select("id")
        assert await ids(User.find().where_not_in_subquery("id", with_own_cte)) == [3, 4]

    async def test_of_tables_in_a_schema(self, shop: ModuleType) -> None:
        class Invoice(Table):
            id: int

            class Settings:
                table_name = "Invoice"
                schema = "Shop"

        await shop.execute(
            'CREATE SCHEMA "Shop" CREATE TABLE "Invoice" (id int); INSERT INTO "Shop"."Invoice" VALUES (2)'
        )
        assert await ids(User.find().where_in_subquery("id", Invoice.find().select("id"))) == [2]
        assert await ids(User.find().where_exists(Invoice.find(Invoice.id == User.id))) == [2]
        assert await ids(QueryBuilder.from_cte("c", Invoice.find())) == [2]
        assert await ids(User.find().select("id").intersect(Invoice.find().select("id"))) == [2]

    async def test_the_operand_is_taken_as_it_is_now(self) -> None:
        operand = User.find(User.id == 1)
        query = QueryBuilder.from_cte("c", operand)
        assert await ids(operand.where(User.age == 25)) == []
        assert await ids(query) == [1]

    async def test_pages_before_and_after_a_set_operation(self) -> None:
        first = User.find().order_by("-id").limit(1).select("id")
        query = first.union(User.find().order_by("id").limit(2).select("id"))
        assert await ids(query) == [1, 2, 4]
        page = query.order_by("-id").limit(2).offset(1)
        assert [found.id for found in await page.to_list()] == [2, 1]

    async def test_set_operations_go_from_left_to_right(self) -> None:
        def just(*keys: int) -> Any:
            return User.find(User.id.in_(keys)).select("id")

        assert await ids(just(1, 2).union(just(3)).intersect(just(3))) == [3]
        assert await ids(just(1, 2).union(just(3).intersect(just(4)))) == [1, 2]
        assert await ids(just(1).union_all(just(1)).except_all(just(1))) == [1]
        assert await ids(just(1).union_all(just(1)).except_(just(1))) == []
        assert await ids(just(1, 2).intersect_all(just(2, 3))) == [2]
        assert [found.id async for found in just(1).union_all(just(2)).order_by("id")] == [1, 2]

    async def test_operands_have_the_same_columns(self) -> None:
        with pytest.raises(ValueError):
            await User.find().select("id").union(User.find().select("id", "name")).to_list()
        with pytest.raises(ValueError, match="2 and 1"):
            await User.find().select("id").union(User.find().select("id")).select("id", "name").to_list()

    async def test_distinct_on_wins(self) -> None:
        query = User.find().distinct().distinct_on("age").select("id", "age").order_by("age", "-id")
        assert [row["id"] for row in await query.to_dicts()] == [2, 4, 3]

    async def test_distinct_on_leads_the_order(self) -> None:
        latest = Order.find(Order.user_id.is_not_null()).distinct_on("user_id").order_by("-id")
        assert [(found.user_id, found.id) for found in await latest.to_list()] == [(1, 2), (2, 3)]
        latest = Order.find(Order.user_id.is_not_null()).distinct_on("user_id").order_by("-id", "-user_id")
        assert [(found.user_id, found.id) for found in await latest.to_list()] == [(2, 3), (1, 2)]

    async def test_distinct_on_of_the_function(self, shop: ModuleType) -> None:
        rows = await shop.query_aggregate(
            "orders",
            [("count", None, "n")],
            group_by=["user_id", "status"],
            distinct_on=["user_id"],
            order_by=[("status", "desc")],
        )
        assert [(row["user_id"], row["status"]) for row in rows] == [(1, "paid"), (2, "paid"), (None, "open")]


class TestArrays:
    """15: empty arrays, quotes, mixed elements."""

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            (lambda: ArrayOps.contains("tags", []), [1, 2, 4]),
            (lambda: ArrayOps.contained_by("tags", []), [4]),
            (lambda: ArrayOps.overlap("tags", []), []),
            (lambda: ArrayOps.contains("tags", ["a"]), [1]),
            (lambda: ArrayOps.contains(User.tags, ["a"]), [1]),
            (lambda: ArrayOps.any("tags", "b"), [1, 2]),
            (lambda: ArrayOps.length("tags") + " = 2", [1]),
            (lambda: ArrayOps.any("tags", "x' = ANY(tags) OR 'a"), []),
        ],
    )
    async def test_they_execute(self, condition: Callable[[], str], expected: list[int]) -> None:
        assert await ids(User.find(raw_sql(condition()))) == expected

    def test_texts(self) -> None:
        assert ArrayOps._format_array([]) == "ARRAY[]"
        assert ArrayOps._format_array(["a", "b"]) == "ARRAY['a', 'b']"
        assert ArrayOps._format_array([1, 2]) == "ARRAY[1, 2]"
        assert ArrayOps._format_array([1, "a'b", None, True, Decimal("1.5")]) == "ARRAY[1, 'a''b', NULL, TRUE, 1.5]"
        assert ArrayOps._format_array([[1], [2]]) == "ARRAY[ARRAY[1], ARRAY[2]]"
        assert ArrayOps.any("c", "o'neil") == "'o''neil' = ANY(c)"
        assert ArrayOps.any("c", 3) == "3 = ANY(c)"

    async def test_bound_ones(self) -> None:
        assert await ids(User.find(User.tags.array_contains([]))) == [1, 2, 4]
        assert await ids(User.find(User.tags.array_overlaps([]))) == []
        assert await ids(User.find(User.tags.any_("b"))) == [1, 2]
        assert await ids(User.find(User.tags.contains(["a", "b"]))) == [1]


class TestNames:
    """16: mixed case and reserved words."""

    async def test_in_bulk_and_everywhere(self, shop: ModuleType) -> None:
        class Group(Table):
            id: int
            user: str | None
            createdAt: int | None
            姓名: str | None

            class Settings:
                table_name = "Group"

        await shop.execute(
            'CREATE TABLE "Group" (id int PRIMARY KEY, "user" text, "createdAt" int, "姓名" text);'
            """INSERT INTO "Group" VALUES (1, 'a', 10, 'x'), (2, 'b', 20, 'y'), (3, 'a', 30, 'z')"""
        )
        assert await Group.update_many({"user": "c", "createdAt": 11}, Group.user == "a", Group.createdAt < 20) == 1
        assert await Group.delete_many({"user": "b"}, returning=["user", "createdAt"]) == [
            {"user": "b", "createdAt": 20}
        ]
        query = (
            Group.find(Group.姓名 == "z", {"user": "a"})
            .order_by("-createdAt")
            .select("id", "user", "createdAt", "姓名")
        )
        assert await query.to_dicts() == [{"id": 3, "user": "a", "createdAt": 30, "姓名": "z"}]
        assert await Group.find().group_by("user").max("createdAt", "Max").order_by("-Max").aggregate() == [
            {"user": "a", "Max": 30},
            {"user": "c", "Max": 11},
        ]
        assert Group.find(Group.user == "a")._build_where_clause() == ('"user" = $1', ["a"])
        assert (Group.createdAt == 1).to_sql() == ('"createdAt" = $1', [1])
        assert (Group.姓名 == 1).to_sql()[0] == '"姓名" = $1'
        assert Group.__table_name__() == 'public."Group"'
        gone = await Group.find().returning_all().delete()
        assert isinstance(gone, list)
        assert sorted(gone, key=lambda row: row["id"]) == [
            {"id": 1, "user": "c", "createdAt": 11, "姓名": "x"},
            {"id": 3, "user": "a", "createdAt": 30, "姓名": "z"},
        ]


BROKEN = 'id" = 1 OR "id'


class TestInjection:
    """17: one hostile name in each place that used to take it; other tests take hundreds everywhere."""

    @pytest.mark.parametrize(
        "make",
        [
            lambda: User.find({BROKEN: 1}),
            lambda: User.find(SqlExpr(BROKEN, "=", 1)),
            lambda: User.find().select(BROKEN),
            lambda: User.find().order_by(BROKEN),
            lambda: User.find().distinct_on(BROKEN),
            lambda: User.find().group_by(BROKEN).count_agg(),
            lambda: User.find().where(BROKEN, "eq", 1),
            lambda: User.find().where_in_raw(BROKEN, "SELECT 1"),
            lambda: User.find().row_number(BROKEN),
        ],
    )
    async def test_names_are_refused(self, make: Callable[[], Any]) -> None:
        with pytest.raises(IdentifierError) as caught:
            await make().to_list()
        assert isinstance(caught.value, ValueError)
        assert isinstance(caught.value, RuntimeError)

    async def test_other_texts_are_refused(self) -> None:
        with pytest.raises(ValueError, match="Unknown operator"):
            await User.find(SqlExpr("id", "= 1 OR 1 =", 1)).to_list()
        with pytest.raises(ValueError):
            FullTextSearch.to_tsvector("name", config="english', 'x")
        with pytest.raises(IdentifierError):
            await User.delete_many({"id": 1}, returning=[BROKEN])
        assert Point.from_wkt("POINT(1 1)'; --") == "ST_GeomFromText('POINT(1 1)''; --', 4326)"
        assert FullTextSearch.to_tsquery("o'neil") == "to_tsquery('english', 'o''neil')"
        assert await User.find().count() == 4
