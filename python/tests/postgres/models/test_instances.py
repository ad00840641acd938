"""Making instances, and their attributes."""

from __future__ import annotations

import copy
import gc
import pickle
import uuid
import weakref
from typing import Any

import pytest

from ouroboros_postgres import Column, Table
from ouroboros_postgres._column import GeneratedColumn


class Item(Table):
    name: str
    amount: int = 3
    tags: list[str] = []  # noqa: RUF012 - the point of a test
    nested: dict[str, Any] = {"a": [1]}  # noqa: RUF012
    code: str = Column(default="c")
    bag: list[int] = Column(default=[1])
    made: list[int] = Column(default_factory=list)
    both: str = Column(default="default", default_factory=lambda: "factory")
    unset: str | None = Column()
    empty: str | None = None
    bare: int


class Keyed(Table):
    id: uuid.UUID = Column(primary_key=True, default_factory=uuid.uuid4)


class TextKeyed(Table):
    id: str


class BySku(Table):
    sku: str
    title: str | None

    class Settings:
        primary_key = "sku"


def test_defaults_of_all_kinds() -> None:
    item = Item(name="x")
    assert item.to_dict() == {
        "name": "x",
        "amount": 3,
        "tags": [],
        "nested": {"a": [1]},
        "code": "c",
        "bag": [1],
        "made": [],
        "both": "factory",
    }
    assert item.id is None
    assert item.unset is None
    assert item.empty is None
    assert item.bare is None
    assert {"id", "unset", "empty", "bare"}.isdisjoint(item._data)


def test_an_explicit_none_beats_any_default() -> None:
    item = Item(name=None, amount=None, code=None, made=None)
    assert item._data["name"] is None
    assert item._data["amount"] is None
    assert item.code is None
    assert item.made is None


def test_mutable_defaults_belong_to_one_instance() -> None:
    one, other = Item(), Item()
    one.tags.append("x")
    one.nested["a"].append(2)
    one.bag.append(2)
    one.made.append(1)
    assert (other.tags, other.nested, other.bag, other.made) == ([], {"a": [1]}, [1], [])
    assert (Item().tags, Item().nested, Item().bag) == ([], {"a": [1]}, [1])


def test_the_identity_is_kept_outside_the_data() -> None:
    item = Item(id=5, name="x")
    assert item.id == 5
    assert "id" not in item._data
    assert item.to_dict()["id"] == 5
    assert Item(id=None).id is None
    assert "id" not in Item(id=None).to_dict()
    assert Item(id=0).id == 0
    assert Item(id="7").id == 7
    item.id = 9
    assert item.id == 9
    assert item.to_dict()["id"] == 9


def test_only_an_integer_identity_becomes_a_number() -> None:
    assert TextKeyed(id="007").id == "007"
    value = uuid.uuid4()
    assert Keyed(id=value).id == value
    assert isinstance(Keyed().id, uuid.UUID)
    assert Keyed().id != Keyed().id
    with pytest.raises(ValueError, match="invalid literal"):
        Item(id="x")


def test_another_primary_key_is_a_column_like_others() -> None:
    item = BySku(sku="a")
    assert item._data == {"sku": "a"}
    assert item.id is None
    assert item._get_pk() == "a"
    assert item._get_pk_column() == "sku"
    assert item._get_column_values() == {"sku": "a"}


def test_unknown_keywords_are_kept() -> None:
    item = Item(name="x", extra=5)
    assert item.extra == 5
    assert item._data["extra"] == 5
    assert item.to_dict()["extra"] == 5
    assert "extra" not in item._get_column_values()


def test_only_keywords_are_taken() -> None:
    with pytest.raises(TypeError):
        Item("x")  # type: ignore[call-arg, misc]


def test_unknown_attributes_are_errors() -> None:
    with pytest.raises(AttributeError, match="'Item' object has no attribute 'nothing'"):
        _ = Item().nothing
    with pytest.raises(AttributeError, match="'Item' object has no attribute 'nothing'"):
        del Item().nothing
    with pytest.raises(AttributeError, match="'Item' object has no attribute '_nothing'"):
        _ = Item()._nothing


def test_assignments_go_to_the_data() -> None:
    item = Item()
    item.name = "n"
    item.undeclared = 4
    item._internal = 5
    assert item._data["name"] == "n"
    assert item._data["undeclared"] == 4
    assert "_internal" not in item._data
    assert item._internal == 5
    del item.name
    assert item.name is None
    assert "name" not in item._data


def test_the_data_can_be_replaced_as_a_whole() -> None:
    item = Item(name="x")
    item._data = {"name": "y"}
    assert item.name == "y"
    assert item.amount is None


def test_descriptors_of_the_class_take_assignments() -> None:
    class Total(GeneratedColumn):
        expression, stored = "amount * 2", True

        def __get__(self, instance: Any, owner: object = None) -> Any:
            return self if instance is None else instance._data.get("total")

        def __set__(self, instance: object, value: object) -> None:
            raise AttributeError("can't set attribute 'total': computed columns are read-only")

    class Priced(Table):
        amount: int
        total: int = Total()  # type: ignore[assignment]

        @property
        def shouted(self) -> str:
            return "x"

        @shouted.setter
        def shouted(self, value: int) -> None:
            self.amount = value * 2

    priced = Priced(amount=1)
    priced.shouted = 4
    assert priced._data == {"amount": 8}
    assert Priced(shouted=3)._data == {"amount": 6}  # type: ignore[call-arg]
    with pytest.raises(AttributeError, match="computed columns are read-only"):
        priced.total = 5
    priced._data["total"] = 16
    assert priced.total == 16
    assert priced._get_column_values() == {"amount": 8}
    assert list(Priced._columns) == ["id", "amount", "total"]
    assert isinstance(Priced.total, Total)


def test_instances_are_equal_to_themselves_only() -> None:
    one, other = Item(id=1, name="x"), Item(id=1, name="x")
    assert one != other
    assert one == one
    assert {one, other, one} == {one, other}
    gone = weakref.ref(other)
    del other
    gc.collect()
    assert gone() is None


def test_repr_shows_the_values_shortened() -> None:
    assert repr(TextKeyed(id="a")) == "TextKeyed(id='a')"
    assert repr(BySku(sku="s", title="t" * 1000)) == f"BySku(sku='s', title='{'t' * 58}…)"
    assert repr(TextKeyed()) == "TextKeyed()"


def test_to_dict_is_a_copy() -> None:
    item = Item(name="x")
    item.to_dict()["name"] = "y"
    assert item.name == "x"


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda item: pickle.loads(pickle.dumps(item))])  # noqa: S301
def test_copies_are_independent(duplicate: Any) -> None:
    item = TextKeyed(id="a", extra=[1])
    twin = duplicate(item)
    assert type(twin) is TextKeyed
    assert twin.to_dict() == {"id": "a", "extra": [1]}
    twin.id = "b"
    twin.extra = 5
    assert item.to_dict() == {"id": "a", "extra": [1]}


def test_a_mixin_with_slots_and_one_without_fit() -> None:
    class Plain:
        def hello(self) -> str:
            return "hello"

    class First(Plain, Table):
        name: str

    class Last(Table, Plain):
        name: str

    assert First(name="a").hello() == Last(name="b").hello() == "hello"
