"""Rows that become instances."""

from __future__ import annotations

import copy
import pickle
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ouroboros_postgres import Column, Table
from ouroboros_postgres._sql import models


class Item(Table):
    name: str = "default"
    tags: list[str] = Column(default_factory=lambda: ["default"])
    amount: int | None = 5


class BySku(Table):
    sku: str = Column(primary_key=True)
    note: str | None


def hydrated(model: type[Any], **row: Any) -> Any:
    return models.hydrate(model, [row])[0]


def test_exactly_the_returned_columns_are_set() -> None:
    item = hydrated(Item, id=1, amount=None)
    assert item._data == {"id": 1, "amount": None}
    assert item.to_dict() == {"id": 1, "amount": None}
    assert (item.id, item.amount) == (1, None)


def test_the_row_itself_becomes_the_data() -> None:
    row = {"id": 1, "name": "a", "extra": 5}
    item = models.hydrate(Item, [row])[0]
    assert item._data is row
    assert item.extra == 5
    assert type(item) is Item
    assert models.hydrate(Item, []) == []


def test_hydrated_instances_are_persistent_and_clean() -> None:
    item = hydrated(Item, id=1, name="a", tags=["x"])
    assert models.is_persistent(item)
    assert item._changes() == {}
    item.tags.append("y")
    assert item._changes() == {"tags": ["x", "y"]}
    item.tags.pop()
    assert item._changes() == {}
    assert not models.is_persistent(Item(id=1))


@pytest.mark.parametrize(
    ("value", "change"),
    [
        ([1, [2]], lambda value: value[1].append(3)),
        ({"a": {"b": 1}}, lambda value: value["a"].update(b=2)),
        ([{"a": 1}], lambda value: value[0].clear()),
        (({"a": 1}, 2), lambda value: value[0].clear()),
        (bytearray(b"x"), lambda value: value.append(1)),
        ({1, 2}, lambda value: value.add(3)),
    ],
)
def test_changes_in_place_show_at_any_depth(value: Any, change: Any) -> None:
    item = hydrated(Item, id=1, undeclared=value)
    assert item._changes() == {}
    change(item.undeclared)
    assert list(item._changes()) == ["undeclared"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


def containers(value: Any) -> list[Any]:
    """Returns all lists and dicts in a document, itself included."""
    if isinstance(value, dict):
        return [value, *(found for item in value.values() for found in containers(item))]
    if isinstance(value, list):
        return [value, *(found for item in value for found in containers(item))]
    return []


@given(doc=JSON, data=st.data())
def test_any_change_in_any_document_is_seen_and_none_where_there_is_none(doc: Any, data: st.DataObject) -> None:
    item = hydrated(Item, id=1, doc=doc)
    assert item._changes() == {}
    found = containers(item.doc)
    if found:
        changed = data.draw(st.sampled_from(found))
        if isinstance(changed, list):
            changed.append("new")
        else:
            changed["new key"] = 1
        assert item._changes() == {"doc": item.doc}


def test_in_place_changes_are_seen_in_every_row() -> None:
    items = models.hydrate(Item, [{"id": 1, "name": "a", "doc": None}, {"id": 2, "name": "b", "doc": {"a": 1}}])
    items[1].doc["a"] = 2
    assert items[1]._changes() == {"doc": {"a": 2}}
    assert items[0]._changes() == {}


def test_columns_left_out_are_loaded_when_awaited() -> None:
    item = hydrated(Item, id=1, name="a")
    assert not item.tags.is_loaded
    assert item.tags is item.tags
    assert item.tags is not item.amount
    item.tags = ["mine"]
    assert item.tags == ["mine"]
    assert item._changes() == {"tags": ["mine"]}
    models.absorb(item, {"amount": 3})
    assert item.amount == 3
    assert item._changes() == {"tags": ["mine"]}


def test_an_id_that_the_table_does_not_have_is_none() -> None:
    assert hydrated(BySku, sku="a", note="n").id is None
    assert not hydrated(BySku, note="n").sku.is_loaded


def test_an_instance_without_its_key_is_partial() -> None:
    item = hydrated(Item, name="a")
    assert item._is_partial()
    assert not hydrated(Item, id=None, name="a")._is_partial()
    assert item._get_pk() is None
    assert models.value_of(item, "tags") is None


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda item: pickle.loads(pickle.dumps(item))])  # noqa: S301
def test_copies_stay_persistent_and_know_their_own_changes(duplicate: Any) -> None:
    item = hydrated(Item, id=1, name="a", doc={"a": 1})
    _ = item.tags
    item.name = "b"
    twin = duplicate(item)
    assert twin._changes() == {"name": "b"}
    twin.name = "a"
    assert twin._changes() == {}
    assert item._changes() == {"name": "b"}
    assert not twin.tags.is_loaded
    assert twin.tags is not item.tags


def test_other_classes_are_called() -> None:
    class Point:
        def __init__(self, **values: int) -> None:
            self.values = values

        @classmethod
        def __table_name__(cls) -> str:
            return "point"

    assert models.hydrate(Point, [{"x": 1}])[0].values == {"x": 1}
    assert models.is_model(Point)
    assert not models.is_model(Point())


async def test_a_query_gives_hydrated_instances(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE item (id int PRIMARY KEY, name text, amount int, more text)")
    await pg.execute("INSERT INTO item VALUES (1, NULL, NULL, 'm')")
    item = (await Item.find().to_list())[0]
    assert item.to_dict() == {"id": 1, "name": None, "amount": None, "more": "m"}


async def test_a_query_of_other_classes(pg: ModuleType) -> None:
    class Plain:
        def __init__(self, **values: Any) -> None:
            self.values = values

        @classmethod
        def __table_name__(cls) -> str:
            return "item"

    await pg.execute("CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1, 'a')")
    found = await pg.QueryBuilder(Plain, ({"name": "a"},)).to_list()
    assert [item.values for item in found] == [{"id": 1, "name": "a"}]
