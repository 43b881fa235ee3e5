"""One user a service on a real PostgreSQL: each can do what it is for, nothing else, and no right is there for nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import asyncpg
import pytest

from queuebit_devstack.processes import child_env, run_tool
from queuebit_devstack.stack import Stack
from queuebit_store.access.grants import GRANTS, SERVICES, STATEMENTS, Service
from queuebit_store.access.roles import role_statements, users_of
from queuebit_store.connections.queries import charged_append, queries
from queuebit_store.errors import InvalidSettings, StatementRefused
from queuebit_store.partitions.port import Partition
from queuebit_store.postgres import PostgresSettings, PostgresStore
from tests.contract.store.builders import an_append, an_id, at
from tests.integration.store.service_users import as_user, users

__all__ = ["users"]

RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")


def statements_of(service: Service) -> dict[str, str]:
    found = {name: queries()[name] for name in STATEMENTS[service]}
    return found | ({"charged append": charged_append()} if service == "control-plane" else {})


async def refused(admin: asyncpg.Connection, user: str, statements: dict[str, str]) -> set[str]:
    """The statements that the user may not run. Explaining one asks for the same rights as running it."""
    found = set()
    for name, statement in statements.items():
        try:
            async with admin.transaction():
                await admin.execute(f'SET LOCAL ROLE "{user}"')
                await admin.execute(f"EXPLAIN (GENERIC_PLAN) {statement}")
        except asyncpg.InsufficientPrivilegeError:
            found.add(name)
    return found


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_may_run_its_statements(
    users: dict[Service, str], admin: asyncpg.Connection, service: Service
) -> None:
    assert await refused(admin, users[service], statements_of(service)) == set()


@pytest.mark.parametrize("service", SERVICES)
async def test_no_right_is_there_for_nothing(
    users: dict[Service, str], admin: asyncpg.Connection, settings: PostgresSettings, service: Service
) -> None:
    """Given all rights but one, some statement of the service fails."""
    idle = []
    for table, rights in GRANTS[service].items():
        for right in rights:
            transaction = admin.transaction()
            await transaction.start()
            await admin.execute(f'REVOKE {right} ON "{settings.namespace}"."{table}" FROM "{users[service]}"')
            if not await refused(admin, users[service], statements_of(service)):
                idle.append(f"{right} on {table}")
            await transaction.rollback()
    assert idle == []


@pytest.mark.parametrize("service", SERVICES)
async def test_all_else_is_denied(
    users: dict[Service, str], admin: asyncpg.Connection, settings: PostgresSettings, service: Service
) -> None:
    """Every table that there is, every right: what the server says is what the table of grants says."""
    tables = [
        row["tablename"]
        for row in await admin.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", settings.namespace)
    ]
    granted = {
        (table, right)
        for table in tables
        for right in RIGHTS
        if await admin.fetchval(
            "SELECT has_table_privilege($1, quote_ident($2) || '.' || quote_ident($3), $4)",
            users[service], settings.namespace, table, right,
        )
    }  # fmt: skip
    assert granted == {
        (table, right) for table, rights in GRANTS[service].items() for right in rights if right in RIGHTS
    }
    assert not await admin.fetchval(
        "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = $1", users[service]
    )


async def test_nobody_but_the_owner_changes_what_happened(
    users: dict[Service, str], settings: PostgresSettings
) -> None:
    async with await PostgresStore.open(as_user(settings, "control-plane")) as store:
        assert await store.append([an_append(1, events=2)]) == [True]
    for service in SERVICES:
        connection = await asyncpg.connect(
            as_user(settings, service).url, server_settings={"search_path": f'"{settings.namespace}"'}
        )
        try:
            for forbidden in (
                "UPDATE event SET data = '{}'",
                "DELETE FROM event",
                "TRUNCATE event",
                "DROP TABLE event",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(forbidden)
        finally:
            await connection.close()


async def test_the_adapter_cannot_read_what_events_say(users: dict[Service, str], settings: PostgresSettings) -> None:
    connection = await asyncpg.connect(
        as_user(settings, "quantum-adapter").url, server_settings={"search_path": f'"{settings.namespace}"'}
    )
    try:
        for forbidden in (
            "SELECT data FROM event",
            "SELECT * FROM payload",
            "SELECT * FROM stream",
            "SELECT * FROM api_key",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(forbidden)
    finally:
        await connection.close()


async def test_a_gateway_reads_what_the_control_plane_writes_and_writes_no_events(
    users: dict[Service, str], settings: PostgresSettings
) -> None:
    async with (
        await PostgresStore.open(as_user(settings, "control-plane")) as plane,
        await PostgresStore.open(as_user(settings, "gateway")) as gateway,
    ):
        await plane.append([an_append(1, events=2)])
        assert set(await gateway.heads([an_id(1)])) == {an_id(1)}
        with pytest.raises(StatementRefused):
            await gateway.append([an_append(2, events=1)])


async def test_the_control_plane_makes_partitions_without_owning_the_log(
    users: dict[Service, str], settings: PostgresSettings, admin: asyncpg.Connection
) -> None:
    async with await PostgresStore.open(as_user(settings, "control-plane")) as plane:
        partition = Partition("event_2040_01", at(0).replace(year=2040, month=1), at(0).replace(year=2040, month=2))
        assert await plane.add_partition(partition)
    owners = await admin.fetch(
        "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = $1 AND tablename LIKE 'event%'",
        settings.namespace,
    )
    assert users["control-plane"] not in [row["tableowner"] for row in owners]
    assert len(owners) == 1


async def test_roles_are_told_and_set_by_one_command_and_setting_them_again_changes_nothing(
    stack: Stack, users: dict[Service, str], settings: PostgresSettings, tmp_path: Path
) -> None:
    file = tmp_path / "passwords.json"
    file.write_text(json.dumps({users["gateway"]: "another-geheim"}))
    own = {"QUEUEBIT_POSTGRES": settings.url, "QUEUEBIT_NAMESPACE": settings.namespace}
    argv = [sys.executable, "-m", "queuebit_store", "roles"]
    told = await run_tool(argv, env=child_env(stack.data_dir, own), timeout_s=60)
    assert f'GRANT SELECT, INSERT ON "{settings.namespace}"."event" TO "{users["control-plane"]}";' in told
    said = await run_tool([*argv, "--apply", "--users", str(file)], env=child_env(stack.data_dir, own), timeout_s=60)
    assert f"gateway: {users['gateway']}" in said
    assert "geheim" not in told + said
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(as_user(settings, "gateway").url)


def test_rights_that_are_no_longer_in_the_table_are_withdrawn_first() -> None:
    said = list(role_statements("q", users_of("q", {}), ["stream", "price", "projection_job_list_1_1"]))
    gateway = [each for each in said if each.endswith('"q_gateway"')]
    assert gateway.index('REVOKE ALL ON "q"."price" FROM "q_gateway"') < gateway.index(
        'GRANT SELECT ON "q"."era" TO "q_gateway"'
    )
    assert 'GRANT SELECT ON "q"."projection_job_list_1_1" TO "q_gateway"' in gateway
    assert not any("projection_job_list_1_1" in each and "quantum" in each for each in said)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"scheduler": "x"}, "no service with a user"),
        ({"gateway": "same", "control-plane": "same"}, "same user"),
    ],
)
def test_names_that_make_no_sense_are_refused(names: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidSettings, match=message):
        users_of("q", names)
