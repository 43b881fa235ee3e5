"""Where the database is and how sessions on it behave."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from queuebit_store.errors import InvalidSettings

POSTGRES_VARIABLE = "QUEUEBIT_POSTGRES"
NAMESPACE_VARIABLE = "QUEUEBIT_NAMESPACE"
NAMESPACE_DEFAULT = "queuebit"
_NAMESPACE = re.compile(r"[a-z][a-z0-9_]{0,62}")


INDEX_WALKS: Final = {
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""Forbids the plans that a planner with stale statistics falls for: each statement of a service is a walk along an index, and
must stay one on an empty table that grows by millions of rows before the next ANALYZE."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a session is for, and so how the server plans and bounds what it asks.

    `planner`: settings of the planner; none leaves them to the server. `statement_timeout_s`, `transaction_timeout_s` and
    `idle_timeout_s` (for how long a transaction may do nothing): None takes those of the settings. `lock_timeout_s`: None waits
    for a lock as long as a statement may take.
    """

    name: str
    planner: Mapping[str, str] = field(default_factory=dict)
    statement_timeout_s: float | None = None
    transaction_timeout_s: float | None = None
    lock_timeout_s: float | None = None
    idle_timeout_s: float | None = None


ONE_PLAN: Final = {"plan_cache_mode": "force_generic_plan"}
"""Whatever the values: planning over all partitions costs more than most statements."""

APPEND: Final = Role("append", INDEX_WALKS | ONE_PLAN)
LARGE: Final = Role("large", APPEND.planner)
"""Appends too, of which one takes long: no small one waits for it."""
QUERY: Final = Role("query", INDEX_WALKS | ONE_PLAN)
LEAD: Final = Role("lead", QUERY.planner, statement_timeout_s=2.0, lock_timeout_s=1.0)
"""A leader that cannot say within this time that it goes on had better ask anew."""
OPERATE: Final = Role(
    "operate", {}, statement_timeout_s=300.0, transaction_timeout_s=330.0, lock_timeout_s=1.0, idle_timeout_s=60.0
)
"""Walks over whole tables, by whatever plan the server finds best. It gives up a lock before appends queue behind it."""
MIGRATE: Final = Role("migrate", {}, statement_timeout_s=3600.0, lock_timeout_s=60.0)


@dataclass(frozen=True, slots=True)
class PostgresSettings:
    """`namespace` is the PostgreSQL schema that holds the tables: tests and replays can share a database.
    `url` carries the password and is never shown.

    `append_connections`: appends wait for one of these and nothing else uses them; one is enough, because batching is what
    makes appends fast. `query_connections_max`: of what services wait for. `operate_connections_max`: of what operators ask.
    The server must give each connection its own session (no statement-pooling proxy): prepared statements live in it.

    `transaction_timeout_s`: so long at most can a session of ours hold back the horizon; PostgreSQL 17 and newer. It must be
    longer than a statement may take, or it would close the connection where a statement had only to be cancelled.
    `dead_peer_s`: after about so long without a sign of life from our host the server ends the session.
    `application_name`: who we are in the server's own views; each session adds what it is for.
    """

    url: str = field(repr=False)
    namespace: str = NAMESPACE_DEFAULT
    append_connections: int = 1
    query_connections_max: int = 4
    operate_connections_max: int = 2
    connect_timeout_s: float = 5.0
    statement_timeout_s: float = 10.0
    idle_in_transaction_timeout_s: float = 5.0
    transaction_timeout_s: float = 15.0
    dead_peer_s: float = 15.0
    application_name: str = "queuebit"

    def __post_init__(self) -> None:
        if not _NAMESPACE.fullmatch(self.namespace) or self.namespace.startswith("pg_"):
            raise InvalidSettings(
                f"The namespace {self.namespace!r} is not usable.",
                remedy="Use up to 63 lower-case letters, digits and underscores, beginning with a letter other than pg_.",
            )
        if not self.url.startswith(("postgres://", "postgresql://")):
            raise InvalidSettings(
                "The URL of the database is not one of PostgreSQL.",
                remedy=f"Set {POSTGRES_VARIABLE} to postgresql://user:password@host:port/database.",
            )
        if min(self.append_connections, self.query_connections_max, self.operate_connections_max) < 1:
            raise InvalidSettings("At least one connection for appends, one for queries and one to operate are needed.")
        if self.transaction_timeout_s <= self.statement_timeout_s:
            raise InvalidSettings("A transaction must be allowed more time than a statement.")


def settings_from(
    env: Mapping[str, str], *, namespace: str | None = None, service: str | None = None
) -> PostgresSettings:
    """Settings from QUEUEBIT_POSTGRES and QUEUEBIT_NAMESPACE; `namespace` overrides. `service` tells its sessions from those of
    others. Raises InvalidSettings.
    """
    url = env.get(POSTGRES_VARIABLE, "")
    if not url:
        raise InvalidSettings(
            f"{POSTGRES_VARIABLE} is not set.", remedy="Set it to postgresql://user:password@host:port/database."
        )
    return PostgresSettings(
        url,
        namespace=namespace or env.get(NAMESPACE_VARIABLE) or NAMESPACE_DEFAULT,
        application_name=f"queuebit-{service}" if service else "queuebit",
    )


def connect_arguments(settings: PostgresSettings, *, role: Role, reader: str | None = None) -> dict[str, Any]:
    """What every connection of a role is opened with. `reader`: the user of PostgreSQL that it acts as."""
    timeout_s = statement_timeout_s(settings, role)
    bounds = {} if role.lock_timeout_s is None else {"lock_timeout": milliseconds(role.lock_timeout_s)}
    return {
        "dsn": settings.url,
        "timeout": settings.connect_timeout_s,
        # The server's own timeout comes first; this one is for a server that does not answer any more.
        "command_timeout": timeout_s + 2.0,
        "server_settings": {
            "application_name": f"{settings.application_name}-{role.name}",
            "search_path": f'"{settings.namespace}"',
            "timezone": "UTC",
            "statement_timeout": milliseconds(timeout_s),
            "idle_in_transaction_session_timeout": milliseconds(
                role.idle_timeout_s or settings.idle_in_transaction_timeout_s
            ),
            **_keepalives(settings.dead_peer_s),
            "default_transaction_isolation": "read committed",
            "jit": "off",
            **bounds,
            **role.planner,
            **({} if reader is None else {"role": reader}),
        },
    }


def statement_timeout_s(settings: PostgresSettings, role: Role) -> float:
    """For how long a statement of a role may take. A role that must be quick is so whatever the settings allow."""
    wanted_s = role.statement_timeout_s
    if wanted_s is None:
        return settings.statement_timeout_s
    return min(wanted_s, settings.statement_timeout_s) if role is LEAD else wanted_s


def _keepalives(dead_peer_s: float) -> dict[str, str]:
    """The server asks a silent client for a sign of life after a third of the time, and then three times more."""
    probe_s = max(1, round(dead_peer_s / 6))
    return {
        "tcp_keepalives_idle": str(max(1, round(dead_peer_s / 3))),
        "tcp_keepalives_interval": str(probe_s),
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": milliseconds(dead_peer_s),
    }


def milliseconds(seconds: float) -> str:
    """A time as the server's settings take it."""
    return str(max(1, round(seconds * 1000)))
