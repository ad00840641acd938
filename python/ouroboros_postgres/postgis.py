"""Texts of PostGIS functions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ._literals import quoted
from ._sql.text import ConditionText, operand

if TYPE_CHECKING:
    from .columns import ColumnProxy

__all__ = ["GeoQuery", "Point"]

Number: TypeAlias = "int | float | Decimal"

_WGS84: Final = 4326


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the plane, or of the earth.

    Attributes:
        lng: The longitude, or x.
        lat: The latitude, or y.
        srid: The spatial reference system; 4326 is WGS 84, with degrees.

    Raises:
        TypeError: A coordinate is no number, or `srid` no int.
        ValueError: A coordinate is not finite, or is outside the range of its degrees with `srid=4326`.
    """

    lng: Number
    lat: Number
    srid: int = _WGS84

    def __post_init__(self) -> None:
        _number("lng", self.lng)
        _number("lat", self.lat)
        _srid(self.srid)
        if self.srid == _WGS84:
            if not -180 <= self.lng <= 180:
                raise ValueError(f"lng must be from -180 to 180, not {self.lng}")
            if not -90 <= self.lat <= 90:
                raise ValueError(f"lat must be from -90 to 90, not {self.lat}")

    def to_sql(self) -> str:
        """`ST_SetSRID(ST_MakePoint(lng, lat), srid)`."""
        return f"ST_SetSRID(ST_MakePoint({_number('lng', self.lng)}, {_number('lat', self.lat)}), {_srid(self.srid)})"

    @staticmethod
    def from_wkt(wkt: str, srid: int = _WGS84) -> str:
        """`ST_GeomFromText('POINT(…)', srid)`: SQL text of any geometry in well-known text, not a `Point`."""
        return f"ST_GeomFromText({quoted('wkt', wkt)}, {_srid(srid)})"


if TYPE_CHECKING:
    Geometry: TypeAlias = str | ColumnProxy[Any] | Point


class GeoQuery:
    """Makes the SQL of spatial queries; the results are usable as filters, but for `distance`.

    Each geometry is trusted SQL, a column of a model, or a `Point`. Distances are in the units of the spatial
    reference system: degrees for the type `geometry` with SRID 4326, metres for `geography`.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: A distance is not finite.
    """

    @staticmethod
    def distance(geom1: Geometry, geom2: Geometry) -> str:
        """`ST_Distance(geom1, geom2)`."""
        return _call("ST_Distance", geom1, geom2)

    @staticmethod
    def dwithin(geom1: Geometry, geom2: Geometry, distance: Number) -> ConditionText:
        """`ST_DWithin(geom1, geom2, distance)`: they are at most that far apart."""
        return ConditionText(_call("ST_DWithin", geom1, geom2, _number("distance", distance)))

    @staticmethod
    def contains(geom1: Geometry, geom2: Geometry) -> ConditionText:
        """`ST_Contains(geom1, geom2)`."""
        return ConditionText(_call("ST_Contains", geom1, geom2))

    @staticmethod
    def within(geom1: Geometry, geom2: Geometry) -> ConditionText:
        """`ST_Within(geom1, geom2)`: the first is inside the second."""
        return ConditionText(_call("ST_Within", geom1, geom2))

    @staticmethod
    def intersects(geom1: Geometry, geom2: Geometry) -> ConditionText:
        """`ST_Intersects(geom1, geom2)`."""
        return ConditionText(_call("ST_Intersects", geom1, geom2))


def _call(function: str, geom1: Geometry, geom2: Geometry, *more: str) -> str:
    return f"{function}({', '.join((_geometry('geom1', geom1), _geometry('geom2', geom2), *more))})"


def _geometry(what: str, value: Geometry) -> str:
    return value.to_sql() if isinstance(value, Point) else operand(what, value)


def _number(what: str, value: object) -> str:
    """Write a number as it is."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise TypeError(f"{what} must be a number, not {type(value).__name__}")
    if not isfinite(value):
        raise ValueError(f"{what} must be finite, not {value}")
    return int.__repr__(value) if isinstance(value, int) else str(value)


def _srid(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"srid must be int, not {type(value).__name__}")
    return int.__repr__(value)
