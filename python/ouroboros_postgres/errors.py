"""The exceptions of the package.

Every class derives from `RuntimeError`. Programming errors (an argument of the wrong type, an unknown word where a
fixed vocabulary is expected) are plain `TypeError` and `ValueError` instead.

    PostgresError (alias DataBridgeError)
    ├─ ConnectionFailedError            also a ConnectionError
    │   ├─ AuthenticationError
    │   └─ NotConnectedError
    ├─ PostgresTimeoutError             also a TimeoutError
    │   ├─ PoolTimeoutError
    │   ├─ QueryTimeoutError
    │   └─ LockTimeoutError
    ├─ IntegrityError
    │   ├─ ConflictError
    │   ├─ ForeignKeyError
    │   ├─ NotNullError
    │   └─ CheckError
    ├─ TransientError
    │   ├─ SerializationError
    │   └─ DeadlockError
    ├─ TransactionError
    │   ├─ ReadOnlyTransactionError
    │   ├─ InFailedTransactionError
    │   ├─ TransactionClosedError
    │   └─ SavepointError
    ├─ NoResultFound                    also a LookupError
    ├─ MultipleResultsFound             also a LookupError
    ├─ QueryError
    │   ├─ UndefinedTableError
    │   ├─ UndefinedColumnError
    │   ├─ SQLSyntaxError
    │   ├─ PermissionDeniedError
    │   └─ RowNotFoundError
    ├─ DataError                        also a ValueError
    ├─ DeserializationError
    ├─ IdentifierError                  also a ValueError
    ├─ MigrationError
    └─ InternalError
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "AuthenticationError",
    "CheckError",
    "ConflictError",
    "ConnectionFailedError",
    "DataBridgeError",
    "DataError",
    "DeadlockError",
    "DeserializationError",
    "ForeignKeyError",
    "IdentifierError",
    "InFailedTransactionError",
    "IntegrityError",
    "InternalError",
    "LockTimeoutError",
    "MigrationError",
    "MultipleResultsFound",
    "NoResultFound",
    "NotConnectedError",
    "NotNullError",
    "PermissionDeniedError",
    "PoolTimeoutError",
    "PostgresError",
    "PostgresTimeoutError",
    "QueryError",
    "QueryTimeoutError",
    "ReadOnlyTransactionError",
    "RowNotFoundError",
    "SQLSyntaxError",
    "SavepointError",
    "SerializationError",
    "TransactionClosedError",
    "TransactionError",
    "TransientError",
    "UndefinedColumnError",
    "UndefinedTableError",
]


class PostgresError(RuntimeError):
    """Base of everything that the database or the engine reports.

    Attributes:
        message: The primary message, without the prefix that names the operation.
        prefix: What failed, such as `Insert failed`, or `None`.
        sqlstate: The five-character code of the server, `None` when the fault was found on this side.
        severity: `ERROR`, `FATAL` or `PANIC`.
        detail: The server's detail; it may quote key values.
        hint: The server's hint.
        schema_name: Schema of the object concerned.
        table_name: Table concerned.
        column_name: Column concerned.
        constraint_name: Constraint that was violated.
        datatype_name: Data type concerned.
        position: Position in the statement, counted from 1.
        query: The start of the statement (at most 100 characters), never its parameters.
        is_retryable: Whether running the same thing again may succeed.
        in_doubt: Whether a write or a COMMIT may or may not have happened.
    """

    _retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str = "",
        *,
        prefix: str | None = None,
        sqlstate: str | None = None,
        severity: str | None = None,
        detail: str | None = None,
        hint: str | None = None,
        schema_name: str | None = None,
        table_name: str | None = None,
        column_name: str | None = None,
        constraint_name: str | None = None,
        datatype_name: str | None = None,
        position: int | None = None,
        query: str | None = None,
        is_retryable: bool | None = None,
        in_doubt: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.prefix = prefix
        self.sqlstate = sqlstate
        self.severity = severity
        self.detail = detail
        self.hint = hint
        self.schema_name = schema_name
        self.table_name = table_name
        self.column_name = column_name
        self.constraint_name = constraint_name
        self.datatype_name = datatype_name
        self.position = position
        self.query = query
        self.is_retryable = (self._retryable and not in_doubt) if is_retryable is None else is_retryable
        self.in_doubt = in_doubt

    @property
    def is_constraint_violation(self) -> bool:
        """Whether a constraint of the database refused the change."""
        return isinstance(self, IntegrityError)

    def __str__(self) -> str:
        text = f"{self.prefix}: {self.message}" if self.prefix else self.message
        return f"{text} ({self.detail})" if self.detail else text

    def __reduce__(self) -> tuple[Callable[..., PostgresError], tuple[Any, ...]]:
        return _restore, (type(self), self.message, dict(self.__dict__))


_E = TypeVar("_E", bound=PostgresError)


def _restore(cls: type[_E], message: str, state: dict[str, Any]) -> _E:
    error = cls(message)
    error.__dict__.update(state)
    return error


class ConnectionFailedError(PostgresError, ConnectionError):
    """No connection could be made, or it was lost (class 08, 57P01 to 57P03, 53300, network, TLS)."""


class AuthenticationError(ConnectionFailedError):
    """The server refused the role or its password (class 28)."""


class NotConnectedError(ConnectionFailedError):
    """There is no pool: `init` was not called, or `close` was."""


class PostgresTimeoutError(PostgresError, TimeoutError):
    """Something took longer than it was allowed to."""


class PoolTimeoutError(PostgresTimeoutError):
    """No connection became free within `acquire_timeout`."""

    _retryable = True


class QueryTimeoutError(PostgresTimeoutError):
    """The server cancelled the statement (57014), as after `statement_timeout`."""


class LockTimeoutError(PostgresTimeoutError):
    """A lock was not to be had (55P03)."""

    _retryable = True


class IntegrityError(PostgresError):
    """A constraint was violated (class 23)."""


class ConflictError(IntegrityError):
    """A unique or exclusion constraint was violated (23505, 23P01)."""


class ForeignKeyError(IntegrityError):
    """A foreign key was violated (23503, 23001), or would be by a checked delete."""


class NotNullError(IntegrityError):
    """A column that must not be NULL was left NULL (23502)."""


class CheckError(IntegrityError):
    """A check constraint was violated (23514)."""


class TransientError(PostgresError):
    """The server rolled back and the same work may succeed when it is run again (class 40)."""

    _retryable = True


class SerializationError(TransientError):
    """The transaction could not be serialised with others (40001)."""


class DeadlockError(TransientError):
    """The transaction was chosen to end a deadlock (40P01)."""


class TransactionError(PostgresError):
    """Transaction control was used where it does not fit (classes 25, 2D, 0B, 3B)."""


class ReadOnlyTransactionError(TransactionError):
    """A read-only transaction was asked to write (25006)."""


class InFailedTransactionError(TransactionError):
    """An earlier error aborted the transaction (25P02)."""


class TransactionClosedError(TransactionError):
    """The transaction has been committed or rolled back already."""


class SavepointError(TransactionError):
    """There is no such savepoint (3B001), or its name is unusable."""


class QueryError(PostgresError):
    """The server or the engine refused the statement (classes 42, 0A, 21 and whatever has no class of its own)."""


class UndefinedTableError(QueryError):
    """There is no such table (42P01)."""


class UndefinedColumnError(QueryError):
    """There is no such column (42703)."""


class SQLSyntaxError(QueryError):
    """The statement cannot be parsed (42601)."""


class PermissionDeniedError(QueryError):
    """The role lacks a privilege (42501)."""


class RowNotFoundError(QueryError):
    """`update_one` matched no row."""


class NoResultFound(PostgresError, LookupError):
    """A query that was to give one row gave none."""


class MultipleResultsFound(PostgresError, LookupError):
    """A query that was to give at most one row gave several."""


class DataError(PostgresError, ValueError):
    """A value does not fit its type (class 22), or cannot be sent at all."""


class DeserializationError(PostgresError):
    """A value of the result cannot be represented in Python."""


class IdentifierError(PostgresError, ValueError):
    """A name is not acceptable as an identifier."""


class MigrationError(PostgresError):
    """Something is wrong with the migrations themselves: their files, or how they fit to what is applied."""


class InternalError(PostgresError):
    """A fault of the server (class XX) or a bug in the engine."""


DataBridgeError = PostgresError

_BY_SQLSTATE: dict[str, type[PostgresError]] = {
    "23001": ForeignKeyError,
    "23502": NotNullError,
    "23503": ForeignKeyError,
    "23505": ConflictError,
    "23514": CheckError,
    "23P01": ConflictError,
    "25006": ReadOnlyTransactionError,
    "25P02": InFailedTransactionError,
    "3B001": SavepointError,
    "40001": SerializationError,
    "40P01": DeadlockError,
    "42501": PermissionDeniedError,
    "42601": SQLSyntaxError,
    "42703": UndefinedColumnError,
    "42P01": UndefinedTableError,
    "53300": ConnectionFailedError,
    "55P03": LockTimeoutError,
    "57014": QueryTimeoutError,
    "57P01": ConnectionFailedError,
    "57P02": ConnectionFailedError,
    "57P03": ConnectionFailedError,
}

_BY_CLASS: dict[str, type[PostgresError]] = {
    "08": ConnectionFailedError,
    "0A": QueryError,
    "0B": TransactionError,
    "21": QueryError,
    "22": DataError,
    "23": IntegrityError,
    "25": TransactionError,
    "28": AuthenticationError,
    "2D": TransactionError,
    "3B": TransactionError,
    "40": TransientError,
    "42": QueryError,
    "XX": InternalError,
}

_BY_KIND: dict[str, type[PostgresError]] = {
    "authentication": AuthenticationError,
    "connection": ConnectionFailedError,
    "data": DataError,
    "database": QueryError,
    "deserialization": DeserializationError,
    "foreign_key": ForeignKeyError,
    "identifier": IdentifierError,
    "internal": InternalError,
    "migration": MigrationError,
    "not_connected": NotConnectedError,
    "pool_timeout": PoolTimeoutError,
    "query": QueryError,
    "table_missing": UndefinedTableError,
    "transaction": TransactionError,
    "transaction_closed": TransactionClosedError,
}

_COMPLETION_UNKNOWN = "40003"


def from_payload(payload: Mapping[str, Any]) -> Exception:
    """Make the exception for an error object of the engine.

    Args:
        payload: The object described under "Errors" in docs/reference/payloads.md.

    Returns:
        A `PostgresError`, or a plain `ValueError` or `TypeError` for a bad argument.
    """
    kind = payload.get("kind", "internal")
    message = payload.get("message", "")
    if kind == "value":
        return ValueError(message)
    if kind == "type":
        return TypeError(message)
    sqlstate = payload.get("sqlstate") or None
    retryable = payload.get("retryable")
    return _class_of(kind, sqlstate)(
        message,
        prefix=payload.get("prefix") or None,
        sqlstate=sqlstate,
        severity=payload.get("severity") or None,
        detail=payload.get("detail") or None,
        hint=payload.get("hint") or None,
        schema_name=payload.get("schema") or None,
        table_name=payload.get("table") or None,
        column_name=payload.get("column") or None,
        constraint_name=payload.get("constraint") or None,
        datatype_name=payload.get("datatype") or None,
        position=payload.get("position") or None,
        query=payload.get("query") or None,
        is_retryable=False if sqlstate == _COMPLETION_UNKNOWN else retryable,
        in_doubt=bool(payload.get("in_doubt")),
    )


def _class_of(kind: str, sqlstate: str | None) -> type[PostgresError]:
    by_kind = _BY_KIND.get(kind, InternalError)
    if sqlstate is None:
        return by_kind
    return _BY_SQLSTATE.get(sqlstate) or _BY_CLASS.get(sqlstate[:2]) or by_kind
