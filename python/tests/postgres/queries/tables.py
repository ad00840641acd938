"""The tables of these tests."""

from __future__ import annotations

__all__ = ["TABLES"]

TABLES = """
CREATE TABLE author (
    id int PRIMARY KEY, name text, age int, score float8, joined date, active bool, tags text[], ranks int[],
    info jsonb, mentor_id int
);
CREATE TABLE book (
    id int PRIMARY KEY, author_id int, name text, price numeric, pages int, sold bigint, published date,
    labels varchar[], meta jsonb
);
CREATE TABLE review (id int PRIMARY KEY, book_id int, name text, stars int, body text, at date);
CREATE TABLE genre (id int PRIMARY KEY, name text);
CREATE TABLE book_genre (book_id int, genre_id int, PRIMARY KEY (book_id, genre_id));
"""
