"""Points 18 to 21 of the checklist: what was missing, needlessly refused, or slow."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import (
    AliasedClass,
    ColumnProxy,
    QueryBuilder,
    QueryFragment,
    SqlExpr,
    Table,
    WindowSpec,
    active_filter,
    aliased,
    any_,
    has,
    in_list_filter,
    not_,
    selectinload,
)
from queries.sent import Sent
from queries.shop import Order, User

pytestmark = pytest.mark.usefixtures("shop")


async def ids(query: Any) -> list[int]:
    return sorted(found.id for found in await query.to_list())


class TestMissing:
    """18: everything that was promised."""

    async def test_any_and_has_of_relationships(self) -> None:
        for function in (any_, has):
            assert await ids(User.find(function(User.orders, Order.status == "open"))) == [1]
            assert await ids(User.find(not_(function(User.orders)))) == [3, 4]
            assert await ids(Order.find(function(Order.user, User.age > 26))) == [1, 2]
            assert await ids(Order.find(function("user", User.name == "Ben"))) == [3]
            assert await ids(Order.find(function(Order.user_id, User.name == "Ben"))) == [3]
        assert await ids(User.find(any_(User.orders, any_(Order.user, User.id == 2)))) == [2]
        with pytest.raises(NotImplementedError):
            any_(None, User.id == 1)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            any_(User.orders, 5)
        with pytest.raises(ValueError):
            User.find(any_("no_such", Order.id == 1)).to_sql()

    async def test_join(self) -> None:
        sql, _ = User.find().join("orders").to_sql()
        assert "LEFT JOIN" in sql
        assert await ids(Order.find(User.role == "admin").join("user")) == [1, 2]
        assert await ids(Order.find().inner_join(User)) == [1, 2, 3]

    async def test_aliased(self) -> None:
        other = aliased(User, "other")
        assert isinstance(other, AliasedClass)
        assert (other.name.name, other.name.model, other.name._alias) == ("name", User, "other")
        assert other.name is other.name
        older = User.find(User.name == "Ben").inner_join(other, other.age > User.age)
        rows = await older.select(User.name, other.name.label("older")).order_by(other.name).to_dicts()
        assert rows == [{"name": "Ben", "older": "Ada"}, {"name": "Ben", "older": "Dee"}]
        with pytest.raises(AttributeError, match="other"):
            _ = other.no_such_column

    async def test_orders(self) -> None:
        for descending in (-User.id, User.id.desc(), "-id"):
            assert [found.id for found in await User.find().order_by(descending).to_list()] == [4, 3, 2, 1]
        query = User.find().order_by(User.age.desc().nulls_last(), User.id.asc())
        assert [found.id for found in await query.to_list()] == [1, 4, 2, 3]
        query = User.find().order_by(User.age.asc().nulls_first()).order_by(-User.id)
        assert [found.id for found in await query.to_list()] == [3, 2, 4, 1]
        assert User.find().order_by("-age", User.id)._order_by_spec == [("age", "DESC"), ("id", "ASC")]

    async def test_ctes_outside_of_aggregates(self) -> None:
        query = User.find().with_cte("open", Order.find(Order.status == "open"))
        query = query.where_exists_raw("SELECT 1 FROM open WHERE open.user_id = users.id")
        assert await ids(query) == [1]
        assert await query.count() == 1
        assert await query.exists()
        assert [found.id async for found in query] == [1]
        assert await query.update(age=31) == 1
        assert await query.returning("id", "age").delete() == [{"id": 1, "age": 31}]

    async def test_update(self, database: Database) -> None:
        query = User.find(User.role == "user")
        assert await query.update({"age": 1}, name="X") == 2
        assert await query.returning("id", User.age).update(age=None) == [
            {"id": 2, "age": None},
            {"id": 3, "age": None},
        ]
        rows = database.query("SELECT id, name, age FROM users ORDER BY id")
        assert [tuple(row.values()) for row in rows] == [(1, "Ada", 30), (2, "X", None), (3, "X", None), (4, "Dee", 30)]
        with pytest.raises(ValueError):
            await query.update()

    async def test_update_and_delete_honour_all_conditions(self) -> None:
        assert await User.find().jsonb_has_key("meta", "it").update(age=1) == 1
        assert await User.find().where_in_subquery("id", Order.find().select("user_id")).update(age=2) == 2
        assert await User.find(Order.status == "open").join("orders").update(age=3) == 1
        assert await User.find(any_(User.orders, Order.amount > 15)).update(age=4) == 1
        assert sorted([(found.id, found.age) for found in await User.find().to_list()]) == [
            (1, 4),
            (2, 2),
            (3, None),
            (4, 30),
        ]
        assert await Order.find(User.age == 4).inner_join("user").delete() == 2

    @pytest.mark.parametrize(
        "make",
        [
            lambda: User.find().limit(1),
            lambda: User.find().offset(1),
            lambda: User.find().order_by("id"),
            lambda: User.find().distinct(),
            lambda: User.find().group_by("age"),
            lambda: User.find().count_agg(),
            lambda: User.find().row_number("r"),
            lambda: User.find().select("id").union(User.find().select("id")),
        ],
    )
    async def test_update_and_delete_refuse_what_they_cannot_honour(self, make: Callable[[], Any]) -> None:
        with pytest.raises(ValueError):
            await make().update(age=1)
        with pytest.raises(ValueError):
            await make().delete()
        assert await User.find(User.age == 30).count() == 2

    async def test_iteration(self, shop: ModuleType) -> None:
        await shop.execute("INSERT INTO users (id) SELECT generate_series(10, 3009)")
        keys = [found.id async for found in User.find().order_by("id")]
        assert keys == [1, 2, 3, 4, *range(10, 3010)]
        async for found in User.find().order_by("id"):
            assert found.id == 1
            break
        metrics = shop.pool_metrics()
        assert await User.find(User.id < 5).count() == 4
        assert metrics["max_connections"] >= 1
        owners = [
            (order.id, order.user.is_loaded)
            async for order in Order.find().order_by("id").options(selectinload("user"))
        ]
        assert owners == [(1, True), (2, True), (3, True), (4, True)]

    async def test_deferred_columns(self) -> None:
        sql, _ = User.find().defer("meta", User.tags).to_sql()
        columns = sql[: sql.index(" FROM ")]
        assert "meta" not in columns
        assert "tags" not in columns
        assert "name" in columns
        only, _ = User.find().only("name").to_sql()
        assert only[: only.index(" FROM ")] == "SELECT id, name"
        undone, _ = User.find().defer("meta", "tags").undefer("meta").to_sql()
        assert "meta" in undone
        assert "tags" not in undone
        with pytest.raises(ValueError):
            User.find().defer("no_such").to_sql()

    async def test_locks(self, shop: ModuleType) -> None:
        assert User.find().for_update(skip_locked=True).to_sql()[0].endswith("FOR UPDATE SKIP LOCKED")
        assert User.find().for_update(no_key=True, nowait=True).to_sql()[0].endswith("FOR NO KEY UPDATE NOWAIT")
        assert User.find().for_share(key=True).to_sql()[0].endswith("FOR KEY SHARE")
        with pytest.raises(RuntimeError):
            await User.find().for_update().to_list()
        async with shop.begin_transaction():
            assert await ids(User.find(User.id == 1).for_update()) == [1]
            assert await ids(User.find(Order.id == 1).inner_join("orders").for_update(of=User)) == [1]
        for make in (
            lambda: User.find().for_update(nowait=True, skip_locked=True),
            lambda: User.find().distinct().for_update(),
            lambda: User.find().group_by("age").for_share(),
            lambda: User.find().select("id").union(User.find().select("id")).for_update(),
        ):
            async with shop.begin_transaction():
                with pytest.raises(ValueError):
                    await make().to_list()

    async def test_windows_without_aggregates(self, shop: ModuleType) -> None:
        spec = WindowSpec().partition_by("role").order_by("id", "desc")
        assert (spec._partition_by, spec._order_by) == (["role"], [("id", "desc")])
        rows = await User.find().row_number("n", spec).order_by("id").aggregate()
        assert [row["n"] for row in rows] == [1, 2, 1, 1]
        assert list(rows[0]) == ["id", "name", "age", "role", "tags", "meta", "n"]
        found = await User.find().row_number("n", spec).order_by("id").to_list()
        assert next((user.name, user.n) for user in found) == ("Ada", 1)
        rows = await shop.query_aggregate(
            "users", None, windows=[("rank", None, None, None, None, [("id", "asc")], "r")]
        )
        assert [row["r"] for row in rows] == [1, 2, 3, 4]
        assert next(iter(rows[0])) == "id"

    async def test_fragments_are_filters(self) -> None:
        grown = QueryFragment(age__gte=26)
        assert await ids(User.find(grown)) == [1, 4]
        assert await ids(User.find(grown & active_filter("role", "admin"))) == [1]
        assert await ids(User.find(grown | QueryFragment(User.id == 3))) == [1, 3, 4]
        assert await ids(User.find(~grown)) == [2]
        assert await ids(User.find((User.id > 1) & grown)) == [4]
        assert await ids(User.find(in_list_filter("id", [1, 2]), *grown)) == [1]
        assert await ids(User.find(QueryFragment())) == [1, 2, 3, 4]
        assert await User.update_many({"name": "X"}, grown) == 2
        with pytest.raises(ValueError):
            _ = grown | QueryFragment()
        with pytest.raises(ValueError):
            _ = ~QueryFragment()
        with pytest.raises(ValueError, match="Unknown lookup: nope"):
            QueryFragment(age__nope=1)

    async def test_the_other_operators(self) -> None:
        assert await ids(User.find(~(User.id == 1))) == [2, 3, 4]
        assert await ids(User.find(User.name.endswith("y"))) == [3]
        assert await ids(User.find(User.id.not_in([1, 2]))) == [3, 4]
        assert await ids(User.find(User.role.is_(None))) == [4]
        assert await ids(User.find(User.age.is_distinct_from(30))) == [2, 3]
        assert await ids(User.find(User.name.regexp("^[ab]", ignore_case=True))) == [1, 2]
        assert await ids(User.find(User.name.not_ilike("%E%"))) == [1, 3]
        assert await ids(User.find(User.id.not_between(2, 3))) == [1, 4]
        assert await ids(User.find(User.name.match("ada", config="simple"))) == [1]
        assert isinstance(-User.id, type(User.id.desc()))
        assert hash(ColumnProxy("x")) is not None
        assert repr(User.id == 1).startswith("SqlExpr")


class TestReachable:
    """19: windows, set operations and offset of query_aggregate."""

    async def test_they_are_arguments(self, shop: ModuleType) -> None:
        window = ("ntile", None, 2, None, None, [("id", "asc")], "half")
        rows = await shop.query_aggregate("users", [], windows=[window], order_by=[("id", "asc")], offset=1)
        assert [row["half"] for row in rows] == [1, 2, 2]
        rows = await shop.query_aggregate(
            "users",
            [],
            ["age"],
            order_by=[("age", "asc")],
            set_operations=[("EXCEPT", "SELECT age FROM users WHERE age = $1", [30])],
        )
        assert rows == [{"age": 25}, {"age": None}]


class TestNames:
    """20: names that are harmless in quotes."""

    @pytest.mark.parametrize(
        "name", ["user", "role", "order", "index", "group", "view", "like", "end", "select", "größe", "姓名", "имя"]
    )
    async def test_key_words_and_other_scripts(self, shop: ModuleType, name: str) -> None:
        await shop.execute(f'CREATE TABLE "{name}" (id int, "{name}" int); INSERT INTO "{name}" VALUES (1, 5), (2, 6)')
        settings = type("Settings", (), {"table_name": name})
        model: Any = type("Named", (Table,), {"__annotations__": {name: int}, "Settings": settings})
        column = getattr(model, name) if isinstance(getattr(model, name), ColumnProxy) else ColumnProxy(name, model)
        assert await model.find(column == 6).count() == 1
        assert await model.find({name: 5}).select(name).to_dicts() == [{name: 5}]
        assert [found[name] for found in await model.find().order_by("-" + name).to_dicts()] == [6, 5]
        assert await model.update_many({name: 7}, SqlExpr(name, "=", 5)) == 1
        rows = await shop.query_aggregate(name, [("sum", name, name)], where_conditions=[(name, "gt", 0)])
        assert rows == [{name: 13}]


class TestPerformance:
    """21: existence without counting, order of columns, batches of any size."""

    async def test_exists_asks_for_existence(self, shop: ModuleType) -> None:
        """Found at the first row: what a count would have met never runs."""
        await shop.execute("CREATE TABLE trap (id int); INSERT INTO trap SELECT generate_series(1, 100000)")

        class Trap(Table):
            id: int

            class Settings:
                table_name = "trap"

        from ouroboros_postgres import raw_sql

        fails_later = raw_sql("1 / (id - 100000) <= 0")
        assert await Trap.find(fails_later).exists() is True
        with pytest.raises(RuntimeError, match="division by zero"):
            await Trap.find(fails_later).count()

    async def test_columns_are_in_order(self) -> None:
        rows = await User.find().select("role", "id", "name", "age").to_dicts()
        assert [list(row) for row in rows] == [["role", "id", "name", "age"]] * 4
        rows = await Order.find().group_by("status").sum("amount", "z").count_agg("a").min("id", "m").aggregate()
        assert [list(row) for row in rows] == [["status", "z", "a", "m"]] * 2

    async def test_large_batches(self, shop: ModuleType) -> None:
        await shop.execute("INSERT INTO users (id) SELECT generate_series(10, 70009)")
        await shop.execute("INSERT INTO orders (id, user_id) SELECT n, n FROM generate_series(10, 70009) AS n")
        counter = Sent(shop)
        found = await Order.find(Order.id >= 10).options(selectinload("user")).to_list()
        assert counter() < 20  # a few batches of keys
        assert len(found) == 70_000
        assert all(order.user.is_loaded for order in found)
        assert await User.find(User.id.in_([order.id for order in found])).count() == 70_000
        assert isinstance(QueryBuilder(User, ()), QueryBuilder)
