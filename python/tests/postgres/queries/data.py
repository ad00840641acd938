"""What is in the tables that random queries are about: kinds of columns, values, rows."""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence
from typing import Any

__all__ = [
    "ARRAYS",
    "COLUMNS",
    "DOCUMENTS",
    "ELEMENTS",
    "EXPRESSIONS",
    "KEYS",
    "LINKS",
    "NUMBERS",
    "PATTERNS",
    "RELATIONS",
    "SCALAR",
    "rows",
    "some",
    "stored",
]

COLUMNS: dict[str, dict[str, str]] = {
    "Author": {
        "id": "int",
        "name": "text",
        "age": "int",
        "score": "float",
        "joined": "date",
        "active": "bool",
        "tags": "texts",
        "ranks": "ints",
        "info": "json",
        "mentor_id": "int",
    },
    "Book": {
        "id": "int",
        "author_id": "int",
        "name": "text",
        "price": "numeric",
        "pages": "int",
        "sold": "big",
        "published": "date",
        "labels": "varchars",
        "meta": "json",
    },
    "Review": {"id": "int", "book_id": "int", "name": "text", "stars": "int", "body": "text", "at": "date"},
}
ARRAYS = ("texts", "varchars", "ints")
SCALAR = ("int", "big", "float", "numeric", "text", "date", "bool")
NUMBERS = ("int", "big", "numeric")

# (model, column) = (model, column): how the rows of the tables belong together.
LINKS = (
    ("Author", "id", "Book", "author_id"),
    ("Book", "id", "Review", "book_id"),
    ("Author", "id", "Author", "mentor_id"),
)
# Relationships of a model: name, target, and where its rows are linked.
RELATIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "Author": (("books", "Book"), ("pupils", "Author"), ("mentor_id", "Author")),
    "Book": (("author", "Author"), ("reviews", "Review"), ("author_id", "Author")),
    "Review": (("book", "Book"), ("book_id", "Book")),
}

TEXTS = (
    "Ada",
    "ada",
    "Ægir",
    "日本",
    "o'neil",
    "50%",
    "5",
    "a_b",
    "acb",
    "",
    "back\\slash",
    "naïve",
    "🙂",
    "$1",
    '"q"',
)
PATTERNS = ("A%", "%a%", "a_b", "a\\_b", "%\\%", "_____", "", "%ï%", "%'%", "日%", "%\\\\%")
EXPRESSIONS = ("^A", "[a-z]+$", "ï|本", "^$", "^.{3}$", "\\d")
KEYS = ("k", "role", "deep", "a'b", "ключ", "")
ELEMENTS = ("a", "b", "o'neil", "日本", "", "NULL", "{}", 'x"y')
DATES = tuple(datetime.date(2020, 1, 1) + datetime.timedelta(days=days) for days in (0, 1, 31, 366, 1000))
DOCUMENTS: tuple[Any, ...] = (
    {},
    {"k": 1},
    {"k": 2, "role": "admin"},
    {"role": "o'neil", "deep": {"x": [1, 2]}},
    {"k": None, "ключ": "日本"},
    {"deep": {"x": "1"}, "a'b": 1.5},
    ["a", "b"],
    ["a", 1, {"k": 1}],
    [],
)


def some(chance: random.Random, pool: Sequence[Any], most: int, least: int = 0) -> list[Any]:
    """Some members of a pool, perhaps repeated."""
    return [chance.choice(pool) for _ in range(chance.randint(least, most))]


def _array(chance: random.Random, pool: Sequence[Any]) -> list[Any]:
    values = some(chance, pool, 3)
    return [*values, None] if chance.random() < 0.15 else values


def stored(chance: random.Random, kind: str) -> Any:
    """A value of a column of this kind."""
    return {
        "int": lambda: chance.randint(-5, 12),
        "big": lambda: chance.choice((-(2**62), -1, 0, 1, 2**33, 2**62)),
        "float": lambda: chance.choice((-1.5, 0.0, 0.1, 2.0, 1e300)),
        "numeric": lambda: chance.choice(("-3.50", "0", "1.10", "1.1", "99999999999999999999.5")),
        "text": lambda: chance.choice(TEXTS),
        "date": lambda: chance.choice(DATES),
        "bool": lambda: chance.random() < 0.5,
        "texts": lambda: _array(chance, ELEMENTS),
        "varchars": lambda: _array(chance, ELEMENTS),
        "ints": lambda: _array(chance, range(-2, 5)),
        "json": lambda: chance.choice(DOCUMENTS),
    }[kind]()


def rows(model: str, count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Rows of a table: NULLs, duplicates, negative numbers; keys that refer to nothing."""
    chance = random.Random(f"{seed} {model}")
    made = []
    for key in range(1, count + 1):
        row: dict[str, Any] = {"id": key}
        for name, kind in COLUMNS[model].items():
            if name.endswith("_id"):
                row[name] = chance.choice((None, chance.randint(1, 12), chance.randint(1, 30), 99))
            elif name != "id":
                row[name] = None if chance.random() < 0.2 else stored(chance, kind)
        made.append(row)
    return made
