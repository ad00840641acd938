"""References between rows that need no model on the other side: foreign keys, back references, many to many."""

from __future__ import annotations

from .._many_to_many import create_m2m_join_table
from .back_reference import BackReference, BackReferenceQuery
from .foreign_key import ForeignKeyProxy
from .many_to_many import ManyToMany, ManyToManyQuery

__all__ = [
    "BackReference",
    "BackReferenceQuery",
    "ForeignKeyProxy",
    "ManyToMany",
    "ManyToManyQuery",
    "create_m2m_join_table",
]
