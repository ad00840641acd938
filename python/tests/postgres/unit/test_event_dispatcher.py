"""Registering listeners and dispatching events; nothing here needs a server."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
import weakref
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import pytest

from ouroboros_postgres import events
from ouroboros_postgres.events import EventDispatcher, EventRegistration, EventType, event

VALUES = """
before_insert after_insert before_update after_update before_delete after_delete before_flush after_flush after_commit
after_rollback attribute_set attribute_remove after_load before_expire
"""


class Animal:
    pass


class Dog(Animal):
    pass


class Puppy(Dog):
    pass


def silent(*_: Any) -> None:
    pass


@pytest.fixture(autouse=True)
def nobody_listens() -> Iterator[None]:
    event.clear()
    yield
    event.clear()


@pytest.fixture
def heard() -> list[str]:
    return []


def hearing(heard: list[str], name: str) -> Callable[..., str]:
    def listener(*_: Any, **__: Any) -> str:
        heard.append(name)
        return name

    return listener


# Types and registrations.


def test_the_types_of_events_are_those_of_the_contract() -> None:
    assert [member.value for member in EventType] == VALUES.split()
    assert all(member.name == member.value.upper() for member in EventType)


def test_the_dispatcher_is_one() -> None:
    assert EventDispatcher() is EventDispatcher() is events.event


def test_a_registration_has_what_was_given() -> None:
    registration = event.listen(Dog, "after_load", silent, propagate=False, once=True, priority=3)
    assert registration == EventRegistration(EventType.AFTER_LOAD, Dog, silent, False, True, 3)
    assert [field.name for field in fields(registration)] == [
        "event_type", "target", "listener", "propagate", "once", "priority",
    ]  # fmt: skip
    assert event.listen(None, EventType.AFTER_LOAD, silent) == EventRegistration(
        EventType.AFTER_LOAD, None, silent, propagate=True, once=False, priority=0
    )


@pytest.mark.parametrize(
    "use",
    [
        lambda name: event.listen(Dog, name, silent),
        lambda name: event.has_listeners(Dog, name),
        lambda name: event._get_listeners(Dog, name),
        lambda name: event.dispatch(name, Dog()),
        lambda name: asyncio.run(event.dispatch_async(name, Dog())),
        lambda name: events.listens_for(Dog, name)(silent),
        lambda name: EventRegistration(name, Dog, silent),
    ],
)
@pytest.mark.parametrize("name", ["after_lode", "AFTER_LOAD", "", None, 3])
def test_an_unknown_event_is_an_error_that_names_it(use: Callable[[Any], Any], name: Any) -> None:
    with pytest.raises(ValueError, match="Unknown event") as raised:
        use(name)
    assert repr(name) in str(raised.value)
    assert "after_load" in str(raised.value)


@pytest.mark.parametrize(
    ("arguments", "options", "text"),
    [
        ((Dog(), "after_load", silent), {}, "target must be a class or None, not Dog"),
        (("Dog", "after_load", silent), {}, "target must be a class or None, not str"),
        ((Dog, "after_load", None), {}, "listener must be callable, not NoneType"),
        ((Dog, "after_load", silent), {"priority": "high"}, "priority must be int, not str"),
    ],
)
def test_what_cannot_be_registered(arguments: Any, options: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        event.listen(*arguments, **options)
    assert not event.has_listeners(Dog, "after_load")


@pytest.mark.parametrize("use", [event.clear, lambda target: event.has_listeners(target, "after_load")])
def test_what_is_no_target_is_refused_everywhere(use: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="target must be a class or None, not Dog"):
        use(Dog())


def test_members_and_names_are_the_same() -> None:
    event.listen(Dog, "after_load", silent)
    assert event.has_listeners(Dog, EventType.AFTER_LOAD)
    assert event.dispatch(EventType.AFTER_LOAD, Dog()) == [None]
    assert event.dispatch("after_load", Dog()) == [None]
    assert event.dispatch("before_expire", Dog()) == []


# Who is called, in which order.


def test_order_globals_then_the_classes_upward(heard: list[str]) -> None:
    for target, name in ((Animal, "animal"), (Dog, "dog"), (None, "all"), (Puppy, "puppy"), (Dog, "dog 2")):
        event.listen(target, "after_load", hearing(heard, name))
    assert event.dispatch("after_load", Puppy()) == ["all", "puppy", "dog", "dog 2", "animal"]
    assert event.dispatch("after_load", Dog()) == ["all", "dog", "dog 2", "animal"]
    assert event.dispatch("after_load", object()) == ["all"]


def test_priority_comes_first_and_is_stable(heard: list[str]) -> None:
    for target, name, priority in (
        (None, "all", 0), (Animal, "animal first", 9), (Dog, "dog late", -1), (Dog, "dog", 0), (Animal, "animal", 0),
        (Dog, "dog first", 9),
    ):  # fmt: skip
        event.listen(target, "after_load", hearing(heard, name), priority=priority)
    expected = ["dog first", "animal first", "all", "dog", "animal", "dog late"]
    assert event.dispatch("after_load", Dog()) == expected
    assert heard == expected


def test_several_bases_are_in_the_order_of_the_class(heard: list[str]) -> None:
    class Left(Animal):
        pass

    class Right(Animal):
        pass

    class Both(Left, Right):
        pass

    for target in (Animal, Right, Left, Both):
        event.listen(target, "after_load", hearing(heard, target.__name__))
    assert event.dispatch("after_load", Both()) == ["Both", "Left", "Right", "Animal"]


def test_parents_count_only_with_propagate() -> None:
    event.listen(Animal, "after_load", silent, propagate=False)
    assert event.has_listeners(Animal, "after_load")
    assert not event.has_listeners(Dog, "after_load")
    assert event._get_listeners(Dog, "after_load") == []
    kept = event.listen(Animal, "after_load", silent)
    assert event._get_listeners(Dog, "after_load") == [kept]
    assert event.has_listeners(Puppy, "after_load")


def test_has_listeners_without_a_class_asks_for_the_global_ones() -> None:
    event.listen(Dog, "after_load", silent)
    assert not event.has_listeners(None, "after_load")
    assert not event.has_listeners(Animal, "after_load")
    everywhere = event.listen(None, "after_load", silent)
    assert event.has_listeners(None, "after_load")
    assert event.has_listeners(Animal, "after_load")
    assert event._get_listeners(None, "after_load") == [everywhere]
    assert not event.has_listeners(None, "after_insert")


def test_answers_follow_registrations_at_once() -> None:
    assert not event.has_listeners(Dog, "after_load")
    first = event.listen(Animal, "after_load", silent)
    assert event._get_listeners(Dog, "after_load") == [first]
    second = event.listen(None, "after_load", silent)
    assert event._get_listeners(Dog, "after_load") == [second, first]
    assert event.remove(first)
    assert event._get_listeners(Dog, "after_load") == [second]
    event.clear()
    assert event._get_listeners(Dog, "after_load") == []


def test_the_list_of_listeners_is_a_copy() -> None:
    event.listen(Dog, "after_load", silent)
    event._get_listeners(Dog, "after_load").clear()
    assert len(event._get_listeners(Dog, "after_load")) == 1


def test_clear_is_about_everything_or_one_class() -> None:
    for target in (None, Animal, Dog):
        event.listen(target, "after_load", silent)
    event.clear(Animal)
    assert [each.target for each in event._get_listeners(Puppy, "after_load")] == [None, Dog]
    event.clear(Puppy)
    assert [each.target for each in event._get_listeners(Puppy, "after_load")] == [None, Dog]
    event.clear()
    assert not event.has_listeners(Puppy, "after_load")


def test_removal() -> None:
    registration = event.listen(Dog, "after_load", silent)
    assert event.remove(registration)
    assert not event.remove(registration)
    assert not event.remove(EventRegistration(EventType.AFTER_LOAD, None, silent))


def test_equal_registrations_are_independent() -> None:
    first = event.listen(Dog, "after_load", silent)
    second = event.listen(Dog, "after_load", silent)
    assert first == second
    assert event.remove(second)
    (left,) = event._get_listeners(Dog, "after_load")
    assert left is first
    assert not event.remove(EventRegistration(EventType.AFTER_LOAD, Dog, silent, priority=1))
    assert event.remove(EventRegistration(EventType.AFTER_LOAD, Dog, silent))
    assert not event.has_listeners(Dog, "after_load")


def test_classes_of_the_interpreter_can_be_targets() -> None:
    registration = event.listen(object, "after_load", silent)
    event.listen(dict, "after_load", silent, propagate=False)
    assert event.has_listeners(Dog, "after_load")
    assert len(event.dispatch("after_load", {})) == 2
    assert event.remove(registration)
    assert not event.has_listeners(Dog, "after_load")
    event.clear(dict)
    assert not event.has_listeners(dict, "after_load")


def test_classes_with_an_equality_of_their_own_are_told_apart() -> None:
    class Alike(type):
        def __eq__(cls, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    class One(metaclass=Alike):
        pass

    class Other(metaclass=Alike):
        pass

    event.listen(One, "after_load", silent)
    assert event.has_listeners(One, "after_load")
    assert not event.has_listeners(Other, "after_load")
    assert event.dispatch("after_load", One()) == [None]


def test_a_class_made_again_from_its_body_does_not_inherit_listeners() -> None:
    @dataclass
    class Point:
        x: int = 0

    event.listen(Point, "after_load", silent, propagate=False)
    again = type("Again", (), dict(Point.__dict__))
    assert not event.has_listeners(again, "after_load")
    event.listen(again, "after_insert", silent)
    assert not event.has_listeners(Point, "after_insert")
    assert event.has_listeners(Point, "after_load")


# Calls.


def test_dispatch_hands_on_all_arguments() -> None:
    calls: list[Any] = []

    def listener(*arguments: Any, **options: Any) -> int:
        calls.append((arguments, options))
        return len(calls)

    event.listen(Dog, "attribute_set", listener)
    dog = Dog()
    assert event.dispatch("attribute_set", dog, "name", 1, new=2) == [1]
    assert calls == [((dog, "name", 1), {"new": 2})]
    assert asyncio.run(event.dispatch_async("attribute_set", dog, "name", new=3)) == [2]
    assert calls[1] == ((dog, "name"), {"new": 3})


def test_dispatch_without_an_instance_reaches_global_listeners(heard: list[str]) -> None:
    event.listen(None, "after_commit", hearing(heard, "all"))
    event.listen(object, "after_commit", hearing(heard, "object"))
    assert event.dispatch("after_commit", None) == ["all"]


def test_an_error_becomes_a_warning_and_the_others_run(heard: list[str]) -> None:
    def broken(_: Dog) -> None:
        raise ValueError("no dog")

    event.listen(Dog, "before_insert", hearing(heard, "first"))
    event.listen(Dog, "before_insert", broken)
    event.listen(Dog, "before_insert", hearing(heard, "last"))
    with pytest.warns(UserWarning, match="^Event listener error: no dog .*ValueError.*before_insert.*broken") as caught:
        assert event.dispatch("before_insert", Dog()) == ["first", "last"]
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="^Event listener error: no dog"):
        assert asyncio.run(event.dispatch_async("before_insert", Dog())) == ["first", "last"]


def test_a_callable_without_a_name_is_shown() -> None:
    class Broken:
        def __call__(self, _: Dog) -> None:
            raise KeyError("x")

        def __repr__(self) -> str:
            return "<Broken>"

    event.listen(Dog, "after_load", Broken())
    with pytest.warns(UserWarning, match="Event listener error: 'x' .*<Broken>"):
        assert event.dispatch("after_load", Dog()) == []


def test_what_ends_programs_is_not_swallowed() -> None:
    def stop(_: Dog) -> None:
        raise KeyboardInterrupt

    event.listen(Dog, "after_load", stop, once=True)
    with pytest.raises(KeyboardInterrupt):
        event.dispatch("after_load", Dog())
    assert event.has_listeners(Dog, "after_load")


async def test_the_async_form_awaits_one_after_the_other(heard: list[str]) -> None:
    async def slow(_: Dog) -> str:
        heard.append("slow begins")
        await asyncio.sleep(0)
        heard.append("slow ends")
        return "slow"

    event.listen(Dog, "after_load", slow)
    event.listen(Dog, "after_load", hearing(heard, "quick"))
    assert await event.dispatch_async("after_load", Dog()) == ["slow", "quick"]
    assert heard == ["slow begins", "slow ends", "quick"]


async def test_the_async_form_awaits_anything_that_can_be() -> None:
    class Later:
        def __await__(self) -> Any:
            yield from asyncio.sleep(0).__await__()
            return "later"

    def future(_: Dog) -> Awaitable[str]:
        made: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        made.set_result("future")
        return made

    event.listen(Dog, "after_load", lambda _: Later())
    event.listen(Dog, "after_load", future)
    event.listen(Dog, "after_load", lambda _: asyncio.ensure_future(asyncio.sleep(0, "task")))
    assert await event.dispatch_async("after_load", Dog()) == ["later", "future", "task"]


async def test_an_error_behind_an_await_is_a_warning() -> None:
    async def broken(_: Dog) -> None:
        await asyncio.sleep(0)
        raise ValueError("late")

    event.listen(Dog, "after_load", broken)
    with pytest.warns(UserWarning, match="^Event listener error: late"):
        assert await event.dispatch_async("after_load", Dog()) == []


def test_dispatch_closes_coroutines_and_warns(heard: list[str]) -> None:
    made: list[Any] = []

    async def work() -> None:
        heard.append("ran")

    def listener(_: Dog) -> Any:
        made.append(work())
        return made[0]

    event.listen(Dog, "after_load", listener, once=True)
    event.listen(Dog, "after_load", hearing(heard, "other"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert event.dispatch("after_load", Dog()) == ["other"]
        assert made[0].cr_frame is None
        del made[0]
        gc.collect()
    assert [str(each.message).split("(")[0] for each in caught] == [
        "Event listener error: what it returns has to be awaited, which is not possible here "
    ]
    assert heard == ["other"]
    assert event.has_listeners(Dog, "after_load")


async def test_dispatch_leaves_other_awaitables_alone() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    event.listen(Dog, "after_load", lambda _: future)
    with pytest.warns(UserWarning, match="has to be awaited"):
        assert event.dispatch("after_load", Dog()) == []
    assert not future.done()


# Once.


def test_once_is_removed_after_its_first_success(heard: list[str]) -> None:
    registration = event.listen(Dog, "after_load", hearing(heard, "once"), once=True)
    assert event.dispatch("after_load", Dog()) == ["once"]
    assert event.dispatch("after_load", Dog()) == []
    assert not event.has_listeners(Dog, "after_load")
    assert not event.remove(registration)


def test_once_is_given_back_after_a_failure() -> None:
    calls: list[int] = []

    def second_time(_: Dog) -> str:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("not yet")
        return "done"

    event.listen(Dog, "after_load", second_time, once=True)
    with pytest.warns(UserWarning, match="not yet"):
        assert event.dispatch("after_load", Dog()) == []
    assert event.dispatch("after_load", Dog()) == ["done"]
    assert event.dispatch("after_load", Dog()) == []


def test_once_is_not_entered_again_by_its_own_event(heard: list[str]) -> None:
    def again(dog: Dog) -> list[Any]:
        heard.append("again")
        assert not event.has_listeners(Dog, "after_load")
        return event.dispatch("after_load", dog)

    event.listen(Dog, "after_load", again, once=True)
    assert event.dispatch("after_load", Dog()) == [[]]
    assert heard == ["again"]


async def test_once_is_called_once_by_concurrent_events(heard: list[str]) -> None:
    called, go = asyncio.Event(), asyncio.Event()

    async def wait(_: Dog) -> str:
        heard.append("called")
        called.set()
        await go.wait()
        return "done"

    event.listen(Dog, "after_load", wait, once=True)
    tasks = [asyncio.create_task(event.dispatch_async("after_load", Dog())) for _ in range(3)]
    await called.wait()
    go.set()
    assert sorted(await asyncio.gather(*tasks)) == [[], [], ["done"]]
    assert heard == ["called"]


async def test_an_event_that_was_under_way_does_not_call_it_again(heard: list[str]) -> None:
    """Both events know of the listener before either calls it."""
    go = asyncio.Event()

    async def first(_: Dog) -> None:
        await go.wait()

    event.listen(Dog, "after_load", first, priority=1)
    event.listen(Dog, "after_load", hearing(heard, "once"), once=True)
    tasks = [asyncio.create_task(event.dispatch_async("after_load", Dog())) for _ in range(2)]
    await asyncio.sleep(0)
    go.set()
    assert sorted(await asyncio.gather(*tasks), key=len) == [[None], [None, "once"]]
    assert heard == ["once"]


async def test_once_is_given_back_when_it_is_cancelled() -> None:
    begun = asyncio.Event()

    async def wait(_: Dog) -> None:
        begun.set()
        await asyncio.Event().wait()

    event.listen(Dog, "after_load", wait, once=True)
    task = asyncio.create_task(event.dispatch_async("after_load", Dog()))
    await begun.wait()
    assert not event.has_listeners(Dog, "after_load")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert event.has_listeners(Dog, "after_load")


async def test_once_stays_removed_if_that_happens_during_a_call_that_fails() -> None:
    go = asyncio.Event()

    async def broken(_: Dog) -> None:
        await go.wait()
        raise ValueError("broken")

    registration = event.listen(Dog, "after_load", broken, once=True)
    task = asyncio.create_task(event.dispatch_async("after_load", Dog()))
    await asyncio.sleep(0)
    assert event.remove(registration)
    go.set()
    with pytest.warns(UserWarning, match="broken"):
        await task
    assert not event.has_listeners(Dog, "after_load")


def test_equal_registrations_for_one_call_have_one_each(heard: list[str]) -> None:
    listener = hearing(heard, "x")
    event.listen(Dog, "after_load", listener, once=True)
    event.listen(Dog, "after_load", listener, once=True)
    assert event.dispatch("after_load", Dog()) == ["x", "x"]
    assert event.dispatch("after_load", Dog()) == []


def test_threads_share_one_call(heard: list[str]) -> None:
    barrier = threading.Barrier(8)

    def run() -> None:
        barrier.wait()
        for _ in range(50):
            event.dispatch("after_load", Dog())

    for _ in range(20):
        event.listen(Dog, "after_load", hearing(heard, "x"), once=True)
    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 20
    assert not event.has_listeners(Dog, "after_load")


# Lifetime.


def test_listeners_do_not_keep_classes_alive() -> None:
    def make() -> weakref.ref[type[Any]]:
        class Passing(Dog):
            pass

        event.listen(Passing, "after_load", lambda _: Passing)
        event.listen(Dog, "after_load", silent)
        assert len(event.dispatch("after_load", Passing())) == 2
        return weakref.ref(Passing)

    passing = make()
    gc.collect()
    assert passing() is None
    assert event.has_listeners(Dog, "after_load")


def test_a_listener_that_was_removed_is_let_go() -> None:
    def listener(_: Dog) -> None:
        pass

    registration = event.listen(Animal, "after_load", listener)
    event.dispatch("after_load", Puppy())
    event.remove(registration)
    gone = weakref.ref(listener)
    del listener, registration
    gc.collect()
    assert gone() is None


# The functions of the module.


def test_functions_stand_for_the_dispatcher(heard: list[str]) -> None:
    registration = events.listen(Dog, "after_load", hearing(heard, "listen"), False, True, 5)
    assert registration == EventRegistration(EventType.AFTER_LOAD, Dog, registration.listener, False, True, 5)
    assert events.dispatch("after_load", Dog()) == ["listen"]
    again = events.listen(Dog, "after_load", hearing(heard, "again"))
    assert asyncio.run(events.dispatch_async("after_load", Dog())) == ["again"]
    assert events.remove_listener(again)
    assert not events.remove_listener(again)


def test_decorators_give_the_function_back() -> None:
    assert events.listens_for(Dog, "after_load", propagate=False, once=True, priority=2)(silent) is silent
    assert event._get_listeners(Dog, "after_load") == [
        EventRegistration(EventType.AFTER_LOAD, Dog, silent, propagate=False, once=True, priority=2)
    ]


@pytest.mark.parametrize(
    "name", ["before_insert", "after_insert", "before_update", "after_update", "before_delete", "after_delete"]
)
def test_shortcuts_for_instances(name: str) -> None:
    assert getattr(events, name)(Dog, once=True)(silent) is silent
    assert event._get_listeners(Dog, name) == [EventRegistration(EventType(name), Dog, silent, once=True)]


@pytest.mark.parametrize("name", ["before_flush", "after_commit"])
def test_shortcuts_for_sessions(name: str) -> None:
    assert getattr(events, name)(priority=4)(silent) is silent
    assert event._get_listeners(None, name) == [EventRegistration(EventType(name), None, silent, priority=4)]
