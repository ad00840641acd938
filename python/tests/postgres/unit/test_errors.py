from __future__ import annotations

import pickle
from typing import Any

import pytest

from ouroboros_postgres import errors
from ouroboros_postgres.errors import PostgresError, from_payload

CLASSES = [getattr(errors, name) for name in errors.__all__]

BY_SQLSTATE = {
    "08006": errors.ConnectionFailedError,
    "0A000": errors.QueryError,
    "0B000": errors.TransactionError,
    "21000": errors.QueryError,
    "22P02": errors.DataError,
    "23000": errors.IntegrityError,
    "23001": errors.ForeignKeyError,
    "23502": errors.NotNullError,
    "23503": errors.ForeignKeyError,
    "23505": errors.ConflictError,
    "23514": errors.CheckError,
    "23P01": errors.ConflictError,
    "25001": errors.TransactionError,
    "25006": errors.ReadOnlyTransactionError,
    "25P02": errors.InFailedTransactionError,
    "28P01": errors.AuthenticationError,
    "2D000": errors.TransactionError,
    "3B001": errors.SavepointError,
    "40001": errors.SerializationError,
    "40002": errors.TransientError,
    "40P01": errors.DeadlockError,
    "42501": errors.PermissionDeniedError,
    "42601": errors.SQLSyntaxError,
    "42703": errors.UndefinedColumnError,
    "42P01": errors.UndefinedTableError,
    "42P10": errors.QueryError,
    "53300": errors.ConnectionFailedError,
    "55P03": errors.LockTimeoutError,
    "57014": errors.QueryTimeoutError,
    "57P01": errors.ConnectionFailedError,
    "57P03": errors.ConnectionFailedError,
    "P0001": errors.QueryError,
    "XX000": errors.InternalError,
}

BY_KIND = {
    "authentication": errors.AuthenticationError,
    "connection": errors.ConnectionFailedError,
    "data": errors.DataError,
    "database": errors.QueryError,
    "deserialization": errors.DeserializationError,
    "foreign_key": errors.ForeignKeyError,
    "identifier": errors.IdentifierError,
    "internal": errors.InternalError,
    "migration": errors.MigrationError,
    "not_connected": errors.NotConnectedError,
    "pool_timeout": errors.PoolTimeoutError,
    "query": errors.QueryError,
    "table_missing": errors.UndefinedTableError,
    "transaction": errors.TransactionError,
    "transaction_closed": errors.TransactionClosedError,
    "of a later version": errors.InternalError,
}

SERVER_ERROR = {
    "kind": "database",
    "prefix": "Insert failed",
    "message": 'duplicate key value violates unique constraint "t_pkey"',
    "sqlstate": "23505",
    "severity": "ERROR",
    "detail": "Key (id)=(1) already exists.",
    "hint": "Use another one.",
    "schema": "public",
    "table": "t",
    "column": "id",
    "constraint": "t_pkey",
    "datatype": "int4",
    "position": 7,
    "query": "INSERT INTO t",
}


def error_of(**payload: Any) -> PostgresError:
    error = from_payload({"message": "m", **payload})
    assert isinstance(error, PostgresError)
    return error


@pytest.mark.parametrize(("sqlstate", "expected"), BY_SQLSTATE.items())
def test_the_sqlstate_decides_the_class(sqlstate: str, expected: type[PostgresError]) -> None:
    assert type(error_of(kind="database", sqlstate=sqlstate)) is expected


@pytest.mark.parametrize(("kind", "expected"), BY_KIND.items())
def test_without_a_sqlstate_the_kind_decides(kind: str, expected: type[PostgresError]) -> None:
    assert type(error_of(kind=kind)) is expected


def test_the_kind_decides_for_a_sqlstate_without_a_class() -> None:
    assert type(error_of(kind="connection", sqlstate="3D000")) is errors.ConnectionFailedError


@pytest.mark.parametrize(("kind", "expected"), [("value", ValueError), ("type", TypeError)])
def test_bad_arguments_are_plain_errors(kind: str, expected: type[Exception]) -> None:
    error = from_payload({"kind": kind, "message": "Unknown operator: foo"})
    assert type(error) is expected
    assert str(error) == "Unknown operator: foo"


def test_all_fields_arrive() -> None:
    error = error_of(**SERVER_ERROR)
    assert vars(error) == {
        "message": SERVER_ERROR["message"],
        "prefix": "Insert failed",
        "sqlstate": "23505",
        "severity": "ERROR",
        "detail": "Key (id)=(1) already exists.",
        "hint": "Use another one.",
        "schema_name": "public",
        "table_name": "t",
        "column_name": "id",
        "constraint_name": "t_pkey",
        "datatype_name": "int4",
        "position": 7,
        "query": "INSERT INTO t",
        "is_retryable": False,
        "in_doubt": False,
    }
    assert error.is_constraint_violation


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"message": "m"}, "m"),
        ({"message": "m", "prefix": "p"}, "p: m"),
        ({"message": "m", "detail": "d"}, "m (d)"),
        ({"message": "m", "prefix": "p", "detail": "d"}, "p: m (d)"),
        ({"message": "m", "prefix": "", "detail": ""}, "m"),
    ],
)
def test_the_text_is_prefix_message_and_detail(payload: dict[str, str], text: str) -> None:
    assert str(from_payload({"kind": "database", **payload})) == text


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"kind": "database", "sqlstate": "40001"}, True),
        ({"kind": "database", "sqlstate": "40P01"}, True),
        ({"kind": "database", "sqlstate": "40003"}, False),
        ({"kind": "database", "sqlstate": "40001", "in_doubt": True}, False),
        ({"kind": "database", "sqlstate": "55P03"}, True),
        ({"kind": "database", "sqlstate": "57014"}, False),
        ({"kind": "database", "sqlstate": "23505"}, False),
        ({"kind": "pool_timeout"}, True),
        ({"kind": "connection"}, False),
        ({"kind": "connection", "retryable": True}, True),
        ({"kind": "connection", "in_doubt": True}, False),
    ],
)
def test_what_may_be_run_again(payload: dict[str, Any], expected: bool) -> None:
    assert error_of(**payload).is_retryable is expected


@pytest.mark.parametrize("cls", CLASSES)
def test_every_class_survives_pickling(cls: type[PostgresError]) -> None:
    error = cls("m", prefix="p", sqlstate="23505", detail="d", position=3, is_retryable=True, in_doubt=True)
    error.add_note("a note")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert type(copy) is cls
    assert vars(copy) == vars(error)
    assert str(copy) == "p: m (d)"
    assert copy.args == ("m",)


@pytest.mark.parametrize("cls", CLASSES)
def test_every_class_is_a_runtime_error_and_no_assertion(cls: type[PostgresError]) -> None:
    assert issubclass(cls, RuntimeError)
    assert not issubclass(cls, AssertionError)


@pytest.mark.parametrize(
    ("cls", "base"),
    [
        (errors.ConnectionFailedError, ConnectionError),
        (errors.NotConnectedError, ConnectionError),
        (errors.PoolTimeoutError, TimeoutError),
        (errors.DataError, ValueError),
        (errors.IdentifierError, ValueError),
    ],
)
def test_handlers_for_builtin_errors_still_work(cls: type[PostgresError], base: type[Exception]) -> None:
    with pytest.raises(base, match=r"^m$"):
        raise cls("m")


def test_the_alias_is_the_base_class() -> None:
    assert errors.DataBridgeError is PostgresError


def test_names_are_sorted_and_complete() -> None:
    defined = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert errors.__all__ == sorted(defined)
