"""Connection URIs."""

from __future__ import annotations

from urllib.parse import quote

__all__ = ["build_uri"]


def build_uri(host: str, port: int, database: str, username: str | None, password: str | None) -> str:
    """Build a connection URI from its parts, percent-encoded where needed.

    A host that starts with `/` is the directory of a Unix socket. A password without a user name is not used.

    Raises:
        TypeError: A part is not text.
        ValueError: The port is not an integer from 1 to 65535.
    """
    for name, part, optional in (
        ("host", host, False),
        ("database", database, False),
        ("username", username, True),
        ("password", password, True),
    ):
        _check_text(name, part, optional=optional)
    if type(port) is not int or not 0 < port < 65536:
        raise ValueError(f"port must be an integer from 1 to 65535, not {port!r}")
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


def _check_text(name: str, part: object, *, optional: bool) -> None:
    if not isinstance(part, str) and not (optional and part is None):
        raise TypeError(f"{name} must be str{' or None' if optional else ''}, not {type(part).__name__}")


def _encode(text: str) -> str:
    return quote(text, safe="")
