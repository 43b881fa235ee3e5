"""What only a real server can show of who holds the horizon: other databases, prepared transactions, rights, read only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from queuebit_devstack import postgres as server_module
from queuebit_devstack.ports import free_ports
from queuebit_devstack.postgres import PostgresServer
from queuebit_devstack.processes import end_processes
from queuebit_domain.projections.backlog import BACKLOG
from queuebit_store.connections.migrations import migrate
from queuebit_store.diagnosis.port import HorizonHolder
from queuebit_store.errors import StatementRefused, StoreUnavailable
from queuebit_store.partitions.port import Partition
from queuebit_store.postgres import PostgresSettings, PostgresStore
from tests.contract.store.builders import an_append

SECRET = "of one test"


@pytest.fixture
async def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A cluster of its own that allows prepared transactions; gives its URL."""
    monkeypatch.setattr(server_module, "SETTINGS", {**server_module.SETTINGS, "max_prepared_transactions": "4"})
    server = PostgresServer(tmp_path, free_ports(1)[0])
    await server.prepare()
    child = server.spawn()
    try:
        await server.wait_ready(child)
        yield server.url
    finally:
        await asyncio.to_thread(end_processes, [child.record], ask=server_module.STOP_SIGNAL, grace_s=15.0)


async def test_a_forgotten_prepared_transaction_and_a_writer_in_another_database_are_found(cluster: str) -> None:
    settings = PostgresSettings(cluster, namespace="queuebit")
    await migrate(settings)
    neighbour = await asyncpg.connect(cluster.rpartition("/")[0] + "/postgres")
    async with await PostgresStore.open(settings) as store:
        await neighbour.execute("BEGIN; SELECT pg_current_xact_id(); PREPARE TRANSACTION 'forgotten'")
        await neighbour.execute("SET application_name = 'backup'; BEGIN; SELECT pg_current_xact_id()")
        await store.append([an_append(1)])

        forgotten, writer = await store.horizon_holders()
        assert (await store.backlog("relay")).held_age_s is not None

        assert forgotten.age_s is not None
        assert writer.age_s is not None
        assert replace(forgotten, age_s=0.0) == HorizonHolder(
            "prepared", "forgotten", "postgres", "queuebit", "", "prepared", 0.0
        )
        assert replace(writer, age_s=0.0) == HorizonHolder(
            "session",
            str(neighbour.get_server_pid()),
            "postgres",
            "queuebit",
            "backup",
            "idle in transaction",
            0.0,
        )
        await neighbour.execute("ROLLBACK")
        assert (await store.backlog("relay")).held_age_s is not None
        await neighbour.execute("ROLLBACK PREPARED 'forgotten'")
        assert (await store.backlog("relay")).held_age_s is None
    await neighbour.close()


async def test_without_rights_the_holder_is_named_and_its_age_is_not_and_no_month_is_made(cluster: str) -> None:
    settings = PostgresSettings(cluster, namespace="queuebit")
    await migrate(settings)
    owner = await asyncpg.connect(cluster)
    await owner.execute(
        f"CREATE ROLE modest LOGIN PASSWORD '{SECRET}'; GRANT USAGE ON SCHEMA queuebit TO modest;"
        "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA queuebit TO modest"
    )
    head, _, tail = cluster.rpartition("@")
    modest = replace(settings, url=f"postgresql://modest:{SECRET.replace(' ', '%20')}@{tail}")
    assert head
    async with await PostgresStore.open(modest) as store, owner.transaction():
        await owner.fetchval("SELECT pg_current_xact_id()")
        holder = (await store.horizon_holders())[0]
        await owner.execute("SELECT 1")

        assert (holder.who, holder.user, holder.database) == (str(owner.get_server_pid()), "queuebit", "queuebit")
        assert (holder.state, holder.age_s) == (None, None)
    month = Partition("event_2099_01", datetime(2099, 1, 1, tzinfo=UTC), datetime(2099, 2, 1, tzinfo=UTC))
    async with await PostgresStore.open(modest) as store:
        with pytest.raises(
            StatementRefused, match=r"event_2099_01 of the log cannot be made.*\(42501\).*the owner of the table"
        ):
            await store.add_partition(month)
        with pytest.raises(StatementRefused, match=r"permission denied.*\(42501\)"):
            await store.create_build(BACKLOG, live=True)
    await owner.execute("GRANT pg_read_all_stats TO modest")
    async with await PostgresStore.open(modest) as store, owner.transaction():
        await owner.fetchval("SELECT pg_current_xact_id()")
        assert (await store.horizon_holders())[0].age_s is not None
    await owner.close()


async def test_a_server_that_is_set_to_read_only_says_so_and_is_unavailable(settings: PostgresSettings) -> None:
    read_only = replace(settings, url=f"{settings.url}?default_transaction_read_only=on")
    async with await PostgresStore.open(read_only) as store:
        assert await store.writable() is False
        with pytest.raises(StoreUnavailable, match="read-only"):
            await store.append([an_append(1)])
        with pytest.raises(StoreUnavailable, match="read-only"):
            await store.take("relay", "one", 3.0)
