from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import ouroboros_postgres

LIGHT = """
import sys
before = set(sys.modules)
import ouroboros_postgres
from ouroboros_postgres import _binding
assert not _binding.loaded()
heavy = {"importlib.metadata", "pydantic", "opentelemetry", "numpy", "email", "http"}
print(sorted(heavy & (set(sys.modules) - before)))
"""


def test_an_import_is_light_and_loads_no_engine() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_all_names_exist_and_are_sorted() -> None:
    assert ouroboros_postgres.__all__ == sorted(set(ouroboros_postgres.__all__))
    assert [name for name in ouroboros_postgres.__all__ if not hasattr(ouroboros_postgres, name)] == []


BINARIES = ("_binding", "libouroboros_postgres")
MODULES = [
    m.name for m in pkgutil.iter_modules(ouroboros_postgres.__path__) if m.name not in BINARIES and m.name != "__main__"
]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_exports(name: str) -> None:
    module = importlib.import_module(f"ouroboros_postgres.{name}")
    assert module.__all__ == sorted(set(module.__all__))
    assert [exported for exported in module.__all__ if not hasattr(module, exported)] == []


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nope'"):
        _ = ouroboros_postgres.nope  # type: ignore[attr-defined]


CONTRACT = """
query_aggregate query_with_cte
migration_init migration_status migration_apply migration_rollback migration_create
init close is_connected execute insert_one insert_many upsert_one upsert_many list_tables table_exists get_columns
get_indexes get_foreign_keys inspect_table get_backreferences find_by_foreign_key fetch_one_with_relations
fetch_one_eager fetch_many_with_relations delete_with_cascade delete_checked pg_transaction Transaction connection
transactions find_one find_many update_one update_many delete_one delete_many count begin_transaction Savepoint
IsolationLevel pool_metrics health_check PostgresError DataBridgeError metrics_prometheus reset_metrics Range
Table Column ColumnProxy SqlExpr QueryBuilder WindowSpec NoResultFound MultipleResultsFound raw_sql
filter_by and_ or_ not_ any_ has aliased QueryFragment BooleanClause AliasedClass active_filter date_range_filter
in_list_filter null_check_filter FullTextSearch fts ArrayOps Point GeoQuery
ForeignKeyProxy BackReference BackReferenceQuery ManyToMany ManyToManyQuery create_m2m_join_table
relationship RelationshipDescriptor QueryOption joinedload selectinload noload raiseload
LoadingStrategy LoadingConfig RelationshipLoader LazyLoadingProxy DeferredColumn LazyLoadError SQLGenerationError
lazy joined subquery defer undefer
EventType EventDispatcher AttributeEvents listens_for before_insert after_insert before_update after_update
before_delete after_delete before_flush after_commit
"""
SUBMODULES = """
connection columns relationships loading options transactions query query_ext table fulltext arrays postgis telemetry
errors events health identifiers metrics types
"""


def test_the_names_of_the_contract_are_there() -> None:
    assert set(CONTRACT.split()) <= set(ouroboros_postgres.__all__)


def test_the_submodules_of_the_contract_are_attributes() -> None:
    assert [name for name in SUBMODULES.split() if not isinstance(getattr(ouroboros_postgres, name), ModuleType)] == []


def test_one_thing_has_one_class() -> None:
    from ouroboros_postgres import columns, loading, options, query, relationships

    assert ouroboros_postgres.WindowSpec is query.WindowSpec
    assert ouroboros_postgres.ColumnProxy is columns.ColumnProxy
    assert ouroboros_postgres.selectinload is options.selectinload is loading.selectinload
    assert ouroboros_postgres.LoadingStrategy is loading.LoadingStrategy is not relationships.LoadingStrategy
    assert ouroboros_postgres.RelationshipLoader is loading.RelationshipLoader is not relationships.RelationshipLoader
