"""The models of the tables of these tests."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from ouroboros_postgres import BackReference, Column, ManyToMany, Table, relationship

__all__ = ["Author", "Book", "Genre", "Review"]


class Author(Table):
    id: int
    name: str | None
    age: int | None
    score: float | None
    joined: datetime.date | None
    active: bool | None
    tags: list[str] | None
    ranks: list[int] | None
    info: dict[str, Any] | None
    mentor_id: int | None = Column(foreign_key="author.id")
    books = BackReference("book", "author_id")
    pupils = BackReference("author", "mentor_id")

    class Settings:
        table_name = "author"


class Book(Table):
    id: int
    author_id: int | None = Column(foreign_key="author.id")
    name: str | None
    price: Decimal | None
    pages: int | None
    sold: int | None
    published: datetime.date | None
    labels: list[str] | None
    meta: dict[str, Any] | None
    author = relationship(Author, "author_id")
    reviews = BackReference("review", "book_id")
    genres = ManyToMany("book_genre", "book_id", "genre_id", "genre")

    class Settings:
        table_name = "book"


class Review(Table):
    id: int
    book_id: int | None = Column(foreign_key="book.id")
    name: str | None
    stars: int | None
    body: str | None
    at: datetime.date | None
    book = relationship(Book, "book_id")

    class Settings:
        table_name = "review"


class Genre(Table):
    id: int
    name: str | None

    class Settings:
        table_name = "genre"
