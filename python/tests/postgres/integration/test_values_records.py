"""Members of anonymous records: the server sends them in their binary form, whatever their type."""

from __future__ import annotations

from types import ModuleType

import pytest

# Types that travel as text everywhere else.
TEXTS = [
    "'0/16B3748'::pg_lsn",
    "'FFFFFFFF/FFFFFFFF'::pg_lsn",
    "'$.a[*]'::jsonpath",
    "'1 -2 3'::int2vector",
    "''::int2vector",
    "'1 4294967295'::oidvector",
    "'10:20:'::pg_snapshot",
    "'10:20:10,14'::pg_snapshot",
    "'10:20:10,14'::txid_snapshot",
    "'c'::refcursor",
    "0::regclass",
    "4294967295::regclass",
    "4294967295::regtype",
    "'101'::varbit",
    "'(3,4),(1,2)'::box",
    "ARRAY['0/1'::pg_lsn, NULL]",
    "ARRAY['(3,4),(1,2)'::box]",
]


@pytest.mark.parametrize("expression", TEXTS)
async def test_member_reads_as_the_column_does(pg: ModuleType, expression: str) -> None:
    (row,) = await pg.execute(f"SELECT {expression} AS plain, ROW(1, {expression}) AS record")
    assert row["record"] == (1, row["plain"])


async def test_reference_to_an_object_is_its_number(pg: ModuleType) -> None:
    (row,) = await pg.execute("SELECT ROW('pg_class'::regclass, ARRAY['int4'::regtype]) AS record")
    assert row["record"] == ("1259", ["23"])


async def test_types_of_the_database(pg: ModuleType) -> None:
    await pg.execute("CREATE TYPE record_mood AS ENUM ('sad', 'ok')")
    await pg.execute("CREATE TYPE record_place AS (name text, at pg_lsn, mood record_mood)")
    try:
        rows = await pg.execute(
            "SELECT ROW(n, CASE WHEN n > 1 THEN 'ok'::record_mood END, ARRAY[('x', '0/1', 'sad')::record_place])"
            " AS record FROM generate_series(1, 3) n"
        )
        places = [{"name": "x", "at": "0/1", "mood": "sad"}]
        assert [row["record"] for row in rows] == [(1, None, places), (2, "ok", places), (3, "ok", places)]
    finally:
        await pg.execute("DROP TYPE record_place, record_mood")
