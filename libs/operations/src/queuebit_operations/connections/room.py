"""How a room reads by the statements that lie beside it, on a connection of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

import asyncpg

from queuebit_store.connections.queries import named
from queuebit_store.connections.translate import translated


@cache
def statements_of(room: str) -> Mapping[str, str]:
    """The statements of a room by name."""
    return named(files("queuebit_operations").joinpath(room, "statements.sql").read_text(encoding="utf-8"))


class RoomReader:
    """Runs the statements of its room, and lets no error of the driver out. `room`: the folder in which they are."""

    room: ClassVar[str]

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection

    async def now(self) -> datetime:
        """The moment on the store's clock, in UTC: the one that operators and services share."""
        at: datetime = (await self._fetch_text("SELECT clock_timestamp()"))[0][0]
        return at.astimezone(UTC)

    async def _fetch(self, name: str, *arguments: Any) -> list[asyncpg.Record]:
        return await self._fetch_text(statements_of(self.room)[name], *arguments)

    async def _fetch_text(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """For a statement that was made of one of the room and the name of a table."""
        with translated():
            return await self._connection.fetch(statement, *arguments)

    async def _changed(self, name: str, *arguments: Any) -> int:
        """How many rows the statement changed."""
        with translated():
            done = await self._connection.execute(statements_of(self.room)[name], *arguments)
        return int(done.rsplit(" ", 1)[1])

    @asynccontextmanager
    async def one_moment(self) -> AsyncIterator[None]:
        """One snapshot for all that is read within: what belongs together is read together."""
        with translated():
            transaction = self._connection.transaction(isolation="repeatable_read", readonly=True)
            await transaction.start()
        try:
            yield
        finally:
            with translated():
                await transaction.rollback()
