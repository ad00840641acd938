"""PostgreSQL for asyncio, on an engine written in Go.

import ouroboros_postgres as pg

await pg.init("postgres://localhost/app")
row = await pg.insert_one("users", {"name": "Ada"})
async with pg.begin_transaction():
    await pg.execute("UPDATE users SET name = $1 WHERE id = $2", ["Grace", row["id"]])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _engine as _engine
from . import connection, errors, health, identifiers, metrics, transactions, types
from .arrays import ArrayOps
from .connection import (
    IsolationLevel,
    begin_transaction,
    close,
    count,
    delete_checked,
    delete_many,
    delete_one,
    delete_with_cascade,
    execute,
    fetch_many_with_relations,
    fetch_one_eager,
    fetch_one_with_relations,
    find_by_foreign_key,
    find_many,
    find_one,
    get_backreferences,
    get_columns,
    get_foreign_keys,
    get_indexes,
    init,
    insert_many,
    insert_one,
    inspect_table,
    is_connected,
    list_tables,
    migration_apply,
    migration_create,
    migration_init,
    migration_rollback,
    migration_status,
    query_aggregate,
    query_with_cte,
    table_exists,
    update_many,
    update_one,
    upsert_many,
    upsert_one,
)
from .errors import (
    AuthenticationError,
    CheckError,
    ConflictError,
    ConnectionFailedError,
    DataBridgeError,
    DataError,
    DeadlockError,
    DeserializationError,
    ForeignKeyError,
    IdentifierError,
    InFailedTransactionError,
    IntegrityError,
    InternalError,
    LockTimeoutError,
    MigrationError,
    NotConnectedError,
    NotNullError,
    PermissionDeniedError,
    PoolTimeoutError,
    PostgresError,
    PostgresTimeoutError,
    QueryError,
    QueryTimeoutError,
    ReadOnlyTransactionError,
    RowNotFoundError,
    SavepointError,
    SerializationError,
    SQLSyntaxError,
    TransactionClosedError,
    TransactionError,
    TransientError,
    UndefinedColumnError,
    UndefinedTableError,
)
from .fulltext import FullTextSearch, fts
from .health import health_check
from .identifiers import validate_foreign_key_reference
from .metrics import metrics_prometheus, pool_metrics, reset_metrics
from .postgis import GeoQuery, Point
from .transactions import Savepoint, Transaction, pg_transaction, run_in_transaction
from .types import Range

if TYPE_CHECKING:
    __version__: str

__all__ = [
    "ArrayOps",
    "AuthenticationError",
    "CheckError",
    "ConflictError",
    "ConnectionFailedError",
    "DataBridgeError",
    "DataError",
    "DeadlockError",
    "DeserializationError",
    "ForeignKeyError",
    "FullTextSearch",
    "GeoQuery",
    "IdentifierError",
    "InFailedTransactionError",
    "IntegrityError",
    "InternalError",
    "IsolationLevel",
    "LockTimeoutError",
    "MigrationError",
    "NotConnectedError",
    "NotNullError",
    "PermissionDeniedError",
    "Point",
    "PoolTimeoutError",
    "PostgresError",
    "PostgresTimeoutError",
    "QueryError",
    "QueryTimeoutError",
    "Range",
    "ReadOnlyTransactionError",
    "RowNotFoundError",
    "SQLSyntaxError",
    "Savepoint",
    "SavepointError",
    "SerializationError",
    "Transaction",
    "TransactionClosedError",
    "TransactionError",
    "TransientError",
    "UndefinedColumnError",
    "UndefinedTableError",
    "begin_transaction",
    "close",
    "connection",
    "count",
    "delete_checked",
    "delete_many",
    "delete_one",
    "delete_with_cascade",
    "errors",
    "execute",
    "fetch_many_with_relations",
    "fetch_one_eager",
    "fetch_one_with_relations",
    "find_by_foreign_key",
    "find_many",
    "find_one",
    "fts",
    "get_backreferences",
    "get_columns",
    "get_foreign_keys",
    "get_indexes",
    "health",
    "health_check",
    "identifiers",
    "init",
    "insert_many",
    "insert_one",
    "inspect_table",
    "is_connected",
    "list_tables",
    "metrics",
    "metrics_prometheus",
    "migration_apply",
    "migration_create",
    "migration_init",
    "migration_rollback",
    "migration_status",
    "pg_transaction",
    "pool_metrics",
    "query_aggregate",
    "query_with_cte",
    "reset_metrics",
    "run_in_transaction",
    "table_exists",
    "transactions",
    "types",
    "update_many",
    "update_one",
    "upsert_many",
    "upsert_one",
    "validate_foreign_key_reference",
]


def __getattr__(name: str) -> str:
    """Read the version from the package's metadata when somebody asks for it."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("ouroboros-postgres")
