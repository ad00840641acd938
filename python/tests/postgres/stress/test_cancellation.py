"""Tasks that are cancelled at random points, connections that are lost at random points, and what must hold after."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from types import ModuleType

import pytest

from fixtures.database import Database
from fixtures.observe import running, until
from fixtures.proxy import TcpProxy
from ouroboros_postgres import _binding
from ouroboros_postgres._cursor import stream

CANCELLATIONS = 2000
AT_A_TIME = 12
CONNECTIONS = 8

TABLES = """
CREATE TABLE pairs (tag int NOT NULL, part int NOT NULL, PRIMARY KEY (tag, part));
CREATE TABLE singles (tag int NOT NULL);
"""


@pytest.fixture
def chance() -> random.Random:
    """The randomness of a test; the seed is shown when it fails, and can be set."""
    seed = int(os.environ.get("STRESS_SEED") or secrets.randbits(32))
    print(f"STRESS_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
async def engine() -> AsyncIterator[ModuleType]:
    """The package; what the test opens is closed."""
    import ouroboros_postgres

    yield ouroboros_postgres
    await ouroboros_postgres.close()


class Undone(Exception):
    """Thrown by tests to undo a part of a transaction."""


@dataclass
class Work:
    """One task: every value that it writes or asks for is its own.

    Attributes:
        committing: Whether the transaction had got to its commit, from where cancelling comes too late.
    """

    pg: ModuleType
    chance: random.Random
    tag: int
    committing: bool = False
    sleeps: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Drawn beforehand: the order in which tasks run must not decide what the seed gives.
        self.sleeps = [self.chance.choice((0, self.chance.uniform(0, 0.03))) for _ in range(4)]

    async def read(self) -> None:
        assert await self.pg.execute("SELECT $1::int AS tag", [self.tag]) == [{"tag": self.tag}]

    async def read_many_rows(self) -> None:
        rows = await self.pg.execute("SELECT $1::int AS tag, n FROM generate_series(1, 2000) AS n", [self.tag])
        assert rows == [{"tag": self.tag, "n": n} for n in range(1, 2001)]

    async def read_unprepared(self) -> None:
        assert await self.pg.execute(f"SELECT {self.tag} AS tag, $1 AS x", ["x"]) == [{"tag": self.tag, "x": "x"}]

    async def sleep_in_the_server(self) -> None:
        rows = await self.pg.execute("SELECT $1::int AS tag, pg_sleep($2)", [self.tag, self.sleeps[0] * 3])
        assert rows[0]["tag"] == self.tag

    async def insert(self) -> None:
        assert await self.pg.insert_one("singles", {"tag": self.tag}) == {"tag": self.tag}

    async def insert_batch(self) -> None:
        rows = [{"tag": self.tag, "part": part} for part in (1, 2)]
        assert await self.pg.insert_many("pairs", rows, batch_size=1) == rows
        self.committing = True

    async def _insert_part(self, part: int) -> None:
        row = {"tag": self.tag, "part": part}
        assert await self.pg.insert_one("pairs", row) == row

    async def transaction(self) -> None:
        async with self.pg.begin_transaction():
            await self._insert_part(1)
            await self.pg.execute("SELECT pg_sleep($1)", [self.sleeps[0]])
            await self._insert_part(2)
            assert await self.pg.count("pairs", {"tag": self.tag}) == 2
            self.committing = True

    async def savepoints(self) -> None:
        async with self.pg.pg_transaction() as tx:
            await self._insert_part(1)
            try:
                async with tx.savepoint("a"):
                    await self._insert_part(3)
                    await asyncio.sleep(self.sleeps[1])
                    raise Undone
            except Undone:
                pass
            point = await tx.savepoint("b")
            await self._insert_part(2)
            await point.release()
            self.committing = True

    async def nested(self) -> None:
        async with self.pg.begin_transaction():
            await self._insert_part(1)
            try:
                async with self.pg.begin_transaction():
                    await self._insert_part(3)
                    raise Undone
            except Undone:
                pass
            async with self.pg.begin_transaction():
                await asyncio.sleep(self.sleeps[2])
                await self._insert_part(2)
            self.committing = True

    async def gathered(self) -> None:
        async with self.pg.begin_transaction():
            await asyncio.gather(self._insert_part(1), self.read(), self._insert_part(2), self.read_many_rows())
            self.committing = True

    async def failing(self) -> None:
        with pytest.raises(self.pg.DataError):
            async with self.pg.begin_transaction():
                await self._insert_part(1)
                await self.pg.execute("SELECT 1 / $1::int", [0])

    async def raw(self) -> None:
        tx = await self.pg.begin_transaction()
        try:
            await tx.execute("INSERT INTO pairs VALUES ($1, 1), ($1, 2)", [self.tag])
        finally:
            await tx.rollback()

    async def stream(self) -> None:
        request = {"sql": "SELECT $1::int AS tag, n FROM generate_series(1, 200) AS n", "args": [self.tag]}
        rows = [row async for batch in stream(request, batch_size=30) for row in batch]
        assert rows == [{"tag": self.tag, "n": n} for n in range(1, 201)]

    async def streams_in_a_transaction(self) -> None:
        request = {"sql": "SELECT $1::int AS tag, n FROM generate_series(1, 200) AS n", "args": [self.tag]}
        async with self.pg.begin_transaction():
            async for batch in stream(request, batch_size=30):
                assert {row["tag"] for row in batch} == {self.tag}
                await asyncio.sleep(self.sleeps[3])
                break
            await asyncio.gather(self.stream(), self.read(), self.stream())

    def kinds(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """Everything that a task can do."""
        return (
            self.read, self.read_many_rows, self.read_unprepared, self.sleep_in_the_server, self.insert,
            self.insert_batch, self.transaction, self.savepoints, self.nested, self.gathered, self.failing, self.raw,
            self.stream, self.streams_in_a_transaction,
        )  # fmt: skip

    @property
    def pairs(self) -> bool:
        """Whether the work, when it is done, has left its pair of rows."""
        return self.kind in (self.insert_batch, self.transaction, self.savepoints, self.nested, self.gathered)

    @property
    def kind(self) -> Callable[[], Awaitable[None]]:
        """What this task does."""
        return self.kinds()[self.tag % len(self.kinds())]


async def cancel_soon(task: asyncio.Task[None], turns: int, delay: float) -> None:
    """Cancels a task after some turns of the loop, or some time."""
    for _ in range(turns):
        await asyncio.sleep(0)
    await asyncio.sleep(delay)
    task.cancel()


async def test_two_thousand_cancellations(engine: ModuleType, database: Database, chance: random.Random) -> None:
    await engine.init(database.dsn, max_connections=CONNECTIONS, statement_cache_capacity=20)
    await engine.execute(TABLES)
    baseline = counters()
    slots, sizes = asyncio.Semaphore(AT_A_TIME), set()
    outcomes: list[tuple[Work, bool, BaseException | None]] = []

    async def attempt(work: Work, cancelled: bool, turns: int, delay: float) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work.kind())
        canceller = asyncio.ensure_future(cancel_soon(task, turns, delay)) if cancelled else None
        await asyncio.wait([task])
        if canceller:
            canceller.cancel()
        outcomes.append((work, cancelled, asyncio.CancelledError() if task.cancelled() else task.exception()))
        sizes.add(engine.pool_metrics()["pool_size"])
        slots.release()

    attempts = []
    for tag in itertools.count():
        await slots.acquire()
        if sum(error is not None for _, _, error in outcomes) >= CANCELLATIONS:
            break
        work = Work(engine, chance, tag)
        # Most in the middle of the work; some in the first turns of the loop, some before they have begun.
        turns, delay = chance.choice((*[(0, chance.uniform(0, 0.03))] * 6, (chance.randrange(12), 0.0), (0, 0.0)))
        attempts.append(asyncio.ensure_future(attempt(work, chance.random() < 0.85, turns, delay)))
    await asyncio.gather(*attempts)

    # Cancelled is the only way to end early, and only those that were asked to end did: no cancellation hit another's
    # statement (57014), no row went to the wrong task.
    strays = [(w.tag, w.kind.__name__, e) for w, _, e in outcomes if e and not isinstance(e, asyncio.CancelledError)]
    assert strays == []
    assert [w.tag for w, cancelled, error in outcomes if error and not cancelled] == []
    assert max(sizes) <= CONNECTIONS

    await until(lambda: engine.pool_metrics()["num_active"] == 0)
    await until(lambda: excess(baseline) == {})
    check_rows(database, {work.tag: (work, error) for work, _, error in outcomes})
    left_open = database.query(
        "SELECT pid, state, query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend' AND (state <> 'idle' OR xact_start IS NOT NULL)"
    )
    assert left_open == []
    results = await asyncio.gather(*(engine.execute("SELECT $1::int AS n", [n]) for n in range(500)))
    assert results == [[{"n": n}] for n in range(500)]


def check_rows(database: Database, outcomes: dict[int, tuple[Work, BaseException | None]]) -> None:
    """All or nothing for every transaction, and at most once for every insert."""
    rows = database.query("SELECT tag, array_agg(part ORDER BY part) AS parts FROM pairs GROUP BY tag")
    found = {row["tag"]: row["parts"] for row in rows}
    for tag, (work, error) in outcomes.items():
        parts = found.pop(tag, [])
        what = f"task {tag} ({work.kind.__name__}), {error!r}"
        assert parts in ([], [1, 2]), what
        if error is None:
            assert parts == ([1, 2] if work.pairs else []), what
        elif work.kind != work.insert_batch and not work.committing:
            assert parts == [], what
    assert found == {}
    assert database.query("SELECT tag FROM singles GROUP BY tag HAVING count(*) > 1") == []
    singles = {row["tag"] for row in database.query("SELECT tag FROM singles")}
    done = {tag for tag, (work, error) in outcomes.items() if work.kind == work.insert and error is None}
    assert done <= singles


def counters() -> dict[str, int]:
    """What the engine holds."""
    counted: dict[str, int] = json.loads(_binding.counters())
    return {name: counted[name] for name in ("queues", "pools", "transactions", "cursors", "operations", "buffers")}


def excess(baseline: dict[str, int]) -> dict[str, int]:
    """What the engine holds beyond the baseline."""
    return {name: value for name, value in counters().items() if value > baseline[name]}


async def test_connections_lost_at_random(
    engine: ModuleType, database: Database, proxy: TcpProxy, chance: random.Random
) -> None:
    """Connections are reset and backends killed all the time: only typed errors, and nothing done by halves."""
    await engine.init(proxy.dsn, max_connections=CONNECTIONS, max_retries=5, initial_retry_delay_ms=1)
    await engine.execute(TABLES)
    baseline = counters()
    outcomes: list[tuple[Work, BaseException | None]] = []
    slots = asyncio.Semaphore(12)

    async def attempt(work: Work) -> None:
        async with slots:
            try:
                await work.kind()
            except Exception as error:
                outcomes.append((work, error))
            else:
                outcomes.append((work, None))

    async def disturb() -> None:
        while True:
            await asyncio.sleep(chance.uniform(0, 0.03))
            if chance.random() < 0.5:
                await asyncio.to_thread(proxy.drop)
            else:
                await asyncio.to_thread(
                    database.query,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 2",
                )

    disturbance = asyncio.ensure_future(disturb())
    await asyncio.gather(*(attempt(Work(engine, chance, tag)) for tag in range(500)))
    disturbance.cancel()
    await asyncio.wait([disturbance])

    allowed = (engine.ConnectionFailedError, engine.TransactionClosedError)
    strays = [(w.tag, w.kind.__name__, e) for w, e in outcomes if e and not isinstance(e, allowed)]
    assert strays == []
    await until(lambda: engine.pool_metrics()["num_active"] == 0)
    await until(lambda: excess(baseline) == {})
    # What was cut off may still be running on the server.
    await until(lambda: not running(database, ""))
    check_rows(database, {work.tag: (work, error) for work, error in outcomes})
    for n in range(50):
        assert await engine.execute("SELECT $1::int AS n", [n]) == [{"n": n}]
