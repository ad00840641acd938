"""`hide_detail` holds for every error that could quote a row."""

from __future__ import annotations

import pytest

import ouroboros_postgres as pg
from fixtures.database import Database


async def test_no_detail_of_any_error(database: Database) -> None:
    await pg.init(database.dsn, hide_detail=True)
    await pg.execute("CREATE TABLE t (a int UNIQUE, b int UNIQUE DEFERRABLE INITIALLY DEFERRED, c int)")

    async def violate_at_once() -> None:
        await pg.insert_many("t", [{"a": 1}, {"a": 1}])

    async def violate_in_transaction() -> None:
        async with pg.begin_transaction():
            await pg.insert_many("t", [{"a": 1}, {"a": 1}])

    async def violate_at_commit() -> None:
        async with pg.begin_transaction():
            await pg.insert_many("t", [{"b": 1}, {"b": 1}])

    async def name_a_key_twice() -> None:
        await pg.upsert_many("t", [{"a": 1, "c": 1}, {"a": 1, "c": 2}], "a")

    for fail in (violate_at_once, violate_in_transaction, violate_at_commit, name_a_key_twice):
        with pytest.raises(pg.PostgresError) as caught:
            await fail()
        assert caught.value.detail is None, fail.__name__
        assert "(1)" not in str(caught.value)
    await pg.close()
