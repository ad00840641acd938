"""What the texts of full-text search and arrays find on a server."""

from __future__ import annotations

from datetime import date
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from ouroboros_postgres import ArrayOps, FullTextSearch, GeoQuery, Point, _engine, fts

UUIDS = [UUID(int=1), UUID(int=2)]


@pytest.fixture
async def notes(pg: ModuleType) -> type[Any]:
    await pg.execute("""
        CREATE TABLE notes (
            id int PRIMARY KEY, body text, tags text[], codes varchar(9)[], days date[], keys uuid[], sizes int[]
        );
        INSERT INTO notes VALUES
            (1, 'The cat''s whiskers; a fat cat', '{a,it''s}', '{x}', '{2026-01-01}',
             '{00000000-0000-0000-0000-000000000001}', '{1,2}'),
            (2, 'Dogs run in the park', '{}', '{}', '{}', '{}', '{}'),
            (3, 'A cat in the park', '{b\\\\,NULL}', '{x,y}', '{2026-01-01,2026-01-02}', '{}', '{2}')
    """)

    class Note(pg.Table):  # type: ignore[name-defined,misc]
        id: int = pg.Column(primary_key=True)
        body: str
        tags: list[str]

        class Settings:
            table_name = "notes"

    return Note


async def ids(pg: ModuleType, condition: str) -> list[int]:
    rows = await pg.execute(f"SELECT id FROM notes WHERE {condition} ORDER BY id")
    return [row["id"] for row in rows]


async def test_matches(pg: ModuleType, notes: type[Any]) -> None:
    assert await ids(pg, fts.match("body", "cat's")) == [1, 3]
    assert await ids(pg, fts.match("body", "cats park")) == [3]
    assert await ids(pg, fts.match("body", "park", "simple")) == [2, 3]
    vector = fts.to_tsvector("body")
    assert await ids(pg, f"{vector} @@ {fts.to_tsquery('dog | whisker')}") == [1, 2]
    assert await ids(pg, f"{vector} @@ {fts.phraseto_tsquery('fat cat')}") == [1]
    assert await ids(pg, f"{vector} @@ {fts.websearch_to_tsquery('park -cat')}") == [2]


async def test_hostile_queries_find_nothing(pg: ModuleType, notes: type[Any]) -> None:
    for query in ("'; DROP TABLE notes; --", "\\'; DROP TABLE notes; --", "x') OR TRUE --", "\\", "$1"):
        assert await ids(pg, fts.match("body", query, "simple")) == []
    assert await pg.count("notes") == 3


async def test_quoting_holds_without_standard_strings(pg: ModuleType, notes: type[Any]) -> None:
    async with pg.begin_transaction():
        await pg.execute("SET LOCAL standard_conforming_strings = off")
        has_it = ArrayOps.any("tags", "b\\")
        rows = await pg.execute(f"SELECT {has_it} AS found FROM notes WHERE id = 3")
        assert rows == [{"found": True}]


async def test_rank_and_headline(pg: ModuleType, notes: type[Any]) -> None:
    rank, headline = fts.rank("body", "cat"), FullTextSearch.headline("body", "cat")
    rows = await pg.execute(f"SELECT id, {headline} AS excerpt FROM notes ORDER BY {rank} DESC LIMIT 1")
    assert rows[0]["id"] == 1 and "<b>cat</b>" in rows[0]["excerpt"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (ArrayOps.contains("tags", ["a", "it's"]), [1]),
        (ArrayOps.contains("tags", []), [1, 2, 3]),
        (ArrayOps.contained_by("tags", ["a", "it's", "z"]), [1, 2]),
        (ArrayOps.overlap("tags", {"b\\"}), [3]),
        (ArrayOps.overlap("tags", []), []),
        (ArrayOps.any("tags", "it's"), [1]),
        (ArrayOps.any("tags", "x' OR TRUE --"), []),
        (ArrayOps.any("tags", "\\' OR TRUE --"), []),
        (ArrayOps.any("tags", None), []),
        (ArrayOps.any("sizes", 2), [1, 3]),
        (ArrayOps.contains("sizes", (1, 2)), [1]),
        (ArrayOps.any("days", date(2026, 1, 2)), [3]),
        (ArrayOps.contains("days", [date(2026, 1, 1)], cast="date[]"), [1, 3]),
        (ArrayOps.overlap("keys", UUIDS, cast="uuid[]"), [1]),
        (ArrayOps.contains("codes", ["x", "y"], cast="varchar[]"), [3]),
        (f"{ArrayOps.length('sizes')} IS NULL", [2]),
    ],
)
async def test_arrays(pg: ModuleType, notes: type[Any], condition: str, found: list[int]) -> None:
    assert await ids(pg, condition) == found


async def test_texts_are_filters(pg: ModuleType, notes: type[Any]) -> None:
    Note = notes
    cats = fts.match(Note.body, "cat")
    assert {note.id for note in await Note.find(cats).to_list()} == {1, 3}
    assert {note.id for note in await Note.find(cats, ArrayOps.any(Note.tags, "a")).to_list()} == {1}
    assert {note.id for note in await Note.find(cats & (Note.id > 1)).to_list()} == {3}
    assert {note.id for note in await Note.find(~cats | ArrayOps.overlap("tags", ["a"])).to_list()} == {1, 2}
    assert await Note.find(cats).count() == 2
    assert await Note.delete_many(cats) == 2


async def test_texts_are_text_for_the_engine(pg: ModuleType, notes: type[Any]) -> None:
    condition = ArrayOps.any("tags", "a")
    assert await _engine.count("notes", condition, None) == 1
    assert await pg.execute(condition.join(["SELECT id FROM notes WHERE ", " OR FALSE"])) == [{"id": 1}]
    assert condition.encode() == str(condition).encode()
    assert await _engine.update_many("notes", {"body": "x"}, condition, None) == 1


async def test_texts_of_postgis_are_understood(pg: ModuleType) -> None:
    """With functions of their names, as the extension is seldom installed."""
    await pg.execute("""
        CREATE FUNCTION ST_MakePoint(float8, float8) RETURNS point LANGUAGE sql AS 'SELECT point($1, $2)';
        CREATE FUNCTION ST_SetSRID(point, int) RETURNS point LANGUAGE sql AS 'SELECT $1';
        CREATE FUNCTION ST_Distance(point, point) RETURNS float8 LANGUAGE sql AS 'SELECT $1 <-> $2';
        CREATE FUNCTION ST_DWithin(point, point, float8) RETURNS bool LANGUAGE sql AS 'SELECT ($1 <-> $2) <= $3';
        CREATE TABLE places (name text, at point);
        INSERT INTO places VALUES ('near', '(1,1)'), ('far', '(50,50)')
    """)
    here = Point(0.5, 1e-7)
    rows = await pg.execute(f"SELECT name FROM places WHERE {GeoQuery.dwithin('at', here, 2)}")
    assert rows == [{"name": "near"}]
    rows = await pg.execute(f"SELECT name FROM places ORDER BY {GeoQuery.distance('at', here)} DESC")
    assert [row["name"] for row in rows] == ["far", "near"]
