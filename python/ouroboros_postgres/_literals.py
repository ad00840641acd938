"""Python values as SQL literals, for the texts that are made to stand in SQL."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any
from uuid import UUID

from ._guards import is_list

__all__ = ["array", "element", "quoted"]


def quoted(what: str, text: Any) -> str:
    """Write text as a string literal, whatever `standard_conforming_strings` is.

    Raises:
        TypeError: It is no text.
        ValueError: It contains NUL, which PostgreSQL cannot store.
    """
    if not isinstance(text, str):
        raise TypeError(f"{what} must be str, not {type(text).__name__}")
    if "\0" in text:
        raise ValueError(f"{what} contains a NUL character")
    doubled = str(text).replace("'", "''")
    if "\\" in doubled:
        return "E'" + doubled.replace("\\", "\\\\") + "'"
    return f"'{doubled}'"


def element(what: str, value: Any) -> str:
    """Write a value that is no list, by its own type.

    Raises:
        TypeError: The type has no literal.
        ValueError: It is text with NUL.
    """
    if isinstance(value, Enum):
        value = value.value
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, (float, Decimal)):
        return _number(value)
    if isinstance(value, str):
        return quoted(what, value)
    if isinstance(value, (date, time)):  # a datetime is a date
        return f"'{value.isoformat()}'"
    if isinstance(value, UUID):
        return f"'{value}'"
    raise TypeError(f"{what} cannot be a {type(value).__name__}")


def _number(value: float | Decimal) -> str:
    if isinstance(value, Decimal):
        return str(value) if value.is_finite() else _special(value)
    return float.__repr__(value) if isfinite(value) else _special(value)


def _special(value: float | Decimal) -> str:
    if value.is_nan() if isinstance(value, Decimal) else value != value:
        return "'NaN'"
    return "'Infinity'" if value > 0 else "'-Infinity'"


def array(what: str, values: Any) -> str:
    """Write a list or tuple as `ARRAY[…]`; lists in it are nested arrays.

    Raises:
        TypeError: It is no list or tuple, or the type of an element has no literal.
        ValueError: An element is text with NUL.
    """
    if not is_list(values):
        raise TypeError(f"{what} must be a list, not {type(values).__name__}")
    items = (
        array(f"{what}[{index}]", item) if is_list(item) else element(f"{what}[{index}]", item)
        for index, item in enumerate(values)
    )
    return f"ARRAY[{', '.join(items)}]"
