"""Options of queries: which, in which order, with how many statements."""

from __future__ import annotations

import asyncio
import uuid
from types import ModuleType
from typing import Any

import pytest

from models import blog
from models.blog import Article, Comment, Company, Person
from models.test_relationships import trace
from ouroboros_postgres import (
    Column,
    LazyLoadError,
    LoadingConfig,
    LoadingStrategy,
    QueryOption,
    SQLGenerationError,
    Table,
    defer,
    joined,
    joinedload,
    lazy,
    loading,
    noload,
    options,
    raiseload,
    relationship,
    selectinload,
    subquery,
)
from ouroboros_postgres.options import JoinedLoad, NoLoad, RaiseLoad, SelectInLoad
from queries.sent import Sent


@pytest.fixture
async def filled(pg: ModuleType) -> ModuleType:
    await blog.fill(pg)
    return pg


@pytest.fixture
def sent(filled: ModuleType) -> Sent:
    return Sent(filled)


BATCHED = [selectinload, subquery]
EAGER = [*BATCHED, joined]


# The factories.


def test_with_a_name_they_give_options() -> None:
    kinds = {
        selectinload: SelectInLoad,
        noload: NoLoad,
        raiseload: RaiseLoad,
        joined: JoinedLoad,
        joinedload: JoinedLoad,
    }
    for factory, kind in kinds.items():
        option: Any = factory("author")  # type: ignore[operator]
        assert isinstance(option, kind)
        assert isinstance(option, QueryOption)
        assert option.relationship_name == "author"
    assert joined("author", innerjoin=True).innerjoin
    assert not joinedload("author").innerjoin
    assert selectinload("author", "editor").relationship_names == ("author", "editor")
    assert selectinload(relationship_name="author").relationship_name == "author"


def test_without_a_name_they_give_configurations() -> None:
    strategies = LoadingStrategy
    assert selectinload() == LoadingConfig(strategies.SELECTIN)
    assert noload() == LoadingConfig(strategies.NOLOAD)
    assert lazy() == LoadingConfig(strategies.LAZY)
    assert subquery() == LoadingConfig(strategies.SUBQUERY)
    assert joined() == LoadingConfig(strategies.JOINED)
    assert joined(True) == joined(innerjoin=True) == LoadingConfig(strategies.JOINED, innerjoin=True)
    assert raiseload() == LoadingConfig(strategies.RAISE)
    assert raiseload(True) == raiseload(sql_only=True) == LoadingConfig(strategies.RAISE_ON_SQL, sql_only=True)
    assert raiseload(False) == raiseload()


def test_the_same_callables_are_in_all_modules() -> None:
    import ouroboros_postgres as package

    for name in ("selectinload", "noload", "raiseload", "joined", "subquery", "lazy"):
        assert getattr(package, name) is getattr(options, name) is getattr(loading, name)
    assert package.joinedload is options.joinedload
    assert package.QueryOption is options.QueryOption


@pytest.mark.parametrize("factory", [selectinload, noload, joinedload, SelectInLoad, RaiseLoad])
def test_names_must_be_text(factory: Any) -> None:
    with pytest.raises(TypeError, match="the name of a relationship must be str"):
        factory("author", 5)


def test_the_base_is_abstract() -> None:
    with pytest.raises(TypeError, match="abstract"):
        QueryOption()  # type: ignore[abstract]


# Names are checked first.


class Nowhere(Table):
    author_id: int | None = None
    author = relationship(Person, "author_id")

    class Settings:
        table_name = "no_such_table"


@pytest.mark.parametrize("factory", [selectinload, joinedload, joined, subquery, noload, raiseload, lazy])
async def test_unknown_names_are_refused_before_anything_is_sent(factory: Any, sent: Sent) -> None:
    for model in (Nowhere, Article):
        for name in ("autor", "author.compny", "author_id", "title.x", ""):
            query = model.find().options(factory(name))
            for terminal in (query.to_list, query.first, query.one, query.one_or_none):
                with pytest.raises(ValueError, match="Unknown relationship: ") as raised:
                    await terminal()
            assert "available: author" in str(raised.value) or "available: company" in str(raised.value) or "." in name
            with pytest.raises(ValueError, match="Unknown relationship: "):
                async for _ in query:
                    pass
            with pytest.raises(ValueError, match="Unknown relationship: "):
                query.to_sql()
    assert sent() == 0


async def test_what_does_not_load_takes_no_notice(sent: Sent) -> None:
    query = Article.find().options(selectinload("autor"))
    assert await query.count() == 6
    assert await query.exists()
    assert await query.count_agg("n").aggregate() == [{"n": 6}]
    assert sent() == 3


def test_anything_else_is_a_type_error() -> None:
    for bad in ("author", None, 5, Person, Article.author):
        with pytest.raises(TypeError, match="QueryOption"):
            Article.find().options(bad)  # type: ignore[arg-type]


async def test_a_model_without_relationships_ignores_options(filled: ModuleType) -> None:
    class Bare:
        def __init__(self, **values: Any) -> None:
            self.values = values

        @classmethod
        def __table_name__(cls) -> str:
            return "companies"

    from ouroboros_postgres import QueryBuilder

    found = await QueryBuilder(Bare, ()).options(selectinload("people"), raiseload(), noload("x.y")).to_list()
    assert [each.values["name"] for each in found] == ["Acme", "Bolt"]


# Chains.


async def test_options_accumulate_and_leave_the_query_alone(sent: Sent) -> None:
    query = Article.find().order_by("id").limit(2)
    more = query.options(selectinload("author")).options(selectinload("editor"))
    assert query._options == []
    assert [option.relationship_name for option in more._options] == ["author", "editor"]
    one = await query.first()
    assert one is not None and not one.author.is_loaded
    found = await more.to_list()
    assert len(found) == 2
    assert all(each.author.is_loaded and each.editor.is_loaded for each in found)
    assert sent() == 4


async def test_users_options_get_the_instances_in_order(sent: Sent) -> None:
    seen: list[Any] = []

    class Note(QueryOption):
        def __init__(self, label: str) -> None:
            self.label = label

        async def apply(self, instances: list[Any]) -> None:
            seen.append((self.label, [(each.id, each.author.is_loaded, each.editor.is_loaded) for each in instances]))

    query = Article.find(Article.id <= 2).order_by("-id")
    await query.options(Note("a"), selectinload("author"), Note("b"), noload("editor"), Note("c")).to_list()
    assert seen == [
        ("a", [(2, False, False), (1, False, False)]),
        ("b", [(2, True, False), (1, True, False)]),
        ("c", [(2, True, True), (1, True, True)]),
    ]
    assert await Article.find().options(Note("d")).count() == 6
    assert len(seen) == 3


async def test_an_option_of_the_package_may_be_overridden(sent: Sent) -> None:
    class Counting(SelectInLoad):
        seen = 0

        async def apply(self, instances: list[Any]) -> None:
            self.seen += len(instances)
            await super().apply(instances)

    option = Counting("author")
    found = await Article.find().options(option).to_list()
    assert (option.seen, sent()) == (6, 2)
    assert all(each.author.is_loaded for each in found)
    with pytest.raises(ValueError, match="Unknown relationship: nope"):
        await Article.find().options(Counting("nope")).to_list()
    assert sent() == 2


# selectinload.


@pytest.mark.parametrize("factory", BATCHED)
async def test_batches_need_one_more_statement(factory: Any, sent: Sent) -> None:
    found = await Article.find().options(factory("author")).order_by("id").to_list()
    assert sent() == 2
    assert [each.id for each in found] == [1, 2, 3, 4, 5, 6]
    assert all(each.author.is_loaded for each in found)
    authors = [await each.author for each in found]
    assert [author and author.name for author in authors] == ["Ada", "Ada", "Bob", "Dot", None, None]
    assert authors[0] is authors[1]
    assert sent() == 2


@pytest.mark.parametrize("factory", EAGER)
async def test_the_rest_of_the_query_is_unaffected(factory: Any, sent: Sent) -> None:
    query = Article.find(Article.title != "a3", {"author_id": [1, 4, None]}).order_by("-title").limit(2).offset(1)
    plain = await query.to_list()
    found = await query.options(factory("author", "comments")).to_list()
    assert [each.to_dict() for each in found] == [each.to_dict() for each in plain]
    assert [[c.text for c in await each.comments] for each in found] == [["c5"], ["c4"]]
    first = await query.options(factory("comments")).first()
    assert first is not None and [c.text for c in await first.comments] == ["c5"]


@pytest.mark.parametrize("factory", BATCHED)
async def test_an_empty_result_needs_no_more_statement(factory: Any, sent: Sent) -> None:
    assert await Article.find(Article.id == 99).options(factory("author"), factory("comments")).to_list() == []
    assert sent() == 1


@pytest.mark.parametrize("factory", EAGER)
async def test_nothing_but_null_is_loaded_without_a_statement(factory: Any, sent: Sent) -> None:
    found = await Article.find(Article.id == 5).options(factory("author")).to_list()
    assert sent() == 1
    assert found[0].author.is_loaded
    assert await found[0].author is None
    assert sent() == 1


@pytest.mark.parametrize("factory", EAGER)
async def test_lists(factory: Any, sent: Sent) -> None:
    people = await Person.find().options(factory("articles")).order_by("-id").to_list()
    assert sent() == (1 if factory is joined else 2)
    assert [[each.title for each in await person.articles] for person in people] == [["a4"], [], ["a3"], ["a1", "a2"]]
    assert all(person.articles.is_loaded for person in people)


@pytest.mark.parametrize("factory", BATCHED)
async def test_a_path_needs_one_statement_for_each_segment(factory: Any, sent: Sent) -> None:
    found = await Article.find().options(factory("author.company")).order_by("id").to_list()
    assert sent() == 3
    author = await found[0].author
    assert author is not None
    company = await author.company
    assert company is not None and company.name == "Acme"
    third = await found[2].author
    assert third is not None and await third.company is company
    companies = await Company.find().options(factory("people.articles.comments")).order_by("id").to_list()
    assert sent() == 7
    texts = [
        [[[c.text for c in await a.comments] for a in await p.articles] for p in await company.people]
        for company in companies
    ]
    assert texts == [[[["c1", "c2", "c3"], ["c4"]], [[]]], [[]]]
    assert sent() == 7


async def test_paths_share_their_beginning_and_mix_strategies(sent: Sent) -> None:
    found = await Article.find({"id": 1}).options(selectinload("author.company"), selectinload("author.articles")).one()
    assert sent() == 4
    author = await found.author
    assert author is not None and author.company.is_loaded and author.articles.is_loaded
    found = await Article.find({"id": 1}).options(selectinload("author"), joined("author.company")).one()
    assert sent() == 6
    author = await found.author
    assert author is not None and author.company.is_loaded
    found = await Article.find({"id": 1}).options(joined("author"), selectinload("author.articles.comments")).one()
    assert sent() == 9
    author = await found.author
    assert author is not None
    assert [[c.text for c in await a.comments] for a in await author.articles] == [["c1", "c2", "c3"], ["c4"]]
    assert sent() == 9


async def test_an_option_below_a_path_that_is_not_loaded(sent: Sent) -> None:
    found = await Article.find({"id": 1}).options(raiseload("author.company")).one()
    assert sent() == 2
    author = await found.author
    assert author is not None
    with pytest.raises(LazyLoadError, match="'company' of Person"):
        await author.company
    found = await Article.find({"id": 1}).options(noload("author"), selectinload("author.company")).one()
    author = await found.author
    assert author is not None and author.company.is_loaded


async def test_the_last_option_wins(sent: Sent) -> None:
    query = Article.find({"id": 1})
    one = await query.options(selectinload("author"), noload("author")).one()
    assert (await one.author, sent()) == (None, 1)
    one = await query.options(noload("author"), joined("author")).one()
    assert (one.author._loaded_value.name, sent()) == ("Ada", 2)
    one = await query.options(selectinload("author"), raiseload("author")).one()
    with pytest.raises(LazyLoadError):
        await one.author
    assert sent() == 3


async def test_what_is_loaded_is_not_blocked(sent: Sent) -> None:
    one = await Article.find({"id": 1}).options(selectinload("author")).one()
    await raiseload("author").apply([one])
    author = await one.author
    assert author is not None and author.name == "Ada"


async def test_keys_of_other_types_match(filled: ModuleType, sent: Sent) -> None:
    key = uuid.uuid4()
    await filled.execute("CREATE TABLE keyed (id uuid PRIMARY KEY); CREATE TABLE numbered (id bigint PRIMARY KEY)")
    await filled.insert_one("keyed", {"id": key})
    await filled.insert_one("numbered", {"id": 7})
    await filled.execute("CREATE TABLE refs (id serial PRIMARY KEY, keyed text, numbered text)")
    await filled.insert_many(
        "refs", [{"keyed": str(key), "numbered": "7"}, {"keyed": str(key).upper(), "numbered": "8"}]
    )

    class Keyed(Table):
        id: uuid.UUID

    class Numbered(Table):
        id: int

    class Refs(Table):
        keyed: str
        numbered: str
        key = relationship(Keyed, "keyed")
        number = relationship(Numbered, "numbered")

    found = await Refs.find().options(selectinload("key", "number")).order_by("id").to_list()
    assert [(k.id if (k := await each.key) else None) for each in found] == [key, key]
    assert [(n.id if (n := await each.number) else None) for each in found] == [7, None]


async def test_huge_sets_of_keys(filled: ModuleType) -> None:
    await filled.execute("INSERT INTO people (id, name) SELECT n, n::text FROM generate_series(1000, 70999) n")
    await filled.execute(
        "INSERT INTO articles (title, author_id) SELECT n::text, n FROM generate_series(1000, 70999) n"
    )
    sent = Sent(filled)
    found = await Article.find(Article.author_id >= 1000).options(selectinload("author")).to_list()
    assert len(found) == 70_000
    assert 2 <= sent() <= 6
    before = sent()
    assert all([(author := await each.author) is not None and author.name == each.title for each in found])
    assert sent() == before


async def test_apply_may_be_called_on_instances(sent: Sent) -> None:
    found = await Article.find().order_by("id").to_list()
    people = await Person.find().order_by("id").to_list()
    before = sent()
    await selectinload("author").apply(found)
    assert sent() == before + 1
    assert all(each.author.is_loaded for each in found)
    await joinedload("editor").apply(found)
    assert sent() == before + 2
    assert all(each.editor.is_loaded for each in found)
    await noload("comments").apply(found)
    assert [await each.comments for each in found] == [[]] * 6
    await raiseload("company").apply(people)
    with pytest.raises(LazyLoadError):
        await people[0].company
    await lazy("company").apply(people)
    assert await people[0].company is not None
    for option in (selectinload("nope"), joinedload("nope"), noload("nope"), raiseload("nope")):
        await option.apply([])
        with pytest.raises(ValueError, match="Unknown relationship: nope"):
            await option.apply(people)


async def test_instances_that_lack_the_key(sent: Sent) -> None:
    found = await Article.find().only("title").order_by("id").to_list()
    before = sent()
    await selectinload("author").apply(found)
    assert sent() == before
    assert not found[0].author.is_loaded
    author = await found[0].author
    assert author is not None and author.name == "Ada"


async def test_noload(sent: Sent) -> None:
    one = await Article.find({"id": 1}).options(noload("author"), noload("comments")).one()
    assert one.author.is_loaded
    assert (await one.author, await one.comments, one.author.ref) == (None, [], 1)
    assert sent() == 1
    one.author_id = 2
    assert one.author.is_loaded is False


async def test_what_was_not_to_be_loaded_may_be_loaded_later(sent: Sent) -> None:
    query = Article.find({"id": 1})
    one = await query.options(noload("author"), noload("comments")).one()
    await selectinload("author", "comments").apply([one])
    author = await one.author
    assert author is not None and author.name == "Ada"
    assert len(await one.comments) == 3
    one = await query.options(raiseload("author")).one()
    await selectinload("author").apply([one])
    author = await one.author
    assert author is not None and author.name == "Ada"
    assert sent() == 5


async def test_raiseload(sent: Sent) -> None:
    one = await Article.find({"id": 1}).options(raiseload("author")).one()
    assert one.author._should_raise
    with pytest.raises(RuntimeError, match="Attempted to access unloaded relationship 'author'") as raised:
        await one.author
    assert "Use selectinload()" in str(raised.value)
    assert isinstance(raised.value, LazyLoadError)
    assert (one.author.ref, one.author.is_loaded, sent()) == (1, False, 1)
    one = await Article.find({"id": 1}).options(raiseload("author", sql_only=True)).one()
    with pytest.raises(SQLGenerationError, match="'author'"):
        await one.author
    five = await Article.find({"id": 5}).options(raiseload("author", sql_only=True)).one()
    assert await five.author is None


# Configurations without names.


async def test_a_configuration_concerns_what_no_option_names(sent: Sent) -> None:
    one = await Article.find({"id": 1}).options(selectinload(), noload("comments")).one()
    assert (one.author.is_loaded, one.editor.is_loaded, await one.comments, sent()) == (True, True, [], 3)
    one = await Article.find({"id": 1}).options(raiseload(), selectinload("author")).one()
    assert (await one.author) is not None
    with pytest.raises(LazyLoadError, match="'editor'"):
        await one.editor
    with pytest.raises(LazyLoadError, match="'comments'"):
        await one.comments
    one = await Article.find({"id": 1}).options(raiseload(sql_only=True)).one()
    with pytest.raises(SQLGenerationError):
        await one.editor
    one = await Article.find({"id": 1}).options(noload(), selectinload()).one()
    assert (await one.author) is not None
    before = sent()
    one = await Article.find({"id": 1}).options(joined()).one()
    assert (one.author.is_loaded, one.editor.is_loaded, len(await one.comments), sent()) == (True, True, 3, before + 1)


async def test_configurations_of_columns_and_of_relationships_compose(sent: Sent) -> None:
    query = Article.find({"id": 1}).options(defer("body"), selectinload(), defer("title"))
    assert "body" not in query.to_sql()[0]
    one = await query.one()
    assert one.author.is_loaded
    assert set(one.to_dict()) == {"id", "author_id", "editor_id"}


async def test_fetch_links_loads_every_relationship(sent: Sent) -> None:
    found = await Article.find(fetch_links=True).order_by("id").to_list()
    assert sent() == 4
    assert all(each.author.is_loaded and each.editor.is_loaded and each.comments.is_loaded for each in found)
    one = await Article.find_one({"id": 2}, fetch_links=True)
    assert one is not None and [c.text for c in await one.comments] == ["c4"]


# Other terminals.


@pytest.mark.parametrize("factory", EAGER)
async def test_iteration_loads_batch_by_batch(factory: Any, filled: ModuleType) -> None:
    await filled.execute(
        "INSERT INTO articles (title, author_id) SELECT 'n', n % 4 + 1 FROM generate_series(1, 1500) n"
    )
    await filled.execute("INSERT INTO comments (text, article_id) SELECT 'm', n FROM generate_series(1, 1500) n")
    seen = 0
    async for each in Article.find(Article.title == "n").order_by("id").options(factory("author", "comments")):
        assert each.author.is_loaded
        assert each.comments.is_loaded
        author = await each.author
        assert author is not None and author.id == each.author_id
        assert len(await each.comments) == (1 if each.id <= 1500 else 0)
        seen += 1
    assert seen == 1500


async def test_options_join_the_ambient_transaction(filled: ModuleType) -> None:
    async with filled.begin_transaction() as transaction:
        await filled.execute("UPDATE people SET name = 'Eve' WHERE id = 1")
        for factory in EAGER:
            one = await Article.find({"id": 1}).options(factory("author")).one()
            author = await one.author
            assert author is not None and author.name == "Eve"
        await transaction.rollback()


async def test_concurrent_queries_do_not_share_instances(filled: ModuleType) -> None:
    query = Article.find().options(selectinload("author")).order_by("id")
    first, second = await asyncio.gather(query.to_list(), query.to_list())
    assert await first[0].author is not await second[0].author


async def test_self_references(sent: Sent) -> None:
    for factory in EAGER:
        found = await Comment.find().options(factory("replies.replies"), factory("parent")).order_by("id").to_list()
        replies = await found[0].replies
        assert [each.text for each in replies] == ["c2", "c3"]
        assert [await each.replies for each in replies] == [[], []]
        assert await replies[0].parent is found[0]
        parent = await found[1].parent
        assert parent is not None and parent.text == "c1"


async def test_a_back_reference_cannot_be_joined(sent: Sent) -> None:
    for name in ("author.edited", "tags"):
        with pytest.raises(ValueError, match=r"cannot be loaded by JOIN: the columns of its table are not declared"):
            await Article.find().options(joined(name)).to_list()
    with pytest.raises(ValueError, match=r"Unknown relationship: x of Article.tags, which has no model"):
        await Article.find().options(selectinload("tags.x")).to_list()
    assert sent() == 0


# Tracing.


async def test_a_batch_makes_a_span(monkeypatch: pytest.MonkeyPatch, filled: ModuleType) -> None:
    made = trace(monkeypatch, options)
    await Article.find().options(selectinload("author.company")).to_list()
    common = {"strategy": "selectinload"}
    assert [span.attributes for span in made] == [
        {"name": "author", "target_model": "Person", "fk_column": "author_id", "batch_count": 6, "depth": 0, **common},
        {
            "name": "company",
            "target_model": "Company",
            "fk_column": "company_id",
            "batch_count": 3,
            "depth": 1,
            **common,
        },
    ]
    assert {span.attributes["name"]: span.result for span in made} == {"author": {"count": 3}, "company": {"count": 1}}
    made = trace(monkeypatch, options, enabled=False)
    await Article.find().options(selectinload("author")).to_list()
    assert made == []


async def test_a_span_of_a_batch_has_the_exception(monkeypatch: pytest.MonkeyPatch, filled: ModuleType) -> None:
    made = trace(monkeypatch, options)
    await filled.execute("DROP TABLE people")
    with pytest.raises(RuntimeError) as raised:
        await Article.find().options(selectinload("author")).to_list()
    assert made[0].errors == [raised.value]


async def test_a_text_key(filled: ModuleType) -> None:
    class Product(Table):
        sku: str = Column(primary_key=True)
        parts = relationship("Part", "product_sku", uselist=True, lazy="selectinload")

    class Part(Table):
        name: str
        product_sku: str | None = Column(foreign_key="product.sku")
        product = relationship(Product, "product_sku", lazy="joined")

    await filled.execute("CREATE TABLE product (sku text PRIMARY KEY)")
    await filled.execute("CREATE TABLE part (id serial PRIMARY KEY, name text, product_sku text)")
    await Product.insert(sku="a")
    await Part.insert(name="x", product_sku="a")
    sent = Sent(filled)
    product = await Product.get("a")
    assert product is not None
    assert [each.name for each in await product.parts] == ["x"]
    part = await Part.find().one()
    owner = await part.product
    assert owner is not None and owner.sku == "a"
    assert sent() <= 4
