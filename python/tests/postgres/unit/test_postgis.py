from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import ouroboros_postgres as pg
from ouroboros_postgres import GeoQuery, Point

TAIPEI = Point(121.5, 25.0)


def test_points() -> None:
    assert TAIPEI.to_sql() == "ST_SetSRID(ST_MakePoint(121.5, 25.0), 4326)"
    assert Point(1, Decimal("2.50"), srid=3857).to_sql() == "ST_SetSRID(ST_MakePoint(1, 2.50), 3857)"
    assert repr(TAIPEI) == "Point(lng=121.5, lat=25.0, srid=4326)"
    assert TAIPEI == Point(121.5, 25.0) and hash(TAIPEI) == hash(Point(121.5, 25.0))
    assert Point(121.5, 25.0, 4269) != TAIPEI
    assert (TAIPEI.lng, TAIPEI.lat, TAIPEI.srid) == (121.5, 25.0, 4326)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("1", 2), TypeError),
        ((True, 2), TypeError),
        ((1, None), TypeError),
        ((1, 2, "4326"), TypeError),
        ((1, 2, True), TypeError),
        ((float("nan"), 2), ValueError),
        ((1, float("inf")), ValueError),
        ((180.1, 2), ValueError),
        ((1, -90.1), ValueError),
        ((1, Decimal("NaN")), ValueError),
    ],
)
def test_bad_points(arguments: tuple[Any, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        Point(*arguments)


def test_only_degrees_have_a_range() -> None:
    assert Point(250000.0, 2650000.0, srid=3826).lat == 2650000.0


def test_well_known_text() -> None:
    assert Point.from_wkt("POINT(1 2)") == "ST_GeomFromText('POINT(1 2)', 4326)"
    assert Point.from_wkt("x'); DROP TABLE t; --", 3857) == "ST_GeomFromText('x''); DROP TABLE t; --', 3857)"
    with pytest.raises(ValueError, match="wkt contains a NUL"):
        Point.from_wkt("POINT(1 2)\0")
    with pytest.raises(TypeError, match="srid must be int"):
        Point.from_wkt("POINT(1 2)", "4326")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("method", "function"),
    [
        ("distance", "ST_Distance"),
        ("contains", "ST_Contains"),
        ("within", "ST_Within"),
        ("intersects", "ST_Intersects"),
    ],
)
def test_queries(method: str, function: str) -> None:
    assert getattr(GeoQuery, method)("geom", TAIPEI) == f"{function}(geom, {TAIPEI.to_sql()})"
    assert getattr(GeoQuery, method)("a", pg.ColumnProxy("B")) == f'{function}(a, "B")'
    with pytest.raises(TypeError, match="geom2 must be SQL text or a column"):
        getattr(GeoQuery, method)("a", 1)


def test_distances_are_written_as_given() -> None:
    assert GeoQuery.dwithin("geom", TAIPEI, 1000) == f"ST_DWithin(geom, {TAIPEI.to_sql()}, 1000)"
    assert GeoQuery.dwithin("a", "b", 0.5) == "ST_DWithin(a, b, 0.5)"


@pytest.mark.parametrize(("distance", "error"), [("1", TypeError), (True, TypeError), (float("inf"), ValueError)])
def test_bad_distances(distance: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="distance"):
        GeoQuery.dwithin("a", "b", distance)


def test_results_are_conditions() -> None:
    near = GeoQuery.dwithin("geom", TAIPEI, 1000)
    assert near.to_sql(3) == (str(near), [])
    assert (~near).to_sql() == (f"NOT ({near})", [])
