"""What the type checkers see of relationships, references and options. Checked, never run."""

from __future__ import annotations

from typing import Any, assert_type

from ouroboros_postgres import (
    BackReference,
    BackReferenceQuery,
    Column,
    ForeignKeyProxy,
    LoadingConfig,
    ManyToMany,
    ManyToManyQuery,
    QueryBuilder,
    QueryOption,
    RelationshipDescriptor,
    Table,
    any_,
    defer,
    joined,
    joinedload,
    lazy,
    noload,
    only,
    raiseload,
    relationship,
    selectinload,
    subquery,
)
from ouroboros_postgres.options import JoinedLoad, NoLoad, RaiseLoad, SelectInLoad, SubqueryLoad
from ouroboros_postgres.relationships import LoadingStrategy, RelationshipLoader


class Author(Table):
    name: str
    posts = relationship(lambda: Post, "author_id", uselist=True, back_populates="author")
    named = relationship("Post", "author_id", LoadingStrategy.SELECTIN, uselist=True)
    edited: RelationshipDescriptor[list[Post]] = relationship("Post", "author_id", uselist=True)
    rows = BackReference("posts", "author_id")


class Post(Table):
    title: str
    author_id: int | None = Column(foreign_key="author.id")
    author = relationship(Author, "author_id", lazy="joined")
    editor: RelationshipDescriptor[Author | None] = relationship(Author, "author_id")
    tags = ManyToMany["Tag"]("post_tags", "post_id", "tag_id", "tags")


class Tag(Table):
    name: str


class Mine(QueryOption):
    async def apply(self, instances: list[Any]) -> None:
        instances.clear()


def descriptors() -> None:
    assert_type(Post.author, RelationshipDescriptor[Author | None])
    assert_type(Author.posts, RelationshipDescriptor[list[Post]])
    assert_type(Author.named, RelationshipDescriptor[Any])
    assert_type(Author.rows, BackReference)
    assert_type(Post.find(any_(Post.author)), QueryBuilder[Post])


async def loaders(post: Post, author: Author) -> None:
    assert_type(post.author, RelationshipLoader[Author | None])
    assert_type(await post.author, Author | None)
    assert_type(await post.editor, Author | None)
    assert_type(await author.posts, list[Post])
    assert_type(post.author.ref, Any)
    assert_type(post.author.is_loaded, bool)
    post.author = author
    post.author = None
    del post.author


async def annotated(post: Post, author: Author) -> None:
    assert_type(Author.edited, RelationshipDescriptor[list[Post]])
    assert_type(await author.edited, list[Post])
    Post(title="x", editor=author)
    Post(title="x", editor=None)
    Author(name="x", edited=[post])


class Mistaken(Table):
    # The attribute of an instance is a loader, not the related instance: an annotation that says otherwise is an error.
    author: Author | None = relationship(Author, "author_id")  # type: ignore[assignment]
    posts: list[Post] = relationship("Post", "author_id", uselist=True)  # type: ignore[assignment]


async def references(post: Post, author: Author) -> None:
    assert_type(author.rows, BackReferenceQuery)
    assert_type(await author.rows.fetch_all(["title"], [("title", "asc")], 5), list[dict[str, Any]])
    assert_type(await author.rows.fetch_one(), dict[str, Any] | None)
    assert_type(await author.rows.count(), int)
    assert_type(post.tags, ManyToManyQuery)
    assert_type(await post.tags.ids(), list[Any])
    assert_type(await post.tags.has(Tag(name="x")), bool)
    assert_type(await post.tags.remove(1), int)
    await post.tags.add(1, Tag(name="x"))
    await post.tags.set([1, 2])
    proxy = ForeignKeyProxy("authors", "id", 1)
    assert_type(await proxy, dict[str, Any] | None)
    assert_type(await proxy.fetch(), dict[str, Any] | None)


def options() -> None:
    assert_type(selectinload("author"), SelectInLoad)
    assert_type(selectinload(), LoadingConfig)
    assert_type(noload("author"), NoLoad)
    assert_type(subquery("author"), SubqueryLoad)
    assert_type(joined("author", innerjoin=True), JoinedLoad)
    assert_type(joined(True), LoadingConfig)
    assert_type(joinedload("author"), JoinedLoad)
    assert_type(raiseload("author"), RaiseLoad)
    assert_type(raiseload(sql_only=True), LoadingConfig)
    assert_type(lazy(), LoadingConfig)
    query = Post.find().options(selectinload("author", "tags"), joined(), defer("title"), only(Post.title), Mine())
    assert_type(query, QueryBuilder[Post])
