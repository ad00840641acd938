"""`create_table` and `drop_table`: what the server has afterwards."""

from __future__ import annotations

import asyncio
import datetime as dt
import enum
import uuid
from decimal import Decimal
from types import ModuleType
from typing import Annotated, Any, ClassVar, Literal

import pytest

from fixtures.database import Database
from ouroboros_postgres import BackReference, Column, ColumnProxy, Session, Table, relationship
from ouroboros_postgres._column import GeneratedColumn
from ouroboros_postgres.errors import ForeignKeyError, IntegrityError, QueryError
from queries.sent import Sent


class Color(enum.Enum):
    RED = "red"


class Every(Table):
    a_text: str | None
    b_int: int | None
    c_float: float | None
    d_bool: bool | None
    e_datetime: dt.datetime | None
    f_date: dt.date | None
    g_time: dt.time | None
    h_timedelta: dt.timedelta | None
    i_decimal: Decimal | None
    j_bytes: bytes | None
    k_uuid: uuid.UUID | None
    l_dict: dict[str, Any] | None
    m_dict: dict | None  # type: ignore[type-arg]
    n_texts: list[str] | None
    o_ints: list[list[int]] | None
    p_list: list | None  # type: ignore[type-arg]
    q_any: list[Any] | None
    r_marked: Annotated[str, "mark"] | None
    s_docs: list[dict[str, Any]] | None
    t_proxy: ColumnProxy[int | None]


async def test_types_and_their_order(pg: ModuleType, database: Database) -> None:
    await Every.create_table()
    columns = database.query(
        "SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute"
        " WHERE attrelid = 'every'::regclass AND attnum > 0 ORDER BY attnum"
    )
    assert [(column["attname"], column["type"]) for column in columns] == [
        ("id", "integer"),
        ("a_text", "text"),
        ("b_int", "integer"),
        ("c_float", "double precision"),
        ("d_bool", "boolean"),
        ("e_datetime", "timestamp without time zone"),
        ("f_date", "date"),
        ("g_time", "time without time zone"),
        ("h_timedelta", "interval"),
        ("i_decimal", "numeric"),
        ("j_bytes", "bytea"),
        ("k_uuid", "uuid"),
        ("l_dict", "jsonb"),
        ("m_dict", "jsonb"),
        ("n_texts", "text[]"),
        ("o_ints", "integer[]"),
        ("p_list", "jsonb"),
        ("q_any", "jsonb"),
        ("r_marked", "text"),
        ("s_docs", "jsonb[]"),
        ("t_proxy", "integer"),
    ]


async def test_values_of_every_type_come_back(pg: ModuleType) -> None:
    await Every.create_table()
    given: dict[str, Any] = {
        "a_text": "x",
        "b_int": 1,
        "c_float": 1.5,
        "d_bool": True,
        "e_datetime": dt.datetime(2024, 1, 1, 10),
        "f_date": dt.date(2024, 1, 1),
        "g_time": dt.time(10, 30),
        "h_timedelta": dt.timedelta(days=1, seconds=5),
        "i_decimal": Decimal("1.10"),
        "j_bytes": b"\x00\xff",
        "k_uuid": uuid.uuid4(),
        "l_dict": {"a": [1]},
        "n_texts": ["a", "b"],
        "o_ints": [[1, 2], [3, 4]],
        "p_list": [1, {"a": None}, "x"],
        "q_any": [],
        "r_marked": "m",
        "s_docs": [{"a": 1}, {"b": [2]}],
    }
    every = await Every.insert(**given)
    again = await Every.get(every.id)
    assert again is not None
    assert {name: getattr(again, name) for name in given} == given


@pytest.mark.parametrize(
    "annotation",
    [complex, object, int | str, "Missing", Literal["a"], set[int], tuple[int, ...], list[complex], Color, Any, Table],
)
async def test_other_types_are_refused_by_name(pg: ModuleType, sent: Sent, annotation: Any) -> None:
    strange = type(Table)("Strange", (Table,), {"__annotations__": {"odd": annotation}, "__module__": __name__})
    before = sent()
    with pytest.raises(TypeError, match=r"Strange\.odd is declared as .* which is no type of a column"):
        await strange.create_table()
    assert sent() == before


# Keys.


async def test_an_integer_key_numbers_itself_and_takes_given_numbers(pg: ModuleType, database: Database) -> None:
    class Item(Table):
        name: str | None

    await Item.create_table()
    assert (await Item.insert()).id == 1
    assert (await Item.insert(id=10)).id == 10
    assert (await Item.insert()).id == 2
    identity = "SELECT attidentity::text AS kind FROM pg_attribute WHERE attrelid = 'item'::regclass AND attname = 'id'"
    assert database.query(identity) == [{"kind": "d"}]


async def test_another_key_leaves_the_inherited_id_out(pg: ModuleType, database: Database) -> None:
    class BySku(Table):
        sku: str
        title: str | None

        class Settings:
            primary_key = "sku"

    class ByCode(Table):
        code: uuid.UUID = Column(primary_key=True, default_factory=uuid.uuid4)

    class WithBoth(Table):
        id: int | None
        sku: str = Column(primary_key=True)

    for model in (BySku, ByCode, WithBoth):
        await model.create_table()
    assert [column["name"] for column in await pg.get_columns("bysku")] == ["sku", "title"]
    assert [(c["name"], c["is_primary_key"]) for c in await pg.get_columns("bycode")] == [("code", True)]
    assert [(c["name"], c["is_primary_key"]) for c in await pg.get_columns("withboth")] == [
        ("id", False),
        ("sku", True),
    ]
    one = await ByCode.insert()
    assert (await ByCode.get(one.code)).code == one.code  # type: ignore[union-attr]
    sku = await BySku.insert(sku="a")
    assert sku.id is None
    assert "id" not in sku.to_dict()
    assert (await BySku.get("a")).id is None  # type: ignore[union-attr]


async def test_a_key_must_be_declared_and_single(pg: ModuleType) -> None:
    class Absent(Table):
        class Settings:
            primary_key = "elsewhere"

    class Pair(Table):
        a: int = Column(primary_key=True)
        b: int = Column(primary_key=True)

    with pytest.raises(ValueError, match="Absent declares no column 'elsewhere'"):
        await Absent.create_table()
    await pg.execute("CREATE TABLE pair (a int, b int, PRIMARY KEY (a, b)); INSERT INTO pair VALUES (1, 2)")
    one = await Pair.find().one()
    assert one.to_dict() == {"a": 1, "b": 2}
    session = Session()
    for call in (
        lambda: Pair.create_table(),
        lambda: Pair.get(1),
        lambda: Pair.insert_many([{"a": 3, "b": 4}]),
        Pair(a=1, b=2).save,
        one.save,
        one.delete,
        one.refresh,
        lambda: session.get(Pair, 1),
        lambda: session.merge(one),
    ):
        with pytest.raises(ValueError, match="composite"):
            await call()
    with pytest.raises(ValueError, match="composite"):
        session.add(Pair(a=3, b=4))
    assert await pg.count("pair") == 1


# Constraints.


async def test_not_null_follows_the_annotation_or_the_column(pg: ModuleType) -> None:
    class Strict(Table):
        bare: str
        optional: str | None
        plain: int = 0
        none: str | None = None
        none_by_default: str = None  # type: ignore[assignment]
        column: str = Column()
        required: str = Column(nullable=False)

    await Strict.create_table()
    nullable = {column["name"]: column["nullable"] for column in await pg.get_columns("strict")}
    assert nullable == {
        "id": False,
        "bare": False,
        "optional": True,
        "plain": False,
        "none": True,
        "none_by_default": True,
        "column": True,
        "required": False,
    }


async def test_a_subclass_decides_anew_whether_none_is_a_default(pg: ModuleType) -> None:
    class Loose(Table):
        kept: str = None  # type: ignore[assignment]
        given: str = None  # type: ignore[assignment]
        bare: str = None  # type: ignore[assignment]
        taken: str

    class Strict(Loose):
        given = "x"
        bare: str
        taken = None  # type: ignore[assignment]

    await Strict.create_table()
    nullable = {column["name"]: column["nullable"] for column in await pg.get_columns("strict")}
    assert nullable == {"id": False, "kept": True, "given": False, "bare": False, "taken": True}
    made = await Strict.insert(bare="y")
    assert (made.kept, made.given, made.taken) == (None, "x", None)


async def test_unique_and_indexes(pg: ModuleType, database: Database) -> None:
    class Item(Table):
        email: str = Column(unique=True)
        city: str = Column(index=True)
        both: str = Column(unique=True, index=True)
        order: int = 0
        doc: dict[str, Any] | None

        class Settings:
            indexes: ClassVar[list[dict[str, Any]]] = [
                {"columns": ["city", "order"], "unique": True},
                {"fields": ["order"], "name": "my_index"},
                {"columns": ["doc"], "type": "gin"},
            ]

    await Item.create_table()
    await Item.create_table()
    found = {i["name"]: (i["columns"], i["is_unique"], i["index_type"]) for i in await pg.get_indexes("item")}
    assert found == {
        "item_pkey": (["id"], True, "btree"),
        "item_email_key": (["email"], True, "btree"),
        "item_both_key": (["both"], True, "btree"),
        "item_city_idx": (["city"], False, "btree"),
        "item_city_order_key": (["city", "order"], True, "btree"),
        "my_index": (["order"], False, "btree"),
        "item_doc_idx": (["doc"], False, "gin"),
    }
    await Item.insert(email="a", city="x", both="1")
    with pytest.raises(IntegrityError):
        await Item.insert(email="a", city="y", both="2")


@pytest.mark.parametrize(
    ("index", "error", "text"),
    [
        ({}, ValueError, r"indexes\[0\] of Item names no columns"),
        ({"columns": []}, ValueError, "an index needs a column"),
        ({"columns": ["name"], "typ": "gin"}, ValueError, "unknown key 'typ'"),
        ({"columns": ["name"], "type": "btree) x"}, ValueError, "Unknown index type"),
        ({"columns": ['a"b']}, ValueError, "Invalid"),
        ({"columns": [5]}, TypeError, "must be str"),
        ({"columns": ["name"], "name": 5}, TypeError, r"name of indexes\[0\] of Item"),
        ("name", TypeError, r"indexes\[0\] of Item must be a dict"),
    ],
)
async def test_bad_indexes_are_refused(pg: ModuleType, index: Any, error: type[Exception], text: str) -> None:
    class Item(Table):
        name: str

        class Settings:
            indexes: ClassVar[list[Any]] = [index]

    with pytest.raises(error, match=text):
        await Item.create_table()
    assert not await pg.table_exists("item")


async def test_defaults_are_those_of_the_table_as_well(pg: ModuleType, database: Database) -> None:
    hostile = "it's \\ '); DROP TABLE item; --"

    class Item(Table):
        text: str = hostile
        number: int = -5
        ratio: float = 1.5
        price: Decimal = Decimal("1.10")
        flag: bool = False
        day: dt.date = dt.date(2024, 1, 1)
        at: dt.datetime = Column(default=dt.datetime(2024, 1, 1, 10))
        span: dt.timedelta = dt.timedelta(days=1)
        raw: bytes = b"\x00\xff'"
        key: uuid.UUID = uuid.UUID(int=5)
        color: str = Color.RED  # type: ignore[assignment]
        tags: list[str] = []  # noqa: RUF012
        doc: dict[str, Any] = {"a": 1}  # noqa: RUF012
        made: str | None = Column(default_factory=lambda: "python")

    await Item.create_table()
    database.query("INSERT INTO item (tags, doc) VALUES ('{}', '{}')")
    row = database.query("SELECT * FROM item")[0]
    assert row == {
        "id": 1,
        "text": hostile,
        "number": -5,
        "ratio": 1.5,
        "price": Decimal("1.10"),
        "flag": False,
        "day": dt.date(2024, 1, 1),
        "at": dt.datetime(2024, 1, 1, 10),
        "span": dt.timedelta(days=1),
        "raw": b"\x00\xff'",
        "key": uuid.UUID(int=5),
        "color": "red",
        "tags": [],
        "doc": {},
        "made": None,
    }
    defaults = {column["name"]: column["default"] for column in await pg.get_columns("item")}
    assert defaults["tags"] is None
    assert defaults["doc"] is None
    item = await Item.insert()
    assert (item.text, item.made, item.color) == (hostile, "python", "red")


# Foreign keys.


class Author(Table):
    name: str | None


async def test_a_foreign_key_without_rule_is_no_constraint(pg: ModuleType) -> None:
    class Post(Table):
        author_id: int = Column(foreign_key="author.id")

    await Author.create_table()
    await Post.create_table()
    assert await pg.get_foreign_keys("post") == []
    await Post.insert(author_id=99)
    author = await Author.insert()
    await Post.insert(author_id=author.id)
    assert await author.delete() is True


async def test_a_rule_makes_a_constraint(pg: ModuleType) -> None:
    class Post(Table):
        author_id: int = Column(foreign_key="author", on_delete="CaScAdE", on_update="no action")
        editor_id: int = Column(foreign_key="author.id", on_delete="set null")
        parent_id: int = Column(foreign_key="public.post.id", on_update="RESTRICT")

    await Author.create_table()
    await Post.create_table()
    keys = {key["columns"][0]: key for key in await pg.get_foreign_keys("post")}
    assert (keys["author_id"]["referenced_table"], keys["author_id"]["referenced_columns"]) == ("author", ["id"])
    assert (keys["author_id"]["on_delete"], keys["author_id"]["on_update"]) == ("CASCADE", "NO ACTION")
    assert (keys["editor_id"]["on_delete"], keys["parent_id"]["on_update"]) == ("SET NULL", "RESTRICT")
    with pytest.raises(ForeignKeyError, match="Insert failed: "):
        await Post.insert(author_id=99)
    author = await Author.insert()
    await Post.insert(author_id=author.id)
    await author.delete()
    assert await Post.count() == 0


async def test_a_foreign_key_without_schema_is_in_that_of_the_model(pg: ModuleType, database: Database) -> None:
    class Owner(Table):
        class Settings:
            schema = "other"

    class Pet(Table):
        owner_id: int = Column(foreign_key="owner.id", on_delete="CASCADE")

        class Settings:
            schema = "other"

    database.query("CREATE SCHEMA other")
    await Owner.create_table()
    await Pet.create_table()
    assert (await pg.get_foreign_keys("pet", "other"))[0]["referenced_table"] in ("owner", "other.owner")


async def test_contradicting_rules_are_refused(pg: ModuleType) -> None:
    class NoKey(Table):
        author_id: int = Column(on_delete="CASCADE")

    class NotNull(Table):
        author_id: int = Column(foreign_key="author", on_delete="SET NULL", nullable=False)

    with pytest.raises(ValueError, match=r"NoKey\.author_id has on_delete or on_update, but no foreign_key"):
        await NoKey.create_table()
    with pytest.raises(ValueError, match="author_id cannot be SET NULL: it is not nullable"):
        await NotNull.create_table()


# What is no column, and what the table computes.


class Doubled(GeneratedColumn):
    """A generated column as a later module declares it."""

    def __init__(self, expression: str, stored: bool = True) -> None:
        self.expression, self.stored = expression, stored

    def __get__(self, instance: Any, owner: object = None) -> Any:
        return self if instance is None else instance._data.get("doubled")

    def __set__(self, instance: object, value: object) -> None:
        raise AttributeError("computed columns are read-only")


async def test_generated_columns_are_made_and_never_written(pg: ModuleType, database: Database) -> None:
    class Item(Table):
        amount: int = 1
        doubled: int = Doubled("amount * 2")  # type: ignore[assignment]
        name: str | None

    await Item.create_table()
    assert [column["name"] for column in await pg.get_columns("item")] == ["id", "amount", "doubled", "name"]
    item = await Item.insert(amount=4)
    assert item.doubled == 8
    item.amount = 5
    await item.save()
    assert item.doubled == 10
    item._data["doubled"] = 99
    await item.save()
    assert database.query("SELECT doubled FROM item") == [{"doubled": 10}]
    other = Item(amount=2)
    other._data["doubled"] = 5
    await other.save()
    assert other.doubled == 4
    assert await Item.insert_many([other._get_column_values() | {"id": 9}]) == [9]


async def test_a_generated_column_that_is_not_stored_is_refused(pg: ModuleType) -> None:
    class Item(Table):
        doubled: int = Doubled("1 + 1", stored=False)  # type: ignore[assignment]

    with pytest.raises(ValueError, match=r"Item\.doubled is a generated column that is not stored"):
        await Item.create_table()


async def test_relationships_and_properties_are_no_columns(pg: ModuleType) -> None:
    class Post(Table):
        author_id: int | None
        author: Any = relationship(Author, "author_id")
        comments: BackReference = BackReference("comments", "post_id")

        @property
        def title(self) -> str:
            return "x"

    await Post.create_table()
    assert [column["name"] for column in await pg.get_columns("post")] == ["id", "author_id"]


# The statement as a whole.


async def test_an_existing_table_is_left_alone_or_an_error(pg: ModuleType) -> None:
    await Author.create_table()
    await Author.insert(name="kept")
    await Author.create_table()
    assert await Author.count() == 1
    with pytest.raises(QueryError, match="Create table failed: "):
        await Author.create_table(if_not_exists=False)


async def test_the_same_table_may_be_made_at_the_same_time(pg: ModuleType) -> None:
    await asyncio.gather(*(Every.create_table() for _ in range(8)))
    assert await pg.table_exists("every")


async def test_it_joins_the_ambient_transaction(pg: ModuleType) -> None:
    with pytest.raises(ZeroDivisionError):
        async with pg.begin_transaction():
            await Author.create_table()
            await Author.insert(name="x")
            raise ZeroDivisionError
    assert not await pg.table_exists("author")
    await Author.create_table()
    with pytest.raises(ZeroDivisionError):
        async with pg.begin_transaction():
            await Author.drop_table()
            raise ZeroDivisionError
    assert await pg.table_exists("author")


async def test_the_schema_is_not_made(pg: ModuleType) -> None:
    class Away(Table):
        class Settings:
            schema = "nowhere"

    with pytest.raises(QueryError, match="nowhere"):
        await Away.create_table()


async def test_drop_table(pg: ModuleType, database: Database) -> None:
    await Author.create_table()
    database.query("CREATE TABLE child (author_id int REFERENCES author)")
    with pytest.raises(RuntimeError, match="Drop table failed: "):
        await Author.drop_table()
    await Author.drop_table(cascade=True)
    assert not await pg.table_exists("author")
    await Author.drop_table()
    with pytest.raises(RuntimeError, match="Drop table failed: "):
        await Author.drop_table(if_exists=False)


async def test_a_table_of_other_columns_under_the_same_name(pg: ModuleType) -> None:
    def define(kind: type) -> type[Table]:
        return type(Table)("Changing", (Table,), {"__annotations__": {"value": kind}, "__module__": __name__})

    for kind, value in ((int, 1), (str, "x"), (dict, {"a": 1}), (int, 2)):
        model = define(kind)
        await model.create_table()
        made = await model.insert(value=value)
        assert (await model.get(made.id)).value == value  # type: ignore[union-attr]
        await model.drop_table()
