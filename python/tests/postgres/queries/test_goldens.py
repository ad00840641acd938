"""The golden cases of the compiler, through the package and before a real server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
import pytest

from fixtures.database import Database
from ouroboros_postgres import _runtime, errors

TESTDATA = Path(__file__).parents[4] / "core/query/testdata"
CASES = sorted(folder for kind in ("statements", "requests") for folder in (TESTDATA / kind).iterdir())
GOOD = [case for case in CASES if (case / "want.sql").exists()]

# Not parts of a statement, nor several ones that make the tables they are about.
WHOLE = [
    case
    for case in GOOD
    if not {"expression", "where"} & set(json.loads((case / "in.json").read_text()))
    and not case.name.startswith("link_create")
]
STATEMENTS = [case for case in CASES if case.parent.name == "statements"]

AssertCompile: TypeAlias = Callable[[dict[str, Any], str, Any], None]


def name(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


@pytest.fixture
def assert_compile() -> AssertCompile:
    """Fails unless a tree becomes this text, with placeholders that stand for these slots."""

    def check(tree: dict[str, Any], sql: str, parameters: Any) -> None:
        assert _runtime.call(0, {"op": "compile", **tree}) == {"sql": sql, "parameters": parameters}

    return check


@pytest.fixture(scope="module")
def server(session_database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database with the tables of the cases."""
    session_database.reset()
    with psycopg.connect(session_database.dsn, autocommit=True) as connection:
        connection.execute((TESTDATA / "schema.sql").read_text().encode())
        yield connection


@pytest.mark.parametrize("case", STATEMENTS, ids=name)
def test_the_package_gives_the_same_text(case: Path, assert_compile: AssertCompile) -> None:
    tree = json.loads((case / "in.json").read_text())
    wanted = case / "want.error.json"
    if not wanted.exists():
        parameters = json.loads((case / "want.args.json").read_text())
        assert_compile(tree, (case / "want.sql").read_text().removesuffix("\n"), parameters)
        return
    with pytest.raises((ValueError, errors.PostgresError)) as caught:
        _runtime.call(0, {"op": "compile", **tree})
    assert _anywhere(str(caught.value)) == _anywhere(json.loads(wanted.read_text())["message"])


def _anywhere(message: str) -> str:
    """The message without the place in the tree's text, which has been written anew."""
    return re.sub(r"at byte \d+", "at byte", message)


@pytest.mark.parametrize("case", WHOLE, ids=name)
def test_the_server_takes_the_text(case: Path, server: psycopg.Connection[Any]) -> None:
    text = (case / "want.sql").read_bytes()
    result = server.pgconn.prepare(b"", text)
    assert result.status == psycopg.pq.ExecStatus.COMMAND_OK, result.error_message.decode()
    count = server.pgconn.describe_prepared(b"").nparams
    assert count == len(json.loads((case / "want.args.json").read_text()))


def test_there_are_cases() -> None:
    assert len(WHOLE) > 150
