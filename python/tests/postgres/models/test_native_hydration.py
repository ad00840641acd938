"""The function of the extension that makes instances, beside what it stands for in Python."""

from __future__ import annotations

import copy
import gc
import sys
import tracemalloc
from abc import ABC, abstractmethod
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ouroboros_postgres import Table, _binding


class Slots:
    __slots__ = ("__dict__", "__weakref__", "clean", "data")

    def __new__(cls) -> Slots:
        raise AssertionError("no code of the class runs")

    def __init__(self) -> None:
        raise AssertionError("no code of the class runs")

    def __setattr__(self, name: str, value: object) -> None:
        raise AssertionError("no code of the class runs")


DATA, CLEAN = Slots.__dict__["data"], Slots.__dict__["clean"]


def native(rows: list[dict[str, Any]], mutable: tuple[str, ...] = (), copies: Any = copy.deepcopy) -> list[Any]:
    return _binding.hydrate(Slots, rows, DATA, CLEAN, mutable, copies)


def reference(rows: list[dict[str, Any]], mutable: tuple[str, ...], copies: Any) -> list[Any]:
    instances = []
    for row in rows:
        instance = object.__new__(Slots)
        DATA.__set__(instance, row)
        CLEAN.__set__(instance, {name: copies(value) if name in mutable else value for name, value in row.items()})
        instances.append(instance)
    return instances


NAMES = ("id", "tags", "ö")
VALUES = st.none() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=3)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, VALUES))), st.sets(st.sampled_from(NAMES)))
def test_it_does_what_the_same_in_python_does(rows: list[dict[str, Any]], mutable: set[str]) -> None:
    found = native(rows, tuple(mutable))
    expected = reference(rows, tuple(mutable), copy.deepcopy)
    assert [type(instance) for instance in found] == [Slots] * len(rows)
    for row, one, other in zip(rows, found, expected, strict=True):
        assert one.data is row
        assert one.clean == other.clean == row
        assert list(one.clean) == list(row)
        assert one.__dict__ == {}
        for name, value in row.items():
            assert (one.clean[name] is value) == (other.clean[name] is value)


def test_models_with_any_bases() -> None:
    class Mixin:
        pass

    class Model(Mixin, Table):
        name: str

    class Child(Model):
        def __init__(self, **values: Any) -> None:
            raise AssertionError

    for model in (Model, Child):
        (one,) = model._hydrate([{"id": 1, "name": "a"}])
        assert type(one) is model
        assert (one._data, one._clean) == ({"id": 1, "name": "a"}, {"id": 1, "name": "a"})
        one.name = "b"
        assert one._changes() == {"name": "b"}


def test_classes_that_must_not_be_made_like_that() -> None:
    class Rows(list[Any]):
        __slots__ = ("clean", "data")

    class Abstract(ABC):
        __slots__ = ("clean", "data")

        @abstractmethod
        def method(self) -> None: ...

    for model, message in ((Rows, r"object.__new__\(Rows\) is not safe"), (Abstract, "abstract")):
        slots = model.__dict__["data"], model.__dict__["clean"]
        with pytest.raises(TypeError, match=message):
            _binding.hydrate(model, [{}], *slots, (), copy.copy)


def test_wrong_arguments() -> None:
    class Other:
        __slots__ = ("data",)

    wrong: list[tuple[Any, ...]] = [
        (object(), [], DATA, CLEAN, (), copy.copy),
        (Slots, ({},), DATA, CLEAN, (), copy.copy),
        (Slots, [None], DATA, CLEAN, (), copy.copy),
        (Slots, [{}, None], DATA, CLEAN, (), copy.copy),
        (Slots, [{}], 1, CLEAN, (), copy.copy),
        (Slots, [{}], DATA, object(), (), copy.copy),
        (Slots, [{}], Other.__dict__["data"], CLEAN, (), copy.copy),
        (Slots, [{}], DATA, Other.__dict__["data"], (), copy.copy),
        (Slots, [{}], DATA, CLEAN, [], copy.copy),
        (Slots, [{"a": 1}], DATA, CLEAN, ("a",), None),
        (Slots, [{"a": 1}], DATA, CLEAN, ([],), copy.copy),
        (Slots, [{}]),
    ]
    for arguments in wrong:
        with pytest.raises(TypeError):
            _binding.hydrate(*arguments)
    with pytest.raises(KeyError, match="b"):
        native([{"a": 1}], ("b",))
    assert native([]) == []


def test_an_error_of_a_copy_goes_through_and_nothing_is_kept() -> None:
    value = object()

    def refuse(each: object) -> object:
        if each is value:
            raise ZeroDivisionError
        return each

    rows = [{"a": 1}, {"a": value}]
    before = [sys.getrefcount(each) for each in (value, *rows, Slots)]
    for _ in range(100):
        with pytest.raises(ZeroDivisionError):
            native(rows, ("a",), refuse)
    gc.collect()
    assert [sys.getrefcount(each) for each in (value, *rows, Slots)] == before


def test_rows_may_change_while_values_are_copied() -> None:
    rows: list[Any] = [{"a": [number]} for number in range(10)]

    def clear(each: Any) -> Any:
        del rows[1:]
        gc.collect()
        return list(each)

    (only,) = native(rows, ("a",), clear)
    assert only.clean == {"a": [0]}


def test_instances_are_collected() -> None:
    native([{"a": 1}])
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(200):
            made = native([{"a": [number]} for number in range(10)], ("a",))
            made[0].__dict__["itself"] = made  # a cycle, for the collector to find
            del made
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 20_000
    finally:
        tracemalloc.stop()


def collections(rows: list[dict[str, Any]], mutable: tuple[str, ...] = ()) -> int:
    """How often the collector runs while instances are made of rows."""
    phases: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        phases.append(phase)

    gc.collect()
    gc.callbacks.append(note)
    try:
        native(rows, mutable, copy.copy)
        return phases.count("start")
    finally:
        gc.callbacks.remove(note)


def test_the_collector_waits_until_the_instances_are_there() -> None:
    rows = [{"a": number} for number in range(20 * gc.get_threshold()[0])]
    assert gc.isenabled()
    assert collections(rows) <= 1  # what is beside the function may bring one about
    assert collections(rows, ("a",)) > 10  # copies may run any code, which may need it
    assert gc.isenabled()


def test_the_collector_is_left_as_it_was() -> None:
    with pytest.raises(TypeError, match="a row must be a dict"):
        native([{}, None])  # type: ignore[list-item]
    assert gc.isenabled()
    gc.disable()
    try:
        native([{"a": 1}])
        assert not gc.isenabled()
        native([{"a": 1}], ("a",))
        assert not gc.isenabled()
    finally:
        gc.enable()

    def disable(value: object) -> object:
        gc.disable()
        return value

    try:
        native([{"a": 1}], ("a",), disable)
        assert not gc.isenabled()
    finally:
        gc.enable()
