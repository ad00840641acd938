"""Trees that are kept encoded: requests are the same as without, and nothing is kept that may differ."""

from __future__ import annotations

import datetime as dt
import gc
import json
import weakref
from decimal import Decimal
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from ouroboros_postgres import Column, ColumnProxy, QueryBuilder, Table, aliased, or_
from ouroboros_postgres._arguments import arguments
from ouroboros_postgres._builder import tree
from ouroboros_postgres._builder.prepared import Prepared, prepared
from ouroboros_postgres._sql.encoder import Encoder
from ouroboros_postgres.errors import DataError


class Thing(Table):
    id: ColumnProxy[int] = Column(primary_key=True)
    name: ColumnProxy[str] = Column()
    price: ColumnProxy[Decimal] = Column()
    made: ColumnProxy[dt.datetime] = Column()

    class Settings:
        table_name = "prepared_things"


class Other(Table):
    id: ColumnProxy[int] = Column(primary_key=True)

    class Settings:
        table_name = "prepared_others"


def of(query: QueryBuilder[Any]) -> Prepared | None:
    return prepared(query._state)


def request(query: QueryBuilder[Any]) -> tuple[Any, list[Any]]:
    """The statement and the values without anything kept."""
    encoder = Encoder()
    return {"select": tree.select(query._state, encoder)}, encoder.values


SIMPLE = [
    lambda n: Thing.find(),
    lambda n: Thing.find(Thing.id == n),
    lambda n: Thing.find(Thing.id != n).limit(n),
    lambda n: Thing.find(Thing.id > n, Thing.name == f"it's {n}").limit(n).offset(n),
    lambda n: Thing.find(Thing.id >= n).offset(n),
    lambda n: Thing.find(Thing.price < Decimal(n), Thing.price <= float(n)),
    lambda n: Thing.find(Thing.name.like(f"{n}%"), Thing.name.startswith(str(n)), Thing.name.icontains(str(n))),
    lambda n: Thing.find(Thing.made == dt.datetime(2000 + n, 1, 1), Thing.name == UUID(int=n)),
    lambda n: Thing.find(Thing.id == bool(n)).order_by("name", -Thing.id, Thing.price),
    lambda n: Thing.find(Thing.id == n).order_by(Thing.id),
    lambda n: Thing.find(Thing.id == n).order_by("id"),
]


@pytest.mark.parametrize("make", SIMPLE)
def test_request_is_the_same_as_without(make: Any) -> None:
    for n in (1, 2, 1):
        query = make(n)
        known = of(query)
        assert known is not None
        statement, values = request(query)
        assert json.loads(known.opening[:-1] + b"}") == {"op": "statement", "statement": statement}
        assert known.values == values
        assert arguments(known.values) == arguments(values)


def test_queries_of_one_shape_share_their_tree() -> None:
    first, second = of(Thing.find(Thing.id == 1).limit(1)), of(Thing.find(Thing.id == 2).limit(9))
    assert first is not None and second is not None
    assert first.opening is second.opening
    assert (first.values, second.values) == ([1, 1], [2, 9])


@pytest.mark.parametrize(
    "query",
    [
        Thing.find(Thing.id == None),  # noqa: E711
        Thing.find(Thing.id.in_([1, 2])),
        Thing.find(Thing.name == Thing.id),
        Thing.find(Thing.id == Other.find()),
        Thing.find(Other.id == 1),
        Thing.find(aliased(Thing).id == 1),
        Thing.find(or_(Thing.id == 1, Thing.id == 2)),
        Thing.find({"id": 1}),
        Thing.find(Thing.id.is_null()),
        Thing.find(Thing.id == [1]),
        Thing.find(ColumnProxy("id") == 1),
        Thing.find(Thing.id == 1).select("id"),
        Thing.find(Thing.id == 1).for_update(),
        Thing.find(Thing.id == 1).distinct(),
        Thing.find().where("id", "eq", 1),
        Thing.find().join(Other, on=Thing.id == Other.id),
        Thing.find().order_by(Other.id),
    ],
)
def test_other_queries_are_encoded_each_time(query: QueryBuilder[Any]) -> None:
    assert of(query) is None


def test_table_that_is_renamed_has_another_tree() -> None:
    class Renamed(Table):
        class Settings:
            table_name = "prepared_before"

    def text() -> bytes:
        known = of(Renamed.find())
        assert known is not None
        return known.opening

    assert b"prepared_before" in text()
    Renamed._table_name = "prepared_after"
    assert b"prepared_after" in text()
    assert b"prepared_before" not in text()


def test_models_are_not_kept_alive() -> None:
    def model() -> weakref.ref[Any]:
        class Short(Table):
            class Settings:
                table_name = "prepared_short"

        assert of(Short.find()) is not None
        return weakref.ref(Short)

    short = model()
    gc.collect()
    assert short() is None


async def test_rows_and_errors(pg: ModuleType) -> None:
    await Thing.create_table()
    await Thing.insert_many([{"id": n, "name": f"n{n}", "price": Decimal(n), "made": None} for n in range(1, 6)])
    for _ in range(2):
        for n in (3, 1):
            found = await Thing.get(n)
            assert found is not None and (found.id, found.name) == (n, f"n{n}")
        assert await Thing.get(9) is None
        rows = await Thing.find(Thing.id > 1).order_by(-Thing.id).limit(2).offset(1).to_dicts()
        assert [row["id"] for row in rows] == [4, 3]
        with pytest.raises(DataError, match=r"parameter \$2 contains a lone surrogate"):
            await Thing.find(Thing.id == 1, Thing.name == "\ud800").to_list()
        with pytest.raises(DataError):
            await Thing.get("no number")
