"""Schemas: classes of pydantic whose fields are the columns of a model."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar, Generic, SupportsIndex, TypeAlias, TypeVar, cast

from .._sql import models
from ..table import Table
from .fields import Use, columns, fields
from .installed import PydanticCustomError, pydantic
from .instances import View, read_by_hand, schema_values

if TYPE_CHECKING:
    from typing import Unpack

    from pydantic import ConfigDict

__all__ = ["CreateSchema", "Schema", "UpdateSchema", "to_pydantic"]

B = TypeVar("B", bound=pydantic.BaseModel)
M = TypeVar("M", bound=Table)
Names: TypeAlias = "Collection[str] | None"

if TYPE_CHECKING:

    class _Base(pydantic.BaseModel, Generic[M]):
        """What type checkers see: a schema is generic, and its fields are known at run time only."""

        def __init_subclass__(
            cls, *, include: Names = None, exclude: Names = None, **kwargs: Unpack[ConfigDict]
        ) -> None: ...

        def __getattr__(self, name: str) -> Any: ...

else:

    class _Base(pydantic.BaseModel):
        """What there is at run time: brackets make a class with fields."""

        def __class_getitem__(cls, model: Any) -> Any:
            return cls if isinstance(model, TypeVar) else _of(cls, model)

        def __init_subclass__(cls, *, include: Names = None, exclude: Names = None, **kwargs: Any) -> None:
            super().__init_subclass__(**kwargs)
            if include is not None or exclude is not None:
                cls.__bases__ = tuple(_narrowed(cls, base, include, exclude) for base in cls.__bases__)

        @classmethod
        def __pydantic_init_subclass__(cls, *, include: Names = None, exclude: Names = None, **kwargs: Any) -> None:
            super().__pydantic_init_subclass__(**kwargs)


class Schema(_Base[M]):
    """`Schema[Post]` is a class of pydantic with a field for each column of `Post`, made from its declaration.

    It can be made from instances of `Post` (`Schema[Post].model_validate(post)`; as `response_model` FastAPI does so),
    and from all else that pydantic takes. A class can derive from it: to replace fields, to add some, and to have
    relationships, which are fields with their names:

        class PostRead(Schema[Post], exclude={"draft"}):
            author: Schema[User] | None
            comments: list[Schema[Comment]] = []

    Only what is loaded is read, without any I/O. A field without a default whose column or relationship is not loaded
    is an error; one with a default is left out.

    Args:
        include: Columns: only these are fields.
        exclude: Columns: these are no fields.

    Raises:
        TypeError: What is in the brackets is no model, or the annotation of a column cannot be evaluated.
        ValueError: `include` or `exclude` names something else than a column.
    """

    model_config = pydantic.ConfigDict(from_attributes=True, protected_namespaces=())

    __use__: ClassVar[Use] = Use.READ
    __suffix__: ClassVar[str] = ""
    __table_model__: ClassVar[type[Table] | None] = None

    if TYPE_CHECKING:

        def __init__(self, /, **values: Any) -> None: ...

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        model = vars(type(self)).get("__table_model__")
        if model is None:
            return super().__reduce_ex__(protocol)
        return _empty, (type(self).__base__, model), self.__getstate__()  # made by brackets: no module has the class

    @pydantic.model_validator(mode="before")
    @classmethod
    def _read_instance(cls, value: Any) -> Any:
        if isinstance(value, View):
            value = value.instance
        if not isinstance(value, Table):
            return value
        expected = cls.__table_model__
        if expected is not None and not isinstance(value, expected):
            context = {"expected": expected.__name__, "given": type(value).__name__}
            raise PydanticCustomError("model_type", "Input should be of {expected}, not {given}", context)
        return schema_values(value, cls)


class CreateSchema(Schema[M]):
    """`CreateSchema[Post]` is what a request says of a new row: `Post.from_pydantic(body)` makes an instance of it.

    It lacks generated columns, and the primary key if the server or a default makes it. Columns that have a default or
    take NULL need not be given. See `Schema` for the rest.
    """

    __use__: ClassVar[Use] = Use.CREATE
    __suffix__: ClassVar[str] = "Create"

    if TYPE_CHECKING:

        def __init__(self, /, **values: Any) -> None: ...


class UpdateSchema(Schema[M]):
    """`UpdateSchema[Post]` is what a request changes of a row: `post.apply_pydantic(body)` does it.

    It lacks generated columns and the primary key. No field need be given, and what is not given is not changed; `None`
    is taken only for columns that take NULL. See `Schema` for the rest.
    """

    __use__: ClassVar[Use] = Use.UPDATE
    __suffix__: ClassVar[str] = "Update"

    if TYPE_CHECKING:

        def __init__(self, /, **values: Any) -> None: ...


def to_pydantic(instance: Table, schema: type[B] | None) -> B | Schema[Any]:
    """Make an object of a schema, by default that of the model, from what is loaded."""
    if schema is None:
        return _of(Schema, type(instance)).model_validate(instance)
    if issubclass(cast("type[object]", schema), Schema):
        return schema.model_validate(instance)
    return read_by_hand(instance, schema)


def _of(template: type[Schema[Any]], model: Any) -> type[Schema[Any]]:
    """The schema of a model, which keeps it: both live as long as the model."""
    if not isinstance(model, type) or not issubclass(model, Table):
        raise TypeError(f"{template.__name__}[…] takes a model, not {model!r}")
    if template.__table_model__ is not None:
        raise TypeError(f"{template.__name__} is for {template.__table_model__.__name__} already")
    made: dict[type[Schema[Any]], type[Schema[Any]]] | None = vars(model).get("_schemas")
    if made is None:
        made = {}
        setattr(model, "_schemas", made)  # noqa: B010 - no attribute that type checkers should know
    if template not in made:
        made[template] = _made(template, model, columns(model, template.__use__))
    return made[template]


def _empty(template: type[Schema[Any]], model: type[Table]) -> Schema[Any]:
    """A schema's object whose values are to be set."""
    made = _of(template, model)
    return made.__new__(made)


def _narrowed(schema: type[Any], base: type[Any], include: Names, exclude: Names) -> type[Any]:
    """The base with other columns."""
    model = getattr(base, "__table_model__", None)
    if model is None:
        return base
    if "__table_model__" not in vars(base):
        raise TypeError(f"{schema.__name__} takes include and exclude only where it derives from Schema[…] itself")
    template = cast("type[Schema[Any]]", base.__base__)
    known = models.table_columns(model)
    for name in (*(include or ()), *(exclude or ())):
        if name not in known:
            raise ValueError(f"{schema.__name__}: {model.__name__} has no column {name!r}; it has {', '.join(known)}")
    chosen = columns(model, template.__use__) if include is None else [name for name in known if name in include]
    return _made(template, model, [name for name in chosen if name not in (exclude or ())])


def _made(template: type[Schema[Any]], model: type[Table], names: Collection[str]) -> type[Schema[Any]]:
    found = fields(model, names, template.__use__)
    with warnings.catch_warnings():
        # Columns may be called like methods that pydantic keeps from its past: json, copy, schema.
        warnings.filterwarnings("ignore", "Field name .* shadows an attribute", UserWarning)
        try:
            made = pydantic.create_model(
                model.__name__ + template.__suffix__, __base__=template, __module__=model.__module__, **found
            )
        except pydantic.PydanticSchemaGenerationError as error:
            raise _refusal(model, found) from error
    made.__table_model__ = model
    return made


def _refusal(model: type[Table], found: dict[str, Any]) -> TypeError:
    """The error about the columns whose types pydantic does not know."""
    refused: list[str] = []
    for name, (kind, _) in found.items():
        try:
            pydantic.TypeAdapter(kind)
        except pydantic.PydanticSchemaGenerationError:
            refused.append(f"{model.__name__}.{name}")
    return TypeError(f"no type of pydantic: {', '.join(refused)}; say what it is to do by Annotated[…]")
