"""Migrations in SQL files: applied in the order of their versions, recorded in a table of the database.

None of the functions joins a transaction; inside one those that need the database refuse to run.
"""

from __future__ import annotations

import os
from typing import Any, TypeAlias, TypedDict, cast

from . import _requests, _runtime
from ._options import check_number
from ._session import ambient, pool_target
from .errors import TransactionError

__all__ = [
    "MigrationStatus",
    "migration_apply",
    "migration_create",
    "migration_init",
    "migration_rollback",
    "migration_status",
]

Directory: TypeAlias = "str | os.PathLike[str]"

_LARGEST_STEPS = 2**31 - 1


class MigrationStatus(TypedDict):
    """Lists of versions, each in ascending order."""

    applied: list[str]
    pending: list[str]
    missing: list[str]
    modified: list[str]
    out_of_order: list[str]


async def migration_init(*, migrations_table: str = "_migrations") -> None:
    """Create the table that records migrations, if it is missing.

    Args:
        migrations_table: `name` or `schema.name`.

    Raises:
        TransactionError: There is an ambient transaction.
        IdentifierError: The name of the table is not acceptable.
    """
    await _run("migration_init", {"table": _requests.text("migrations_table", migrations_table)})


async def migration_status(
    migrations_dir: Directory = "migrations", *, migrations_table: str = "_migrations"
) -> MigrationStatus:
    """Compare the files with what is recorded; without the table nothing is.

    Args:
        migrations_dir: The directory of the files.
        migrations_table: As for `migration_init`.

    Returns:
        Versions in ascending order: `applied` (recorded), `pending` (files that are not recorded), `missing` (recorded,
        but there is no file), `modified` (the file is not what was applied), `out_of_order` (pending, but older than
        the newest that is applied).

    Raises:
        MigrationError: A file is malformed, or two have one version; `Failed to load migrations: …`.
        TransactionError: There is an ambient transaction.
    """
    fields = _location(migrations_dir, migrations_table)
    return cast("MigrationStatus", await _run("migration_status", fields))


async def migration_apply(
    migrations_dir: Directory = "migrations",
    *,
    target: str | None = None,
    dry_run: bool = False,
    lock_timeout: float | None = None,
    statement_timeout: float | None = None,
    migrations_table: str = "_migrations",
) -> list[str]:
    """Apply what is pending, each migration in a transaction of its own; create the table of records if it is missing.

    A failure undoes its migration and ends the run; what was applied before stays. Who else migrates by the same table
    waits until the run is over.

    Args:
        migrations_dir: The directory of the files.
        target: The last version to apply, `None` for all.
        dry_run: Whether to change nothing and return what would be applied.
        lock_timeout: Seconds to wait for another run, and for each lock that a statement needs; `None` for no limit of
            the former and the server's `lock_timeout` for the latter.
        statement_timeout: Seconds that a statement may take, `None` for the server's `statement_timeout`.
        migrations_table: As for `migration_init`.

    Returns:
        The versions applied, in order.

    Raises:
        MigrationError: A file is malformed, has changed since it was applied, or is not there.
        LockTimeoutError: Waiting took longer than `lock_timeout`.
        PostgresError: A statement failed: `Failed to apply migration <version> (statement <n>): …`, in the class of
            its error.
        TransactionError: There is an ambient transaction.
    """
    fields = _run_fields(_location(migrations_dir, migrations_table), target, dry_run, lock_timeout, statement_timeout)
    return cast("list[str]", await _run("migration_apply", fields))


async def migration_rollback(
    migrations_dir: Directory = "migrations",
    steps: int = 1,
    *,
    target: str | None = None,
    dry_run: bool = False,
    lock_timeout: float | None = None,
    statement_timeout: float | None = None,
    migrations_table: str = "_migrations",
) -> list[str]:
    """Revert the migrations that were applied last, each in a transaction of its own, and delete their records.

    Args:
        migrations_dir: The directory of the files.
        steps: How many; all if there are fewer.
        target: The version to go back to, which stays applied; instead of `steps`.
        dry_run: Whether to change nothing and return what would be reverted.
        lock_timeout: As for `migration_apply`.
        statement_timeout: As for `migration_apply`.
        migrations_table: As for `migration_init`.

    Returns:
        The versions reverted, in the order in which that was done: the one applied last first.

    Raises:
        ValueError: `steps` is negative, or given together with `target`.
        MigrationError: A file is malformed, or missing for a migration to revert. Nothing has been reverted then.
        PostgresError: A statement failed: `Failed to revert migration <version> (statement <n>): …`.
        TransactionError: There is an ambient transaction.
    """
    fields = _run_fields(_location(migrations_dir, migrations_table), target, dry_run, lock_timeout, statement_timeout)
    count = _steps(steps)
    if target is None:
        fields["steps"] = count
    elif count != 1:
        raise ValueError("steps and target exclude each other")
    return cast("list[str]", await _run("migration_rollback", fields))


def migration_create(description: str, migrations_dir: Directory = "migrations") -> str:
    """Write a file for a new migration, to be filled in; needs no connection.

    Args:
        description: What the migration does, in a few words.
        migrations_dir: The directory of the files, made if it is missing.

    Returns:
        The path of the file: `<directory>/<version>_<description>.sql`; the version is the current time in UTC.

    Raises:
        ValueError: The description is empty.
        MigrationError: `Failed to create migration file: …`.
    """
    directory = _directory(migrations_dir)
    request = {
        "op": "migration_create",
        "directory": directory,
        "description": _requests.text("description", description),
    }
    return os.path.join(directory, cast("str", _runtime.call(0, request)))


async def _run(op: str, fields: dict[str, Any]) -> Any:
    if ambient() is not None:
        raise TransactionError(f"{op} cannot run inside a transaction: migrations have transactions of their own")
    return await _runtime.start(pool_target(), _requests.encode({"op": op, **fields}))


def _location(directory: Directory, table: str) -> dict[str, Any]:
    return {"directory": _directory(directory), "table": _requests.text("migrations_table", table)}


def _directory(path: Any) -> str:
    directory = _requests.text("migrations_dir", path.__fspath__() if hasattr(path, "__fspath__") else path)
    if not directory:
        raise ValueError("migrations_dir must not be empty")
    return directory


def _run_fields(
    fields: dict[str, Any],
    target: str | None,
    dry_run: bool,
    lock_timeout: float | None,
    statement_timeout: float | None,
) -> dict[str, Any]:
    if target is not None:
        fields["target"] = _requests.given_name("target", target)
    if not isinstance(cast("Any", dry_run), bool):
        raise TypeError(f"dry_run must be bool, not {type(dry_run).__name__}")
    fields["dry_run"] = dry_run
    for name, value in (("lock_timeout", lock_timeout), ("statement_timeout", statement_timeout)):
        if value is not None:
            check_number(name, value, 0)
            if value == 0:
                raise ValueError(f"{name} must be positive; None stands for no limit")
            fields[name] = value
    return fields


def _steps(steps: Any) -> int:
    if not isinstance(steps, int) or isinstance(steps, bool):
        raise TypeError(f"steps must be int, not {type(steps).__name__}")
    if steps < 0:
        raise ValueError(f"steps must not be negative, not {steps}")
    return min(steps, _LARGEST_STEPS)
