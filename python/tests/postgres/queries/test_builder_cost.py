"""How much work it is to build a query: counted in calls, which are the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from ouroboros_postgres._builder import execution, tree
from ouroboros_postgres._requests import encode
from ouroboros_postgres._sql.encoder import Encoder
from queries.company import Department, Employee


def calls(work: Callable[[], Any]) -> int:
    """Count the calls of Python and C functions."""
    work()  # whatever is computed once only
    count = 0

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def request(query: Any) -> bytes:
    encoder = Encoder()
    return encode({"op": "statement", **execution.fields({"select": tree.select(query._state, encoder)}, encoder)})


def test_a_plain_query() -> None:
    assert calls(lambda: Employee.find(Employee.age > 30).limit(10)) <= 30
    assert calls(lambda: request(Employee.find(Employee.age > 30).limit(10))) <= 100


def test_every_further_condition_is_little_more() -> None:
    query = Employee.find(Employee.age > 30)
    more = query.where(Employee.age < 40, Employee.name == "x", Employee.id == 3)
    assert (calls(lambda: request(more)) - calls(lambda: request(query))) / 3 <= 20


def test_a_join() -> None:
    query = Employee.find().join(Department, Employee.department_id == Department.id).where(Department.name == "x")
    assert calls(lambda: request(query)) <= 160
