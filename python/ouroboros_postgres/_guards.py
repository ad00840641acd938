"""Type tests of containers that leave the types of their elements open.

`isinstance` alone makes those types unknown to strict type checkers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

__all__ = ["is_collection", "is_list", "is_mapping", "is_octets", "is_set"]


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Whether the value is a `dict` or works like one."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Whether the value is a list or a tuple."""
    return isinstance(value, (list, tuple))


def is_set(value: object) -> TypeGuard[set[Any] | frozenset[Any]]:
    """Whether the value is a set."""
    return isinstance(value, (set, frozenset))


def is_collection(value: object) -> TypeGuard[Iterable[Any]]:
    """Whether the value can be iterated over and is meant to be: text and mappings are not."""
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))


def is_octets(value: object) -> TypeGuard[bytes | bytearray | memoryview[int]]:
    """Whether the value is binary data."""
    return isinstance(value, (bytes, bytearray, memoryview))
