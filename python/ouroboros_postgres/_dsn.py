"""Connection URIs."""

from __future__ import annotations

from urllib.parse import quote

__all__ = ["build_uri"]


def build_uri(host: str, port: int, database: str, username: str | None, password: str | None) -> str:
    """Build a connection URI from its parts, percent-encoded where needed.

    A host that starts with `/` is the directory of a Unix socket. A password without a user name is not used.
    """
    user = _credentials(username, password)
    name = _encode(database)
    if host.startswith("/"):
        return f"postgres://{user}/{name}?host={_encode(host)}&port={port}"
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    return f"postgres://{user}{host}:{port}/{name}"


def _credentials(username: str | None, password: str | None) -> str:
    if username is None:
        return ""
    if password is None:
        return f"{_encode(username)}@"
    return f"{_encode(username)}:{_encode(password)}@"


def _encode(text: str) -> str:
    return quote(text, safe="")
