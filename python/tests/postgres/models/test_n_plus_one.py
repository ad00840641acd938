"""Queries that load row by row are found, and what is said of them."""

from __future__ import annotations

import asyncio
import copy
import linecache
import pickle
import threading
import warnings
from collections.abc import AsyncIterator
from types import ModuleType

import pytest

from models import blog
from models.blog import Article, Comment, Company, Person
from ouroboros_postgres import LazyLoadError, Session, joined, noload, raiseload, selectinload, subquery
from ouroboros_postgres.n_plus_one import (
    NPlusOne,
    NPlusOneError,
    NPlusOneWarning,
    detect_n_plus_one,
    set_n_plus_one_detection,
)
from ouroboros_postgres.testing import assert_query_count


@pytest.fixture
async def filled(pg: ModuleType) -> AsyncIterator[ModuleType]:
    await blog.fill(pg)
    yield pg
    set_n_plus_one_detection("off")


pytestmark = pytest.mark.usefixtures("filled")


def source(found: NPlusOne) -> str:
    """The line that is reported, which must be of this file."""
    assert found.filename == __file__
    return linecache.getline(found.filename, found.lineno).strip()


async def with_authors() -> list[Article]:
    """The four articles with an author that is not NULL, not loaded."""
    return await Article.find(Article.id <= 4).order_by("id").to_list()


async def load_all(articles: list[Article]) -> list[Person | None]:
    return [await article.author for article in articles]


# Off.


async def test_it_is_off_by_default() -> None:
    with assert_query_count(5):
        await load_all(await with_authors())


# An error.


async def test_the_second_load_is_an_error_before_it_is_sent() -> None:
    with detect_n_plus_one() as detection:
        articles = await with_authors()
        with assert_query_count(1):
            first = await articles[0].author
            with pytest.raises(NPlusOneError) as caught:
                await articles[1].author
    assert first is not None and first.name == "Ada"
    found = caught.value.found
    assert (found.model, found.attribute, found.loads, found.instances) == ("Article", "author", 2, 4)
    assert source(found) == "await articles[1].author"
    assert found.remedy == 'Article.find(...).options(selectinload("author"))'
    assert str(caught.value) == (
        "N+1 queries: Article.author is loaded one by one, so far for 2 of 4 instances that one query gave "
        f'({__file__}:{found.lineno}). Load it with the query: Article.find(...).options(selectinload("author"))'
    )
    assert detection.found == [found]
    assert isinstance(caught.value, RuntimeError)


async def test_every_further_load_is_an_error() -> None:
    with detect_n_plus_one():
        first, *others = await with_authors()
        await first.author
        for article in [*others, others[0]]:
            with pytest.raises(NPlusOneError):
                await article.author
        assert not others[0].author.is_loaded
        assert await first.author is not None


async def test_async_with() -> None:
    async with detect_n_plus_one() as detection:
        with pytest.raises(NPlusOneError):
            await load_all(await with_authors())
    assert len(detection.found) == 1


@pytest.mark.parametrize("option", [selectinload("author"), joined("author"), subquery("author"), noload("author")])
async def test_the_remedy_helps(option: object) -> None:
    with detect_n_plus_one() as detection:
        await load_all(await Article.find().options(option).to_list())
    assert detection.found == []


async def test_what_needs_no_statement_is_no_load() -> None:
    with detect_n_plus_one() as detection:
        nameless = await Article.find().options(raiseload("comments")).to_list()
        without = [article for article in nameless if article.author_id is None] * 3
        await load_all(without)
        for article in nameless:
            assert article.author.ref == article.author_id and not article.editor.is_loaded
            with pytest.raises(LazyLoadError):
                await article.comments
    assert detection.found == []


async def test_one_instance_may_load_as_often_as_it_likes() -> None:
    with detect_n_plus_one():
        article, *_ = await with_authors()
        await article.author
        await article.editor
        del article.author
        await article.author
        await article.refresh()
        await article.author


async def test_queries_of_their_own_are_no_result_of_one() -> None:
    with detect_n_plus_one():
        for key in (1, 2, 3):
            article = await Article.get(key)
            assert article is not None
            await article.author


async def test_a_higher_threshold() -> None:
    with detect_n_plus_one(threshold=4):
        articles = await with_authors()
        await load_all(articles[:3])
        with pytest.raises(NPlusOneError) as caught:
            await articles[3].author
    assert caught.value.found.loads == 4


# Everything that loads.


async def test_lists() -> None:
    with detect_n_plus_one():
        people = await Person.find().to_list()
        await people[0].articles
        with pytest.raises(NPlusOneError) as caught:
            await people[1].articles
    assert caught.value.found.remedy == 'Person.find(...).options(selectinload("articles"))'


async def test_columns_that_were_left_out() -> None:
    for query in (Article.find().defer("body"), Article.find().only("title"), Article.find().select("id", "title")):
        with detect_n_plus_one():
            articles = await query.to_list()
            await articles[0].body
            with assert_query_count(0), pytest.raises(NPlusOneError) as caught:
                await articles[1].body
        found = caught.value.found
        assert (found.model, found.attribute, source(found)) == ("Article", "body", "await articles[1].body")
        assert found.remedy == 'Article.find(...).options(undefer("body")), or name it in only() or select()'


async def test_back_references() -> None:
    with detect_n_plus_one():
        people = await Person.find().order_by("id").to_list()
        assert len(await people[0].edited.fetch_all()) == 2
        assert await people[1].edited.count() == 1
        assert len(await people[1].edited.fetch_all(limit=1)) == 1
        with pytest.raises(NPlusOneError) as caught:
            await people[1].edited.fetch_all()
        assert source(caught.value.found) == "await people[1].edited.fetch_all()"
        assert caught.value.found.remedy == 'Person.find(...).options(selectinload("edited"))'
        for person in await Person.find().options(selectinload("edited")).to_list():
            await person.edited.fetch_all()


async def test_many_to_many() -> None:
    with detect_n_plus_one():
        articles = await with_authors()
        await articles[0].tags.fetch_all()
        assert await articles[1].tags.ids() == [1]
        with pytest.raises(NPlusOneError) as caught:
            await articles[1].tags.fetch_all()
        assert caught.value.found.remedy == 'Article.find(...).options(selectinload("tags"))'
        for article in await Article.find().options(selectinload("tags")).to_list():
            await article.tags.fetch_all()


@pytest.mark.parametrize("lead", [selectinload("author"), joined("author"), subquery("author")])
async def test_the_remedy_is_the_path_from_the_query(lead: object) -> None:
    with detect_n_plus_one():
        articles = await Article.find().options(lead).order_by("id").to_list()
        ada, bob = await articles[0].author, await articles[2].author
        assert ada is not None and bob is not None
        await ada.company
        with pytest.raises(NPlusOneError) as caught:
            await bob.company
    assert caught.value.found.model == "Person"
    assert caught.value.found.remedy == 'Article.find(...).options(selectinload("author.company"))'


async def test_the_path_of_what_was_loaded_lazily_and_deep_below() -> None:
    with detect_n_plus_one():
        company = await Company.find(Company.id == 1).one()
        ada, bob = await company.people
        await ada.articles
        with pytest.raises(NPlusOneError) as caught:
            await bob.articles
        assert caught.value.found.remedy == 'Company.find(...).options(selectinload("people.articles"))'
        (company,) = await Company.find(Company.id == 1).options(selectinload("people.articles")).to_list()
        articles = [article for person in await company.people for article in await person.articles]
        assert len(articles) == 3
        await articles[0].editor
        with pytest.raises(NPlusOneError) as caught:
            await articles[1].editor
    assert caught.value.found.remedy == 'Company.find(...).options(selectinload("people.articles.editor"))'


async def test_streams() -> None:
    with detect_n_plus_one():
        with pytest.raises(NPlusOneError) as caught:
            async for comment in Comment.find(Comment.article_id != None).order_by("id"):  # noqa: E711 - SQL
                await comment.article
    assert source(caught.value.found) == "await comment.article"


# Tasks.


async def test_gather_of_loaders() -> None:
    with detect_n_plus_one():
        articles = await with_authors()
        results = await asyncio.gather(*(a.author for a in articles), return_exceptions=True)
    errors = [result for result in results if isinstance(result, NPlusOneError)]
    assert len(errors) == 3
    (line,) = {source(error.found) for error in errors}
    assert line == "results = await asyncio.gather(*(a.author for a in articles), return_exceptions=True)"


async def test_gather_of_columns_and_references() -> None:
    with detect_n_plus_one():
        articles = await Article.find().defer("body").to_list()
        with pytest.raises(NPlusOneError) as column:
            await asyncio.gather(*(a.body for a in articles))
        assert source(column.value.found) == "await asyncio.gather(*(a.body for a in articles))"
        with pytest.raises(NPlusOneError) as reference:
            await asyncio.gather(*(a.tags.fetch_all() for a in articles))
        assert source(reference.value.found) == "await asyncio.gather(*(a.tags.fetch_all() for a in articles))"


async def test_tasks_report_their_own_lines() -> None:
    async def name(article: Article) -> str | None:
        author = await article.author
        return author and author.name

    with detect_n_plus_one():
        articles = await with_authors()
        results = await asyncio.gather(*map(name, articles), return_exceptions=True)
    assert results[0] == "Ada"
    errors = [result for result in results if isinstance(result, NPlusOneError)]
    assert [source(error.found) for error in errors] == ["author = await article.author"] * 3


async def test_other_contexts_are_not_concerned() -> None:
    ready, go = asyncio.Event(), asyncio.Event()

    async def stranger() -> int:
        ready.set()
        await go.wait()
        return len(await load_all(await with_authors()))

    task = asyncio.create_task(stranger())
    await ready.wait()
    with detect_n_plus_one() as detection:
        go.set()
        assert await task == 4
    assert detection.found == []


async def test_a_task_that_outlives_the_block_is_free() -> None:
    go = asyncio.Event()

    async def late() -> int:
        articles = await with_authors()
        await go.wait()
        return len(await load_all(articles))

    with detect_n_plus_one("warn"):
        with detect_n_plus_one() as inner:
            task = asyncio.create_task(late())
            await asyncio.sleep(0)
        go.set()
        with pytest.warns(NPlusOneWarning):  # the block around is still open
            assert await task == 4
    assert inner.found == []


# A warning.


async def test_warnings_say_it_once_with_the_line() -> None:
    with detect_n_plus_one("warn") as detection, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        articles = await with_authors()
        for article in articles:
            await article.author
        assert all(article.author.is_loaded for article in articles)
        await load_all(await with_authors())
    assert [warning.category for warning in caught] == [NPlusOneWarning] * 2
    assert (caught[0].filename, caught[0].lineno) == (detection.found[0].filename, detection.found[0].lineno)
    assert 'selectinload("author")' in str(caught[0].message)
    lines = [source(found) for found in detection.found]
    assert lines == ["await article.author", "return [await article.author for article in articles]"]
    assert issubclass(NPlusOneWarning, UserWarning)


async def test_filters_of_warnings_apply() -> None:
    with detect_n_plus_one("warn"), warnings.catch_warnings():
        warnings.simplefilter("error", NPlusOneWarning)
        with pytest.raises(NPlusOneWarning) as caught:
            await load_all(await with_authors())
    assert caught.value.found.model == "Article"


# Blocks within blocks, and the default of the process.


async def test_the_innermost_block_decides() -> None:
    with detect_n_plus_one() as outer:
        articles = await with_authors()
        await articles[0].author
        with detect_n_plus_one("off"):
            await articles[1].author
        with pytest.raises(NPlusOneError):
            await articles[2].author
    await articles[3].author
    assert len(outer.found) == 1


async def test_the_default_of_the_process() -> None:
    set_n_plus_one_detection("raise", threshold=3)
    articles = await with_authors()
    await load_all(articles[:2])
    with pytest.raises(NPlusOneError):
        await articles[2].author
    with detect_n_plus_one("off"):
        await articles[3].author
    set_n_plus_one_detection("off")
    await articles[2].author


async def test_the_default_holds_in_other_threads() -> None:
    """A thread begins with an empty context."""
    set_n_plus_one_detection("raise")
    raised: list[BaseException] = []

    async def load() -> None:
        try:
            await load_all(await with_authors())
        except NPlusOneError as error:
            raised.append(error)

    thread = threading.Thread(target=lambda: asyncio.run(load()))
    thread.start()
    await asyncio.to_thread(thread.join)
    assert len(raised) == 1


def test_wrong_settings() -> None:
    with pytest.raises(ValueError, match="Unknown mode: 'loud'; it must be one of off, warn, raise"):
        detect_n_plus_one("loud")
    with pytest.raises(ValueError, match="threshold must be at least 2, not 1"):
        set_n_plus_one_detection("off", threshold=1)
    with pytest.raises(TypeError, match="threshold must be int, not str"):
        detect_n_plus_one(threshold="2")
    with pytest.raises(TypeError, match="threshold must be int, not bool"):
        detect_n_plus_one(threshold=True)


def test_a_block_is_entered_once_at_a_time() -> None:
    detection = detect_n_plus_one()
    with detection, pytest.raises(RuntimeError, match="entered twice"), detection:
        pass
    with detection:
        pass


# Instances.


async def test_copies_and_pickles() -> None:
    with detect_n_plus_one():
        articles = await with_authors()
        await articles[0].author
        with pytest.raises(NPlusOneError):
            await copy.copy(articles[1]).author
        restored = pickle.loads(pickle.dumps(articles[1:]))  # noqa: S301 - its own
        assert [article.title for article in restored] == ["a2", "a3", "a4"]
        await load_all(restored)  # strangers to the query
        assert "_origin" not in articles[1].to_dict()


async def test_instances_of_queries_outside_are_strangers() -> None:
    articles = await with_authors()
    with detect_n_plus_one():
        await load_all(articles)


# Sessions.


async def test_what_the_session_has_is_no_load(filled: ModuleType) -> None:
    with detect_n_plus_one():
        async with Session() as session:
            for key in (1, 2, 4):
                assert await session.get(Person, key) is not None
            with assert_query_count(1):
                assert len(await load_all(await with_authors())) == 4


async def test_loads_of_a_session() -> None:
    with detect_n_plus_one():
        async with Session():
            articles = await with_authors()
            await articles[0].author
            await articles[1].author  # the same person
            with pytest.raises(NPlusOneError) as caught:
                await articles[2].author
    assert caught.value.found.loads == 2
