"""`Column`: what a model declares of a column beside its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Column", "ColumnDeclaration", "GeneratedColumn", "rule_words"]

_RULES: Final = frozenset(("CASCADE", "RESTRICT", "SET NULL", "SET DEFAULT", "NO ACTION"))
_SHOWN: Final = (
    ("default", None),
    ("default_factory", None),
    ("unique", False),
    ("index", False),
    ("nullable", True),
    ("primary_key", False),
    ("foreign_key", None),
    ("on_delete", None),
    ("on_update", None),
)


class ColumnDeclaration:
    """The value of a class attribute that declares a column: `email: str = Column(unique=True)`.

    Its settings can be read under the names of the parameters, exactly as they were given.

    Args:
        default: The value of instances that are made without one; also the default of the table if it is a scalar.
        default_factory: Makes that value for each instance; wins over `default`.
        unique: Whether the table refuses a second row with the same value.
        index: Whether the table has an index of the column.
        nullable: Whether the column takes NULL.
        primary_key: Whether this is the primary key.
        description: Free text.
        foreign_key: What the column refers to: `table` (its column `id`), `table.column` or `schema.table.column`.
            Without a rule this is known to the package only, the table gets no constraint.
        on_delete: What happens when the row referred to is deleted: `CASCADE`, `RESTRICT`, `SET NULL`, `SET DEFAULT` or
            `NO ACTION`, in any case.
        on_update: What happens when its key changes; as `on_delete`.

    Raises:
        ValueError: `on_delete` or `on_update` is no such rule.
        TypeError: `default_factory` cannot be called.
    """

    __slots__ = (
        "default",
        "default_factory",
        "description",
        "foreign_key",
        "index",
        "nullable",
        "on_delete",
        "on_update",
        "primary_key",
        "unique",
    )

    def __init__(
        self,
        default: Any = None,
        *,
        default_factory: Callable[[], Any] | None = None,
        unique: bool = False,
        index: bool = False,
        nullable: bool = True,
        primary_key: bool = False,
        description: str | None = None,
        foreign_key: str | None = None,
        on_delete: str | None = None,
        on_update: str | None = None,
    ) -> None:
        if default_factory is not None and not callable(default_factory):
            raise TypeError(f"default_factory must be callable, not {type(default_factory).__name__}")
        _check_rule("on_delete", on_delete)
        _check_rule("on_update", on_update)
        self.default = default
        self.default_factory = default_factory
        self.unique = unique
        self.index = index
        self.nullable = nullable
        self.primary_key = primary_key
        self.description = description
        self.foreign_key = foreign_key
        self.on_delete = on_delete
        self.on_update = on_update

    def __repr__(self) -> str:
        settings = ((name, getattr(self, name), unset) for name, unset in _SHOWN)
        return f"Column({', '.join(f'{name}={value!r}' for name, value, unset in settings if value is not unset)})"


class GeneratedColumn:
    """Base of descriptors for columns whose values the table computes itself: they are read and never written.

    Attributes:
        expression: Trusted SQL.
        stored: Whether the value is kept in the row.
    """

    expression: str
    stored: bool


def _check_rule(name: str, rule: Any) -> None:
    if rule is not None and (not isinstance(rule, str) or rule_words(rule) not in _RULES):
        raise ValueError(f"{name} must be one of {', '.join(sorted(_RULES))}, not {rule!r}")


def rule_words(rule: str) -> str:
    """A cascade rule as SQL spells it."""
    return " ".join(rule.upper().split())


if TYPE_CHECKING:
    # To type checkers the result fits any annotation: `age: int = Column()`, `age: ColumnProxy[int] = Column()`.
    def Column(
        default: Any = None,
        *,
        default_factory: Callable[[], Any] | None = None,
        unique: bool = False,
        index: bool = False,
        nullable: bool = True,
        primary_key: bool = False,
        description: str | None = None,
        foreign_key: str | None = None,
        on_delete: str | None = None,
        on_update: str | None = None,
    ) -> Any:
        """Declare a column; see `ColumnDeclaration`."""
else:
    Column = ColumnDeclaration
    Column.__name__ = Column.__qualname__ = "Column"
