"""The fixtures for pytest, in a run of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.database import Database

TESTS = """
import asyncio
import os

import pytest

import ouroboros_postgres as pg
from ouroboros_postgres import Column, Table, relationship


class Team(Table):
    name: str


class Player(Table):
    team_id: int | None = Column(foreign_key="team")
    team = relationship(Team, "team_id")


async def load():
    await pg.init(os.environ["DATABASE_URL"])
    try:
        return [(await player.team).name for player in await Player.find().to_list()]
    finally:
        await pg.close()


def test_not_asked_for():
    assert asyncio.run(load()) == ["red", "blue"]


def test_error(n_plus_one):
    with pytest.raises(pg.NPlusOneError):
        asyncio.run(load())
    assert [found.attribute for found in n_plus_one.found] == ["team"]


def test_failing(n_plus_one):
    asyncio.run(load())


@pytest.mark.n_plus_one("warn")
def test_warning(n_plus_one):
    with pytest.warns(pg.NPlusOneWarning):
        assert asyncio.run(load()) == ["red", "blue"]


@pytest.mark.n_plus_one(threshold=3)
def test_threshold(n_plus_one):
    assert asyncio.run(load()) == ["red", "blue"]


@pytest.mark.n_plus_one("off")
class TestOff:
    def test_off(self, n_plus_one):
        assert asyncio.run(load()) == ["red", "blue"]


@pytest.mark.usefixtures("n_plus_one")
async def test_asynchronous():
    with pytest.raises(pg.NPlusOneError):
        await load()


def test_not_asked_for_again():
    assert asyncio.run(load()) == ["red", "blue"]
"""


@pytest.fixture
def suite(tmp_path: Path, database: Database) -> Path:
    database.query(
        "CREATE TABLE team (id serial PRIMARY KEY, name text);"
        "CREATE TABLE player (id serial PRIMARY KEY, team_id int);"
        "INSERT INTO team (name) VALUES ('red'), ('blue'); INSERT INTO player (team_id) VALUES (1), (2)"
    )
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["ouroboros_postgres.testing.fixtures"]\n')
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    )
    (tmp_path / "test_it.py").write_text(TESTS)
    return tmp_path


def test_the_fixture_looks_during_its_test(suite: Path, database: Database) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "--strict-markers", "-W", "error", "-p", "no:cacheprovider"]
    ran = subprocess.run(
        [*command, "-p", "no:randomly", str(suite)],
        cwd=suite,
        env={**os.environ, "DATABASE_URL": database.dsn},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert "1 failed, 7 passed" in ran.stdout, ran.stdout + ran.stderr
    assert "FAILED test_it.py::test_failing - ouroboros_postgres" in ran.stdout
    assert 'Player.find(...).options(selectinload("team"))' in ran.stdout


def test_counting_does_not_need_pytest() -> None:
    code = "import sys, ouroboros_postgres.testing; assert 'pytest' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=50)
