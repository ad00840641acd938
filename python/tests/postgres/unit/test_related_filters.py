"""`any_` and `has`: which of their forms is meant, and the text it becomes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Optional, TypedDict

import pytest

from ouroboros_postgres import BooleanClause, SqlExpr, aliased, and_, any_, has, not_, or_
from ouroboros_postgres._column import Column
from ouroboros_postgres._sql.compile import compile_statement
from ouroboros_postgres._sql.condition import Condition
from ouroboros_postgres._sql.declared import kind_of_type
from ouroboros_postgres._sql.encoder import Encoder, Scope
from ouroboros_postgres._sql.link import Link, RelatedAttribute, Through
from ouroboros_postgres.columns import ColumnProxy
from ouroboros_postgres.query_ext import QueryFragment


class Relation(RelatedAttribute):
    """A relationship whose link is written down."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._owner: type | None = None

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner, self._name = owner, name

    @property
    def relationship_name(self) -> str:
        return self._name

    @property
    def owner(self) -> type | None:
        return self._owner

    def link(self, owner: type) -> Link:
        return self._link


class Model:
    """Declares columns by annotations, as text."""

    _table = ""
    _columns: dict[str, Any]

    def __init_subclass__(cls) -> None:
        cls._columns = inspect.get_annotations(cls)
        cls._column_defaults = {name: cls.__dict__[name] for name in cls._columns if name in cls.__dict__}
        for name in cls._columns:
            setattr(cls, name, ColumnProxy(name, cls))

    @classmethod
    def __table_name__(cls) -> str:
        return f"public.{cls.__name__.lower()}s"


class Author(Model):
    id: int
    name: str


class Post(Model):
    id: int
    title: str
    author_id: int = Column(foreign_key="authors")
    editor_id: int = Column(foreign_key="staff.authors.key")
    parent_id: int = Column(foreign_key="posts.id")
    tags: list[str]
    maybe_tags: Optional[list[str]]  # noqa: UP045 - both spellings occur
    meta: dict[str, Any]
    maybe_meta: dict[str, Any] | None
    broken: list[Missing]  # type: ignore[name-defined]  # noqa: F821
    anything: Any
    text: str


for owner, name, link in (
    (Author, "posts", Link("id", ["public", "posts"], "author_id", Post, many=True)),
    (Author, "reviews", Link("id", "reviews", "author_id", None, many=True)),
    (Post, "author", Link("author_id", ["public", "authors"], "id", Author)),
    (Post, "parent", Link("parent_id", ["public", "posts"], "id", Post)),
    (Post, "children", Link("id", ["public", "posts"], "parent_id", Post, many=True)),
    (
        Post,
        "labels",
        Link("id", "labels", "id", None, many=True, through=Through("post_labels", "post_id", "label_id")),
    ),
):
    relation = Relation(link)
    relation.__set_name__(owner, name)
    setattr(owner, name, relation)


def where(model: Any, condition: Condition) -> tuple[str, list[Any]]:
    """The text of a condition in SELECT … FROM the table of the model."""
    encoder = Encoder()
    key = model.__table_name__()
    with encoder.within(Scope(key, model, qualified=False)):
        node = condition.encode(encoder)
    select = {"from": {"table": key, "keys": [key]}, "where": [node]}
    sql, params = compile_statement({"select": select}, encoder)
    return sql.partition(" WHERE ")[2], params


# Columns, without a model.


@pytest.mark.parametrize(
    ("condition", "text", "params"),
    [
        (any_("tags", "urgent"), "$1 = ANY(tags)", ["urgent"]),
        (any_("tags", 5), "$1 = ANY(tags)", [5]),
        (any_("tags", ["a", "b"]), "tags && $1", [["a", "b"]]),
        (any_("tags", ("a",)), "tags && $1", [["a"]]),
        (any_("tags", {"a"}), "tags && $1", [["a"]]),
        (any_("tags", []), "FALSE", []),
        (any_("tags", None), "array_position(tags, NULL) IS NOT NULL", []),
        (any_("tags", ["a", None]), "(tags && $1 OR array_position(tags, NULL) IS NOT NULL)", [["a"]]),
        (any_("tags", [None]), "array_position(tags, NULL) IS NOT NULL", []),
        (any_("tags", True), "$1 = ANY(tags)", [True]),
        (has("metadata", "author"), "metadata ? $1", ["author"]),
        (has("metadata", ["a", "b"]), "metadata ?& $1", [["a", "b"]]),
        (has("metadata", ("a",)), "metadata ?& $1", [["a"]]),
        (has("metadata", []), "metadata IS NOT NULL", []),
        (any_("Odd", "a"), '$1 = ANY("Odd")', ["a"]),
        (has("order", "a"), '"order" ? $1', ["a"]),
        (any_(ColumnProxy("tags"), "a"), "$1 = ANY(tags)", ["a"]),
        (has(ColumnProxy("meta"), "a"), "meta ? $1", ["a"]),
    ],
)
def test_columns_without_a_model(condition: SqlExpr, text: str, params: list[Any]) -> None:
    assert isinstance(condition, SqlExpr)
    assert condition.to_sql() == (text, params)


# Columns of a model.


@pytest.mark.parametrize(
    ("column", "array"),
    [
        ("tags", True),
        ("maybe_tags", True),
        ("meta", False),
        ("maybe_meta", False),
        ("broken", None),
        ("anything", None),
        ("text", None),
        ("undeclared", None),
    ],
)
def test_the_declared_type_decides(column: str, array: bool | None) -> None:
    for name in (column, getattr(Post, column, None)):
        if name is None:
            continue
        any_is_array, has_is_array = (True, False) if array is None else (array, array)
        text = where(Post, any_(name, "x"))[0]
        assert text == (f"$1 = ANY({column})" if any_is_array else f"{column} ? $1")
        text = where(Post, has(name, "x"))[0]
        assert text == (f"$1 = ANY({column})" if has_is_array else f"{column} ? $1")


@pytest.mark.parametrize(
    ("condition", "text", "params"),
    [
        (any_(Post.tags, ["a", "b"]), "tags && $1", [["a", "b"]]),
        (has(Post.tags, "a"), "$1 = ANY(tags)", ["a"]),
        (has(Post.tags, ["a", "b"]), "tags @> $1", [["a", "b"]]),
        (has(Post.tags, []), "tags IS NOT NULL", []),
        (has(Post.tags, None), "array_position(tags, NULL) IS NOT NULL", []),
        (has(Post.tags, ["a", None]), "(tags @> $1 AND array_position(tags, NULL) IS NOT NULL)", [["a"]]),
        (has(Post.tags, [None]), "array_position(tags, NULL) IS NOT NULL", []),
        (any_(Post.meta, "a"), "meta ? $1", ["a"]),
        (any_(Post.meta, 5), "meta @> $1::jsonb", ["5"]),
        (any_(Post.meta, True), "meta @> $1::jsonb", ["true"]),
        (any_(Post.meta, 1.5), "meta @> $1::jsonb", ["1.5"]),
        (any_(Post.meta, Decimal("1.5")), "meta @> $1::jsonb", ['"1.5"']),
        (any_(Post.meta, None), "meta @> $1::jsonb", ["null"]),
        (any_(Post.meta, {"k": 1}), "meta @> $1::jsonb", [{"k": 1}]),
        (any_(Post.meta, ["a", "b"]), "meta ?| $1", [["a", "b"]]),
        (any_(Post.meta, []), "FALSE", []),
        (any_(Post.meta, ["a", 5, {"k": 1}]), "(meta ? $1 OR meta @> $2::jsonb OR meta @> $3::jsonb)",
         ["a", "5", {"k": 1}]),
        (any_(Post.meta, [5]), "meta @> $1::jsonb", ["5"]),
        (has(Post.meta, "a"), "meta ? $1", ["a"]),
        (has(Post.meta, ["a", "b"]), "meta ?& $1", [["a", "b"]]),
        (has(Post.meta, []), "meta IS NOT NULL", []),
        (any_(Post.author_id, 5), "$1 = ANY(author_id)", [5]),
        (any_(Post.tags, Post.title), "title = ANY(tags)", []),
        (has(Post.meta, Post.title), "meta ? title", []),
        (any_(aliased(Post, "p").tags, "a"), "$1 = ANY(p.tags)", ["a"]),
        (has(aliased(Post, "p").tags, "a"), "$1 = ANY(p.tags)", ["a"]),
        (has(aliased(Post, "p").meta, "a"), "p.meta ? $1", ["a"]),
    ],
)  # fmt: skip
def test_columns_of_a_model(condition: SqlExpr, text: str, params: list[Any]) -> None:
    assert condition.to_sql() == (text, params)
    assert where(Post, condition) == (text, params)


@pytest.mark.parametrize("value", [5, None, True, 1.5, {"a": 1}, ["a", 5], [None], b"a"])
def test_keys_are_text(value: Any) -> None:
    with pytest.raises(TypeError, match="has.*str"):
        has(Post.meta, value)
    with pytest.raises(TypeError, match="has.*str"):
        has("meta", value).to_sql()
    with pytest.raises(TypeError, match="has.*str"):
        where(Post, has("meta", value))


class Document(TypedDict):
    """A mapping type of its own."""

    title: str


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        *(
            (kind, "array")
            for kind in (list, list[int], tuple, tuple[int, ...], set, set[str], Sequence[str], frozenset)
        ),
        *((kind, "json") for kind in (dict, dict[str, int], Mapping, Mapping[str, Any], Document)),
        *((kind, None) for kind in (str, bytes, int, Any, None, "list[int]", bytearray, list[int] | dict[str, int])),
        (list[int] | None, "array"),
        (None | dict[str, Any], "json"),
        (Annotated[list[int], "x"], "array"),
        (Annotated[dict[str, int] | None, "x"], "json"),
    ],
)
def test_kinds_of_types(annotation: Any, kind: str | None) -> None:
    assert kind_of_type(annotation) == kind


# What is refused.


def test_none_is_refused_at_once() -> None:
    for function in (any_, has):
        with pytest.raises(NotImplementedError):
            function(None, Post.title == "x")
        with pytest.raises(NotImplementedError):
            function(None, "x")
        with pytest.raises(NotImplementedError):
            function(None)


@pytest.mark.parametrize("function", [any_, has])
@pytest.mark.parametrize(
    "arguments",
    [
        (5, Post.title == "x"),
        (5, "x"),
        (Post, Post.title == "x"),
        ([Post.tags], "x"),
        (Post.title == "x", "x"),
        (Post.title,),
        (Post.title, Post.title == "x"),
        (ColumnProxy("author_id"), Post.title == "x"),
        (Author.posts, "x"),
        (Author.posts, None),
        (Author.posts, {"title": "x"}),
        (Author.posts, True),
    ],
)
def test_what_is_refused(function: Any, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match=r"relationship.*foreign-key column.*array or JSON column"):
        function(*arguments)


# Relationships.


@pytest.mark.parametrize("function", [any_, has])
@pytest.mark.parametrize(
    ("model", "arguments", "text", "params"),
    [
        (
            Author,
            (Author.posts,),
            "EXISTS (SELECT 1 FROM public.posts WHERE posts.author_id = authors.id)",
            [],
        ),
        (
            Author,
            (Author.posts, Post.title == "x"),
            "EXISTS (SELECT 1 FROM public.posts WHERE posts.author_id = authors.id AND posts.title = $1)",
            ["x"],
        ),
        (
            Author,
            ("posts", SqlExpr("title", "=", "x")),
            "EXISTS (SELECT 1 FROM public.posts WHERE posts.author_id = authors.id AND posts.title = $1)",
            ["x"],
        ),
        (
            Author,
            (Author.posts, or_(Post.title == "x", Post.id > 5)),
            "EXISTS (SELECT 1 FROM public.posts WHERE posts.author_id = authors.id "
            "AND (posts.title = $1 OR posts.id > $2))",
            ["x", 5],
        ),
        (
            Author,
            (Author.posts, QueryFragment(title="x", id__gt=5)),
            "EXISTS (SELECT 1 FROM public.posts WHERE posts.author_id = authors.id "
            "AND (posts.title = $1 AND posts.id > $2))",
            ["x", 5],
        ),
        (
            Author,
            (Author.posts, QueryFragment()),
            "EXISTS (SELECT 1 FROM public.posts WHERE posts.author_id = authors.id)",
            [],
        ),
        (
            Author,
            (Author.posts, Post.title == Author.name),
            "EXISTS (SELECT 1 FROM public.posts WHERE posts.author_id = authors.id AND posts.title = authors.name)",
            [],
        ),
        (
            Author,
            (Author.reviews, SqlExpr("stars", ">", 3)),
            "EXISTS (SELECT 1 FROM reviews WHERE reviews.author_id = authors.id AND reviews.stars > $1)",
            [3],
        ),
        (
            Post,
            (Post.author, Author.name == "x"),
            "EXISTS (SELECT 1 FROM public.authors WHERE authors.id = posts.author_id AND authors.name = $1)",
            ["x"],
        ),
        (
            Post,
            (Post.author_id, Author.name == "x"),
            "EXISTS (SELECT 1 FROM authors WHERE authors.id = posts.author_id AND authors.name = $1)",
            ["x"],
        ),
        (
            Post,
            ("author_id",),
            "EXISTS (SELECT 1 FROM authors WHERE authors.id = posts.author_id)",
            [],
        ),
        (
            Post,
            (Post.editor_id, SqlExpr("name", "=", "x")),
            "EXISTS (SELECT 1 FROM staff.authors WHERE authors.key = posts.editor_id AND authors.name = $1)",
            ["x"],
        ),
        (
            Post,
            (Post.labels, SqlExpr("name", "=", "x")),
            "EXISTS (SELECT 1 FROM labels INNER JOIN post_labels ON post_labels.label_id = labels.id "
            "WHERE post_labels.post_id = posts.id AND labels.name = $1)",
            ["x"],
        ),
        (
            Post,
            (Post.children, Post.title == "x"),
            "EXISTS (SELECT 1 FROM public.posts AS posts_1 WHERE posts_1.parent_id = posts.id AND posts_1.title = $1)",
            ["x"],
        ),
        (
            Post,
            (Post.parent_id, Post.title == "x"),
            "EXISTS (SELECT 1 FROM posts AS posts_1 WHERE posts_1.id = posts.parent_id AND posts_1.title = $1)",
            ["x"],
        ),
    ],
)
def test_relationships(function: Any, model: Any, arguments: tuple[Any, ...], text: str, params: list[Any]) -> None:
    condition = function(*arguments)
    assert isinstance(condition, SqlExpr)
    assert where(model, condition) == (text, params)


def test_conditions_nest() -> None:
    condition = any_(Author.posts, and_(Post.id > 1, has(Post.author, Author.name == "x")))
    assert where(Author, condition) == (
        "EXISTS (SELECT 1 FROM public.posts WHERE posts.author_id = authors.id AND (posts.id > $1 "
        "AND EXISTS (SELECT 1 FROM public.authors WHERE authors.id = posts.author_id AND authors.name = $2)))",
        [1, "x"],
    )
    condition = any_(Post.children, any_(Post.children, has("parent", Post.title == "x")))
    assert where(Post, condition) == (
        "EXISTS (SELECT 1 FROM public.posts AS posts_1 WHERE posts_1.parent_id = posts.id "
        "AND EXISTS (SELECT 1 FROM public.posts AS posts_2 WHERE posts_2.parent_id = posts_1.id "
        "AND EXISTS (SELECT 1 FROM public.posts AS posts_3 WHERE posts_3.id = posts_2.parent_id "
        "AND posts_3.title = $1)))",
        ["x"],
    )


def test_names_of_columns_belong_to_the_innermost_model() -> None:
    condition = any_(Author.posts, and_(has("tags", "a"), any_("meta", "k")))
    assert where(Author, condition)[0].endswith("AND ($1 = ANY(posts.tags) AND posts.meta ? $2))")


def test_an_alias_as_the_outer_row() -> None:
    post = aliased(Post, "p")
    encoder = Encoder()
    with encoder.within(Scope("public.authors", Author, qualified=True)):
        node = has(post.author_id, Author.name == post.title).encode(encoder)
    select = {
        "from": {"table": "public.authors", "keys": ["public.authors"]},
        "joins": [
            {
                "kind": "inner",
                "source": {"table": "public.posts", "alias": "p", "fixed": True, "keys": [encoder.alias_key(post)]},
                "on": {"constant": True},
            }
        ],
        "where": [node],
    }
    assert compile_statement({"select": select}, encoder)[0].endswith(
        "WHERE EXISTS (SELECT 1 FROM authors WHERE authors.id = p.author_id AND authors.name = p.title)"
    )
    assert has(post.author_id).to_sql()[0] == "EXISTS (SELECT 1 FROM authors WHERE authors.id = p.author_id)"


def test_in_update_and_delete_the_outer_row_is_the_table() -> None:
    encoder = Encoder()
    with encoder.within(Scope("public.authors", Author, qualified=False)):
        node = any_(Author.posts, Post.title == "x").encode(encoder)
    delete = {"table": {"table": "public.authors", "keys": ["public.authors"]}, "where": [node]}
    sql, params = compile_statement({"delete": delete}, encoder)
    assert '"authors"."id"' in sql.replace("authors.id", '"authors"."id"')
    assert params == ["x"]


def test_the_text_on_its_own_names_the_table() -> None:
    assert any_(Author.posts).to_sql() == (
        "EXISTS (SELECT 1 FROM public.posts WHERE posts.author_id = authors.id)",
        [],
    )
    assert has(Post.author_id, Author.name == "x").to_sql(4) == (
        "EXISTS (SELECT 1 FROM authors WHERE authors.id = posts.author_id AND authors.name = $4)",
        ["x"],
    )


def test_combinations() -> None:
    one, other = any_(Author.posts), Author.name == "x"
    assert isinstance(one & other, SqlExpr)
    assert where(Author, one & other)[0].startswith("(EXISTS (")
    assert isinstance(~one, BooleanClause)
    assert where(Author, not_(one))[0] == (
        "(NOT (EXISTS (SELECT 1 FROM public.posts WHERE posts.author_id = authors.id)))"
    )
    assert where(Author, or_(one, other))[1] == ["x"]
    assert where(Author, QueryFragment(one, name="x"))[1] == ["x"]


@pytest.mark.parametrize("name", ["missing", "title", "__table_name__", "a b"])
def test_unknown_names(name: str) -> None:
    for arguments in ((name,), (name, Post.title == "x")):
        condition = any_(*arguments)
        with pytest.raises(ValueError, match=f"Unknown relationship: {name}"):
            where(Post, condition)


def test_names_need_a_model() -> None:
    with pytest.raises(ValueError, match="Unknown relationship: posts"):
        any_("posts").to_sql()
    with pytest.raises(ValueError, match="Unknown relationship: author"):
        where(Author, any_(Author.reviews, has("author")))


def test_an_inherited_relationship_belongs_to_the_model_of_the_query() -> None:
    class Novelist(Author):
        pass

    text = where(Novelist, any_(Author.posts))[0]
    assert text == "EXISTS (SELECT 1 FROM public.posts WHERE posts.author_id = novelists.id)"


def test_the_row_of_a_select_further_out() -> None:
    condition = any_(Author.posts, any_(Author.reviews, SqlExpr("stars", ">", Post.id)))
    assert where(Author, condition)[0] == (
        "EXISTS (SELECT 1 FROM public.posts WHERE posts.author_id = authors.id AND EXISTS (SELECT 1 FROM reviews "
        "WHERE reviews.author_id = authors.id AND reviews.stars > posts.id))"
    )


def test_a_relationship_of_no_model() -> None:
    stray = Relation(Link("id", "reviews", "author_id"))
    stray._name = "stray"
    with pytest.raises(ValueError, match="Unknown relationship: stray"):
        where(Author, any_(stray))


def test_a_related_table_in_quotes() -> None:
    quoted = Relation(Link("id", 'public."Odd ""Table"', "author_id"))
    quoted.__set_name__(Author, "quoted")
    assert where(Author, any_(quoted, SqlExpr("n", "=", 1))) == (
        'EXISTS (SELECT 1 FROM public."Odd ""Table" WHERE "Odd ""Table".author_id = authors.id '
        'AND "Odd ""Table".n = $1)',
        [1],
    )


def test_repr() -> None:
    assert "tags" in repr(any_("tags", "x"))
    assert "posts" in repr(any_(Author.posts, Post.title == "x"))
