"""What a class body declares."""

from __future__ import annotations

import datetime as dt
import gc
import uuid
import weakref
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Optional, TypeVar, get_type_hints

import pytest

from ouroboros_postgres import (
    BackReference,
    Column,
    ColumnProxy,
    ManyToMany,
    RelationshipDescriptor,
    Table,
    relationship,
)
from ouroboros_postgres.table import Settings, TableMeta

if TYPE_CHECKING:
    from decimal import Decimal


class Mixin:
    """Columns that several models share."""

    created_at: dt.datetime = Column(default_factory=lambda: dt.datetime(2024, 1, 1))
    note: str = "none"
    _private: int = 3


class Address(Table):
    street: str
    city: str = "Bern"
    zip: str | None = None


class Account(Mixin, Table):
    email: str = Column(unique=True)
    logins: int = 0
    active: bool = False
    label: str = ""
    manager: int | None = Column()
    limits: ClassVar[int] = 5
    _hidden: str = "x"
    plain = 7


def test_columns_of_bases_come_first_and_private_names_and_class_variables_do_not_count() -> None:
    assert list(Account._columns) == ["id", "created_at", "note", "email", "logins", "active", "label", "manager"]
    assert Account._columns["email"] is str
    assert Account._columns["logins"] is int
    assert Account._columns["created_at"] is dt.datetime
    assert Account._columns["manager"] == int | None
    assert Account._columns["id"] == int | None
    assert Account.plain == 7
    assert Account.limits == 5


def test_defaults_keep_falsy_values_and_column_objects() -> None:
    assert Account._column_defaults["logins"] == 0
    assert Account._column_defaults["active"] is False
    assert Account._column_defaults["label"] == ""
    assert isinstance(Account._column_defaults["email"], Column)
    assert isinstance(Account._column_defaults["manager"], Column)
    assert "street" not in Address._column_defaults
    assert "zip" not in Address._column_defaults
    assert Address._column_defaults == {"city": "Bern"}


def test_every_column_is_a_proxy_of_its_model() -> None:
    for name in Account._columns:
        proxy = getattr(Account, name)
        assert isinstance(proxy, ColumnProxy)
        assert proxy.name == name
        assert proxy.model is Account
    assert isinstance(Table.id, ColumnProxy)
    assert repr(Address.city) == "ColumnProxy('city', Address)"


def test_inherited_columns_keep_defaults_and_get_a_proxy_of_the_subclass() -> None:
    class Office(Address):
        floor: int = 0

    assert list(Office._columns) == ["id", "street", "city", "zip", "floor"]
    assert Office.city.model is Office
    assert Address.city.model is Address
    assert Office(street="a").city == "Bern"
    assert Office._column_defaults["city"] == "Bern"


def test_a_subclass_may_declare_a_column_anew_or_change_its_default() -> None:
    class Office(Address):
        city: int = 5
        street = "main street"
        zip = Column(index=True)

    assert Office._columns["city"] is int
    assert Office._columns["street"] is str
    assert Office().street == "main street"
    assert Office().city == 5
    assert Office._columns["zip"] == str | None
    assert Office._column_defaults["zip"].index is True
    assert Address(street="x").city == "Bern"

    class Nameless(Address):
        city: str

    assert Nameless().city is None
    assert "city" not in Nameless._column_defaults


def test_a_descriptor_in_the_place_of_a_column_stays() -> None:
    class Office(Address):
        @property
        def city(self) -> str:
            return "computed"

    assert "city" not in Office._columns
    assert Office(street="x").city == "computed"
    assert "city" not in Office(street="x").to_dict()


def test_relationships_are_collected_with_and_without_annotation() -> None:
    class Post(Table):
        author_id: int | None = None
        author = relationship(Account, "author_id")
        editor: Any = relationship(Account, "author_id")
        comments: BackReference = BackReference("comments", "post_id")
        tags: ManyToMany[Tag] = ManyToMany("post_tags", "post_id", "tag_id", "tags")

    class Special(Post):
        extra: int = 0

    assert Post._relationships == {"author": Post.author, "editor": Post.editor}
    assert Post._relationships["author"] is Post.author
    assert Special._relationships["author"] is Post.author
    assert list(Post._columns) == ["id", "author_id"]
    assert isinstance(Post.comments, BackReference)
    assert isinstance(Post.tags, ManyToMany)
    assert Account._relationships == {}


def test_annotations_of_relationships_make_no_columns() -> None:
    class Post(Table):
        author_id: int | None = None
        author: Account = relationship(Account, "author_id")  # type: ignore[assignment]
        editor: RelationshipDescriptor[Account | None] = relationship(Account, "author_id")
        replies: list[Nowhere] = relationship("Nowhere", "post_id", uselist=True)  # type: ignore  # noqa: F821
        rows: "Nowhere[Nobody]" = BackReference("comments", "post_id")  # type: ignore  # noqa: F821, UP037

    class Special(Post):
        author: RelationshipDescriptor[Account | None]
        rows: BackReference

    class Other(Post):
        author: int = 5  # type: ignore[assignment]

    for model in (Post, Special):
        assert list(model._columns) == ["id", "author_id"]
        assert set(model._relationships) == {"author", "editor", "replies"}
        assert model.__dict__.get("author", Post.author) is Post.author
    author = Account(id=4)
    post = Special(author=author)
    assert (post.author_id, post.author.ref, post.to_dict()) == (4, 4, {"author_id": 4})
    assert list(Other._columns) == ["id", "author_id", "author"]
    assert set(Other._relationships) == {"editor", "replies"}


class Tag(Table):
    name: str


def test_a_column_called_like_a_method_does_not_take_it_as_default() -> None:
    class Tally(Table):
        count: int
        find: str | None
        save: str = "no"

    assert isinstance(Tally.count, ColumnProxy)
    assert isinstance(Tally.find, ColumnProxy)
    assert Tally._column_defaults == {"save": "no"}
    tally = Tally(count=3)
    assert tally.count == 3
    assert tally.find is None
    assert tally.to_dict() == {"count": 3, "save": "no"}


def test_a_column_of_a_mixin_may_be_called_like_a_method() -> None:
    class Counting:
        count: int = 0
        save: str
        refresh: str = Column(default="r")

    class After(Table, Counting):
        pass

    class Before(Counting, Table):
        pass

    for model in (After, Before):
        assert list(model._columns) in (["id", "count", "save", "refresh"], ["count", "save", "refresh", "id"])
        assert model(count=4).to_dict() == {"count": 4, "refresh": "r"}  # type: ignore[call-arg]


def test_generic_models() -> None:
    T = TypeVar("T")

    class Box(Table, Generic[T]):
        label: str

    class Filled(Box[int]):
        value: int

    assert list(Filled._columns) == ["id", "label", "value"]
    assert Filled.label.model is Filled


def test_reading_a_class_evaluates_no_descriptor() -> None:
    class Trap:
        def __get__(self, instance: object, owner: object) -> Any:
            raise AssertionError("read")

        def __set_name__(self, owner: object, name: str) -> None:
            self.name = name

    class Careful(Table):
        trap = Trap()
        annotated: int = Trap()  # type: ignore[assignment]
        name: str

    class Below(Careful):
        trap2 = Trap()

    assert list(Below._columns) == ["id", "name"]


def test_text_annotations_are_resolved() -> None:
    class Local(Table):
        when: dt.date
        number: uuid.UUID | None
        parts: list[str]
        either: Optional[int]  # noqa: UP045 - as older code writes it
        klass: ClassVar[Unknown] = 5  # noqa: F821

    assert Local._columns["when"] is dt.date
    assert Local._columns["number"] == uuid.UUID | None
    assert Local._columns["parts"] == list[str]
    assert Local._columns["either"] == int | None
    assert "klass" not in Local._columns


def test_annotations_see_the_names_of_the_function_that_defines_the_class() -> None:
    class Inner:
        pass

    local = int

    class Local(Table):
        value: local
        other: Inner
        own: Mine

        class Mine:
            pass

    assert Local._columns["value"] is int
    assert Local._columns["other"] is Inner
    assert Local._columns["own"] is Local.Mine


def test_a_column_may_be_called_like_a_type() -> None:
    from datetime import date  # noqa: F401 - it is in annotations

    class Event(Table):
        date: date | None = None
        again: date | None = None

    assert Event._columns["date"] == dt.date | None
    assert Event._columns["again"] == dt.date | None


def test_annotations_that_cannot_be_resolved_stay_text_until_they_can() -> None:
    class Price(Table):
        amount: Decimal
        other: Later  # noqa: F821

    assert Price._columns["amount"] == "Decimal"
    assert Price._columns["other"] == "Later"
    globals()["Later"] = bytes
    try:
        assert Price._column_type("other") is bytes
        assert Price._columns["other"] is bytes
        assert Price._column_type("amount") == "Decimal"
    finally:
        del globals()["Later"]


def test_text_inside_annotations_is_resolved() -> None:
    annotations: dict[str, Any] = {
        "one": Optional["uuid.UUID"],
        "many": list["dt.date"],  # type: ignore[type-arg]
        "typed": ColumnProxy["int"],
        "missing": Optional["Missing"],  # type: ignore[name-defined]  # noqa: F821
    }
    nested = TableMeta("Nested", (Table,), {"__annotations__": annotations, "__module__": __name__})
    assert nested._columns["one"] == uuid.UUID | None
    assert nested._columns["many"] == list[dt.date]
    assert nested._columns["typed"] is int
    assert "missing" in nested._columns


def test_proxies_as_annotations_mean_their_type() -> None:
    class Typed(Table):
        age: ColumnProxy[int] = Column()
        name: ColumnProxy[str | None]
        late: ColumnProxy[dt.date] = Column(default=dt.date(2024, 1, 1))

    assert Typed._columns["age"] is int
    assert Typed._columns["name"] == str | None
    assert Typed._columns["late"] is dt.date
    typed = Typed(age=4)
    assert (typed.age, typed.name, typed.late) == (4, None, dt.date(2024, 1, 1))


def test_names_keep_their_case_and_script() -> None:
    class Odd(Table):
        createdAt: int
        order: int
        姓名: str

    assert list(Odd._columns) == ["id", "createdAt", "order", "姓名"]
    assert Odd(姓名="x").姓名 == "x"


# Settings.


def test_the_table_is_called_like_the_class_in_lower_case() -> None:
    class OrderItem(Table):
        pass

    assert OrderItem._table_name == "orderitem"
    assert OrderItem._schema == "public"
    assert OrderItem._primary_key == "id"
    assert OrderItem._settings is Settings
    assert OrderItem._settings.indexes == []
    assert OrderItem.__table_name__() == "public.orderitem"
    assert OrderItem._get_table_name() == "public.orderitem"


@pytest.mark.parametrize("name", ["Users", "users; DROP TABLE x", "用户表", "t" * 100, "select", "a.b", 'a"b'])
def test_any_name_is_kept_as_it_is(name: str) -> None:
    class Named(Table):
        class Settings:
            table_name = name

    assert Named._table_name == name
    assert Named._settings is Named.Settings
    assert Named._settings.indexes == []


@pytest.mark.parametrize(
    ("schema", "name", "text"),
    [
        ("auth", "users", "auth.users"),
        ("public", "用户表", 'public."用户表"'),
        ("public", "Users", 'public."Users"'),
        ("public", "user", 'public."user"'),
        ("My Schema", 'a"b', '"My Schema"."a""b"'),
        ("", "users", "users"),
    ],
)
def test_the_name_as_sql_text_has_quotes_only_where_needed(schema: str, name: str, text: str) -> None:
    class Named(Table):
        pass

    Named._schema, Named._table_name = schema, name
    assert Named.__table_name__() == text
    Named._table_name = "other"
    assert Named.__table_name__().endswith("other")


def test_schema_and_primary_key_are_inherited_table_name_and_indexes_are_not() -> None:
    class Base(Table):
        sku: str

        class Settings:
            table_name = "things"
            schema = "shop"
            primary_key = "sku"
            indexes: ClassVar[list[dict[str, Any]]] = [{"columns": ["sku"]}]

    class Child(Base):
        extra: int = 0

    class Moved(Base):
        class Settings:
            schema = "other"

    assert (Child._schema, Child._primary_key, Child._table_name) == ("shop", "sku", "child")
    assert (Moved._schema, Moved._primary_key, Moved._table_name) == ("other", "sku", "moved")
    assert Base._settings.indexes == [{"columns": ["sku"]}]
    assert Child._settings.indexes == []


def test_the_primary_key_is_that_of_the_settings_else_the_declared_one_else_id() -> None:
    class Declared(Table):
        sku: str = Column(primary_key=True)

    class Chosen(Table):
        sku: str = Column(primary_key=True)
        other: str

        class Settings:
            primary_key = "other"

    class Absent(Table):
        class Settings:
            primary_key = "elsewhere"

    class Below(Declared):
        pass

    assert Declared._primary_key == "sku"
    assert Declared._get_pk_column() == "sku"
    assert Below._primary_key == "sku"
    assert Chosen._primary_key == "other"
    assert Absent._primary_key == "elsewhere"


def test_several_primary_keys_are_refused_when_one_is_needed() -> None:
    class Pair(Table):
        a: int = Column(primary_key=True)
        b: int = Column(primary_key=True)

    with pytest.raises(ValueError, match=r"Pair declares a composite primary key \(a, b\)"):
        Pair._get_pk_column()
    assert Pair(a=1, b=2).to_dict() == {"a": 1, "b": 2}


# Classes.


def test_models_may_share_names_and_are_collected() -> None:
    def define(kind: type) -> type[Table]:
        return TableMeta("Same", (Table,), {"__annotations__": {"value": kind}, "__module__": __name__})

    one, other = define(int), define(str)
    assert one._columns["value"] is int
    assert other._columns["value"] is str
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None
    assert other._table_name == "same"


def test_init_subclass_of_mixins_sees_the_columns() -> None:
    seen: dict[str, list[str]] = {}

    class Watching:
        def __init_subclass__(cls, **kwargs: Any) -> None:
            super().__init_subclass__(**kwargs)
            seen[cls.__name__] = list(getattr(cls, "_columns", []))

    class Watched(Table, Watching):
        name: str

    assert seen == {"Watched": ["id", "name"]}


def test_init_subclass_that_does_not_call_its_base_breaks_nothing() -> None:
    class Rude(Table):
        def __init_subclass__(cls) -> None:
            pass

    class Below(Rude):
        name: str

    assert list(Below._columns) == ["id", "name"]
    assert Below.name.model is Below


def test_other_libraries_can_read_the_annotations() -> None:
    assert get_type_hints(Address)["street"] is str
    assert get_type_hints(Address)["id"] == int | None


def test_attributes_set_on_a_class_later_work() -> None:
    class Late(Table):
        name: str

    Late.loud = property(lambda self: self.name.upper())  # type: ignore[attr-defined]
    assert Late(name="x").loud == "X"
