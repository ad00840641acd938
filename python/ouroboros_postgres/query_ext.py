"""Conditions beyond the comparison of a column: boolean clauses, related rows, aliases, fragments."""

from __future__ import annotations

from ._sql.aliased import AliasedClass, aliased
from ._sql.condition import BooleanClause, and_, not_, or_
from ._sql.fragment import QueryFragment
from ._sql.raw import raw_sql
from ._sql.ready_made import active_filter, date_range_filter, filter_by, in_list_filter, null_check_filter
from ._sql.related import any_, has

__all__ = [
    "AliasedClass",
    "BooleanClause",
    "QueryFragment",
    "active_filter",
    "aliased",
    "and_",
    "any_",
    "date_range_filter",
    "filter_by",
    "has",
    "in_list_filter",
    "not_",
    "null_check_filter",
    "or_",
    "raw_sql",
]
