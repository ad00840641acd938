from __future__ import annotations

import string
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ouroboros_postgres._dsn import build_uri


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("localhost", 5432, "postgres", None, None), "postgres://localhost:5432/postgres"),
        (("db", 1, "app", "ada", None), "postgres://ada@db:1/app"),
        (("db", 1, "app", "ada", "pw"), "postgres://ada:pw@db:1/app"),
        (("db", 1, "app", "ada", ""), "postgres://ada:@db:1/app"),
        (("db", 1, "app", None, "pw"), "postgres://db:1/app"),
        (("db", 1, "app", "a@b", "p/w:%"), "postgres://a%40b:p%2Fw%3A%25@db:1/app"),
        (("::1", 5432, "app", None, None), "postgres://[::1]:5432/app"),
        (("[::1]", 5432, "app", None, None), "postgres://[::1]:5432/app"),
        (("/var/run/pg", 5433, "app", "ada", None), "postgres://ada@/app?host=%2Fvar%2Frun%2Fpg&port=5433"),
        (("db", 1, "my app?", None, None), "postgres://db:1/my%20app%3F"),
    ],
)
def test_the_parts_have_their_places(parts: tuple[str, int, str, str | None, str | None], expected: str) -> None:
    assert build_uri(*parts) == expected


def test_unreserved_characters_stay() -> None:
    unreserved = string.ascii_letters + string.digits + "-._~"
    assert build_uri("h", 1, "d", unreserved, unreserved) == f"postgres://{unreserved}:{unreserved}@h:1/d"


texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)


@given(texts, texts, texts)
def test_whatever_is_put_in_comes_out(database: str, username: str, password: str) -> None:
    uri = urlsplit(build_uri("h", 1, database, username, password))
    assert (uri.hostname, uri.port) == ("h", 1)
    assert unquote(uri.username or "") == username
    assert unquote(uri.password or "") == password
    assert unquote(uri.path.removeprefix("/")) == database
