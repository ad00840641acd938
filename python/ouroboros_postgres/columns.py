"""Columns of models and the conditions made from them."""

from __future__ import annotations

from ._sql.expression import SqlExpr
from ._sql.proxy import ColumnProxy

__all__ = ["ColumnProxy", "SqlExpr"]
