"""`AttributeEvents`: what is told of assignments and deletions, by models and by other classes."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Iterator
from functools import cached_property
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import AttributeEvents, BackReference, Column, Table, defer, events, relationship

SCHEMA = """
CREATE TABLE team (id serial PRIMARY KEY, name text);
CREATE TABLE member (id serial PRIMARY KEY, name text, tags text[], score int DEFAULT 5, team_id int);
"""


class Team(Table):
    name: str


class ModelFirst(Table, AttributeEvents):
    name: str
    tags: list[str] | None
    score: int = 5
    team_id: int | None = Column(foreign_key="team.id")
    team = relationship(Team, "team_id")
    others = BackReference("member", "team_id", "team_id")

    class Settings:
        table_name = "member"

    @property
    def upper(self) -> str:
        """The name in capitals."""
        return str(self.name).upper()

    @upper.setter
    def upper(self, value: str) -> None:
        self.name = value.lower()


class MixinFirst(AttributeEvents, Table):
    name: str
    tags: list[str] | None
    score: int = 5
    team_id: int | None = Column(foreign_key="team.id")
    team = relationship(Team, "team_id")
    others = BackReference("member", "team_id", "team_id")
    upper = ModelFirst.upper

    class Settings:
        table_name = "member"


class Derived(ModelFirst):
    nick: str | None

    class Settings:
        table_name = "member"


class Behind(Team, AttributeEvents):
    score: int | None

    class Settings:
        table_name = "member"


class Plain(AttributeEvents):
    kind = "plain"

    def __init__(self, name: str = "a") -> None:
        self.name = name


MODELS = [ModelFirst, MixinFirst, Derived, Behind]
CLASSES: list[Any] = [*MODELS, Plain]


@pytest.fixture(autouse=True)
def nobody_listens() -> Iterator[None]:
    yield
    events.event.clear()


@pytest.fixture
def told() -> list[Any]:
    """What is told of any class: name, old value, new value."""
    found: list[Any] = []
    events.listen(None, "attribute_set", lambda _, *change: found.append(change))
    return found


@pytest.fixture
def removed() -> list[Any]:
    """What is told to be removed from any class: name, old value."""
    found: list[Any] = []
    events.listen(None, "attribute_remove", lambda _, *change: found.append(change))
    return found


# Tracking.


@pytest.mark.parametrize("model", CLASSES)
def test_tracking_is_off_until_it_is_enabled(model: Any, told: list[Any], removed: list[Any]) -> None:
    obj = model(name="a")
    assert obj._tracking_enabled is False
    assert obj._original_values == {}
    obj.name = "b"
    del obj.name
    assert told == []
    assert removed == []
    obj.name = "c"
    obj.enable_tracking()
    assert obj._tracking_enabled is True
    assert obj._original_values["name"] == "c"
    obj.name = "d"
    assert told == [("name", "c", "d")]
    obj.disable_tracking()
    assert obj._tracking_enabled is False
    obj.name = "e"
    assert told == [("name", "c", "d")]
    assert obj.name == "e"


@pytest.mark.parametrize("model", CLASSES)
def test_each_instance_is_tracked_for_itself(model: Any, told: list[Any]) -> None:
    one, other = model(name="a"), model(name="b")
    one.enable_tracking()
    other.name = "x"
    assert told == []
    assert other._original_values == {}
    one.name = "y"
    assert told == [("name", "a", "y")]


@pytest.mark.parametrize("model", CLASSES)
def test_the_listener_gets_the_instance_with_its_new_value(model: Any) -> None:
    calls: list[Any] = []

    @events.listens_for(model, "attribute_set")
    def listener(obj: Any, name: str, old: Any, new: Any) -> None:
        calls.append((obj, obj.name, name, old, new))

    obj = model(name="a")
    obj.enable_tracking()
    obj.name = "b"
    assert calls == [(obj, "b", "name", "a", "b")]


@pytest.mark.parametrize("model", CLASSES)
def test_equal_values_and_private_names_are_not_told(model: Any, told: list[Any]) -> None:
    obj = model(name="a")
    obj.enable_tracking()
    obj.name = "".join(("a",))
    obj._name = "b"
    obj._tracking_enabled = True
    assert told == []
    assert obj._name == "b"


@pytest.mark.parametrize("model", CLASSES)
def test_one_assignment_is_told_once(model: Any, told: list[Any]) -> None:
    class Further(model):  # type: ignore[misc]
        pass

    obj = Further(name="a")
    obj.enable_tracking()
    obj.name = "b"
    assert told == [("name", "a", "b")]


@pytest.mark.parametrize("model", CLASSES)
def test_deletions(model: Any, removed: list[Any]) -> None:
    obj = model(name="a")
    obj._private = 1
    obj.enable_tracking()
    del obj.name
    del obj._private
    assert removed == [("name", "a")]
    with pytest.raises(AttributeError):
        del obj.nothing
    assert removed == [("name", "a")]


@pytest.mark.parametrize("model", CLASSES)
def test_listeners_that_fail_do_not_stop_assignments(model: Any) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("broken")

    events.listen(model, "attribute_set", broken)
    obj = model(name="a")
    obj.enable_tracking()
    with pytest.warns(UserWarning, match="^Event listener error: broken"):
        obj.name = "b"
    assert obj.name == "b"


def test_coroutine_functions_are_warned_of() -> None:
    async def later(*_: Any) -> None:
        raise AssertionError

    events.listen(ModelFirst, "attribute_set", later)
    obj = ModelFirst(name="a")
    obj.enable_tracking()
    with pytest.warns(UserWarning, match="has to be awaited"):
        obj.name = "b"


def test_a_listener_may_set_attributes(told: list[Any]) -> None:
    @events.listens_for(ModelFirst, "attribute_set", priority=1)
    def clamp(obj: ModelFirst, name: str, old: Any, new: Any) -> None:
        if name == "score" and new > 10:
            obj.score = 10

    obj = ModelFirst(name="a")
    obj.enable_tracking()
    obj.score = 50
    assert obj.score == 10
    assert told == [("score", 50, 10), ("score", 5, 50)]


# Models.


@pytest.mark.parametrize("model", MODELS)
def test_models_are_what_they_are_without_it(model: Any) -> None:
    obj = model(id=3, name="a")
    obj.score = 7
    obj.other = 1
    assert obj.to_dict() == {**obj._data, "id": 3}
    assert (obj._data["score"], obj._data["other"]) == (7, 1)
    assert set(model._columns) >= {"id", "name", "score"}
    assert not {"enable_tracking", "kind"} & set(model._columns)


@pytest.mark.parametrize("model", MODELS)
def test_every_kind_of_column_is_told(model: Any, told: list[Any]) -> None:
    obj = model(name="a")
    obj.enable_tracking()
    obj.id = 4
    obj.score = 6
    obj.undeclared = "x"
    expected = None if model is Behind else 5
    assert told == [("id", None, 4), ("score", expected, 6), ("undeclared", None, "x")]
    assert obj.id == 4


@pytest.mark.parametrize("model", MODELS)
def test_original_values_are_copies_of_columns_alone(model: Any) -> None:
    obj = model(id=1, name="a", tags=["x"])
    obj._note = 1
    obj.enable_tracking()
    obj.tags.append("y")
    assert {"id": 1, "name": "a", "tags": ["x"]}.items() <= obj._original_values.items()
    assert obj._original_values.keys() <= {"id", "name", "tags", "score"}


def test_enabling_asks_no_property() -> None:
    class Strict(Table, AttributeEvents):
        name: str
        team = relationship(Team, "team_id")

        @property
        def costly(self) -> str:
            raise AssertionError

        @cached_property
        def once(self) -> str:
            raise AssertionError

    obj = Strict(name="a")
    obj.enable_tracking()
    assert obj._original_values == {"name": "a"}


@pytest.mark.parametrize("model", [ModelFirst, MixinFirst])
def test_properties_with_setters(model: Any, told: list[Any]) -> None:
    obj = model(name="a")
    obj.enable_tracking()
    obj.upper = "B"
    assert told == [("name", "a", "b"), ("upper", "A", "B")]


@pytest.mark.parametrize("model", [ModelFirst, MixinFirst])
def test_relationships_are_told_with_their_column(model: Any, told: list[Any]) -> None:
    ada, grace = Team(id=1, name="a"), Team(id=2, name="b")
    obj = model(name="a")
    obj.enable_tracking()
    obj.team = ada
    obj.team = ada
    obj.team = grace
    obj.team = None
    assert told == [
        ("team_id", None, 1), ("team", None, ada), ("team_id", 1, 2), ("team", ada, grace), ("team_id", 2, None),
        ("team", grace, None),
    ]  # fmt: skip


@pytest.mark.parametrize("model", [ModelFirst, MixinFirst])
def test_what_refuses_assignments_still_does(model: Any, told: list[Any]) -> None:
    obj = model(name="a")
    obj.enable_tracking()
    with pytest.raises(AttributeError):
        obj.others = []
    with pytest.raises(TypeError):
        obj.team = "no team"
    assert told == []


@pytest.mark.parametrize("front", [True, False])
def test_a_setattr_of_the_model_itself_is_kept(front: bool, told: list[Any]) -> None:
    class Shouting(*((AttributeEvents, Table) if front else (Table, AttributeEvents))):  # type: ignore[misc]
        name: str
        gone: list[str]

        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, value.upper() if isinstance(value, str) else value)

        def __delattr__(self, name: str) -> None:
            super().__setattr__("gone", [name])
            super().__delattr__(name)

    obj = Shouting()
    obj.enable_tracking()
    obj.name = "a"
    assert obj.name == "A"
    assert [change[:2] for change in told] == [("name", None)]
    del obj.name
    assert obj.gone == ["name"]


@pytest.mark.parametrize("model", MODELS)
def test_copies_and_pickles(model: Any, told: list[Any]) -> None:
    obj = model(name="a")
    obj.enable_tracking()
    for twin in (copy.copy(obj), pickle.loads(pickle.dumps(obj))):  # noqa: S301 - its own data
        assert twin._tracking_enabled
        twin.name = "b"
    assert told == [("name", "a", "b")] * 2
    assert obj.name == "a"


# On a server.


@pytest.fixture
async def tables(pg: ModuleType) -> None:
    await pg.execute(SCHEMA)


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize("model", [ModelFirst, MixinFirst])
async def test_values_from_the_database_are_not_told(model: Any, database: Database, told: list[Any]) -> None:
    obj = model(name="a")
    obj.enable_tracking()
    await obj.save()
    database.query("UPDATE member SET name = 'z', score = 9")
    await obj.refresh()
    assert obj.name == "z"
    assert told == []
    obj.name = "b"
    await obj.save()
    assert told == [("name", "z", "b")]
    assert database.query("SELECT name, score FROM member") == [{"name": "b", "score": 9}]
    found = await model.get(obj.id)
    assert not found._tracking_enabled
    assert told == [("name", "z", "b")]


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize("model", [ModelFirst, MixinFirst])
async def test_what_is_not_loaded_stays_so(model: Any, told: list[Any], removed: list[Any]) -> None:
    await Team.insert(name="t")
    await model.insert(name="a", team_id=1)
    obj = await model.find().options(defer("name")).one()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of coroutines that nobody awaits
        obj.enable_tracking()
        assert "name" not in obj._original_values
        obj.name = "b"
        obj.team = team = Team(id=2, name="u")
        await team.save()
    assert told == [("name", None, "b"), ("team_id", 1, 2), ("team", None, team)]
    await obj.team
    del obj.team
    assert removed == [("team", team)]


# Other classes.


def test_defaults_of_the_class_and_new_attributes(told: list[Any]) -> None:
    obj = Plain()
    obj.enable_tracking()
    assert obj._original_values == {"name": "a"}
    obj.kind = "plain"
    obj.kind = "other"
    obj.fresh = None  # type: ignore[attr-defined]
    obj.fresh = 1  # type: ignore[attr-defined]
    assert told == [("kind", "plain", "other"), ("fresh", None, 1)]


def test_slots_and_descriptors(told: list[Any]) -> None:
    class Odd(AttributeEvents):
        __slots__ = ("slot",)

        @cached_property
        def cached(self) -> str:
            raise AssertionError

        @property
        def doubled(self) -> int:
            return self.slot * 2

        @doubled.setter
        def doubled(self, value: int) -> None:
            self.slot = value // 2

        def method(self) -> None: ...

    obj = Odd()
    obj.enable_tracking()
    obj.slot = 1
    obj.doubled = 6
    obj.cached = "x"
    obj.method = None  # type: ignore[method-assign,assignment]
    assert told == [("slot", None, 1), ("slot", 1, 3), ("doubled", 2, 6), ("cached", None, "x")]


def test_cooperation_with_other_bases(told: list[Any]) -> None:
    class Counting:
        sets = 0

        def __setattr__(self, name: str, value: Any) -> None:
            Counting.sets += 1
            super().__setattr__(name, value)

    class Both(Counting, AttributeEvents):
        pass

    class Reversed(AttributeEvents, Counting):
        pass

    for model in (Both, Reversed):
        obj: Any = model()
        obj.enable_tracking()
        before, told[:] = Counting.sets, []
        obj.name = "a"
        assert Counting.sets == before + 1
        assert told == [("name", None, "a")]


def test_properties_are_not_asked_where_nobody_listens() -> None:
    class Strict(AttributeEvents):
        @property
        def costly(self) -> str:
            raise AssertionError

        @costly.setter
        def costly(self, value: str) -> None:
            self._costly = value

    obj = Strict()
    obj.enable_tracking()
    obj.costly = "x"
    assert obj._costly == "x"
