"""Names of tables and columns, checked by the same code that quotes them for SQL."""

from __future__ import annotations

from ._requests import text
from ._runtime import call

__all__ = ["validate_foreign_key_reference"]


def validate_foreign_key_reference(reference: str) -> tuple[str, str]:
    """Read what a foreign key refers to: `table`, `table.column` or `schema.table.column`.

    Returns:
        The table, with its schema if there is one, and the column, by default `id`.

    Raises:
        IdentifierError: The reference is empty, malformed, or holds a name that is not acceptable.
    """
    table, column = call(0, {"op": "reference", "reference": text("the reference", reference)})
    return table, column
