"""What a new session is told, by the version of the server."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import pytest

from queuebit_store.connections.session import Session
from queuebit_store.connections.settings import QUERY
from queuebit_store.postgres import PostgresSettings


class Version(NamedTuple):
    major: int


class Connection:
    """Keeps what it is told."""

    def __init__(self, major: int) -> None:
        self.major = major
        self.told: list[tuple[Any, ...]] = []

    def get_server_version(self) -> Version:
        return Version(self.major)

    async def set_type_codec(self, *_: object, **__: object) -> None: ...

    async def fetchval(self, statement: str, *arguments: object) -> None:
        self.told.append((statement.split("\n")[0], *arguments))


@pytest.mark.parametrize(
    ("major", "told", "warnings"),
    [
        (18, [("-- name: bound_transactions", "15000")], 0),
        (17, [("-- name: bound_transactions", "15000")], 0),
        (16, [], 1),
    ],
)
async def test_transactions_are_bounded_where_the_server_can_and_else_it_is_said_once(
    major: int, told: list[tuple[str, str]], warnings: int, caplog: pytest.LogCaptureFixture
) -> None:
    session = Session(PostgresSettings("postgresql://u@h/d"))
    connections = [Connection(major), Connection(major)]

    with caplog.at_level(logging.WARNING, "queuebit_store"):
        for connection in connections:
            await session._begin(connection, role=QUERY)  # type: ignore[arg-type]

    assert [connection.told for connection in connections] == [told, told]
    assert [record.args for record in caplog.records] == [(major,)] * warnings
