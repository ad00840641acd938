"""Models as type checkers see them, without a plugin. Nothing here runs."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any, ClassVar, assert_type

from ouroboros_postgres import Column, ColumnProxy, QueryBuilder, SqlExpr, Table


class User(Table):
    """Plain annotations: of instances everything is checked, of the class the attribute looks like its value."""

    name: str
    age: int | None = None
    email: str = Column(unique=True)
    tags: list[str] = Column(default_factory=list)
    limits: ClassVar[int] = 3

    class Settings:
        table_name = "users"


class Order(Table):
    """Columns as expressions: both the class and its instances are checked."""

    id: uuid.UUID = Column(primary_key=True, default_factory=uuid.uuid4)
    total: ColumnProxy[Decimal]
    note: ColumnProxy[str | None] = Column()
    placed: ColumnProxy[dt.datetime] = Column(index=True)
    user_id: ColumnProxy[int] = Column(foreign_key="users.id", on_delete="CASCADE")


class Special(Order):
    """A model below another one."""

    rate: ColumnProxy[float] = Column(default=1.0)


def constructors() -> None:
    assert_type(User(name="a"), User)
    User(id=1, name="a", age=None, email="e", tags=["x"])
    Order(total=Decimal(1), placed=dt.datetime(2024, 1, 1), note=None, user_id=4)
    Special(total=Decimal(1), rate=2.0)

    User()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    User(name=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    User(name="a", nothing=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    User("a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Order(total="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def instances(user: User, order: Order, special: Special) -> None:
    assert_type(user.name, str)
    assert_type(user.age, int | None)
    assert_type(user.email, str)
    assert_type(user.tags, list[str])
    assert_type(User.limits, int)
    assert_type(order.id, uuid.UUID)
    assert_type(order.total, Decimal)
    assert_type(order.note, str | None)
    assert_type(special.rate, float)
    assert_type(special.total, Decimal)
    assert_type(order.to_dict(), dict[str, Any])

    user.age = 5
    order.note = None
    order.total = Decimal(2)
    user.age = "x"  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    order.total = "x"  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]


def expressions() -> None:
    assert_type(Order.total, ColumnProxy[Decimal])
    assert_type(Order.total > 5, SqlExpr)
    assert_type(Order.note == None, SqlExpr)  # noqa: E711
    assert_type(Order.user_id.in_([1, 2]), SqlExpr)
    assert_type(Special.rate == 1.0, SqlExpr)
    assert_type(User.find(User.id == 1), QueryBuilder[User])
    assert_type(User.find(User.name == "x", {"age": 5}), QueryBuilder[User])
    User.find("name = 'x'")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def rows() -> None:
    assert_type(await User.insert(name="a"), User)
    assert_type(await User.get(1), User | None)
    assert_type(await User.find_one(User.name == "a"), User | None)
    assert_type(await User.count(), int)
    assert_type(await User.find().to_list(), list[User])
    assert_type(await User.insert_many([{"name": "a"}, User(name="b")]), list[Any])
    assert_type(await User.update_many({"name": "b"}), int)
    assert_type(await User.delete_many(Order.total > 5), int)
    assert_type(await User.delete_many(returning=["id"]), int | list[dict[str, Any]])
    assert_type(await Special.find(Special.rate > 1).first(), Special | None)
    await User.create_table()
