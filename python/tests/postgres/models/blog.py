"""Models of a blog: companies, their people, what those write, comments in trees, and tags."""

from __future__ import annotations

from types import ModuleType

from ouroboros_postgres import BackReference, Column, ManyToMany, Table, relationship

__all__ = ["SCHEMA", "Article", "Comment", "Company", "Person", "fill"]

SCHEMA = """
CREATE TABLE companies (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE people (id serial PRIMARY KEY, name text NOT NULL, company_id int);
CREATE TABLE articles (id serial PRIMARY KEY, title text NOT NULL, body text, author_id int, editor_id int);
CREATE TABLE comments (id serial PRIMARY KEY, text text, article_id int, parent_id int);
CREATE TABLE tags (id serial PRIMARY KEY, name text);
CREATE TABLE article_tags (article_id int, tag_id int, PRIMARY KEY (article_id, tag_id));
INSERT INTO companies (name) VALUES ('Acme'), ('Bolt');
INSERT INTO people (name, company_id) VALUES ('Ada', 1), ('Bob', 1), ('Cid', 2), ('Dot', NULL);
INSERT INTO articles (title, body, author_id, editor_id) VALUES
    ('a1', 'b1', 1, 2), ('a2', 'b2', 1, 3), ('a3', 'b3', 2, NULL), ('a4', 'b4', 4, 1), ('a5', 'b5', NULL, 1),
    ('a6', 'b6', 99, NULL);
INSERT INTO comments (text, article_id, parent_id) VALUES
    ('c1', 1, NULL), ('c2', 1, 1), ('c3', 1, 1), ('c4', 2, NULL), ('c5', 4, 4), ('c6', NULL, NULL);
INSERT INTO tags (name) VALUES ('x'), ('y'), ('z');
INSERT INTO article_tags VALUES (1, 2), (1, 1), (2, 1), (4, 3);
"""


class Company(Table):
    name: str

    people = relationship("Person", "company_id", uselist=True, back_populates="company")

    class Settings:
        table_name = "companies"


class Person(Table):
    name: str
    company_id: int | None = Column(foreign_key="companies.id")

    company = relationship(Company, "company_id", back_populates="people")
    articles = relationship("Article", "author_id", uselist=True, back_populates="author")
    edited = BackReference("articles", "editor_id")

    class Settings:
        table_name = "people"


class Article(Table):
    title: str
    body: str | None = None
    author_id: int | None = Column(foreign_key="people.id")
    editor_id: int | None = Column(foreign_key="people.id")

    author = relationship(Person, "author_id")
    editor = relationship(lambda: Person, "editor_id")
    comments = relationship("Comment", "article_id", uselist=True)
    tags = ManyToMany["Tag"]("article_tags", "article_id", "tag_id", "tags")

    class Settings:
        table_name = "articles"


class Comment(Table):
    text: str
    article_id: int | None = None
    parent_id: int | None = None

    article = relationship("Article", "article_id")
    parent = relationship("Comment", "parent_id", back_populates="replies")
    replies = relationship("Comment", "parent_id", uselist=True, back_populates="parent")

    class Settings:
        table_name = "comments"


class Tag(Table):
    name: str

    class Settings:
        table_name = "tags"


async def fill(pg: ModuleType) -> None:
    """Makes the tables and their rows."""
    await pg.execute(SCHEMA)
