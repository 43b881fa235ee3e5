"""A server that is away, goes away, or refuses: one error tree, and what a caller may conclude."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import asyncpg
import pytest

from queuebit_store.errors import InvalidSettings, StoreUnavailable
from queuebit_store.postgres import PostgresSettings, PostgresStore, settings_from
from tests.contract.store.builders import a_head, an_append, an_id


class Link:
    """A TCP relay to the server that a test can cut, before or after the request has reached the server."""

    def __init__(self, settings: PostgresSettings) -> None:
        parts = urlsplit(settings.url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._settings = settings
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.deaf = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[PostgresSettings]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        parts = urlsplit(self._settings.url)
        netloc = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}"
        try:
            yield replace(self._settings, url=parts._replace(netloc=netloc).geturl(), append_connections=1)
        finally:
            server.close()
            self.cut()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Break every connection."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(*self._target)
        self._writers += [writer, server_writer]
        for task in (
            asyncio.create_task(self._pump(reader, server_writer, answers=False)),
            asyncio.create_task(self._pump(server_reader, writer, answers=True)),
        ):
            self._tasks.add(task)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        try:
            while data := await source.read(65536):
                if answers and self.deaf:
                    # The server has done what was asked, and nobody hears of it.
                    self.cut()
                    return
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()


async def test_lost_answer_is_ambiguous_and_appending_again_is_safe(settings: PostgresSettings) -> None:
    link = Link(settings)
    async with link.open() as through, await PostgresStore.open(through) as store:
        await store.append([an_append(1)])

        link.deaf = True
        with pytest.raises(StoreUnavailable):
            await store.append([an_append(1, expected=1, events=2, head=a_head("queued"))])
        link.deaf = False

        # The first try took effect: the second is a conflict, and the caller finds its own events.
        assert await store.append([an_append(1, expected=1, events=2, head=a_head("queued"))]) == [False]
        assert [event.version for event in await store.events_of(an_id(1))] == [1, 2, 3]
        assert await store.append([an_append(1, expected=3)]) == [True]


async def test_cut_connections_are_replaced(settings: PostgresSettings) -> None:
    link = Link(settings)
    async with link.open() as through, await PostgresStore.open(through) as store:
        await store.append([an_append(1)])
        lease = await store.take("relay", "one", 600.0)
        assert lease is not None
        link.cut()

        async with asyncio.timeout(60):
            while True:
                try:
                    assert await store.append([an_append(1, expected=1)]) in ([True], [False])
                    assert len(await store.events_of(an_id(1))) == 2
                    # A cut session loses no lead: it is not the session that leads.
                    assert await store.take("relay", "one", 600.0) == lease
                    break
                except StoreUnavailable:
                    await asyncio.sleep(0.01)


async def test_no_server_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(StoreUnavailable, match="check that PostgreSQL runs"):
            await PostgresStore.open(PostgresSettings(f"postgresql://u:p@127.0.0.1:{port}/d"))


async def test_closed_store_is_unavailable(settings: PostgresSettings) -> None:
    store = await PostgresStore.open(settings)
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.append([an_append(1)])


async def test_wrong_password_is_permanent(settings: PostgresSettings) -> None:
    parts = urlsplit(settings.url)
    wrong = f"postgresql://{parts.username}:wrong-{parts.username}@{parts.hostname}:{parts.port}{parts.path}"
    with pytest.raises(InvalidSettings, match="Check user, password"):
        await PostgresStore.open(replace(settings, url=wrong))


async def test_statement_that_waits_too_long_is_unavailable(
    settings: PostgresSettings, admin: asyncpg.Connection
) -> None:
    hasty = replace(settings, statement_timeout_s=2.0)
    async with await PostgresStore.open(hasty) as store:
        await store.append([an_append(1)])
        async with admin.transaction():
            await admin.execute("SELECT 1 FROM stream FOR UPDATE")
            with pytest.raises(StoreUnavailable, match="statement timeout"):
                await store.append([an_append(1, expected=1)])
        assert await store.append([an_append(1, expected=1)]) == [True]


async def test_errors_do_not_quote_the_data(postgres_store: PostgresStore) -> None:
    secret = '{"name": "Ada Lovelace" oops}'
    append = an_append(1)
    with pytest.raises(Exception, match="json") as caught:
        await postgres_store.append([append._replace(events=(append.events[0]._replace(data=secret),))])

    assert "Lovelace" not in str(caught.value)
    assert "oops" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("namespace", ["", "Upper", "1st", "pg_mine", 'a"b', "a-b", "x" * 64])
def test_namespace_must_be_a_plain_name(namespace: str) -> None:
    with pytest.raises(InvalidSettings, match="namespace"):
        PostgresSettings("postgresql://h/d", namespace=namespace)


def test_settings_come_from_the_environment() -> None:
    env = {"QUEUEBIT_POSTGRES": "postgresql://u@h/d"}

    assert settings_from(env) == PostgresSettings("postgresql://u@h/d", namespace="queuebit")
    assert settings_from({**env, "QUEUEBIT_NAMESPACE": "replay_1"}).namespace == "replay_1"
    assert settings_from({**env, "QUEUEBIT_NAMESPACE": "replay_1"}, namespace="mine").namespace == "mine"
    with pytest.raises(InvalidSettings, match="QUEUEBIT_POSTGRES"):
        settings_from({})
    with pytest.raises(InvalidSettings, match="URL"):
        settings_from({"QUEUEBIT_POSTGRES": "mysql://h/d"})
