"""The loading module: configurations, stand-ins for what is not loaded, loading by JOIN and by subquery, columns."""

from __future__ import annotations

import asyncio
import dataclasses
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from models import blog
from models.blog import Article, Comment, Company, Person
from ouroboros_postgres import (
    BackReference,
    Column,
    ColumnProxy,
    DeferredColumn,
    ForeignKeyProxy,
    LazyLoadError,
    LazyLoadingProxy,
    LoadingConfig,
    LoadingStrategy,
    QueryBuilder,
    RelationshipLoader,
    SQLGenerationError,
    Table,
    WindowSpec,
    aliased,
    any_,
    connection,
    defer,
    joined,
    joinedload,
    lazy,
    noload,
    only,
    raiseload,
    raw_sql,
    relationship,
    selectinload,
    subquery,
    undefer,
)
from queries.sent import Sent


@pytest.fixture
async def filled(pg: ModuleType) -> ModuleType:
    await blog.fill(pg)
    return pg


@pytest.fixture
def sent(filled: ModuleType) -> Sent:
    return Sent(filled)


async def names(articles: list[Article]) -> list[str | None]:
    """The names of the authors, which have been loaded."""
    assert all(each.author.is_loaded for each in articles)
    return [author and author.name for author in [await each.author for each in articles]]


# Configurations.


def test_strategies_have_exactly_these_values() -> None:
    assert {member.name: member.value for member in LoadingStrategy} == {
        "LAZY": "lazy",
        "JOINED": "joined",
        "SUBQUERY": "subquery",
        "SELECTIN": "selectin",
        "NOLOAD": "noload",
        "RAISE": "raise",
        "RAISE_ON_SQL": "raise_on_sql",
    }
    assert all(isinstance(member, str) for member in LoadingStrategy)


def test_a_configuration_has_these_fields_first() -> None:
    first = [field.name for field in dataclasses.fields(LoadingConfig)][:5]
    assert first == ["strategy", "sql_only", "deferred_columns", "innerjoin", "columns"]
    config = LoadingConfig(LoadingStrategy.LAZY)
    assert (config.sql_only, config.deferred_columns, config.innerjoin, config.columns) == (False, [], False, None)
    config.deferred_columns.append("x")
    assert LoadingConfig(LoadingStrategy.LAZY).deferred_columns == []


def test_configurations_of_columns() -> None:
    config = defer("a", Article.body)
    assert (config.strategy, config.deferred_columns, config.columns) == (
        LoadingStrategy.LAZY,
        ["a", "body"],
        ["a", "body"],
    )
    config = undefer("a")
    assert (config.strategy, config.deferred_columns, config.columns) == (LoadingStrategy.LAZY, [], ["a"])
    config = only("a", "b")
    assert (config.strategy, config.columns, config.only) == (LoadingStrategy.LAZY, ["a", "b"], True)
    assert (defer().columns, undefer().columns) == ([], [])


# The proxy.


class Recorder(RelationshipLoader):
    """A loader that only notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    async def load_lazy(self, instance: Any, relationship: str, config: LoadingConfig) -> Any:
        self.asked.append(("lazy", instance, relationship, config))
        return "lazily"

    async def load_subquery(self, instance: Any, relationship: str, config: LoadingConfig) -> Any:
        self.asked.append(("subquery", instance, relationship, config))
        return "by subquery"


async def test_the_proxy_loads_once() -> None:
    loader, instance, config = Recorder(), object(), lazy()
    proxy = LazyLoadingProxy(loader, instance, "author", config)
    assert (proxy._loader, proxy._instance, proxy._relationship, proxy._config) == (loader, instance, "author", config)
    assert (proxy._is_loaded, proxy._value, proxy.is_loaded) == (False, None, False)
    assert await proxy == "lazily"
    assert (proxy.is_loaded, proxy._value) == (True, "lazily")
    assert (await proxy.fetch(), await proxy, await proxy.__load__()) == ("lazily", "lazily", "lazily")
    assert loader.asked == [("lazy", instance, "author", config)]


@pytest.mark.parametrize(
    ("config", "value"),
    [(subquery(), "by subquery"), (joined(), "lazily"), (selectinload(), "lazily"), (noload(), None)],
)
async def test_the_proxy_loads_as_configured(config: LoadingConfig, value: Any) -> None:
    proxy = LazyLoadingProxy(Recorder(), object(), "author", config)
    assert await proxy == value
    assert proxy.is_loaded


async def test_the_proxy_may_be_forbidden_to_load() -> None:
    proxy = LazyLoadingProxy(Recorder(), object(), "author", raiseload())
    with pytest.raises(LazyLoadError, match="'author'"):
        await proxy
    proxy._value, proxy._is_loaded = "here", True
    assert await proxy == "here"
    proxy = LazyLoadingProxy(Recorder(), object(), "author", raiseload(sql_only=True))
    with pytest.raises(SQLGenerationError, match="'author'"):
        await proxy.fetch()
    proxy._value, proxy._is_loaded = "here", True
    assert await proxy.fetch() == "here"


# The loader of attributes of any kind.


class Author:
    articles = BackReference("articles", "author_id")
    other = 5

    def __init__(self, key: Any) -> None:
        self.id = key


async def test_the_loader_takes_every_kind_of_attribute(sent: Sent) -> None:
    loader, config = RelationshipLoader(), lazy()
    ada = Author(1)
    assert [row["title"] for row in await loader.load_lazy(ada, "articles", config)] == ["a1", "a2"]
    assert await loader.load_lazy(ada, "other", config) is None
    assert await loader.load_lazy(ada, "nothing", config) is None
    one = await Article.find({"id": 1}).one()
    author = await loader.load_lazy(one, "author", config)
    assert author is await one.author
    assert [row["name"] for row in await loader.load_subquery(one, "tags", subquery())] == ["x", "y"]
    assert await loader.load_lazy(one, "title", config) is None

    class Referring:
        author = ForeignKeyProxy("people", "id", 2)

    assert (await loader.load_lazy(Referring(), "author", config))["name"] == "Bob"


async def test_a_subquery_of_one_instance_is_lazy() -> None:
    class Lazily(RelationshipLoader):
        async def load_lazy(self, instance: Any, relationship: str, config: LoadingConfig) -> Any:
            return (instance, relationship, config)

    config = subquery()
    assert await Lazily().load_subquery(1, "x", config) == (1, "x", config)


async def test_the_loader_adds_joins_to_a_query(sent: Sent) -> None:
    loader = RelationshipLoader()
    query = loader.load_joined(Article.find({"id": 1}), ["author", "editor"], joined(innerjoin=True))
    assert query.to_sql()[0].count("INNER JOIN") == 2
    one = await query.one()
    assert (one.author.is_loaded, one.editor.is_loaded, sent()) == (True, True, 1)
    plain = Article.find()
    assert loader.load_joined(plain, [], joined()) is plain
    other = object()
    assert loader.load_joined(other, ["author"], joined()) is other


async def test_the_loader_loads_back_references_of_several_instances(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    async def execute(sql: str, params: list[Any]) -> list[dict[str, Any]]:
        asked.append((sql, params))
        return [{"id": 1, "author_id": 2}, {"id": 2, "author_id": 1}, {"id": 3, "author_id": 2}]

    monkeypatch.setattr(connection, "execute", execute)
    loader, config = RelationshipLoader(), selectinload()
    with_data = Author(9)
    with_data._data = {"id": 1}  # type: ignore[attr-defined]
    found = await loader.load_selectin([Author(2), with_data, Author(None), Author(5)], "articles", config)
    assert asked == [("SELECT * FROM articles WHERE author_id IN ($1, $2, $3)", [2, 1, 5])]
    assert found == {2: [{"id": 1, "author_id": 2}, {"id": 3, "author_id": 2}], 1: [{"id": 2, "author_id": 1}]}
    assert await loader.load_selectin([], "articles", config) == {}
    assert await loader.load_selectin([Author(None)], "articles", config) == {}
    assert await loader.load_selectin([Author(1)], "other", config) == {}
    assert await loader.load_selectin([Author(1)], "nothing", config) == {}
    assert len(asked) == 1


async def test_the_loader_loads_relationships_of_several_instances(sent: Sent) -> None:
    found = await Article.find().order_by("id").to_list()
    people = await Person.find().order_by("id").to_list()
    before = sent()
    authors = await RelationshipLoader().load_selectin(found, "author", selectinload())
    assert {key: author.name for key, author in authors.items()} == {1: "Ada", 2: "Bob", 4: "Dot"}
    assert await names(found) == ["Ada", "Ada", "Bob", "Dot", None, None]
    articles = await RelationshipLoader().load_selectin(people, "articles", selectinload())
    assert {key: [each.title for each in items] for key, items in articles.items()} == {
        1: ["a1", "a2"],
        2: ["a3"],
        4: ["a4"],
    }
    rows = await RelationshipLoader().load_selectin([Author(1), Author(3)], "articles", selectinload())
    assert {key: len(items) for key, items in rows.items()} == {1: 2}
    assert sent() == before + 3


# JOIN.


async def test_one_statement_and_left_join(sent: Sent) -> None:
    for option in (joined("author"), joinedload("author")):
        query = Article.find().order_by("id").options(option)
        assert "LEFT JOIN" in query.to_sql()[0]
        before = sent()
        found = await query.to_list()
        assert await names(found) == ["Ada", "Ada", "Bob", "Dot", None, None]
        assert await found[0].author is await found[1].author
        assert sent() == before + 1
        assert found[0].to_dict() == {"id": 1, "title": "a1", "body": "b1", "author_id": 1, "editor_id": 2}


async def test_inner_join(sent: Sent) -> None:
    query = Article.find().order_by("id").options(joined("author", innerjoin=True))
    assert "INNER JOIN" in query.to_sql()[0]
    assert await names(await query.to_list()) == ["Ada", "Ada", "Bob", "Dot"]
    assert await names(await query.limit(2).offset(2).to_list()) == ["Bob", "Dot"]
    both = Article.find().order_by("-id").options(joined("comments", innerjoin=True), joined("author", innerjoin=True))
    found = await both.to_list()
    assert [(each.title, len(await each.comments)) for each in found] == [("a4", 1), ("a2", 1), ("a1", 3)]
    found = await both.limit(2).to_list()
    assert [(each.title, len(await each.comments)) for each in found] == [("a4", 1), ("a2", 1)]
    found = (
        await Article.find()
        .order_by("id")
        .limit(1)
        .offset(3)
        .options(joined("author.company", innerjoin=True))
        .to_list()
    )
    assert found == []
    found = await Article.find().order_by("id").options(joined("author.company", innerjoin=True)).to_list()
    assert [each.title for each in found] == ["a1", "a2", "a3"]
    assert await query.count() == 6
    assert await query.exists()


async def test_an_inner_join_below_a_left_join_drops_nobody(sent: Sent) -> None:
    query = Article.find().order_by("id").options(joined("author"), joined("author.company", innerjoin=True))
    found = await query.to_list()
    assert await names(found) == ["Ada", "Ada", "Bob", "Dot", None, None]
    dot = await found[3].author
    assert dot is not None and dot.company.is_loaded and await dot.company is None
    assert sent() == 1


async def test_the_same_table_twice_and_self_joins(sent: Sent) -> None:
    found = await Article.find().order_by("id").options(joined("author.company"), joined("editor.company")).to_list()
    editors = [await each.editor for each in found]
    assert [editor and editor.name for editor in editors] == ["Bob", "Cid", None, "Ada", "Ada", None]
    assert await names(found) == ["Ada", "Ada", "Bob", "Dot", None, None]
    assert editors[0] is await found[2].author  # one object for one row
    companies = [editor and await editor.company for editor in editors]
    assert [company and company.name for company in companies] == ["Acme", "Bolt", None, "Acme", "Acme", None]
    assert sent() == 1


async def test_lists_and_limits_of_parents(sent: Sent) -> None:
    people = await Person.find().order_by("-name").limit(3).offset(1).options(joined("articles.comments")).to_list()
    assert sent() == 1
    assert [person.name for person in people] == ["Cid", "Bob", "Ada"]
    titles = [[each.title for each in await person.articles] for person in people]
    assert titles == [[], ["a3"], ["a1", "a2"]]
    texts = [[c.text for c in await each.comments] for each in await people[2].articles]
    assert texts == [["c1", "c2", "c3"], ["c4"]]
    first = await Person.find().order_by("name").options(joined("articles")).first()
    assert first is not None and len(await first.articles) == 2
    one = await Person.find({"name": "Ada"}).options(joined("articles")).one()
    assert len(await one.articles) == 2
    assert await Person.find().options(joined("articles")).count() == 4
    assert await Person.find().limit(3).options(joined("articles")).count() == 3


async def test_several_lists_at_once(sent: Sent) -> None:
    company = await Company.find({"id": 1}).options(joined("people.articles"), joined("people.company")).one()
    people = await company.people
    assert [person.name for person in people] == ["Ada", "Bob"]
    assert [[a.title for a in await person.articles] for person in people] == [["a1", "a2"], ["a3"]]
    one = await Person.find({"id": 1}).options(joined("articles", "company")).one()
    assert len(await one.articles) == 2
    assert sent() == 2


@pytest.mark.parametrize("option", [joined("author"), joined("author", "comments"), joined("author", innerjoin=True)])
async def test_conditions_and_order_are_those_of_the_main_table(option: Any, filled: ModuleType) -> None:
    await filled.execute("ALTER TABLE people ADD extra int DEFAULT 7; ALTER TABLE articles ADD extra int DEFAULT 5")
    queries = [
        Article.find({"id": 1}),
        Article.find({"extra": 5, "id": 1}),
        Article.find(Article.id == 1).order_by("id", "-title"),
        Article.find(raw_sql("id = $1 AND extra = 5", [1])),
        Article.find({"id": 1}).distinct(),
        Article.find(Article.id <= 1).distinct_on("id"),
        Article.find().where("id", "in", Article.find(Article.id < 2).select("id")),
        Article.find({"id": 1}).union(Article.find({"id": 1})),
        Article.find({"id": 1}).with_cte_raw("c", "SELECT 1"),
        Article.find({"id": 1}).join("author"),
        Article.find().join("author").where(Person.name == "Ada").order_by("id").limit(1),
        Article.find().join(aliased(Person, "people_1"), on=raw_sql("true")).where({"id": 1}).limit(1),
        Article.find().where_exists_raw("SELECT 1 FROM people WHERE people.id = author_id AND articles.id = 1"),
    ]
    for query in queries:
        found = await query.options(option).to_list()
        assert [each.id for each in found] == [1], query.options(option).to_sql()
        assert await names(found) == ["Ada"]
        assert found[0].extra == 5  # type: ignore[attr-defined]


async def test_locks_are_of_the_main_table(filled: ModuleType) -> None:
    async with filled.begin_transaction():
        for option in (joined("author"), joined("comments"), subquery("author"), selectinload("author")):
            found = await Article.find().order_by("id").for_update().options(option).to_list()
            assert len(found) == 6


async def test_a_selection_keeps_what_leads_to_related_rows(sent: Sent) -> None:
    for option in (joined("author", "comments"), selectinload("author", "comments"), subquery("author", "comments")):
        found = await Article.find({"id": 1}).only("title").options(option).to_list()
        assert found[0].to_dict() == {"id": 1, "title": "a1"}
        assert await names(found) == ["Ada"]
        assert [c.text for c in await found[0].comments] == ["c1", "c2", "c3"]
        found = await Article.find({"id": 1}).select("title").options(option).to_list()
        assert found[0].to_dict() == {"title": "a1"}
        assert await names(found) == ["Ada"]
    before = sent()
    with pytest.raises(ValueError, match="author cannot be loaded: the query does not select 'author_id'"):
        await Article.find().select("title").distinct().options(selectinload("author")).to_list()
    assert sent() == before


def unusual() -> dict[str, tuple[Any, list[dict[str, Any]]]]:
    """Queries with more than conditions, and what they give besides what is loaded."""
    counted = Comment.find(Comment.article_id == Article.id).count_agg("n").as_scalar()
    by_number = WindowSpec().order_by("id")
    cte = Article.find(Article.id < 2)
    plain = {"id": 1, "title": "a1", "body": "b1", "author_id": 1, "editor_id": 2}
    return {
        "from a common table": (QueryBuilder.from_cte("c", cte), [plain]),
        "with a common table": (Article.find().with_cte("c", cte).where_in_raw("id", "SELECT id FROM c"), [plain]),
        "window": (Article.find().row_number("rn", by_number).order_by("rn").limit(1), [{**plain, "rn": 1}]),
        "label": (Article.find({"id": 1}).select("id", Article.title.label("t")), [{"id": 1, "t": "a1"}]),  # type: ignore[attr-defined]
        "columns of a join": (
            Article.find({"id": 1})
            .inner_join(Person, on=Person.id == Article.author_id)
            .select("id", Person.company_id),
            [{"id": 1, "company_id": 1}],
        ),
        "set operation": (Article.find({"id": 1}).union_all(Article.find({"id": 1})).limit(2), [plain, plain]),
        "one row for each": (Article.find().distinct_on("author_id").order_by("author_id", "id").limit(1), [plain]),
        "scalar subquery": (Article.find({"id": 1}).select("id", counted.label("n")), [{"id": 1, "n": 3}]),
        "related rows": (Article.find(any_("author", Person.name == "Ada")).order_by("id").limit(1), [plain]),
        "order by a join": (Article.find().join("author", alias="w").order_by("w.name", "id").limit(1), [plain]),
    }


@pytest.mark.parametrize("load", [joined, selectinload, subquery])
@pytest.mark.parametrize("name", list(unusual()))
async def test_unusual_queries(name: str, load: Any, filled: ModuleType) -> None:
    query, expected = unusual()[name]
    found = await query.options(load("author", "comments")).to_list()
    assert [each.to_dict() for each in found] == expected
    assert await names(found) == ["Ada"] * len(expected)
    assert [len(await each.comments) for each in found] == [3] * len(expected)


@pytest.mark.parametrize("strategy", ["joined", "selectinload", "subquery"])
async def test_defaults_do_not_get_in_the_way_of_other_rows(strategy: str, sent: Sent) -> None:
    class Post(Table):
        title: str
        author_id: int | None = None
        author = relationship(Person, "author_id", lazy=strategy)

        class Settings:
            table_name = "articles"

    found = await Post.find().select("title").distinct().order_by("title").limit(1).to_list()
    assert [each.to_dict() for each in found] == [{"title": "a1"}]
    totals = await Post.find().count_agg("total").to_list()
    assert [each.to_dict() for each in totals] == [{"total": 6}]
    counts = await Post.find(Post.author_id == 1).group_by("author_id").count_agg("total").to_list()
    assert [each.to_dict() for each in counts] == [{"author_id": 1, "total": 2}]
    assert await counts[0].author is not None
    assert await Post.find().order_by("id").scalars("title") == ["a1", "a2", "a3", "a4", "a5", "a6"]
    assert await Post.find(Post.id.in_(Post.find(Post.author_id == 1))).count() == 2


async def test_long_and_odd_names(filled: ModuleType) -> None:
    long = "x" * 60

    class Odd(Table):
        id: int
        name: str
        other_id: int | None = None
        other = relationship("Odd", "other_id")

        class Settings:
            table_name = f"{long}é"

    Odd._columns[long] = str
    await filled.execute(f'CREATE TABLE "{long}é" (id int PRIMARY KEY, name text, other_id int, "{long}" text)')
    await filled.execute(f'INSERT INTO "{long}é" VALUES (1, $1, NULL, $2), (2, $3, 1, NULL)', ["a", "long", "b"])
    found = await Odd.find({"id": 2}).options(joined("other.other")).one()
    other = await found.other
    assert other is not None
    assert (other.name, other._data[long]) == ("a", "long")
    assert other.other.is_loaded


async def test_another_primary_key_joins_without_an_id(filled: ModuleType) -> None:
    class Land(Table):
        code: str = Column(primary_key=True)
        name: str
        towns = relationship("Town", "land", uselist=True)

    class Town(Table):
        name: str
        land: str | None = None
        country = relationship(Land, "land")

    await filled.execute("CREATE TABLE land (code text PRIMARY KEY, name text)")
    await filled.execute("CREATE TABLE town (id serial PRIMARY KEY, name text, land text)")
    await filled.execute("INSERT INTO land VALUES ('CH', 'Swiss'); INSERT INTO town (name, land) VALUES ('Bern', 'CH')")
    for load in (joined, selectinload, subquery):
        bern = await Town.find().options(load("country.towns")).one()
        land = await bern.country
        assert land is not None and land.to_dict() == {"code": "CH", "name": "Swiss"}
        assert [town.name for town in await land.towns] == ["Bern"]
    assert (await Land.find().defer("name").one()).to_dict() == {"code": "CH"}


async def test_aliases_of_the_query_are_not_those_of_the_joins(sent: Sent) -> None:
    first, second, third = aliased(Person, "first"), aliased(Person, "second"), aliased(Person, "third")
    query = Article.find(third.name == "Ada").order_by(first.name, second.name, "id")
    for other in (first, second):
        query = query.left_join(other, on=other.id == Article.editor_id)
    query = query.inner_join(third, on=third.id == Article.author_id)
    found = await query.options(joined("author.company"), joined("editor")).to_list()
    assert [each.title for each in found] == ["a1", "a2"]
    assert await names(found) == ["Ada", "Ada"]
    assert sent() == 1


async def test_a_key_that_is_not_declared(filled: ModuleType) -> None:
    class Undeclared(Table):
        name: str

        class Settings:
            table_name = "people"
            primary_key = "company_id"

    class Post(Table):
        editor_id: int | None = None
        editor = relationship(Undeclared, "editor_id")

        class Settings:
            table_name = "articles"

    for load in (joined, selectinload, subquery):
        found = await Post.find({"id": 2}).options(load("editor")).to_list()
        assert await found[0].editor is None
        found = await Post.find({"id": 1}).options(load("editor")).to_list()
        editor = await found[0].editor
        assert editor is not None and editor.name == "Cid"


async def test_a_target_whose_row_is_all_null_but_its_key(filled: ModuleType) -> None:
    await filled.execute(
        "ALTER TABLE people ALTER name DROP NOT NULL; UPDATE people SET name = NULL, company_id = NULL"
    )
    found = await Article.find({"id": 1}).options(joined("author")).one()
    author = await found.author
    assert author is not None and (author.id, author.name) == (1, None)


# Subquery.


async def test_the_second_statement_contains_the_query(sent: Sent, filled: ModuleType) -> None:
    query = Person.find(Person.name >= "Ada", {"company_id": 1}).order_by("id").options(subquery("articles"))
    people = await query.to_list()
    assert sent() == 2
    assert [[a.title for a in await person.articles] for person in people] == [["a1", "a2"], ["a3"]]
    texts = [each for each in await statements(filled) if "people" in each and "articles" in each]
    assert len(texts) == 1
    assert "IN (SELECT" in texts[0]
    assert texts[0].count("ORDER BY") == 1  # of the children; the parents' order would be in vain
    await filled.execute("ALTER TABLE people ADD doc jsonb")
    ordered = Person.find({"company_id": 1}).order_by(ColumnProxy("doc", Person).json_path("x"), "id")
    people = await ordered.options(subquery("articles")).to_list()
    assert [len(await person.articles) for person in people] == [2, 1]


async def statements(pg: ModuleType) -> list[str]:
    """The statements that the connections of the pool have prepared."""
    rows = await pg.execute("SELECT statement FROM pg_prepared_statements")
    return [row["statement"] for row in rows]


async def test_with_a_limit_parents_and_children_agree(sent: Sent, filled: ModuleType) -> None:
    for order in ((), ("company_id",), ("id",), ("-id",)):
        before = sent()
        people = await Person.find().order_by(*order).limit(2).offset(1).options(subquery("articles")).to_list()
        assert sent() == before + 2
        assert len(people) == 2
        for person in people:
            assert person.articles.is_loaded
            assert [a.author_id for a in await person.articles] == [person.id] * len(await person.articles)
    texts = [each for each in await statements(filled) if "articles" in each and "LIMIT" in each]
    assert len(texts) == 2  # those with a unique order


async def test_subqueries_below_others_and_of_nobody(sent: Sent) -> None:
    assert await Person.find(Person.id > 99).options(subquery("articles.comments")).to_list() == []
    assert sent() == 1
    people = await Person.find(Person.id == 1).options(subquery("articles.comments"), subquery("company")).to_list()
    assert sent() == 5
    assert [[c.text for c in await a.comments] for a in await people[0].articles] == [["c1", "c2", "c3"], ["c4"]]
    articles = await Article.find(Article.id <= 2).order_by("id").options(subquery("tags")).to_list()
    assert [len(await each.tags.fetch_all()) for each in articles] == [2, 1]
    assert sent() == 7


async def test_subqueries_with_everything(sent: Sent) -> None:
    queries = [
        Article.find({"id": 1}).distinct(),
        Article.find(raw_sql("id = $1", [1])).where("title", "in", ["a1", "a2"]),
        Article.find({"id": 1}).union(Article.find({"id": 1})),
        Article.find({"id": 1}).with_cte_raw("c", "SELECT 1"),
        Article.find().join("author").where(Person.name == "Ada").order_by("id").limit(1),
    ]
    for query in queries:
        found = await query.options(subquery("author", "comments")).to_list()
        assert [each.id for each in found] == [1]
        assert await names(found) == ["Ada"]
        assert len(await found[0].comments) == 3


# Columns.


async def test_deferred_columns_are_not_selected(sent: Sent) -> None:
    for query in (
        Article.find().defer("body"),
        Article.find().options(defer("body")),
        Article.find().options(defer(Article.body)),
        Article.find().options(defer("body", "title"), undefer("title")),
        Article.find().only("title", "author_id", "editor_id"),
        Article.find().options(only("title", "author_id", "editor_id")),
        Article.find().defer("body", "title").undefer("title"),
    ):
        text = query.to_sql()[0]
        assert "body" not in text
        assert all(name in text for name in ("id", "title", "author_id", "editor_id"))
    for query in (Article.find().defer("body").undefer(), Article.find().options(defer("body"), undefer())):
        assert (await query.order_by("id").first()).body == "b1"  # type: ignore[union-attr]
    for bad in (defer("nope"), undefer("nope"), only("nope"), defer("author")):
        with pytest.raises(ValueError, match="nope|author"):
            Article.find().options(bad)


async def test_a_deferred_column_loads_when_it_is_awaited(sent: Sent) -> None:
    one: Any = await Article.find({"id": 1}).defer("body", "title").one()
    assert set(one.to_dict()) == {"id", "author_id", "editor_id"}
    body, title = one.body, one.title
    assert isinstance(body, DeferredColumn)
    assert (body.is_loaded, sent()) == (False, 1)
    assert "body" in repr(body)
    assert await asyncio.gather(*(each.load() for each in (body, title))) == ["b1", "a1"]
    assert (one.body, one.title, body.is_loaded, await body, sent()) == ("b1", "a1", True, "b1", 3)
    assert await one.save() == 1
    assert sent() == 3
    one.body = "new"
    await one.save()
    again: Any = await Article.find({"id": 1}).defer("body").one()
    again.body = "assigned"
    assert again.body == "assigned"
    await again.refresh()
    assert again.body == "new"
    again = await Article.find({"id": 1}).defer("body").one()
    await again.refresh()
    assert again.body == "new"


async def test_saving_leaves_deferred_columns_alone(sent: Sent) -> None:
    one: Any = await Article.find({"id": 1}).defer("body").one()
    one.title = "changed"
    await one.save()
    again = await Article.get(1)
    assert again is not None and (again.title, again.body) == ("changed", "b1")


async def test_a_deferred_column_of_a_vanished_row_is_none(filled: ModuleType) -> None:
    one: Any = await Article.find({"id": 1}).defer("body").one()
    body = one.body
    await filled.execute("DELETE FROM articles")
    assert await body is None
    assert body.is_loaded


async def test_a_deferred_column_joins_the_ambient_transaction(filled: ModuleType) -> None:
    one: Any = await Article.find({"id": 1}).defer("body").one()
    async with filled.begin_transaction() as transaction:
        await filled.execute("UPDATE articles SET body = 'inside'")
        assert await one.body == "inside"
        await transaction.rollback()


async def test_a_deferred_column_of_a_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    async def execute(sql: str, params: list[Any]) -> list[dict[str, Any]]:
        asked.append((sql, params))
        return [{"content": "text"}] if params != [404] else []

    monkeypatch.setattr(connection, "execute", execute)
    config = lazy()
    instance = SimpleNamespace(_table_name="posts", _data={"id": 0})
    column = DeferredColumn(instance, "content", config)
    assert (column._instance, column._column_name, column._config) == (instance, "content", config)
    assert (column._is_loaded, column._value, column.is_loaded) == (False, None, False)
    assert await column == "text"
    assert (await column.load(), column.is_loaded, column._value) == ("text", True, "text")
    assert await DeferredColumn(SimpleNamespace(_table_name="posts", id=404), "content", config) is None
    assert asked == [
        ("SELECT content FROM posts WHERE id = $1", [0]),
        ("SELECT content FROM posts WHERE id = $1", [404]),
    ]
    schema = SimpleNamespace(_table_name="Odd", _schema="s", _primary_key="order", _data={"order": "k"})
    await DeferredColumn(schema, "content", config)
    assert asked[-1] == ('SELECT content FROM s."Odd" WHERE "order" = $1', ["k"])


async def test_a_deferred_column_that_cannot_be_loaded() -> None:
    for instance in (
        SimpleNamespace(_data={"id": 1}),
        SimpleNamespace(_table_name=None, _data={"id": 1}),
        SimpleNamespace(_table_name="t", _data={"id": None}),
        SimpleNamespace(_table_name="t", _data={}),
    ):
        with pytest.raises(RuntimeError, match="'content' cannot be loaded"):
            await DeferredColumn(instance, "content", lazy())
    with pytest.raises(LazyLoadError, match="'content'"):
        await DeferredColumn(SimpleNamespace(_table_name="t", _data={"id": 1}), "content", raiseload())


async def test_a_deferred_column_uses_the_real_key_and_schema(filled: ModuleType) -> None:
    class Note(Table):
        sku: str = Column(primary_key=True)
        text: str | None = None

        class Settings:
            schema = "other"
            table_name = "Notes"

    await filled.execute('CREATE SCHEMA other; CREATE TABLE other."Notes" (sku text PRIMARY KEY, text text)')
    await Note.insert(sku="a", text="hello")
    one: Any = await Note.find().defer("text").one()
    assert await one.text == "hello"
    numbered = await Article.insert(id=0, title="zero", body="null")
    assert numbered.id == 0
    one = await Article.find({"id": 0}).defer("body").one()
    assert await one.body == "null"
