"""Statements and row operations of the engine façade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from . import _requests
from ._runtime import start
from ._session import target
from .errors import RowNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "count",
    "delete_many",
    "delete_one",
    "execute",
    "fetch_all",
    "fetch_one",
    "find_by_foreign_key",
    "find_many",
    "find_one",
    "insert_many",
    "insert_one",
    "query",
    "update_many",
    "update_one",
    "upsert_many",
    "upsert_one",
]

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = list[Row]
Params: TypeAlias = "list[Any] | tuple[Any, ...] | Mapping[str, Any] | None"


async def execute(sql: str, params: Params = None) -> Rows | int | None:
    """Run SQL.

    Args:
        sql: One statement with placeholders `$1` to `$n`, or `:name` when `params` is a dict. Without parameters also
            several statements, of which the last one gives the result.
        params: The values of the placeholders; `None` and empty containers mean that there are none.

    Returns:
        A list of row dicts for whatever has result columns (`[]` without rows), the number of affected rows for INSERT,
        UPDATE, DELETE and MERGE without RETURNING, `None` for everything else.

    Raises:
        QueryError: The server refuses the statement, or the parameters do not fit it; `Query execution failed: …`.
        DataError: A parameter does not fit its type.
        TypeError: A parameter is of a type without a PostgreSQL form.
        TransactionError: Transaction control outside the transaction functions.
        NotConnectedError: `init` was not called.
    """
    return cast("Rows | int | None", await start(target(), _requests.execute(sql, params)))


async def query(sql: str, params: Params = None) -> Rows:
    """Run SQL as `execute` does, but always return a list of rows."""
    return cast("Rows", await start(target(), _requests.execute(sql, params, "query")))


async def insert_one(table: str, document: Mapping[str, Any]) -> Row:
    """Insert a row.

    Args:
        table: `name` or `schema.name`.
        document: Column values; missing columns take their defaults, `{}` takes all of them.

    Returns:
        The whole inserted row, generated values included.

    Raises:
        IntegrityError: A constraint refuses the row; `Insert failed: …`, as for any other error of the server.
    """
    return cast("Row", (await start(target(), _requests.insert(table, document)))[0])


async def insert_many(
    table: str, documents: Iterable[Mapping[str, Any]], *, fill_missing: bool = False, batch_size: int = 1000
) -> Rows:
    """Insert rows, all or none of them.

    Args:
        table: `name` or `schema.name`.
        documents: Dicts with the same keys, in any order.
        fill_missing: Whether keys may be missing; their columns take the default.
        batch_size: How many rows go into one statement at most.

    Returns:
        The inserted rows in the order of `documents`; `[]` for none, without a statement.

    Raises:
        ValueError: A document has other keys than the first.
        TypeError: A document is no dict.
        IntegrityError: A constraint refuses a row; `Batch insert failed: …`, as for any other error of the server.
    """
    request = _requests.insert_many(table, documents, fill_missing=fill_missing, batch_size=batch_size)
    return [] if request is None else cast("Rows", await start(target(), request))


async def upsert_one(
    table: str,
    document: Mapping[str, Any],
    conflict_target: str | Sequence[str],
    update_columns: Sequence[str] | None = None,
) -> Row:
    """Insert a row, or update the one that it conflicts with.

    Args:
        table: `name` or `schema.name`.
        document: Column values.
        conflict_target: The column, or the columns, of a unique constraint or index.
        update_columns: The columns to overwrite in an existing row; `None` for all but the targets, `[]` for none.

    Returns:
        The whole row as it is afterwards.

    Raises:
        ValueError: `update_columns` names a column that the document does not have.
        IdentifierError: The conflict target is empty.
        QueryError: The target has no unique constraint; `Upsert failed: …`, as for any other error of the server.
    """
    return cast("Row", (await start(target(), _requests.upsert(table, document, conflict_target, update_columns)))[0])


async def upsert_many(
    table: str,
    documents: Iterable[Mapping[str, Any]],
    conflict_target: str | Sequence[str],
    update_columns: Sequence[str] | None = None,
    *,
    batch_size: int = 1000,
) -> Rows:
    """Insert or update rows, all or none of them; see `upsert_one` and `insert_many`.

    Returns:
        The rows as they are afterwards, in the order of `documents`; `[]` for none, without a statement.

    Raises:
        QueryError: Two documents have the same key (21000); `Batch upsert failed: …`, as for any other error.
    """
    request = _requests.upsert_many(table, documents, conflict_target, update_columns, batch_size=batch_size)
    return [] if request is None else cast("Rows", await start(target(), request))


async def update_one(table: str, pk_column: str, pk_value: Any, update: Mapping[str, Any]) -> Any:
    """Update the row with a key.

    Returns:
        `pk_value`.

    Raises:
        RowNotFoundError: There is no such row; `Update failed: no rows affected`.
        ValueError: `update` is empty.
    """
    request = _requests.update_row(table, pk_column, pk_value, update)
    if pk_value is None or not await start(target(), request):
        raise RowNotFoundError("no rows affected", prefix="Update failed")
    return pk_value


async def update_many(
    table: str,
    updates: Mapping[str, Any],
    where_clause: str,
    params: Sequence[Any] | None,
    returning: Sequence[str] | None = None,
) -> int | Rows:
    """Update the rows that a raw condition selects.

    Args:
        table: `name` or `schema.name`.
        updates: The new column values, not empty.
        where_clause: SQL without `WHERE`, its placeholders numbered from `$1`; `""` for all rows.
        params: The values of those placeholders.
        returning: Columns to return, `["*"]` for all.

    Returns:
        The number of updated rows, or with `returning` the rows.
    """
    request = _requests.update(table, updates, where=where_clause, params=params, returning=returning)
    return cast("int | Rows", await start(target(), request))


async def delete_one(table: str, pk_column: str, pk_value: Any) -> int:
    """Delete the row with a key.

    Returns:
        1, or 0 when there is no such row.
    """
    request = _requests.delete_row(table, pk_column, pk_value)
    return 0 if pk_value is None else cast("int", await start(target(), request))


async def delete_many(
    table: str, where_clause: str, params: Sequence[Any] | None, returning: Sequence[str] | None = None
) -> int | Rows:
    """Delete the rows that a raw condition selects; arguments as for `update_many`.

    Returns:
        The number of deleted rows, or with `returning` the rows.
    """
    request = _requests.delete(table, where=where_clause, params=params, returning=returning)
    return cast("int | Rows", await start(target(), request))


async def fetch_one(table: str, filter: Mapping[str, Any]) -> Row | None:
    """Fetch the first row whose columns equal the values of `filter`, `None` if there is none."""
    filters = _requests.equalities("filter", filter)
    rows = await start(target(), _requests.select(table, filter=filters, limit=1))
    return cast("Row", rows[0]) if rows else None


async def fetch_all(
    table: str,
    filter: Mapping[str, Any] | None,
    limit: int | None = None,
    offset: int | None = None,
    order_by: Sequence[tuple[str, str]] | None = None,
    distinct: bool | None = None,
    distinct_on: Sequence[str] | str | None = None,
) -> Rows:
    """Fetch the rows whose columns equal the values of `filter`; `None` in it means IS NULL."""
    filters = _requests.equalities("filter", filter) if filter is not None else None
    request = _requests.select(
        table,
        filter=filters,
        order_by=order_by,
        limit=limit,
        offset=offset,
        distinct=distinct,
        distinct_on=distinct_on,
    )
    return cast("Rows", await start(target(), request))


async def find_one(table: str, pk_column: str, pk_value: Any) -> Row | None:
    """Fetch the row with a key, `None` if there is none."""
    request = _requests.select(table, filter=_requests.pk_filter(pk_column, pk_value), limit=1)
    rows = await start(target(), request) if pk_value is not None else None
    return cast("Row", rows[0]) if rows else None


async def find_many(
    table: str,
    where_clause: str,
    params: Sequence[Any] | None,
    order_by: Sequence[tuple[str, str]] | None = None,
    offset: int | None = None,
    limit: int | None = None,
    select_cols: Sequence[str] | None = None,
    distinct: bool | None = None,
    distinct_on: Sequence[str] | str | None = None,
) -> Rows:
    """Fetch the rows that a raw condition selects: SQL without `WHERE`, `""` for all."""
    request = _requests.select(
        table,
        where=where_clause,
        params=params,
        columns=select_cols,
        order_by=order_by,
        limit=limit,
        offset=offset,
        distinct=distinct,
        distinct_on=distinct_on,
    )
    return cast("Rows", await start(target(), request))


async def find_by_foreign_key(table: str, foreign_key_column: str, foreign_key_value: Any) -> Row | None:
    """Fetch the first row that has a value in a column.

    Returns:
        The row; `None` if there is none, or, without a statement, if the value is `None`.
    """
    return await find_one(table, foreign_key_column, foreign_key_value)


async def count(table: str, where_clause: str, params: Sequence[Any] | None) -> int:
    """Count the rows that a raw condition selects: SQL without `WHERE`, `""` for all."""
    return cast("int", await start(target(), _requests.count(table, where=where_clause, params=params)))
