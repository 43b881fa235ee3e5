"""Migrations: from nothing, again, at the same time, drifted, missing, and newer than this version."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

import asyncpg
import pytest

from queuebit_store.connections.migrations import SchemaStatus, migrate, read_migrations, schema_status, shipped
from queuebit_store.errors import InvalidSettings, MigrationChanged, SchemaMismatch, StoreFailed
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
    assert await command("new-epoch") == (0, "epoch 2\n", "")
    status, out, err = await command("status", url="")
    assert (status, out) == (1, "")
    assert "QUEUEBIT_POSTGRES is not set." in err
