"""What sessions are made of, without a database: identity map, dirty tracker, unit of work."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from typing import Any

import pytest

import ouroboros_postgres
from ouroboros_postgres import DirtyTracker, IdentityMap, Session, Table, UnitOfWork, get_session
from ouroboros_postgres.session import IdentityKey, ObjectSnapshot, ObjectState


@dataclass
class Plain:
    """Unhashable, and equal to others with the same values."""

    id: int | None = None
    name: str = ""
    tags: Any = None


class Model(Table):
    name: str | None = None
    tags: list[str] | None = None


class Slotted:
    __slots__ = ("id", "name")

    def __init__(self, id: int, name: str) -> None:
        self.id, self.name = id, name


def test_names_are_exported() -> None:
    assert ouroboros_postgres.Session is Session is ouroboros_postgres.session.Session
    assert {state.name for state in ObjectState} == {
        "TRANSIENT",
        "PENDING",
        "PERSISTENT",
        "DIRTY",
        "DELETED",
        "DETACHED",
    }


class TestIdentityKey:
    def test_is_equal_by_both_fields_and_to_nothing_else(self) -> None:
        key = IdentityKey("users", 1)
        assert key == IdentityKey(table_name="users", primary_key=1)
        assert hash(key) == hash(IdentityKey("users", 1))
        assert key != IdentityKey("users", 2)
        assert key != IdentityKey("posts", 1)
        assert key != ("users", 1)


class TestIdentityMap:
    @pytest.mark.parametrize("weak", [True, False])
    def test_many_at_once(self, weak: bool) -> None:
        found = IdentityMap(use_weak_refs=weak)
        one, two, slotted = Plain(1, "a"), Plain(2, "b"), Slotted(3, "c")
        found.add_all("plain", [(1, one), (None, two), (3, slotted)])
        assert (found.get("plain", 1), found.get("plain", 3), len(found)) == (one, slotted, 2)
        assert found.get("plain", None) is None
        assert not found.contains("other", 1)
        found.remove("other", 1)
        found.add_all("plain", iter([(1, two)]))
        assert found.get("plain", 1) is two

    @pytest.mark.parametrize("weak", [True, False])
    def test_gives_back_what_was_added(self, weak: bool) -> None:
        found = IdentityMap(use_weak_refs=weak)
        first, second = Plain(1), Plain(1)
        found.add("plain", 1, first)
        assert found.get("plain", 1) is first
        assert found.contains("plain", 1)
        assert found.get("plain", 2) is None
        assert found.get("other", 1) is None
        found.add("plain", 1, second)
        assert found.get("plain", 1) is second
        assert len(found) == 1
        found.remove("plain", 1)
        found.remove("plain", 1)
        assert not found.contains("plain", 1)
        found.add("plain", 1, first)
        found.clear()
        assert len(found) == 0

    def test_weak_entries_go_with_their_objects(self) -> None:
        found = IdentityMap()
        kept, lost = Plain(1), Plain(2)
        found.add("plain", 1, kept)
        found.add("plain", 2, lost)
        del lost
        gc.collect()
        assert found.get("plain", 2) is None
        assert len(found) == 1

    def test_strong_entries_stay(self) -> None:
        found = IdentityMap(use_weak_refs=False)
        found.add("plain", 1, Plain(1))
        gc.collect()
        assert found.get("plain", 1) == Plain(1)

    def test_objects_without_weak_references_are_kept(self) -> None:
        found = IdentityMap()
        found.add("slotted", 1, Slotted(1, "a"))
        gc.collect()
        assert found.get("slotted", 1).name == "a"
        weak = Plain(1)
        found.add("slotted", 1, weak)
        assert found.get("slotted", 1) is weak
        assert len(found) == 1
        found.add("slotted", 1, Slotted(1, "b"))
        assert found.get("slotted", 1).name == "b"
        assert len(found) == 1
        found.remove("slotted", 1)
        assert len(found) == 0


class TestDirtyTracker:
    @pytest.mark.parametrize("make", [lambda: Plain(1, "a", ["x"]), lambda: Model(id=1, name="a", tags=["x"])])
    def test_finds_changes(self, make: Any) -> None:
        tracker, obj = DirtyTracker(), make()
        assert not tracker.is_dirty(obj)
        obj.name = "b"
        assert tracker.get_dirty_fields(obj) == {}
        tracker.take_snapshot(obj)
        assert not tracker.is_dirty(obj)
        obj.name = "c"
        assert tracker.is_dirty(obj)
        assert tracker.get_dirty_fields(obj) == {"name": ("b", "c")}
        tracker.refresh_snapshot(obj)
        assert tracker.get_dirty_fields(obj) == {}
        obj.tags.append("y")
        assert tracker.get_dirty_fields(obj) == {"tags": (["x"], ["x", "y"])}
        tracker.clear_snapshot(obj)
        assert not tracker.is_dirty(obj)

    def test_sees_changes_deep_in_values(self) -> None:
        tracker, obj = DirtyTracker(), Plain(1, "a", {"k": [{"n": 1}]})
        tracker.take_snapshot(obj)
        obj.tags["k"][0]["n"] = 2
        assert tracker.is_dirty(obj)

    def test_new_and_vanished_fields(self) -> None:
        tracker, obj = DirtyTracker(), Plain(1, "a")
        tracker.take_snapshot(obj)
        obj.extra = 5  # type: ignore[attr-defined]
        del obj.tags
        assert tracker.get_dirty_fields(obj) == {"extra": (None, 5), "tags": (None, None)}
        assert tracker.is_dirty(obj)

    def test_private_attributes_do_not_count(self) -> None:
        tracker, obj = DirtyTracker(), Plain(1, "a")
        tracker.take_snapshot(obj)
        obj._cache = 5  # type: ignore[attr-defined]
        assert not tracker.is_dirty(obj)

    def test_snapshots_can_be_looked_at_and_changed(self) -> None:
        tracker, obj = DirtyTracker(), Plain(1, "a")
        tracker.take_snapshot(obj)
        snapshot = tracker._snapshots[id(obj)]
        assert isinstance(snapshot, ObjectSnapshot)
        assert snapshot.data == {"id": 1, "name": "a", "tags": None}
        del snapshot.data["name"]
        assert tracker.get_dirty_fields(obj) == {"name": (None, "a")}
        tracker.clear()
        assert tracker._snapshots == {}

    def test_a_snapshot_keeps_its_object_so_that_its_id_stays_its_own(self) -> None:
        tracker = DirtyTracker()
        for number in range(100):
            tracker.take_snapshot(Plain(number, "a"))
        fresh = [Plain(number, "b") for number in range(100)]
        assert not any(tracker.is_dirty(obj) for obj in fresh)
        assert len(tracker._snapshots) == 100

    def test_snapshot_of_an_object(self) -> None:
        assert ObjectSnapshot().data == {}
        assert ObjectSnapshot(data={"a": 1}).data == {"a": 1}
        assert ObjectSnapshot.from_object(Plain(1, "a")).data == {"id": 1, "name": "a", "tags": None}
        assert ObjectSnapshot.from_object(Slotted(1, "a")).data == {"id": 1, "name": "a"}


class TestUnitOfWork:
    def test_membership_is_by_identity(self) -> None:
        work = UnitOfWork()
        first, second = Plain(1), Plain(1)
        work.register_new(first)
        work.register_new(second)
        work.register_new(first)
        assert [id(obj) for obj in work.new_objects] == [id(first), id(second)]

    def test_deleting_a_new_object_takes_it_from_the_new_and_lists_it(self) -> None:
        work, obj = UnitOfWork(), Plain()
        work.register_new(obj)
        work.register_deleted(obj)
        assert work.new_objects == []
        assert work.deleted_objects == [obj]
        assert work.has_pending

    def test_clean_objects_are_watched(self) -> None:
        work, obj = UnitOfWork(), Plain(1, "a")
        work.register_clean(obj)
        assert not work.has_pending
        assert not work.is_dirty(obj)
        obj.name = "b"
        assert work.is_dirty(obj)
        assert work.get_dirty_fields(obj) == {"name": ("a", "b")}
        assert work.dirty_objects == [obj]
        assert work.has_pending

    def test_objects_can_be_registered_as_dirty(self) -> None:
        work, obj = UnitOfWork(), Plain(1, "a")
        work.register_dirty(obj)
        assert work.has_pending
        assert work.is_dirty(obj)
        assert work.dirty_objects == [obj]
        work.register_clean(obj)
        assert not work.has_pending

    def test_new_and_deleted_objects_are_not_to_be_updated(self) -> None:
        work, new, gone = UnitOfWork(), Plain(1), Plain(2)
        for obj in (new, gone):
            work.register_clean(obj)
            obj.name = "b"
        work.register_new(new)
        work.register_dirty(new)
        work.register_deleted(gone)
        assert work.dirty_objects == []

    def test_lists_are_copies(self) -> None:
        work = UnitOfWork()
        work.register_new(Plain())
        work.new_objects.clear()
        work.deleted_objects.append(1)
        work.dirty_objects.append(1)
        assert len(work.new_objects) == 1
        assert work.deleted_objects == work.dirty_objects == []

    def test_clear(self) -> None:
        work, obj = UnitOfWork(), Plain(1)
        work.register_clean(obj)
        obj.name = "b"
        work.register_new(Plain())
        work.register_deleted(Plain())
        work.register_dirty(Plain())
        work.clear()
        assert not work.has_pending
        assert work._dirty_tracker._snapshots == {}


class TestSessionWithoutDatabase:
    def test_construction(self) -> None:
        session = Session()
        assert session.autoflush
        assert session.expire_on_commit
        assert not session._closed
        assert isinstance(session._identity_map, IdentityMap)
        assert isinstance(session._unit_of_work, UnitOfWork)
        other = Session(autoflush=False, expire_on_commit=False)
        assert not other.autoflush
        assert not other.expire_on_commit

    @pytest.mark.parametrize("make", [Plain, Model])
    def test_add(self, make: Any) -> None:
        session, obj = Session(), make(name="a")
        assert session.add(obj) is obj
        assert session._unit_of_work.new_objects == [obj]
        assert session.is_modified(obj)
        assert obj in session
        assert list(session) == [obj]
        assert session.state(obj) is ObjectState.PENDING

    @pytest.mark.parametrize("make", [Plain, Model])
    def test_a_second_object_with_a_known_key_is_ignored(self, make: Any) -> None:
        session = Session()
        first, second = make(id=1, name="a"), make(id=1, name="b")
        assert session.add(first) is first
        assert session.add(second) is first
        assert session.add(first) is first
        assert second not in session
        assert len(session._unit_of_work.new_objects) == 1
        assert session._identity_map.get(make.__table_name__() if make is Model else "plain", 1) is first

    def test_add_all(self) -> None:
        session = Session()
        first = Plain(1)
        assert [id(obj) for obj in session.add_all([first, Plain(1)])] == [id(first), id(first)]

    def test_zero_is_a_key(self) -> None:
        session = Session()
        first = session.add(Plain(0))
        assert session.add(Plain(0)) is first

    def test_delete_and_add_again(self) -> None:
        session, obj = Session(), Plain(1)
        session.add(obj)
        session.delete(obj)
        assert obj not in session
        assert len(session._identity_map) == 0
        assert session._unit_of_work.deleted_objects == [obj]
        assert session.state(obj) is ObjectState.DELETED
        session.add(obj)
        assert session._unit_of_work.deleted_objects == []
        assert session._unit_of_work.new_objects == [obj]

    def test_expunge(self) -> None:
        session, new, gone = Session(), Plain(1), Plain(2)
        session.add(new)
        session.delete(gone)
        session.expunge(new)
        session.expunge(gone)
        session.expunge(Plain(3))
        assert session._unit_of_work.new_objects == session._unit_of_work.deleted_objects == []
        assert len(session._identity_map) == 0
        assert Session().add(new) is new
        session.add_all([Plain(4), Plain(5)])
        session.expunge_all()
        assert not session._unit_of_work.has_pending
        assert list(session) == []

    async def test_an_object_belongs_to_one_open_session(self) -> None:
        session, other, obj = Session(), Session(), Plain(1)
        session.add(obj)
        with pytest.raises(RuntimeError, match="belongs to another session"):
            other.add(obj)
        with pytest.raises(RuntimeError, match="belongs to another session"):
            other.delete(obj)
        await session.close()
        other.add(obj)
        del other
        gc.collect()
        Session().add(obj)

    async def test_a_closed_session_refuses(self) -> None:
        session = Session()
        session.add(Plain())
        await session.close()
        await session.close()
        assert session._closed
        for call in (session.add, session.delete):
            with pytest.raises(RuntimeError, match="Session is closed"):
                call(Plain())
        for work in (session.get(Plain, 1), session.flush(), session.commit(), session.begin(), session.merge(Plain())):
            with pytest.raises(RuntimeError, match="Session is closed"):
                await work
        await session.rollback()
        with pytest.raises(RuntimeError, match="Session is closed"):
            await session.__aenter__()

    async def test_nothing_to_do_needs_no_database(self) -> None:
        async with Session() as session:
            await session.flush()
            await session.commit()
            await session.rollback()
            assert await session.get(Plain, None) is None
            assert not session.in_transaction
        idle = Session()
        idle.add(Plain())
        await idle.rollback()
        assert not idle._unit_of_work.has_pending

    def test_tracked_relationships(self) -> None:
        session, first, second = Session(), Plain(1), Plain(1)
        assert session._get_tracked_relationship(first, "posts") is None
        session._track_relationship(first, "posts", [1])
        assert session._get_tracked_relationship(first, "posts") == [1]
        assert session._get_tracked_relationship(first, "other") is None
        assert session._get_tracked_relationship(second, "posts") is None

    def test_states(self) -> None:
        session = Session()
        assert session.state(Plain()) is ObjectState.TRANSIENT
        assert session.state(Plain(1)) is ObjectState.DETACHED
        assert session.state(Model(id=1)) is ObjectState.TRANSIENT


class TestCurrentSession:
    async def test_the_block_makes_it_current(self) -> None:
        assert get_session() is Session.get_current() is None
        async with Session() as outer:
            assert get_session() is Session.get_current() is Session._current is outer
            async with Session() as inner:
                assert get_session() is inner
            assert get_session() is outer
        assert get_session() is None

    async def test_an_exception_restores_the_one_before(self) -> None:
        async with Session() as outer:
            with pytest.raises(ZeroDivisionError):
                async with Session() as inner:
                    raise ZeroDivisionError
            assert inner._closed
            assert get_session() is outer

    def test_it_can_be_assigned(self) -> None:
        session = Session()
        Session._current = session
        assert get_session() is Session.get_current() is session
        Session._current = None
        assert get_session() is Session.get_current() is None
        Session._current = session
        del Session._current
        assert get_session() is None

    def test_it_can_be_patched(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stranger = object()
        with monkeypatch.context() as patch:
            patch.setattr(Session, "_current", stranger)
            assert get_session() is stranger
        assert get_session() is None

    async def test_exit_without_enter(self) -> None:
        session = Session()
        await session.__aexit__(None, None, None)
        assert session._closed
