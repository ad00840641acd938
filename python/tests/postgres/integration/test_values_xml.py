"""The type xml, which not every server is built with."""

from __future__ import annotations

from types import ModuleType

import psycopg
import pytest

from fixtures.database import Database

TEXTS = ["<a/>", "<a>é</a>", "text"]


@pytest.fixture(autouse=True)
def xml(database: Database) -> None:
    try:
        database.query("SELECT '<a/>'::xml")
    except psycopg.errors.FeatureNotSupported:
        pytest.skip(f"PostgreSQL {database.query('SHOW server_version')[0]['server_version']} was built without libxml")


@pytest.mark.parametrize("text", TEXTS)
async def test_xml_comes_back_as_text(pg: ModuleType, database: Database, text: str) -> None:
    """As a parameter, from a column, and in a batch, where the server sends everything as text: as psycopg has it."""
    await pg.execute("CREATE TABLE t (c xml)")
    assert await pg.execute("SELECT $1::xml AS c", [text]) == [{"c": text}]
    assert await pg.execute("INSERT INTO t VALUES ($1) RETURNING c", [text]) == [{"c": text}]
    assert await pg.insert_many("t", [{"c": None}, {"c": text}]) == [{"c": None}, {"c": text}]
    assert await pg.execute(f"SELECT 1; SELECT '{text}'::xml AS c") == [{"c": text}]
    assert database.query("SELECT c FROM t WHERE c IS NOT NULL") == [{"c": text}] * 2
