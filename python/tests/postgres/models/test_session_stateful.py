"""A session against a plain model of the database and of its objects, after every step of random programs."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Coroutine, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import ouroboros_postgres
from fixtures.database import Database
from ouroboros_postgres import Session, Table, begin_transaction, execute
from ouroboros_postgres.errors import CheckError, PostgresError, RowNotFoundError
from ouroboros_postgres.session import ObjectState

T = TypeVar("T")

SCHEMA = """
CREATE UNLOGGED TABLE thing (
    id serial PRIMARY KEY, name text, amount int CHECK (amount >= 0), tags text[], note text DEFAULT 'server'
)
"""


class Thing(Table):
    name: str | None = None
    amount: int | None = None
    tags: list[str] | None = None
    note: str | None = None


Values = dict[str, Any]


@dataclass
class Known:
    """What is to be expected of one object.

    Attributes:
        values: Its values.
        clean: The values of its row as it knows them, `None` without a row.
        original: Those as of the beginning of the transaction.
        status: `out` of the session, `new`, `in` it, `doomed` or `gone`.
        generated: The columns that it got from the table.
        expired: Whether `get` reads it again.
        reads: How often it was read again.
        is_written: Whether its row was written in the transaction.
        is_gone: Whether its row was deleted in the transaction.
    """

    values: Values
    clean: Values | None = None
    original: Values | None = None
    status: str = "out"
    generated: set[str] = field(default_factory=set)
    expired: bool = False
    reads: int = 0
    is_written: bool = False
    is_gone: bool = False

    @property
    def changes(self) -> Values:
        clean = self.clean
        if clean is None:
            return {}
        return {name: value for name, value in self.values.items() if name not in clean or clean[name] != value}

    @property
    def row(self) -> Any:
        """The key of its row."""
        return self.values.get("id") if self.clean is None else self.clean["id"]

    def uninsert(self) -> None:
        clean, self.clean = self.clean, None
        for name in self.generated:
            if name == "id" or clean is None or self.values[name] == clean[name]:
                self.values.pop(name, None)
        self.generated = set()

    def take_back(self) -> None:
        if self.original is None:
            self.uninsert()
        else:
            self.clean, self.values = deepcopy(self.original), deepcopy(self.original)


class Store:
    """The database and the objects, as they should be."""

    def __init__(self) -> None:
        self.committed: dict[int, Values] = {}
        self.rows: dict[int, Values] = {}
        self.known: list[Known] = []
        self.order: list[int] = []
        self.in_transaction = False

    @property
    def pending(self) -> list[Known]:
        return [k for k in self.known if k.status in ("new", "doomed") or (k.status == "in" and k.changes)]

    def failure(self) -> type[Exception] | None:
        """What a flush would raise."""
        for known in self.known:
            if known.status == "new" and (known.values.get("amount") or 0) < 0:
                return CheckError
        for known in self.known:
            if known.status == "in" and known.changes:
                if known.row not in self.rows:
                    return RowNotFoundError
                if (known.changes.get("amount") or 0) < 0:
                    return CheckError
        return None

    def holder(self, key: Any) -> Known | None:
        """The object that the session has of a row."""
        found = [k for k in self.known if k.status in ("in", "new") and k.row == key and key is not None]
        return found[0] if found else None


class Program(RuleBasedStateMachine):
    """Random programs."""

    runner: asyncio.Runner
    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.context = contextvars.copy_context()
        self.store = Store()
        self.things: list[Thing] = []
        self.savepoints: list[tuple[Any, Store, set[int]]] = []

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work, context=self.context)

    @initialize(autoflush=st.booleans(), expire=st.booleans())
    def open(self, autoflush: bool, expire: bool) -> None:
        self.run(execute("TRUNCATE thing RESTART IDENTITY"))
        self.session = Session(autoflush=autoflush, expire_on_commit=expire)
        self.run(self.session.__aenter__())
        for name in "ab":
            self.add(name, 1)
        self.commit()
        self.get(1)

    def teardown(self) -> None:
        while self.savepoints:
            self._undo()
        self.run(self.session.__aexit__(ValueError, ValueError("the end"), None))
        assert self._committed() == self.store.committed

    # What the session is asked for, and what should become of that.

    def _pick(self, number: int) -> int | None:
        return number % len(self.things) if self.things else None

    def _touch(self, index: int) -> None:
        if self.savepoints:
            self.savepoints[-1][2].add(index)

    @rule(name=st.sampled_from("abc"), amount=st.sampled_from([None, 1, 1, 2, 2, -1]))
    def add(self, name: str, amount: int | None) -> None:
        values: Values = {"name": name, "tags": []} | ({} if amount is None else {"amount": amount})
        thing = Thing(**deepcopy(values))
        assert self.session.add(thing) is thing
        self.things.append(thing)
        self.store.known.append(Known(values, status="new"))
        self.store.order.append(len(self.things) - 1)

    @rule(number=st.integers(0, 9))
    def add_again(self, number: int) -> None:
        index = self._pick(number)
        if index is None:
            return
        known, store = self.store.known[index], self.store
        holder = store.holder(known.values.get("id"))
        added = self.session.add(self.things[index])
        if holder is not None:
            assert added is self.things[store.known.index(holder)]
            return
        assert added is self.things[index]
        if known.status == "doomed" and known.clean is not None and known.original is not None:
            known.status = "in"
        elif known.status == "doomed" and known.clean is not None:
            known.status = "in"
        elif known.clean is not None:
            if known.status == "out":
                known.status, known.original, known.expired = "in", deepcopy(known.clean), False
                known.generated, known.is_written = set(), False
        elif known.status != "new":
            known.status = "new"
            store.order.append(index)

    @rule(number=st.integers(0, 9), name=st.sampled_from("abcd"), flushed=st.booleans())
    def rename(self, number: int, name: str, flushed: bool) -> None:
        index = self._pick(number)
        if index is not None:
            self.things[index].name = name
            self.store.known[index].values["name"] = name
            if flushed:
                self.flush()

    @rule(number=st.integers(0, 9), amount=st.sampled_from([0, 1, 1, 2, 2, -1]))
    def change(self, number: int, amount: int) -> None:
        index = self._pick(number)
        if index is not None:
            self.things[index].amount = amount
            self.store.known[index].values["amount"] = amount

    @rule(number=st.integers(0, 9))
    def tag(self, number: int) -> None:
        index = self._pick(number)
        if index is not None:
            tags = self.things[index].tags
            assert tags is not None
            tags.append("t")
            self.store.known[index].values["tags"].append("t")

    @rule(number=st.integers(0, 9), flushed=st.booleans())
    def delete(self, number: int, flushed: bool) -> None:
        index = self._pick(number)
        if index is None or self.store.known[index].status not in ("in", "new"):
            return
        self.session.delete(self.things[index])
        self.store.known[index].status = "doomed"
        if flushed:
            self.flush()

    @rule()
    def flush(self) -> None:
        self._expect(self.session.flush())

    def _expect(self, work: Coroutine[Any, Any, Any]) -> bool:
        """Do something that flushes.

        Returns:
            Whether it should have succeeded.
        """
        failure = self.store.failure()
        if failure is not None:
            with pytest.raises(failure):
                self.run(work)
            self.store.in_transaction |= bool(self.savepoints)
            self.store.in_transaction = self.session.in_transaction
            return False
        self.run(work)
        self._flushed()
        return True

    def _flushed(self) -> None:
        store = self.store
        if store.pending:
            store.in_transaction = True
        inserted = [i for i in store.order if store.known[i].status == "new"]
        store.order = []
        for index in dict.fromkeys(inserted):
            known, thing = store.known[index], self.things[index]
            known.generated |= {"id", "name", "amount", "tags", "note"} - {
                name for name, value in known.values.items() if name != "id" or value is not None
            }
            known.values = {"amount": None, "note": "server", **known.values, "id": thing.id}
            store.rows[thing.id] = deepcopy(known.values)
            known.clean, known.status, known.expired = deepcopy(known.values), "in", False
            known.is_written, known.is_gone = True, False
            self._touch(index)
        for index, known in enumerate(store.known):
            if known.status == "in" and known.changes:
                assert known.clean is not None
                changes = deepcopy(known.changes)
                store.rows[known.row].update(changes)
                known.clean = {**known.clean, **changes}
                known.is_written = True
                self._touch(index)
        for index, known in enumerate(store.known):
            if known.status == "doomed":
                if known.clean is None:
                    known.status = "gone" if known.is_gone else "out"
                    continue
                store.rows.pop(known.row, None)
                known.status, known.clean, known.expired, known.is_gone = "gone", None, False, True
                self._touch(index)

    @precondition(lambda self: not self.savepoints)
    @rule()
    def commit(self) -> None:
        was_open = self.store.in_transaction or bool(self.store.pending)
        if not self._expect(self.session.commit()) or not was_open:
            return
        store = self.store
        store.committed, store.in_transaction = deepcopy(store.rows), False
        for known in store.known:
            known.generated, known.is_written, known.is_gone = set(), False, False
            if known.status == "gone":
                known.status, known.original = "out", None
            if known.status == "in":
                known.original = deepcopy(known.clean)
                known.expired = known.expired or self.session.expire_on_commit
        assert self._committed() == store.committed

    @precondition(lambda self: not self.savepoints)
    @rule()
    def rollback(self) -> None:
        self.run(self.session.rollback())
        store = self.store
        for known in store.known:
            was_there = known.is_gone or (known.status != "out" and known.original is not None)
            if was_there or known.status in ("in", "gone") or (known.status == "doomed" and known.clean is not None):
                known.take_back()
            known.original, known.is_gone = None, False
            known.status, known.expired, known.generated, known.is_written = "out", False, set(), False
        store.rows, store.in_transaction, store.order = deepcopy(store.committed), False, []
        assert self._committed() == store.committed

    @rule(number=st.integers(0, 9))
    def expire(self, number: int) -> None:
        index = self._pick(number)
        if index is not None:
            self.session.expire(self.things[index])
            known = self.store.known[index]
            known.expired = (
                known.expired or known.status == "in" or (known.status == "doomed" and known.clean is not None)
            )

    @rule(key=st.integers(1, 4))
    def get(self, key: int) -> None:
        store = self.store
        holder = store.holder(key)
        if holder is not None and not holder.expired:
            assert self.run(self.session.get(Thing, key)) is self.things[store.known.index(holder)]
            return
        doomed = [k for k in store.known if k.status == "doomed" and k.row == key]
        if doomed and not self.session.autoflush:
            assert self.run(self.session.get(Thing, key)) is None
            return
        if self.session.autoflush and store.pending:
            if not self._expect(self.session.flush()):
                with pytest.raises(PostgresError):
                    self.run(self.session.get(Thing, key))
                store.in_transaction = self.session.in_transaction
                return
        found = self.run(self.session.get(Thing, key))
        store.in_transaction = True
        holder = store.holder(key)
        if holder is not None and not holder.expired:  # the flush has inserted it
            assert found is self.things[store.known.index(holder)]
            return
        row = deepcopy(store.rows.get(key))
        if row is None:
            assert found is None
            if holder is not None:
                holder.status = "out"
                holder.expired = False
        elif holder is not None:
            assert found is self.things[store.known.index(holder)]
            holder.values = {**deepcopy(row), **holder.changes}
            holder.clean, holder.expired = row, False
            holder.reads += 1
            if not holder.is_written:
                holder.original = deepcopy(row)
        else:
            assert found is not None
            self.things.append(found)
            store.known.append(Known(deepcopy(row), row, deepcopy(row), "in"))

    # Savepoints.

    @precondition(lambda self: len(self.savepoints) < 3)
    @rule()
    def set_savepoint(self) -> None:
        self.run(self.session.begin())
        self.store.in_transaction = True
        block = begin_transaction()
        self.run(block.__aenter__())
        self.savepoints.append((block, deepcopy(self.store), set()))

    @precondition(lambda self: self.savepoints)
    @rule()
    def release(self) -> None:
        block, _, touched = self.savepoints.pop()
        for index in touched:
            self._touch(index)
        self.run(block.__aexit__(None, None, None))

    @precondition(lambda self: self.savepoints)
    @rule()
    def undo(self) -> None:
        self._undo()

    def _undo(self) -> None:
        block, before, touched = self.savepoints.pop()
        self.run(block.__aexit__(ValueError, ValueError("undone"), None))
        store = self.store
        store.rows = before.rows
        for index, known in enumerate(store.known):
            then = before.known[index] if index < len(before.known) else Known({}, status="unknown")
            if index in touched:
                self._undo_written(index, known, then)
            elif known.status in ("in", "doomed") and known.clean is not None:
                known.expired = known.expired or then.status not in ("in", "doomed") or known.reads != then.reads
        pending = [i for i in before.order if store.known[i].status == "new"]
        store.order = [*pending, *(i for i in store.order if i not in pending)]

    def _undo_written(self, index: int, known: Known, then: Known) -> None:
        if then.status in ("in", "doomed") and then.clean is not None:
            is_expired = known.expired if known.status in ("in", "doomed") else False
            self.store.known[index] = deepcopy(then)
            self.store.known[index].expired = is_expired
        elif then.status == "new":
            self.store.known[index] = deepcopy(then)
        elif then.is_gone:
            known.generated -= then.generated
            if known.clean is not None:
                known.uninsert()
            known.status, known.generated, known.is_written = "gone", set(then.generated), False
            known.is_gone = True
        elif known.original is not None and known.status in ("in", "doomed"):
            known.take_back()
            known.expired, known.is_written = True, False
        else:
            known.take_back()
            known.status, known.generated, known.is_written, known.is_gone = "out", set(), False, False

    # What must hold after each step.

    def _committed(self) -> dict[int, Values]:
        return {row["id"]: row for row in self.database.query("SELECT * FROM thing ORDER BY id")}

    @invariant()
    def rows_agree(self) -> None:
        if hasattr(self, "session"):
            rows = self.run(execute("SELECT * FROM thing ORDER BY id"))
            assert isinstance(rows, list)
            assert {row["id"]: row for row in rows} == self.store.rows

    @invariant()
    def objects_agree(self) -> None:
        for thing, known in zip(self.things, self.store.known, strict=True):
            assert {**thing.to_dict()} == {k: v for k, v in known.values.items() if k != "id" or v is not None}, known
            assert (thing in self.session) == (known.status in ("in", "new")), known
            assert self.session.state(thing) is _state(known), known

    @invariant()
    def work_agrees(self) -> None:
        if hasattr(self, "session"):
            assert self.session._unit_of_work.has_pending == bool(self.store.pending)


def _state(known: Known) -> ObjectState:
    if known.status in ("doomed", "gone"):
        return ObjectState.DELETED
    if known.status == "new":
        return ObjectState.PENDING
    if known.status == "in":
        return ObjectState.DIRTY if known.changes else ObjectState.PERSISTENT
    return ObjectState.TRANSIENT if known.clean is None else ObjectState.DETACHED


@pytest.fixture
def program(database: Database) -> Iterator[type[Program]]:
    database.query(SCHEMA)
    with asyncio.Runner() as runner:
        runner.run(ouroboros_postgres.init(database.dsn, max_connections=2))
        yield type("BoundProgram", (Program,), {"runner": runner, "database": database})
        runner.run(ouroboros_postgres.close())


@pytest.mark.timeout(180)
def test_a_session_agrees_with_a_plain_model_of_the_database(program: type[Program]) -> None:
    run_state_machine_as_test(
        program,
        settings=settings(
            max_examples=500,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,  # the same programs in every run; `max_examples` and a seed look for others
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        ),
    )
