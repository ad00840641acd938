"""The optional dependency."""

from __future__ import annotations

try:
    import pydantic as pydantic
    from pydantic_core import PydanticCustomError as PydanticCustomError
except ImportError as error:
    raise ImportError(
        "pydantic 2 is not installed: it comes with the extra, pip install 'ouroboros-postgres[pydantic]'",
        name="pydantic",
    ) from error

__all__ = ["PydanticCustomError", "pydantic"]
