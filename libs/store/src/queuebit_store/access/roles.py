"""The users of the services on a real database: the statements that give them their rights and take all others, and who runs
them. Applying them again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import asyncpg

from queuebit_store.access.grants import GRANTS, GUARDED, PROJECTED, SERVICES, Service, reader_of, user_of
from queuebit_store.connections.settings import MIGRATE, PostgresSettings, connect_arguments
from queuebit_store.connections.translate import translated
from queuebit_store.errors import InvalidSettings

_TABLES = """
SELECT tablename FROM pg_tables WHERE schemaname = $1
UNION ALL SELECT viewname FROM pg_views WHERE schemaname = $1 ORDER BY tablename
"""
_GUARDED = """
SELECT tablename, array_agg(users.name::text) AS users FROM pg_policies CROSS JOIN LATERAL unnest(roles) AS users (name)
WHERE schemaname = $1 AND policyname IN ('of_services', 'of_tenant') GROUP BY tablename
"""
_PROJECTION = "projection_"


def users_of(namespace: str, names: Mapping[str, str]) -> dict[Service, str]:
    """The user of each service; `names` of those that are called otherwise. Raises InvalidSettings."""
    if unknown := sorted(set(names) - set(SERVICES)):
        raise InvalidSettings(
            f"{unknown[0]!r} is no service with a user on PostgreSQL.", remedy=f"There are: {', '.join(SERVICES)}."
        )
    found: dict[Service, str] = {each: names.get(each, user_of(each, namespace)) for each in SERVICES}
    if len(set(found.values())) < len(found):
        raise InvalidSettings("Two services have the same user.", remedy="Give each its own.")
    return found


def role_statements(
    namespace: str, users: Mapping[Service, str], tables: Iterable[str], guarded: Iterable[str] = ()
) -> Iterator[str]:
    """What to run, in order, for the tables that there are; `guarded`: those whose policies are as they must be. Pure."""
    schema = _quoted(namespace)
    there = list(tables)
    projected = [table for table in there if table.startswith(_PROJECTION)]
    makers = "add_event_partition(text, timestamptz, timestamptz)"
    yield f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC"
    yield f"ALTER FUNCTION {schema}.{makers} SECURITY DEFINER SET search_path = {schema}, pg_temp"
    yield f"REVOKE ALL ON FUNCTION {schema}.{makers} FROM PUBLIC"
    for service, name in users.items():
        user = _quoted(name)
        yield _made(name)
        yield f"GRANT {user} TO CURRENT_USER"
        yield f"GRANT USAGE ON SCHEMA {schema} TO {user}"
        for table in there:
            if table not in projected:
                yield f"REVOKE ALL ON {schema}.{_quoted(table)} FROM {user}"
        for table, rights in GRANTS[service].items():
            yield f"GRANT {', '.join(rights)} ON {schema}.{_quoted(table)} TO {user}"
        for table in projected if service in PROJECTED else ():
            yield f"GRANT {', '.join(PROJECTED[service])} ON {schema}.{_quoted(table)} TO {user}"
    plane, gateway = _quoted(users["control-plane"]), _quoted(users["gateway"])
    yield f"GRANT CREATE ON SCHEMA {schema} TO {plane}"
    yield f"GRANT USAGE ON SEQUENCE {schema}.event_seq TO {plane}"
    yield f"GRANT EXECUTE ON FUNCTION {schema}.{makers} TO {plane}"
    yield f"ALTER DEFAULT PRIVILEGES FOR ROLE {plane} IN SCHEMA {schema} GRANT SELECT ON TABLES TO {gateway}"
    yield from _reader_statements(schema, users, set(guarded))


def _reader_statements(schema: str, users: Mapping[Service, str], guarded: set[str]) -> Iterator[str]:
    """The gateway's second lock: it reads the rows of a tenant as a user that sees those alone. Services see all rows by a
    policy that costs nothing; who has no policy sees none. A table is locked for a moment, the first time.
    """
    reader = _quoted(reader_of(users["gateway"]))
    yield _made(reader_of(users["gateway"]), login=False)
    yield f"ALTER ROLE {_quoted(users['gateway'])} NOINHERIT"
    yield f"GRANT {reader} TO {_quoted(users['gateway'])}"
    yield f"GRANT {reader} TO CURRENT_USER"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {reader}"
    for table in GUARDED:
        name = f"{schema}.{_quoted(table)}"
        yield f"GRANT SELECT ON {name} TO {reader}"
        if table in guarded:
            continue
        services = ", ".join(_quoted(user) for each, user in users.items() if table in GRANTS[each])
        yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"
        yield f"DROP POLICY IF EXISTS of_services ON {name}"
        yield f"DROP POLICY IF EXISTS of_tenant ON {name}"
        yield f"CREATE POLICY of_services ON {name} TO {services} USING (true) WITH CHECK (true)"
        yield (
            f"CREATE POLICY of_tenant ON {name} FOR SELECT TO {reader}"
            " USING ((tenant = current_setting('queuebit.tenant', true)) IS TRUE)"
        )


async def planned_roles(settings: PostgresSettings, names: Mapping[str, str]) -> list[str]:
    """The statements for this database; changes nothing."""
    connection = await _connected(settings)
    try:
        return await _statements(connection, settings, names)
    finally:
        connection.terminate()


async def apply_roles(
    settings: PostgresSettings, names: Mapping[str, str], passwords: Mapping[str, str]
) -> dict[Service, str]:
    """Give every service its user, all or nothing; `passwords` by user. As the owner of the tables, who may make users."""
    users = users_of(settings.namespace, names)
    if strangers := sorted(set(passwords) - set(users.values())):
        raise InvalidSettings(
            f"{strangers[0]!r} is no user of a service.", remedy=f"There are: {', '.join(sorted(users.values()))}."
        )
    connection = await _connected(settings)
    try:
        with translated():
            async with connection.transaction():
                for statement in await _statements(connection, settings, names):
                    await connection.execute(statement)
                for user, password in passwords.items():
                    text = await connection.fetchval("SELECT quote_literal($1::text)", password)
                    await connection.execute(f"ALTER ROLE {_quoted(user)} LOGIN PASSWORD {text}")
    finally:
        connection.terminate()
    return users


async def _statements(
    connection: asyncpg.Connection[asyncpg.Record], settings: PostgresSettings, names: Mapping[str, str]
) -> list[str]:
    with translated():
        rows = await connection.fetch(_TABLES, settings.namespace)
        guarded = await connection.fetch(_GUARDED, settings.namespace)
    users = users_of(settings.namespace, names)
    tables, as_must_be = [row["tablename"] for row in rows], []
    for row in guarded:
        services = {user for each, user in users.items() if row["tablename"] in GRANTS[each]}
        if {*row["users"]} == services | {reader_of(users["gateway"])}:
            as_must_be.append(row["tablename"])
    return list(role_statements(settings.namespace, users, tables, as_must_be))


async def _connected(settings: PostgresSettings) -> asyncpg.Connection[asyncpg.Record]:
    with translated():
        return await asyncpg.connect(**connect_arguments(settings, role=MIGRATE))


def _made(name: str, *, login: bool = True) -> str:
    return (
        "DO $made$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = "
        f"{_text(name)}) THEN CREATE ROLE {_quoted(name)} {'LOGIN' if login else 'NOLOGIN'}; END IF; END $made$"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
