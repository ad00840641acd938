"""UPDATE and DELETE of queries, from a server."""

from __future__ import annotations

from enum import Enum
from types import ModuleType
from typing import Any

import pytest

from ouroboros_postgres import QueryBuilder, QueryFragment, and_, any_, or_, raw_sql
from ouroboros_postgres._builder.bulk import delete_many, update_many
from queries.company import Department, Employee

Query = QueryBuilder[Any]


class Level(Enum):
    HIGH = "high"


async def names(pg: ModuleType) -> list[str]:
    return [row["name"] for row in await pg.execute("SELECT name FROM employees ORDER BY id")]


async def test_update(company: ModuleType) -> None:
    assert await Employee.find(Employee.age == 30).update({"name": "x", "age": None}) == 2
    assert await names(company) == ["Ada", "Ben", "x", "x", "Eve"]
    assert await Employee.find(Employee.id == 1).update(name="y", profile={"a": [1]}, skills=["z"]) == 1
    row = (await company.execute("SELECT name, profile, skills FROM employees WHERE id = 1"))[0]
    assert row == {"name": "y", "profile": {"a": [1]}, "skills": ["z"]}
    assert await Employee.find(Employee.id == 99).update(name="z") == 0
    assert await Employee.find().update({Employee.name: Level.HIGH}) == 5
    assert await names(company) == ["high"] * 5


async def test_delete(company: ModuleType) -> None:
    assert await Employee.find(or_(Employee.id == 1, Employee.name == "Eve")).delete() == 2
    assert await names(company) == ["Ben", "Cy", "Dee"]
    assert await Employee.find().delete() == 3


async def test_returning(company: ModuleType) -> None:
    query = Employee.find(Employee.id == 2)
    assert await query.returning("id", Employee.name).update(name="x") == [{"id": 2, "name": "x"}]
    assert await query.returning("id").returning("age").update(age=1) == [{"id": 2, "age": 1}]
    everything = await query.returning("id").returning_all().delete()
    assert isinstance(everything, list)
    assert list(everything[0]) == [
        "id", "name", "age", "salary", "department_id", "manager_id", "skills", "profile", "hired",
    ]  # fmt: skip
    assert await query.returning_all().delete() == []


async def test_joins_of_writes_become_subqueries(company: ModuleType) -> None:
    query = Employee.find(Employee.age > 20).inner_join(Department).where(Department.name == "Engineering")
    assert await query.where(raw_sql("employees.age < $1", [50])).update(name="x") == 2
    assert await names(company) == ["Ada", "x", "x", "Dee", "Eve"]
    assert await Department.find().join(Employee).where(Employee.id.is_null()).delete() == 1
    assert await Department.find().order_by("id").scalars("id") == [1, 2]


async def test_every_kind_of_condition_counts(company: ModuleType) -> None:
    query = Employee.find()
    assert await query.where_json_key_exists("profile", "note").update(age=1) == 1
    assert (
        await query.where_in_subquery("department_id", Department.find(Department.name == "Sales")).update(age=2) == 1
    )
    assert await query.where_exists(Department.find(Department.id == Employee.department_id)).update(age=3) == 4
    assert await query.where_not_in_subquery("id", Employee.find(Employee.id > 1)).update(age=4) == 1
    assert (
        await query.with_cte("d", Employee.find(Employee.id == 5)).where_in_raw("id", "SELECT id FROM d").update(age=5)
        == 1
    )
    assert await query.where(any_(Employee.department)).update(age=6) == 4
    assert await query.where(any_(Employee.manager, Employee.name == "Ben")).update(age=7) == 1
    assert await query.order_by().where(QueryFragment(age__gte=6), {"department_id": 2}).delete() == 1


REFUSED: dict[str, Query] = {
    "a limit": Employee.find().limit(1),
    "an offset": Employee.find().offset(1),
    "an order": Employee.find().order_by("id"),
    "DISTINCT": Employee.find().distinct(),
    "GROUP BY": Employee.find().group_by("id"),
    "HAVING": Employee.find().having_count(">", 1),
    "aggregates": Employee.find().count_agg(),
    "windows": Employee.find().rank("r"),
    "set operations": Employee.find().union(Employee.find()),
    "a lock": Employee.find().for_update(),
    "a common table as its source": QueryBuilder.from_cte("c", Employee.find()),
}


@pytest.mark.parametrize("part", REFUSED)
async def test_parts_that_do_not_restrict_the_rows_are_refused(part: str) -> None:
    query = REFUSED[part]
    with pytest.raises(ValueError, match=f"^update.. is not possible for a query with {part}$"):
        await query.update(name="x")
    with pytest.raises(ValueError, match=f"^delete.. is not possible for a query with {part}$"):
        await query.delete()


async def test_wrong_values() -> None:
    query = Employee.find()
    with pytest.raises(ValueError, match="must not be empty"):
        await query.update()
    with pytest.raises(ValueError, match="must not be empty"):
        await query.update({})
    with pytest.raises(ValueError, match="two values for the column 'name'"):
        await query.update({"name": 1}, name=2)
    with pytest.raises(TypeError, match="must be a dict, not list"):
        await query.update([("name", 1)])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="each column of update"):
        await query.update({1: 2})
    with pytest.raises(TypeError):
        await query.update(name=Employee.age)


async def test_bulk_update(company: ModuleType) -> None:
    assert await update_many(Employee, {"age": 1}, []) == 5
    assert await update_many(Employee, {"age": 2}, [{}, {"department_id": 1}, Employee.id > 1]) == 2
    assert await update_many(Employee, {"age": 3}, [and_(Employee.id > 1, Employee.id < 4)], None) == 2
    assert await update_many(Employee, {"age": 3}, [{"id": [1, 2]}], []) == 2
    assert await update_many(Employee, {"age": 4}, [{"id": 1}], ["age", "id"]) == [{"age": 4, "id": 1}]
    assert await update_many(Employee, {"age": 5}, [{"id": 1}], "age") == [{"age": 5}]
    everything = await update_many(Employee, {"age": 6}, [{"id": 1}], ["id", "*"])
    assert isinstance(everything, list) and len(everything[0]) == 9
    assert await update_many(Employee, {"age": 6}, [{"id": 99}], ["*"]) == []
    with pytest.raises(ValueError, match="must not be empty"):
        await update_many(Employee, {}, [])
    with pytest.raises(TypeError, match="Invalid filter type: str"):
        await update_many(Employee, {"age": 1}, ["age"])
    with pytest.raises(ValueError, match=r"set\[0\]"):
        await update_many(Employee, {'age"; --': 1}, [])
    with pytest.raises(ValueError, match=r"returning\[0\]"):
        await update_many(Employee, {"age": 1}, [], ['id"'])
    with pytest.raises(TypeError, match="returning must be a list of columns, not int"):
        await update_many(Employee, {"age": 1}, [], 3)


async def test_bulk_delete(company: ModuleType) -> None:
    assert await delete_many(Employee, [or_(Employee.id == 1, {"id": 2})]) == 2
    assert await delete_many(Employee, [~(Employee.name == "Cy"), Employee.age.is_not_null()], ["name"]) == [
        {"name": "Dee"}
    ]
    assert await delete_many(Employee, [{}]) == 2


async def test_names_are_quoted_in_writes(pg: ModuleType) -> None:
    await pg.execute('CREATE SCHEMA "Odd"; CREATE TABLE "Odd"."order" ("user" int, "Größe" int)')
    await pg.execute('INSERT INTO "Odd"."order" VALUES (1, 1), (2, 2)')

    class Order:
        @classmethod
        def __table_name__(cls) -> str:
            return '"Odd"."order"'

    assert await update_many(Order, {"Größe": 3}, [{"user": 1}], ["Größe", "user"]) == [{"Größe": 3, "user": 1}]
    assert await QueryBuilder(Order, ({"user": 2},)).delete() == 1
