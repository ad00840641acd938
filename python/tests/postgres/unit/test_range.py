from __future__ import annotations

import copy
import pickle

import pytest

from ouroboros_postgres import Range


def test_a_missing_bound_never_belongs_to_the_range() -> None:
    assert Range(None, 5, "[]") == Range(None, 5, "(]")
    assert Range(5, None, "[]") == Range(5, None, "[)")
    assert Range[int]().bounds == "()"


def test_an_empty_range_has_no_bounds() -> None:
    assert Range(1, 5, "[]", empty=True) == Range(empty=True)
    assert not Range(empty=True)
    assert Range(1, 1)


@pytest.mark.parametrize(("bounds", "members"), [("[)", [1, 2]), ("(]", [2, 3]), ("[]", [1, 2, 3]), ("()", [2])])
def test_membership_follows_the_bounds(bounds: str, members: list[int]) -> None:
    assert [n for n in range(5) if n in Range(1, 3, bounds)] == members


def test_membership_without_bounds() -> None:
    assert 10**9 in Range(1, None)
    assert -(10**9) in Range(None, 1)
    assert 1 not in Range(empty=True)


@pytest.mark.parametrize("bounds", ["", "[", "[)x", "<>", "]["])
def test_unknown_bounds_are_refused(bounds: str) -> None:
    with pytest.raises(ValueError, match="bounds must be one of"):
        Range(1, 2, bounds)


def test_ranges_are_values() -> None:
    value = Range(1, 5)
    assert hash(value) == hash(Range(1, 5))
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 - our own
    assert copy.deepcopy(value) == value
    assert value != (1, 5, "[)", False)
    assert repr(value) == "Range(1, 5, '[)')"
    with pytest.raises(AttributeError, match="immutable"):
        value.lower = 2
    with pytest.raises(AttributeError, match="immutable"):
        del value.lower
    assert value.lower == 1
