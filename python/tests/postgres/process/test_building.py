"""Declaring models and building queries loads no engine, so that a parent may do it before it forks."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
from ouroboros_postgres import (
    BackReference, Column, QueryFragment, Table, _binding, aliased, and_, any_, has, raw_sql, relationship
)

class Odd(Table):
    x: int
    tags: list[str]
    other_id: int = Column(foreign_key="Other.id")
    others = BackReference("Other", "odd_id")
    other = relationship("Other", "other_id")

    class Settings:
        table_name = "Odd Table"

condition = (Odd.x > 3) & any_(Odd.tags, "x") | has(Odd.other_id) & any_("others", Odd.x == 1)
twin = aliased(Odd)
query = Odd.find(condition, QueryFragment(x=1), raw_sql("TRUE")).join(twin, Odd.x == twin.x).order_by(-twin.x)
query = query.select("x").limit(3).where(Odd.x.in_(Odd.find().select("x")))
repr(query), repr(condition)
print(_binding.loaded())
"""


def test_building_loads_no_engine() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
