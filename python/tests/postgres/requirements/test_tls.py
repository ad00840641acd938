"""P0.3, P0.4: TLS that the server refuses, that cannot be verified, and that works."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import pytest

from fixtures.address import address
from fixtures.database import Database
from fixtures.observe import running, until

from .conftest import Records

RETRY = "Connection failed, retrying after delay"
SSL_REQUEST = bytes.fromhex("0000000804d2162f")


class TlsFront:
    """Speaks TLS, as the protocol prescribes, in front of a server that may be built without it.

    Attributes:
        port: Where it listens.
        certificate: Its certificate, for ``localhost``, signed by itself.
        handshakes: How many have succeeded.
    """

    def __init__(self, server: tuple[str, int], directory: Path) -> None:
        self.certificate, key = directory / "server.crt", directory / "server.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-out", self.certificate, "-keyout", key],
            check=True, capture_output=True,
        )  # fmt: skip
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, key)
        self._server = server
        self._tasks: set[asyncio.Task[None]] = set()
        self.handshakes = 0
        self.port = 0

    async def listen(self) -> None:
        """Starts."""
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Ends, and what is open as well."""
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # aborted transports close their sockets in the next turn of the loop

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ends = [writer]
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._server)
            open_ends.append(server_writer)
            first = await reader.readexactly(8)
            if first == SSL_REQUEST:
                writer.write(b"S")
                await writer.start_tls(self._context)
                self.handshakes += 1
            else:
                server_writer.write(first)
            await asyncio.gather(_pump(reader, server_writer), _pump(server_reader, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client has broken off, as it does when it does not like the certificate
        finally:
            for end in open_ends:
                end.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.transport.abort()


@pytest.fixture
async def tls_front(database: Database, tmp_path: Path) -> AsyncIterator[TlsFront]:
    """TLS in front of the empty database."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    front = TlsFront(address(database.dsn), tmp_path)
    await front.listen()
    yield front
    await front.close()


async def test_tls_refused_by_the_server(engine: ModuleType, records: Records, database: Database) -> None:
    """A server without TLS: one attempt, for it will not learn it."""
    if database.query("SHOW ssl") == [{"ssl": "on"}]:
        pytest.skip("the server of TEST_DATABASE_URL offers TLS")
    dsn = database.dsn.split("?")[0]
    with pytest.raises(engine.ConnectionFailedError, match=r"^Failed to initialize PostgreSQL: .*TLS") as caught:
        await engine.init(f"{dsn}?sslmode=require")
    assert not caught.value.is_retryable
    assert records.named(RETRY) == []
    await engine.init(f"{dsn}?sslmode=prefer")
    assert await engine.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == [{"ssl": False}]


async def test_tls_verification(engine: ModuleType, records: Records, database: Database, tls_front: TlsFront) -> None:
    parts = urlsplit(database.dsn)
    user = parts.netloc.rpartition("@")[0]

    def dsn(host: str, query: str) -> str:
        return parts._replace(netloc=f"{user}@{host}:{tls_front.port}", query=query).geturl()

    trusted = f"&sslrootcert={tls_front.certificate}"
    for refused in (
        dsn("localhost", "sslmode=verify-full"),  # unknown authority
        dsn("127.0.0.1", f"sslmode=verify-full{trusted}"),  # another name
    ):
        with pytest.raises(engine.ConnectionFailedError, match="certificate") as caught:
            await engine.init(refused)
        assert not caught.value.is_retryable
    assert records.named(RETRY) == []
    for accepted in (
        dsn("localhost", f"sslmode=verify-full{trusted}"),
        dsn("127.0.0.1", f"sslmode=verify-ca{trusted}"),
        dsn("127.0.0.1", "sslmode=require"),
    ):
        before = tls_front.handshakes
        await engine.init(accepted)
        assert await engine.execute("SELECT repeat('x', 100000) AS x") == [{"x": "x" * 100_000}]
        assert tls_front.handshakes > before
        await engine.close()


async def test_cancellation_through_tls(engine: ModuleType, database: Database, tls_front: TlsFront) -> None:
    """Cancelling a task ends its statement on the server there as well."""
    parts = urlsplit(database.dsn)
    user = parts.netloc.rpartition("@")[0]
    await engine.init(parts._replace(netloc=f"{user}@127.0.0.1:{tls_front.port}", query="sslmode=require").geturl())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await engine.execute("SELECT pg_sleep(600)")
    assert await engine.execute("SELECT 1 AS n") == [{"n": 1}]
    await until(lambda: not running(database, "pg_sleep(600)"))
