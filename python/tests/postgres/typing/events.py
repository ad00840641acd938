"""Types of listeners and of what registers them."""

from __future__ import annotations

from typing import Any, assert_type

from ouroboros_postgres import Table, before_flush, before_insert, events, listens_for
from ouroboros_postgres.events import AttributeEvents, EventRegistration, EventType


class User(Table, AttributeEvents):
    name: str


@listens_for(User, "before_insert", priority=1)
@before_insert(User, once=True)
async def listener(user: User) -> None:
    user.name = user.name.lower()


@before_flush(priority=2)
def flushing(session: object) -> int:
    return 1


async def types(user: User) -> None:
    await listener(user)
    assert_type(flushing(user), int)
    assert_type(events.listen(None, EventType.AFTER_LOAD, listener), EventRegistration)
    assert_type(events.dispatch("after_load", user, 1, key=2), list[Any])
    assert_type(await events.dispatch_async("after_load", user), list[Any])
    before_insert(User, twice=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    user.enable_tracking()
    assert_type(user.name, str)
