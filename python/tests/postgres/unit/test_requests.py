from __future__ import annotations

import json
from collections import OrderedDict
from decimal import Decimal
from typing import Any

import pytest

from ouroboros_postgres import DataError, IdentifierError, _relation_requests, _requests


def read(request: bytes | None) -> dict[str, Any]:
    assert request is not None
    document: dict[str, Any] = json.loads(request)
    return document


# execute


@pytest.mark.parametrize("params", [None, [], (), {}])
def test_no_parameters(params: Any) -> None:
    assert _requests.execute("SELECT 1", params) == b'{"op":"execute","sql":"SELECT 1"}'


def test_the_operation_comes_first() -> None:
    assert _requests.execute("ü", [1]).startswith('{"op":"execute","sql":"ü"'.encode())


@pytest.mark.parametrize("params", [[1, Decimal(2)], (1, Decimal(2))])
def test_positional_parameters(params: Any) -> None:
    assert read(_requests.execute("s", params)) == {"op": "execute", "sql": "s", "args": [1, {"n": "2"}]}


def test_named_parameters() -> None:
    assert read(_requests.execute("s", OrderedDict(a={}))) == {"op": "execute", "sql": "s", "named": {"a": {"j": "{}"}}}


@pytest.mark.parametrize("params", ["x", b"x", 1, 0, False, {1}, iter([1])])
def test_other_containers_of_parameters_are_refused(params: Any) -> None:
    with pytest.raises(TypeError, match="params must be a list, tuple or dict, not"):
        _requests.execute("s", params)


def test_the_statement_is_text() -> None:
    with pytest.raises(TypeError, match="sql must be str, not bytes"):
        _requests.execute(b"SELECT 1")  # type: ignore[arg-type]


def test_a_parameter_name_is_text() -> None:
    with pytest.raises(TypeError, match="a parameter name must be str, not int"):
        _requests.execute("s", {1: 1})


def test_an_integer_that_python_does_not_print_becomes_a_decimal() -> None:
    request = read(_requests.execute("s", [1, [10**5000], 2**64]))
    assert request["args"] == [1, [{"n": "1" + "0" * 5000}], 2**64]


@pytest.mark.parametrize(
    ("request_of", "culprit"),
    [
        (lambda bad: _requests.execute("s", ["ok", bad]), r"parameter \$2"),
        (lambda bad: _requests.execute("s", [1, [None, bad]]), r"parameter \$2"),
        (lambda bad: _requests.execute("s", [{"a": bad}]), r"parameter \$1"),
        (lambda bad: _requests.execute("s", {"ok": 1, "p": bad}), "parameter 'p'"),
        (lambda bad: _requests.execute(bad), "sql"),
        (lambda bad: _requests.insert("t", {"a": 1, "b": bad}), "column 'b' in row 0"),
        (lambda bad: _requests.insert_many("t", [{"a": "x"}, {"a": bad}]), "column 'a' in row 1"),
        (lambda bad: _requests.insert("t", {bad: 1}), "columns"),
        (lambda bad: _requests.update("t", {"a": bad}), "column 'a'"),
        (lambda bad: _requests.select("t", filter=_requests.conditions({"a": bad})), "column 'a'"),
        (lambda bad: _requests.select(bad), "table"),
        (lambda bad: _requests.control("savepoint", bad), "name"),
    ],
)
def test_a_lone_surrogate_is_found(request_of: Any, culprit: str) -> None:
    with pytest.raises(DataError, match=f"{culprit} contains a lone surrogate"):
        request_of("x\ud800")


# insert, upsert


def test_one_row() -> None:
    request = read(_requests.insert("t", {"b": {"x": 1}, "a": None}))
    values = [[{"j": '{"x":1}'}], [None]]
    assert request == {"op": "insert", "table": "t", "columns": ["b", "a"], "count": 1, "values": values}


def test_an_empty_row() -> None:
    assert read(_requests.insert("t", {})) == {"op": "insert", "table": "t", "columns": [], "count": 1, "values": []}


def documents(kind: Any) -> Any:
    return kind([{"a": 1, "b": "x"}, {"b": "y", "a": 2}])


@pytest.mark.parametrize("kind", [list, tuple, iter, lambda items: (item for item in items)])
def test_many_rows_of_any_iterable(kind: Any) -> None:
    request = read(_requests.insert_many("t", documents(kind)))
    assert request == {
        "op": "insert",
        "table": "t",
        "columns": ["a", "b"],
        "count": 2,
        "values": [[1, 2], ["x", "y"]],
        "many": True,
        "batch_size": 1000,
    }


@pytest.mark.parametrize("fill", [False, True])
def test_no_rows_no_request(fill: bool) -> None:
    assert _requests.insert_many("t", [], fill_missing=fill) is None
    assert _requests.upsert_many("t", iter(()), "a", None) is None


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([{"a": 1, "b": 2}, {"a": 1}], r"documents\[1\] has other keys than documents\[0\]: missing \['b'\]$"),
        ([{"a": 1}, {"a": 1}, {"a": 1, "c": 2}], r"documents\[2\] has other keys .*: unexpected \['c'\]$"),
        ([{"a": 1}, {"b": 1}], r"documents\[1\] .* missing \['a'\], unexpected \['b'\]$"),
        ([{}, {"b": 1}], r"documents\[1\] .* unexpected \['b'\]$"),
    ],
)
def test_other_keys_are_refused(rows: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        _requests.insert_many("t", rows)


def test_missing_keys_are_filled_on_demand() -> None:
    request = read(_requests.insert_many("t", [{"a": 1}, {"b": None, "a": 2}, {}], fill_missing=True))
    default = {"x": "default"}
    assert request["columns"] == ["a", "b"]
    assert (request["count"], request["values"]) == (3, [[1, 2, default], [default, None, default]])


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([{"a": 1}, [1]], r"documents\[1\] must be a dict, not list"),
        ([None], r"documents\[0\] must be a dict, not NoneType"),
        ({"a": 1}, "documents must be a list of dicts, not dict"),
        ("ab", "documents must be a list of dicts, not str"),
        (5, "documents must be a list of dicts, not int"),
        ([{1: 1}], r"each column of documents\[0\] must be str, not int"),
    ],
)
@pytest.mark.parametrize("fill", [False, True])
def test_documents_are_dicts(rows: Any, text: str, fill: bool) -> None:
    with pytest.raises(TypeError, match=text):
        _requests.insert_many("t", rows, fill_missing=fill)


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_has_a_size(size: int) -> None:
    with pytest.raises(ValueError, match="batch_size must"):
        _requests.insert_many("t", [{"a": 1}], batch_size=size)


@pytest.mark.parametrize("target", ["a", ["a"], ("a",)])
def test_a_conflict_target_is_one_column_or_several(target: Any) -> None:
    request = read(_requests.upsert("t", {"a": 1, "b": 2}, target, None))
    assert request["conflict"] == ["a"]
    assert "update" not in request


def test_no_update_columns_are_not_all() -> None:
    assert read(_requests.upsert("t", {"a": 1}, "a", []))["update"] == []


@pytest.mark.parametrize("target", ["", [], [""], ["a", ""]])
def test_a_conflict_target_is_not_empty(target: Any) -> None:
    with pytest.raises(IdentifierError, match=r"^Upsert failed: Conflict target cannot be empty$"):
        _requests.upsert("t", {"a": 1}, target, None)
    with pytest.raises(IdentifierError, match=r"^Batch upsert failed: Conflict target cannot be empty$"):
        _requests.upsert_many("t", [{"a": 1}], target, None)


def test_update_columns_are_in_the_document() -> None:
    with pytest.raises(ValueError, match="update_columns names 'c'"):
        _requests.upsert_many("t", [{"a": 1, "b": 2}], "a", ["b", "c"])


# select and its conditions


def test_a_plain_select() -> None:
    assert read(_requests.select("t")) == {"op": "select", "table": "t"}


def test_everything_of_a_select() -> None:
    request = _requests.select(
        "t",
        filter=_requests.conditions([("a", "IN", [1, 2]), ["b", "is_null", None]]),
        columns=("a",),
        order_by=[("a", "DESC"), ["b", "asc"]],
        limit=0,
        offset=5,
        distinct=False,
        distinct_on="a",
    )
    assert read(request) == {
        "op": "select",
        "table": "t",
        "filter": [["a", "IN", [1, 2]], ["b", "is_null", None]],
        "columns": ["a"],
        "order": [["a", "desc"], ["b", "asc"]],
        "limit": 0,
        "offset": 5,
        "distinct": False,
        "distinct_on": ["a"],
    }


def test_a_dict_means_equality() -> None:
    assert _requests.conditions({"a": None, "b": Decimal(1)}) == [["a", "eq", None], ["b", "eq", {"n": "1"}]]


@pytest.mark.parametrize("nothing", [None, [], (), {}])
def test_no_conditions(nothing: Any) -> None:
    assert _requests.conditions(nothing) is None


@pytest.mark.parametrize(
    ("conditions", "error", "text"),
    [
        ([("a", "eq")], ValueError, r"where_conditions\[0\] must be a tuple \(column, operator, value\), not 2"),
        ([("a", "eq", 1), "x"], TypeError, r"where_conditions\[1\] must be a tuple"),
        ([("a", 1, 1)], TypeError, r"the operator of where_conditions\[0\] must be str, not int"),
        ([(1, "eq", 1)], TypeError, r"the column of where_conditions\[0\] must be str, not int"),
        ("a = 1", TypeError, "where_conditions must be a list"),
        (5, TypeError, "where_conditions must be a list"),
        ({1: 1}, TypeError, "each column of where_conditions must be str"),
    ],
)
def test_unusable_conditions(conditions: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        _requests.conditions(conditions)


@pytest.mark.parametrize("one", [("a", "desc"), [("a", "desc")], (("a", "DESC"),), iter([["a", "desc"]])])
def test_one_order(one: Any) -> None:
    assert _requests.order(one) == [["a", "desc"]]


@pytest.mark.parametrize("nothing", [None, [], ()])
def test_no_order(nothing: Any) -> None:
    assert _requests.order(nothing) is None


@pytest.mark.parametrize(
    ("order", "error", "text"),
    [
        ([("a", "up")], ValueError, r"order_by\[0\]: the direction must be 'asc' or 'desc', not 'up'"),
        ([("a", "asc"), ("b",)], ValueError, r"order_by\[1\] must be a tuple \(column, direction\), not 1"),
        ([("a", 1)], TypeError, r"order_by\[0\] must be str, not int"),
        (["a"], TypeError, r"order_by\[0\] must be a tuple"),
        ("a", TypeError, "order_by must be a list"),
    ],
)
def test_unusable_orders(order: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        _requests.order(order)


@pytest.mark.parametrize("name", ["limit", "offset"])
@pytest.mark.parametrize(("value", "error"), [(-1, ValueError), ("1", TypeError), (1.0, TypeError), (True, TypeError)])
def test_unusable_limits(name: str, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=f"{name} must"):
        _requests.select("t", **{name: value})


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: _requests.select(None), "table must be str, not NoneType"),  # type: ignore[arg-type]
        (lambda: _requests.select("t", columns="a"), "select_columns must be a list of str, not str"),
        (lambda: _requests.select("t", columns=[1]), "each of select_columns must be str, not int"),
        (lambda: _requests.select("t", distinct=1), "distinct must be bool, not int"),
        (lambda: _requests.select("t", where="a = $1", params={"a": 1}), "params must be a list or tuple, not dict"),
        (lambda: _requests.select("t", where=5), "where_clause must be str, not int"),  # type: ignore[arg-type]
        (lambda: _requests.delete("t", returning="*"), "returning must be a list of str, not str"),
        (lambda: _requests.insert("t", [("a", 1)]), "document must be a dict, not list"),  # type: ignore[arg-type]
        (lambda: _requests.insert(5, {}), "table must be str, not int"),  # type: ignore[arg-type]
    ],
)
def test_wrong_types_are_named(call: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        call()


# update, delete


def test_an_update() -> None:
    request = _requests.update("t", {"a": {}}, where="b = $1", params=[1], returning=["*"])
    assert read(request) == {
        "op": "update",
        "table": "t",
        "set": [["a", {"j": "{}"}]],
        "where": "b = $1",
        "args": [1],
        "returning": ["*"],
    }


def test_an_update_changes_something() -> None:
    with pytest.raises(ValueError, match="updates must not be empty"):
        _requests.update("t", {})


def test_nothing_to_return_is_a_count() -> None:
    assert read(_requests.delete("t", where="", params=(), returning=[])) == {"op": "delete", "table": "t"}


# relations


def test_a_joined_read() -> None:
    relation = {"name": "author", "table": "users", "foreign_key": "user_id", "select_columns": ("id",)}
    request = _relation_requests.related(
        "select_one_related",
        "posts",
        [relation],
        filter={"a": None, "b": [1, 2]},
        order_by=("a", "asc"),
        limit=1,
        key=("pk", 5),
    )
    assert read(request) == {
        "op": "select_one_related",
        "table": "posts",
        "relations": [{**relation, "select_columns": ["id"]}],
        "filter": [["a", "eq", None], ["b", "in", [1, 2]]],
        "order": [["a", "asc"]],
        "limit": 1,
        "id": 5,
        "id_column": "pk",
    }


@pytest.mark.parametrize("field", ["name", "table", "foreign_key"])
def test_a_relation_needs_its_fields(field: str) -> None:
    relation = {"name": "a", "table": "b", "foreign_key": "c"}
    del relation[field]
    with pytest.raises(ValueError, match=rf"Missing '{field}' in relations\[0\]"):
        _relation_requests.related("select_related", "t", [relation])


def test_a_relation_has_no_other_fields() -> None:
    with pytest.raises(ValueError, match=r"Unknown \['typo'\] in relations\[0\]"):
        _relation_requests.related("select_related", "t", [{"name": "a", "table": "b", "foreign_key": "c", "typo": 1}])


def test_joins_are_relations() -> None:
    assert _relation_requests.joins([("author", "user_id", "users")]) == [
        {"name": "author", "foreign_key": "user_id", "table": "users"}
    ]
    with pytest.raises(ValueError, match=r"joins\[0\] must be a tuple \(name, foreign_key, table\), not 2"):
        _relation_requests.joins([("author", "user_id")])


# transactions


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((None, False, False), {"op": "begin"}),
        (
            ("serializable", True, True),
            {"op": "begin", "isolation": "serializable", "read_only": True, "deferrable": True},
        ),
    ],
)
def test_a_begin(options: tuple[str | None, bool, bool], expected: dict[str, Any]) -> None:
    level, read_only, deferrable = options
    assert read(_requests.begin(level, read_only=read_only, deferrable=deferrable)) == expected
