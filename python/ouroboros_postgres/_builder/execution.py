"""Sending statements, each on the ambient transaction when there is one, else on the pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from .. import _requests
from .._arguments import arguments
from .._runtime import start
from .._session import ambient, target
from ..errors import TransactionError

if TYPE_CHECKING:
    from .._sql.encoder import Encoder, Node
    from .state import State

__all__ = ["Row", "check_transaction", "fields", "opening", "run", "run_opened"]

Row: TypeAlias = dict[str, Any]


def fields(statement: Node, encoder: Encoder) -> dict[str, Any]:
    """The fields of a request that say what to run."""
    if not encoder.values:
        return {"statement": statement}
    return {"statement": statement, "args": arguments(encoder.values)}


async def run(statement: Node, encoder: Encoder, purpose: str = "query", explain: dict[str, Any] | None = None) -> Any:
    """Run a statement.

    Args:
        statement: Its tree.
        encoder: Has its values.
        purpose: What errors are prefixed with.
        explain: Options of EXPLAIN, when the server is only to say how it would run the statement.

    Returns:
        Rows, or how many were changed.
    """
    request = {"op": "statement", **fields(statement, encoder), "purpose": purpose}
    if explain is not None:
        request["explain"] = explain
    return await start(target(), _requests.encode(request))


def opening(statement: Node) -> bytes:
    """What the request of a statement begins with, whatever its values are."""
    return _requests.encode({"op": "statement", "statement": statement})[:-1] + b","


async def run_opened(opening: bytes, values: list[Any]) -> Any:
    """Run a statement like `run`, given what its request begins with."""
    rest = {"args": arguments(values), "purpose": "query"} if values else {"purpose": "query"}
    return await start(target(), opening + _requests.encode(rest)[1:])


def check_transaction(state: State) -> None:
    """Refuse to lock rows outside a transaction: the locks would be gone at once.

    Raises:
        TransactionError: There is no ambient transaction.
        NotConnectedError: There is not even a pool.
    """
    if state.lock is not None and target() and ambient() is None:
        raise TransactionError(
            "a query that locks rows needs a transaction: without one the locks would be gone as soon as it is done"
        )
