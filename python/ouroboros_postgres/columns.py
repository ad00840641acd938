"""Columns of models and the conditions made from them."""

from __future__ import annotations

from ._column import Column
from ._references import (
    BackReference,
    BackReferenceQuery,
    ForeignKeyProxy,
    ManyToMany,
    ManyToManyQuery,
    create_m2m_join_table,
)
from ._sql.expression import SqlExpr
from ._sql.proxy import ColumnProxy

__all__ = [
    "BackReference",
    "BackReferenceQuery",
    "Column",
    "ColumnProxy",
    "ForeignKeyProxy",
    "ManyToMany",
    "ManyToManyQuery",
    "SqlExpr",
    "create_m2m_join_table",
]
