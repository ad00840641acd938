"""P0.2: NUMERIC is exact in both directions, aggregates included."""

from __future__ import annotations

import random
from decimal import Decimal
from types import ModuleType

import pytest

from fixtures.database import Database

DIGITS = "".join(random.Random(20).choices("123456789", k=1000))

EXACT = [
    "0", "0.00", "1.10", "1.1", "-1.10", "100", "1E+3", "99.99", "0.1", "-0.000000000000000000000000000000000001",
    "79228162514264337593543950336", "123456789012345678901234567890.123456789012345678901234567890",
    DIGITS, f"-{DIGITS}", f"{DIGITS[:500]}.{DIGITS[500:]}", f"0.{DIGITS}", f"1E-{1000}", f"1E+{1000}",
]  # fmt: skip


@pytest.fixture(autouse=True)
async def amounts(pg: ModuleType) -> None:
    """A table with one unconstrained numeric column."""
    await pg.execute("CREATE TABLE amounts (value numeric)")


@pytest.mark.parametrize("text", EXACT, ids=lambda text: text[:12])
async def test_p0_2_decimals_survive_both_ways(pg: ModuleType, database: Database, text: str) -> None:
    value = Decimal(text)
    stored = (await pg.insert_one("amounts", {"value": value}))["value"]
    assert type(stored) is Decimal
    assert stored == value
    # The server has seen the same digits, and the scale is that of the value.
    (seen,) = database.query("SELECT value::text AS t, scale(value) AS s FROM amounts")
    assert Decimal(seen["t"]) == value
    assert seen["s"] == max(0, -int(value.as_tuple().exponent))
    assert -int(stored.as_tuple().exponent) == seen["s"]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
async def test_p0_2_specials_survive_both_ways(pg: ModuleType, database: Database, text: str) -> None:
    stored = (await pg.insert_one("amounts", {"value": Decimal(text)}))["value"]
    assert (type(stored), str(stored)) == (Decimal, text)
    assert database.query("SELECT value::text AS t FROM amounts") == [{"t": text}]
    assert await pg.count("amounts", [("value", "eq", Decimal(text))]) == 1


async def test_p0_2_aggregates_are_exact(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE ages (age int, big bigint, price numeric(10, 2))")
    await pg.execute(
        "INSERT INTO ages VALUES (20, 9007199254740993, 0.10), (30, 9007199254740993, 0.20), (40, 1, 0.30)"
    )
    (row,) = await pg.execute("SELECT avg(age) AS a, sum(big) AS b, sum(price) AS p, sum(age) AS s FROM ages")
    assert row["a"] == 30
    assert (type(row["a"]), type(row["b"]), type(row["p"]), type(row["s"])) == (Decimal, Decimal, Decimal, int)
    assert row["b"] == 18014398509481987
    assert str(row["p"]) == "0.60"
    assert row["s"] == 90


async def test_p0_2_floats_are_stored_with_their_shortest_digits(pg: ModuleType) -> None:
    assert (await pg.insert_one("amounts", {"value": 99.99}))["value"] == Decimal("99.99")
    assert (await pg.insert_one("amounts", {"value": 300}))["value"] == 300.0
    with pytest.raises(pg.DataError):
        await pg.insert_one("amounts", {"value": Decimal("sNaN")})


async def test_p0_2_comparisons_and_arrays_are_exact(pg: ModuleType) -> None:
    close = [Decimal("0.1"), Decimal("0.1000000000000000000000000000000001")]
    await pg.insert_many("amounts", [{"value": value} for value in close])
    assert await pg.count("amounts", [("value", "eq", close[1])]) == 1
    (row,) = await pg.execute(
        "SELECT array_agg(value ORDER BY value) AS all FROM amounts WHERE value = ANY($1)", [close]
    )
    assert row["all"] == close
