"""`any_` and `has` on a server: related rows, arrays, JSON, in queries, updates and deletes."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Optional

import pytest

from ouroboros_postgres import ColumnProxy, QueryFragment, SqlExpr, aliased, and_, any_, has, not_, or_
from ouroboros_postgres.columns import BackReference, Column, ManyToMany
from ouroboros_postgres.relationships import relationship
from ouroboros_postgres.table import Table

LIBRARY = """
    CREATE SCHEMA staff;
    CREATE TABLE writer (id int PRIMARY KEY, name text, city text, mentor_id int);
    CREATE TABLE novel (id int PRIMARY KEY, title text, year int, writer_id int, tags text[], labels varchar[],
        scores int[], meta jsonb, notes jsonb);
    CREATE TABLE staff.critic (code text PRIMARY KEY, name text);
    CREATE TABLE verdict (id int PRIMARY KEY, stars int, novel_id int, critic_code text);
    CREATE TABLE shelf (id int PRIMARY KEY, name text);
    CREATE TABLE novel_shelf (novel_id int, shelf_id int, name text);
    INSERT INTO writer VALUES
        (1, 'Ada', 'Rome', NULL), (2, 'Bob', 'Oslo', 1), (3, 'Cyd', 'Rome', 2), (4, 'Dan', NULL, 2);
    INSERT INTO novel VALUES
        (1, 'A1', 2001, 1, '{red,blue}', '{red,blue}', '{1,2}', '{"k": 1, "author": "x"}', '["k", 5]'),
        (2, 'A2', 2002, 1, '{red}', '{red}', '{2}', '{"author": "y"}', '[{"a": 1}]'),
        (3, 'B1', 2003, 2, '{}', '{}', '{}', '{}', '[]'),
        (4, 'Cyd', 2004, 3, '{green,NULL}', '{green,NULL}', '{3,NULL}', '{"k": null}', 'null'),
        (5, 'X', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    INSERT INTO staff.critic VALUES ('c1', 'Kim'), ('c2', 'Lee');
    INSERT INTO verdict VALUES (1, 5, 1, 'c1'), (2, 1, 2, 'c2'), (3, 4, 3, 'c2'), (4, 2, 99, 'c9');
    INSERT INTO shelf VALUES (1, 'new'), (2, 'old');
    INSERT INTO novel_shelf VALUES (1, 1, 'x'), (1, 2, 'x'), (3, 2, 'x')
"""


@pytest.fixture(autouse=True)
async def library(pg: ModuleType) -> None:
    await pg.execute(LIBRARY)


class Writer(Table):
    name: str
    city: str | None
    mentor_id: int | None = Column(foreign_key="writer")

    novels = relationship("Novel", "writer_id", uselist=True)
    mentor = relationship("Writer", "mentor_id")
    pupils = relationship("Writer", "mentor_id", uselist=True)
    raw_novels = BackReference("novel", "writer_id")


class Novel(Table):
    title: str
    year: int | None
    writer_id: int | None = Column(foreign_key="writer.id")
    tags: list[str]
    labels: Optional[list[str]]  # noqa: UP045 - both spellings occur
    scores: ColumnProxy[list[int]] = Column()
    meta: dict[str, Any]
    notes: dict[str, Any] | None
    unknown: Lost = Column()  # type: ignore[name-defined]  # noqa: F821

    writer = relationship(Writer, "writer_id")
    verdicts = BackReference("verdict", "novel_id")
    shelves = ManyToMany("novel_shelf", "novel_id", "shelf_id", "shelf")


class Verdict(Table):
    stars: int
    novel_id: int = Column(foreign_key="novel")
    critic_code: str = Column(foreign_key="staff.critic.code")

    novel = relationship(Novel, "novel_id")


class Critic(Table):
    code: str = Column(primary_key=True)
    name: str

    verdicts = BackReference("verdict", "critic_code", "code")

    class Settings:
        schema = "staff"


class Shelf(Table):
    name: str

    novels = ManyToMany("novel_shelf", "shelf_id", "novel_id", "novel")


async def keys(query: Any) -> list[Any]:
    """The primary keys that a query finds, in order."""
    return sorted([row["id"] for row in await query.select("id").to_dicts()])


# Related rows.


@pytest.mark.parametrize("function", [any_, has])
@pytest.mark.parametrize(
    ("model", "arguments", "expected"),
    [
        # A list at the other end.
        (Writer, (Writer.novels,), [1, 2, 3]),
        (Writer, (Writer.novels, Novel.year > 2001), [1, 2, 3]),
        (Writer, (Writer.novels, Novel.year == 2001), [1]),
        (Writer, ("novels", Novel.year == 2001), [1]),
        (Writer, ("novels", SqlExpr("title", "=", "B1")), [2]),
        (Writer, (Writer.novels, or_(Novel.title == "A2", Novel.title == "B1")), [1, 2]),
        (Writer, (Writer.novels, QueryFragment(year__gt=2001, year__lt=2003)), [1]),
        (Writer, (Writer.novels, QueryFragment()), [1, 2, 3]),
        (Writer, (Writer.novels, not_(Novel.title.startswith("A"))), [2, 3]),
        # An outer column.
        (Writer, (Writer.novels, Novel.title == Writer.name), [3]),
        # Back references.
        (Writer, (Writer.raw_novels,), [1, 2, 3]),
        (Writer, (Writer.raw_novels, Novel.title == "A1"), [1]),
        (Writer, ("raw_novels", ColumnProxy[str]("title") == "A1"), [1]),
        (Novel, (Novel.verdicts, Verdict.stars >= 4), [1, 3]),
        # One row at the other end.
        (Novel, (Novel.writer,), [1, 2, 3, 4]),
        (Novel, (Novel.writer, Writer.city == "Rome"), [1, 2, 4]),
        (Novel, ("writer", Writer.city == "Rome"), [1, 2, 4]),
        (Novel, (Novel.writer, Writer.city.is_null()), []),
        # Foreign keys.
        (Novel, (Novel.writer_id,), [1, 2, 3, 4]),
        (Novel, (Novel.writer_id, Writer.city == "Rome"), [1, 2, 4]),
        (Novel, ("writer_id", SqlExpr("city", "=", "Oslo")), [3]),
        (Verdict, (Verdict.novel_id,), [1, 2, 3]),
        (Verdict, (Verdict.critic_code,), [1, 2, 3]),
        (Verdict, (Verdict.critic_code, Critic.name == "Lee"), [2, 3]),
        # Many to many; both tables have a column `name`.
        (Novel, (Novel.shelves,), [1, 3]),
        (Novel, (Novel.shelves, Shelf.name == "new"), [1]),
        (Novel, ("shelves", SqlExpr("name", "=", "old")), [1, 3]),
        (Shelf, (Shelf.novels, Novel.title == "B1"), [2]),
        # The table itself.
        (Writer, (Writer.mentor,), [2, 3, 4]),
        (Writer, (Writer.mentor, Writer.name == "Bob"), [3, 4]),
        (Writer, (Writer.pupils, Writer.city == "Rome"), [2]),
        (Writer, (Writer.mentor_id, Writer.name == "Ada"), [2]),
        (Writer, (Writer.pupils, any_(Writer.pupils, Writer.name == "Dan")), [1]),
        (Writer, (Writer.mentor, has(Writer.mentor, has(Writer.novels, Novel.title == "A1"))), [3, 4]),
        # Several levels.
        (Writer, (Writer.novels, any_(Novel.verdicts, Verdict.stars == 5)), [1]),
        (Writer, (Writer.novels, any_("verdicts", has(Verdict.critic_code, Critic.name == "Lee"))), [1, 2]),
        (Writer, (Writer.novels, has(Novel.writer, Writer.name == "Bob")), [2]),
        (Verdict, (Verdict.novel, has(Novel.writer, any_("pupils"))), [1, 2, 3]),
        (Writer, (Writer.novels, and_(has("tags", "red"), any_("meta", "k"))), [1]),
    ],
)
async def test_related_rows(function: Any, model: Any, arguments: tuple[Any, ...], expected: list[int]) -> None:
    condition = function(*arguments)
    assert await keys(model.find(condition)) == expected
    assert await model.count(condition) == len(expected)
    assert await model.find(condition).exists() is bool(expected)
    everything = await keys(model.find())
    assert await keys(model.find(not_(condition))) == [key for key in everything if key not in expected]


async def test_combined_with_others(pg: ModuleType) -> None:
    rome, novels = Writer.city == "Rome", any_(Writer.novels, Novel.year == 2001)
    assert await keys(Writer.find(rome & novels)) == [1]
    assert await keys(Writer.find(novels | (Writer.name == "Dan"))) == [1, 4]
    assert await keys(Writer.find(QueryFragment(novels, city="Rome"))) == [1]
    assert await keys(Writer.find(~novels & rome)) == [3]
    assert await keys(Writer.find(or_(novels, any_(Writer.novels, Novel.year == 2003)))) == [1, 2]


async def test_updates_and_deletes() -> None:
    assert await Writer.update_many({"city": "new"}, any_(Writer.novels, Novel.title == Writer.name)) == 1
    assert await keys(Writer.find(Writer.city == "new")) == [3]
    assert await Writer.update_many({"city": "self"}, has(Writer.mentor, Writer.name == "Bob")) == 2
    assert await keys(Writer.find(Writer.city == "self")) == [3, 4]
    assert await Novel.delete_many(has("writer_id", Writer.name == "Ada")) == 2
    assert await keys(Novel.find()) == [3, 4, 5]
    assert await Critic.delete_many(not_(any_(Critic.verdicts, Verdict.stars > 4))) == 1
    assert [critic.code for critic in await Critic.find().to_list()] == ["c1"]


async def test_in_joins_the_outer_row_is_the_one_that_was_joined() -> None:
    query = Novel.find(Writer.name == "Ada", has(Novel.writer_id, Writer.city == "Rome"))
    assert await keys(query.join(Writer, Novel.writer_id == Writer.id)) == [1, 2]
    other = aliased(Writer, "other")
    query = Novel.find(has(other.mentor_id, Writer.name == "Ada")).join(other, Novel.writer_id == other.id)
    assert await keys(query) == [3]


async def test_in_subqueries() -> None:
    inner = Novel.find(any_(Novel.verdicts, Verdict.stars == 5)).select("writer_id")
    assert await keys(Writer.find(Writer.id.in_(inner))) == [1]
    inner = Novel.find(has(Novel.writer, Writer.city == "Rome"), Novel.writer_id == Writer.id).select("writer_id")
    assert await keys(Writer.find(Writer.id.in_(inner))) == [1, 3]


async def test_relationships_of_a_base_class() -> None:
    class Base:
        notes = BackReference("novel", "writer_id")

    class Poet(Base, Table):
        name: str

        class Settings:
            table_name = "writer"

    assert await keys(Poet.find(any_(Base.notes, Novel.title == "B1"))) == [2]
    assert await keys(Poet.find(any_("notes"))) == [1, 2, 3]


@pytest.mark.parametrize("name", ["missing", "name", "find", "a; b"])
async def test_unknown_names(name: str) -> None:
    with pytest.raises(ValueError, match="Unknown relationship"):
        await Writer.find(any_(name, Novel.year > 1)).to_list()
    with pytest.raises(ValueError, match="Unknown relationship"):
        await Writer.delete_many(has(name))
    assert await Writer.count() == 4


# Arrays and JSON.


# Row 5 has NULL in every column: it matches neither, unless the test is one for NULL itself.
@pytest.mark.parametrize(
    ("condition", "expected", "negated"),
    [
        *(
            pair
            for tags in ("tags", Novel.tags, "labels", Novel.labels)
            for pair in (
                (any_(tags, "red"), [1, 2], [3]),  # whether the unknown element of row 4 is red is unknown as well
                (has(tags, "red"), [1, 2], [3]),
                (any_(tags, ["blue", "green"]), [1, 4], [2, 3]),
                (has(tags, ["red", "blue"]), [1], [2, 3, 4]),
                (any_(tags, []), [], [1, 2, 3, 4, 5]),
                (has(tags, []), [1, 2, 3, 4], [5]),
                (any_(tags, None), [4], [1, 2, 3, 5]),
                (has(tags, ["green", None]), [4], [1, 2, 3, 5]),
                (any_(tags, ["blue", None]), [1, 4], [2, 3]),
            )
        ),
        (any_(Novel.scores, 2), [1, 2], [3]),
        (has("scores", [1, 2]), [1], [2, 3, 4]),
        (any_("meta", "author"), [1, 2], [3, 4]),
        (has("meta", "author"), [1, 2], [3, 4]),
        (has(Novel.meta, ["k", "author"]), [1], [2, 3, 4]),
        (any_(Novel.meta, ["k", "none"]), [1, 4], [2, 3]),
        (has(Novel.meta, []), [1, 2, 3, 4], [5]),
        (any_(Novel.meta, []), [], [1, 2, 3, 4, 5]),
        (any_(Novel.meta, {"k": 1}), [1], [2, 3, 4]),
        (any_(Novel.notes, 5), [1], [2, 3, 4]),
        (any_(Novel.notes, "k"), [1], [2, 3, 4]),
        (any_(Novel.notes, [5, "none"]), [1], [2, 3, 4]),
        (any_(Novel.notes, None), [4], [1, 2, 3]),
        (any_(Novel.notes, [[{"a": 1}]]), [2], [1, 3, 4]),
    ],
)
async def test_arrays_and_json(condition: SqlExpr, expected: list[int], negated: list[int]) -> None:
    assert await keys(Novel.find(condition)) == expected
    assert await keys(Novel.find(not_(condition))) == negated


async def test_a_type_that_cannot_be_found_counts_as_none() -> None:
    assert Novel.find(any_("unknown", "x")).to_sql()[0].endswith("$1 = ANY(unknown)")
    assert Novel.find(has("unknown", "x")).to_sql()[0].endswith("unknown ? $1")


async def test_the_two_scenarios() -> None:
    sql, params = Novel.find(any_("tags", "urgent")).to_sql()
    assert sql.endswith("WHERE $1 = ANY(tags)") and params == ["urgent"]
    sql, params = Novel.find(has("meta", "author")).to_sql()
    assert sql.endswith("WHERE meta ? $1") and params == ["author"]


async def test_the_table_of_keys_decides_not_the_class() -> None:
    """Conditions on a table may come from any model of it."""

    class Title(Table):
        title: str

        class Settings:
            table_name = "novel"

    assert await keys(Writer.find(any_(Writer.novels, Title.title == "B1"))) == [2]
    assert await keys(Writer.find(any_(Writer.raw_novels, Title.title == "B1"))) == [2]
