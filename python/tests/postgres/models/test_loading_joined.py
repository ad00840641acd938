"""Loading by JOIN: which queries are joined as they are, and that the rows of a parent find together in all of them."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from models import blog
from models.blog import Article, Comment, Company, Person
from ouroboros_postgres import Column, QueryBuilder, Table, joined, raw_sql, relationship, selectinload
from queries.sent import Sent


@pytest.fixture
async def filled(pg: ModuleType) -> ModuleType:
    await blog.fill(pg)
    return pg


@pytest.fixture
def sent(filled: ModuleType) -> Sent:
    return Sent(filled)


def is_wrapped(query: QueryBuilder[Any]) -> bool:
    """Whether the query is a source of the statement that is sent."""
    return "FROM (SELECT" in query.to_sql()[0]


async def titles(people: list[Person]) -> list[tuple[str, list[str]]]:
    """The people, and the titles of their articles, which have been loaded."""
    assert all(person.articles.is_loaded for person in people)
    return [(person.name, [each.title for each in await person.articles]) for person in people]


ALL = [("Ada", ["a1", "a2"]), ("Bob", ["a3"]), ("Cid", []), ("Dot", ["a4"])]


@pytest.mark.usefixtures("pg")
@pytest.mark.parametrize(
    "query",
    [
        Person.find().order_by("id"),
        Person.find(Person.id > 1).order_by("-name"),
        Person.find(Person.name == "Ada").only("name").order_by("name"),
    ],
)
def test_an_ordered_query_is_joined_as_it_is(query: QueryBuilder[Person]) -> None:
    assert not is_wrapped(query.options(joined("articles")))
    assert not is_wrapped(query.options(joined("company", "articles.comments")))


@pytest.mark.usefixtures("pg")
@pytest.mark.parametrize(
    "query",
    [
        Person.find(),  # its order is that of its own rows
        Person.find().order_by("id").limit(1),
        Person.find().order_by("id").offset(1),
        Person.find().order_by("id").distinct(),
        Person.find().order_by("id").left_join("articles"),
        Person.find().order_by("name").select("name"),
        Person.find(raw_sql("id > 0")).order_by("id"),
    ],
)
def test_other_queries_are_not(query: QueryBuilder[Person]) -> None:
    assert is_wrapped(query.options(joined("articles")))
    assert is_wrapped(query.options(joined("articles.comments")))


async def test_the_order_is_that_of_the_query(sent: Sent) -> None:
    query = Person.find().options(joined("articles"))
    assert await titles(await query.order_by("id").to_list()) == ALL
    assert await titles(await query.order_by("-id").to_list()) == ALL[::-1]
    assert await titles(await query.order_by("company_id", "-name").to_list()) == [ALL[1], ALL[0], ALL[2], ALL[3]]
    assert sent() == 3


async def test_people_that_are_equal_but_for_their_key(filled: ModuleType) -> None:
    await filled.execute("UPDATE people SET name = 'same', company_id = 1")
    people = await Person.find().order_by("name").options(joined("articles")).to_list()
    assert [person.id for person in people] == [1, 2, 3, 4]
    assert await titles(people) == [("same", of) for _, of in ALL]


async def test_rows_that_a_join_of_the_query_repeats_stay_apart(sent: Sent) -> None:
    query = Person.find(Person.id <= 2).left_join("articles").order_by("id")
    assert await titles(await query.options(joined("articles")).to_list()) == [ALL[0], ALL[0], ALL[1]]
    assert sent() == 1


async def test_a_part_of_a_key_does_not_tell_rows_apart(filled: ModuleType) -> None:
    class Shift(Table):
        day: int = Column(primary_key=True)
        place: str = Column(primary_key=True)
        notes = relationship(lambda: Note, "day", uselist=True)

    class Note(Table):
        id: int
        day: int = Column(foreign_key="shift.day")

    await filled.execute("CREATE TABLE shift (day int, place text); CREATE TABLE note (id int PRIMARY KEY, day int)")
    await filled.execute(
        "INSERT INTO shift VALUES (1, 'a'), (1, 'b'), (2, 'a'); INSERT INTO note VALUES (7, 1), (8, 1)"
    )
    for load in (joined, selectinload):
        shifts = await Shift.find().order_by("day").options(load("notes")).to_list()
        found = [(shift.place, [note.id for note in await shift.notes]) for shift in shifts]
        assert sorted(found[:2]) == [("a", [7, 8]), ("b", [7, 8])]
        assert found[2:] == [("a", [])]


async def test_lists_of_several_branches_do_not_multiply(sent: Sent) -> None:
    options = joined("people.articles.comments", "people.company.people")
    companies = await Company.find().order_by("id").options(options).to_list()
    people = [await company.people for company in companies]
    assert [[person.name for person in of] for of in people] == [["Ada", "Bob"], ["Cid"]]
    assert [await titles(of) for of in people] == [ALL[:2], ALL[2:3]]
    comments = [c.text for a in await people[0][0].articles for c in await a.comments]
    assert comments == ["c1", "c2", "c3", "c4"]
    assert sent() == 1


async def test_trees(sent: Sent) -> None:
    found = await Comment.find(Comment.id <= 4).order_by("-id").options(joined("replies.replies", "parent")).to_list()
    assert [[reply.id for reply in await each.replies] for each in found] == [[5], [], [], [2, 3]]
    assert [(await each.parent) is None for each in found] == [True, False, False, True]
    assert sent() == 1


async def test_lists_below_single_rows_and_below_a_second_statement(sent: Sent) -> None:
    articles = await Article.find().order_by("-id").options(joined("author.articles")).to_list()
    authors = [await each.author for each in articles]
    assert [author and [a.id for a in await author.articles] for author in authors] == [
        None,
        None,
        [4],
        [3],
        [1, 2],
        [1, 2],
    ]
    assert authors[4] is authors[5]
    companies = await Company.find().order_by("id").options(selectinload("people"), joined("people.articles")).to_list()
    assert [await titles(await company.people) for company in companies] == [ALL[:2], ALL[2:3]]
    assert sent() == 3


async def test_a_column_that_is_called_like_one_of_the_statement(filled: ModuleType) -> None:
    class Shelf(Table):
        id: int
        _row_number = 1
        books = relationship(lambda: Book, "shelf_id", uselist=True)

    class Book(Table):
        id: int
        shelf_id: int = Column(foreign_key="shelf.id")

    await filled.execute("CREATE TABLE shelf (id int PRIMARY KEY, _1_0 int, books int, _1 bool)")
    await filled.execute("CREATE TABLE book (id int PRIMARY KEY, shelf_id int)")
    await filled.execute("INSERT INTO shelf VALUES (1, 5, 6, true); INSERT INTO book VALUES (2, 1), (3, 1)")
    for query in (Shelf.find().order_by("id"), Shelf.find()):
        shelf = await query.options(joined("books")).one()
        assert [book.id for book in await shelf.books] == [2, 3]
        assert shelf.to_dict() == {"id": 1, "_1_0": 5, "books": 6, "_1": True}


async def test_a_relationship_of_a_base_class_leads_from_the_column_of_each_class(filled: ModuleType) -> None:
    class Owner(Table):
        code: int
        things = relationship(lambda: Thing, "owner", uselist=True)

        class Settings:
            table_name = "owners"

    class ByCode(Owner):
        class Settings:
            table_name = "coded"
            primary_key = "code"

    class Thing(Table):
        id: int
        owner: int

    await filled.execute("CREATE TABLE owners (id int PRIMARY KEY, code int); INSERT INTO owners VALUES (1, 2)")
    await filled.execute("CREATE TABLE coded (code int PRIMARY KEY); INSERT INTO coded VALUES (2)")
    await filled.execute(
        "CREATE TABLE thing (id int PRIMARY KEY, owner int); INSERT INTO thing VALUES (10, 1), (20, 2)"
    )
    for load in (joined, selectinload):
        for model, expected in ((Owner, [10]), (ByCode, [20]), (Owner, [10])):
            owner = await model.find().order_by("code").options(load("things")).one()
            assert owner.things.is_loaded
            assert [thing.id for thing in await owner.things] == expected
