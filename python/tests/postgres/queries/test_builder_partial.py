"""Queries that load only some columns."""

from __future__ import annotations

from types import ModuleType

import pytest

from ouroboros_postgres.loading import DeferredColumn, defer, undefer
from queries.company import Employee


async def test_columns_left_out_are_loaded_when_they_are_awaited(company: ModuleType) -> None:
    for query in (Employee.find().defer("profile"), Employee.find().options(defer("profile"))):
        assert "profile" not in query.to_sql()[0]
        found = await query.where(Employee.id == 1).one()
        assert "profile" not in found._data
        deferred = found.profile
        assert isinstance(deferred, DeferredColumn)
        assert (await deferred)["level"] == "chief"


async def test_every_terminal_for_instances(company: ModuleType) -> None:
    query = Employee.find(Employee.id == 1).only("name")
    first = await query.first()
    assert first is not None
    streamed = [item async for item in query]
    for found in (*await query.to_list(), first, await query.one(), *streamed):
        assert set(found._data) - {"id"} == {"name"}
        assert (found.id, found.name) == (1, "Ada")


async def test_later_methods_and_options_win(company: ModuleType) -> None:
    query = Employee.find().defer("profile", "skills").options(undefer("profile"))
    assert query.to_sql()[0] == (
        "SELECT id, name, age, salary, department_id, manager_id, profile, hired FROM public.employees"
    )
    assert Employee.find().options(defer("name"), undefer()).to_sql()[0] == "SELECT * FROM public.employees"


async def test_unknown_columns_of_options() -> None:
    with pytest.raises(ValueError, match="Employee has no column 'nothing'"):
        Employee.find().options(defer("nothing"))


async def test_a_selection_leaves_the_rest_out(company: ModuleType) -> None:
    found = await Employee.find(Employee.id == 1).select("id", "name").one()
    assert set(found._data) - {"id"} == {"name"}
