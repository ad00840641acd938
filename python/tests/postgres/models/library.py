"""Models of a library: authors, their books, the chapters of those, and some on their own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from ouroboros_postgres import Column, Table, relationship

__all__ = ["SCHEMA", "Author", "Book", "Chapter", "Chicken", "Egg", "Parcel", "Plain", "Token", "Writer", "one_author"]

SCHEMA = """
CREATE TABLE author (
    id serial PRIMARY KEY, name text UNIQUE, rank int CHECK (rank >= 0), tags text[], doc jsonb,
    note text DEFAULT 'server', doubled int GENERATED ALWAYS AS (rank * 2) STORED
);
CREATE TABLE book (
    id serial PRIMARY KEY, title text NOT NULL,
    author_id int REFERENCES author DEFERRABLE INITIALLY IMMEDIATE, sequel_of int REFERENCES book
);
CREATE TABLE chapter (id serial PRIMARY KEY, book_id int NOT NULL REFERENCES book, heading text);
CREATE TABLE plain (id serial PRIMARY KEY, name text, tags text[]);
CREATE SCHEMA archive;
CREATE TABLE archive.parcels (sku text PRIMARY KEY, weight int);
CREATE TABLE token (id uuid PRIMARY KEY, name text);
CREATE TABLE chicken (id serial PRIMARY KEY, name text, egg_id int);
CREATE TABLE egg (id serial PRIMARY KEY, name text, chicken_id int);
"""


class Author(Table):
    name: str | None = None
    rank: int | None = 0
    tags: list[str] | None = None
    doc: Any = None
    note: str | None = None

    books = relationship("Book", "author_id", uselist=True, back_populates="author")


class Book(Table):
    title: str
    author_id: int | None = Column(foreign_key="author.id")
    sequel_of: int | None = Column(foreign_key="book.id")

    author = relationship(Author, "author_id", back_populates="books")
    original = relationship("Book", "sequel_of")
    chapters = relationship("Chapter", "book_id", uselist=True)


class Chapter(Table):
    heading: str | None = None
    book_id: int | None = Column(foreign_key="book.id", nullable=False)

    book = relationship(Book, "book_id")


class Writer(Author):
    """The same table."""

    class Settings:
        table_name = "author"


class Parcel(Table):
    sku: str
    weight: int | None = None

    class Settings:
        table_name = "parcels"
        schema = "archive"
        primary_key = "sku"


class Token(Table):
    id: uuid.UUID = Column(primary_key=True, default_factory=uuid.uuid4)
    name: str | None = None


class Chicken(Table):
    name: str | None = None
    egg_id: int | None = Column(foreign_key="egg.id")

    egg = relationship("Egg", "egg_id")


class Egg(Table):
    name: str
    chicken_id: int | None = Column(foreign_key="chicken.id")

    chicken = relationship(Chicken, "chicken_id")


@dataclass
class Plain:
    id: int | None = None
    name: str = ""
    tags: list[str] = field(default_factory=list)


async def one_author(**values: Any) -> Author:
    """Insert one."""
    return await Author.insert(**{"name": "ada", "rank": 1, "tags": ["x"], **values})
