"""Conditions on JSON documents."""

from __future__ import annotations

import json
from typing import Any, Self

from .._arguments import json_text
from .._guards import is_collection
from . import names
from .chain import Chain, M
from .state import JsonCondition

__all__ = ["JsonFiltering", "document"]


class JsonFiltering(Chain[M]):
    """Methods that add conditions on columns of type `jsonb`; all are joined by AND."""

    __slots__ = ()

    def where_json_contains(self, column: Any, json_value: Any) -> Self:
        """Keep rows whose document contains another one: `column @> value`.

        Args:
            column: The column.
            json_value: JSON text if it is a `str`; anything else is written as JSON.

        Raises:
            ValueError: The text is not JSON.
            TypeError: The value has no JSON form.
        """
        return self._json("json_contains", column, document(json_value))

    def where_json_contained_by(self, column: Any, json_value: Any) -> Self:
        """Keep rows whose document is contained in another one: `column <@ value`; see `where_json_contains`."""
        return self._json("json_contained_by", column, document(json_value))

    def where_json_key_exists(self, column: Any, key: str) -> Self:
        """Keep rows whose document has a key at its top level, or a string among its elements: `column ? key`."""
        return self._json("json_key_exists", column, names.text("a JSON key", key))

    def where_json_any_key_exists(self, column: Any, keys: Any) -> Self:
        """Keep rows whose document has one of some keys: `column ?| keys`; no rows for an empty list."""
        return self._json("json_any_key_exists", column, _keys(keys))

    def where_json_all_keys_exist(self, column: Any, keys: Any) -> Self:
        """Keep rows whose document has all of some keys: `column ?& keys`; any document for an empty list."""
        return self._json("json_all_keys_exist", column, _keys(keys))

    def jsonb_contains(self, column: Any, value: Any) -> Self:
        """The same as `where_json_contains`."""
        return self.where_json_contains(column, value)

    def jsonb_contained_by(self, column: Any, value: Any) -> Self:
        """The same as `where_json_contained_by`."""
        return self.where_json_contained_by(column, value)

    def jsonb_has_key(self, column: Any, key: str) -> Self:
        """The same as `where_json_key_exists`."""
        return self.where_json_key_exists(column, key)

    def jsonb_has_any_key(self, column: Any, keys: Any) -> Self:
        """The same as `where_json_any_key_exists`."""
        return self.where_json_any_key_exists(column, keys)

    def jsonb_has_all_keys(self, column: Any, keys: Any) -> Self:
        """The same as `where_json_all_keys_exist`."""
        return self.where_json_all_keys_exist(column, keys)

    def _json(self, operator: str, column: Any, value: Any) -> Self:
        condition = JsonCondition(operator, names.column("the column of a JSON condition", column), value)
        return self._with(json=(*self._state.json, condition))


def document(value: Any) -> str:
    """Write a value as JSON; text is JSON already."""
    if not isinstance(value, str):
        return json_text(value)
    try:
        json.loads(value, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"a text given as a JSON document is not JSON: {error}") from None
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"it contains {name}")


def _keys(keys: Any) -> list[str]:
    if not is_collection(keys):
        raise TypeError(f"JSON keys must be a list of str, not {type(keys).__name__}")
    return [names.text("a JSON key", key) for key in keys]
