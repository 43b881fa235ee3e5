"""A database over TLS: who answers is verified before the password is said. The server is real; in front of it stands what
speaks PostgreSQL's way of asking for TLS, as the server of the wheel is built without.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from queuebit_store.errors import StoreError
from queuebit_store.postgres import PostgresSettings, PostgresStore
from tests.contract.store.builders import an_append
from tests.fakes.certificates import write_pair

ASKS_FOR_TLS = bytes.fromhex("00000008 04d2162f")
"""The message SSLRequest: its length, and 80877103."""
WAIT_S = 60.0


class Front:
    """Terminates TLS before a PostgreSQL, or, without a context, says that it has none; keeps what came in clear."""

    def __init__(self, url: str, context: ssl.SSLContext | None) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._behind = (parts.hostname, parts.port or 5432)
        self._context = context
        self.said_in_clear = b""

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            first = await reader.readexactly(8)
            if first != ASKS_FOR_TLS:
                self.said_in_clear += first
            elif self._context is None:
                writer.write(b"N")
                self.said_in_clear += await reader.read(4096)
            else:
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(self._context)
                behind_reader, behind_writer = await asyncio.open_connection(*self._behind)
                await asyncio.gather(pipe(reader, behind_writer), pipe(behind_reader, writer))
        writer.close()


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def fronted(url: str, context: ssl.SSLContext | None) -> AsyncIterator[tuple[Front, int]]:
    front = Front(url, context)
    server = await asyncio.start_server(front.take, "127.0.0.1", 0)
    try:
        yield front, server.sockets[0].getsockname()[1]
    finally:
        server.close()


def through(settings: PostgresSettings, port: int, host: str, query: str) -> PostgresSettings:
    parts = urlsplit(settings.url)
    login = parts.netloc.rpartition("@")[0]
    url = urlunsplit(parts._replace(netloc=f"{login}@{host}:{port}", query=query))
    return PostgresSettings(url, namespace=settings.namespace)


def speaking(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_a_verified_server_is_used_as_any_other(settings: PostgresSettings, tmp_path: Path) -> None:
    certificate, key = write_pair(tmp_path, "database")
    async with fronted(settings.url, speaking(certificate, key)) as (front, port):
        verified = through(settings, port, "localhost", f"sslmode=verify-full&sslrootcert={certificate}")
        async with await PostgresStore.open(verified) as store:
            assert await store.append([an_append(1, events=2)]) == [True]
    assert front.said_in_clear == b""


@pytest.mark.parametrize("case", ["another authority", "another name", "no TLS at all"])
async def test_who_cannot_be_verified_never_hears_the_password(
    settings: PostgresSettings, tmp_path: Path, case: str
) -> None:
    """Given a server that is not the one that is meant, then nothing of ours is said to it."""
    host = "elsewhere.example.com" if case == "another name" else "localhost"
    certificate, key = write_pair(tmp_path, "database", host=host, address="192.0.2.1")
    trusted = certificate
    if case == "another authority":
        other = tmp_path / "other"
        other.mkdir()
        trusted, _ = write_pair(other, "other")
    context = None if case == "no TLS at all" else speaking(certificate, key)
    async with fronted(settings.url, context) as (front, port):
        verified = through(settings, port, "localhost", f"sslmode=verify-full&sslrootcert={trusted}")
        with pytest.raises(StoreError) as caught:
            await asyncio.wait_for(PostgresStore.open(verified), WAIT_S)
    password = urlsplit(settings.url).password
    assert password is not None
    assert front.said_in_clear == b""
    assert password not in str(caught.value)
