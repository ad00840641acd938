"""Schemas of pydantic for models: what an API answers with, and what it takes. Needs the extra `pydantic`.

class PostRead(Schema[Post]):
    author: Schema[User] | None


@app.post("/posts", response_model=PostRead)
async def create(body: CreateSchema[Post]) -> Post: ...
"""

from __future__ import annotations

from ._pydantic.schema import CreateSchema, Schema, UpdateSchema

__all__ = ["CreateSchema", "Schema", "UpdateSchema"]
