"""What can go wrong with a local server."""

from __future__ import annotations

__all__ = ["LocalServerError", "ServerNotFoundError", "ServerStartError"]


class LocalServerError(RuntimeError):
    """A local server could not be found, started or stopped."""


class ServerNotFoundError(LocalServerError):
    """There is no PostgreSQL server on this machine."""


class ServerStartError(LocalServerError):
    """A server was found but did not come up.

    Attributes:
        log: The end of what ``initdb`` or the server wrote, possibly empty.
    """

    def __init__(self, message: str, log: str = "") -> None:
        """Puts the log behind the message, so that a traceback shows it."""
        super().__init__(f"{message}\n{log}" if log else message)
        self.message = message
        self.log = log

    def __reduce__(self) -> tuple[type[ServerStartError], tuple[str, str]]:
        """Pickles by the two parts."""
        return type(self), (self.message, self.log)
