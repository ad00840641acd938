"""`relationship()`: what the descriptor and the loader of an instance do."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import weakref
from types import ModuleType
from typing import Any, ClassVar

import pytest

from models import blog
from models.blog import Article, Comment, Company, Person
from ouroboros_postgres import (
    Column,
    LazyLoadError,
    QueryOption,
    RelationshipDescriptor,
    SQLGenerationError,
    Table,
    loading,
    relationship,
    relationships,
)
from ouroboros_postgres.relationships import RelationshipLoader
from queries.sent import Sent

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
async def tables(pg: ModuleType) -> None:
    await blog.fill(pg)


@pytest.fixture
def sent(pg: ModuleType, tables: None) -> Sent:
    return Sent(pg)


async def article(number: int) -> Article:
    found = await Article.get(number)
    assert found is not None
    return found


def tables_of(model: type[Table]) -> list[str]:
    return [model._table_name]


# The descriptor.


def test_the_descriptor_keeps_what_it_was_given() -> None:
    descriptor = RelationshipDescriptor(Person, "author_id", "joined", "articles", False)
    assert (descriptor._target_model, descriptor._foreign_key_column) == (Person, "author_id")
    assert (descriptor._lazy, descriptor._back_populates, descriptor._uselist) == ("joined", "articles", False)
    assert Article.author._name == "author"
    assert isinstance(Article.author, RelationshipDescriptor)
    assert Article._relationships["author"] is Article.author
    assert "author" not in Article._columns


def test_strategies_have_exactly_these_values() -> None:
    assert {member.name: member.value for member in relationships.LoadingStrategy} == {
        "SELECT": "select",
        "JOINED": "joined",
        "SUBQUERY": "subquery",
        "SELECTIN": "selectinload",
        "NOLOAD": "noload",
        "RAISE": "raise",
    }
    assert relationships.LoadingStrategy is not loading.LoadingStrategy
    assert relationships.RelationshipLoader is not loading.RelationshipLoader


@pytest.mark.parametrize(
    "lazy",
    [
        *("select", "lazy", "joined", "subquery", "selectinload", "selectin", "noload", "raise", "raise_on_sql"),
        *relationships.LoadingStrategy,
        *loading.LoadingStrategy,
    ],
)
def test_strategies_are_taken_in_every_spelling(lazy: str) -> None:
    assert relationship(Person, "author_id", lazy=lazy)._lazy == lazy


@pytest.mark.parametrize("lazy", ["eager", "", "SELECT", None, 1])
def test_unknown_strategies_are_refused_at_definition(lazy: Any) -> None:
    with pytest.raises(ValueError, match="Unknown loading strategy"):
        relationship(Person, "author_id", lazy=lazy)


# The loader.


async def test_the_state_persists_across_accesses(sent: Sent) -> None:
    one = await article(1)
    assert isinstance(one.author, RelationshipLoader)
    assert (one.author._instance, one.author._descriptor) == (one, Article.author)
    assert (one.author._loaded_value, one.author._is_loaded, one.author._should_raise) == (None, False, False)
    before = sent()
    author = await one.author
    assert isinstance(author, Person)
    assert author.name == "Ada"
    assert one.author.is_loaded
    assert await one.author is author
    assert one.author._loaded_value is author
    assert sent() - before == 1


async def test_instances_have_their_own_loaders() -> None:
    one, two = await article(1), await article(1)
    await one.author
    assert not two.author.is_loaded
    assert await two.author is not await one.author


async def test_null_needs_no_statement_and_a_missing_row_is_loaded_too(sent: Sent) -> None:
    five, six = await article(5), await article(6)
    before = sent()
    assert await five.author is None
    assert (five.author.is_loaded, five.author.ref, sent() - before) == (True, None, 0)
    assert (six.author.ref, six.author.is_loaded) == (99, False)
    assert await six.author is None
    assert await six.author is None
    assert (six.author.is_loaded, sent() - before) == (True, 1)


async def test_many(sent: Sent) -> None:
    ada, dot = await Person.get(1), await Person.get(4)
    assert ada is not None and dot is not None
    before = sent()
    assert ada.articles.ref == 1
    found = await ada.articles
    assert [each.title for each in found] == ["a1", "a2"]
    assert await ada.articles is found
    assert sent() - before == 1
    assert [each.title for each in await dot.articles] == ["a4"]
    cid = await Person.get(3)
    assert cid is not None
    assert await cid.articles == []
    assert cid.articles.is_loaded


@pytest.mark.parametrize("load", [loading.lazy, loading.selectinload, loading.joined, loading.subquery])
async def test_many_are_in_the_order_of_their_keys(load: Any, pg: ModuleType) -> None:
    for number in (1, 3, 2):  # puts the new version of the row behind the others
        await pg.execute("UPDATE comments SET article_id = 1, text = 'c' || id WHERE id = $1", [number])
    assert [row["id"] for row in await pg.execute("SELECT id FROM comments WHERE article_id = 1")] != [1, 2, 3]
    one = await Article.find({"id": 1}).options(load("comments")).one()
    assert [comment.id for comment in await one.comments] == [1, 2, 3]


async def test_an_instance_without_a_key_has_no_related_rows(sent: Sent) -> None:
    assert await Person(name="new").articles == []
    assert await Article(title="new").author is None
    assert sent() == 0


async def test_a_load_joins_the_ambient_transaction(pg: ModuleType) -> None:
    async with pg.begin_transaction() as transaction:
        await pg.execute("INSERT INTO people (id, name) VALUES (50, 'Eve')")
        eve = await Article(title="t", author_id=50).author
        assert eve is not None and eve.name == "Eve"
        await transaction.rollback()
    assert await Article(title="t", author_id=50).author is None


async def test_custom_options_set_what_the_loader_keeps(sent: Sent) -> None:
    class Preset(QueryOption):
        async def apply(self, instances: list[Any]) -> None:
            for instance in instances:
                loader = Article.author.__get__(instance, Article)
                loader._loaded_value = "somebody"
                loader._is_loaded = True

    class Block(QueryOption):
        async def apply(self, instances: list[Any]) -> None:
            for instance in instances:
                Article.author.__get__(instance, Article)._should_raise = True

    preset = await Article.find({"id": 1}).options(Preset()).one()
    assert preset.author.is_loaded
    assert str(await preset.author) == "somebody"
    blocked = await Article.find({"id": 1}).options(Block()).one()
    assert blocked.author._should_raise
    with pytest.raises(LazyLoadError, match="Attempted to access unloaded relationship 'author'.*Use selectinload()"):
        await blocked.author
    assert (blocked.author.ref, blocked.author.is_loaded) == (1, False)
    assert sent() == 2


def test_a_blocked_loader_raises_a_runtime_error() -> None:
    assert issubclass(LazyLoadError, RuntimeError)
    assert not issubclass(LazyLoadError, SQLGenerationError)
    assert not issubclass(SQLGenerationError, LazyLoadError)


# The declared strategy.


def lazily(strategy: str) -> type[Any]:
    """A model of the articles whose author and comments are loaded in a way."""

    class Lazily(Table):
        title: str
        author_id: int | None = None
        author = relationship(Person, "author_id", lazy=strategy)
        comments = relationship(Comment, "article_id", lazy=strategy, uselist=True)

        class Settings:
            table_name = "articles"

    return Lazily


@pytest.mark.parametrize(("strategy", "statements"), [("joined", 1), ("subquery", 3), ("selectinload", 3)])
async def test_eager_strategies_load_with_the_query(strategy: str, statements: int, sent: Sent) -> None:
    model = lazily(strategy)
    found = await model.find().order_by("id").to_list()
    assert sent() == statements
    assert all(each.author.is_loaded and each.comments.is_loaded for each in found)
    authors = [await each.author for each in found]
    assert [author and author.name for author in authors] == ["Ada", "Ada", "Bob", "Dot", None, None]
    assert [[c.text for c in await each.comments] for each in found] == [["c1", "c2", "c3"], ["c4"], [], ["c5"], [], []]
    assert sent() == statements
    assert await model.find().count() == 6
    assert (await model.get(1)).author.is_loaded


async def test_noload_and_raise_strategies(sent: Sent) -> None:
    one = await lazily("noload").get(1)
    assert (one.author.is_loaded, await one.author, await one.comments) == (True, None, [])
    one = await lazily("raise").get(1)
    with pytest.raises(LazyLoadError, match="'author'"):
        await one.author
    with pytest.raises(LazyLoadError, match="'comments'"):
        await one.comments
    one = await lazily("raise_on_sql").get(1)
    with pytest.raises(SQLGenerationError, match="'author'"):
        await one.author
    assert await lazily("raise_on_sql")(title="t").author is None  # needs no statement
    assert sent() == 3


async def test_options_override_the_declared_strategy(sent: Sent) -> None:
    one = await lazily("joined").find({"id": 1}).options(loading.lazy("author", "comments")).one()
    assert (one.author.is_loaded, one.comments.is_loaded, sent()) == (False, False, 1)
    one = await lazily("raise").find({"id": 1}).options(loading.selectinload("author")).one()
    assert (await one.author).name == "Ada"
    one = await lazily("raise").find({"id": 1}).options(loading.lazy()).one()
    assert (await one.author).name == "Ada"
    one = await lazily("selectinload").find({"id": 1}).options(loading.noload("author"), loading.raiseload()).one()
    assert await one.author is None
    with pytest.raises(LazyLoadError):
        await one.comments


async def test_eager_strategies_that_lead_in_a_circle_end(sent: Sent) -> None:
    class Node(Table):
        text: str
        parent_id: int | None = None
        parent: Any = relationship("Node", "parent_id", lazy="joined")
        replies: Any = relationship("Node", "parent_id", lazy="selectinload", uselist=True)

        class Settings:
            table_name = "comments"

    found = await Node.find().order_by("id").to_list()
    assert [each.text for each in await found[0].replies] == ["c2", "c3"]
    assert (await found[1].parent).text == "c1"
    assert sent() <= 3


# What a value belongs to.


async def test_another_foreign_key_unloads(sent: Sent) -> None:
    one = await article(1)
    ada = await one.author
    before = sent()
    one.author_id = 2
    assert (one.author.is_loaded, one.author.ref) == (False, 2)
    bob = await one.author
    assert bob is not None and bob.name == "Bob"
    one.author_id = 2
    assert await one.author is bob
    one.author_id = None
    assert await one.author is None
    one._data["author_id"] = 1
    assert (await one.author) is not ada
    assert sent() - before == 2


async def test_refresh_unloads(pg: ModuleType) -> None:
    one = await article(1)
    await one.author
    await pg.execute("UPDATE people SET name = 'Ida' WHERE id = 1")
    await one.refresh()
    assert not one.author.is_loaded
    author = await one.author
    assert author is not None and author.name == "Ida"


# Assignment.


async def test_assignment_sets_the_column_and_the_loader(sent: Sent) -> None:
    one, bob = await article(1), await Person.get(2)
    before = sent()
    one.author = bob
    assert (one.author_id, one.author.ref, one.author.is_loaded) == (2, 2, True)
    assert await one.author is bob
    one.author = None
    assert (one.author_id, await one.author) == (None, None)
    assert sent() == before
    assert "author" not in one._data
    assert "author" not in one.to_dict()


async def test_assignment_at_construction() -> None:
    ada = await Person.get(1)
    one = Article(title="new", author=ada)
    assert (one.author_id, await one.author) == (1, ada)
    await one.save()
    stored = await article(one.id)
    assert stored.author_id == 1


@pytest.mark.parametrize("value", [1, "Ada", Company(name="Acme"), {"id": 1}, [Person(name="Ada")]])
def test_assignment_of_something_else_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"Article.author must be of Person, not "):
        Article(title="t").author = value
    with pytest.raises(TypeError, match=r"Article.author must be of Person, not "):
        Article(title="t", author=value)


async def test_a_target_that_is_saved_later_gives_its_key_when_the_owner_is_saved() -> None:
    eve = Person(name="Eve")
    one = Article(title="new", author=eve)
    assert (one.author_id, await one.author) == (None, eve)
    await eve.save()
    await one.save()
    assert (one.author_id, await one.author) == (eve.id, eve)
    assert (await article(one.id)).author_id == eve.id


async def test_assignment_of_many() -> None:
    company, people = await Company.get(2), await Person.find(Person.id.in_([1, 4])).order_by("id").to_list()
    assert company is not None
    company.people = people
    assert await company.people == people
    assert [person.company_id for person in people] == [2, 2]
    assert [await person.company for person in people] == [company, company]
    for bad in (people[0], None, [None], [company], "Ada"):
        with pytest.raises(TypeError, match=r"Company.people must"):
            company.people = bad


async def test_children_lead_back_to_the_very_owner_that_they_are_assigned_to() -> None:
    company, ada = await Company.get(1), await Person.get(1)
    assert company is not None and ada is not None
    assert await ada.company is not company  # the same row
    company.people = [ada]
    assert await ada.company is company


# Targets.


class Later(Table):
    early_id: int | None = None
    early = relationship("Early", "early_id")
    qualified = relationship(f"{__name__}.Early", "early_id")
    called = relationship(lambda: Early, "early_id")
    many = relationship("Nobody", "early_id", uselist=True)
    unknown = relationship("Nobody", "early_id")
    no_model = relationship(lambda: int, "early_id")


class Early(Table):
    name: str


def test_targets_may_be_named_or_computed() -> None:
    for descriptor in (Later.early, Later.qualified, Later.called):
        assert descriptor.link(Later).target_model is Early
    assert Later.early._target_model == "Early"


async def test_targets_that_cannot_be_found(sent: Sent) -> None:
    with pytest.raises(ValueError, match=r"Later.unknown leads to 'Nobody', but there is no model of that name"):
        await Later(early_id=1).unknown
    with pytest.raises(TypeError, match=r"Later.no_model must lead to a model, not to <class 'int'>"):
        await Later(early_id=1).no_model
    later = Later(id=5)
    assert (later.many.ref, later.many.is_loaded) == (5, False)
    with pytest.raises(ValueError, match="no model of that name"):
        await later.many
    assert sent() == 0


def test_models_of_one_name_do_not_confuse() -> None:
    def local(name: str) -> type[Any]:
        class Parent(Table):
            class Settings:
                table_name = name

        class Child(Table):
            parent_id: int | None = None
            parent = relationship("Parent", "parent_id")

        assert Child.parent.link(Child).target_model is Parent
        return Child

    first, second = local("one"), local("two")
    assert tables_of(first.parent.link(first).target_model) == ["one"]
    assert tables_of(second.parent.link(second).target_model) == ["two"]


class Twin(Table):
    class Inner(Table):
        pass


class OtherTwin(Table):
    class Inner(Table):
        pass


class Ambiguous(Table):
    inner_id: int | None = None
    inner = relationship("Inner", "inner_id")


def test_an_ambiguous_name_says_which_models_it_may_be() -> None:
    with pytest.raises(ValueError, match=r"may be any of .*Twin.Inner.*OtherTwin.Inner"):
        Ambiguous.inner.link(Ambiguous)


async def test_schema_table_and_referenced_column(pg: ModuleType) -> None:
    class Country(Table):
        code: str = Column(primary_key=True)
        alias: str | None = None

        class Settings:
            schema = "geo"
            table_name = "Land"

    class City(Table):
        name: str
        country: str | None = None
        by_alias: str | None = Column(foreign_key="geo.Land.alias")
        by_other: str | None = Column(foreign_key="elsewhere.alias")
        land = relationship(Country, "country")
        aliased = relationship(Country, "by_alias")
        other = relationship(Country, "by_other")

    class CountryOf(Country):
        cities = relationship(City, "country", uselist=True)
        aliases = relationship(City, "by_alias", uselist=True)

        class Settings:
            table_name = "Land"

    await pg.execute('CREATE SCHEMA geo; CREATE TABLE geo."Land" (code text PRIMARY KEY, alias text)')
    await pg.execute("CREATE TABLE city (id serial PRIMARY KEY, name text, country text, by_alias text, by_other text)")
    await pg.execute("""INSERT INTO geo."Land" VALUES ('CH', 'Helvetia'), ('FR', 'CH')""")
    await City.insert(name="Bern", country="CH", by_alias="Helvetia", by_other="FR")
    await City.insert(name="Lyon", country="FR", by_alias="CH", by_other=None)
    bern, lyon = await City.find().order_by("id").to_list()
    assert [(await c.land).code for c in (bern, lyon)] == ["CH", "FR"]
    assert [(await c.aliased).code for c in (bern, lyon)] == ["CH", "FR"]
    other = await bern.other
    assert other is not None and other.code == "FR"
    for options in (["selectinload"], ["joined"], ["subquery"]):
        load = getattr(loading, options[0])
        found = await City.find().options(load("land"), load("aliased")).order_by("id").to_list()
        assert [((await c.land).code, (await c.aliased).code) for c in found] == [("CH", "CH"), ("FR", "FR")]
        lands = await CountryOf.find().options(load("cities"), load("aliases")).order_by("code").to_list()
        assert [([c.name for c in await n.cities], [c.name for c in await n.aliases]) for n in lands] == [
            (["Bern"], ["Bern"]),
            (["Lyon"], ["Lyon"]),
        ]


# The way back.


async def test_a_loaded_list_knows_the_way_back(sent: Sent) -> None:
    ada = await Person.get(1)
    assert ada is not None
    for each in await ada.articles:
        assert each.author.is_loaded
        assert await each.author is ada
    assert sent() == 2


@pytest.mark.parametrize("load", [loading.selectinload, loading.joined, loading.subquery])
async def test_options_know_the_way_back_too(load: Any, sent: Sent) -> None:
    people = await Person.find().options(load("articles")).order_by("id").to_list()
    before = sent()
    for person in people:
        for each in await person.articles:
            assert await each.author is person
    assert sent() == before


async def test_a_way_back_that_does_not_exist(sent: Sent) -> None:
    class Wrong(Table):
        author_id: int | None = None
        author = relationship(Person, "author_id", back_populates="novels")

        class Settings:
            table_name = "articles"

    with pytest.raises(
        ValueError, match="Unknown relationship: novels of Person; available: articles, company, edited"
    ):
        await Wrong(author_id=1).author
    with pytest.raises(ValueError, match="novels"):
        await Wrong.find().options(loading.selectinload("author")).to_list()
    assert sent() == 0


# Concurrency, copies, life.


async def test_concurrent_awaits_send_one_statement(sent: Sent) -> None:
    one = await article(1)
    before = sent()

    async def author() -> Person | None:
        return await one.author

    found = await asyncio.gather(*(author() for _ in range(10)))
    assert len({id(each) for each in found}) == 1
    assert sent() - before == 1


async def test_a_cancelled_await_does_not_fail_the_others() -> None:
    one = await article(1)

    async def author() -> Person | None:
        return await one.author

    first, second = asyncio.create_task(author()), asyncio.create_task(author())
    await asyncio.sleep(0)
    first.cancel()
    found = await second
    assert found is not None and found.name == "Ada"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_an_error_is_not_remembered(pg: ModuleType) -> None:
    one = await article(1)
    await pg.execute("ALTER TABLE people RENAME TO persons")
    with pytest.raises(RuntimeError, match="people"):
        await one.author
    assert not one.author.is_loaded
    await pg.execute("ALTER TABLE persons RENAME TO people")
    assert await one.author is not None


async def test_deletion_unloads(sent: Sent) -> None:
    one = await article(1)
    await one.author
    del one.author
    assert (one.author.is_loaded, one.author_id) == (False, 1)
    del one.author
    assert await one.author is not None


async def test_copies_and_pickles() -> None:
    one = await article(1)
    ada = await one.author
    for twin in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):  # noqa: S301 - made here
        assert (twin.author_id, twin.author._instance is twin) == (1, True)
        found = await twin.author
        assert found is not None and found.name == "Ada"
        twin.author = None
        assert (one.author_id, await one.author) == (1, ada)


async def test_loaded_instances_are_collected_without_the_garbage_collector() -> None:
    one = await article(1)
    await one.author
    one.author.is_loaded  # noqa: B018 - makes a loader
    watch = weakref.ref(one)
    gc.disable()
    try:
        del one
        assert watch() is None
    finally:
        gc.enable()


async def test_a_relationship_may_be_added_to_a_model_later() -> None:
    class Post(Table):
        author_id: int | None = None

        class Settings:
            table_name = "articles"

    Post.writer = relationship(Person, "author_id")  # type: ignore[attr-defined]
    one: Any = await Post.get(1)
    assert (await one.writer).name == "Ada"
    assert one.writer.is_loaded


async def test_inherited_relationships() -> None:
    class Base(Table):
        author_id: int | None = None
        author = relationship(Person, "author_id")

    class News(Base):
        title: str

        class Settings:
            table_name = "articles"

    assert News._relationships["author"] is Base.author
    found = await News.find().options(loading.selectinload("author")).order_by("id").first()
    assert found is not None
    author = await found.author
    assert author is not None and author.name == "Ada"


async def test_a_foreign_key_that_was_not_loaded_is_read_first(sent: Sent) -> None:
    one = await Article.find({"id": 1}).only("title").one()
    assert (one.author.ref, one.author.is_loaded) == (None, False)
    author = await one.author
    assert author is not None and author.name == "Ada"
    assert (one.author_id, one.author.ref, one.author.is_loaded, sent()) == (1, 1, True, 3)


# Tracing.


class Span:
    made: ClassVar[list[Span]] = []

    def __init__(self, **attributes: Any) -> None:
        self.attributes = attributes
        self.result: dict[str, Any] = {}
        self.errors: list[BaseException] = []
        Span.made.append(self)

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def trace(monkeypatch: pytest.MonkeyPatch, module: ModuleType, *, enabled: bool = True) -> list[Span]:
    Span.made.clear()
    monkeypatch.setattr(module, "is_tracing_enabled", lambda: enabled)
    monkeypatch.setattr(module, "create_relationship_span", Span)
    monkeypatch.setattr(module, "set_span_result", lambda span, **result: span.result.update(result))
    monkeypatch.setattr(module, "add_exception", lambda span, error: span.errors.append(error))
    return Span.made


async def test_a_load_makes_one_span(monkeypatch: pytest.MonkeyPatch) -> None:
    made = trace(monkeypatch, relationships)
    one = await article(1)
    await one.author
    await one.author
    assert [span.attributes for span in made] == [
        {"name": "author", "target_model": "Person", "strategy": "select", "fk_column": "author_id"}
    ]
    assert made[0].result == {"count": 1, "cache_hit": False}
    await (await article(6)).author
    assert made[1].result == {"count": 0, "cache_hit": False}
    await (await article(5)).author
    assert len(made) == 2


async def test_a_span_has_the_exception(monkeypatch: pytest.MonkeyPatch, pg: ModuleType) -> None:
    made = trace(monkeypatch, relationships)
    one = await article(1)
    await pg.execute("DROP TABLE people")
    with pytest.raises(RuntimeError) as raised:
        await one.author
    assert made[0].errors == [raised.value]


async def test_without_tracing_no_span_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made = trace(monkeypatch, relationships, enabled=False)
    await (await article(1)).author
    assert made == []
