"""`Column` as an object."""

from __future__ import annotations

from typing import Any

import pytest

from ouroboros_postgres import Column, columns


def test_settings_read_back_as_given() -> None:
    column = Column(
        5,
        default_factory=list,
        unique=True,
        index=True,
        nullable=False,
        primary_key=True,
        description="d",
        foreign_key="t.c",
        on_delete="CaScAdE",
        on_update="set null",
    )
    assert column.default == 5
    assert column.default_factory is list
    assert (column.unique, column.index, column.nullable, column.primary_key) == (True, True, False, True)
    assert (column.description, column.foreign_key) == ("d", "t.c")
    assert (column.on_delete, column.on_update) == ("CaScAdE", "set null")
    assert columns.Column is Column
    assert isinstance(column, Column)


def test_defaults() -> None:
    column = Column()
    assert column.default is None
    assert column.default_factory is None
    assert (column.unique, column.index, column.nullable, column.primary_key) == (False, False, True, False)
    assert (column.description, column.foreign_key, column.on_delete, column.on_update) == (None, None, None, None)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (Column(), "Column()"),
        (Column(default=0), "Column(default=0)"),
        (Column("x", unique=True, index=True), "Column(default='x', unique=True, index=True)"),
        (Column(default_factory=list), "Column(default_factory=<class 'list'>)"),
        (Column(nullable=False, primary_key=True), "Column(nullable=False, primary_key=True)"),
        (
            Column(foreign_key="t.c", on_delete="CaScAdE", on_update="NO ACTION", description="hidden"),
            "Column(foreign_key='t.c', on_delete='CaScAdE', on_update='NO ACTION')",
        ),
        (Column(foreign_key="t"), "Column(foreign_key='t')"),
    ],
)
def test_repr_shows_what_is_not_the_default(column: Any, text: str) -> None:
    assert repr(column) == text


@pytest.mark.parametrize("rule", ["CASCADE", "restrict", "Set Null", "SET DEFAULT", "no action"])
def test_rules_are_accepted_in_any_case(rule: str) -> None:
    assert Column(foreign_key="t", on_delete=rule).on_delete == rule
    assert Column(foreign_key="t", on_update=rule).on_update == rule


@pytest.mark.parametrize("rule", ["EXPLODE", "", "CASCADE; DROP TABLE t", 5])
def test_unknown_rules_are_refused(rule: Any) -> None:
    with pytest.raises(ValueError, match="on_delete must be one of CASCADE"):
        Column(foreign_key="t", on_delete=rule)
    with pytest.raises(ValueError, match="on_update must be one of CASCADE"):
        Column(foreign_key="t", on_update=rule)


def test_a_factory_must_be_callable() -> None:
    with pytest.raises(TypeError, match="default_factory must be callable, not list"):
        Column(default_factory=[])  # type: ignore[arg-type]
