"""A namespace of its own in the PostgreSQL of the test run, for the tests of the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from queuebit_devstack.stack import Stack
from queuebit_store.connections.migrations import shipped
from queuebit_store.connections.queries import queries
from queuebit_store.connections.settings import MIGRATE, connect_arguments
from queuebit_store.postgres import PostgresSettings, PostgresStore


@pytest.fixture
async def empty_settings(stack: Stack) -> AsyncIterator[PostgresSettings]:
    """A namespace where nothing is yet; dropped after the test."""
    settings = PostgresSettings(stack.postgres, namespace=f"test_{uuid4().hex}")
    yield settings
    connection = await unflushed(settings)
    try:
        await connection.execute(f'DROP SCHEMA IF EXISTS "{settings.namespace}" CASCADE')
    finally:
        await connection.close()


async def unflushed(settings: PostgresSettings) -> asyncpg.Connection:
    """A connection whose commits do not wait for the disk: the tables of a test outlive no crash."""
    arguments = connect_arguments(settings, role=MIGRATE)
    arguments["server_settings"]["synchronous_commit"] = "off"
    return await asyncpg.connect(**arguments)


@pytest.fixture
async def settings(empty_settings: PostgresSettings) -> PostgresSettings:
    """A fresh namespace with all tables, made in one transaction: one each, as `migrate` does, takes longer than most tests."""
    connection = await unflushed(empty_settings)
    try:
        async with connection.transaction():
            await connection.execute(f'CREATE SCHEMA "{empty_settings.namespace}"')
            await connection.execute(queries()["create_migrations"])
            await connection.execute(";\n".join(each.text for each in shipped()))
            record = [(each.name, each.checksum) for each in shipped()]
            await connection.executemany(queries()["record_migration"], record)
    finally:
        await connection.close()
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
