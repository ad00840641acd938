"""A blog: two models, an HTTP API. With a private server:

python -m ouroboros_postgres local --env DATABASE_URL -- uvicorn --app-dir examples/blog blog:app

Then http://127.0.0.1:8000/docs shows it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

import ouroboros_postgres as pg
from ouroboros_postgres import Column, ColumnProxy, Session, Table, relationship, selectinload
from ouroboros_postgres.pydantic import CreateSchema, Schema, UpdateSchema

# Models. Types, constraints and defaults are said once, here.


class Author(Table):
    """Somebody who writes."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] = Column(unique=True, nullable=False)
    bio: str | None = None
    posts = relationship("Post", "author_id", uselist=True, back_populates="author")


class Post(Table):
    """What somebody has written."""

    slug: Annotated[str, Field(pattern="^[a-z0-9-]+$")] = Column(unique=True, nullable=False)
    title: Annotated[str, Field(min_length=1, max_length=200)]
    text: str
    tags: ColumnProxy[list[str]] = Column(default_factory=list)
    created: date = Column(default_factory=date.today, nullable=False)
    author_id: ColumnProxy[int] = Column(foreign_key="author.id", on_delete="RESTRICT", nullable=False, index=True)
    author = relationship(Author, "author_id", back_populates="posts")


# What the API takes and answers with.


class PostCreate(CreateSchema[Post], exclude={"created"}, extra="forbid"):
    """A new post."""


class PostUpdate(UpdateSchema[Post], exclude={"created", "author_id"}, extra="forbid"):
    """Changes of a post."""


class PostRead(Schema[Post], exclude={"author_id"}):
    """A post with its author."""

    author: Schema[Author]


class Posts(BaseModel):
    """A page of posts."""

    items: list[PostRead]
    total: int


class PostTitle(Schema[Post], include={"slug", "title", "created"}):
    """A post in a list."""


class AuthorRead(Schema[Author]):
    """An author with the posts, which have no text here."""

    posts: list[PostTitle]


# The application.


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    await pg.init(os.environ["DATABASE_URL"])
    try:
        await Author.create_table()
        await Post.create_table()
        yield
    finally:
        await pg.close()


app = FastAPI(title="Blog", lifespan=lifespan)
T = TypeVar("T")


async def open_session() -> AsyncGenerator[Session]:
    async with Session(expire_on_commit=False) as session:
        yield session


# "function": the session commits before the answer is sent, so that it can still become an error.
InSession = Annotated[Session, Depends(open_session, scope="function")]


@app.exception_handler(pg.IntegrityError)
async def conflict(request: Request, error: pg.IntegrityError) -> JSONResponse:
    return JSONResponse({"detail": "in conflict with other data", "constraint": error.constraint_name}, 409)


@app.exception_handler(pg.DataError)
async def unfit(request: Request, error: pg.DataError) -> JSONResponse:
    return JSONResponse({"detail": "a value that no column takes"}, 422)


def found(row: T | None) -> T:
    if row is None:
        raise HTTPException(404)
    return row


@app.post("/authors", status_code=201, response_model=Schema[Author])
async def create_author(body: CreateSchema[Author], session: InSession) -> Author:
    author = session.add(Author.from_pydantic(body))
    await session.flush()
    return author


@app.get("/authors/{key}", response_model=AuthorRead)
async def read_author(key: int, session: InSession) -> Author:
    return found(await Author.find(Author.id == key).options(selectinload("posts")).first())


@app.delete("/authors/{key}", status_code=204)
async def delete_author(key: int, session: InSession) -> None:
    session.delete(found(await session.get(Author, key)))


@app.post("/posts", status_code=201, response_model=PostRead)
async def create_post(body: PostCreate, session: InSession) -> Post:
    post = session.add(Post.from_pydantic(body))
    await session.flush()
    await post.author
    return post


@app.get("/posts", response_model=Posts)
async def list_posts(
    session: InSession,
    tag: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, Any]:
    query = Post.find() if tag is None else Post.find(Post.tags.array_contains([tag]))
    page = query.options(selectinload("author")).order_by("-created", "-id").limit(limit).offset(offset)
    return {"items": await page.to_list(), "total": await query.count()}


@app.get("/posts/{slug}", response_model=PostRead)
async def read_post(slug: str, session: InSession) -> Post:
    return found(await Post.find({"slug": slug}).options(selectinload("author")).first())


@app.patch("/posts/{slug}", response_model=PostRead)
async def change_post(slug: str, body: PostUpdate, session: InSession) -> Post:
    post = session.add(await read_post(slug, session))
    post.apply_pydantic(body)
    return post


@app.delete("/posts/{slug}", status_code=204)
async def delete_post(slug: str, session: InSession) -> None:
    session.delete(await read_post(slug, session))
