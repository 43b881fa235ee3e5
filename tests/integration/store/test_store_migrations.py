"""Migrations: from nothing, again, at the same time, drifted, missing, and newer than this version."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.resources import files
from uuid import UUID

import asyncpg
import pytest

from queuebit_store.connections.migrations import (
    Migration,
    SchemaStatus,
    migrate,
    read_migrations,
    schema_status,
    shipped,
)
from queuebit_store.errors import InvalidSettings, MigrationChanged, SchemaMismatch, StoreError, StoreFailed
from queuebit_store.postgres import PostgresSettings, PostgresStore

NAMES = tuple(migration.name for migration in shipped())
PRE = tuple(migration.name for migration in shipped() if migration.phase == "pre")
POST = tuple(migration.name for migration in shipped() if migration.phase == "post")


async def test_empty_database_gets_everything_once(empty_settings: PostgresSettings) -> None:
    assert await schema_status(empty_settings) == SchemaStatus((), PRE, POST, ())

    assert await migrate(empty_settings) == NAMES
    assert await migrate(empty_settings) == ()

    assert await schema_status(empty_settings) == SchemaStatus(NAMES, (), (), ())


async def test_processes_that_migrate_at_the_same_time_take_turns(empty_settings: PostgresSettings) -> None:
    done = await asyncio.gather(*(migrate(empty_settings) for _ in range(4)))

    assert sorted(done) == [(), (), (), NAMES]


async def test_database_without_tables_is_refused_with_the_remedy(empty_settings: PostgresSettings) -> None:
    with pytest.raises(SchemaMismatch, match="python -m queuebit_store migrate"):
        await PostgresStore.open(empty_settings)


async def test_database_that_lacks_a_migration_is_refused_with_the_remedy(
    settings: PostgresSettings, admin: asyncpg.Connection
) -> None:
    await admin.execute("DELETE FROM schema_migration WHERE name = $1", PRE[-1])

    with pytest.raises(SchemaMismatch, match=rf"{PRE[-1]}.*python -m queuebit_store migrate"):
        await PostgresStore.open(settings)


async def test_migration_whose_text_changed_is_refused(settings: PostgresSettings) -> None:
    first, *others = shipped()
    changed = [replace(first, text=first.text + "\n"), *others]

    with pytest.raises(MigrationChanged, match=first.name):
        await migrate(settings, migrations=changed)


async def test_checksum_drift_stops_a_service_too(settings: PostgresSettings, admin: asyncpg.Connection) -> None:
    await admin.execute("UPDATE schema_migration SET checksum = 'other'")

    with pytest.raises(MigrationChanged):
        await PostgresStore.open(settings)
    with pytest.raises(MigrationChanged):
        await schema_status(settings)


async def test_newer_database_is_accepted(settings: PostgresSettings) -> None:
    newer = read_migrations([("9999_pre_more.sql", "ALTER TABLE tenant ADD COLUMN note text;")])
    assert await migrate(settings, migrations=[*shipped(), *newer]) == ("9999_pre_more",)

    async with await PostgresStore.open(settings) as store:
        assert await store.known_tenants(["acme"]) == frozenset()
    assert (await schema_status(settings)).unknown == ("9999_pre_more",)


async def test_post_migrations_wait_until_they_are_asked_for(settings: PostgresSettings) -> None:
    post = read_migrations([("9998_post_less.sql", "ALTER TABLE tenant DROP COLUMN created_at;")])

    assert await migrate(settings, migrations=[*shipped(), *post]) == ()
    assert await migrate(settings, migrations=[*shipped(), *post], post=True) == ("9998_post_less",)


async def test_migration_that_fails_leaves_nothing_behind(
    settings: PostgresSettings, admin: asyncpg.Connection
) -> None:
    bad = read_migrations([("9999_pre_bad.sql", "CREATE TABLE half (x int); SELECT 1 / 0 FROM no_such_table;")])

    with pytest.raises((StoreFailed, SchemaMismatch)):
        await migrate(settings, migrations=[*shipped(), *bad])

    assert await admin.fetchval("SELECT to_regclass('half')") is None
    assert (await schema_status(settings)).applied == NAMES


ONLINE = [migration for migration in shipped() if migration.online]
RARE = "0030_pre_rare_streams"
WRITE = """INSERT INTO stream (stream_id, category, tenant, version, state, attributes, created_at, updated_at)
VALUES ($1, 'job', 'acme', 1, 'submitted', '{}', now(), now())"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = $1 ORDER BY indexname"
STANDING = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('stream_rare')"
MAKING = "SELECT pid FROM pg_stat_progress_create_index WHERE relid = to_regclass('stream')"


@asynccontextmanager
async def connected(settings: PostgresSettings) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(settings.url, server_settings={"search_path": f'"{settings.namespace}"'})
    try:
        yield connection
    finally:
        await connection.close()


async def half_made(connection: asyncpg.Connection) -> None:
    """Wait until the index is there and answers nothing yet."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 60
    while await connection.fetchval(STANDING) is not False:
        assert loop.time() < deadline, "nobody makes the index"
        await asyncio.sleep(0.01)


async def test_index_is_made_while_writes_go_on_and_anew_after_an_interruption(
    empty_settings: PostgresSettings,
) -> None:
    """Given somebody who wrote and has not ended, then others write while the index waits for that; and given that the one who
    makes it is killed, then it is as pending as before, and is made by the next.
    """
    before = [migration for migration in shipped() if migration.name < RARE]
    since = tuple(migration.name for migration in shipped() if migration.name >= RARE)
    await migrate(empty_settings, migrations=before)
    async with connected(empty_settings) as slow, connected(empty_settings) as other:
        writing = slow.transaction()
        await writing.start()
        await slow.execute(WRITE, UUID(int=1))
        migrating = asyncio.create_task(migrate(empty_settings))
        await half_made(other)

        await other.execute("SET lock_timeout = '30s'")
        await other.execute(WRITE, UUID(int=2))
        assert not migrating.done()
        assert await other.fetch(f"SELECT pg_terminate_backend(pid) FROM ({MAKING}) AS making")
        with pytest.raises(StoreError):
            await migrating
        left = await schema_status(empty_settings)
        await writing.rollback()

        assert left.pending_pre == since
        assert await other.fetchval(STANDING) is False
        assert await migrate(empty_settings) == since
        assert await other.fetchval(STANDING) is True
        assert (await schema_status(empty_settings)).pending_pre == ()


@pytest.mark.parametrize("migration", ONLINE, ids=lambda migration: migration.name)
async def test_what_is_made_while_writes_go_on_is_what_is_made_at_first(
    empty_settings: PostgresSettings, migration: Migration
) -> None:
    before = [each for each in shipped() if each.name < migration.name]
    other = replace(empty_settings, namespace=f"{empty_settings.namespace[:40]}_at_once")
    async with connected(empty_settings) as connection:
        try:
            await migrate(empty_settings, migrations=before)
            await migrate(empty_settings, migrations=[*before, migration])
            await migrate(other, migrations=[*before, migration])

            made = [
                [
                    row["indexdef"].replace(settings.namespace, "")
                    for row in await connection.fetch(INDEXES, settings.namespace)
                ]
                for settings in (empty_settings, other)
            ]
            assert made[0] == made[1]
        finally:
            await connection.execute(f'DROP SCHEMA IF EXISTS "{other.namespace}" CASCADE')


def test_each_file_of_statements_for_a_running_store_belongs_to_a_migration() -> None:
    names = [entry.name for entry in files("queuebit_store").joinpath("sql", "online").iterdir()]

    assert sorted(names) == [f"{migration.name}.sql" for migration in ONLINE]
    assert all(len(migration.online) >= 2 for migration in ONLINE)


def test_names_that_do_not_follow_the_pattern_are_refused() -> None:
    with pytest.raises(InvalidSettings, match="NNNN_pre_what"):
        read_migrations([("1_more.sql", "")])


async def test_command_line(empty_settings: PostgresSettings) -> None:
    async def command(*words: str, url: str = empty_settings.url) -> tuple[int | None, str, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "queuebit_store", *words),
            env={"QUEUEBIT_POSTGRES": url, "QUEUEBIT_NAMESPACE": empty_settings.namespace},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    assert await command("status") == (3, "".join(f"pending {name}\n" for name in (*PRE, *POST)), "")
    assert await command("migrate") == (0, "".join(f"applied {name}\n" for name in NAMES), "")
    assert await command("migrate") == (0, "nothing to do\n", "")
    assert await command("status") == (0, "".join(f"applied {name}\n" for name in NAMES), "")
    status, out, err = await command("new-epoch")
    assert (status, out) == (1, "")
    assert "--past is not given" in err
    assert "queuebit ops new-epoch" in err
    assert await command("new-epoch", "--past", "0") == (0, "epoch 2\n", "")
    assert await command("new-epoch", "--past", "4") == (0, "epoch 5\n", "")
    status, out, err = await command("status", url="")
    assert (status, out) == (1, "")
    assert "QUEUEBIT_POSTGRES is not set." in err
