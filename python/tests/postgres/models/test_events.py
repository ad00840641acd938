"""What models tell their listeners, and what these may do about it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from types import FrameType, ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import (
    Column,
    Table,
    after_insert,
    before_delete,
    before_insert,
    before_update,
    events,
    joined,
    listens_for,
    relationship,
    selectinload,
    subquery,
)
from ouroboros_postgres.errors import IntegrityError, RowNotFoundError
from ouroboros_postgres.options import QueryOption
from queries.sent import Sent

SCHEMA = """
CREATE TABLE author (id serial PRIMARY KEY, name text NOT NULL, email text UNIQUE, version int DEFAULT 1);
CREATE TABLE post (id serial PRIMARY KEY, title text, author_id int REFERENCES author);
CREATE TABLE solo (id serial PRIMARY KEY, note text);
"""

INSTANCE_EVENTS = (
    "before_insert", "after_insert", "before_update", "after_update", "before_delete", "after_delete", "after_load",
)  # fmt: skip


class Author(Table):
    name: str
    email: str | None
    version: int | None
    posts = relationship("Post", "author_id", uselist=True, back_populates="author")


class Post(Table):
    title: str
    author_id: int | None = Column(foreign_key="author.id")
    author = relationship(Author, "author_id", back_populates="posts")


class Solo(Table):
    note: str | None


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute(SCHEMA)


@pytest.fixture(autouse=True)
def nobody_listens() -> Iterator[None]:
    yield
    events.event.clear()


class Log(list[tuple[str, Any]]):
    """The events of instances, in order, with what is asked of the instance at that moment."""

    def listen(self, model: type[Any], ask: Callable[[Any], Any] = lambda instance: instance.id) -> None:
        """Listens to all events of the instances of a model."""
        for name in INSTANCE_EVENTS:
            events.listen(model, name, self._recorder(name, ask))

    def _recorder(self, name: str, ask: Callable[[Any], Any]) -> Callable[[Any], None]:
        return lambda instance: self.append((name, ask(instance)))

    def take(self) -> list[tuple[str, Any]]:
        """Returns what has happened since the last call."""
        found = list(self)
        self.clear()
        return found


@pytest.fixture
def log() -> Log:
    return Log()


def rows(database: Database, table: str = "author") -> list[dict[str, Any]]:
    return database.query(f"SELECT * FROM {table} ORDER BY 1")


async def saved(name: str = "Ada", **values: Any) -> Author:
    author = Author(name=name, **values)
    await author.save()
    return author


# When.


async def test_save_of_a_new_instance(log: Log) -> None:
    log.listen(Author)
    await Author(name="Ada").save()
    assert log == [("before_insert", None), ("after_insert", 1)]


async def test_insert(log: Log) -> None:
    log.listen(Author)
    await Author.insert(name="Ada")
    assert log == [("before_insert", None), ("after_insert", 1)]


async def test_listeners_after_an_insert_see_the_whole_row(log: Log) -> None:
    log.listen(Author, lambda author: author.version)
    await Author.insert(name="Ada")
    assert log == [("before_insert", None), ("after_insert", 1)]


async def test_save_of_a_changed_instance(log: Log) -> None:
    author = await saved()
    log.listen(Author, lambda author: author.name)
    author.name = "Grace"
    await author.save()
    assert log == [("before_update", "Grace"), ("after_update", "Grace")]


async def test_save_without_a_change_is_silent(log: Log, sent: Sent) -> None:
    author = await saved()
    log.listen(Author)
    before = sent()
    await author.save()
    assert log == []
    assert sent() == before


async def test_save_with_a_key_of_a_row_is_an_update(log: Log, database: Database) -> None:
    await saved()
    log.listen(Author)
    await Author(id=1, name="Grace").save()
    assert log == [("before_update", 1), ("after_update", 1)]
    assert rows(database)[0]["name"] == "Grace"


async def test_save_with_a_key_of_no_row_is_an_update_that_becomes_an_insert(log: Log, database: Database) -> None:
    log.listen(Author)
    await Author(id=7, name="Ada").save()
    assert log == [("before_update", 7), ("before_insert", 7), ("after_insert", 7)]
    assert [row["id"] for row in rows(database)] == [7]


async def test_save_with_nothing_but_a_key(log: Log, database: Database) -> None:
    log.listen(Solo)
    await Solo(id=3).save()
    assert log.take() == [("before_update", 3), ("before_insert", 3), ("after_insert", 3)]
    database.query("UPDATE solo SET note = 'kept'")
    solo = Solo(id=3)
    await solo.save()
    assert log.take() == [("before_update", 3)]
    assert solo.note == "kept"
    await solo.save()
    assert log.take() == []


async def test_save_of_a_key_that_somebody_else_inserts_meanwhile(database: Database) -> None:
    """With nothing but the key, a row that is there stays as it is."""

    @before_insert(Solo)
    def another(solo: Solo) -> None:
        database.query("INSERT INTO solo (id, note) VALUES (3, 'theirs')")

    solo = Solo(id=3)
    await solo.save()
    assert solo.note == "theirs"


async def test_delete(log: Log) -> None:
    author = await saved()
    log.listen(Author)
    assert await author.delete()
    assert log == [("before_delete", 1), ("after_delete", 1)]


async def test_delete_of_a_row_that_is_gone(log: Log, database: Database) -> None:
    author = await saved()
    database.query("DELETE FROM author")
    log.listen(Author)
    assert not await author.delete()
    assert log == [("before_delete", 1)]


async def test_delete_without_a_key_is_silent(log: Log) -> None:
    log.listen(Author)
    assert not await Author(name="Ada").delete()
    assert log == []


async def test_refresh(log: Log, database: Database) -> None:
    author = await saved()
    database.query("UPDATE author SET name = 'Grace'")
    log.listen(Author, lambda author: author.name)
    await author.refresh()
    assert log == [("after_load", "Grace")]


async def test_failures_of_the_server_have_no_after(log: Log, database: Database) -> None:
    author = await saved(email="a")
    other = await saved(email="b")
    await Post.insert(title="x", author_id=1)
    log.listen(Author)
    with pytest.raises(IntegrityError):
        await Author.insert(name="x", email="a")
    other.email = "a"
    with pytest.raises(IntegrityError):
        await other.save()
    with pytest.raises(IntegrityError):
        await author.delete()
    database.query("DELETE FROM author WHERE id = 2")
    other.email = "c"
    with pytest.raises(RowNotFoundError):
        await other.save()
    assert [name for name, _ in log] == ["before_insert", "before_update", "before_delete", "before_update"]


async def test_bulk_methods_and_functions_are_silent(pg: ModuleType, log: Log) -> None:
    log.listen(Author)
    await Author.insert_many([{"name": "a"}, Author(name="b")])
    await Author.update_many({"name": "c"}, Author.id == 1)
    await Author.find(Author.id == 1).update(name="d")
    await pg.insert_one("author", {"name": "e"})
    await pg.update_many("author", {"name": "f"}, {"id": 1})
    await pg.execute("SELECT * FROM author")
    await Author.find().to_dicts()
    await Author.count()
    await Author.find(Author.id == 1).delete()
    await Author.delete_many()
    assert log == []


async def test_instances_of_subclasses_count(log: Log) -> None:
    class Poet(Author):
        class Settings:
            table_name = "author"

    log.listen(Author)
    await (await Poet.insert(name="Sappho")).delete()
    await Poet.find().to_list()
    assert [name for name, _ in log] == ["before_insert", "after_insert", "before_delete", "after_delete"]
    log.clear()
    events.event.clear()
    events.listen(Author, "before_insert", lambda _: log.append(("parent", None)), propagate=False)
    events.listen(None, "before_insert", lambda _: log.append(("all", None)))
    await Poet.insert(name="Homer")
    assert [name for name, _ in log] == ["all"]


async def test_priority_and_once(log: Log) -> None:
    events.listen(Author, "before_insert", lambda _: log.append(("low", None)))
    events.listen(Author, "before_insert", lambda _: log.append(("high", None)), priority=1)
    events.listen(Author, "before_insert", lambda _: log.append(("once", None)), once=True)
    await saved()
    await saved()
    assert [name for name, _ in log] == ["high", "low", "once", "high", "low"]


# What listeners may do before.


async def test_changes_before_an_insert_are_written(database: Database) -> None:
    @before_insert(Author)
    async def normalise(author: Author) -> None:
        await asyncio.sleep(0)
        author.email = author.email.lower() if author.email else "none"

    author = await saved(email="ADA")
    assert author.email == "ada"
    assert [row["email"] for row in rows(database)] == ["ada"]
    await author.save()
    assert (await Author.insert(name="x")).email == "none"


async def test_a_key_that_is_set_before_an_insert_is_written(database: Database) -> None:
    @before_insert(Author)
    def number(author: Author) -> None:
        author.id = 99

    assert await Author(name="Ada").save() == 99
    assert [row["id"] for row in rows(database)] == [99]


async def test_changes_before_an_update_are_written(database: Database, sent: Sent) -> None:
    author = await saved()

    @before_update(Author)
    def count(author: Author) -> None:
        author.version = (author.version or 0) + 1

    author.name = "Grace"
    before = sent()
    await author.save()
    assert sent() == before + 1
    assert (rows(database)[0]["name"], rows(database)[0]["version"]) == ("Grace", 2)
    await Author(id=1, name="Alan", version=7).save()
    assert (rows(database)[0]["name"], rows(database)[0]["version"]) == ("Alan", 8)


async def test_an_update_may_be_taken_back(log: Log, sent: Sent) -> None:
    author = await saved()
    log.listen(Author)

    @before_update(Author)
    def keep(author: Author) -> None:
        author.name = "Ada"

    author.name = "Grace"
    before = sent()
    await author.save()
    assert sent() == before
    assert log == [("before_update", 1)]


async def test_a_relationship_that_is_set_before_is_written(database: Database) -> None:
    ada = await saved()

    @before_insert(Post)
    async def sign(post: Post) -> None:
        post.author = ada

    await Post.insert(title="a")

    @before_insert(Post)
    async def sign_anew(post: Post) -> None:
        post.author = grace = Author(name="Grace")
        await grace.save()

    await Post.insert(title="b")
    assert [row["author_id"] for row in rows(database, "post")] == [1, 2]


@pytest.mark.parametrize("is_async", [False, True])
async def test_what_listeners_raise_before_stops_the_operation(is_async: bool, database: Database, log: Log) -> None:
    author = await saved()

    class RefusedError(Exception):
        pass

    def refuse(_: Author) -> None:
        raise RefusedError

    async def refuse_later(_: Author) -> None:
        await asyncio.sleep(0)
        raise RefusedError

    for name in ("before_insert", "before_update", "before_delete"):
        events.listen(Author, name, refuse_later if is_async else refuse)
    log.listen(Author)
    with pytest.raises(RefusedError):
        await Author.insert(name="x")
    with pytest.raises(RefusedError):
        await Author(id=1, name="x").save()
    with pytest.raises(RefusedError):
        await Author(id=5).save()
    author.name = "x"
    with pytest.raises(RefusedError):
        await author.save()
    with pytest.raises(RefusedError):
        await author.delete()
    assert log == []
    assert [(row["id"], row["name"]) for row in rows(database)] == [(1, "Ada")]
    events.event.clear()
    await author.save()
    assert rows(database)[0]["name"] == "x"


async def test_a_listener_for_one_call_stays_until_it_agrees() -> None:
    @before_insert(Author, once=True)
    def check(author: Author) -> None:
        if author.name == "x":
            raise ValueError("x is no name")

    with pytest.raises(ValueError, match="x is no name"):
        await saved("x")
    with pytest.raises(ValueError, match="x is no name"):
        await saved("x")
    await saved("y")
    await saved("x")


async def test_a_listener_may_write_rows_of_its_own_model(database: Database) -> None:
    @before_insert(Author)
    async def pair(author: Author) -> None:
        if not author.name.endswith("'s shadow"):
            await Author.insert(name=f"{author.name}'s shadow")

    await saved()
    assert [row["name"] for row in rows(database)] == ["Ada's shadow", "Ada"]


# What happens after.


@pytest.mark.parametrize("name", ["after_insert", "after_update", "after_delete", "after_load"])
async def test_what_listeners_raise_after_is_a_warning(name: str, database: Database, log: Log) -> None:
    async def broken(_: Author) -> None:
        raise ValueError("too late")

    events.listen(Author, name, broken)
    log.listen(Author)
    with pytest.warns(UserWarning, match="^Event listener error: too late") as caught:
        author = await saved()
        author.name = "Grace"
        await author.save()
        await Author.find().to_list()
        await author.delete()
    assert len(caught) == 1
    assert name in [event for event, _ in log]
    assert rows(database) == []


async def test_listeners_join_the_transaction(pg: ModuleType, database: Database) -> None:
    @after_insert(Author)
    async def write(author: Author) -> None:
        await Post.insert(title=author.name, author_id=author.id)

    async with pg.begin_transaction() as transaction:
        await saved()
        assert await Post.count() == 1
        await transaction.rollback()
    assert rows(database, "post") == []
    await saved("Grace")
    assert [row["title"] for row in rows(database, "post")] == ["Grace"]


async def test_after_insert_is_fired_although_the_transaction_is_rolled_back_later(pg: ModuleType, log: Log) -> None:
    log.listen(Author)
    async with pg.begin_transaction() as transaction:
        await saved()
        await transaction.rollback()
    assert [name for name, _ in log] == ["before_insert", "after_insert"]


async def test_cancelling_a_listener_before_leaves_the_row_alone(database: Database) -> None:
    begun = asyncio.Event()

    @before_delete(Author)
    async def wait(_: Author) -> None:
        begun.set()
        await asyncio.Event().wait()

    author = await saved()
    task = asyncio.create_task(author.delete())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(rows(database)) == 1


# Loading.


@pytest.fixture
async def library() -> None:
    await Author.insert_many([{"name": "Ada"}, {"name": "Grace"}])
    await Post.insert_many([{"title": f"p{i}", "author_id": i % 2 + 1} for i in range(4)])


Query = Callable[[], Awaitable[Any]]
TERMINALS: dict[str, Query] = {
    "to_list": lambda: Author.find().order_by("id").to_list(),
    "first": lambda: Author.find().order_by("id").first(),
    "one": lambda: Author.find(Author.id == 1).one(),
    "one_or_none": lambda: Author.find(Author.id == 1).one_or_none(),
    "find_one": lambda: Author.find_one(Author.id == 1),
    "get": lambda: Author.get(1),
}


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("name", TERMINALS)
@pytest.mark.parametrize("is_async", [False, True])
async def test_terminals_tell_of_each_instance(name: str, is_async: bool, log: Log) -> None:
    heard: list[Author] = []

    async def later(author: Author) -> None:
        await asyncio.sleep(0)
        heard.append(author)

    events.listen(Author, "after_load", later if is_async else heard.append)
    found = await TERMINALS[name]()
    expected = found if isinstance(found, list) else [found]
    assert len(expected) == (2 if name == "to_list" else 1)
    assert [id(author) for author in heard] == [id(author) for author in expected]


@pytest.mark.usefixtures("library")
async def test_iteration_tells_of_each_batch_before_it_is_seen(pg: ModuleType) -> None:
    await Post.insert_many([{"title": "more"}] * 2500)
    heard: list[int] = []

    @listens_for(Post, "after_load")
    async def record(post: Post) -> None:
        heard.append(post.id)

    seen = []
    async for post in Post.find().order_by("id"):
        seen.append(post.id)
        assert heard[: len(seen)] == seen
    assert heard == seen
    assert len(seen) == 2504


@pytest.mark.usefixtures("library")
async def test_listeners_of_an_iteration_need_no_other_connection(pg: ModuleType, database: Database) -> None:
    """With all connections iterating, listeners that wait for one would wait for ever."""
    await pg.init(database.dsn, max_connections=2)
    titles: list[int] = []

    @listens_for(Author, "after_load")
    async def count(author: Author) -> None:
        titles.append(await Post.find(Post.author_id == author.id).count())

    async def read() -> list[int]:
        return [author.id async for author in Author.find().order_by("id")]

    assert await asyncio.wait_for(asyncio.gather(read(), read(), read()), 30) == [[1, 2]] * 3
    assert titles == [2] * 6


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("option", [selectinload("posts"), joined("posts"), subquery("posts")], ids=str)
async def test_related_instances_are_told_of_once_each(option: Any, log: Log) -> None:
    heard: list[Table] = []
    for model in (Author, Post):
        events.listen(model, "after_load", heard.append)
    authors = await Author.find().order_by("id").options(option).to_list()
    posts = [post for author in authors for post in await author.posts]
    assert len(posts) == 4
    assert {id(instance) for instance in heard} == {id(instance) for instance in (*authors, *posts)}
    assert len(heard) == 6


@pytest.mark.usefixtures("library")
async def test_iteration_with_options_tells_of_all() -> None:
    heard: list[Table] = []
    events.listen(None, "after_load", heard.append)
    async for author in Author.find().options(selectinload("posts")):
        assert any(instance is author for instance in heard)
        assert author.posts.is_loaded
    assert sorted(type(instance).__name__ for instance in heard) == ["Author"] * 2 + ["Post"] * 4


@pytest.mark.usefixtures("library")
async def test_lazy_loading_tells_of_what_it_loads() -> None:
    heard: list[Author] = []
    events.listen(Author, "after_load", heard.append)
    post = await Post.find(Post.title == "p0").one()
    assert heard == []
    author = await post.author
    assert len(heard) == 1
    assert heard[0] is author
    await post.author
    assert len(heard) == 1


@pytest.mark.usefixtures("library")
async def test_listeners_see_what_the_query_loads_along(sent: Sent) -> None:
    names: list[str] = []

    @listens_for(Post, "after_load")
    async def record(post: Post) -> None:
        names.append((await post.author).name)

    before = sent()
    await Post.find().order_by("id").options(selectinload("author")).to_list()
    assert sent() == before + 2
    assert names == ["Ada", "Grace", "Ada", "Grace"]


@pytest.mark.usefixtures("library")
async def test_queries_of_options_tell_of_their_own_instances_once() -> None:
    class More(QueryOption):
        async def apply(self, instances: list[Any]) -> None:
            await Post.find().to_list()

    heard: list[Table] = []
    events.listen(None, "after_load", heard.append)
    await Author.find().options(More()).to_list()
    assert sorted(type(instance).__name__ for instance in heard) == ["Author"] * 2 + ["Post"] * 4


@pytest.mark.usefixtures("library")
async def test_what_is_set_after_loading_is_a_change(database: Database) -> None:
    @listens_for(Author, "after_load")
    def complete(author: Author) -> None:
        author.email = f"{author.name}@example.org"
        author._note = "seen"

    author = await Author.get(1)
    assert author is not None
    assert author._note == "seen"
    await author.save()
    assert rows(database)[0]["email"] == "Ada@example.org"


@pytest.mark.usefixtures("library")
async def test_partial_instances_are_told_of() -> None:
    heard: list[dict[str, Any]] = []
    events.listen(Author, "after_load", lambda author: heard.append(author.to_dict()))
    await Author.find().select("name").order_by("id").to_list()
    assert heard == [{"name": "Ada"}, {"name": "Grace"}]


async def test_models_of_other_classes_are_told_of(pg: ModuleType) -> None:
    class Plain:
        def __init__(self, **values: Any) -> None:
            self.values = values

        @classmethod
        def __table_name__(cls) -> str:
            return "author"

    await pg.insert_one("author", {"name": "Ada"})
    heard: list[Plain] = []
    events.listen(Plain, "after_load", heard.append)
    found = await pg.QueryBuilder(Plain).to_list()
    assert heard == found
    assert found[0].values["name"] == "Ada"


# What it costs where nobody listens.


async def calls_while(work: Query) -> int:
    """Returns how many functions of the package that have to do with events are called."""
    count = 0

    def profile(frame: FrameType, what: str, _: Any) -> None:
        nonlocal count
        if what == "call" and "ouroboros_postgres/_events" in frame.f_code.co_filename:
            count += 1

    sys.setprofile(profile)
    try:
        await work()
    finally:
        sys.setprofile(None)
    return count


async def test_nobody_listens_costs_nothing_per_row() -> None:
    await Author.insert_many([{"name": "Ada"}] * 1000)
    few = await calls_while(lambda: Author.find().limit(1).to_list())
    assert 0 < few < 10
    assert await calls_while(lambda: Author.find().to_list()) == few
    events.listen(Post, "after_load", lambda _: None)
    await Author.find().limit(1).to_list()  # looks once whether anybody listens
    few = await calls_while(lambda: Author.find().limit(1).to_list())
    assert await calls_while(lambda: Author.find().to_list()) == few
