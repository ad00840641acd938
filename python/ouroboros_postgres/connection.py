"""Opening the pool, and the functions that work on the database.

Inside `begin_transaction` or `pg_transaction` all of them run on that transaction, else each on a connection of the
pool, in autocommit. Migrations are the exception: they have transactions of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from . import _requests, _session
from ._crud import (
    delete_one,
    execute,
    find_by_foreign_key,
    insert_many,
    insert_one,
    update_one,
    upsert_many,
    upsert_one,
)
from ._dsn import build_uri
from ._introspection import (
    get_backreferences,
    get_columns,
    get_foreign_keys,
    get_indexes,
    inspect_table,
    list_tables,
    table_exists,
)
from ._logs import connection_log
from ._migrations import (
    migration_apply,
    migration_create,
    migration_init,
    migration_rollback,
    migration_status,
)
from ._options import PoolOptions
from ._queries import query_aggregate, query_with_cte
from ._relations import (
    delete_checked,
    delete_with_cascade,
    fetch_many_with_relations,
    fetch_one_eager,
    fetch_one_with_relations,
)
from ._runtime import start
from ._session import active_transaction as _active_transaction
from ._session import target
from ._transaction import IsolationLevel, TransactionContext, TransactionWrapper

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "IsolationLevel",
    "TransactionWrapper",
    "_active_transaction",
    "begin_transaction",
    "close",
    "count",
    "delete_checked",
    "delete_many",
    "delete_one",
    "delete_with_cascade",
    "execute",
    "fetch_many_with_relations",
    "fetch_one_eager",
    "fetch_one_with_relations",
    "find_by_foreign_key",
    "find_many",
    "find_one",
    "get_backreferences",
    "get_columns",
    "get_foreign_keys",
    "get_indexes",
    "init",
    "insert_many",
    "insert_one",
    "inspect_table",
    "is_connected",
    "list_tables",
    "migration_apply",
    "migration_create",
    "migration_init",
    "migration_rollback",
    "migration_status",
    "query_aggregate",
    "query_with_cte",
    "table_exists",
    "update_many",
    "update_one",
    "upsert_many",
    "upsert_one",
]

Row: TypeAlias = dict[str, Any]
Conditions: TypeAlias = "Iterable[tuple[str, str, Any]] | Mapping[str, Any]"
Order: TypeAlias = "tuple[str, str] | Iterable[tuple[str, str]]"


async def init(
    connection_string: str | None = None,
    *,
    host: str = "localhost",
    port: int = 5432,
    database: str = "postgres",
    username: str | None = None,
    password: str | None = None,
    min_connections: int = 1,
    max_connections: int = 10,
    connect_timeout: float = 30,
    acquire_timeout: float | None = None,
    max_lifetime: float | None = 1800,
    idle_timeout: float | None = 600,
    max_retries: int = 3,
    initial_retry_delay_ms: float = 100,
    max_retry_delay_ms: float = 5000,
    retry_backoff_multiplier: float = 2.0,
    statement_cache_capacity: int = 100,
    query_max_retries: int = 3,
    query_retry_initial_delay_ms: float = 50,
    query_retry_max_delay_ms: float = 2000,
    query_retry_backoff_multiplier: float = 2.0,
    slow_query_threshold_ms: float | None = 1000,
    statement_timeout_ms: float | None = None,
    health_check_period: float = 60,
    application_name: str = "ouroboros_postgres",
    hide_detail: bool = False,
    close_timeout: float = 10,
) -> None:
    """Open the pool of this process and prove with a round trip that it works.

    A pool that was open before is closed in the background once the new one works, and stays in use if it does not.

    Args:
        connection_string: `postgres://` or `postgresql://` URI, used as it is; `None` to build one from the parts.
        host: Host name, IP address, or directory of a Unix socket.
        port: Port.
        database: Database.
        username: Role.
        password: Its password.
        min_connections: Connections kept open.
        max_connections: Most connections.
        connect_timeout: Seconds for one attempt to connect.
        acquire_timeout: Seconds to wait for a free connection, by default as `connect_timeout`.
        max_lifetime: Seconds after which a connection is replaced, `None` for never.
        idle_timeout: Seconds after which an idle connection above `min_connections` is closed, `None` for never.
        max_retries: How often to try again to connect.
        initial_retry_delay_ms: Milliseconds before the first retry.
        max_retry_delay_ms: Upper bound of the delay in milliseconds.
        retry_backoff_multiplier: Factor between one delay and the next.
        statement_cache_capacity: Prepared statements per connection; 0 for none, as transaction-pooling proxies need.
        query_max_retries: How often to run a statement again after a transient error, outside transactions.
        query_retry_initial_delay_ms: As `initial_retry_delay_ms`, for statements.
        query_retry_max_delay_ms: As `max_retry_delay_ms`, for statements.
        query_retry_backoff_multiplier: As `retry_backoff_multiplier`, for statements.
        slow_query_threshold_ms: Statements that take at least this long are logged, `None` for none.
        statement_timeout_ms: The server's `statement_timeout`, `None` for its default.
        health_check_period: Seconds between checks of idle connections.
        application_name: The name that the server shows, unless the URI has one.
        hide_detail: Whether to leave the server's detail, which may quote values of rows, out of errors.
        close_timeout: Seconds that `close` waits for connections in use.

    Raises:
        ConnectionFailedError: No connection could be made; `Failed to initialize PostgreSQL: …`.
        AuthenticationError: The server refused the role or its password.
        QueryError: There is no such database (`3D000`), or the server does not know a setting of the URI.
        ValueError: An option is out of range.
        TypeError: An option has the wrong type.
    """
    options = PoolOptions(
        min_connections=min_connections,
        max_connections=max_connections,
        connect_timeout=connect_timeout,
        acquire_timeout=acquire_timeout,
        max_lifetime=max_lifetime,
        idle_timeout=idle_timeout,
        max_retries=max_retries,
        initial_retry_delay_ms=initial_retry_delay_ms,
        max_retry_delay_ms=max_retry_delay_ms,
        retry_backoff_multiplier=retry_backoff_multiplier,
        statement_cache_capacity=statement_cache_capacity,
        query_max_retries=query_max_retries,
        query_retry_initial_delay_ms=query_retry_initial_delay_ms,
        query_retry_max_delay_ms=query_retry_max_delay_ms,
        query_retry_backoff_multiplier=query_retry_backoff_multiplier,
        slow_query_threshold_ms=slow_query_threshold_ms,
        statement_timeout_ms=statement_timeout_ms,
        health_check_period=health_check_period,
        application_name=application_name,
        hide_detail=hide_detail,
        close_timeout=close_timeout,
    )
    if connection_string is None:
        connection_string = build_uri(host, port, database, username, password)
        if (host, port, database, username, password) == ("localhost", 5432, "postgres", None, None):
            connection_log.warning(
                "init() was given neither a connection string nor any part of one: using the defaults"
            )
    await _session.connect(connection_string, options)


async def close() -> None:
    """Close the pool.

    New calls fail at once. Connections in use have `close_timeout` seconds to come back; then their statements are
    cancelled. Without a pool this does nothing; `init` may be called again afterwards.
    """
    await _session.close()


def is_connected() -> bool:
    """Tell whether there is a pool, without asking the server; `health_check` does ask it."""
    return _session.is_connected()


async def find_one(
    table: str,
    where_conditions: Conditions | None = None,
    *,
    select_columns: Sequence[str] | None = None,
    order_by: Order | None = None,
) -> Row | None:
    """Fetch the first row that meets all conditions; arguments as for `find_many`.

    Returns:
        The row, `None` if there is none.
    """
    request = _requests.select(
        table,
        filter=_requests.conditions(where_conditions),
        columns=select_columns,
        order_by=order_by,
        limit=1,
    )
    rows = await start(target(), request)
    return cast("Row", rows[0]) if rows else None


async def find_many(
    table: str,
    where_conditions: Conditions | None = None,
    *,
    order_by: Order | None = None,
    limit: int | None = None,
    offset: int | None = None,
    select_columns: Sequence[str] | None = None,
    distinct: bool | None = None,
    distinct_on: Sequence[str] | str | None = None,
) -> list[Row]:
    """Fetch the rows that meet all conditions.

    Args:
        table: `name` or `schema.name`.
        where_conditions: `(column, operator, value)` triples, or a dict of values that columns must equal; `None` as a
            value means NULL. Operators, in any case: `eq`, `ne`, `gt`, `gte`, `lt`, `lte` or their signs, `like`,
            `ilike`, `not_like`, `not_ilike`, `in`, `not_in`, `between`, `not_between`, `is_null`, `is_not_null`,
            `json_contains`, `json_contained_by`, `json_key_exists`,
            `json_any_key_exists`, `json_all_keys_exist`, `any`, `has`, `array_contains`, `has_all`,
            `array_contained_by`, `array_overlaps`, `has_any`.
        order_by: `(column, "asc" or "desc")`, or a list of such pairs; a direction may end in `nulls first` or `nulls
            last`.
        limit: How many rows at most.
        offset: How many rows to leave out first.
        select_columns: The columns to fetch, all by default.
        distinct: Whether to leave out rows that are equal to another one.
        distinct_on: Columns of which each combination of values is to occur once.

    Returns:
        One dict per row.

    Raises:
        ValueError: An operator or a direction is unknown, or a number is negative.
        IdentifierError: A name is not acceptable.
    """
    request = _requests.select(
        table,
        filter=_requests.conditions(where_conditions),
        columns=select_columns,
        order_by=order_by,
        limit=limit,
        offset=offset,
        distinct=distinct,
        distinct_on=distinct_on,
    )
    return cast("list[Row]", await start(target(), request))


async def count(table: str, where_conditions: Conditions | None = None) -> int:
    """Count the rows that meet all conditions; arguments as for `find_many`."""
    request = _requests.count(table, filter=_requests.conditions(where_conditions))
    return cast("int", await start(target(), request))


async def update_many(
    table: str,
    where_conditions: Conditions | None,
    updates: Mapping[str, Any],
    *,
    returning: Sequence[str] | None = None,
) -> int | list[Row]:
    """Update the rows that meet all conditions.

    Args:
        table: `name` or `schema.name`.
        where_conditions: As for `find_many`; `None` or an empty list for all rows.
        updates: The new column values.
        returning: Columns to return, `["*"]` for all.

    Returns:
        The number of updated rows, or with `returning` the rows.

    Raises:
        ValueError: `updates` is empty.
    """
    request = _requests.update(table, updates, filter=_requests.conditions(where_conditions), returning=returning)
    return cast("int | list[Row]", await start(target(), request))


async def delete_many(
    table: str, where_conditions: Conditions | None, *, returning: Sequence[str] | None = None
) -> int | list[Row]:
    """Delete the rows that meet all conditions; arguments as for `update_many`.

    Returns:
        The number of deleted rows, or with `returning` the rows.
    """
    request = _requests.delete(table, filter=_requests.conditions(where_conditions), returning=returning)
    return cast("int | list[Row]", await start(target(), request))


def begin_transaction(
    isolation_level: IsolationLevel | str | None = None,
    *,
    read_only: bool = False,
    deferrable: bool = False,
    independent: bool = False,
) -> TransactionContext:
    """Make a transaction: enter it with `async with`, or await it.

    Inside `async with` it is the ambient transaction: every function of the package works on it. It commits at a normal
    exit and rolls back at an exception, unless it was completed before. Inside another transaction it is a part of that
    one which can be undone on its own. An awaited transaction becomes ambient with `async with tx`.

    Args:
        isolation_level: `read_uncommitted`, `read_committed`, `repeatable_read` or `serializable`, in any case and with
            spaces or hyphens as well; `None` for the server's default.
        read_only: Whether writes are refused.
        deferrable: Whether to wait for a snapshot that cannot fail; only for serializable, read-only transactions.
        independent: Whether to use a connection of its own even inside another transaction.

    Raises:
        ValueError: There is no such level, or a nested transaction asks for other options than the one around it.
    """
    return TransactionContext(isolation_level, read_only=read_only, deferrable=deferrable, independent=independent)
