"""The second lock on a real PostgreSQL: as the reader of a gateway a statement sees one tenant's rows, whatever it asks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from queuebit_store.access.grants import GUARDED, Service, reader_of
from queuebit_store.access.roles import planned_roles
from queuebit_store.audit.port import Deed
from queuebit_store.connections.queries import locked, queries
from queuebit_store.connections.settings import QUERY
from queuebit_store.ports import ApiKeyRow, Position, StreamFilter
from queuebit_store.postgres import PostgresSettings, PostgresStore
from queuebit_store.webhooks.port import NewDelivery, NewEndpoint
from tests.contract.store.builders import an_append, an_id, at
from tests.integration.store.service_users import as_user, users

__all__ = ["users"]
TENANTS = ("acme", "globex")


async def _fill(store: PostgresStore) -> None:
    """A row of each tenant in every guarded table."""
    for nth, tenant in enumerate(TENANTS, start=1):
        await store.add_tenant(tenant, at(0))
        assert await store.append([an_append(nth, events=2, tenant=tenant)]) == [True]
        await store.add_key(ApiKeyRow(f"key{nth}", tenant, "viewer", b"h", at(0)))
        endpoint = NewEndpoint(UUID(int=nth), tenant, "https://x.example/", "", "{}", b"s", Position())
        await store.add_endpoint(endpoint)
        await store.add_delivery(
            NewDelivery(UUID(int=10 + nth), endpoint.endpoint_id, tenant, an_id(nth), 1, "JobCompleted", at(0), "{}")
        )
        await store.note_deed(Deed(UUID(int=20 + nth), tenant, at(0), "key:a", "key.make", "k"))


@pytest.fixture
async def filled(users: dict[Service, str], settings: PostgresSettings) -> dict[Service, str]:
    async with await PostgresStore.open(settings) as store:
        await _fill(store)
    return users


@pytest.fixture
async def reader(filled: dict[Service, str], settings: PostgresSettings) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the gateway that acts as its reader."""
    own = {"search_path": f'"{settings.namespace}"', "role": reader_of(filled["gateway"])}
    connection = await asyncpg.connect(as_user(settings, "gateway").url, server_settings=own)
    yield connection
    await connection.close()


async def test_every_table_of_tenants_that_a_reader_may_read_is_guarded(
    reader: asyncpg.Connection, admin: asyncpg.Connection, settings: PostgresSettings
) -> None:
    rows = await reader.fetch(
        "SELECT c.relname, c.relrowsecurity FROM pg_class AS c WHERE c.relnamespace = quote_ident($1)::regnamespace"
        " AND c.relkind IN ('r', 'p', 'v') AND has_table_privilege(current_user, c.oid, 'SELECT')",
        settings.namespace,
    )
    assert {row["relname"]: row["relrowsecurity"] for row in rows} == dict.fromkeys(GUARDED, True)
    everything = await admin.fetchval(f'SELECT count(DISTINCT tenant) FROM "{settings.namespace}".event')
    assert everything == len(TENANTS)


@pytest.mark.parametrize("table", GUARDED)
async def test_a_statement_without_any_clause_sees_the_rows_of_its_tenant_alone(
    reader: asyncpg.Connection, table: str
) -> None:
    bare = f"SELECT tenant FROM {table}"
    seen = {tenant: {row[0] for row in await reader.fetch(locked(bare), tenant)} for tenant in (*TENANTS, "nobody")}

    assert seen == {"acme": {"acme"}, "globex": {"globex"}, "nobody": set()}
    assert await reader.fetch(bare) == []
    assert [row[0] for row in await reader.fetch(locked(f"{bare} WHERE tenant = $1"), "globex", "acme")] == []


NARROWED: dict[str, tuple[Any, ...]] = {
    "heads": ([an_id(1), an_id(2)],),
    "events_of": (an_id(1), 0, 10),
    "list_keys": (None,),
    "endpoints_of": ("globex",),
    "deliveries": (UUID(int=1), "globex", ["pending"], None, None, 10),
    "deeds": ("globex", [], None, None, 10),
}
"""What gateways ask as readers, with the arguments of somebody who wants another tenant's rows."""


@pytest.mark.parametrize("name", NARROWED)
async def test_a_statement_of_the_gateway_whose_clause_was_forgotten_leaks_nothing(
    reader: asyncpg.Connection, name: str
) -> None:
    statement = f"SELECT tenant FROM ({locked(_forgotten(queries()[name]))}) AS told"
    found = {row["tenant"] for row in await reader.fetch(statement, *NARROWED[name], "acme")}
    assert found == {"acme"}


def _forgotten(statement: str) -> str:
    return re.sub(r"\b(?:s\.)?tenant = (\$\d+|COALESCE\(\$1::text, tenant\))", _always, statement)


def _always(clause: re.Match[str]) -> str:
    parameter = re.search(r"\$\d+", clause[0])
    assert parameter is not None
    return f"({parameter[0]}::text IS NULL OR true)"


async def test_a_gateway_finds_its_reader_and_reads_as_the_owner_does(
    filled: dict[Service, str], settings: PostgresSettings
) -> None:
    ids = [an_id(1), an_id(2)]
    async with (
        await PostgresStore.open(settings) as owner,
        await PostgresStore.open(as_user(settings, "gateway")) as gateway,
    ):
        for store in (owner, gateway):
            assert set(await store.heads(ids)) == {*ids}
            assert set(await store.heads(ids, tenant="acme")) == {an_id(1)}
            assert await store.events_of(an_id(2), tenant="acme") == []
        assert await gateway.events_of(an_id(2), tenant="globex") == await owner.events_of(an_id(2))
        for states in ((), ("planned",)):
            wanted = StreamFilter("acme", states)
            assert await gateway.list_heads(wanted, limit=9) == await owner.list_heads(wanted, limit=9)
        for tenant in TENANTS:
            assert await gateway.list_keys(tenant) == await owner.list_keys(tenant)
            assert await gateway.endpoints(tenant) == await owner.endpoints(tenant)
            assert await gateway.deeds(tenant, limit=9) == await owner.deeds(tenant, limit=9)
        assert await gateway.read_tenant("acme", Position(), limit=9) == await owner.read_tenant(
            "acme", Position(), limit=9
        )


async def test_a_namesake_of_the_reader_that_this_database_does_not_know_is_none(
    filled: dict[Service, str], settings: PostgresSettings, admin: asyncpg.Connection
) -> None:
    """Users are those of the whole server: one that another database made reads nothing here."""
    await admin.execute(f'DROP POLICY of_tenant ON "{settings.namespace}".deed')
    await admin.execute(f'REVOKE SELECT ON "{settings.namespace}".deed FROM "{reader_of(filled["gateway"])}"')
    async with await PostgresStore.open(as_user(settings, "gateway")) as gateway:
        assert [deed.tenant for deed in await gateway.deeds("acme", limit=9)] == ["acme"]
        assert set(await gateway.heads([an_id(1), an_id(2)], tenant="acme")) == {an_id(1)}


@pytest.mark.parametrize(("name", "states"), [("list_tenant", ()), ("list_states", ("planned",))])
async def test_a_list_whose_clause_was_forgotten_leaks_nothing(
    filled: dict[Service, str],
    settings: PostgresSettings,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    states: tuple[str, ...],
) -> None:
    forgotten = _forgotten(queries()[name])
    monkeypatch.setitem(queries(), name, forgotten)
    async with await PostgresStore.open(as_user(settings, "gateway")) as gateway:
        rows = await gateway.list_heads(StreamFilter("acme", states), limit=9)
        bare = await gateway._session.fetch(name, "acme", None, None, ["job"], [*states], "{}", None, None, 9)
    assert [row.stream_id for row in rows] == [an_id(1)]
    assert {row["tenant"] for row in bare} == {*TENANTS}


async def test_what_is_looked_for_by_its_id_is_found_by_the_same_index_as_without_the_lock(
    reader: asyncpg.Connection, admin: asyncpg.Connection, settings: PostgresSettings
) -> None:
    await admin.execute(f'SET search_path TO "{settings.namespace}"')
    for name in ("heads", "events_of"):
        statement = queries()[name]
        assert _walks(await _plan(reader, locked(statement))) == _walks(await _plan(admin, statement)), name


async def _plan(connection: asyncpg.Connection, statement: str) -> list[asyncpg.Record]:
    settings = "; ".join(f"SET {name} = {value}" for name, value in {**QUERY.planner}.items())
    count = max(int(each) for each in re.findall(r"\$(\d+)", statement))
    await connection.execute(f"{settings}; PREPARE plan AS {statement}")
    plan = await connection.fetch(f"EXPLAIN EXECUTE plan ({', '.join(['NULL'] * count)})")
    await connection.execute("DEALLOCATE plan")
    return list(plan)


def _walks(plan: list[asyncpg.Record]) -> list[str]:
    """The indexes, and what is looked for in them."""
    lines = [re.sub(r"\s*\(cost.*", "", row[0].strip().removeprefix("->").strip()) for row in plan]
    return sorted({each for each in lines if "Index Cond" in each or "Index Scan" in each})


async def test_applying_again_touches_no_table(users: dict[Service, str], settings: PostgresSettings) -> None:
    again = await planned_roles(settings, {})
    assert [each for each in again if "POLICY" in each or "ROW LEVEL" in each] == []
    other = await planned_roles(settings, {"gateway": "another"})
    assert sum("CREATE POLICY" in each for each in other) == 2 * len(GUARDED)
