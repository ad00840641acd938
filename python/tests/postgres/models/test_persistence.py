"""`save`, `delete` and `refresh`, and what an instance knows of its row."""

from __future__ import annotations

import asyncio
import copy
import datetime as dt
import pickle
import uuid
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from fixtures.observe import blocked_backends, until
from ouroboros_postgres import Column, Table
from ouroboros_postgres.errors import (
    CheckError,
    DataBridgeError,
    IntegrityError,
    NotNullError,
    RowNotFoundError,
    UndefinedTableError,
)
from queries.sent import Sent

SCHEMA = """
CREATE TABLE item (
    id serial PRIMARY KEY, name text, amount int DEFAULT 7, tags text[], doc jsonb, price numeric(10, 2),
    day date, hidden text DEFAULT 'server', doubled int GENERATED ALWAYS AS (amount * 2) STORED,
    CHECK (amount >= 0)
);
CREATE TABLE bysku (sku text PRIMARY KEY, title text, stock int DEFAULT 0);
CREATE TABLE keyed (id uuid PRIMARY KEY, name text);
CREATE TABLE solo (id serial PRIMARY KEY);
"""


class Item(Table):
    name: str | None
    amount: int | None
    tags: list[str] | None
    doc: Any
    price: Decimal | None
    day: dt.date | None


class BySku(Table):
    sku: str
    title: str | None
    stock: int | None

    class Settings:
        primary_key = "sku"


class Keyed(Table):
    id: uuid.UUID = Column(primary_key=True, default_factory=uuid.uuid4)
    name: str = "new"


class Solo(Table):
    pass


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute(SCHEMA)


def rows(database: Database, table: str = "item") -> list[dict[str, Any]]:
    return database.query(f"SELECT * FROM {table} ORDER BY 1")


# save.


async def test_an_instance_without_key_is_inserted_and_completed(database: Database) -> None:
    item = Item(name="a", price="1.005")
    assert await item.save() == 1
    assert (item.id, item.name, item.amount) == (1, "a", 7)
    assert item.price == Decimal("1.01")
    assert item.hidden == "server"
    assert item.doubled == 14
    assert rows(database)[0]["name"] == "a"


async def test_nothing_is_sent_without_a_change(sent: Sent) -> None:
    item = Item(name="a", tags=["x"], doc={"a": [1]})
    await item.save()
    before = sent()
    assert await item.save() == item.id
    item.name = "a"
    item.tags = ["x"]
    assert await item.save() == item.id
    assert sent() == before


async def test_only_changed_columns_are_updated(pg: ModuleType, database: Database, sent: Sent) -> None:
    await Item.insert(name="a", amount=1)
    item = await Item.get(1)
    assert item is not None
    database.query("UPDATE item SET amount = 50, day = '2024-01-01'")
    item.name = "b"
    before = sent()
    assert await item.save() == 1
    assert sent() == before + 1
    row = rows(database)[0]
    assert (row["name"], row["amount"], row["day"]) == ("b", 50, dt.date(2024, 1, 1))
    assert item.amount == 1


async def test_changes_in_place_are_seen(database: Database) -> None:
    await Item.insert(name="a", tags=["x"], doc={"a": {"b": [1]}})
    item = await Item.get(1)
    assert item is not None
    item.tags.append("y")
    item.doc["a"]["b"].append(2)
    await item.save()
    row = rows(database)[0]
    assert row["tags"] == ["x", "y"]
    assert row["doc"] == {"a": {"b": [1, 2]}}
    tags = item.tags
    tags.append("z")
    await item.save()
    assert rows(database)[0]["tags"] == ["x", "y", "z"]
    del item.doc["a"]
    item._data["name"] = "direct"
    await item.save()
    assert (rows(database)[0]["doc"], rows(database)[0]["name"]) == ({}, "direct")


async def test_changes_of_a_column_that_is_declared_as_something_else_are_seen(
    pg: ModuleType, database: Database
) -> None:
    class Wrong(Table):
        doc: str

        class Settings:
            table_name = "item"

    await pg.insert_one("item", {"doc": {"a": 1}})
    item = await Wrong.get(1)
    assert item is not None
    item._data["doc"]["a"] = 2
    await item.save()
    assert rows(database)[0]["doc"] == {"a": 2}


async def test_the_whole_data_may_be_replaced(database: Database) -> None:
    item = await Item.insert(name="a", amount=1)
    item._data = {**item._data, "name": "b"}
    await item.save()
    assert (rows(database)[0]["name"], rows(database)[0]["amount"]) == ("b", 1)


async def test_a_given_key_inserts_where_there_is_no_row(database: Database) -> None:
    item = Item(id=1, name="a")
    assert await item.save() == 1
    assert rows(database)[0]["name"] == "a"
    assert item.amount == 7
    zero = Item(id=0, name="zero")
    assert await zero.save() == 0
    assert [row["id"] for row in rows(database)] == [0, 1]


async def test_a_given_key_overwrites_the_given_columns_of_its_row(database: Database) -> None:
    await Item.insert(name="old", amount=3, day=dt.date(2024, 1, 1))
    item = Item(id=1, name="new", amount=None)
    assert await item.save() == 1
    row = rows(database)[0]
    assert (row["name"], row["amount"], row["day"]) == ("new", None, dt.date(2024, 1, 1))
    assert item.day == dt.date(2024, 1, 1)
    item.name = "newer"
    await item.save()
    assert rows(database)[0]["name"] == "newer"


async def test_defaults_do_not_overwrite_an_existing_row(database: Database) -> None:
    key = uuid.uuid4()
    await Keyed.insert(id=key, name="precious")
    again = Keyed(id=key)
    assert await again.save() == key
    assert rows(database, "keyed")[0]["name"] == "precious"
    assert again.name == "precious"
    changed = Keyed(id=key)
    changed.name = "changed"
    await changed.save()
    assert rows(database, "keyed")[0]["name"] == "changed"
    new = Keyed(id=uuid.uuid4())
    await new.save()
    assert new.name == "new"


async def test_copies_know_which_values_are_defaults(database: Database) -> None:
    key = uuid.uuid4()
    await Keyed.insert(id=key, name="precious")
    for twin in (copy.copy(Keyed(id=key)), pickle.loads(pickle.dumps(Keyed(id=key)))):  # noqa: S301
        await twin.save()
    assert rows(database, "keyed")[0]["name"] == "precious"


async def test_a_key_from_a_factory_is_inserted_at_once(database: Database, sent: Sent) -> None:
    item = Keyed(name="a")
    before = sent()
    assert await item.save() == item.id
    assert sent() == before + 1
    assert rows(database, "keyed") == [{"id": item.id, "name": "a"}]


async def test_nothing_but_the_key_inserts_or_leaves_the_row_alone(database: Database) -> None:
    await Item.insert(name="old")
    item = Item(id=1)
    assert await item.save() == 1
    assert rows(database)[0]["name"] == "old"
    assert item.name == "old"
    assert await Item(id=5).save() == 5
    assert [row["id"] for row in rows(database)] == [1, 5]


async def test_nothing_but_the_key_of_a_row_that_requires_more_leaves_it_alone(
    pg: ModuleType, database: Database
) -> None:
    class Strict(Table):
        name: str

    await Strict.create_table()
    await Strict.insert(name="kept")
    strict = Strict(id=1)
    async with pg.begin_transaction():
        assert await strict.save() == 1
    assert strict.name == "kept"
    with pytest.raises(NotNullError):
        await Strict(id=2).save()
    assert rows(database, "strict") == [{"id": 1, "name": "kept"}]


async def test_no_values_at_all_make_a_row_of_defaults(database: Database) -> None:
    solo = Solo()
    assert await solo.save() == 1
    assert (await Solo.insert()).id == 2
    assert rows(database, "solo") == [{"id": 1}, {"id": 2}]


async def test_a_text_key_of_another_name(database: Database) -> None:
    item = BySku(sku="a-1", title="t")
    assert await item.save() == "a-1"
    assert item.stock == 0
    item.stock = 4
    assert await item.save() == "a-1"
    assert rows(database, "bysku") == [{"sku": "a-1", "title": "t", "stock": 4}]
    assert await item.delete() is True
    assert rows(database, "bysku") == []


async def test_a_key_that_the_model_does_not_declare(database: Database) -> None:
    class Loose(Table):
        title: str | None

        class Settings:
            table_name = "bysku"
            primary_key = "sku"

    loose = Loose(sku="a", title="t")  # type: ignore[call-arg]
    assert await loose.save() == "a"
    found = await Loose.get("a")
    assert found is not None
    found.title = "u"
    assert await found.save() == "a"
    await loose.refresh()
    assert (loose.title, loose.stock, loose.sku) == ("u", 0, "a")
    assert await loose.delete() is True
    assert rows(database, "bysku") == []


async def test_models_of_one_name_do_not_disturb_each_other(database: Database) -> None:
    def define(column: str) -> type[Table]:
        return type(Table)("Item", (Table,), {"__annotations__": {column: str | None}, "__module__": __name__})

    one, other = define("name"), define("hidden")
    made = await one.insert(name="a")
    await (await other.get(made.id)).delete()  # type: ignore[union-attr]
    assert await one.count() == 0


async def test_a_changed_key_moves_the_row(database: Database) -> None:
    item = await BySku.insert(sku="a", title="t")
    item.sku = "b"
    assert await item.save() == "b"
    assert rows(database, "bysku") == [{"sku": "b", "title": "t", "stock": 0}]
    loaded = await Item.insert(name="x")
    loaded.id = 9
    await loaded.save()
    assert [row["id"] for row in rows(database)] == [9]
    assert loaded.id == 9


async def test_a_key_set_to_none_makes_a_new_row(database: Database) -> None:
    item = await Item.insert(name="x")
    del item._data["doubled"]
    item.id = None
    assert await item.save() == 2
    assert [row["id"] for row in rows(database)] == [1, 2]


async def test_an_update_without_row_is_an_error(database: Database) -> None:
    item = await Item.insert(name="x")
    database.query("DELETE FROM item")
    item.name = "y"
    with pytest.raises(RowNotFoundError, match="Update failed: no rows affected"):
        await item.save()
    with pytest.raises(RuntimeError):
        await item.save()


async def test_errors_name_the_operation(database: Database) -> None:
    with pytest.raises(CheckError, match="Insert failed: "):
        await Item(amount=-1).save()
    item = await Item.insert(amount=1)
    item.amount = -1
    with pytest.raises(CheckError, match="Update failed: "):
        await item.save()
    item.amount = 2
    await item.save()
    assert rows(database)[0]["amount"] == 2


async def test_a_failed_save_leaves_the_changes(database: Database) -> None:
    item = Item(name="a", amount=-1)
    with pytest.raises(CheckError):
        await item.save()
    assert item.id is None
    item.amount = 1
    assert await item.save() == 2
    assert rows(database)[0]["amount"] == 1


async def test_values_of_columns_that_the_model_does_not_declare_are_written(database: Database) -> None:
    item = Item(name="a", hidden="given")
    await item.save()
    assert rows(database)[0]["hidden"] == "given"
    item.hidden = "again"
    await item.save()
    assert rows(database)[0]["hidden"] == "again"
    with pytest.raises(DataBridgeError, match="no_such"):
        await Item(no_such=1).save()


async def test_a_change_while_a_save_is_under_way_stays_a_change(pg: ModuleType, database: Database) -> None:
    item = await Item.insert(name="a", tags=["x"])
    lock = await pg.begin_transaction()
    await lock.execute("SELECT 1 FROM item FOR UPDATE")
    item.name = "b"
    item.tags.append("y")
    saving = asyncio.create_task(item.save())
    await until(lambda: blocked_backends(database))
    item.name = "c"
    item.tags.append("z")
    await lock.rollback()
    await saving
    assert (rows(database)[0]["name"], rows(database)[0]["tags"]) == ("b", ["x", "y"])
    assert (item.name, item.tags) == ("c", ["x", "y", "z"])
    await item.save()
    assert (rows(database)[0]["name"], rows(database)[0]["tags"]) == ("c", ["x", "y", "z"])


# delete.


async def test_delete_removes_the_row_and_keeps_the_values(database: Database, sent: Sent) -> None:
    item = await Item.insert(name="a")
    assert await item.delete() is True
    assert rows(database) == []
    assert (item.id, item.name) == (1, "a")
    assert await item.delete() is False
    before = sent()
    assert await Item(name="x").delete() is False
    assert sent() == before


async def test_a_deleted_instance_can_be_saved_again(database: Database) -> None:
    item = await Item.insert(name="a")
    await item.delete()
    del item._data["doubled"]
    assert await item.save() == 1
    assert rows(database)[0]["name"] == "a"


async def test_delete_takes_the_key_that_the_row_has(database: Database) -> None:
    await BySku.insert(sku="other")
    item = await BySku.insert(sku="a")
    item.sku = "other"
    assert await item.delete() is True
    assert [row["sku"] for row in rows(database, "bysku")] == ["other"]
    assert await BySku(sku="other").delete() is True


async def test_delete_reports_what_refers_to_the_row(database: Database) -> None:
    database.query("CREATE TABLE child (item_id int REFERENCES item)")
    item = await Item.insert(name="a")
    database.query("INSERT INTO child VALUES (1)")
    with pytest.raises(IntegrityError, match="Delete failed: "):
        await item.delete()


# refresh.


async def test_refresh_reads_everything_again(database: Database) -> None:
    item = await Item.insert(name="a", tags=["x"])
    database.query("UPDATE item SET name = 'b', tags = '{y}', amount = 3")
    item.name = "mine"
    item.undeclared = 5
    await item.refresh()
    assert (item.name, item.tags, item.amount, item.doubled) == ("b", ["y"], 3, 6)
    assert "undeclared" not in item._data
    item.name = "c"
    await item.save()
    assert rows(database)[0]["name"] == "c"


async def test_refresh_of_an_instance_that_was_made_with_a_key(database: Database, sent: Sent) -> None:
    await Item.insert(name="a")
    item = Item(id=1)
    await item.refresh()
    assert item.name == "a"
    before = sent()
    await item.save()
    assert sent() == before


async def test_refresh_needs_a_key_and_a_row(database: Database) -> None:
    with pytest.raises(ValueError, match="no primary key"):
        await Item(name="a").refresh()
    with pytest.raises(ValueError, match=r"Row with id 5 not found"):
        await Item(id=5).refresh()
    with pytest.raises(ValueError, match=r"Row with sku 'x' not found"):
        await BySku(sku="x").refresh()


async def test_failing_reads_name_the_operation(pg: ModuleType) -> None:
    await pg.execute("DROP TABLE item")
    with pytest.raises(UndefinedTableError, match="^Query failed: "):
        await Item(id=1).refresh()
    with pytest.raises(UndefinedTableError, match="^Query failed: "):
        await Item.get(1)


# Partial instances.


async def test_an_instance_without_its_key_cannot_be_written(database: Database) -> None:
    await Item.insert(name="a")
    item = (await Item.find().select("name").to_list())[0]
    item.name = "b"
    for method in (item.save, item.delete, item.refresh):
        with pytest.raises(ValueError, match="left out its primary key, id"):
            await method()
    item.id = 1
    with pytest.raises(ValueError, match="left out its primary key, id"):
        await item.save()
    assert rows(database)[0]["name"] == "a"


async def test_a_partial_instance_writes_what_it_has(database: Database) -> None:
    await Item.insert(name="a", amount=5, tags=["x"])
    item = (await Item.find().only("name").to_list())[0]
    assert item.to_dict() == {"id": 1, "name": "a"}
    item.name = "b"
    await item.save()
    row = rows(database)[0]
    assert (row["name"], row["amount"], row["tags"]) == ("b", 5, ["x"])
    assert item.to_dict() == {"id": 1, "name": "b"}
    item.tags = ["new"]
    await item.save()
    assert rows(database)[0]["tags"] == ["new"]
    assert not item.amount.is_loaded
    assert await item.amount == 5
    assert item.amount == 5
    await item.refresh()
    assert item.hidden == "server"


async def test_loading_a_deferred_column_is_no_change(database: Database, sent: Sent) -> None:
    await Item.insert(name="a", tags=["x"])
    item = (await Item.find().defer("tags").to_list())[0]
    deferred = item.tags
    assert item.tags is deferred
    assert await deferred == ["x"]
    before = sent()
    await item.save()
    assert sent() == before
    item.tags.append("y")
    await item.save()
    assert rows(database)[0]["tags"] == ["x", "y"]


# The ambient transaction.


async def test_all_of_it_joins_the_ambient_transaction(pg: ModuleType, database: Database) -> None:
    kept = await Item.insert(name="kept")
    gone = await Item.insert(name="gone")
    with pytest.raises(ZeroDivisionError):
        async with pg.begin_transaction():
            new = Item(name="new")
            await new.save()
            kept.name = "changed"
            await kept.save()
            await gone.delete()
            await new.refresh()
            assert (await Item.get(new.id)) is not None
            assert rows(database)[0]["name"] == "kept"
            raise ZeroDivisionError
    assert [row["name"] for row in rows(database)] == ["kept", "gone"]


async def test_without_a_pool_every_call_says_so(pg: ModuleType) -> None:
    await pg.close()
    for call in (Item(name="a").save, Item(id=1).delete, Item(id=1).refresh, Item.create_table, Item.drop_table):
        with pytest.raises(RuntimeError, match=r"Call init\(\) first"):
            await call()
