"""Instances that are written by their own methods in a transaction go back with it."""

from __future__ import annotations

import asyncio
import gc
import random
import weakref
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import Column, Session, Table, begin_transaction, execute, pg_transaction, relationship
from ouroboros_postgres._column import GeneratedColumn
from ouroboros_postgres.errors import ConnectionFailedError, PostgresError
from ouroboros_postgres.events import EventDispatcher, listen
from ouroboros_postgres.session import ObjectState
from ouroboros_postgres.transactions import Savepoint, Transaction, run_in_transaction


class Writer(Table):
    name: str

    class Settings:
        table_name = "writers"


class Length(GeneratedColumn):
    """The length of the text."""

    expression = "length(text)"
    stored = True

    def __get__(self, instance: Any, owner: object = None) -> Any:
        return self if instance is None else instance._data.get("length")

    def __set__(self, instance: object, value: object) -> None:
        raise AttributeError("the table computes it")


class Note(Table):
    text: str
    rank: int | None = None
    length: int | None = Length()  # type: ignore[assignment]
    writer_id: int | None = Column(foreign_key="writers.id")
    writer = relationship(Writer, "writer_id")

    class Settings:
        table_name = "notes"


@pytest.fixture(autouse=True)
async def tables(pg: ModuleType) -> None:
    await pg.execute("CREATE TABLE writers (id serial PRIMARY KEY, name text NOT NULL)")
    await pg.execute(
        "CREATE TABLE notes (id serial PRIMARY KEY, text text NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED, "
        "rank int CHECK (rank >= 0), length int GENERATED ALWAYS AS (length(text)) STORED, added timestamptz "
        "DEFAULT now(), writer_id int REFERENCES writers)"
    )


@pytest.fixture(autouse=True)
def no_listeners() -> Iterator[None]:
    yield
    EventDispatcher().clear()


def rows(database: Database) -> list[tuple[str, int | None]]:
    return [(row["text"], row["rank"]) for row in database.query("SELECT text, rank FROM notes ORDER BY text")]


class Undone(Exception):
    """Ends a block."""


class TestWholeTransactions:
    async def test_an_inserted_one_has_no_row_again(self, database: Database) -> None:
        saved, many, kept = Note(text="a", rank=1), Note(text="b"), Note(id=7, text="c")
        with pytest.raises(Undone):
            async with begin_transaction():
                await saved.save()
                await Note.insert_many([many, {"text": "d"}])
                await kept.save()
                raise Undone
        assert [note.to_dict() for note in (saved, many, kept)] == [
            {"text": "a", "rank": 1},
            {"text": "b"},
            {"id": 7, "text": "c"},
        ]
        await saved.save()
        await many.save()
        await kept.save()
        assert rows(database) == [("a", 1), ("b", None), ("c", None)]
        assert kept.id == 7

    async def test_a_changed_one_is_to_be_written_again(self, database: Database) -> None:
        note = await Note.insert(text="a", rank=1)
        async with pg_transaction() as tx:
            note.text = "long"
            await note.save()
            note.rank = 2
            await note.save()
            assert note.length == 4
            await tx.rollback()
        assert (note.text, note.rank, note.length) == ("long", 2, 1)
        assert rows(database) == [("a", 1)]
        await note.save()
        assert rows(database) == [("long", 2)]
        assert note.length == 4

    async def test_a_deleted_one_has_its_row_again(self, database: Database) -> None:
        note, other = await Note.insert(text="a"), await Note.insert(text="b")
        with pytest.raises(Undone):
            async with begin_transaction():
                await note.delete()
                await other.delete()
                await other.save()
                raise Undone
        note.rank = other.rank = 3
        await note.save()
        await other.save()
        assert rows(database) == [("a", 3), ("b", 3)]

    async def test_one_that_came_and_went_is_as_at_first(self, database: Database) -> None:
        note = Note(text="a")
        with pytest.raises(Undone):
            async with begin_transaction():
                await note.save()
                await note.delete()
                raise Undone
        assert note.to_dict() == {"text": "a"}
        await note.save()
        assert rows(database) == [("a", None)]

    async def test_what_is_assigned_meanwhile_or_afterwards_stays(self, database: Database) -> None:
        note = Note(text="a")
        async with begin_transaction() as tx:
            await note.save()
            note.added = None
            await note.save()
            note.rank = 4
            await tx.rollback()
        assert note.to_dict() == {"text": "a", "added": None, "rank": 4}
        await note.save()
        assert database.query("SELECT rank, added FROM notes") == [{"rank": 4, "added": None}]

    async def test_what_is_committed_stays(self, database: Database) -> None:
        note = Note(text="a")
        async with begin_transaction():
            await note.save()
        note.rank = 1
        with pytest.raises(Undone):
            async with begin_transaction():
                raise Undone
        await note.save()
        assert rows(database) == [("a", 1)]

    async def test_a_commit_that_fails(self, database: Database) -> None:
        await Note.insert(text="a")
        note = Note(text="a")
        with pytest.raises(PostgresError):
            async with begin_transaction():
                await note.save()
        assert note.id is None
        note.text = "b"
        await note.save()
        assert rows(database) == [("a", None), ("b", None)]

    @pytest.mark.parametrize("is_nested", [False, True])
    async def test_a_transaction_that_an_error_has_aborted(self, is_nested: bool) -> None:
        note = Note(text="a")
        async with begin_transaction():
            await execute("SELECT 1")
            async with begin_transaction() if is_nested else pg_transaction():
                await note.save()
                with pytest.raises(PostgresError):
                    await execute("SELECT 1 / 0")
        assert note.id is None

    async def test_a_lost_connection(self, database: Database) -> None:
        note = Note(text="a")
        with pytest.raises(PostgresError):
            async with begin_transaction():
                await note.save()
                pid: Any = await execute("SELECT pg_backend_pid() AS pid")
                database.query(f"SELECT pg_terminate_backend({pid[0]['pid']})")
                with pytest.raises(ConnectionFailedError):
                    await execute("SELECT 1")
                raise PostgresError("gone")
        assert note.id is None
        await note.save()
        assert rows(database) == [("a", None)]

    async def test_a_cancelled_task(self, database: Database) -> None:
        note, is_saved = Note(text="a"), asyncio.Event()

        async def work() -> None:
            async with begin_transaction():
                await note.save()
                is_saved.set()
                await execute("SELECT pg_sleep(60)")

        task = asyncio.create_task(work())
        await is_saved.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert note.id is None
        await note.save()
        assert rows(database) == [("a", None)]

    async def test_what_runs_again_writes_again(self, database: Database) -> None:
        note, changed = Note(text="a"), await Note.insert(text="b", rank=1)
        attempts: list[int] = []

        async def work(_: object) -> None:
            attempts.append(len(attempts))
            changed.rank = 2
            await note.save()
            await changed.save()
            if len(attempts) == 1:
                await execute("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")

        await run_in_transaction(work)
        assert len(attempts) == 2
        assert rows(database) == [("a", None), ("b", 2)]

    async def test_one_that_nobody_ends(self) -> None:
        note = Note(text="a")
        context = begin_transaction()
        await context.__aenter__()
        await note.save()
        await context.__aexit__(GeneratorExit, GeneratorExit(), None)
        assert note.id is None

    async def test_another_task_rolls_back_while_it_is_written(self) -> None:
        notes = [Note(text=str(number)) for number in range(20)]
        async with begin_transaction() as tx:
            saving = asyncio.gather(*(note.save() for note in notes), return_exceptions=True)
            await asyncio.sleep(0)
            await tx.rollback()
            await saving
        assert all(note.id is None for note in notes)


class TestSavepoints:
    async def test_only_what_was_done_since(self, database: Database) -> None:
        outer, inner, changed = Note(text="outer"), Note(text="inner"), await Note.insert(text="x", rank=1)
        async with pg_transaction() as tx:
            await outer.save()
            changed.rank = 2
            await changed.save()
            point = await tx.savepoint("here")
            for rank in (3, 4):
                await inner.save()
                changed.rank = rank
                await changed.save()
                await outer.delete()
                await point.rollback()
                assert (inner.id, changed.rank) == (None, rank)
            await point.release()
            outer.rank = 5
            await outer.save()
            changed.rank = 2
            assert not changed._changes()
        assert rows(database) == [("outer", 5), ("x", 2)]

    async def test_what_is_kept_may_be_undone_with_the_rest(self, database: Database) -> None:
        first, note, changed = Note(text="a"), Note(text="b"), await Note.insert(text="x", rank=1)
        with pytest.raises(Undone):
            async with begin_transaction():
                await first.save()
                async with begin_transaction():
                    await note.save()
                    changed.rank = 2
                    await changed.save()
                    first.added = None
                    await first.save()
                changed.rank = 3
                await changed.save()
                raise Undone
        assert (first.to_dict(), note.to_dict()) == ({"text": "a", "added": None}, {"text": "b"})
        assert changed._changes() == {"rank": 3}
        await changed.save()
        assert rows(database) == [("x", 3)]

    async def test_one_outside_of_others(self) -> None:
        notes = [Note(text=str(number)) for number in range(3)]
        async with pg_transaction() as tx:
            outer = await tx.savepoint("a")
            await notes[0].save()
            await tx.savepoint("b")
            await notes[1].save()
            hidden = await tx.savepoint("a")
            await notes[2].save()
            await hidden.rollback()
            assert [note.id is None for note in notes] == [False, False, True]
            await hidden.release()
            await outer.rollback()
            assert all(note.id is None for note in notes)

    async def test_a_nested_block_that_is_rolled_back(self, database: Database) -> None:
        note = Note(text="a")
        async with begin_transaction():
            with pytest.raises(Undone):
                async with begin_transaction():
                    await note.save()
                    raise Undone
            assert note.id is None
            await note.save()
        assert rows(database) == [("a", None)]


class TestRelationships:
    async def test_what_refers_to_one_without_a_row_waits_for_its_key_again(self, database: Database) -> None:
        ada, note = Writer(name="Ada"), Note(text="a")
        note.writer = ada
        later = Note(text="b")
        with pytest.raises(Undone):
            async with begin_transaction():
                await ada.save()
                await note.save()
                later.writer = ada
                await later.save()
                raise Undone
        assert (note.writer_id, later.writer_id) == (None, None)
        await Writer.insert(name="another")
        await ada.save()
        await note.save()
        await later.save()
        assert (note.writer_id, later.writer_id) == (ada.id, ada.id)
        assert rows(database) == [("a", None), ("b", None)]


class TestSessions:
    async def test_strangers_in_the_transaction_of_a_session(self) -> None:
        note = Note(text="a")
        async with Session() as session:
            await session.begin()
            await note.save()
            await session.rollback()
        assert note.to_dict() == {"text": "a"}

    @pytest.mark.parametrize("how", ["untouched", "written", "deleted"])
    async def test_one_that_comes_in_after_it_was_saved(self, how: str) -> None:
        note, known = Note(text="a"), await Note.insert(text="b", rank=1)
        async with Session() as session:
            await session.begin()
            await note.save()
            known.rank = 2
            await known.save()
            session.add_all([note, known])
            if how == "written":
                note.rank = known.rank = 3
            elif how == "deleted":
                session.delete(note)
                session.delete(known)
            await session.flush()
            await session.rollback()
        assert note.id is None
        assert known._clean is not None
        assert known._clean["rank"] == 1

    @pytest.mark.parametrize("is_deleted", [False, True])
    async def test_one_of_a_session_in_a_transaction_of_its_own(self, is_deleted: bool, database: Database) -> None:
        note, new = await Note.insert(text="a", rank=1), Note(text="b")
        async with Session() as session:
            session.add_all([note, new])
            async with begin_transaction(independent=True) as tx:
                note.rank = 2
                await note.save()
                await new.save()
                if is_deleted:
                    await note.delete()
                await tx.rollback()
            assert session.state(new) is ObjectState.TRANSIENT
            if not is_deleted:
                assert session.is_modified(note)
        assert rows(database) == [("a", 1 if is_deleted else 2)]
        assert new.id is None
        await note.save()
        assert rows(database) == [("a", 2)]

    async def test_what_a_listener_writes_goes_back_with_the_flush(self, database: Database) -> None:
        log: list[Note] = []

        async def write(note: Note) -> None:
            log.append(await Note.insert(text=f"{note.text}, {len(log)}"))

        listen(Note, "before_update", write)
        async with Session() as session:
            note = session.add(Note(text="a"))
            await session.flush()
            note.rank = 1
            await session.flush()
            note.rank = -1
            with pytest.raises(PostgresError):
                await session.flush()
            assert [entry.id is None for entry in log] == [False, True]
            note.rank = 2
        assert rows(database) == [("a", 2), ("a, 0", None), ("a, 2", None)]

    @pytest.mark.parametrize("is_closed", [False, True])
    async def test_a_session_that_has_committed_inside(self, is_closed: bool, database: Database) -> None:
        changed, gone = await Note.insert(text="a", rank=1), await Note.insert(text="b")
        new, passing = Note(text="c"), Note(text="d")
        session = Session()
        with pytest.raises(Undone):
            async with begin_transaction():
                session.add_all([changed, gone, new, passing])
                session.delete(gone)
                await session.flush()
                changed.rank = 2
                session.delete(passing)
                await session.commit()
                if is_closed:
                    await session.close()
                raise Undone
        assert [note.id for note in (new, passing)] == [None, None]
        assert [note.text for note in session] == ([] if is_closed else ["a"])
        if not is_closed:
            assert session.is_modified(changed)
            await session.close()
        gone.rank = 3
        for note in (changed, gone, new, passing):
            await note.save()
        assert rows(database) == [("a", 2), ("b", 3), ("c", None), ("d", None)]


class TestMemory:
    async def test_instances_and_what_is_known_of_them_go(self) -> None:
        async with begin_transaction() as tx:
            references = [weakref.ref(await Note.insert(text=str(number))) for number in range(5)]
            gc.collect()
            assert [reference() for reference in references] == [None] * 5
            async with tx.savepoint("a"):
                for _ in range(8):
                    await Note.insert_many([Note(text=f"{number}!") for number in range(1500)])
            note = await Note.insert(text="last")
            assert sum(len(part.entries) for part in tx.journal._parts) < 5000
            await tx.rollback()
        assert note.id is None


class Program:
    """Does things at random to a few instances, in a transaction with savepoints."""

    def __init__(self, seed: int, tx: Transaction) -> None:
        self.random = random.Random(seed)
        self.tx = tx
        self.notes = [Note(text=str(number)) for number in range(4)]
        self.points: list[Savepoint] = []

    async def step(self) -> None:
        note = self.random.choice(self.notes)
        match self.random.randrange(8):
            case 0 | 1:
                await note.save()
            case 2:
                note.rank = self.random.choice([None, 1, 2, 3])
            case 3:
                await note.delete()
            case 4:
                self.points.append(await self.tx.savepoint(self.random.choice("ab")))
            case 5 if self.points:
                await self.points[-1].rollback()
            case 6 if self.points:
                await self.points.pop().release()
            case _:
                await Note.insert_many([note for note in self.notes if note.id is None])

    async def check(self) -> None:
        """Instances know the rows that there are."""
        rows = {row["id"]: row for row in await Note.find().to_dicts()}
        known = [note._clean for note in self.notes if note._clean is not None]
        assert {row["id"]: row for row in known} == rows
        assert all(note.id is not None for note in self.notes if note._clean is not None)


@pytest.mark.parametrize("seed", range(40))
async def test_any_program(seed: int) -> None:
    async with pg_transaction() as tx:
        program = Program(seed, tx)
        for _ in range(40):
            await program.step()
            await program.check()
        await tx.rollback()
    assert all(note._clean is None for note in program.notes)
    assert not await Note.count()
