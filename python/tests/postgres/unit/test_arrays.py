from __future__ import annotations

import enum
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

import ouroboros_postgres as pg
from ouroboros_postgres import ArrayOps


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


ELEMENTS = [
    (None, "NULL"),
    (True, "TRUE"),
    (False, "FALSE"),
    (-1, "-1"),
    (2.5, "2.5"),
    (1e300, "1e+300"),
    (float("nan"), "'NaN'"),
    (float("-inf"), "'-Infinity'"),
    (Decimal("1.50"), "1.50"),
    (Decimal("NaN"), "'NaN'"),
    (Decimal("Infinity"), "'Infinity'"),
    ("a", "'a'"),
    ("it's", "'it''s'"),
    ("a\\'b", "E'a\\\\''b'"),
    (date(2026, 1, 2), "'2026-01-02'"),
    (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "'2026-01-02T03:04:05+00:00'"),
    (time(3, 4), "'03:04:00'"),
    (UUID(int=1), "'00000000-0000-0000-0000-000000000001'"),
    (Colour.RED, "'red'"),
    (Level.HIGH, "3"),
]


@pytest.mark.parametrize(("value", "text"), ELEMENTS)
def test_elements_by_their_own_type(value: object, text: str) -> None:
    assert ArrayOps.any("c", value) == f"{text} = ANY(c)"
    assert ArrayOps.contains("c", ["x", value]) == f"c @> ARRAY['x', {text}]"


def test_operators() -> None:
    assert ArrayOps.contains("tags", ["a", "b"]) == "tags @> ARRAY['a', 'b']"
    assert ArrayOps.contained_by("tags", ("a",)) == "tags <@ ARRAY['a']"
    assert ArrayOps.overlap("tags", {1}) == "tags && ARRAY[1]"
    assert ArrayOps.length("tags") == "array_length(tags, 1)"


@pytest.mark.parametrize("name", ["contains", "contained_by", "overlap"])
def test_empty_arrays_are_typed_by_the_other_side(name: str) -> None:
    assert getattr(ArrayOps, name)("c", []).endswith(" '{}'")
    assert getattr(ArrayOps, name)("c", [], cast="int[]").endswith(" '{}'::int[]")


def test_arrays() -> None:
    write: Any = getattr(ArrayOps, "_format_array")  # noqa: B009 - part of the interface in spite of its name
    assert write(["a", "it's"]) == "ARRAY['a', 'it''s']"
    assert write([1, 2, 3]) == "ARRAY[1, 2, 3]"
    assert write([]) == "ARRAY[]"
    assert write([], cast="text[]") == "ARRAY[]::text[]"
    assert write([[1, 2], ["a", None]]) == "ARRAY[ARRAY[1, 2], ARRAY['a', NULL]]"


@pytest.mark.parametrize("value", ["abc", 5, None, {"a": 1}])
def test_only_lists_are_arrays(value: Any) -> None:
    with pytest.raises(TypeError, match="value must be a list"):
        ArrayOps.contains("c", value)


@pytest.mark.parametrize("value", [b"x", {"a": 1}, object(), [1]])
def test_other_types_have_no_literal(value: object) -> None:
    with pytest.raises(TypeError, match=f"value cannot be a {type(value).__name__}"):
        ArrayOps.any("c", value)
    with pytest.raises(TypeError, match=r"value\[1\]\[0\] cannot be a bytes"):
        ArrayOps.contains("c", [1, [b"x"]])


def test_nul_is_refused() -> None:
    with pytest.raises(ValueError, match=r"value\[1\] contains a NUL"):
        ArrayOps.contains("c", ["a", "b\0"])


CASTS = ["text[]", "varchar[]", "public.mood[]", "numeric(10, 2)[]", "double precision[]", "timestamp with time zone[]"]


@pytest.mark.parametrize("cast", CASTS)
def test_casts(cast: str) -> None:
    assert ArrayOps.overlap("c", ["a"], cast=cast) == f"c && ARRAY['a']::{cast}"


@pytest.mark.parametrize("cast", ["text OR TRUE", "text[]) OR (TRUE", "", "text;", "a.b.c", "'x'"])
def test_casts_are_names_of_types(cast: str) -> None:
    with pytest.raises(ValueError, match="Invalid type name in cast"):
        ArrayOps.contains("c", ["a"], cast=cast)


def test_columns() -> None:
    assert ArrayOps.any(pg.ColumnProxy("tagList"), "a") == "'a' = ANY(\"tagList\")"
    assert ArrayOps.length(pg.ColumnProxy("tags")) == "array_length(tags, 1)"


def test_results_are_conditions() -> None:
    condition = ArrayOps.any("tags", "a") | ArrayOps.contains("tags", ["$1"])
    assert condition.to_sql() == ("('a' = ANY(tags)) OR (tags @> ARRAY['$1'])", [])
