"""The spans of queries: what the module `query` calls, and with what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest

from ouroboros_postgres import query as query_module
from ouroboros_postgres._builder.bulk import delete_many, update_many
from ouroboros_postgres._cursor import DEFAULT_BATCH_SIZE
from ouroboros_postgres.errors import MultipleResultsFound, UndefinedColumnError
from queries.company import Employee


class Spans:
    """Records what is traced."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, dict[str, Any]]] = []
        self.results: list[dict[str, Any]] = []
        self.errors: list[BaseException] = []

    @contextmanager
    def create(self, operation: str, **attributes: Any) -> Iterator[object]:
        self.begun.append((operation, {name: value for name, value in attributes.items() if value is not None}))
        yield self

    def result(self, span: object, **values: Any) -> None:
        assert span is self
        self.results.append(values)

    def error(self, span: object, error: BaseException) -> None:
        assert span is self
        self.errors.append(error)


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Spans:
    """The names of the module replaced, as tools do that watch it."""
    spans = Spans()
    monkeypatch.setattr(query_module, "is_tracing_enabled", lambda: True)
    monkeypatch.setattr(query_module, "create_query_span", spans.create)
    monkeypatch.setattr(query_module, "set_span_result", spans.result)
    monkeypatch.setattr(query_module, "add_exception", spans.error)
    return spans


async def test_one_span_for_each_terminal(company: ModuleType, spans: Spans) -> None:
    query = Employee.find(Employee.age > 20, {"manager_id": 1}).order_by("-age", "id").offset(1)
    await query.to_list()
    await query.first()
    await query.limit(7).one_or_none()
    await query.count()
    await query.exists()
    await query.to_dicts()
    await query.scalars("name")
    table = {"table": "public.employees", "filters_count": 2, "offset": 1, "order_by": "age DESC, id ASC"}
    assert spans.begun == [
        ("find", table),
        ("find_one", {**table, "limit": 1}),
        ("find_one", {**table, "limit": 2}),
        ("count", table),
        ("exists", table),
        ("find", table),
        ("find", table),
    ]
    assert spans.results == [{"count": 1}] * 7


async def test_aggregates(company: ModuleType, spans: Spans) -> None:
    await Employee.find().group_by("age", "id").count_agg("n").sum("salary").aggregate()
    ((operation, attributes),) = spans.begun
    assert operation == "aggregate"
    assert attributes["aggregates"] == ["count(*)", "sum(salary)"]
    assert attributes["group_by_count"] == 2
    assert spans.results == [{"count": 5}]


async def test_writes(company: ModuleType, spans: Spans) -> None:
    await Employee.find(Employee.id < 3).update(age=1)
    await Employee.find(Employee.id < 3).returning("id").delete()
    await update_many(Employee, {"age": 2}, [{"id": 3}])
    await delete_many(Employee, [], ["id"])
    assert [operation for operation, _ in spans.begun] == ["update", "delete", "update", "delete"]
    assert spans.results == [{"affected_rows": 2}, {"affected_rows": 2}, {"affected_rows": 1}, {"affected_rows": 3}]


async def test_errors_are_recorded_and_raised(company: ModuleType, spans: Spans) -> None:
    with pytest.raises(UndefinedColumnError) as raised:
        await Employee.find({"nothing": 1}).to_list()
    assert spans.errors == [raised.value]
    assert spans.results == []
    with pytest.raises(MultipleResultsFound):
        await Employee.find().one()


async def test_iteration(company: ModuleType, spans: Spans) -> None:
    """One span for each batch: between them is the caller's own work."""
    async for _ in Employee.find():
        break
    assert len([item async for item in Employee.find()]) == 5
    assert [item async for item in Employee.find({"id": 99})] == []
    size = DEFAULT_BATCH_SIZE
    await company.execute(
        "INSERT INTO employees (id, name) SELECT n, 'x' FROM generate_series(6, $1) AS n", [size + 200]
    )
    assert len([item async for item in Employee.find()]) == size + 200
    assert {operation for operation, _ in spans.begun} == {"find"}
    assert spans.results == [{"count": count} for count in (5, 5, 0, size, 200)]


async def test_nothing_is_called_without_tracing(company: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("called")

    monkeypatch.setattr(query_module, "is_tracing_enabled", lambda: False)
    for name in ("create_query_span", "set_span_result", "add_exception"):
        monkeypatch.setattr(query_module, name, refuse)
    assert len(await Employee.find().to_list()) == 5
    assert await Employee.find().count() == 5
    assert len([item async for item in Employee.find()]) == 5
    with pytest.raises(UndefinedColumnError):
        await Employee.find({"nothing": 1}).exists()
