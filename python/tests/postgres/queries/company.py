"""A small company: departments, employees with their managers, projects, and who works on what."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from ouroboros_postgres.columns import BackReference, Column, ManyToMany
from ouroboros_postgres.relationships import relationship
from ouroboros_postgres.table import Table

__all__ = ["COMPANY", "Assignment", "Department", "Employee", "Project"]

COMPANY = """
CREATE TABLE departments (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE employees (
    id int PRIMARY KEY, name text NOT NULL, age int, salary numeric, department_id int, manager_id int,
    skills text[], profile jsonb, hired date
);
CREATE TABLE projects (id int PRIMARY KEY, name text NOT NULL, owner_id int, reviewer_id int);
CREATE TABLE assignments (employee_id int, project_id int, hours int);
INSERT INTO departments VALUES (1, 'Engineering'), (2, 'Sales'), (3, 'Empty');
INSERT INTO employees VALUES
    (1, 'Ada', 50, 9000, 1, NULL, '{go,sql}', '{"level": "chief", "tags": ["a", "b"]}', '2010-01-01'),
    (2, 'Ben', 40, 6000, 1, 1, '{go}', '{"level": "senior", "note": "it''s"}', '2012-02-02'),
    (3, 'Cy', 30, 5000, 1, 2, '{}', '{}', '2014-03-03'),
    (4, 'Dee', 30, 7000, 2, 1, NULL, NULL, '2016-04-04'),
    (5, 'Eve', NULL, 4000, NULL, 4, '{sql}', '["level"]', NULL);
INSERT INTO projects VALUES (1, 'Compiler', 1, 2), (2, 'Docs', 2, 1), (3, 'Idle', NULL, NULL);
INSERT INTO assignments VALUES (1, 1, 10), (2, 1, 20), (2, 2, 30), (3, 2, 5);
"""


class Department(Table):
    id: int
    name: str
    employees = BackReference("employees", "department_id")

    class Settings:
        table_name = "departments"


class Employee(Table):
    id: int
    name: str
    age: int | None
    salary: Decimal | None
    department_id: int | None = Column(foreign_key="departments.id")
    manager_id: int | None = Column(foreign_key="employees.id")
    skills: list[str] | None
    profile: dict[str, Any] | None
    hired: datetime.date | None
    department = relationship(Department, "department_id")
    manager = relationship("Employee", "manager_id")
    projects = ManyToMany("assignments", "employee_id", "project_id", "projects")

    class Settings:
        table_name = "employees"


class Project(Table):
    id: int
    name: str
    owner_id: int | None = Column(foreign_key="employees.id")
    reviewer_id: int | None = Column(foreign_key="employees.id")

    class Settings:
        table_name = "projects"


class Assignment(Table):
    employee_id: int = Column(foreign_key="employees.id")
    project_id: int = Column(foreign_key="projects.id")
    hours: int | None

    class Settings:
        table_name = "assignments"
        primary_key = "employee_id"
