"""References that need no model on the other side."""

from __future__ import annotations

import uuid
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from models import blog
from models.blog import Article, Person, Tag
from ouroboros_postgres import (
    BackReference,
    BackReferenceQuery,
    ForeignKeyError,
    ForeignKeyProxy,
    LazyLoadError,
    ManyToMany,
    ManyToManyQuery,
    Table,
    columns,
    create_m2m_join_table,
    raiseload,
    selectinload,
)
from queries.sent import Sent

TAGS = ("article_tags", "article_id", "tag_id", "tags")


@pytest.fixture
async def filled(pg: ModuleType) -> ModuleType:
    await blog.fill(pg)
    return pg


@pytest.fixture
def sent(filled: ModuleType) -> Sent:
    return Sent(filled)


def test_the_names_are_in_columns_too() -> None:
    for name in ("BackReference", "BackReferenceQuery", "ForeignKeyProxy", "ManyToMany", "ManyToManyQuery"):
        assert name in columns.__all__
    assert columns.create_m2m_join_table is create_m2m_join_table


# Foreign keys.


async def test_a_foreign_key_is_fetched_once(sent: Sent) -> None:
    proxy = ForeignKeyProxy("people", "id", 1)
    assert (proxy.target_table, proxy.foreign_key_column) == ("people", "id")
    assert (proxy.ref, proxy.id, proxy.column_value, proxy.is_fetched) == (1, 1, 1, False)
    assert "people.id=1" in repr(proxy)
    assert "not fetched" in repr(proxy)
    row = await proxy.fetch()
    assert row == {"id": 1, "name": "Ada", "company_id": 1}
    assert await proxy is row
    assert (proxy.is_fetched, sent()) == (True, 1)
    assert "not fetched" not in repr(proxy)
    assert "fetched" in repr(proxy)


async def test_a_foreign_key_without_a_row(sent: Sent) -> None:
    proxy = ForeignKeyProxy("people", "id", 77)
    assert await proxy.fetch() is None
    assert await proxy.fetch() is None
    assert (proxy.is_fetched, sent()) == (True, 1)
    proxy = ForeignKeyProxy("no_such_table", "id", None)
    assert (await proxy.fetch(), await proxy, proxy.is_fetched, sent()) == (None, None, True, 1)


async def test_a_foreign_key_into_another_schema(filled: ModuleType) -> None:
    await filled.execute("CREATE SCHEMA other; CREATE TABLE other.things (code text, name text)")
    await filled.insert_one("other.things", {"code": "a", "name": "A"})
    assert await ForeignKeyProxy("other.things", "code", "a") == {"code": "a", "name": "A"}


async def test_a_foreign_key_asks_the_function_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    async def find(table: str, column: str, value: Any) -> dict[str, Any]:
        asked.append((table, column, value))
        return {"id": value}

    monkeypatch.setattr("ouroboros_postgres.find_by_foreign_key", find)
    assert await ForeignKeyProxy("t", "c", 5).fetch() == {"id": 5}
    assert asked == [("t", "c", 5)]


# Back references.


class Plain:
    """A class that has nothing to do with tables."""

    edited = BackReference("articles", "editor_id")
    named = BackReference("people", "name", "label")

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


class WithData:
    edited = BackReference("articles", "editor_id", "id")
    id = 3

    def __init__(self) -> None:
        self._data = {"id": 1}


async def test_a_back_reference_of_any_class(sent: Sent) -> None:
    reference = Plain.edited
    assert isinstance(reference, BackReference)
    assert (reference.source_table, reference.source_column, reference.target_column) == ("articles", "editor_id", "id")
    assert reference._name == "edited"
    query = Plain(id=1).edited
    assert isinstance(query, BackReferenceQuery)
    assert (query.source_table, query.source_column, query.target_column) == ("articles", "editor_id", "id")
    assert query.ref_value == 1
    assert [row["title"] for row in await query.fetch_all()] == ["a4", "a5"]
    assert await query.count() == 2
    row = await query.fetch_one()
    assert row is not None and row["title"] == "a4"
    assert await Plain(id=77).edited.fetch_one() is None
    assert await Plain(id=77).edited.count() == 0
    assert await Plain(label="Ada").named.count() == 1
    assert (WithData().edited.ref_value, Plain().edited.ref_value) == (1, None)
    ada = await Person.get(1)
    assert ada is not None
    assert await ada.edited.count() == 2
    for text in (repr(reference), repr(query)):
        assert "articles" in text
        assert "editor_id" in text
    assert "1" in repr(query)


async def test_without_a_value_nobody_is_asked(sent: Sent) -> None:
    query = BackReferenceQuery("no_such_table", "c", "id", None)
    assert (await query.fetch_all(), await query.fetch_one(), await query.count(), sent()) == ([], None, 0, 0)


async def test_back_references_of_text_and_uuid(filled: ModuleType) -> None:
    await filled.execute("CREATE TABLE refs (id serial PRIMARY KEY, t text, u uuid)")
    key = uuid.uuid4()
    await filled.insert_one("refs", {"t": "a", "u": key})
    for column, value in (("t", "a"), ("u", key), ("u", str(key))):
        assert await BackReferenceQuery("refs", column, "id", value).count() == 1
        assert len(await BackReferenceQuery("refs", column, "id", value).fetch_all()) == 1


async def test_what_a_back_reference_fetches_can_be_chosen(sent: Sent) -> None:
    query = BackReferenceQuery("articles", "author_id", "id", 1)
    assert await query.fetch_all(["title"], [("title", "desc")], 1, 1) == [{"title": "a1"}]
    assert await query.fetch_all([], [], None) == await query.fetch_all()
    assert await query.fetch_all(limit=0) == []
    before = sent()
    with pytest.raises(ValueError, match="sideways"):
        await query.fetch_all(order_by=[("title", "sideways")])
    with pytest.raises(ValueError, match="limit"):
        await query.fetch_all(limit=-1)
    with pytest.raises(ValueError, match="offset"):
        await query.fetch_all(offset=-1)
    assert sent() == before


async def test_one_row_of_many_is_the_first_by_the_primary_key(filled: ModuleType) -> None:
    await filled.execute("CREATE TABLE logs (a int, b int, who int, PRIMARY KEY (b, a)); CREATE TABLE bare (who int)")
    await filled.insert_many("logs", [{"a": a, "b": b, "who": 5} for a, b in ((1, 2), (9, 1), (3, 1))])
    row = await BackReferenceQuery("logs", "who", "id", 5).fetch_one()
    assert row == {"a": 3, "b": 1, "who": 5}
    await filled.insert_one("bare", {"who": 5})
    assert await BackReferenceQuery("bare", "who", "id", 5).fetch_one() == {"who": 5}
    await filled.execute("CREATE SCHEMA other; CREATE TABLE other.logs (id int PRIMARY KEY, who int)")
    await filled.insert_many("other.logs", [{"id": 2, "who": 5}, {"id": 1, "who": 5}])
    assert await BackReferenceQuery("other.logs", "who", "id", 5).fetch_one() == {"id": 1, "who": 5}


async def test_references_cannot_be_assigned(filled: ModuleType) -> None:
    one = await Article.get(1)
    ada = await Person.get(1)
    assert one is not None and ada is not None
    for instance, name in ((one, "tags"), (ada, "edited"), (Plain(id=1), "edited")):
        with pytest.raises(AttributeError, match=f"{type(instance).__name__}.{name} cannot be assigned to"):
            setattr(instance, name, [])
    with pytest.raises(AttributeError, match=r"Person.edited"):
        Person(name="x", edited=[])


# Many to many.


async def tags() -> Any:
    one = await Article.get(1)
    assert one is not None
    return one.tags


async def test_the_descriptor_of_many_to_many() -> None:
    assert isinstance(Article.tags, ManyToMany)
    assert (Article.tags.join_table, Article.tags.source_key, Article.tags.target_key) == TAGS[:3]
    assert (Article.tags.target_table, Article.tags.source_reference) == ("tags", "id")
    assert Article.tags.target_reference == "id"
    with pytest.raises(ValueError, match="'id' is not set on the instance"):
        _ = Article(title="new").tags
    query = Article(id=1, title="t").tags
    assert isinstance(query, ManyToManyQuery)
    assert query.source_id == 1
    for text in (repr(Article.tags), repr(query)):
        assert "article_tags" in text


class Annotated(Table):
    tags: ManyToMany[Tag] = ManyToMany(*TAGS)
    posts: BackReference = BackReference("articles", "author_id")

    class Settings:
        table_name = "articles"


def test_annotated_descriptors_stay_descriptors() -> None:
    assert isinstance(Annotated.tags, ManyToMany)
    assert isinstance(Annotated.posts, BackReference)
    assert list(Annotated._columns) == ["id"]


async def test_reading_related_rows(filled: ModuleType) -> None:
    query = await tags()
    assert sorted(row["name"] for row in await query.fetch_all()) == ["x", "y"]
    assert await query.fetch_all(["name"], [("name", "desc")], 1) == [{"name": "y"}]
    assert await query.fetch_all(["name"], [("name", "desc")], offset=1) == [{"name": "x"}]
    assert await query.fetch_all([], []) == await query.fetch_all()
    assert await query.fetch_all(limit=0) == []
    assert await query.fetch_one() == {"id": 1, "name": "x"}
    assert await query.ids() == [1, 2]
    assert await query.count() == 2
    assert (await query.has(1), await query.has(3)) == (True, False)
    empty = Article(id=3, title="t").tags
    assert (await empty.fetch_all(), await empty.fetch_one()) == ([], None)
    assert (await empty.ids(), await empty.count()) == ([], 0)


async def test_bad_arguments_send_nothing(sent: Sent) -> None:
    query = await tags()
    before = sent()
    for arguments in ({"order_by": [("name", "sideways")]}, {"limit": -1}, {"offset": -1}):
        with pytest.raises(ValueError, match="sideways|limit|offset"):
            await query.fetch_all(**arguments)
    with pytest.raises(ValueError, match="'id' is not set on"):
        await query.add(Tag(name="new"))
    assert sent() == before


async def test_changing_relations(filled: ModuleType, database: Database) -> None:
    query = await tags()
    assert await query.add(3) is None
    assert await query.add(3) is None
    assert await query.ids() == [1, 2, 3]
    assert (await query.remove(3), await query.remove(3)) == (1, 0)
    await query.set([2, 3, 3])
    assert await query.ids() == [2, 3]
    assert await query.clear() == 2
    assert await query.clear() == 0
    await query.set([])
    assert await query.ids() == []
    assert len(database.query("SELECT * FROM article_tags")) == 2  # those of the others


async def test_targets_may_be_instances_and_several(filled: ModuleType, database: Database) -> None:
    x, y, z = await Tag.find().order_by("id").to_list()
    query = Article(id=3, title="t").tags
    await query.add(x, y.id, z)
    assert await query.ids() == [1, 2, 3]
    assert await query.has(x)
    assert await query.remove(x) == 1
    await query.set([z, x])
    assert await query.ids() == [1, 3]
    await filled.execute("ALTER TABLE article_tags ADD FOREIGN KEY (tag_id) REFERENCES tags")
    with pytest.raises(ForeignKeyError):
        await Article(id=5, title="t").tags.add(1, 99)
    assert database.query("SELECT * FROM article_tags WHERE article_id = 5") == []


async def test_set_keeps_what_stays(filled: ModuleType, database: Database) -> None:
    await filled.execute("ALTER TABLE article_tags ADD note text; UPDATE article_tags SET note = 'kept'")
    query = await tags()
    await query.set([2, 3])
    rows = database.query("SELECT tag_id, note FROM article_tags WHERE article_id = 1 ORDER BY tag_id")
    assert rows == [{"tag_id": 2, "note": "kept"}, {"tag_id": 3, "note": None}]


async def test_relations_join_the_ambient_transaction(filled: ModuleType) -> None:
    query = await tags()
    async with filled.begin_transaction() as transaction:
        await query.clear()
        await query.add(3, 2)
        assert await query.ids() == [2, 3]
        await transaction.rollback()
    assert await query.ids() == [1, 2]


@pytest.mark.parametrize("kind", ["uuid", "text", "bigint"])
async def test_join_tables_take_the_types_of_what_they_refer_to(kind: str, pg: ModuleType, database: Database) -> None:
    await pg.execute(f"CREATE TABLE lefts (code {kind} PRIMARY KEY); CREATE TABLE rights (id {kind} PRIMARY KEY)")
    values: dict[str, list[Any]] = {"uuid": [uuid.uuid4(), uuid.uuid4()], "text": ["a", "b"], "bigint": [2**40, 2**41]}
    one, two = sorted(values[kind])
    await pg.execute("INSERT INTO lefts VALUES ($1)", [one])
    await pg.execute("INSERT INTO rights VALUES ($1), ($2)", [one, two])
    made = await create_m2m_join_table("lr", "left_code", "right_id", "lefts", "rights", "code")
    assert made is None
    await create_m2m_join_table("lr", "left_code", "right_id", "lefts", "rights", source_reference="code")
    types = database.query("SELECT data_type, is_nullable FROM information_schema.columns WHERE table_name = 'lr'")
    assert {(row["data_type"], row["is_nullable"]) for row in types} == {(kind, "NO")}
    deletes = database.query("SELECT confdeltype FROM pg_constraint WHERE conrelid = 'lr'::regclass AND contype = 'f'")
    assert [row["confdeltype"] for row in deletes] in ([b"c", b"c"], ["c", "c"])
    indexed = {(*index["columns"], index["is_unique"]) for index in await pg.get_indexes("lr")}
    assert indexed == {("left_code", "right_id", True), ("right_id", False)}

    class Left(Table):
        code: Any
        rights = ManyToMany[Any]("lr", "left_code", "right_id", "rights", "code")

        class Settings:
            table_name = "lefts"
            primary_key = "code"

    class Right(Table):
        id: Any
        lefts = ManyToMany[Any]("lr", "right_id", "left_code", "lefts", target_reference="code")

        class Settings:
            table_name = "rights"

    left = await Left.find().one()
    await left.rights.add(two, one)
    assert await left.rights.ids() == [one, two]
    right = await Right.find(Right.id == two).one()
    assert await right.lefts.ids() == [one]
    assert await right.lefts.has(left)
    found = await Left.find().options(selectinload("rights")).one()
    assert sorted(row["id"] for row in await found.rights.fetch_all()) == [one, two]


# Options.


async def test_back_references_and_many_to_many_are_loaded_for_all_instances(sent: Sent) -> None:
    people = await Person.find().options(selectinload("edited")).order_by("id").to_list()
    assert sent() == 2
    titles = [[row["title"] for row in await person.edited.fetch_all()] for person in people]
    assert titles == [["a4", "a5"], ["a1"], ["a2"], []]
    assert sent() == 2
    articles = await Article.find().options(selectinload("tags", "author")).order_by("id").to_list()
    assert sent() == 5
    names = [sorted(row["name"] for row in await each.tags.fetch_all()) for each in articles]
    assert names == [["x", "y"], ["x"], [], ["z"], [], []]
    assert (await articles[0].tags.fetch_all())[0].keys() == {"id", "name"}
    assert sent() == 5
    assert await articles[0].tags.fetch_all(["name"], [("name", "desc")]) == [{"name": "y"}, {"name": "x"}]


async def test_what_was_loaded_is_copied_and_a_change_forgets_it(sent: Sent) -> None:
    one = await Article.find({"id": 1}).options(selectinload("tags")).one()
    (await one.tags.fetch_all()).clear()
    assert len(await one.tags.fetch_all()) == 2
    await one.tags.add(3)
    assert len(await one.tags.fetch_all()) == 3
    one = await Article.find({"id": 1}).options(selectinload("tags")).one()
    del one.tags
    before = sent()
    await one.tags.fetch_all()
    assert sent() == before + 1


async def test_loading_of_references_can_be_forbidden(sent: Sent) -> None:
    one = await Article.find({"id": 1}).options(raiseload("tags")).one()
    with pytest.raises(LazyLoadError, match="Attempted to access unloaded relationship 'tags'"):
        await one.tags.fetch_all()
    ada = await Person.find({"id": 1}).options(raiseload("edited")).one()
    with pytest.raises(LazyLoadError, match="'edited'"):
        await ada.edited.fetch_all()
