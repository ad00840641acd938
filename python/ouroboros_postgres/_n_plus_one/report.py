"""What is reported of queries that load row by row."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NPlusOne", "NPlusOneError", "NPlusOneWarning"]


@dataclass(frozen=True)
class NPlusOne:
    """A relationship, or a column that a query left out, which is loaded for several instances of one query result.

    Attributes:
        model: The name of the model.
        attribute: The relationship, or the column.
        loads: For how many instances it has been asked for.
        instances: How many instances the query gave.
        filename: The source file of the code that awaits it; of the code that reads the attribute where it is awaited
            by something like `asyncio.gather`.
        lineno: The line there.
        remedy: What loads it with the query.
    """

    model: str
    attribute: str
    loads: int
    instances: int
    filename: str
    lineno: int
    remedy: str

    def __str__(self) -> str:
        return (
            f"N+1 queries: {self.model}.{self.attribute} is loaded one by one, so far for {self.loads} of "
            f"{self.instances} instances that one query gave ({self.filename}:{self.lineno}). "
            f"Load it with the query: {self.remedy}"
        )


class NPlusOneWarning(UserWarning):
    """Something is loaded for one instance after the other; `found` says what, where, and what to do about it."""

    def __init__(self, found: NPlusOne) -> None:
        super().__init__(found)
        self.found = found


class NPlusOneError(RuntimeError):
    """Something is loaded for one instance after the other; `found` says what, where, and what to do about it.

    It is raised before the statement is sent.
    """

    def __init__(self, found: NPlusOne) -> None:
        super().__init__(found)
        self.found = found
