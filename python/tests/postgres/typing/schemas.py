"""Schemas of pydantic as type checkers see them, without a plugin. Nothing here runs."""

from __future__ import annotations

from typing import Annotated, Any, assert_type

from pydantic import BaseModel, Field

from ouroboros_postgres import Table
from ouroboros_postgres.pydantic import CreateSchema, Schema, UpdateSchema


class User(Table):
    name: Annotated[str, Field(min_length=1)]
    age: int | None = None


class UserRead(Schema[User], exclude={"age"}, extra="forbid"):
    """A schema with a field of its own."""

    nickname: str


class ByHand(BaseModel):
    """One that knows nothing of models."""

    name: str


def of_requests(create: CreateSchema[User], update: UpdateSchema[User], read: UserRead) -> None:
    user = User.from_pydantic(create)
    assert_type(user, User)
    assert_type(user.apply_pydantic(update, exclude_unset=False), None)
    assert_type(User.from_pydantic(read), User)
    assert_type(create.name, Any)
    assert_type(read.nickname, str)
    User.from_pydantic({"name": "x"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def of_answers(user: User) -> None:
    assert_type(user.to_pydantic(), Schema[User])
    assert_type(user.to_pydantic(UserRead), UserRead)
    assert_type(user.to_pydantic(ByHand), ByHand)
    assert_type(user.to_pydantic(Schema[User]).model_dump(), dict[str, Any])
    assert_type(CreateSchema[User].model_validate({}), CreateSchema[User])
    assert_type(UpdateSchema[User](age=None), UpdateSchema[User])
    user.to_pydantic(User)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportCallIssue]


def of_models() -> type[Schema[Any]]:
    class Wrong(Schema[int]):  # type: ignore[type-var]  # pyright: ignore[reportInvalidTypeArguments]
        """Schemas are of models only."""

    return Wrong
