"""Hostile texts in the declarations of models and relationships: found out when a statement is made."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from ouroboros_postgres import (
    BackReference,
    Column,
    ManyToMany,
    QueryBuilder,
    Table,
    any_,
    has,
    joined,
    relationship,
    selectinload,
    subquery,
)
from queries.hostile import Guard, Position, identifiers_are_refused


def model(body: dict[str, Any], **settings: str) -> Any:
    """A model of the vault with these attributes."""
    settings = {"table_name": "vault", **settings}
    return type("Hostile", (Table,), {**body, "Settings": type("Settings", (), settings)})


class Vault(Table):
    id: int
    secret: str | None
    n: int | None

    class Settings:
        table_name = "vault"


def related(make: Callable[[str], Any]) -> Position:
    """The rows that a filter by related rows finds."""

    async def position(_: ModuleType, text: str) -> Any:
        return await model({"others": make(text)}).find(any_("others", Vault.id == 1)).to_list()

    return position


def joining(make: Callable[[str], Any]) -> Position:
    """The rows of a join along a relationship."""

    async def position(_: ModuleType, text: str) -> Any:
        return await model({"others": make(text)}).find().inner_join("others").to_list()

    return position


def fetched(make: Callable[[str], Any]) -> Position:
    """Related rows of an instance."""

    async def position(_: ModuleType, text: str) -> Any:
        owner = model({"others": make(text)})(id=1, secret="x", n=1)
        return await owner.others.fetch_all()

    return position


def loaded(option: Callable[[str], Any]) -> Position:
    """Rows with what a relationship through a hostile column leads to."""

    async def position(_: ModuleType, text: str) -> Any:
        target = relationship(Vault, text, uselist=True)
        return await model({"other": target}).find().limit(1).options(option("other")).to_list()

    return position


def columns(**annotations: Any) -> dict[str, Any]:
    return {"__annotations__": annotations}


def through(place: int) -> Callable[[str], Any]:
    """A many-to-many relationship with a text in one place."""

    def make(text: str) -> Any:
        parts = ["vault", "id", "n", "vault", "id", "id"]
        parts[place] = text
        return ManyToMany(*parts)

    return make


POSITIONS: dict[str, Position] = {
    "table of a back reference": related(lambda text: BackReference(text, "n")),
    "column of a back reference": related(lambda text: BackReference("vault", text)),
    "target of a back reference": related(lambda text: BackReference("vault", "n", text)),
    "joined table": joining(lambda text: BackReference(text, "n")),
    "joined column": joining(lambda text: BackReference("vault", text)),
    "fetched table": fetched(lambda text: BackReference(text, "n")),
    "fetched column": fetched(lambda text: BackReference("vault", text)),
    "related through": joining(through(0)),
    "foreign key": related(lambda text: relationship(Vault, text)),
    "loaded by select": loaded(selectinload),
    "loaded by join": loaded(joined),
    "loaded by subquery": loaded(subquery),
    "referenced": lambda _, text: _referring(text).find(has(_referring(text).n, Vault.id == 1)).to_list(),
    "primary key": lambda _, text: model({}, primary_key=text).get(1),
    "compared primary key": lambda _, text: Vault.find(Vault.id.in_(model({}, primary_key=text).find())).to_list(),
    "created table": lambda _, text: model(columns(id=int), table_name=f"x {text}").create_table(),
    "created column": lambda _, text: model(columns(**{"x" + text + " ": int}), table_name="new").create_table(),
    "dropped table": lambda _, text: model({}, table_name=text or "-").drop_table(if_exists=False),
    "inserted column": lambda _, text: Vault.insert(**{"id": -1, text: 1}),
    "stand-in": lambda _, text: QueryBuilder(_standing_in(text), ()).to_dicts(),
}
for number, name in enumerate(("join table", "source key", "target key", "target table", "source", "target")):
    POSITIONS[f"{name} of many to many"] = related(through(number))
    POSITIONS[f"fetched {name}"] = fetched(through(number))


def _referring(text: str) -> Any:
    return model({**columns(id=int, n=int), "n": Column(foreign_key=f"vault.{text}")})


def _standing_in(text: str) -> Any:
    return type("StandIn", (), {"__table_name__": classmethod(lambda cls: text)})


async def test_what_names_something_is_refused(pg: ModuleType, vault: Guard) -> None:
    # Nothing is the default, and a star all columns where columns are selected.
    await identifiers_are_refused(POSITIONS, pg, vault, {"primary key": [""], "compared primary key": ["", "*"]})
