"""Queries that are more than the rows of one table: aggregates, windows, CTEs, subqueries, set operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from . import _query_requests
from ._runtime import start
from ._session import target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["query_aggregate", "query_with_cte"]

Row: TypeAlias = dict[str, Any]
Params: TypeAlias = "list[Any] | tuple[Any, ...] | None"
Conditions: TypeAlias = "Iterable[tuple[str, str, Any]] | Mapping[str, Any]"
Order: TypeAlias = "tuple[str, str] | Iterable[tuple[str, str]]"
NamedSQL: TypeAlias = tuple[str, str, Params]
Subquery: TypeAlias = tuple[str, str | None, str, Params]


async def query_aggregate(
    table: str,
    aggregates: Iterable[tuple[str, str | None, str | None]] | None,
    group_by: Sequence[str] | None = None,
    having: Iterable[tuple[str, str | None, str, Any]] | None = None,
    where_conditions: Conditions | None = None,
    order_by: Order | None = None,
    limit: int | None = None,
    distinct: bool | None = None,
    distinct_on: Sequence[str] | str | None = None,
    ctes: Iterable[NamedSQL] | None = None,
    subqueries: Iterable[Subquery] | None = None,
    *,
    windows: Iterable[tuple[Any, ...]] | None = None,
    set_operations: Iterable[NamedSQL] | None = None,
    offset: int | None = None,
) -> list[Row]:
    """Compute aggregates and window functions over a table.

    Tuples may be lists as well; `None` and empty lists mean that there is no such part. Each SQL text numbers its
    placeholders from `$1` for its own parameters.

    Args:
        table: `name`, `schema.name`, or the name of one of `ctes`.
        aggregates: `(function, column, alias)`: `count` (of rows, without a column), `count_column`, `count_distinct`,
            `sum`, `avg`, `min`, `max`, in any case. Without an alias the result is called like the function.
        group_by: Columns to group by; they come first in the result.
        having: `(function, column, operator, value)`, joined by AND. Operators: the comparisons, `in`, `not_in`,
            `between`, `is_null`, `is_not_null`.
        where_conditions: As for `find_many`.
        order_by: `(name, direction)` or a list of such pairs; a name is a column or an alias, a direction `asc` or
            `desc`, perhaps with `nulls first` or `nulls last`. With `set_operations` it concerns the combined result,
            as do `limit` and `offset`.
        limit: How many rows at most; 0 gives none.
        distinct: Whether to leave out rows that are equal to another one.
        distinct_on: Columns of which each combination of values is to occur once; `order_by` decides with which row.
        ctes: `(name, sql, params)`: queries that the others can refer to by name.
        subqueries: `(type, field, sql, params)` with the type `in`, `not_in`, `exists` or `not_exists`; joined to
            `where_conditions` by AND. A NULL among the rows of `not_in` leaves no row, as in SQL.
        windows: `(function, column, offset, default, partition_by, order_by, alias)` and perhaps a frame
            `(unit, start, end)`; see the reference.
        set_operations: `(operation, sql, params)`: `union`, `union_all`, `intersect`, `intersect_all`, `except`,
            `except_all`, from left to right.
        offset: How many rows to leave out first.

    Returns:
        One dict per row: the columns of `group_by`, the aggregates, the windows. Without `group_by` and `aggregates`
        all columns of the table, then the windows. Counts are `int`; `sum` and `avg` of exact numbers are `Decimal`,
        but `sum` of `integer` is `int`.

    Raises:
        ValueError: A function, operator, direction or type is unknown, lacks its column, or two result columns have the
            same name; a text does not use exactly its parameters.
        TypeError: An argument is of the wrong type.
        IdentifierError: A name is not acceptable.
        QueryError: The server refuses the query; `Aggregate query failed: …`, as for any other error.
    """
    request = _query_requests.aggregate(
        table,
        aggregates,
        group_by=group_by,
        having=having,
        where_conditions=where_conditions,
        order_by=order_by,
        limit=limit,
        distinct=distinct,
        distinct_on=distinct_on,
        ctes=ctes,
        subqueries=subqueries,
        windows=windows,
        set_operations=set_operations,
        offset=offset,
    )
    return cast("list[Row]", await start(target(), request))


async def query_with_cte(
    main_table: str,
    ctes: Iterable[NamedSQL],
    select_columns: Sequence[str] | None = None,
    where_conditions: Conditions | None = None,
    order_by: Order | None = None,
    limit: int | None = None,
    subqueries: Iterable[Subquery] | None = None,
    *,
    offset: int | None = None,
    recursive: bool = False,
) -> list[Row]:
    """Read rows of a named query, or of a table with named queries beside it.

    Args:
        main_table: The name of one of `ctes`, or a table.
        ctes: `(name, sql, params)`; each may use the ones before it, and numbers its placeholders from `$1`. Names are
            quoted: one with capitals must be in double quotes where SQL texts refer to it.
        select_columns: The columns to fetch, `None`, `[]` or `["*"]` for all.
        where_conditions: As for `find_many`.
        order_by: As for `query_aggregate`.
        limit: How many rows at most.
        subqueries: As for `query_aggregate`.
        offset: How many rows to leave out first.
        recursive: Whether the queries may refer to themselves. A single one that is recursive may instead begin with
            `WITH RECURSIVE` itself.

    Returns:
        One dict per row.

    Raises:
        ValueError: Two queries or two result columns have the same name, or a text does not use exactly its parameters.
        TypeError: An argument is of the wrong type.
        IdentifierError: A name is not acceptable.
        QueryError: The server refuses the query; `CTE query failed: …`, as for any other error.
    """
    request = _query_requests.with_cte(
        main_table,
        ctes,
        select_columns=select_columns,
        where_conditions=where_conditions,
        order_by=order_by,
        limit=limit,
        subqueries=subqueries,
        offset=offset,
        recursive=recursive,
    )
    return cast("list[Row]", await start(target(), request))
