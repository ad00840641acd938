"""Requests of the engine (docs/reference/payloads.md, "Requests") from the arguments of public functions.

Each function checks what it is given and returns the encoded request; nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from json import JSONEncoder
from typing import Any, TypeAlias, TypeGuard

from ._arguments import EXACT, PLAIN, argument, arguments, column_arguments
from ._guards import is_collection, is_list, is_mapping
from .errors import DataError, IdentifierError

__all__ = [
    "begin",
    "control",
    "count",
    "delete",
    "delete_row",
    "encode",
    "execute",
    "insert",
    "insert_many",
    "pk_filter",
    "select",
    "update",
    "update_row",
    "upsert",
]

Request: TypeAlias = dict[str, Any]
Condition: TypeAlias = tuple[str, str, Any]
Filter: TypeAlias = list[list[Any]]
Rows: TypeAlias = Sequence[Mapping[str, Any]]
Columns: TypeAlias = tuple[list[str], list[Any]]

_encode_text = JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def encode(request: Request) -> bytes:
    """Encode a request whose values are arguments already.

    Raises:
        DataError: A text holds a lone surrogate, which UTF-8 cannot express.
    """
    try:
        return _encode_text(request).encode()
    except UnicodeEncodeError:
        raise DataError(f"{_blame(request)} contains a lone surrogate") from None
    except ValueError:  # an integer longer than sys.get_int_max_str_digits()
        return _encode_text(_shorten(request)).encode()


def _shorten(value: Any) -> Any:
    """Replace integers that Python refuses to print by exact decimals."""
    if is_mapping(value):
        return {key: _shorten(item) for key, item in value.items()}
    if is_list(value):
        return [_shorten(item) for item in value]
    if isinstance(value, int) and value.bit_length() > _PRINTABLE_BITS:
        return {"n": f"{Decimal(value):f}"}
    return value


_PRINTABLE_BITS = 2048  # below the least limit that sys.set_int_max_str_digits() accepts


def _blame(request: Request) -> str:
    """Name the part of a request that UTF-8 cannot express."""
    for field, value in request.items():
        if _is_unicode(value):
            continue
        if field == "args":
            return f"parameter ${_first_bad(value) + 1}"
        if field == "named":
            return f"parameter {next(name for name, item in value.items() if not _is_unicode([name, item]))!a}"
        if field == "values":
            column = _first_bad(value)
            return f"the value of column {request['columns'][column]!a} in row {_first_bad(value[column])}"
        if field in ("set", "filter"):
            return f"the value of column {value[_first_bad(value)][0]!a}"
        return field
    return "the request"


def _is_unicode(value: Any) -> bool:
    try:
        _encode_text(value).encode()
    except UnicodeEncodeError:
        return False
    except ValueError:
        return True
    return True


def _first_bad(values: Sequence[Any]) -> int:
    return next(index for index, value in enumerate(values) if not _is_unicode(value))


# Checks. Names are checked by the engine; here only that they are text at all.


def text(what: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what} must be str, not {type(value).__name__}")
    return value


def given_name(what: str, value: Any) -> str:
    """Refuse an empty name where the engine would take it for none given."""
    given = text(what, value)
    if not given:
        raise IdentifierError(f"{what} cannot be empty")
    return given


def name_list(what: str, values: Any) -> list[str]:
    return [text(f"each of {what}", value) for value in listed(what, "str", values)]


def listed(what: str, of: str, values: Any) -> Iterable[Any]:
    """Refuse what is no collection, and what only looks like one."""
    if not is_collection(values):
        raise TypeError(f"{what} must be a list of {of}, not {type(values).__name__}")
    return values


def optional_names(what: str, values: Any) -> list[str] | None:
    return name_list(what, values) or None if values is not None else None


def bound(what: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{what} must be int or None, not {type(value).__name__}")
    number = int(value.__index__())
    if number < 0:
        raise ValueError(f"{what} must not be negative, not {number}")
    return number


def flag(what: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{what} must be bool, not {type(value).__name__}")
    return value


def order(order_by: Any, what: str = "order_by", *, nulls: bool = False) -> list[list[str]] | None:
    """Read `(column, direction)` or a list of such pairs; with `nulls` a direction may say where NULL goes."""
    if order_by is None:
        return None
    pairs = list(listed(what, "(column, direction)", order_by))
    if len(pairs) == 2 and isinstance(pairs[0], str):
        pairs = [pairs]
    return [_order_pair(f"{what}[{index}]", item, nulls) for index, item in enumerate(pairs)] or None


def _order_pair(what: str, item: Any, nulls: bool) -> list[str]:
    pair = sized(what, item, 2, "(column, direction)")
    column, direction = (text(what, part) for part in pair)
    words = direction.lower().split() if nulls else [direction.lower()]
    if words[:1] not in (["asc"], ["desc"]) or words[1:] not in ([], ["nulls", "first"], ["nulls", "last"]):
        allowed = "'asc' or 'desc', perhaps with 'nulls first' or 'nulls last'" if nulls else "'asc' or 'desc'"
        raise ValueError(f"{what}: the direction must be {allowed}, not {direction!r}")
    return [column, " ".join(words)]


def sized(what: str, item: Any, length: int, shape: str) -> Sequence[Any]:
    if not is_list(item):
        raise TypeError(f"{what} must be a tuple {shape}, not {type(item).__name__}")
    if len(item) != length:
        raise ValueError(f"{what} must be a tuple {shape}, not {len(item)} elements")
    return item


def check_mapping(what: str, value: Any) -> Mapping[str, Any]:
    if not is_mapping(value):
        raise TypeError(f"{what} must be a dict, not {type(value).__name__}")
    for name in value:
        if type(name) is not str:
            text(f"each column of {what}", name)
    return value


def equalities(what: str, conditions: Any) -> Filter:
    """Read a dict of column values that must all be equal; `None` means IS NULL."""
    return [[column, "eq", argument(value)] for column, value in check_mapping(what, conditions).items()]


def conditions(where_conditions: Any) -> Filter | None:
    """Read a list of `(column, operator, value)`, or a dict of equalities."""
    if where_conditions is None:
        return None
    if isinstance(where_conditions, Mapping):
        return equalities("where_conditions", where_conditions) or None
    items = listed("where_conditions", "(column, operator, value) or a dict", where_conditions)
    return [_condition(index, item) for index, item in enumerate(items)] or None


def _condition(index: int, item: Any) -> list[Any]:
    what = f"where_conditions[{index}]"
    column, operator, value = sized(what, item, 3, "(column, operator, value)")
    return [text(f"the column of {what}", column), text(f"the operator of {what}", operator), argument(value)]


# Statements.


def execute(sql: str, params: Any = None, op: str = "execute") -> bytes:
    """`execute` and `query`."""
    if type(sql) is not str:
        text("sql", sql)
    request: Request = {"op": op, "sql": sql}
    if params is not None:
        _add_params(request, params)
    return encode(request)


def _add_params(request: Request, params: Any) -> None:
    if is_list(params):
        if params:
            request["args"] = arguments(params)
    elif is_mapping(params):
        if params:
            request["named"] = {text("a parameter name", name): argument(value) for name, value in params.items()}
    else:
        raise TypeError(f"params must be a list, tuple or dict, not {type(params).__name__}")


def insert(table: str, document: Mapping[str, Any]) -> bytes:
    """`insert` of one row."""
    request = _one_row("insert", table, document)
    return encode(request)


def _one_row(op: str, table: str, document: Mapping[str, Any]) -> Request:
    mapping = check_mapping("document", document)
    values = [[value if type(value) in PLAIN else argument(value)] for value in mapping.values()]
    return {"op": op, "table": text("table", table), "columns": list(mapping), "count": 1, "values": values}


def insert_many(
    table: str, documents: Iterable[Mapping[str, Any]], *, fill_missing: bool = False, batch_size: int = 1000
) -> bytes | None:
    """`insert` of many rows, `None` when there is none."""
    request = _many_rows("insert", table, documents, fill_missing=fill_missing, batch_size=batch_size)
    return None if request is None else encode(request)


def insert_known(table: str, rows: Rows) -> bytes:
    """`insert` of some rows of which columns need not come back that certainly hold what is given here.

    A row that lacks a column of others gets its default there.
    """
    if not _are_uniform(rows):
        return encode(_rows_request("insert", table, len(rows), _filled(rows), len(rows)))
    columns = _by_column(rows)
    known = [name for name, values in columns.items() if EXACT.issuperset(map(type, values))]
    return encode(_rows_request("insert", table, len(rows), _converted(columns), len(rows)) | {"known": known})


def upsert(
    table: str, document: Mapping[str, Any], conflict_target: str | Sequence[str], update_columns: Sequence[str] | None
) -> bytes:
    """`upsert` of one row."""
    request = _one_row("upsert", table, document)
    _add_conflict(request, conflict_target, update_columns)
    return encode(request)


def upsert_many(
    table: str,
    documents: Iterable[Mapping[str, Any]],
    conflict_target: str | Sequence[str],
    update_columns: Sequence[str] | None,
    *,
    batch_size: int = 1000,
) -> bytes | None:
    """`upsert` of many rows, `None` when there is none."""
    request = _many_rows("upsert", table, documents, fill_missing=False, batch_size=batch_size)
    if request is None:
        return None
    _add_conflict(request, conflict_target, update_columns)
    return encode(request)


def _add_conflict(request: Request, conflict_target: Any, update_columns: Any) -> None:
    target = [conflict_target] if isinstance(conflict_target, str) else name_list("conflict_target", conflict_target)
    if not target or "" in target:
        prefix = "Batch upsert failed" if request.get("many") else "Upsert failed"
        raise IdentifierError("Conflict target cannot be empty", prefix=prefix)
    request["conflict"] = target
    if update_columns is not None:
        request["update"] = names = name_list("update_columns", update_columns)
        for name in names:
            if name not in request["columns"]:
                raise ValueError(f"update_columns names {name!r}, which the document does not have")


def _many_rows(op: str, table: str, documents: Any, *, fill_missing: bool, batch_size: Any) -> Request | None:
    text("table", table)
    size = bound("batch_size", batch_size)
    if size == 0 or size is None:
        raise ValueError(f"batch_size must be at least 1, not {batch_size!r}")
    items = listed("documents", "dicts", documents)
    rows = _checked_rows(items) if fill_missing else _uniform_rows(items)
    if not rows:
        return None
    is_uniform = not fill_missing or _are_uniform(rows)
    columns = _converted(_by_column(rows)) if is_uniform else _filled(rows)
    return _rows_request(op, table, len(rows), columns, size)


def _rows_request(op: str, table: str, count: int, columns: Columns, batch_size: int) -> Request:
    names, values = columns
    request: Request = {"op": op, "table": table, "columns": names, "count": count, "values": values}
    return {**request, "many": True, "batch_size": batch_size}


def _are_uniform(rows: Rows) -> bool:
    keys = rows[0].keys()
    return all(row.keys() == keys for row in rows)


def _uniform_rows(documents: Iterable[Any]) -> Rows:
    known: list[Mapping[str, Any]] = []
    for index, item in enumerate(documents):
        document = item if index and _is_dict(item) else check_mapping(f"documents[{index}]", item)
        if index and document.keys() != known[0].keys():
            raise _other_keys(index, list(known[0]), document)
        known.append(document)
    return known


def _by_column(rows: Rows) -> dict[str, list[Any]]:
    """The values of each column of rows that all have the same keys."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def _converted(columns: dict[str, list[Any]]) -> Columns:
    return list(columns), list(map(column_arguments, columns.values()))


def _is_dict(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether this is a dict; its keys need no check when they are those of a document that has been checked."""
    return type(value) is dict


def _other_keys(index: int, columns: list[str], document: Mapping[str, Any]) -> ValueError:
    missing = [column for column in columns if column not in document]
    extra = [column for column in document if column not in columns]
    parts = [f"{what} {names}" for what, names in (("missing", missing), ("unexpected", extra)) if names]
    return ValueError(f"documents[{index}] has other keys than documents[0]: {', '.join(parts)}")


_DEFAULT = {"x": "default"}


def _checked_rows(documents: Iterable[Any]) -> Rows:
    known: list[Mapping[str, Any]] = []
    for index, item in enumerate(documents):
        if not (index and _is_dict(item) and item.keys() == known[0].keys()):
            check_mapping(f"documents[{index}]", item)
        known.append(item)
    return known


def _filled(rows: Rows) -> Columns:
    """The columns of rows, and the values of each, which is the default where a row has none."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return columns, [[argument(row[name]) if name in row else _DEFAULT for row in rows] for name in columns]


def select(
    table: str,
    *,
    filter: Filter | None = None,
    where: str | None = None,
    params: Any = None,
    columns: Any = None,
    order_by: Any = None,
    limit: Any = None,
    offset: Any = None,
    distinct: Any = None,
    distinct_on: Any = None,
) -> bytes:
    """`select`; fields without a value are left out."""
    request: Request = {"op": "select", "table": text("table", table)}
    _add_where(request, filter, where, params)
    request |= reading(columns, order_by, limit, offset)
    if distinct is not None:
        request["distinct"] = flag("distinct", distinct)
    if distinct_on is not None:
        request["distinct_on"] = distinct_columns(distinct_on)
    return encode(request)


def reading(columns: Any, order_by: Any, limit: Any, offset: Any) -> Request:
    """The fields that say which columns and rows to read, without those that have no value."""
    fields = {
        "columns": optional_names("select_columns", columns),
        "order": order(order_by, nulls=True),
        "limit": bound("limit", limit),
        "offset": bound("offset", offset),
    }
    return {name: value for name, value in fields.items() if value is not None}


def distinct_columns(value: Any) -> list[str] | None:
    return [value] if isinstance(value, str) else optional_names("distinct_on", value)


def _add_where(request: Request, filter: Filter | None, where: str | None, params: Any) -> None:
    if filter:
        request["filter"] = filter
    if where is not None and where != "":  # a text that is a condition as well has no truth value
        request["where"] = text("where_clause", where)
    if params is not None:
        if not is_list(params):
            raise TypeError(f"params must be a list or tuple, not {type(params).__name__}")
        if params:
            request["args"] = arguments(params)


def pk_filter(column: str, value: Any) -> Filter:
    """The condition that a column equals a value."""
    return [[text("the column", column), "eq", argument(value)]]


def count(table: str, *, filter: Filter | None = None, where: str | None = None, params: Any = None) -> bytes:
    """`count`."""
    request: Request = {"op": "count", "table": text("table", table)}
    _add_where(request, filter, where, params)
    return encode(request)


def update(
    table: str,
    updates: Mapping[str, Any],
    *,
    filter: Filter | None = None,
    where: str | None = None,
    params: Any = None,
    returning: Any = None,
) -> bytes:
    """`update`."""
    changes = [[column, argument(value)] for column, value in check_mapping("updates", updates).items()]
    if not changes:
        raise ValueError("updates must not be empty")
    request: Request = {"op": "update", "table": text("table", table), "set": changes}
    _add_where(request, filter, where, params)
    _add_returning(request, returning)
    return encode(request)


def update_row(table: str, pk_column: str, pk_value: Any, changes: Mapping[str, Any]) -> bytes:
    """`update` of the row with a key."""
    return update(table, changes, filter=pk_filter(pk_column, pk_value))


def delete(
    table: str, *, filter: Filter | None = None, where: str | None = None, params: Any = None, returning: Any = None
) -> bytes:
    """`delete`."""
    request: Request = {"op": "delete", "table": text("table", table)}
    _add_where(request, filter, where, params)
    _add_returning(request, returning)
    return encode(request)


def delete_row(table: str, pk_column: str, pk_value: Any) -> bytes:
    """`delete` of the row with a key."""
    return delete(table, filter=pk_filter(pk_column, pk_value))


def _add_returning(request: Request, returning: Any) -> None:
    columns = optional_names("returning", returning)
    if columns:
        request["returning"] = columns


# Transactions.


def begin(isolation_level: str | None, *, read_only: bool, deferrable: bool) -> bytes:
    """`begin`."""
    request: Request = {"op": "begin"}
    if isolation_level is not None:
        request["isolation"] = isolation_level
    if read_only:
        request["read_only"] = True
    if deferrable:
        request["deferrable"] = True
    return encode(request)


def control(op: str, name: str) -> bytes:
    """`savepoint`, `rollback_to` and `release`."""
    return encode({"op": op, "name": text("the savepoint name", name)})
