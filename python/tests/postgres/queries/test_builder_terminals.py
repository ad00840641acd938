"""What the terminals of a query give, from a server."""

from __future__ import annotations

from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from ouroboros_postgres import MultipleResultsFound, NoResultFound, QueryBuilder, WindowSpec, raw_sql
from ouroboros_postgres.errors import NotConnectedError, PostgresError, UndefinedColumnError
from queries.company import Department, Employee


def names(found: list[Any]) -> list[str]:
    return [item.name for item in found]


class Plain:
    """A class of the user's own, which gets the columns of a row as keyword arguments."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    @classmethod
    def __table_name__(cls) -> str:
        return "departments"


async def test_to_list_gives_instances(company: ModuleType) -> None:
    found = await Employee.find(Employee.age > 30).order_by("-age").to_list()
    assert names(found) == ["Ada", "Ben"]
    assert all(type(item) is Employee for item in found)
    assert (found[0].id, found[0].salary, found[0].skills) == (1, Decimal(9000), ["go", "sql"])


async def test_a_model_of_any_class_is_called_with_the_rows(company: ModuleType) -> None:
    found = await QueryBuilder(Plain, ()).order_by("id").to_list()
    assert [item.values for item in found] == [
        {"id": 1, "name": "Engineering"},
        {"id": 2, "name": "Sales"},
        {"id": 3, "name": "Empty"},
    ]


async def test_a_query_without_a_limit_gives_all_rows(company: ModuleType) -> None:
    assert len(await Employee.find().to_list()) == 5
    assert len(await Employee.find().limit(0).to_list()) == 5
    assert len(await Employee.find().limit(None).to_list()) == 5
    assert len(await Employee.find().limit(2).to_list()) == 2
    assert names(await Employee.find().order_by("id").limit(2).offset(3).to_list()) == ["Dee", "Eve"]


async def test_first_keeps_the_offset(company: ModuleType) -> None:
    query = Employee.find().order_by("id")
    first, third = await query.first(), await query.offset(2).limit(5).first()
    assert first is not None and first.name == "Ada"
    assert third is not None and third.name == "Cy"
    assert await query.offset(9).first() is None


async def test_one(company: ModuleType) -> None:
    query = Employee.find()
    assert (await query.where(Employee.name == "Cy").one()).id == 3
    assert await query.where(Employee.name == "Nobody").one_or_none() is None
    with pytest.raises(NoResultFound, match="Employee") as nothing:
        await query.where(Employee.name == "Nobody").one()
    with pytest.raises(MultipleResultsFound) as several:
        await query.one()
    with pytest.raises(MultipleResultsFound):
        await query.one_or_none()
    assert isinstance(nothing.value, LookupError)
    assert isinstance(several.value, LookupError)
    assert (await query.order_by("id").limit(1).one()).id == 1


async def test_to_dicts(company: ModuleType) -> None:
    rows = await Department.find().order_by("id").limit(1).to_dicts()
    assert rows == [{"id": 1, "name": "Engineering"}]
    assert type(rows[0]) is dict
    assert await Employee.find().select("name", Employee.age.label("years")).limit(1).to_dicts() == [
        {"name": "Ada", "years": 50}
    ]


async def test_scalars(company: ModuleType) -> None:
    query = Employee.find().order_by("id")
    assert await query.scalar(Employee.name) == "Ada"
    assert await query.scalars("age") == [50, 40, 30, 30, None]
    assert await query.scalars(Employee.age.label("years")) == [50, 40, 30, 30, None]
    assert await query.scalar(Employee.profile.json_path("level")) == "chief"
    assert await query.where(Employee.id > 99).scalar("name") is None
    assert await query.where(Employee.id > 99).scalars("name") == []
    in_department = Employee.find(Employee.department_id == Department.id).count_agg().as_scalar()
    assert await Department.find().order_by("id").scalars(in_department.label("n")) == [3, 1, 0]
    grouped = Employee.find().group_by("department_id").count_agg("n").order_by("department_id")
    assert await grouped.scalars("n") == [3, 1, 1]
    assert await grouped.scalars("department_id") == [1, 2, None]


COUNTED: dict[str, tuple[QueryBuilder[Any], int]] = {
    "all": (Employee.find(), 5),
    "filter": (Employee.find(Employee.age == 30), 2),
    "json": (Employee.find().where_json_key_exists("profile", "level"), 3),
    "subquery": (Department.find().where_in_subquery("id", Employee.find().select("department_id")), 2),
    "exists": (Department.find().where_exists(Employee.find(Employee.department_id == Department.id)), 2),
    "join": (Department.find().inner_join(Employee), 4),
    "left_join": (Department.find().join(Employee), 5),
    "limit": (Employee.find().limit(2), 2),
    "limit_and_offset": (Employee.find().order_by("age").limit(4).offset(3), 2),
    "offset": (Employee.find().offset(4), 1),
    "distinct": (Employee.find().select("age").distinct(), 4),
    "distinct_join": (Department.find().inner_join(Employee).distinct(), 2),
    "distinct_on": (Employee.find().distinct_on("age").order_by("-salary"), 4),
    "groups": (Employee.find().group_by("age").count_agg("n"), 4),
    "having": (Employee.find().group_by("age").having_count(">", 1), 1),
    "aggregate": (Employee.find().max("age"), 1),
    "window": (Employee.find().row_number("n"), 5),
    "union": (Employee.find().select("age").union(Employee.find().select("age")), 4),
    "union_all": (Employee.find().select("age").union_all(Employee.find().select("age")).limit(7), 7),
    "cte": (QueryBuilder.from_cte("old", Employee.find(Employee.age > 30)), 2),
    "cte_and_limit": (QueryBuilder.from_cte("old", Employee.find(Employee.age > 30)).limit(1), 1),
    "cte_in_text": (
        Employee.find()
        .with_cte("d", Department.find(Department.id == 1))
        .where_in_raw("department_id", "SELECT id FROM d"),
        3,
    ),
    "nothing": (Employee.find(Employee.id > 99), 0),
    "limited_nothing": (Employee.find(Employee.id > 99).limit(2), 0),
}


@pytest.mark.parametrize("case", COUNTED)
async def test_count_and_exists_agree_with_to_list(case: str, company: ModuleType) -> None:
    query, expected = COUNTED[case]
    assert len(await query.to_dicts()) == expected
    assert await query.count() == expected
    assert type(await query.count()) is int
    assert await query.exists() is (expected > 0)


async def test_exists_does_not_count(company: ModuleType) -> None:
    """A division by zero in the second row is never reached."""
    query = Employee.find(raw_sql("10 / (1 - (name = 'Ben')::int) > 0")).order_by("id")
    assert await query.exists() is True
    with pytest.raises(PostgresError, match="division by zero"):
        await query.count()


async def test_aggregate(company: ModuleType) -> None:
    query = Employee.find(Employee.department_id.is_not_null()).group_by("department_id")
    rows = await (
        query.count_agg("n")
        .sum("salary", "total")
        .avg("age", "mean")
        .min("hired")
        .max("name")
        .count_distinct("age", "ages")
        .count_column("skills", "skilled")
        .order_by("-total")
        .aggregate()
    )
    assert [list(row) for row in rows[:1]] == [["department_id", "n", "total", "mean", "min", "max", "ages", "skilled"]]
    assert [row["total"] for row in rows] == [Decimal(20000), Decimal(7000)]
    assert (rows[0]["n"], rows[0]["mean"], rows[0]["ages"], rows[0]["skilled"]) == (3, Decimal(40), 3, 3)


async def test_groups_by_a_path_into_a_document(company: ModuleType) -> None:
    level = Employee.profile.json_path("level").label("level")  # type: ignore[union-attr]
    query = Employee.find(Employee.profile.has_key("level")).select(level).count_agg("n")  # type: ignore[union-attr]
    found = await query.group_by(level).order_by("level").aggregate()
    assert found == [{"level": "chief", "n": 1}, {"level": "senior", "n": 1}, {"level": None, "n": 1}]


async def test_aggregate_honours_every_kind_of_condition(company: ModuleType) -> None:
    count = Employee.find().count_agg("n")
    assert await count.where((Employee.age == 30) | (Employee.age == 50)).aggregate() == [{"n": 3}]
    assert await count.where(Employee.age.between(35, 60)).aggregate() == [{"n": 2}]
    assert await count.where(Employee.id.in_([1, 2, 9])).aggregate() == [{"n": 2}]
    assert await count.where_json_contains("profile", {"level": "senior"}).aggregate() == [{"n": 1}]
    assert await count.where_not_exists(Department.find(Department.id == Employee.department_id)).aggregate() == [
        {"n": 1}
    ]
    assert await count.inner_join(Department).where(Department.name == "Sales").aggregate() == [{"n": 1}]
    ages = Employee.find().group_by("age").count_agg("n").order_by("age")
    assert await ages.offset(2).limit(1).aggregate() == [{"age": 50, "n": 1}]


async def test_aggregate_needs_something_to_compute(company: ModuleType) -> None:
    with pytest.raises(ValueError, match="No aggregate functions specified"):
        await Employee.find().aggregate()
    with pytest.raises(ValueError, match="alias"):
        await Employee.find().sum("age").sum("salary").aggregate()
    assert await Employee.find().select("id").rank("r", WindowSpec().order_by("id")).limit(1).aggregate() == [
        {"id": 1, "r": 1}
    ]
    assert len(await Department.find().union_all(Department.find()).aggregate()) == 6
    assert len(await Department.find().group_by("name").aggregate()) == 3
    assert len(await QueryBuilder.from_cte("d", Department.find()).aggregate()) == 3


async def test_windows_without_aggregates(company: ModuleType) -> None:
    spec = WindowSpec().partition_by("department_id").order_by("salary", "desc")
    found = await (
        Employee.find(Employee.department_id == 1)
        .rank("place", spec)
        .lag("name", "before", default="nobody", spec=spec)
        .window_sum("salary", "running", spec)
        .last_value("name", "least", spec.rows_between(None, None))
        .order_by("place")
        .to_list()
    )
    assert [(item.name, item.place, item.before, item.running, item.least) for item in found] == [
        ("Ada", 1, "nobody", Decimal(9000), "Cy"),
        ("Ben", 2, "Ada", Decimal(15000), "Cy"),
        ("Cy", 3, "Ben", Decimal(20000), "Cy"),
    ]


async def test_set_operations(company: ModuleType) -> None:
    young = Employee.find(Employee.age <= 40).select("name")
    old = Employee.find(Employee.age >= 40).select("name")
    assert sorted(names(await young.union(old).to_list())) == ["Ada", "Ben", "Cy", "Dee"]
    assert len(await young.union_all(old).to_list()) == 5
    assert names(await young.intersect(old).to_list()) == ["Ben"]
    assert sorted(names(await young.except_(old).to_list())) == ["Cy", "Dee"]
    ages = Employee.find(Employee.age.is_not_null()).select("age")
    assert sorted(row["age"] for row in await ages.except_all(ages.where(Employee.id == 3)).to_dicts()) == [30, 40, 50]
    assert len(await ages.intersect_all(ages).to_dicts()) == 4
    # From left to right: INTERSECT does not bind tighter.
    everyone = Employee.find().select("name")
    assert sorted(names(await everyone.union(old).intersect(old).to_list())) == ["Ada", "Ben"]


async def test_pages_before_and_after_set_operations(company: ModuleType) -> None:
    oldest = Employee.find(Employee.age.is_not_null()).select("name").order_by("-age").limit(1)
    richest = Employee.find().select("name").order_by("-salary").limit(2)
    both = oldest.union_all(richest)
    assert sorted(names(await both.to_list())) == ["Ada", "Ada", "Dee"]
    assert names(await both.order_by("-name").limit(2).to_list()) == ["Dee", "Ada"]
    first = await both.order_by(-Employee.name).offset(1).first()
    assert first is not None and first.name == "Ada"
    assert await both.limit(2).count() == 2


async def test_subqueries_with_nulls(company: ModuleType) -> None:
    departments = Employee.find().select("department_id")  # Eve has none
    assert names(await Department.find().where_not_in_subquery("id", departments).to_list()) == ["Empty"]
    assert names(await Department.find().where("id", "not_in", departments).to_list()) == ["Empty"]
    raw = Department.find().where_not_in_raw("id", "SELECT department_id FROM employees")
    assert await raw.to_list() == []


async def test_nested_queries_of_one_table(company: ModuleType) -> None:
    chiefs = Employee.find(raw_sql("employees.manager_id IS NULL"))
    assert names(await Employee.find().where_in_subquery("manager_id", chiefs).order_by("id").to_list()) == [
        "Ben",
        "Dee",
    ]
    richest = Employee.find(Employee.salary == Employee.find().max("salary"))
    assert names(await richest.to_list()) == ["Ada"]


async def test_common_tables(company: ModuleType) -> None:
    grown = Employee.find(Employee.age >= 40)
    named = QueryBuilder.from_cte("grown", grown)
    assert names(await named.order_by("name").to_list()) == ["Ada", "Ben"]
    assert names(await named.where(Employee.salary > 7000).limit(5).to_list()) == ["Ada"]
    totals = QueryBuilder.from_cte("totals", Employee.find().group_by("age").count_agg("n"))
    assert await totals.where("n", ">", 1).select("age").to_dicts() == [{"age": 30}]
    assert await named.count_agg("n").aggregate() == [{"n": 2}]
    as_departments = QueryBuilder.from_cte("d", Employee.find().select("id", "name"), Department)
    assert type((await as_departments.to_list())[0]) is Department
    chained = (
        QueryBuilder.from_cte("second", QueryBuilder.from_cte("first", grown).where("age", ">", 40))
        .with_cte_raw("unused", "SELECT $1::int AS x", [1])
        .order_by("id")
    )
    assert names(await chained.to_list()) == ["Ada"]
    joined = (
        Employee.find()
        .with_cte("d", Department.find(Department.id == 2))
        .inner_join("d", raw_sql("d.id = employees.department_id"))
    )
    assert names(await joined.to_list()) == ["Dee"]


async def test_documents_with_quotes_are_found(company: ModuleType) -> None:
    assert names(await Employee.find().jsonb_contains("profile", {"note": "it's"}).to_list()) == ["Ben"]
    assert names(await Employee.find().where_json_contains("profile", '{"note": "it\'s"}').to_list()) == ["Ben"]
    keys = Employee.find().order_by("id")
    assert names(await keys.where_json_key_exists("profile", "level").to_list()) == ["Ada", "Ben", "Eve"]
    assert names(await keys.where_json_any_key_exists("profile", ["note", "tags"]).to_list()) == ["Ada", "Ben"]
    assert names(await keys.where_json_all_keys_exist("profile", ["level", "note"]).to_list()) == ["Ben"]
    assert names(await keys.where_json_any_key_exists("profile", []).to_list()) == []
    assert names(await keys.where_json_all_keys_exist("profile", []).to_list()) == ["Ada", "Ben", "Cy", "Eve"]
    assert names(await keys.jsonb_contained_by("profile", {}).to_list()) == ["Cy"]


async def test_distinct_on_with_an_order(company: ModuleType) -> None:
    """The best paid of each department."""
    best = Employee.find(Employee.department_id.is_not_null()).distinct_on("department_id").order_by("-salary")
    assert names(await best.to_list()) == ["Ada", "Dee"]


async def test_explain(company: ModuleType) -> None:
    query = Employee.find(Employee.age > 30)
    plan = await query.explain()
    assert "Seq Scan on employees" in plan and "Filter" in plan
    parsed = await query.explain(analyze=True, buffers=True, verbose=True, format="json")
    assert isinstance(parsed, list)
    assert parsed[0]["Plan"]["Actual Rows"] == 2
    assert "Output" in parsed[0]["Plan"]
    assert (await query.explain(format="yaml")).startswith("- Plan:")
    assert (await query.explain(format="xml")).startswith("<explain")
    with pytest.raises(ValueError, match="Unknown format: 'toml'"):
        await query.explain(format="toml")


async def test_errors_say_what_failed(company: ModuleType) -> None:
    wrong = Employee.find({"nothing": 1})
    with pytest.raises(UndefinedColumnError, match="^Query failed: .*nothing"):
        await wrong.to_list()
    with pytest.raises(UndefinedColumnError, match="^Count query failed: .*nothing"):
        await wrong.count()
    with pytest.raises(UndefinedColumnError, match="^Aggregate query failed: .*nothing"):
        await wrong.count_agg().aggregate()
    with pytest.raises(UndefinedColumnError, match="^Update failed: .*nothing"):
        await wrong.update(name="x")
    with pytest.raises(UndefinedColumnError, match="^Delete failed: .*nothing"):
        await wrong.delete()


async def test_without_a_pool() -> None:
    query = Employee.find()
    for call in (query.to_list, query.first, query.count, query.exists, query.to_dicts, query.delete, query.explain):
        with pytest.raises(NotConnectedError, match=r"Call init\(\) first"):
            await call()
    with pytest.raises(NotConnectedError):
        await query.for_update().to_list()
    with pytest.raises(NotConnectedError):
        await anext(aiter(query))


async def test_what_is_wrong_is_found_without_a_server() -> None:
    wrong = Employee.find("age > 3")
    for call in (wrong.to_list, wrong.first, wrong.count, wrong.exists, wrong.count_agg().aggregate, wrong.delete):
        with pytest.raises(TypeError, match="Invalid filter type: str"):
            await call()


async def test_no_column_is_lost_to_another_of_its_name(company: ModuleType) -> None:
    query = Employee.find().inner_join(Department).select("name", Department.name)
    for call in (query.to_list, query.to_dicts, query.first, query.aggregate, query.group_by("age").to_list):
        with pytest.raises(ValueError, match="two result columns are called name|No aggregate"):
            await call()
    with pytest.raises(ValueError, match="two result columns are called name"):
        await anext(aiter(query))
    assert await query.count() == 4
