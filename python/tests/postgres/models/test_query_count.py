"""How many statements a piece of code sends, as `assert_query_count` counts them."""

from __future__ import annotations

import asyncio
from types import ModuleType

import pytest

from fixtures.tracing import recorded
from models import blog
from models.blog import Article, Person
from ouroboros_postgres import QueryOption, joined, selectinload, subquery
from ouroboros_postgres.testing import QueryCount, assert_query_count


@pytest.fixture
async def filled(pg: ModuleType) -> ModuleType:
    await blog.fill(pg)
    return pg


async def test_exactly_so_many(filled: ModuleType) -> None:
    with assert_query_count(2):
        await filled.execute("SELECT 1")
        await filled.count("people")
    with assert_query_count(0):
        Article.find(Article.id == 1).to_sql()


async def test_async_with(filled: ModuleType) -> None:
    async with assert_query_count(1) as counted:
        await filled.count("people")
    assert isinstance(counted, QueryCount)
    assert counted.count == 1


@pytest.mark.parametrize(
    ("option", "expected"),
    [(joined("author"), 1), (selectinload("author"), 2), (subquery("author"), 2), (selectinload("comments"), 2)],
    ids=["joined", "selectin", "subquery", "list"],
)
@pytest.mark.usefixtures("filled")
async def test_strategies_of_loading(option: QueryOption, expected: int) -> None:
    with assert_query_count(expected):
        articles = await Article.find().options(option).to_list()
    assert len(articles) == 6


async def test_the_message_lists_sql_without_values(filled: ModuleType) -> None:
    with pytest.raises(AssertionError) as caught:
        with assert_query_count(1) as counted:
            await Person.find(Person.name == "a secret").to_list()
            await filled.execute("SELECT\n  $1::text", ["another"])
    first, second = counted.statements
    assert str(caught.value) == f"2 statements were sent, not 1:\n1. {first}\n2. SELECT $1::text"
    assert "people" in first and "$1" in first
    assert "secret" not in str(caught.value) and "another" not in str(caught.value)
    assert second == "SELECT\n  $1::text"


@pytest.mark.usefixtures("filled")
async def test_messages_of_few_and_many() -> None:
    with pytest.raises(AssertionError, match=r"^no statements were sent, not 1$"), assert_query_count(1):
        pass
    with pytest.raises(AssertionError, match=r"^1 statement was sent, not 2:\n1\. "), assert_query_count(2):
        await Person.find().to_list()
    with pytest.raises(AssertionError, match=r"and 3 more$") as caught, assert_query_count(0):
        for _ in range(53):
            await Person.find().count()
    assert len(str(caught.value).splitlines()) == 52


async def test_long_statements_are_shortened(filled: ModuleType) -> None:
    with pytest.raises(AssertionError) as caught, assert_query_count(0) as counted:
        await filled.execute(f"SELECT 1 -- {'x' * 5000}")
    assert len(str(caught.value)) < 600
    assert len(counted.statements[0]) > 5000


async def test_at_most(filled: ModuleType) -> None:
    for calls in (0, 2):
        with assert_query_count(at_most=2):
            for _ in range(calls):
                await filled.count("people")
    with pytest.raises(AssertionError, match=r"^3 statements were sent, not at most 2:"):
        with assert_query_count(at_most=2):
            for _ in range(3):
                await filled.count("people")


async def test_an_exception_is_not_replaced(filled: ModuleType) -> None:
    with pytest.raises(KeyError), assert_query_count(7):
        await filled.count("people")
        raise KeyError("the reason")


async def test_refused_statements_count(filled: ModuleType) -> None:
    with assert_query_count(1) as counted, pytest.raises(filled.UndefinedTableError):
        await filled.execute("SELECT * FROM nowhere")
    assert counted.statements == ("SELECT * FROM nowhere",)


async def test_what_ends_transactions_does_not_count(filled: ModuleType) -> None:
    with assert_query_count(3):
        async with filled.begin_transaction():
            await filled.execute("UPDATE people SET name = 'x' WHERE id = 1")
            async with filled.begin_transaction():  # a savepoint
                await filled.count("people")
        async with filled.pg_transaction() as tx:
            point = await tx.savepoint("a")
            await filled.count("people")
            await point.rollback()


async def test_what_the_engine_asks_for_itself_does_not_count(filled: ModuleType) -> None:
    with assert_query_count(2):  # it has to learn the columns of the table for the first
        await filled.insert_one("people", {"name": "Eve"})
        await filled.insert_one("people", {"name": "Fay"})


async def test_a_cursor_is_one_statement(filled: ModuleType) -> None:
    await filled.execute("INSERT INTO people (name) SELECT 'p' || n FROM generate_series(1, 2500) n")
    with assert_query_count(1):
        assert len([person async for person in Person.find()]) == 2504
    with assert_query_count(2):
        async with filled.begin_transaction():
            async for _ in Person.find():
                pass
            async for _ in Person.find():
                pass


async def test_several_statements_in_one_text_are_one(filled: ModuleType) -> None:
    with assert_query_count(1):
        await filled.execute("SELECT 1; SELECT 2")


async def test_retries_are_statements(filled: ModuleType) -> None:
    """A statement that was rolled back and sent again is sent twice."""
    await filled.execute(
        "CREATE SEQUENCE attempts; CREATE FUNCTION flaky() RETURNS int LANGUAGE plpgsql AS $$ BEGIN "
        "IF nextval('attempts') = 1 THEN RAISE 'again' USING ERRCODE = '40001'; END IF; RETURN 1; END $$"
    )
    with assert_query_count(2):
        assert await filled.execute("SELECT flaky()") == [{"flaky": 1}]


async def test_tasks_of_the_block_count_others_do_not(filled: ModuleType) -> None:
    begun, go, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def stranger() -> None:
        begun.set()
        await go.wait()
        for _ in range(5):
            await filled.count("people")
        ended.set()

    task = asyncio.create_task(stranger())
    await begun.wait()
    with assert_query_count(4):
        go.set()
        await asyncio.gather(*(filled.count("people") for _ in range(3)))
        await ended.wait()
        await filled.count("people")
    await task


async def test_statements_after_the_block_do_not_count(filled: ModuleType) -> None:
    go = asyncio.Event()

    async def late() -> None:
        await go.wait()
        await filled.count("people")

    with assert_query_count(0) as inner, assert_query_count(0):
        task = asyncio.create_task(late())
    with assert_query_count(1):  # not of its context either
        await filled.count("tags")
        go.set()
        await task
    assert inner.count == 0


async def test_nested_blocks(filled: ModuleType) -> None:
    with assert_query_count(3) as outer:
        await filled.count("people")
        with assert_query_count(1):
            await filled.count("people")
        assert outer.count == 2
        await filled.count("people")


async def test_a_task_outlives_the_inner_block_only(filled: ModuleType) -> None:
    go = asyncio.Event()

    async def late() -> None:
        await go.wait()
        await filled.count("people")

    with assert_query_count(1):
        with assert_query_count(0):
            task = asyncio.create_task(late())
        go.set()
        await task


async def test_no_statement_is_lost_while_nobody_reads(filled: ModuleType) -> None:
    """The loop is busy submitting, so thousands of answers wait."""
    with assert_query_count(5000) as counted:
        await asyncio.gather(*(filled.execute("SELECT 1") for _ in range(5000)))
    assert counted.statements.count("SELECT 1") > 100
    assert all(sql == "SELECT 1" or "the text of this statement was lost" in sql for sql in counted.statements)


async def test_with_tracing(filled: ModuleType) -> None:
    with recorded() as telemetry:
        with assert_query_count(1):
            await filled.execute("SELECT 1")
        span = telemetry.one()
        assert span.attributes is not None and span.attributes["db.statement"] == "SELECT 1"
        await filled.execute("SELECT 2")
        assert len(telemetry.spans()) == 1


def test_wrong_numbers() -> None:
    with pytest.raises(TypeError, match="takes a number, or at_most"):
        assert_query_count()
    with pytest.raises(TypeError, match="takes a number, or at_most"):
        assert_query_count(1, at_most=2)
    with pytest.raises(TypeError, match="must be int, not str"):
        assert_query_count("1")
    with pytest.raises(TypeError, match="must be int, not bool"):
        assert_query_count(True)
    with pytest.raises(ValueError, match="must not be negative: -1"):
        assert_query_count(at_most=-1)


def test_a_block_of_its_own_each_time() -> None:
    counted = assert_query_count(0)
    with counted:
        pass
    with pytest.raises(RuntimeError, match="of its own"), counted:
        pass
