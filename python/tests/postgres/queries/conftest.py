"""Fixtures of the tests about queries."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from queries.data import rows
from queries.hostile import STORED, VAULT, Guard
from queries.sent import Sent
from queries.tables import TABLES

ROWS = {"Author": 25, "Book": 35, "Review": 45}


@pytest.fixture
async def filled(pg: ModuleType) -> ModuleType:
    """The package, connected to a database with the tables of the models, filled."""
    await pg.execute(TABLES)
    for model, count in ROWS.items():
        await pg.insert_many(model.lower(), rows(model, count))
    await pg.execute("INSERT INTO genre VALUES (1, 'novel'), (2, 'essay'), (3, 'poem')")
    await pg.execute("INSERT INTO book_genre SELECT id, id % 3 + 1 FROM book WHERE id % 4 <> 0")
    return pg


@pytest.fixture
def sent(filled: ModuleType) -> Sent:
    """What has been sent to the server since the test began."""
    return Sent(importlib.import_module("ouroboros_postgres"))


@pytest.fixture
async def shop(pg: ModuleType) -> ModuleType:
    """The package, connected to a database with the small shop."""
    from queries.shop import SHOP

    await pg.execute(SHOP)
    return pg


@pytest.fixture
async def company(pg: ModuleType) -> ModuleType:
    """The package, connected to a database with the small company."""
    from queries.company import COMPANY

    await pg.execute(COMPANY)
    return pg


@pytest.fixture
async def vault(pg: ModuleType, database: Database, caplog: pytest.LogCaptureFixture) -> Guard:
    """Every hostile text is in a table once: as text, as a key and a value of a document, and in an array."""
    caplog.set_level("ERROR")  # thousands of refusals
    await pg.execute(VAULT)
    rows: list[dict[str, Any]] = [
        {"id": number, "secret": text, "doc": {"it": text, text: 1}, "tags": [text], "n": 1}
        for number, text in enumerate(STORED)
    ]
    await pg.insert_many("vault", rows)
    return Guard(database)
