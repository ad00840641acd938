"""What the type checkers see of queries. Checked, never run."""

from __future__ import annotations

from typing import Any, assert_type

from ouroboros_postgres import (
    AliasedClass,
    BackReference,
    BooleanClause,
    Column,
    ColumnProxy,
    QueryBuilder,
    QueryFragment,
    SqlExpr,
    Table,
    WindowSpec,
    aliased,
    and_,
    any_,
    filter_by,
    has,
    not_,
    or_,
    raw_sql,
    selectinload,
)


class User(Table):
    id: ColumnProxy[int] = Column(primary_key=True)
    name: ColumnProxy[str]
    age: ColumnProxy[int | None] = Column()
    tags: ColumnProxy[list[str]]
    posts = BackReference("post", "author_id")


class Post(Table):
    id: ColumnProxy[int] = Column(primary_key=True)
    author_id: ColumnProxy[int] = Column(foreign_key="user.id")
    title: ColumnProxy[str]


def building() -> None:
    query = User.find(User.age > 30, {"name": "Ada"}, QueryFragment(age__lt=40), raw_sql("age > $1", [1]))
    assert_type(query, QueryBuilder[User])
    assert_type(
        query.where(User.name.like("A%")).where("id", "in", Post.find().select("author_id")), QueryBuilder[User]
    )
    assert_type(
        query.order_by(-User.id, "name", User.age.desc().nulls_last()).limit(5).offset(None), QueryBuilder[User]
    )
    assert_type(query.select(User.id, "name", User.age.label("years")).distinct(), QueryBuilder[User])
    assert_type(query.join(Post, Post.author_id == User.id).left_join("posts"), QueryBuilder[User])
    assert_type(query.group_by(User.age).count_agg("n").having_count("gt", 1), QueryBuilder[User])
    assert_type(query.row_number("n", WindowSpec().partition_by("age").order_by(User.id, "desc")), QueryBuilder[User])
    assert_type(query.options(selectinload("posts")).defer("tags").for_update(), QueryBuilder[User])
    assert_type(query.union(User.find()).with_cte("posts", Post.find()), QueryBuilder[User])
    assert_type(query.where_exists(Post.find(Post.author_id == User.id)), QueryBuilder[User])
    assert_type(query.to_sql(), tuple[str, list[Any]])


def conditions() -> None:
    assert_type(User.id == 1, SqlExpr)
    assert_type(User.age.in_([1, None]), SqlExpr)
    assert_type((User.id > 1).to_sql(), tuple[str, list[Any]])
    assert_type(and_(User.id == 1, or_(User.age.is_null(), not_(User.name == "x"))), BooleanClause)
    assert_type(filter_by(name="Ada"), list[SqlExpr])
    User.find(any_(User.posts, Post.title == "x") | has(User.tags, ["a"]) & any_("tags", "b"))


def aliases() -> None:
    other = aliased(User, "other")
    assert_type(other, AliasedClass[User])
    User.find(User.id < other.id).inner_join(other, other.name == User.name)


async def terminals() -> None:
    query = User.find()
    assert_type(await query.to_list(), list[User])
    assert_type(await query.first(), User | None)
    assert_type(await query.one(), User)
    assert_type(await query.one_or_none(), User | None)
    assert_type(await query.to_dicts(), list[dict[str, Any]])
    assert_type(await query.scalar(User.name), str | None)
    assert_type(await query.scalars(User.id), list[int])
    assert_type(await query.count(), int)
    assert_type(await query.exists(), bool)
    assert_type(await query.count_agg().aggregate(), list[dict[str, Any]])
    assert_type(await query.update(name="x"), int | list[dict[str, Any]])
    assert_type(await query.returning("id").delete(), int | list[dict[str, Any]])
    async for user in query:
        assert_type(user, User)


async def attributes() -> None:
    user = await User.find().one()
    assert_type(user.id, int)
    assert_type(user.name, str)
    assert_type(user.age, int | None)
    assert_type(User.name, ColumnProxy[str])
    user.name = "Ada"
