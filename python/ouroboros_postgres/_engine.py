"""The engine as one façade: every operation under its own name, its arguments in positional order.

All functions but those of the pool and of migrations join the ambient transaction of the calling context.
"""

from __future__ import annotations

from typing import Any

from . import _session
from ._crud import (
    count,
    delete_many,
    delete_one,
    execute,
    fetch_all,
    fetch_one,
    find_by_foreign_key,
    find_many,
    find_one,
    insert_many,
    insert_one,
    query,
    update_many,
    update_one,
    upsert_many,
    upsert_one,
)
from ._introspection import (
    get_backreferences,
    get_columns,
    get_foreign_keys,
    get_indexes,
    inspect_table,
    list_tables,
    table_exists,
)
from ._many_to_many import (
    m2m_add_relation,
    m2m_clear_relations,
    m2m_count_related,
    m2m_create_join_table,
    m2m_fetch_related,
    m2m_has_relation,
    m2m_remove_relation,
    m2m_set_relations,
)
from ._migrations import (
    migration_apply,
    migration_create,
    migration_init,
    migration_rollback,
    migration_status,
)
from ._options import PoolOptions
from ._queries import query_aggregate, query_with_cte
from ._raw_transaction import RawTransaction
from ._relations import (
    delete_checked,
    delete_with_cascade,
    fetch_many_with_relations,
    fetch_one_eager,
    fetch_one_with_relations,
)
from ._session import close, is_connected
from ._transaction import TransactionContext

__all__ = [
    "begin_transaction",
    "close",
    "count",
    "delete_checked",
    "delete_many",
    "delete_one",
    "delete_with_cascade",
    "execute",
    "fetch_all",
    "fetch_many_with_relations",
    "fetch_one",
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
    "m2m_add_relation",
    "m2m_clear_relations",
    "m2m_count_related",
    "m2m_create_join_table",
    "m2m_fetch_related",
    "m2m_has_relation",
    "m2m_remove_relation",
    "m2m_set_relations",
    "migration_apply",
    "migration_create",
    "migration_init",
    "migration_rollback",
    "migration_status",
    "query",
    "query_aggregate",
    "query_with_cte",
    "table_exists",
    "update_many",
    "update_one",
    "upsert_many",
    "upsert_one",
]


async def init(
    connection_string: str,
    min_connections: int = 1,
    max_connections: int = 10,
    connect_timeout: float = 30,
    max_lifetime: float | None = 1800,
    idle_timeout: float | None = 600,
    max_retries: int = 3,
    initial_retry_delay_ms: float = 100,
    max_retry_delay_ms: float = 5000,
    statement_cache_capacity: int = 100,
    **options: Any,
) -> None:
    """Open the pool; `options` are the further ones of `connection.init`."""
    await _session.connect(
        connection_string,
        PoolOptions(
            min_connections=min_connections,
            max_connections=max_connections,
            connect_timeout=connect_timeout,
            max_lifetime=max_lifetime,
            idle_timeout=idle_timeout,
            max_retries=max_retries,
            initial_retry_delay_ms=initial_retry_delay_ms,
            max_retry_delay_ms=max_retry_delay_ms,
            statement_cache_capacity=statement_cache_capacity,
            **options,
        ),
    )


async def begin_transaction(
    isolation_level: str | None = None, *, read_only: bool = False, deferrable: bool = False
) -> RawTransaction:
    """Begin a transaction that is not ambient, nested in the ambient one if there is one."""
    return await TransactionContext(isolation_level, read_only=read_only, deferrable=deferrable).begin_raw()
