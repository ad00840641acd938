"""Schemas of pydantic made from models; instances from and to objects."""

from __future__ import annotations

import copy
import datetime as dt
import enum
import gc
import pickle
import subprocess
import sys
import uuid
import weakref
from decimal import Decimal
from types import ModuleType
from typing import Annotated, Any, Literal, TypeVar

import pytest
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from models.blog import Article, Comment, Company, Person, fill
from ouroboros_postgres import Column, Range, Table, defer, joined, noload, selectinload
from ouroboros_postgres._column import GeneratedColumn
from ouroboros_postgres.pydantic import CreateSchema, Schema, UpdateSchema
from queries.sent import Sent

M = TypeVar("M", bound=Table)


class Colour(enum.Enum):
    RED = "red"


class Product(Table):
    sku: str = Column(primary_key=True)
    name: Annotated[str, Field(min_length=1, max_length=20)]
    price: Decimal = Column(nullable=False, description="before tax")
    colour: Colour | None = None
    tags: list[str] = Column(default_factory=list)
    stock: int = 0
    weight: float | None = Column(nullable=False)
    image: bytes | None = None
    chunks: list[bytes] = Column(default_factory=list)
    json: dict[str, Any] = Column(default_factory=dict)
    model_name: str | None = None
    made: dt.date = Column(default_factory=dt.date.today)


class Computed(GeneratedColumn):
    def __init__(self, expression: str) -> None:
        self.expression, self.stored = expression, True

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else instance._data.get("total")


class Line(Table):
    amount: int
    total: int = Computed("amount * 2")  # type: ignore[assignment]


class Token(Table):
    id: uuid.UUID = Column(primary_key=True, default_factory=uuid.uuid4)
    text: str


class Profile(Table):
    product_id: int = Column(primary_key=True, foreign_key="people.id")


class PersonRead(Schema[Person]):
    company: Schema[Company] | None


class ArticleRead(Schema[Article], exclude={"body", "editor_id"}):
    author: PersonRead | None
    comments: list[Schema[Comment]]


class CommentTree(Schema[Comment], include=["id", "text"]):
    replies: list[CommentTree] = []  # noqa: RUF012 - pydantic copies it


# Fields.


def test_a_schema_has_the_columns_of_its_model() -> None:
    fields = Schema[Product].model_fields
    assert list(fields) == list(Product._columns)[1:]  # the key is sku, not the inherited id
    assert all(field.is_required() for field in fields.values())
    assert Schema[Product].__name__ == "Product"
    assert Schema[Product].__module__ == __name__
    assert Schema[Product] is Schema[Product]


def test_types_and_descriptions_are_those_of_the_columns() -> None:
    properties = Schema[Product].model_json_schema()["properties"]
    assert properties["sku"]["type"] == "string"
    assert (properties["name"]["minLength"], properties["name"]["maxLength"]) == (1, 20)
    assert properties["price"]["description"] == "before tax"
    assert properties["weight"]["type"] == "number"  # not nullable
    assert properties["made"]["format"] == "date"
    assert properties["tags"] == {"type": "array", "items": {"type": "string"}, "title": "Tags"}
    assert {"type": "null"} in properties["colour"]["anyOf"]
    assert properties["image"]["anyOf"][0] == {"type": "string", "contentEncoding": "base64"}


def test_rows_have_a_key_that_new_instances_lack() -> None:
    with pytest.raises(ValidationError, match="id\n"):
        Person(name="Ada", company_id=None).to_pydantic()
    assert Schema[Person].model_fields["id"].annotation is int


def test_what_is_created_lacks_what_the_server_makes() -> None:
    assert list(CreateSchema[Line].model_fields) == ["amount"]
    assert list(CreateSchema[Token].model_fields) == ["text"]
    assert list(CreateSchema[Profile].model_fields) == ["product_id"]
    fields = CreateSchema[Product].model_fields
    assert [name for name, field in fields.items() if field.is_required()] == ["sku", "name", "price", "weight"]
    made = CreateSchema[Product](sku="s", name="n", price=1, weight=2)
    assert (made.stock, made.tags, made.colour, made.made) == (0, [], None, dt.date.today())
    other = CreateSchema[Product](sku="s", name="n", price=1, weight=2)
    assert made.tags is not other.tags


def test_changes_need_no_field_and_have_no_key() -> None:
    schema = UpdateSchema[Product]
    assert "sku" not in schema.model_fields
    empty = schema()
    assert empty.model_fields_set == set()
    assert empty.model_dump(exclude_unset=True) == {}
    assert empty.model_dump()["name"] is None
    assert schema(colour=None).model_fields_set == {"colour"}
    with pytest.raises(ValidationError, match="name"):
        schema(name=None)
    properties = schema.model_json_schema()["properties"]
    assert all("default" not in field for field in properties.values())
    assert properties["name"]["maxLength"] == 20


def test_constraints_hold_in_every_schema() -> None:
    for schema in (Schema[Product], CreateSchema[Product], UpdateSchema[Product]):
        with pytest.raises(ValidationError, match="at least 1 character"):
            schema.model_validate({"name": ""})


def test_a_choice_of_columns() -> None:
    class Few(Schema[Product], include=("name", "sku")):
        pass

    class Less(CreateSchema[Product], exclude={"sku", "json"}, extra="forbid"):
        pass

    class WithKey(CreateSchema[Line], include={"id", "amount"}):
        pass

    assert list(Few.model_fields) == ["sku", "name"]
    assert set(CreateSchema[Product].model_fields) - set(Less.model_fields) == {"sku", "json"}
    with pytest.raises(ValidationError, match="Extra inputs"):
        Less(name="n", price=1, weight=1, sku="s")
    assert WithKey(id=3, amount=1).model_dump() == {"id": 3, "amount": 1}


def test_a_choice_of_something_else_is_an_error() -> None:
    with pytest.raises(ValueError, match="Wrong: Product has no column 'nmae'; it has sku, name"):
        type("Wrong", (Schema[Product],), {}, exclude=["nmae"])
    with pytest.raises(TypeError, match="Deeper takes include and exclude only where it derives from"):
        type("Deeper", (ArticleRead,), {}, exclude=["id"])


def test_fields_can_be_replaced() -> None:
    class Strict(CreateSchema[Product]):
        name: str = Field(pattern="^[a-z]+$")
        note: str = "none"

    with pytest.raises(ValidationError, match="pattern"):
        Strict(sku="s", name="N", price=1, weight=1)
    assert Strict(sku="s", name="n", price=1, weight=1).note == "none"


@pytest.mark.parametrize("wrong", [int, "Product", Product(sku="s", name="n", price=Decimal(1), weight=1.0)])
def test_brackets_take_models(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"Schema\[…\] takes a model, not"):
        Schema[wrong]


def test_a_schema_is_of_one_model() -> None:
    with pytest.raises(TypeError, match="Product is for Product already"):
        Schema[Product][Line]  # type: ignore[misc]


def test_an_annotation_without_meaning_is_named() -> None:
    model = type("Odd", (Table,), {"__annotations__": {"kind": "Nowhere"}, "__module__": __name__})
    with pytest.raises(TypeError, match=r"Odd\.kind cannot be evaluated: 'Nowhere'"):
        Schema[model]


def test_a_type_that_pydantic_does_not_know_is_named() -> None:
    class Opaque:
        pass

    class Odd(Table):
        name: str
        thing: Opaque
        known: Annotated[Opaque, PlainValidator(lambda value: Opaque())]

    with pytest.raises(TypeError, match=r"no type of pydantic: Odd\.thing; say"):
        Schema[Odd]


def test_ranges_are_objects() -> None:
    class Booking(Table):
        nights: Range[dt.date]
        times: list[Range[int]] = Column(default_factory=list)
        other: Range[Any] | None = None

    given = {"nights": {"lower": "2026-01-01", "upper": "2026-01-03"}, "times": [{"lower": 1, "bounds": "(]"}]}
    body = CreateSchema[Booking].model_validate(given)
    booking = Booking.from_pydantic(body)
    assert booking.to_dict() == {
        "nights": Range(dt.date(2026, 1, 1), dt.date(2026, 1, 3)),
        "times": [Range(1, None, "(]")],
    }
    booking.id = 1
    made = booking.to_pydantic()
    assert made.nights is not None
    assert made.model_dump() == {"id": 1, **booking.to_dict(), "other": None}
    assert made.model_dump(mode="json")["nights"] == {
        "lower": "2026-01-01",
        "upper": "2026-01-03",
        "bounds": "[)",
        "empty": False,
    }
    assert Schema[Booking].model_validate_json(made.model_dump_json()) == made
    modes: tuple[Literal["validation", "serialization"], ...] = ("validation", "serialization")
    for mode in modes:
        described = Schema[Booking].model_json_schema(mode=mode)
        assert described["properties"]["nights"]["$ref"] == "#/$defs/RangeObject_date_"
        assert described["$defs"]["RangeObject_date_"]["properties"]["lower"]["anyOf"][0]["format"] == "date"
    for wrong in ({"bounds": "["}, {"lower": "x"}, {"low": "2026-01-01"}, "2026"):
        with pytest.raises(ValidationError, match=r"nights"):
            CreateSchema[Booking].model_validate({"nights": wrong})


def test_models_are_not_kept_alive() -> None:
    model: Any = type("Temporary", (Table,), {"__annotations__": {"name": str}})
    assert list(Schema[model].model_fields) == ["id", "name"]
    seen = weakref.ref(model)
    del model
    gc.collect()
    assert seen() is None


def test_objects_can_be_pickled_and_copied() -> None:
    person = PersonRead(id=1, name="a", company_id=2, company={"id": 2, "name": "c"})
    for made in (person, Schema[Person](id=1, name="a", company_id=None), UpdateSchema[Person](name="b")):
        for again in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):  # noqa: S301
            assert again == made
            assert type(again) is type(made)
            assert again.model_fields_set == made.model_fields_set


def test_columns_may_be_called_like_methods_of_pydantic() -> None:
    names = "json copy schema dict validate construct fields parse_raw model_name model_id"
    model: Any = type("Names", (Table,), {"__annotations__": {name: str for name in names.split()}})
    values = {name: name for name in names.split()}
    made = model(id=1, **values).to_pydantic()
    assert made.model_dump() == {"id": 1, **values}
    assert model.from_pydantic(CreateSchema[model](**values)).to_dict() == values


def test_a_template_of_ones_own() -> None:
    class Camel(Schema[M]):
        model_config = ConfigDict(alias_generator=to_camel)

    assert Camel[Article] is not Schema[Article]
    made = type("Made", (Camel[Article],), {})
    article = Article(id=1, title="t", author_id=2)
    assert made.model_validate(article).model_dump(by_alias=True)["authorId"] == 2


# From instances.


def test_values_are_those_of_the_row() -> None:
    product = Product(sku="s", name="n", price=Decimal("1.50"), weight=1.0, image=b"\xff", chunks=[b"\x00"])
    made = product.to_pydantic()
    assert isinstance(made, Schema[Product])
    assert made.model_dump() == {**product.to_dict(), "colour": None, "model_name": None}
    text = made.model_dump_json()
    assert '"image":"/w==","chunks":["AA=="]' in text
    assert Schema[Product].model_validate_json(text) == made


def test_base64_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="no base64"):
        UpdateSchema[Product](image="*")


async def test_only_what_is_loaded_is_read(pg: ModuleType, sent: Sent) -> None:
    await fill(pg)
    query = Article.find(Article.id == 1)
    bare = await query.one()
    before = sent()
    with pytest.raises(ValidationError, match=r"Article\.author, Article\.comments are not loaded") as refused:
        bare.to_pydantic(ArticleRead)
    assert refused.value.errors()[0]["type"] == "not_loaded"
    assert sent() == before
    loaded = await query.options(joined("author"), selectinload("author.company", "comments")).one()
    before = sent()
    made = loaded.to_pydantic(ArticleRead)
    assert sent() == before
    assert made.model_dump() == {
        "id": 1,
        "title": "a1",
        "author_id": 1,
        "author": {"id": 1, "name": "Ada", "company_id": 1, "company": {"id": 1, "name": "Acme"}},
        "comments": [{"id": n, "text": f"c{n}", "article_id": 1, "parent_id": n > 1 or None} for n in (1, 2, 3)],
    }


async def test_what_is_not_loaded_of_a_related_object_is_found_there(pg: ModuleType) -> None:
    await fill(pg)
    article = await Article.find(Article.id == 1).options(selectinload("author", "comments")).one()
    with pytest.raises(ValidationError, match=r"Person\.company is not loaded") as refused:
        article.to_pydantic(ArticleRead)
    assert refused.value.errors()[0]["loc"] == ("author",)


async def test_a_key_that_is_null_and_noload_count_as_loaded(pg: ModuleType) -> None:
    await fill(pg)
    article = await Article.find(Article.id == 5).options(noload("comments")).one()
    made = article.to_pydantic(ArticleRead)
    assert (made.author, made.comments) == (None, [])


async def test_deferred_columns_are_left_out_or_an_error(pg: ModuleType, sent: Sent) -> None:
    await fill(pg)

    class Optional(Schema[Article]):
        body: str | None = None

    article = await Article.find(Article.id == 1).options(defer("body")).one()
    before = sent()
    with pytest.raises(ValidationError, match=r"Article\.body is not loaded"):
        article.to_pydantic()
    made = article.to_pydantic(Optional)
    assert sent() == before
    assert "body" not in made.model_dump(exclude_unset=True)
    await article.body  # type: ignore[misc]
    assert article.to_pydantic(Optional).body == "b1"


async def test_trees(pg: ModuleType) -> None:
    await fill(pg)
    comment = await Comment.find(Comment.id == 1).options(selectinload("replies")).one()
    made = comment.to_pydantic(CommentTree)
    leaf = {"text": "c2"}, {"text": "c3"}
    assert made.model_dump(exclude={"id": True, "replies": {"__all__": {"id", "replies"}}}) == {
        "text": "c1",
        "replies": list(leaf),
    }
    assert made.replies[0].model_fields_set == {"id", "text"}


async def test_circles_are_an_error(pg: ModuleType) -> None:
    await fill(pg)
    odd = await Comment.find(Comment.id == 5).options(selectinload("parent")).one()
    odd.replies = [odd]  # type: ignore[assignment]
    with pytest.raises(ValidationError, match="Recursion error"):
        odd.to_pydantic(CommentTree)


async def test_rows_of_references_are_read(pg: ModuleType) -> None:
    await fill(pg)

    class Edited(Schema[Person], include=["id"]):
        edited: list[dict[str, Any]]

    class Tagged(Schema[Article], include=["id"]):
        tags: list[Any] = []  # noqa: RUF012

    editor = await Person.find(Person.id == 1).options(selectinload("edited")).one()
    assert [row["title"] for row in editor.to_pydantic(Edited).edited] == ["a4", "a5"]
    article = await Article.find(Article.id == 1).options(selectinload("tags")).one()
    assert {row["name"] for row in article.to_pydantic(Tagged).tags} == {"x", "y"}
    fresh = await Article.get(1)
    assert fresh is not None
    assert "tags" not in fresh.to_pydantic(Tagged).model_fields_set


def test_properties_and_unknown_columns_are_attributes_as_well() -> None:
    class Note(Table):
        text: str

        @property
        def shout(self) -> str:
            return self.text.upper()

    class Loud(Schema[Note]):
        shout: str
        hits: int
        other: int = 5

    made = Note(id=1, text="a", hits=3).to_pydantic(Loud)
    assert (made.shout, made.hits, made.other) == ("A", 3, 5)
    with pytest.raises(ValidationError, match="hits\n  Field required"):
        Note(id=1, text="a").to_pydantic(Loud)


def test_an_instance_of_another_model_is_refused() -> None:
    with pytest.raises(ValidationError, match="Input should be of Person, not Company"):
        Schema[Person].model_validate(Company(id=1, name="Acme"))


def test_instances_of_derived_models_are_taken() -> None:
    class Boss(Person):
        bonus: int = 0

    assert Schema[Person].model_validate(Boss(id=1, name="Eve")).model_dump() == {
        "id": 1,
        "name": "Eve",
        "company_id": None,
    }


def test_validators_run_on_instances() -> None:
    class Checked(Schema[Person]):
        @model_validator(mode="after")
        def has_a_name(self) -> Checked:
            if self.name == "nobody":
                raise ValueError("nobody has no name")
            return self

    with pytest.raises(ValidationError, match="nobody has no name"):
        Person(id=1, name="nobody").to_pydantic(Checked)


class CompanyByHand(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    name: str


class PersonByHand(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    first: str = Field(validation_alias="name")
    company: CompanyByHand | None
    articles: list[Any] = []


class ArticleByHand(BaseModel):
    title: str
    author: PersonByHand
    editor: Schema[Person] | None = None


async def test_schemas_written_by_hand_read_what_is_loaded(pg: ModuleType, sent: Sent) -> None:
    await fill(pg)
    query = Article.find(Article.id == 1)
    article = await query.options(selectinload("author.company", "editor")).one()
    before = sent()
    made = article.to_pydantic(ArticleByHand)
    assert made.model_dump() == {
        "title": "a1",
        "author": {"first": "Ada", "company": {"name": "Acme"}, "articles": []},
        "editor": {"id": 2, "name": "Bob", "company_id": 1},
    }
    with pytest.raises(ValueError, match=r"Article\.author is not loaded"):
        (await query.one()).to_pydantic(ArticleByHand)
    partly = await query.options(selectinload("author")).one()
    with pytest.raises(ValidationError, match="author.company\n  Field required"):
        partly.to_pydantic(ArticleByHand)
    assert sent() == before + 3


# To instances.


class Options(BaseModel):
    depth: int
    since: dt.date


class Request(BaseModel):
    title: str
    body: str = "empty"
    unknown: int = 1
    author: Any = None
    author_id: int | None = None
    comments: list[Any] = []


async def test_an_object_becomes_a_row(pg: ModuleType) -> None:
    await fill(pg)
    body = CreateSchema[Person].model_validate_json('{"name": "Eve"}')
    person = Person.from_pydantic(body)
    assert person.to_dict() == {"name": "Eve"}  # company_id is left to the table
    key = await person.save()
    stored = await Person.get(key)
    assert stored is not None
    assert stored.to_pydantic().model_dump() == {"id": key, "name": "Eve", "company_id": None}
    stored.apply_pydantic(UpdateSchema[Person](company_id=2))
    await stored.save()
    assert await Person.find(Person.id == key).scalars("company_id") == [2]


def test_defaults_are_those_of_the_model_unless_wanted() -> None:
    given = Request(title="t")
    assert Article.from_pydantic(given).to_dict() == {"title": "t"}
    assert Article.from_pydantic(given, exclude_unset=False).to_dict() == {
        "title": "t",
        "body": "empty",
        "author_id": None,
    }


def test_keys_that_are_given_are_taken() -> None:
    assert Person.from_pydantic(Schema[Person](id=5, name="a", company_id=None)).id == 5


def test_generated_columns_and_unknown_fields_are_left_alone() -> None:
    assert Line.from_pydantic(Schema[Line](id=1, amount=2, total=4)).to_dict() == {"id": 1, "amount": 2}


async def test_nested_objects_become_instances(pg: ModuleType) -> None:
    await fill(pg)
    request = Request(title="t", author=Schema[Person](id=3, name="Cid", company_id=2))
    article = Article.from_pydantic(request)
    assert article.author_id == 3
    author = await article.author
    assert isinstance(author, Person)
    assert author.name == "Cid"
    comments = [CreateSchema[Comment](text="c"), Comment(text="d")]
    made = Article.from_pydantic(Request(title="t", comments=comments))
    assert [(type(c), c.text) for c in await made.comments] == [(Comment, "c"), (Comment, "d")]


def test_nothing_related_does_not_empty_a_key_that_is_given() -> None:
    assert Article.from_pydantic(Request(title="t", author=None, author_id=3)).author_id == 3
    article = Article(title="t", author_id=3)
    article.apply_pydantic(Request(title="t", author=None))
    assert article.author_id is None


async def test_objects_in_columns_are_json(pg: ModuleType) -> None:
    class Search(Table):
        options: dict[str, Any]
        history: list[Any] = Column(default_factory=list)

    class SearchCreate(CreateSchema[Search]):
        options: Options
        history: list[Options | dict[str, Options]]

    await Search.create_table()
    option = Options(depth=1, since=dt.date(2024, 1, 2))
    search = Search.from_pydantic(SearchCreate(options=option, history=[option, {"a": option}]))
    await search.save()
    stored = await Search.find().one()
    plain = {"depth": 1, "since": "2024-01-02"}
    assert (stored.options, stored.history) == (plain, [plain, {"a": plain}])


@pytest.mark.parametrize("wrong", [{"name": "x"}, Person(name="x"), None])
def test_other_objects_are_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="Person takes an object of a pydantic model, not"):
        Person.from_pydantic(wrong)


# Without pydantic.

WITHOUT = """
import sys
sys.modules["pydantic"] = None
from ouroboros_postgres import Table

class User(Table):
    name: str

for use in (
    lambda: User(name="a").to_pydantic(),
    lambda: User.from_pydantic({}),
    lambda: User(name="a").apply_pydantic({}),
    lambda: __import__("ouroboros_postgres.pydantic"),
):
    try:
        use()
    except ImportError as error:
        print(error)
"""


def test_without_pydantic_the_error_says_how_to_get_it() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    text = "pydantic 2 is not installed: it comes with the extra, pip install 'ouroboros-postgres[pydantic]'"
    assert done.stdout.splitlines() == [text] * 4
