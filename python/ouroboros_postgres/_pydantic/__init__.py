"""Schemas of pydantic made from models."""

from __future__ import annotations

__all__: list[str] = []
