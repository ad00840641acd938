"""Points 1 to 12 of the checklist: results that were silently wrong."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import (
    QueryBuilder,
    QueryFragment,
    SqlExpr,
    WindowSpec,
    and_,
    any_,
    filter_by,
    has,
    not_,
    or_,
    raw_sql,
)
from ouroboros_postgres.loading import DeferredColumn
from queries.shop import Order, User

pytestmark = pytest.mark.usefixtures("shop")


async def ids(query: Any) -> list[int]:
    return sorted(found.id for found in await query.to_list())


class TestUnlimited:
    """1: no limit is no limit."""

    async def test_a_list_without_a_limit_has_all_rows(self) -> None:
        assert await ids(User.find()) == [1, 2, 3, 4]

    @pytest.mark.parametrize("none", [0, None])
    async def test_zero_and_none_take_a_limit_back(self, none: int | None) -> None:
        assert await ids(User.find().limit(1).limit(none)) == [1, 2, 3, 4]
        assert await ids(User.find().offset(3).offset(none)) == [1, 2, 3, 4]
        assert "LIMIT" not in User.find().limit(none).to_sql()[0]


CLAUSES: dict[str, tuple[Callable[[], Any], list[dict[str, Any]]]] = {
    "in subquery": (
        lambda: User.find().where_in_subquery("id", Order.find(Order.status == "open").select("user_id")).select("id"),
        [{"id": 1}],
    ),
    "exists": (
        lambda: User.find().where_exists(Order.find(Order.user_id == User.id)).select("id"),
        [{"id": 1}, {"id": 2}],
    ),
    "raw": (lambda: User.find().where_in_raw("id", "SELECT $1::int", [3]).select("id"), [{"id": 3}]),
    "raw exists": (
        lambda: (
            User.find()
            .where_not_exists_raw("SELECT 1 FROM orders WHERE user_id = users.id AND status = $1", ["paid"])
            .select("id")
        ),
        [{"id": 3}, {"id": 4}],
    ),
    "window": (
        lambda: User.find(User.age.is_not_null()).select("id").rank("r", WindowSpec().order_by("age", "desc")),
        [{"id": 1, "r": 1}, {"id": 2, "r": 3}, {"id": 4, "r": 1}],
    ),
    "group": (
        lambda: User.find().group_by("age").count_agg("n").order_by("age"),
        [{"age": 25, "n": 1}, {"age": 30, "n": 2}, {"age": None, "n": 1}],
    ),
    "having": (
        lambda: User.find().group_by("age").count_agg("n").having_count("gt", 1),
        [{"age": 30, "n": 2}],
    ),
    "aggregate": (lambda: User.find(User.id < 3).sum("age", "s"), [{"s": 55}]),
    "set operation": (
        lambda: User.find(User.id < 3).select("id").except_(User.find(User.id == 1).select("id")),
        [{"id": 2}],
    ),
}


class TestClausesCount:
    """2: what a builder was told acts in every terminal."""

    @pytest.mark.parametrize("name", CLAUSES)
    async def test_every_terminal_honours_it(self, name: str) -> None:
        make, expected = CLAUSES[name]

        def key(row: dict[str, Any]) -> str:
            return repr(sorted(row.items()))

        assert sorted(await make().to_dicts(), key=key) == sorted(expected, key=key)
        assert await make().count() == len(expected)
        assert await make().exists() is True
        if name != "set operation":  # where a condition comes too late
            assert await make().where(User.id == -1).exists() is (name == "aggregate")
        items = await make().to_list()
        assert len(items) == len(expected)
        first = await make().first()
        assert first is not None
        if "id" in expected[0]:
            assert sorted(item.id for item in items) == [row["id"] for row in expected]
            assert first.id in [row["id"] for row in expected]

    async def test_aggregate_honours_boolean_clauses_and_offset(self) -> None:
        query = User.find(or_(User.id == 1, User.id == 2)).count_agg("n")
        assert await query.aggregate() == [{"n": 2}]
        query = User.find().group_by("age").count_agg("n").order_by("age")
        assert await query.offset(1).aggregate() == [{"age": 30, "n": 2}, {"age": None, "n": 1}]
        assert await query.offset(1).limit(1).aggregate() == [{"age": 30, "n": 2}]

    @pytest.mark.parametrize(
        "condition",
        [
            lambda: User.age.between(26, 40),
            lambda: User.id.in_([1, 4]),
            lambda: QueryFragment(age__gte=30),
            lambda: raw_sql("age > $1", [25]),
            lambda: ~(User.age < 30),
            lambda: and_(User.age > 1, not_(User.age == 25)),
            lambda: {"age": 30},
        ],
    )
    async def test_aggregate_honours_every_kind_of_filter(self, condition: Callable[[], Any]) -> None:
        assert await User.find(condition()).count_agg("n").aggregate() == [{"n": 2}]

    async def test_aggregate_honours_documents_subqueries_and_joins(self) -> None:
        assert await User.find().jsonb_has_key("meta", "k").count_agg("n").aggregate() == [{"n": 1}]
        open_orders = Order.find(Order.status == "open").select("user_id")
        assert await User.find().where_in_subquery("id", open_orders).sum("age", "s").aggregate() == [{"s": 30}]
        joined = Order.find().inner_join("user").group_by(User.name).sum("amount", "s").order_by(User.name)
        assert await joined.aggregate() == [{"name": "Ada", "s": 30}, {"name": "Ben", "s": 5}]


class TestCount:
    """3: a count is the number of the rows that a list would have."""

    @pytest.mark.parametrize(
        ("make", "expected"),
        [
            (lambda: User.find().select("age").distinct(), 3),
            (lambda: User.find().distinct_on("age"), 3),
            (lambda: User.find().limit(2), 2),
            (lambda: User.find().offset(3), 1),
            (lambda: User.find().limit(3).offset(2), 2),
            (lambda: User.find().where_not_in_subquery("id", Order.find().select("user_id")), 2),
            (lambda: User.find().join(Order, Order.user_id == User.id), 5),
            (lambda: User.find().inner_join(Order, Order.user_id == User.id), 3),
            (lambda: User.find().jsonb_has_key("meta", "k"), 1),
            (lambda: User.find().group_by("age").count_agg(), 3),
            (lambda: User.find().select("id").union_all(Order.find().select("id")), 8),
            (lambda: QueryBuilder.from_cte("c", User.find(User.id > 1)), 3),
            (lambda: User.find().order_by("name"), 4),
        ],
    )
    async def test_the_count_is_that_of_the_list(self, make: Callable[[], Any], expected: int) -> None:
        query = make()
        count = await query.count()
        assert (count, type(count)) == (expected, int)
        assert len(await query.to_dicts()) == expected


class TestWindowDefaults:
    """4: the default of lag and lead."""

    async def test_builder(self) -> None:
        spec = WindowSpec().order_by("id")
        query = User.find().select("id").lag("age", "before", 1, -1, spec).lead("age", "after", 2, -2, spec)
        assert [(row["before"], row["after"]) for row in await query.order_by("id").to_dicts()] == [
            (-1, None),
            (30, 30),
            (25, -2),
            (None, -2),
        ]

    async def test_function(self, shop: ModuleType) -> None:
        window = ("lag", "age", 3, 7, None, [("id", "asc")], "w")
        rows = await shop.query_aggregate("users", None, windows=[window], order_by=[("id", "asc")])
        assert [row["w"] for row in rows] == [7, 7, 7, 30]


class TestDocuments:
    """5: dicts and lists of keys as values."""

    @pytest.mark.parametrize(
        ("operator", "value", "expected"),
        [
            ("json_contains", {"k": 1}, [1]),
            ("json_contains", '{"k": 1}', [1]),
            ("json_contained_by", {"it": "o'neil", "x": 1}, [2, 4]),
            ("json_any_key_exists", ["it", "k"], [1, 2]),
            ("json_any_key_exists", [], []),
            ("json_all_keys_exist", ["k", "role"], [1]),
            ("json_all_keys_exist", [], [1, 2, 4]),
            ("json_key_exists", "it", [2]),
        ],
    )
    async def test_operators(self, shop: ModuleType, operator: str, value: Any, expected: list[int]) -> None:
        assert await ids(User.find().where("meta", operator, value)) == expected
        rows = await shop.query_aggregate("users", [], ["id"], where_conditions=[("meta", operator, value)])
        assert sorted(row["id"] for row in rows) == expected

    async def test_quotes_are_not_doubled(self) -> None:
        document = {"it": "o'neil"}
        for query in (
            User.find().jsonb_contains("meta", document),
            User.find().where_json_contains("meta", document),
            User.find().jsonb_contains(User.meta, '{"it": "o\'neil"}'),
            User.find(User.meta.json_contains(document)),
        ):
            assert await ids(query) == [2]
        assert await ids(User.find().jsonb_contained_by("meta", document)) == [2, 4]

    async def test_documents_without_other_filters_are_in_the_sql(self) -> None:
        sql, params = User.find().jsonb_has_key("meta", "k")._build_sql()
        assert sql.endswith("WHERE meta ? $1")
        assert params == ["k"]

    def test_keys_are_a_list(self) -> None:
        for method in ("where_json_any_key_exists", "jsonb_has_any_key", "jsonb_has_all_keys"):
            with pytest.raises(TypeError):
                getattr(User.find(), method)("meta", "k").to_sql()

    def test_text_is_json(self) -> None:
        with pytest.raises(ValueError):
            User.find().where_json_contains("meta", "{no json").to_sql()


NULLS: list[tuple[Callable[[], Any], list[int]]] = [
    (lambda: User.age == None, [3]),  # noqa: E711
    (lambda: User.age != None, [1, 2, 4]),  # noqa: E711
    (lambda: SqlExpr("age", "=", None), [3]),
    (lambda: SqlExpr("age", "!=", None), [1, 2, 4]),
    (lambda: {"age": None}, [3]),
    (lambda: filter_by(age=None)[0], [3]),
    (lambda: QueryFragment(age=None), [3]),
    (lambda: QueryFragment(age__ne=None), [1, 2, 4]),
    (lambda: User.age.is_(None), [3]),
    (lambda: User.age.is_not(None), [1, 2, 4]),
    (lambda: User.age.in_([25, None]), [2, 3]),
    (lambda: User.age.not_in([25, None]), [1, 4]),
    (lambda: User.age.in_([None]), [3]),
    (lambda: or_(User.age == None, User.id == 1), [1, 3]),  # noqa: E711
]


class TestNull:
    """6: comparing with None."""

    @pytest.mark.parametrize("number", range(len(NULLS)))
    async def test_none_means_null(self, number: int) -> None:
        make, expected = NULLS[number]
        assert await ids(User.find(make())) == expected

    @pytest.mark.parametrize(("operator", "expected"), [("eq", [3]), ("=", [3]), ("ne", [1, 2, 4]), ("<>", [1, 2, 4])])
    async def test_operators(self, shop: ModuleType, operator: str, expected: list[int]) -> None:
        assert await ids(User.find().where("age", operator, None)) == expected
        rows = await shop.find_many("users", [("age", operator, None)])
        assert sorted(row["id"] for row in rows) == expected

    def test_no_parameter(self) -> None:
        assert (User.age == None).to_sql() == ("age IS NULL", [])  # noqa: E711
        expression = User.age == None  # noqa: E711
        assert (expression.op, expression.value) == ("=", None)

    @pytest.mark.parametrize("operator", [">", "gte", "lt", "<="])
    async def test_an_order_with_none_is_an_error(self, operator: str) -> None:
        with pytest.raises(ValueError):
            await User.find().where("age", operator, None).to_list()

    def test_bounds(self) -> None:
        for expression in (lambda: User.age > None, lambda: User.age.between(None, 1)):  # type: ignore[operator]
            with pytest.raises(ValueError):
                expression().to_sql()


class TestPartialInstances:
    """7: what was not loaded is not written."""

    async def test_saving_writes_what_was_loaded_or_assigned(self, database: Database) -> None:
        for query in (User.find().only("name"), User.find().select("id", "name"), User.find().defer("age", "tags")):
            found = await query.where(User.id == 1).one()
            found.name = found.name + "!"
            await found.save()
            row = database.query("SELECT age, role, tags, meta FROM users WHERE id = 1")[0]
            assert row == {"age": 30, "role": "admin", "tags": ["a", "b"], "meta": {"k": 1, "role": "x"}}
        assert database.query("SELECT name FROM users WHERE id = 1") == [{"name": "Ada!!!"}]

    async def test_what_was_not_loaded_can_be(self) -> None:
        found = await User.find(User.id == 1).defer("age").one()
        assert isinstance(found.age, DeferredColumn)
        assert await found.age == 30
        assert found.age == 30

    async def test_without_its_key_it_cannot_be_saved(self) -> None:
        found = await User.find(User.id == 1).select("name").one()
        with pytest.raises(ValueError):
            await found.save()


class TestFromCTE:
    """8: the rows of the CTE, not of the table below."""

    async def test_it_reads_the_cte_however_it_goes_on(self) -> None:
        query = QueryBuilder.from_cte("grown", User.find(User.age >= 30))
        assert query._cte_table_name == "grown"
        assert await ids(query) == [1, 4]
        chained = query.where(User.id > 1).order_by("-id").limit(5)
        assert chained._cte_table_name == "grown"
        assert await ids(chained) == [4]
        assert await chained.count() == 1
        assert await query.count_agg("n").aggregate() == [{"n": 2}]
        assert await query.select("name").to_dicts() == [{"name": "Ada"}, {"name": "Dee"}]

    async def test_of_groups(self) -> None:
        totals = Order.find().group_by("user_id").sum("amount", "total")
        query = QueryBuilder.from_cte("totals", totals).where("total", "gt", 9).order_by("user_id")
        assert await query.to_dicts() == [{"user_id": 1, "total": Decimal(30)}]


class TestFragments:
    """9: parameters of a text are its own."""

    async def test_a_missing_parameter_is_not_taken_from_a_neighbour(self, shop: ModuleType) -> None:
        for make in (
            lambda: User.find(User.age == 30).where_in_raw("id", "SELECT $1::int + $2::int", [1]),
            lambda: User.find(raw_sql("age = $1 AND id = $2", [30]), User.id == 1),
            lambda: User.find(raw_sql("age = $2", [30, 1])),
            lambda: User.find().with_cte_raw("c", "SELECT $1::int", []),
            lambda: User.find(raw_sql("age = $0", [1])),
            lambda: User.find(raw_sql("age = $99999999999", [1])),
        ):
            with pytest.raises(ValueError):
                await make().to_list()
        with pytest.raises(ValueError):
            await shop.query_with_cte("c", [("c", "SELECT $1::int AS x", []), ("d", "SELECT $1::int AS x", [1])])

    @pytest.mark.parametrize(
        "literal",
        ["'$1'", "E'\\'$1'", '(SELECT 1 AS "$1")::text', "$a$ $1 $a$", "/* $1 /* $1 */ $1 */ ''", "''\n-- $1\n"],
    )
    async def test_placeholders_in_literals_stay(self, literal: str) -> None:
        query = User.find(User.id == 1, raw_sql(f"name = $1 AND {literal} IS NOT NULL", ["Ada"]))
        assert await ids(query) == [1]

    async def test_they_are_renumbered_and_may_repeat(self) -> None:
        query = User.find(User.id > 0, raw_sql("(age = $2 OR $2 = 0) AND role = $1", ["admin", 30]), User.id < 9)
        assert await ids(query) == [1]
        sql, params = query.to_sql()
        assert "(age = $3 OR $3 = 0) AND role = $2" in sql
        assert params == [0, "admin", 30, 9]

    async def test_the_end_of_a_text_is_trimmed_and_its_middle_checked(self) -> None:
        assert await ids(User.find().where_in_raw("id", "SELECT 2 ; \n", [])) == [2]
        for text in ("", " ; ", "SELECT 1; SELECT 2"):
            with pytest.raises(ValueError):
                await User.find().where_in_raw("id", text).to_list()


class TestAmbientTransaction:
    """10: queries are part of the transaction around them."""

    async def test_what_is_uncommitted_is_seen(self, shop: ModuleType) -> None:
        with pytest.raises(ZeroDivisionError):
            async with shop.begin_transaction():
                await shop.execute("INSERT INTO users (id, name) VALUES (5, 'Eve')")
                query = User.find(User.name == "Eve")
                assert await ids(query) == [5]
                assert await query.count() == 1
                assert await query.exists()
                assert await query.max("id", "m").aggregate() == [{"m": 5}]
                assert [found.id async for found in query] == [5]
                assert await query.update(age=5) == 1
                assert await query.delete() == 1
                raise ZeroDivisionError
        assert await User.find().count() == 4

    async def test_a_finished_one_is_an_error(self, shop: ModuleType) -> None:
        async with shop.begin_transaction() as transaction:
            await transaction.commit()
            with pytest.raises(RuntimeError):
                await User.find().to_list()


class TestPatternsOrderAndNotIn:
    """11: wildcards, directions, NULLs of NOT IN."""

    async def test_wildcards_are_text(self, shop: ModuleType) -> None:
        await shop.execute("INSERT INTO users (id, name) VALUES (5, '50%'), (6, '50x'), (7, 'a_b'), (8, 'a\\b')")
        assert await ids(User.find(User.name.contains("0%"))) == [5]
        assert await ids(User.find(User.name.startswith("50%"))) == [5]
        assert await ids(User.find(User.name.endswith("_b"))) == [7]
        assert await ids(User.find(User.name.icontains("A\\"))) == [8]
        assert await ids(User.find(User.name.like("50_"))) == [5, 6]
        assert (User.name.contains("plain")).value == "%plain%"

    @pytest.mark.parametrize("direction", ["up", "", "ascending", "asc nulls", "desc; DROP TABLE users"])
    async def test_unknown_directions_are_errors(self, shop: ModuleType, direction: str) -> None:
        with pytest.raises(ValueError):
            await shop.query_aggregate("users", [], ["id"], order_by=[("id", direction)])
        with pytest.raises(ValueError):
            await User.find().rank("r", WindowSpec().order_by("id", direction)).to_dicts()

    async def test_nulls_of_the_subquery_are_ignored(self) -> None:
        assert await ids(User.find().where_not_in_subquery("id", Order.find().select("user_id"))) == [3, 4]
        assert await ids(User.find().where("id", "not_in", Order.find().select("user_id"))) == [3, 4]
        assert await ids(User.find(User.id.not_in(Order.find().select("user_id")))) == [3, 4]

    async def test_raw_text_keeps_its_meaning(self, shop: ModuleType) -> None:
        assert await ids(User.find().where_not_in_raw("id", "SELECT user_id FROM orders")) == []
        nothing = await shop.query_aggregate(
            "users", [], ["id"], subqueries=[("not_in", "id", "SELECT user_id FROM orders", [])]
        )
        assert nothing == []


class TestTruth:
    """12: an expression is neither true nor false."""

    @pytest.mark.parametrize(
        "make",
        [
            lambda: User.id == 1,
            lambda: and_(User.id == 1, User.id == 2),
            lambda: any_("tags", "a"),
            lambda: has(User.meta, "k"),
            lambda: raw_sql("true"),
            lambda: ~(User.id == 1),
        ],
    )
    def test_it_has_no_truth(self, make: Callable[[], Any]) -> None:
        with pytest.raises(TypeError, match="&|and_"):
            bool(make())
        with pytest.raises(TypeError):
            _ = make() and User.id == 2
        with pytest.raises(TypeError):
            _ = not make()
