"""Joins, from a server."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ouroboros_postgres import QueryBuilder, aliased, and_
from queries.company import Assignment, Department, Employee, Project


async def pairs(query: QueryBuilder[Any]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in await query.to_dicts()]


async def test_every_kind(company: ModuleType) -> None:
    query = Employee.find().select(Employee.name, Department.name.label("department")).order_by("employees.id")
    inner = [("Ada", "Engineering"), ("Ben", "Engineering"), ("Cy", "Engineering"), ("Dee", "Sales")]
    assert await pairs(query.inner_join(Department)) == inner
    assert await pairs(query.join(Department)) == [*inner, ("Eve", None)]
    assert await pairs(query.right_join(Department)) == [*inner, (None, "Empty")]
    assert await pairs(query.full_join(Department)) == [*inner, ("Eve", None), (None, "Empty")]


async def test_the_rows_are_those_of_the_main_model(company: ModuleType) -> None:
    """Columns of both tables are called name and id; a row occurs once for each one it is joined to."""
    found = await Department.find().inner_join("employees").order_by("employees.id").to_list()
    assert [(type(item), item.id, item.name) for item in found] == [
        (Department, 1, "Engineering"),
        (Department, 1, "Engineering"),
        (Department, 1, "Engineering"),
        (Department, 2, "Sales"),
    ]
    assert [
        item.id for item in await Department.find().inner_join("employees").distinct().order_by("id").to_list()
    ] == [
        1,
        2,
    ]


async def test_selected_columns_of_other_tables_are_attributes(company: ModuleType) -> None:
    found = await Employee.find(Employee.id == 1).join(Department).select("id", Department.name.label("place")).one()
    assert (found.id, found.place) == (1, "Engineering")  # type: ignore[attr-defined]


async def test_a_table_joined_to_itself(company: ModuleType) -> None:
    boss, top = aliased(Employee, "boss"), aliased(Employee)
    query = Employee.find().select("name", boss.name.label("boss")).order_by(Employee.id)
    by_alias = query.inner_join(boss, Employee.manager_id == boss.id)
    expected = [("Ben", "Ada"), ("Cy", "Ben"), ("Dee", "Ada"), ("Eve", "Dee")]
    assert await pairs(by_alias) == expected
    assert await pairs(query.inner_join(boss)) == expected
    two_up = by_alias.inner_join(top, boss.manager_id == top.id).select("name", top.name.label("top"))
    assert await pairs(two_up) == [("Cy", "Ada"), ("Eve", "Ada")]
    by_relationship = Employee.find().inner_join("manager", alias="boss").where("boss.name", "eq", "Ada")
    assert [item.name for item in await by_relationship.order_by("name").to_list()] == ["Ben", "Dee"]
    assert [item.name for item in await Employee.find(boss.age < 41).join(boss).to_list()] == ["Cy", "Eve"]


async def test_two_joins_to_one_table(company: ModuleType) -> None:
    owner, reviewer = aliased(Employee), aliased(Employee)
    query = (
        Project.find()
        .join(owner, Project.owner_id == owner.id)
        .join(reviewer, Project.reviewer_id == reviewer.id)
        .select("name", owner.name.label("owner"), reviewer.name.label("reviewer"))
        .order_by("projects.id")
    )
    assert await pairs(query) == [("Compiler", "Ada", "Ben"), ("Docs", "Ben", "Ada"), ("Idle", None, None)]
    assert await pairs(query.where(owner.age > reviewer.age)) == [("Compiler", "Ada", "Ben")]
    plain = (
        Project.find()
        .join(Employee, Project.owner_id == Employee.id)
        .join(Employee, Project.reviewer_id == Employee.id)
        .select("name", Employee.name.label("owner"), "employees_1.name")
        .where("employees_1.name", "eq", "Ada")
    )
    assert [list(row.values()) for row in await plain.select("name", "employees.age").to_dicts()] == [["Docs", 40]]


async def test_several_hops(company: ModuleType) -> None:
    query = (
        Assignment.find()
        .inner_join(Employee)
        .inner_join(Project, Assignment.project_id == Project.id)
        .join(Department, Employee.department_id == Department.id)
        .select(Employee.name.label("who"), Project.name.label("what"), Department.name.label("where"), "hours")
        .where(Project.name == "Compiler", Assignment.hours > 5)
        .order_by("-hours")
    )
    assert await pairs(query) == [("Ben", "Compiler", "Engineering", 20), ("Ada", "Compiler", "Engineering", 10)]


async def test_many_to_many(company: ModuleType) -> None:
    query = Employee.find().inner_join(Employee.projects).order_by("employees.id", Project.name)
    assert await pairs(query.select("name", Project.name.label("project"))) == [
        ("Ada", "Compiler"),
        ("Ben", "Compiler"),
        ("Ben", "Docs"),
        ("Cy", "Docs"),
    ]
    left = Employee.find().join("projects").select("name", Project.name.label("project"))
    assert await left.where(Project.id.is_null()).order_by("name").scalars("name") == ["Dee", "Eve"]


async def test_aggregates_over_joins(company: ModuleType) -> None:
    query = Department.find().join(Employee).group_by(Department.name).count_column(Employee.id, "n")
    assert await pairs(query.sum(Employee.salary, "total").order_by(Department.name)) == [
        ("Empty", 0, None),
        ("Engineering", 3, 20000),
        ("Sales", 1, 7000),
    ]
    assert await query.having_count(">", 2).scalars("name") == ["Engineering"]


async def test_conditions_of_a_join_take_values(company: ModuleType) -> None:
    query = Department.find().join(Employee, and_(Employee.department_id == Department.id, Employee.age > 35))
    assert await pairs(query.select("name", Employee.name.label("who")).order_by(Department.id, Employee.id)) == [
        ("Engineering", "Ada"),
        ("Engineering", "Ben"),
        ("Sales", None),
        ("Empty", None),
    ]


async def test_a_subquery_refers_to_an_alias_outside(company: ModuleType) -> None:
    first, second = aliased(Employee), aliased(Employee)
    reports = Employee.find(Employee.manager_id == second.id)
    query = Project.find().join(first, Project.owner_id == first.id).join(second, Project.reviewer_id == second.id)
    assert await query.where(second.id == 2).where_exists(reports).scalars("name") == ["Compiler"]
    other = aliased(Employee, "peer")
    same_age = Employee.find().join(other, and_(other.age == Employee.age, other.id != Employee.id))
    assert await same_age.where(other.id.is_not_null()).order_by("name").scalars("name") == ["Cy", "Dee"]


async def test_join_with_subqueries_sets_and_json(company: ModuleType) -> None:
    joined = Employee.find().inner_join(Department).select("name")
    query = joined.where(Department.name == "Sales").union(joined.where_json_contains("profile", {"level": "chief"}))
    assert sorted(await query.order_by(Employee.name).scalars("name")) == ["Ada", "Dee"]
    members = Employee.find().inner_join(Department).where(Department.name == "Sales")
    assert await Project.find().where_in_subquery("owner_id", members).count() == 0
    assert await Employee.find().where("id", "in", members).scalars("name") == ["Dee"]
