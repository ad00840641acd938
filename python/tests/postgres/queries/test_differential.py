"""Random queries give the same rows here and through SQLAlchemy.

`DIFFERENTIAL_SEED=n` runs one seed of every family alone; `DIFFERENTIAL_COUNT=n` another number of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import os
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from fixtures.database import Database
from ouroboros_postgres import QueryBuilder
from queries.abstract import Col, Output, Query
from queries.generator import FAMILIES, draw
from queries.through_builder import build
from queries.through_function import arguments
from queries.through_sqlalchemy import select

COUNT = int(os.environ.get("DIFFERENTIAL_COUNT", "60"))
SEEDS = [int(os.environ["DIFFERENTIAL_SEED"])] if "DIFFERENTIAL_SEED" in os.environ else list(range(COUNT))
AT_A_TIME = 10


@pytest.fixture
def oracle(database: Database) -> Iterator[sa.Connection]:
    """SQLAlchemy, connected to the same database."""
    engine = sa.create_engine(database.dsn.replace("postgres://", "postgresql+psycopg://"), poolclass=sa.pool.NullPool)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection
    engine.dispose()


def frozen(value: Any) -> Any:
    """The value as something that can be sorted; numbers of different types are different."""
    if isinstance(value, dict):
        return ("dict", tuple(sorted((key, frozen(item)) for key, item in value.items())))
    if isinstance(value, list):
        return ("list", tuple(frozen(item) for item in value))
    if isinstance(value, datetime.date):
        return ("date", value.isoformat())
    return (type(value).__name__, repr(value))


def comparable(rows: list[dict[str, Any]], *, ordered: bool) -> list[Any]:
    """The rows with their columns in order."""
    made = [tuple((name, frozen(value)) for name, value in row.items()) for row in rows]
    return made if ordered else sorted(made)


class Difference(AssertionError):
    """The two answers to one question differ."""


async def compare(query: Query, pg: ModuleType, oracle: sa.Connection) -> None:
    """Ask both, in every way that gives the rows, or their number."""
    expected = [dict(row) for row in oracle.execute(select(query)).mappings()]
    builder = build(query)
    wanted = comparable(expected, ordered=query.ordered)
    answers = {"to_dicts": await builder.to_dicts()}
    if query.groups or query.aggregates or query.windows or query.sets:
        answers["aggregate"] = await builder.aggregate()
    answers["to_sql"] = await pg.execute(*builder.to_sql())
    for name, rows in answers.items():
        if (got := comparable(rows, ordered=query.ordered)) != wanted:
            raise Difference(f"{name} gives {len(got)} rows\n{got[:4]}\nrather than {len(wanted)}\n{wanted[:4]}")
    await compare_instances(builder, answers["to_dicts"], ordered=query.ordered)
    if (count := await builder.count()) != len(expected):
        raise Difference(f"count() gives {count} rather than {len(expected)}")
    if (exists := await builder.exists()) != bool(expected):
        raise Difference(f"exists() gives {exists} for {len(expected)} rows")
    rows = await QueryBuilder.from_cte("whole", builder).to_dicts()
    if comparable(rows, ordered=False) != comparable(expected, ordered=False):
        raise Difference(f"selected from as a CTE it gives {len(rows)} rows rather than {len(expected)}\n{rows[:4]}")


async def compare_instances(builder: QueryBuilder[Any], rows: list[dict[str, Any]], *, ordered: bool) -> None:
    """The instances have the values of the rows, however they are asked for."""
    names = list(rows[0]) if rows else []
    ways = {
        "to_list": await builder.to_list(),
        "iteration": [item async for item in builder],
    }
    if ordered and rows:
        ways["first"] = [await builder.first(), *ways["to_list"][1:]]
    wanted = comparable(rows, ordered=ordered)
    for way, items in ways.items():
        given = [{name: getattr(item, name) for name in names} for item in items]
        if comparable(given, ordered=ordered) != wanted:
            raise Difference(f"{way} gives {len(items)} instances\n{given[:4]}\nrather than {len(rows)}\n{rows[:4]}")


async def attempt(family: str, seed: int, pg: ModuleType, oracle: sa.Connection) -> str | None:
    query = draw(family, seed)
    try:
        await compare(query, pg, oracle)
    except Exception as error:
        try:
            text: Any = build(query).to_sql()
        except Exception as unbuilt:
            text = repr(unbuilt)
        theirs = select(query).compile(oracle, compile_kwargs={"render_postcompile": True})
        return (
            f"\n{family}, DIFFERENTIAL_SEED={seed}: {type(error).__name__}: {error}\n  {query}\n  ours: {text}\n"
            f"  theirs: {theirs} {theirs.params}".replace("\n", "\n  ")
        )
    return None


@pytest.mark.parametrize("family", FAMILIES)
async def test_random_queries_give_the_same_rows(filled: ModuleType, oracle: sa.Connection, family: str) -> None:
    failures: list[str] = []
    for start in range(0, len(SEEDS), AT_A_TIME):
        found = await asyncio.gather(
            *(attempt(family, seed, filled, oracle) for seed in SEEDS[start : start + AT_A_TIME])
        )
        failures += [failure for failure in found if failure]
    assert not failures, f"{len(failures)} of {len(SEEDS)} differ:" + "".join(failures[:5])


@pytest.mark.parametrize("family", FAMILIES)
async def test_random_queries_in_one_transaction(filled: ModuleType, oracle: sa.Connection, family: str) -> None:
    """None of them fails there for want of parameter types, which would end the transaction."""
    async with filled.begin_transaction():
        found = [await attempt(family, seed, filled, oracle) for seed in SEEDS[::4]]
    failures = [failure for failure in found if failure]
    assert not failures, f"{len(failures)} of {len(found)} differ:" + "".join(failures[:5])


@pytest.mark.parametrize("family", ["groups", "windows"])
async def test_the_function_gives_the_same_rows(filled: ModuleType, oracle: sa.Connection, family: str) -> None:
    """As far as it can be asked: without joins, and conditions joined by AND."""
    failures: list[str] = []
    asked = 0
    for seed in range(4 * len(SEEDS)) if len(SEEDS) > 1 else SEEDS:
        query = replace(draw(family, seed), columns=())
        given = arguments(query)
        if given is None:
            continue
        asked += 1
        expected = comparable([dict(row) for row in oracle.execute(select(query)).mappings()], ordered=query.ordered)
        try:
            outcome: Any = comparable(await filled.query_aggregate(**given), ordered=query.ordered)
        except Exception as error:
            outcome = error
        if outcome != expected:
            failures.append(f"\n{family}, DIFFERENTIAL_SEED={seed}: {outcome!r} rather than {expected}\n  {given}")
    assert not failures, f"{len(failures)} of {asked} differ:" + "".join(failures[:5])
    assert asked >= len(SEEDS) // 2


class Undone(Exception):
    """Thrown to undo what was written."""


async def deleted(pg: ModuleType, query: Query) -> list[int]:
    """The keys of the rows that the builder would delete."""
    keys: list[int] = []
    with contextlib.suppress(Undone):
        async with pg.begin_transaction():
            rows = await build(query).returning("id").delete()
            assert isinstance(rows, list)
            keys = sorted(row["id"] for row in rows)
            raise Undone
    return keys


@pytest.mark.parametrize("family", ["filters", "tables", "joins", "subqueries"])
async def test_random_conditions_delete_the_same_rows(filled: ModuleType, oracle: sa.Connection, family: str) -> None:
    failures: list[str] = []
    for seed in SEEDS:
        drawn = draw(family, seed)
        query = Query(drawn.model, drawn.joins, drawn.where)
        ids = select(replace(query, columns=(Output("id", Col(query.model, "id")),)))
        expected = sorted({row.id for row in oracle.execute(ids) if row.id is not None})
        try:
            outcome: Any = await deleted(filled, query)
        except Exception as error:
            outcome = error
        if outcome != expected:
            failures.append(f"\n{family}, DIFFERENTIAL_SEED={seed}: {outcome!r} rather than {expected}\n  {query}")
    assert not failures, f"{len(failures)} of {len(SEEDS)} differ:" + "".join(failures[:5])


@pytest.mark.parametrize("family", FAMILIES)
async def test_the_random_queries_are_no_trivial_ones(filled: ModuleType, oracle: sa.Connection, family: str) -> None:
    sizes = [len(oracle.execute(select(draw(family, seed))).all()) for seed in range(40)]
    assert sum(size > 0 for size in sizes) >= len(sizes) // 3
    assert len(set(sizes)) > 3


def test_a_seed_always_gives_the_same_query() -> None:
    for family in FAMILIES:
        assert draw(family, 7) == draw(family, 7)
