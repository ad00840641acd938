"""Sessions as type checkers see them. Nothing here runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_type

from ouroboros_postgres import Session, Table, get_session
from ouroboros_postgres.session import ObjectState


class User(Table):
    name: str


@dataclass
class Plain:
    id: int | None = None


async def sessions() -> None:
    assert_type(get_session(), Session | None)
    assert_type(Session.get_current(), Session | None)
    async with Session(autoflush=False) as session:
        assert_type(session, Session)
        assert_type(await session.get(User, 1), User | None)
        assert_type(await session.get(Plain, 1, with_for_update=True), Plain | None)
        user = User(name="Ada")
        assert_type(session.add(user), User)
        assert_type(session.add_all([user]), list[User])
        assert_type(await session.merge(user), User)
        assert_type(session.state(user), ObjectState)
        assert_type(session.is_modified(user), bool)
        assert_type(user in session, bool)
        assert_type(session.in_transaction, bool)
