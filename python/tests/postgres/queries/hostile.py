"""Texts that would do harm if one of them ever became part of a statement, and how that would show."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, TypeAlias

from fixtures.database import Database
from ouroboros_postgres import errors

__all__ = [
    "STORED",
    "TEXTS",
    "VAULT",
    "Guard",
    "Position",
    "identifiers_are_refused",
    "labels_are_literal",
    "values_are_literal",
]

Position: TypeAlias = Callable[[ModuleType, str], Awaitable[Any]]

VAULT = """
CREATE SEQUENCE canary;
CREATE TABLE vault (id int PRIMARY KEY, secret text, doc jsonb, tags text[], n int);
"""

BREAKS = (
    "'", "''", '"', '""', "\\'", '\\"', "`", ")", "))", "'))", '")', "$$", "$tag$", "*/", "/*", "--", ";", "\n;",
    "\u2019", "\u02bc", "\uff07", "\uff02", "\uff1b", "\u037e", "\u201d", "%27", "\\x27", "E'\\''", "U&'\\0027'", "]",
    "}'", "::text", "\t", "\r\n", "\u00a0", "secret", "vault", "id = id", "$1", "%s", ":x",
)  # fmt: skip
PAYLOADS = (
    "; SELECT nextval('canary'); --",
    " OR nextval('canary') > 0 --",
    ", nextval('canary')",
    " UNION SELECT nextval('canary')::text --",
    "; DROP TABLE vault; --",
    "||nextval('canary')||",
)
ODD = (
    "", " ", "  ", "\t", "\n", "\0", "a\0b", "\x00'; DROP TABLE vault; --", "\x7f", "\u200b", "\u202e", "\ufeff",
    "\ud800", "a" * 64, "é" * 32, "日" * 22, "a" * 10_000, "'" * 1_000, '"' * 1_001, "(" * 500, "a." * 100, "a.b.c.d",
    "pg_catalog.pg_class", "pg_class", "PG_CLASS", "pg_catalog.pg_authid", "information_schema.tables",
    "pg_sleep(10)", "pg_terminate_backend(pg_backend_pid())", "current_setting('is_superuser')", "version()",
    "nextval('canary')", "(SELECT nextval('canary'))", "CASE WHEN true THEN nextval('canary') END",
    "select", "SELECT", "table", "null", "NULL", "true", "default", "current_user", "session_user", "user",
    "$0", "$1", "$99999", "$1::text", "?", "??", "?|", "%", "%%", "%s", "%(x)s", "%d", "_", "{}", "{0}", "{x}", ":x",
    ":1", "@x", "@@", "#", "&", "|", "^", "~", "!", "\\", "\\\\", "\\n", "\\0", "\\'", "%5c'", "a%", "a_", "\\%",
    "1", "0", "-1", "1e9", "1=1", "1;", "1--", "0x41", "1/0", "a-b", "a b", "a+b", "a,b", "a;b", "a=b", "a/*b*/",
    "a--b", "a\nb", "a\tb", "a'b", 'a"b', "a`b", "a(b)", "a[1]", "a::int", "a->>'b'", "a COLLATE \"C\"",
    "{a,b}", '{"a": 1}', '["a"]', "[1]", "ARRAY[1]", "ROW(1)", "'{}'::jsonb", "'a'", "E'a'", "N'a'", "B'1'", "X'1F'",
    "U&'\\0061'", 'U&"\\0061"', "$$a$$", "$q$a$q$", "$q$ $q", "*", "vault.*", "a.*", ".", "..", ".a", "a.", "a..b",
    '"', '"a', 'a"', '"a"b', '"a""', '"a".', '".""', "\u0430dmin", "\uff53\uff45\uff4c",
    "\ufb01", "\u017fecret", "\u0130d", "\u0131d", "\u2167", "a\u0301\u0327",
    "; COPY vault TO PROGRAM 'true'", "; SET ROLE postgres", "; BEGIN; DELETE FROM vault; COMMIT", "; TRUNCATE vault",
    "; NOTIFY x", "; LISTEN x", "; VACUUM", "vault; DELETE FROM vault", "vault WHERE true", "vault AS v, vault",
    "vault) SELECT nextval('canary'); --", "only vault", "vault TABLESAMPLE SYSTEM (1)", "lateral (select 1)",
    "asc; SELECT nextval('canary')", "desc, nextval('canary')", "ASC NULLS FIRST, 1", "asc nulls", "= 1 OR 1 = 1 --",
    "IN (SELECT nextval('canary'))", "=ANY", "= ALL", "IS NULL OR 1=1", "eq;", "like' OR '1'='1",
)  # fmt: skip
TEXTS: tuple[str, ...] = tuple(dict.fromkeys([start + payload for start in BREAKS for payload in PAYLOADS] + list(ODD)))

# What the server can store.
STORED = [text for text in TEXTS if "\0" not in text and "\ud800" not in text]

# What may come of a name that cannot be right. A syntax error would mean that the text had come into a statement.
REFUSALS = (ValueError, TypeError, errors.UndefinedColumnError, errors.UndefinedTableError)
AT_A_TIME = 100


class Guard:
    """Compares what is in the database with what was there before."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._before = self._state()

    def _state(self) -> list[Any]:
        ask = self._database.query
        return [
            ask("SELECT last_value, is_called FROM canary"),
            ask("SELECT count(*) AS n, md5(string_agg(v::text, '|' ORDER BY id)) AS sum FROM vault AS v"),
            ask(
                "SELECT c.relname, c.relkind, a.attname, a.atttypid FROM pg_class AS c"
                " LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0"
                " WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1, 3"
            ),
            ask("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp' ORDER BY 1"),
            ask("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"),
        ]

    def check(self, what: str) -> None:
        """Fails unless everything is as it was. A sequence would show even what was rolled back."""
        assert self._state() == self._before, what


async def _outcomes(position: Position, pg: ModuleType, texts: Sequence[str]) -> list[Any]:
    async def outcome(text: str) -> Any:
        try:
            return await position(pg, text)
        except Exception as error:
            return error

    made: list[Any] = []
    for start in range(0, len(texts), AT_A_TIME):
        made += await asyncio.gather(*(outcome(text) for text in texts[start : start + AT_A_TIME]))
    return made


async def _check(positions: Mapping[str, Position], pg: ModuleType, guard: Guard, fits: Callable[..., bool]) -> None:
    """Try every text in every position; fail with all that does not fit."""
    wrong: dict[str, list[tuple[str, Any]]] = {}
    for name, position in positions.items():
        outcomes = zip(TEXTS, await _outcomes(position, pg, TEXTS), strict=True)
        wrong[name] = [(text, outcome) for text, outcome in outcomes if not fits(name, text, outcome)]
        guard.check(name)
    told = [f"{name}: {len(found)} texts, such as {str(found[:4])[:1000]}" for name, found in wrong.items() if found]
    assert not told, "\n".join(told)


async def identifiers_are_refused(
    positions: Mapping[str, Position], pg: ModuleType, guard: Guard, but: Mapping[str, Sequence[str]]
) -> None:
    """No text is acceptable there, except for those in `but`."""

    def fits(name: str, text: str, outcome: Any) -> bool:
        return isinstance(outcome, REFUSALS) or text in but.get(name, ()) or _unknown(outcome)

    await _check(positions, pg, guard, fits)


def _unknown(outcome: Any) -> bool:
    """Whether the server knows no object, such as a text search configuration, of that name."""
    return isinstance(outcome, errors.QueryError) and outcome.sqlstate == "42704"


async def labels_are_literal(positions: Mapping[str, Position], pg: ModuleType, guard: Guard) -> None:
    """A text is refused, or names a result column as it is; positions give the names of the columns."""

    def fits(_: str, text: str, outcome: Any) -> bool:
        return isinstance(outcome, REFUSALS) or outcome in ([text], [text.strip('"')])

    await _check(positions, pg, guard, fits)


async def values_are_literal(positions: Mapping[str, Position], pg: ModuleType, guard: Guard) -> None:
    """A text is found as it is; positions give the texts that are found. What UTF-8 text cannot hold is refused."""

    def fits(_: str, text: str, outcome: Any) -> bool:
        return outcome == [text] or (isinstance(outcome, ValueError) and ("\0" in text or "\ud800" in text))

    await _check(positions, pg, guard, fits)
