"""The SQL text of queries, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from ouroboros_postgres import QueryBuilder, QueryFragment, WindowSpec, aliased, and_, or_, raw_sql
from ouroboros_postgres.columns import SqlExpr
from queries.company import Assignment, Department, Employee, Project

Query = QueryBuilder[Any]
FROM = "FROM public.employees"


class Bare:
    """As little of a model as a query needs."""

    @classmethod
    def __table_name__(cls) -> str:
        return "bare"


def bare(*filters: Any) -> Query:
    return QueryBuilder(Bare, filters)


def spec() -> WindowSpec:
    return WindowSpec().partition_by("a").order_by("b", "desc")


SQL: dict[str, tuple[Query, str, list[Any]]] = {
    "all": (Employee.find(), f"SELECT * {FROM}", []),
    "filters": (
        Employee.find(Employee.age > 30, or_(Employee.name == "x", Employee.name == "y"), {"id": 1}),
        f"SELECT * {FROM} WHERE age > $1 AND (name = $2 OR name = $3) AND id = $4",
        [30, "x", "y", 1],
    ),
    "empty_filters": (Employee.find({}, QueryFragment()), f"SELECT * {FROM}", []),
    "dict_none": (Employee.find({"age": None, "id": 1}), f"SELECT * {FROM} WHERE age IS NULL AND id = $1", [1]),
    "where": (
        Employee.find().where(Employee.id == 1).where("age", "gte", 2).filter(Employee.name, "not_in", ["a", "b"]),
        f"SELECT * {FROM} WHERE id = $1 AND age >= $2 AND name NOT IN ($3, $4)",
        [1, 2, "a", "b"],
    ),
    "where_none": (Employee.find().where("age", "eq", None), f"SELECT * {FROM} WHERE age IS NULL", []),
    "where_json": (
        Employee.find().where("profile", "json_contains", ["a"]),
        f"SELECT * {FROM} WHERE profile @> $1::jsonb",
        ['["a"]'],
    ),
    "where_has": (
        Employee.find().where("profile", "has", "k").where(Employee.skills, "has", "go").where("name", "any", "x"),
        f"SELECT * {FROM} WHERE profile ? $1 AND $2 = ANY(skills) AND $3 = ANY(name)",
        ["k", "go", "x"],
    ),
    "page": (
        Employee.find().select("id", Employee.name).order_by("-age", Employee.id).limit(5).offset(6),
        f"SELECT id, name {FROM} ORDER BY age DESC, id ASC LIMIT $1 OFFSET $2",
        [5, 6],
    ),
    "nulls": (
        Employee.find().order_by(Employee.age.desc().nulls_last()),
        f"SELECT * {FROM} ORDER BY age DESC NULLS LAST",
        [],
    ),
    "no_page": (Employee.find().limit(5).offset(6).limit(0).offset(None), f"SELECT * {FROM}", []),
    "select_all_again": (Employee.find().select("id").select(), f"SELECT * {FROM}", []),
    "star": (Employee.find().select("*"), f"SELECT * {FROM}", []),
    "label": (Employee.find().select(Employee.age.label("years")), f"SELECT age AS years {FROM}", []),
    "distinct": (Employee.find().select("age").distinct(), f"SELECT DISTINCT age {FROM}", []),
    "distinct_on": (
        Employee.find().distinct().distinct_on("age").distinct_on("name").order_by("-hired"),
        f"SELECT DISTINCT ON (age, name) * {FROM} ORDER BY age ASC, name ASC, hired DESC",
        [],
    ),
    "quoted": (
        bare().select("order", "createdAt", "姓名").where("user", "eq", 1),
        'SELECT "order", "createdAt", "姓名" FROM bare WHERE "user" = $1',
        [1],
    ),
    "aggregates": (
        Employee.find().group_by("department_id").count_agg("n").sum("salary").having_avg("age", ">", 1.5),
        f"SELECT department_id, COUNT(*) AS n, SUM(salary) {FROM} GROUP BY department_id HAVING AVG(age) > $1",
        [1.5],
    ),
    "aggregate_of_selected": (
        Employee.find().group_by("age").select("age", "name").group_by("name").max("salary", "m"),
        f"SELECT age, name, MAX(salary) AS m {FROM} GROUP BY age, name",
        [],
    ),
    "windows": (
        bare()
        .row_number("n", spec())
        .lag("x", "p", default=0)
        .ntile(4, "q")
        .last_value("x", "l", spec().rows_between(None, None)),
        "SELECT *, ROW_NUMBER() OVER (PARTITION BY a ORDER BY b DESC) AS n, LAG(x, $1, $2) OVER () AS p, "
        "NTILE($3) OVER () AS q, LAST_VALUE(x) OVER (PARTITION BY a ORDER BY b DESC "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS l FROM bare",
        [1, 0, 4],
    ),
    "window_count": (
        bare().select("a").window_count(None, "n").window_count("x", "m"),
        "SELECT a, COUNT(*) OVER () AS n, COUNT(x) OVER () AS m FROM bare",
        [],
    ),
    "json": (
        Employee.find(Employee.id == 1)
        .where_json_contains("profile", {"a": "it's"})
        .jsonb_contained_by(Employee.profile, '{"b": 1}')
        .jsonb_has_key("profile", "k")
        .jsonb_has_any_key("profile", ["a", "b"])
        .jsonb_has_all_keys("profile", ("a",)),
        f"SELECT * {FROM} WHERE id = $1 AND profile @> $2::jsonb AND profile <@ $3::jsonb AND profile ? $4 "
        "AND profile ?| $5 AND profile ?& $6",
        [1, '{"a":"it\'s"}', '{"b": 1}', "k", ["a", "b"], ["a"]],
    ),
    "json_alone": (bare().where_json_contains("a", None), "SELECT * FROM bare WHERE a @> $1::jsonb", ["null"]),
    "json_no_keys": (
        bare().where_json_any_key_exists("a", []).where_json_all_keys_exist("b", []),
        "SELECT * FROM bare WHERE FALSE AND b IS NOT NULL",
        [],
    ),
    "cte": (
        bare().with_cte("First", Employee.find(Employee.id == 1)).with_cte_raw("second", 'SELECT $1 FROM "First"', [2]),
        f'WITH "First" AS (SELECT * {FROM} WHERE id = $1), second AS (SELECT $2 FROM "First") SELECT * FROM bare',
        [1, 2],
    ),
    "from_cte": (
        QueryBuilder.from_cte("grown", Employee.find(Employee.age > 18))
        .where(Employee.name == "x")
        .order_by("age")
        .limit(1),
        f"WITH grown AS (SELECT * {FROM} WHERE age > $1) SELECT * FROM grown WHERE name = $2 ORDER BY age ASC LIMIT $3",
        [18, "x", 1],
    ),
    "in_builder": (
        Employee.find().where("id", "in", Employee.find(Employee.age > 1)),
        f"SELECT * {FROM} WHERE id IN (SELECT id {FROM} WHERE age > $1)",
        [1],
    ),
    "in_subquery": (
        Department.find().where_in_subquery("id", Employee.find().select("department_id")),
        f"SELECT * FROM public.departments WHERE id IN (SELECT department_id {FROM})",
        [],
    ),
    "not_in_subquery": (
        Department.find().where_not_in_subquery(Department.id, Employee.find().select("department_id")),
        f"SELECT * FROM public.departments WHERE id NOT IN (SELECT v FROM (SELECT department_id {FROM}) AS s(v) "
        "WHERE v IS NOT NULL)",
        [],
    ),
    "raw_subqueries": (
        bare({"a": 0})
        .where_in_raw("a", "SELECT $1", [1])
        .where_not_in_raw("b", "SELECT $1", [2])
        .where_exists_raw("SELECT $1", [3])
        .where_not_exists_raw("SELECT 1"),
        "SELECT * FROM bare WHERE a = $1 AND a IN (SELECT $2) AND b NOT IN (SELECT $3) AND EXISTS (SELECT $4) "
        "AND NOT EXISTS (SELECT 1)",
        [0, 1, 2, 3],
    ),
    "correlated": (
        Department.find().where_exists(Employee.find(Employee.department_id == Department.id, Employee.age > 3)),
        f"SELECT * FROM public.departments WHERE EXISTS (SELECT * {FROM} WHERE department_id = departments.id "
        "AND age > $1)",
        [3],
    ),
    "own_name_hides_the_outer_one": (
        Employee.find().where_in_subquery("id", Employee.find(raw_sql("employees.age > $1", [3]))),
        f"SELECT * {FROM} WHERE id IN (SELECT id {FROM} WHERE employees.age > $1)",
        [3],
    ),
    "scalar": (
        Employee.find(Employee.salary == Employee.find().max("salary")),
        f"SELECT * {FROM} WHERE salary = (SELECT MAX(salary) {FROM})",
        [],
    ),
    "scalar_in_list": (
        Department.find().select(
            "name",
            Employee.find(Employee.department_id == Department.id).count_agg().as_scalar().label("n"),
        ),
        f"SELECT name, (SELECT COUNT(*) {FROM} WHERE department_id = departments.id) AS n FROM public.departments",
        [],
    ),
    "sets": (
        bare({"a": 1}).order_by("a").limit(2).union(bare({"a": 3}).limit(4)).intersect(bare()).order_by("-b").offset(5),
        "((SELECT * FROM bare WHERE a = $1 ORDER BY a ASC LIMIT $2) UNION (SELECT * FROM bare WHERE a = $3 LIMIT $4)) "
        "INTERSECT (SELECT * FROM bare) ORDER BY b DESC OFFSET $5",
        [1, 2, 3, 4, 5],
    ),
    "sets_of_members": (
        bare().where("a", "in", Employee.find().union(Employee.find({"id": 1}))),
        f"SELECT * FROM bare WHERE a IN ((SELECT id {FROM}) UNION (SELECT id {FROM} WHERE id = $1))",
        [1],
    ),
    "emission_order": (
        bare({"w": 3})
        .with_cte_raw("c", "SELECT $1", [1])
        .select("s")
        .group_by("s")
        .lag("s", "p", default=2)
        .where_in_raw("q", "SELECT $1", [4])
        .having_count(">", 5)
        .limit(6)
        .offset(7)
        .union_all(bare({"u": 8}).select("s", "p")),
        "WITH c AS (SELECT $1) (SELECT s, LAG(s, $2, $3) OVER () AS p FROM bare WHERE w = $4 AND q IN (SELECT $5) "
        "GROUP BY s HAVING COUNT(*) > $6 LIMIT $7 OFFSET $8) UNION ALL (SELECT s, p FROM bare WHERE u = $9)",
        [1, 1, 2, 3, 4, 5, 6, 7, 8],
    ),
    "defer": (
        Department.find().defer("name"),
        "SELECT id FROM public.departments",
        [],
    ),
    "only": (Project.find().only("owner_id").defer("owner_id"), "SELECT id, owner_id FROM public.projects", []),
    "defer_key": (Department.find().defer("id"), "SELECT id, name FROM public.departments", []),
    "undefer": (
        Project.find().defer("owner_id", "reviewer_id").undefer("owner_id"),
        "SELECT id, name, owner_id FROM public.projects",
        [],
    ),
    "no_defer": (Project.find().defer("name").defer().only("name").only(), "SELECT * FROM public.projects", []),
    "undefer_all": (Project.find().defer("name", "owner_id").undefer(), "SELECT * FROM public.projects", []),
    "for_update": (
        Employee.find().for_update(nowait=True),
        f"SELECT * {FROM} FOR UPDATE NOWAIT",
        [],
    ),
    "locks": (
        Employee.find().inner_join(Department).for_share(key=True, skip_locked=True, of=[Department, "employees"]),
        "SELECT employees.* FROM public.employees INNER JOIN public.departments "
        "ON employees.department_id = departments.id FOR KEY SHARE OF departments, employees SKIP LOCKED",
        [],
    ),
    "no_key": (Employee.find().for_update(no_key=True), f"SELECT * {FROM} FOR NO KEY UPDATE", []),
    "share": (Employee.find().for_share(), f"SELECT * {FROM} FOR SHARE", []),
}


@pytest.mark.parametrize("case", SQL)
def test_text(case: str) -> None:
    query, sql, params = SQL[case]
    assert query.to_sql() == (sql, params)
    assert query._build_sql() == (sql, params)


BOSS = aliased(Employee, "boss")
ANY = aliased(Employee)
OTHER = aliased(Employee)
JOINED = "SELECT employees.* FROM public.employees"

JOINS: dict[str, tuple[Query, str]] = {
    "default": (
        Employee.find().join(Department, Employee.department_id == Department.id),
        f"{JOINED} LEFT JOIN public.departments ON employees.department_id = departments.id",
    ),
    "inner": (
        Employee.find().join(Department, how="INNER"),
        f"{JOINED} INNER JOIN public.departments ON employees.department_id = departments.id",
    ),
    "right": (
        Employee.find().right_join(Department),
        f"{JOINED} RIGHT JOIN public.departments ON employees.department_id = departments.id",
    ),
    "full": (
        Employee.find().full_join(Department),
        f"{JOINED} FULL OUTER JOIN public.departments ON employees.department_id = departments.id",
    ),
    "key_of_the_other": (
        Department.find().left_join(Employee),
        "SELECT departments.* FROM public.departments LEFT JOIN public.employees "
        "ON departments.id = employees.department_id",
    ),
    "table": (
        Employee.find().join("departments"),
        f"{JOINED} LEFT JOIN departments ON employees.department_id = departments.id",
    ),
    "table_that_refers": (
        Department.find().join("public.employees"),
        "SELECT departments.* FROM public.departments LEFT JOIN public.employees "
        "ON departments.id = employees.department_id",
    ),
    "unknown_table": (
        Employee.find().join("elsewhere", raw_sql("elsewhere.x = employees.id")),
        f"{JOINED} LEFT JOIN elsewhere ON elsewhere.x = employees.id",
    ),
    "alias": (
        Employee.find().join(Department, alias="d").where("d.name", "is_not_null", None),
        f"{JOINED} LEFT JOIN public.departments AS d ON employees.department_id = d.id WHERE d.name IS NOT NULL",
    ),
    "alias_and_columns_of_the_model": (
        Employee.find().join(Department, alias="d").order_by(Department.name),
        f"{JOINED} LEFT JOIN public.departments AS d ON employees.department_id = d.id ORDER BY d.name ASC",
    ),
    "self": (
        Employee.find().join(BOSS, Employee.manager_id == BOSS.id).order_by(BOSS.name, "name"),
        f"{JOINED} LEFT JOIN public.employees AS boss ON employees.manager_id = boss.id "
        "ORDER BY boss.name ASC, employees.name ASC",
    ),
    "self_by_key": (
        Employee.find().join(ANY),
        f"{JOINED} LEFT JOIN public.employees AS employee_1 ON employees.manager_id = employee_1.id",
    ),
    "relationship": (
        Employee.find().join(Employee.department),
        f"{JOINED} LEFT JOIN public.departments ON employees.department_id = departments.id",
    ),
    "relationship_by_name": (
        Employee.find().join("manager"),
        f"{JOINED} LEFT JOIN public.employees AS employees_1 ON employees.manager_id = employees_1.id",
    ),
    "relationship_twice": (
        Employee.find().join("manager").join("manager", alias="other"),
        f"{JOINED} LEFT JOIN public.employees AS employees_1 ON employees.manager_id = employees_1.id "
        "LEFT JOIN public.employees AS other ON employees.manager_id = other.id",
    ),
    "back": (
        Department.find().join("employees"),
        "SELECT departments.* FROM public.departments LEFT JOIN employees ON departments.id = employees.department_id",
    ),
    "many_to_many": (
        Employee.find().inner_join("projects"),
        f"{JOINED} INNER JOIN assignments ON employees.id = assignments.employee_id "
        "INNER JOIN projects ON assignments.project_id = projects.id",
    ),
    "several_hops": (
        Assignment.find().join(Employee).join(Department).where(Department.name == "x"),
        "SELECT assignments.* FROM public.assignments LEFT JOIN public.employees "
        "ON assignments.employee_id = employees.id LEFT JOIN public.departments "
        "ON employees.department_id = departments.id WHERE departments.name = $1",
    ),
    "relationship_of_a_joined_table": (
        Assignment.find().join(Employee).join(Employee.department),
        "SELECT assignments.* FROM public.assignments LEFT JOIN public.employees "
        "ON assignments.employee_id = employees.id LEFT JOIN public.departments "
        "ON employees.department_id = departments.id",
    ),
    "two_to_one_table": (
        Project.find()
        .join(Employee, Project.owner_id == Employee.id)
        .join(Employee, Project.reviewer_id == Employee.id),
        "SELECT projects.* FROM public.projects LEFT JOIN public.employees ON projects.owner_id = employees.id "
        "LEFT JOIN public.employees AS employees_1 ON projects.reviewer_id = employees_1.id",
    ),
    "two_default_aliases": (
        Project.find()
        .join(ANY, Project.owner_id == ANY.id)
        .join(OTHER, Project.reviewer_id == OTHER.id)
        .where(ANY.id != OTHER.id),
        "SELECT projects.* FROM public.projects LEFT JOIN public.employees AS employee_1 "
        "ON projects.owner_id = employee_1.id LEFT JOIN public.employees AS employee_2 "
        "ON projects.reviewer_id = employee_2.id WHERE employee_1.id != employee_2.id",
    ),
    "several_conditions": (
        Employee.find().join(Department, and_(Employee.department_id == Department.id, Department.name != "x")),
        f"{JOINED} LEFT JOIN public.departments ON employees.department_id = departments.id AND departments.name != $1",
    ),
    "selected": (
        Employee.find().join(Department).select("id", Department.name.label("department"), "departments.id"),
        "SELECT employees.id, departments.name AS department, departments.id FROM public.employees "
        "LEFT JOIN public.departments ON employees.department_id = departments.id",
    ),
    "json_and_subqueries": (
        Employee.find().join(Department).where_json_key_exists("profile", "k").where_in_raw("id", "SELECT 1"),
        f"{JOINED} LEFT JOIN public.departments ON employees.department_id = departments.id "
        "WHERE employees.profile ? $1 AND employees.id IN (SELECT 1)",
    ),
}


@pytest.mark.parametrize("case", JOINS)
def test_joins(case: str) -> None:
    query, sql = JOINS[case]
    assert query.to_sql()[0] == sql


BAD: dict[str, tuple[Query, type[Exception], str]] = {
    "filter": (bare("age > 3"), TypeError, "Invalid filter type: str"),
    "operator": (bare().where("a", "near", 1), ValueError, "Unknown operator: near"),
    "having_operator": (bare().group_by("a").having_sum("b", "like", 1), ValueError, "Unknown operator: LIKE"),
    "having_function": (
        bare().group_by("a").having("median", "b", ">", 1),
        ValueError,
        "Unknown aggregate function: median",
    ),
    "having_column": (bare().group_by("a").having("sum", None, ">", 1), ValueError, "requires a column name"),
    "window": (bare().window("tilt", "x"), ValueError, "Unknown window function: tilt"),
    "ntile": (bare().window("ntile", "x"), ValueError, "ntile"),
    "subquery_kind": (bare()._clone(_subqueries=[("near", "a", "SELECT 1", [])]), ValueError, "Unknown subquery type"),
    "in_column": (
        bare()._clone(_subqueries=[("in", None, "SELECT 1", [])]),
        ValueError,
        "IN subquery requires a field name",
    ),
    "not_in_column": (
        bare()._clone(_subqueries=[("not_in", None, "SELECT 1", [])]),
        ValueError,
        "NOT IN subquery requires a field name",
    ),
    "set_operation": (
        bare()._clone(_set_operations=[("add", "SELECT 1", [])]),
        ValueError,
        "Unknown set operation: add",
    ),
    "missing_param": (bare().with_cte_raw("c", "SELECT $1, $2", [1]), ValueError, r"\$2"),
    "superfluous_param": (bare().where_in_raw("a", "SELECT $1", [1, 2]), ValueError, r"\$2"),
    "two_statements": (bare().where_exists_raw("SELECT 1; DROP TABLE x"), ValueError, ";"),
    "empty_text": (bare().with_cte_raw("c", "  "), ValueError, "empty"),
    "two_ctes": (bare().with_cte_raw("c", "SELECT 1").with_cte_raw("c", "SELECT 2"), ValueError, "Duplicate CTE name"),
    "no_key": (
        Employee.find().join(Assignment).join("somewhere"),
        ValueError,
        "no foreign key .*'somewhere'.*'employees'",
    ),
    "keys": (Project.find().join(Employee), ValueError, "projects.owner_id = employees.id, projects.reviewer_id"),
    "self_join": (Employee.find().join(Employee, Employee.manager_id == Employee.id), ValueError, "aliased"),
    "foreign_relationship": (Project.find().join(Employee.department), ValueError, "'department'"),
    "join_target": (Employee.find().join(3), TypeError, "not int"),
    "aliases": (
        Project.find().join(aliased(Employee, "e"), raw_sql("true")).join(aliased(Employee, "e"), raw_sql("true")),
        ValueError,
        "Duplicate alias: e",
    ),
    "empty_alias": (
        Project.find().join(aliased(Employee, ""), raw_sql("true")),
        ValueError,
        "Invalid alias: Identifier cannot be empty",
    ),
    "in_of_many": (bare().where("a", "in", bare().select("a", "b")), ValueError, "one column, not 2"),
    "in_of_windows": (bare().where("a", "in", bare().rank("r")), ValueError, "one column"),
    "lock_later": (bare().for_update().distinct(), ValueError, "cannot be locked in a query with DISTINCT"),
    "lock_of": (bare().for_update(of="other"), ValueError, "'other' is no table of the query"),
    "unknown_column_name": (bare().order_by('a"; DROP TABLE x; --'), ValueError, "Invalid order_by"),
    "select_name": (bare().select("a b"), ValueError, "Invalid select columns"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_sent_is_refused(case: str) -> None:
    query, error, message = BAD[case]
    with pytest.raises(error, match=message):
        query.to_sql()


LOCKED = {
    "distinct": lambda q: q.distinct(),
    "distinct_on": lambda q: q.distinct_on("a"),
    "group": lambda q: q.group_by("a"),
    "aggregate": lambda q: q.count_agg(),
    "having": lambda q: q.having_count(">", 1),
    "window": lambda q: q.rank("r"),
    "set": lambda q: q.union(bare()),
}


@pytest.mark.parametrize("part", LOCKED)
def test_only_rows_of_tables_can_be_locked(part: str) -> None:
    with pytest.raises(ValueError, match="cannot be locked in a query with"):
        LOCKED[part](bare()).for_share()


LATE = {
    "filter": lambda q: q.where(SqlExpr("a", "=", 1)),
    "json": lambda q: q.where_json_key_exists("a", "k"),
    "subquery": lambda q: q.where_exists(bare()),
}


@pytest.mark.parametrize("part", LATE)
def test_a_condition_cannot_follow_a_set_operation(part: str) -> None:
    with pytest.raises(ValueError, match="would only concern its left query"):
        LATE[part](bare().union(bare()))


def test_where_alone() -> None:
    assert bare()._build_where_clause() == ("", [])
    query = bare(SqlExpr("age", ">", 1), SqlExpr("city", "=", "x")).where_json_key_exists("d", "k").limit(3)
    assert query._build_where_clause() == ("age > $1 AND city = $2 AND d ? $3", [1, "x", "k"])
    assert bare().where_json_key_exists("d", "k")._build_where_clause() == ("d ? $1", ["k"])


def test_a_query_without_conditions_of_its_model() -> None:
    """A stand-in tells no columns, so plain names stay as they are."""
    assert bare().join("x", raw_sql("true")).where("a", "eq", 1).to_sql() == (
        "SELECT bare.* FROM bare LEFT JOIN x ON true WHERE a = $1",
        [1],
    )
