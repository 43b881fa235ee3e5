"""Forward-only migrations: applied once, in order, under a lock, recorded with the checksum of their text.

A file is called `NNNN_pre_what.sql` or `NNNN_post_what.sql`. A pre migration must work with the code that runs already and
is applied before new code starts; a post migration is applied when no old code runs any more. Code refuses a database that
lacks one of its pre migrations, and tolerates newer ones that it does not know.

A migration that would make writes wait for long has a file of the same name beside it, under `online/`: its statements do the
same one by one, each by itself, where the database was migrated before. They may be interrupted anywhere, and are then run
again from the first; what is recorded is the migration all the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

import asyncpg

from queuebit_store.connections.queries import named, queries
from queuebit_store.connections.session import Session
from queuebit_store.connections.settings import MIGRATE, PostgresSettings, connect_arguments
from queuebit_store.connections.translate import translated
from queuebit_store.errors import InvalidSettings, MigrationChanged, SchemaMismatch, StoreLocked

TURN_S, TURN_POLL_S = 60.0, 0.1
"""So long a process waits for another that migrates, and so often it asks: whoever waited within a statement would be waited
for by an index that is made while writes go on.
"""
_FILE = re.compile(r"(\d{4})_(pre|post)_(\w+)\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One file. `checksum` is the SHA-256 of its text. `online`: the statements in its place where writes are not to wait."""

    name: str
    phase: Literal["pre", "post"]
    text: str
    online: tuple[str, ...] = ()

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """What the database has and what this version brings, by name."""

    applied: tuple[str, ...]
    pending_pre: tuple[str, ...]
    pending_post: tuple[str, ...]
    unknown: tuple[str, ...]


def shipped() -> tuple[Migration, ...]:
    """The migrations of this version, in order."""
    return read_migrations(_texts("migrations"), dict(_texts("online")))


def _texts(folder: str) -> Iterator[tuple[str, str]]:
    for entry in files("queuebit_store").joinpath("sql", folder).iterdir():
        yield entry.name, entry.read_text(encoding="utf-8")


def read_migrations(texts: Iterable[tuple[str, str]], online: Mapping[str, str] | None = None) -> tuple[Migration, ...]:
    """Migrations from (file name, text), in order; of some `online` has the file of that name. Raises InvalidSettings for a
    name that does not follow the pattern.
    """
    found = []
    for name, text in sorted(texts):
        match = _FILE.fullmatch(name)
        if match is None:
            raise InvalidSettings(f"{name} is not the name of a migration.", remedy="Call it NNNN_pre_what.sql.")
        alone = tuple(named((online or {}).get(name, "")).values())
        found.append(Migration(name.removesuffix(".sql"), "pre" if match[2] == "pre" else "post", text, alone))
    return tuple(found)


def compare(migrations: Sequence[Migration], applied: dict[str, str]) -> SchemaStatus:
    """Compare with what a database recorded (name to checksum). Raises MigrationChanged."""
    for migration in migrations:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise MigrationChanged(f"The migration {migration.name} was applied with another text.")
    pending = [migration for migration in migrations if migration.name not in applied]
    known = {migration.name for migration in migrations}
    return SchemaStatus(
        applied=tuple(sorted(applied)),
        pending_pre=tuple(one.name for one in pending if one.phase == "pre"),
        pending_post=tuple(one.name for one in pending if one.phase == "post"),
        unknown=tuple(sorted(set(applied) - known)),
    )


async def check_schema(session: Session) -> None:
    """Raise SchemaMismatch unless every pre migration of this version is applied."""
    rows = await session.fetch("applied_migrations")
    status = compare(shipped(), {row["name"]: row["checksum"] for row in rows})
    if status.pending_pre:
        raise SchemaMismatch(f"The database lacks the migrations {', '.join(status.pending_pre)}.")


async def migrate(
    settings: PostgresSettings, *, post: bool = False, migrations: Sequence[Migration] | None = None
) -> tuple[str, ...]:
    """Apply what is pending, each migration in its own transaction, or so that writes go on where there may be any; the names
    of those applied.

    Post migrations are applied only with `post`, or where nothing was there before, so that no older code can run; then every
    one before it must be applied too, in file order. Several processes may do this at the same time: they take turns. Raises
    MigrationChanged, StoreUnavailable, InvalidSettings. After any of these the same is done again, and goes on where it was.
    """
    wanted = shipped() if migrations is None else tuple(migrations)
    async with _connection(settings) as connection:
        await _take_turns(connection, settings.namespace)
        with translated():
            await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{settings.namespace}"')
            await connection.execute(queries()["create_migrations"])
        status = compare(wanted, await _applied(connection))
        names = {*status.pending_pre, *(status.pending_post if post or not status.applied else ())}
        for migration in (one for one in wanted if one.name in names):
            alone = migration.online if status.applied else ()
            with translated():
                for statement in alone:
                    await connection.execute(statement)
                async with connection.transaction():
                    if not alone:
                        await connection.execute(migration.text)
                    await connection.execute(queries()["record_migration"], migration.name, migration.checksum)
    return tuple(one.name for one in wanted if one.name in names)


async def schema_status(settings: PostgresSettings) -> SchemaStatus:
    """What is applied and what is pending; changes nothing. Raises MigrationChanged, StoreUnavailable."""
    async with _connection(settings) as connection:
        with translated():
            exists = await connection.fetchval("SELECT to_regclass('schema_migration') IS NOT NULL")
        return compare(shipped(), await _applied(connection) if exists else {})


async def new_epoch(settings: PostgresSettings, *, past: int = 0) -> int:
    """Begin the next epoch after a restore that reset transaction ids, later than `past`; no service may be running. Gives its
    number.
    """
    async with _connection(settings) as connection:
        with translated():
            epoch: int = await connection.fetchval(queries()["new_epoch"], past)
        return epoch


async def _take_turns(connection: asyncpg.Connection[asyncpg.Record], namespace: str) -> None:
    loop = asyncio.get_running_loop()
    until_s = loop.time() + TURN_S
    while True:
        with translated():
            if await connection.fetchval(queries()["lock_migrations"], namespace):
                return
        if loop.time() > until_s:
            raise StoreLocked(f"Another process has been migrating {namespace} for {TURN_S:g} s.")
        await asyncio.sleep(TURN_POLL_S)


@asynccontextmanager
async def _connection(settings: PostgresSettings) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    with translated():
        connection = await asyncpg.connect(**connect_arguments(settings, role=MIGRATE))
    try:
        yield connection
    except BaseException:
        connection.terminate()
        raise
    with translated():
        await connection.close()


async def _applied(connection: asyncpg.Connection[asyncpg.Record]) -> dict[str, str]:
    with translated():
        rows = await connection.fetch(queries()["applied_migrations"])
    return {row["name"]: row["checksum"] for row in rows}
