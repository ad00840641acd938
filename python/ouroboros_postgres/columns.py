"""Columns of models and the conditions made from them."""

from __future__ import annotations

from ._column import Column
from ._sql.expression import SqlExpr
from ._sql.proxy import ColumnProxy

__all__ = ["Column", "ColumnProxy", "SqlExpr"]
