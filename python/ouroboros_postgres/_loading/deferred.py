"""A column that a query left out, loaded when it is awaited."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from .. import connection
from .._n_plus_one.origin import about_to_load, access_site
from .._sql import models
from .._sql.compile import compile_statement
from .._sql.encoder import Encoder
from .config import LazyLoadError, LoadingConfig, LoadingStrategy

if TYPE_CHECKING:
    from .._sql.encoder import Node

__all__ = ["DeferredColumn"]


class DeferredColumn:
    """What the attribute of a column that was not loaded gives; awaiting it loads the column.

    Args:
        instance: The instance that lacks the column.
        column_name: The column.
        config: How it was left out; with the strategy RAISE it cannot be loaded.
    """

    __slots__ = ("_accessed", "_column_name", "_config", "_instance", "_is_loaded", "_value")

    def __init__(self, instance: Any, column_name: str, config: LoadingConfig) -> None:
        self._instance = instance
        self._column_name = column_name
        self._config = config
        self._accessed = access_site()
        self._is_loaded = False
        self._value: Any = None

    @property
    def is_loaded(self) -> bool:
        """Whether the value is here."""
        return self._is_loaded

    async def load(self) -> Any:
        """Read the column of the instance's row, once; afterwards the attribute of the instance is the plain value.

        Joins the ambient transaction.

        Returns:
            The value; `None` if the row is gone.

        Raises:
            LazyLoadError: Loading is forbidden.
            NPlusOneError: Loading one by one is an error, and this is not the first instance.
            RuntimeError: The instance has no table or no primary key; or the database refuses.
        """
        if self._is_loaded:
            return self._value
        if self._config.strategy is LoadingStrategy.RAISE:
            raise LazyLoadError(f"Column '{self._column_name}' is not loaded, and loading it is forbidden")
        sql, params = self._statement()
        about_to_load(self._instance, self._column_name, self._accessed, is_column=True)
        rows = await connection.execute(sql, params)
        if isinstance(rows, list) and rows:
            self._value = rows[0].get(self._column_name)
            self._hand_over()
        self._is_loaded = True
        return self._value

    def __await__(self) -> Generator[Any, Any, Any]:
        return self.load().__await__()

    def _statement(self) -> tuple[str, list[Any]]:
        instance = self._instance
        table = getattr(instance, "_table_name", None)
        if not isinstance(table, str):
            raise RuntimeError(f"Column '{self._column_name}' cannot be loaded: {type(instance).__name__} has no table")
        schema = getattr(instance, "_schema", None)
        declared = getattr(instance, "_primary_key", None)
        key = declared if isinstance(declared, str) else "id"
        encoder = Encoder()
        condition = {"left": _column(key), "operator": "=", "value": encoder.slot(self._key_value(key))}
        select = {
            "columns": [{"expression": _column(self._column_name)}],
            "from": {"table": [schema, table] if isinstance(schema, str) and schema else table},
            "where": [{"compare": condition}],
        }
        return compile_statement({"select": select}, encoder)

    def _key_value(self, key: str) -> Any:
        data = getattr(self._instance, "_data", {})
        value = data[key] if key in data else getattr(self._instance, key, None)
        if value is None or isinstance(value, DeferredColumn):
            name = type(self._instance).__name__
            raise RuntimeError(f"Column '{self._column_name}' cannot be loaded: {name} has no value of {key!r}")
        return value

    def _hand_over(self) -> None:
        if models.is_persistent(self._instance) and not models.is_loaded(self._instance, self._column_name):
            models.absorb(self._instance, {self._column_name: self._value})

    def __repr__(self) -> str:
        state = "loaded" if self._is_loaded else "not loaded"
        return f"<DeferredColumn {type(self._instance).__name__}.{self._column_name}, {state}>"


def _column(name: str) -> Node:
    return {"column": {"name": name}}
