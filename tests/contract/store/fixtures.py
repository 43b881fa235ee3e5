"""A namespace of its own in the PostgreSQL of the test run, for the tests of the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from queuebit_devstack.stack import Stack
from queuebit_store.connections.migrations import migrate
from queuebit_store.postgres import PostgresSettings, PostgresStore


@pytest.fixture
async def empty_settings(stack: Stack) -> AsyncIterator[PostgresSettings]:
    """A namespace where nothing is yet; dropped after the test."""
    settings = PostgresSettings(stack.postgres, namespace=f"test_{uuid4().hex}")
    yield settings
    connection = await asyncpg.connect(settings.url)
    try:
        await connection.execute(f'DROP SCHEMA IF EXISTS "{settings.namespace}" CASCADE')
    finally:
        await connection.close()


@pytest.fixture
async def settings(empty_settings: PostgresSettings) -> PostgresSettings:
    """A fresh namespace with all tables."""
    await migrate(empty_settings)
    return empty_settings


@pytest.fixture
async def postgres_store(settings: PostgresSettings) -> AsyncIterator[PostgresStore]:
    async with await PostgresStore.open(settings) as store:
        yield store


@pytest.fixture
async def admin(settings: PostgresSettings) -> AsyncIterator[asyncpg.Connection]:
    """A plain connection to the test's namespace, without the session settings of the store."""
    connection = await asyncpg.connect(settings.url, server_settings={"search_path": f'"{settings.namespace}"'})
    try:
        yield connection
    finally:
        await connection.close()
