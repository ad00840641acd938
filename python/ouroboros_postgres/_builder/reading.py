"""What the terminals of a query do: from its state to results."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from .._cursor import stream, stream_through
from .._events.fire import fire_each, is_heard
from .._events.registration import EventType
from .._loading.fetch import Loading
from .._loading.plan import check_options, loading_plan
from .._loading.statements import Select
from .._sql import models
from .._sql.encoder import Encoder
from . import tree
from .execution import check_transaction, fields, run, run_opened
from .prepared import prepared

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from .._loading.plan import Plan
    from .._sql.encoder import Node
    from .execution import Row
    from .state import State

__all__ = ["aggregate", "batches", "count", "exists", "explain", "instances", "rows", "select"]


async def instances(state: State) -> list[Any]:
    """The rows as instances, with what its options load."""
    plan = _plan(state, batched=False)
    if plan is None:
        return await _made(state.model, await _selected(state))
    encoder = Encoder()
    node, loading = _loaded(state, plan, encoder)
    check_transaction(state)
    found: list[Row] = await run({"select": node}, encoder)
    return await loading.finish(found)


async def _selected(state: State) -> list[Row]:
    """The rows of the select of a query with which nothing else is loaded."""
    known = prepared(state)
    if known is not None:
        simple: list[Row] = await run_opened(*known)
        return simple
    encoder = Encoder()
    node = tree.select(state, encoder)
    check_transaction(state)
    found: list[Row] = await run({"select": node}, encoder)
    return found


async def _made(model: models.Model, found: list[Row]) -> list[Any]:
    """Make instances of rows, which belong to them from now on."""
    instances = models.hydrate(model, found)
    await fire_each(EventType.AFTER_LOAD, instances)
    return instances


def select(state: State, encoder: Encoder) -> Node:
    """The select that gives the rows of instances, what is loaded by JOIN included."""
    return _loading(state, encoder)[0]


def _loading(state: State, encoder: Encoder, *, batched: bool = False) -> tuple[Node, Loading | None]:
    """The select of a query, and what its rows go through to become instances, `None` for nothing special."""
    plan = _plan(state, batched=batched)
    return (tree.select(state, encoder), None) if plan is None else _loaded(state, plan, encoder)


def _loaded(state: State, plan: Plan, encoder: Encoder) -> tuple[Node, Loading]:
    node = tree.select(state, encoder, qualified=bool(plan.joined))
    loading = Loading(plan, state.model, Select(node, models.source_key(state.model), encoder))
    return loading.select.node, loading


def _plan(state: State, *, batched: bool = False) -> Plan | None:
    """What is loaded with the rows, `None` for nothing.

    Raises:
        ValueError: An option names a relationship that the model does not have.
    """
    if not state.options and not models.relationships(state.model):
        return None
    return loading_plan(state.model, state.options, batched=batched) or None


async def batches(state: State) -> AsyncGenerator[list[Any], None]:
    """The rows as instances, in batches."""
    encoder = Encoder()
    node, loading = _loading(state, encoder, batched=True)
    check_transaction(state)
    request = fields({"select": node}, encoder)
    if loading is None and not is_heard(state.model, EventType.AFTER_LOAD):
        async with aclosing(stream(request)) as reader:
            async for found in reader:
                yield models.hydrate(state.model, found)
        return
    finish = partial(_made, state.model) if loading is None else loading.finish
    async with aclosing(stream_through(request, finish)) as finished:
        async for loaded in finished:
            yield loaded


async def rows(state: State) -> list[Row]:
    """The rows as dicts; of its options only the names are checked."""
    if state.options:
        check_options(state.model, state.options)
    return await _selected(state)


async def aggregate(state: State) -> list[Row]:
    """The rows as dicts, of a query that computes something."""
    if not (state.aggregates or state.windows or state.group or state.sets or state.ctes):
        raise ValueError(
            "No aggregate functions specified: add an aggregate, a window, a group, a set operation or a common table"
        )
    encoder = Encoder()
    node = tree.select(state, encoder)
    check_transaction(state)
    found: list[Row] = await run({"select": node}, encoder, "aggregate")
    return found


async def count(state: State) -> int:
    """How many rows there are."""
    encoder = Encoder()
    node = tree.count(state, encoder)
    check_transaction(state)
    found: list[Row] = await run({"select": node}, encoder, "count")
    number: int = found[0]["count"]
    return number


async def exists(state: State) -> bool:
    """Whether there are rows."""
    encoder = Encoder()
    node = tree.exists(state, encoder)
    check_transaction(state)
    found: list[Row] = await run({"select": node}, encoder)
    answer: bool = found[0]["exists"]
    return answer


_FORMATS: Final = ("text", "json", "xml", "yaml")


async def explain(state: State, *, analyze: bool, buffers: bool, verbose: bool, format: str) -> Any:
    """The server's plan: a text, or what its JSON stands for."""
    if format not in _FORMATS:
        raise ValueError(f"Unknown format: {format!r}; it must be one of {', '.join(_FORMATS)}")
    encoder = Encoder()
    node = select(state, encoder)
    options = {"analyze": analyze, "buffers": buffers, "verbose": verbose}
    chosen = {name: True for name, wanted in options.items() if wanted}
    found: list[Row] = await run({"select": node}, encoder, explain={**chosen, "format": format})
    lines = [line for row in found for line in row.values()]
    return lines[0] if format != "text" else "\n".join(lines)
