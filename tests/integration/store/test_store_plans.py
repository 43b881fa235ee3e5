"""What an operation costs the server: how many statements, and by which plan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from queuebit_store.connections.queries import queries
from queuebit_store.connections.settings import QUERY, connect_arguments
from queuebit_store.heads.columns import head_columns
from queuebit_store.log import columns as to
from queuebit_store.ports import Position, Reservation, StreamFilter
from queuebit_store.postgres import PostgresSettings, PostgresStore
from tests.contract.store.builders import a_head, an_append, an_id, at

PARTS = 14
_ID = """(substr(stream_bound('2030-01-01'::timestamptz + n % 14 * interval '30 days')::text, 1, 13)
    || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"""
"""Streams whose ids lie in all partitions alike."""
_FILL = f"""
SELECT add_event_partition('event_part_' || p, '2030-01-01'::timestamptz + p * interval '30 days',
    '2030-01-01'::timestamptz + (p + 1) * interval '30 days') FROM generate_series(0, {PARTS - 1}) AS p;
INSERT INTO stream (stream_id, category, tenant, version, state, attributes, wake_at, created_at, updated_at)
SELECT {_ID}, 'job', 'acme', 1, 'done', '{{"kind": "maxcut", "tier": "batch"}}',
    CASE WHEN n % 10 = 0 THEN now() END, now(), now() FROM generate_series(1, 30000) AS n;
INSERT INTO event (epoch, stream_id, version, schema_version, event_id, time, category, tenant, type, data)
SELECT 1, {_ID}, v, 1, md5('e' || n || v)::uuid, now(), 'job', 'acme', 'JobPlanned', '{{}}'
FROM generate_series(1, 30000) AS n, generate_series(1, 2) AS v;
INSERT INTO payload SELECT {_ID}, sha256(md5('p' || n)::bytea), 0, 'x' FROM generate_series(1, 30000) AS n;
INSERT INTO idempotency (tenant, key, stream_id, fingerprint, created_at)
SELECT 'acme', 'key' || n, {_ID}, 'f', now() FROM generate_series(1, 30000) AS n;
"""
_BATCH = [an_append(n, expected=n % 2 * 3, events=3) for n in range(200)]
_LISTED: tuple[Any, ...] = ("acme", None, None, ["job"], [], '{"kind": ["tsp"]}', None, None, 50)

_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "append": to.given(_BATCH),
    "load": ([an_id(n) for n in range(100)],),
    "events_of": (an_id(1), 0, 100),
    "kept_payloads": ([an_id(1)] * 2, [b"1" * 32] * 2, [9, 9]),
    "payloads": ([an_id(1)] * 2, [b"1" * 32] * 2),
    "read": (["job", "refusal"], 1, 3, 0, 500),
    "read_page": (["job", "refusal"], 1, 3, 0, 500, ["JobQueued", "JobPlanned"], [1, 1], 1 << 23),
    "heads": ([an_id(n) for n in range(100)],),
    "walk": (None, "job", 500),
    "walk_rare": (None, "path", 500),
    "list_tenant": _LISTED,
    "list_states": (*_LISTED[:4], ["failed", "queued"], *_LISTED[5:]),
    "due": (at(0), "job", 100),
    "waiting": (100, 500, "acme", "batch"),
    "reserve": (["acme"] * 50, [f"k{n}" for n in range(50)], [an_id(1)] * 50, ["f"] * 50, [at(0)] * 50, [None] * 50),
    "held_for": (an_id(1),),
    "rewrite_heads": tuple(head_columns([(an_id(n), 1, a_head()) for n in range(100)])),
}
_TABLES = ("stream", "event", "idempotency", "payload")


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _bad_nodes(plan: dict[str, Any]) -> list[str]:
    """Nodes that touch a whole table, or sort what an index gives in order."""
    found = []
    for node in _nodes(plan):
        table = node.get("Relation Name", "")
        kind = node["Node Type"]
        whole = kind.startswith(("Index", "Bitmap")) and "Index Cond" not in node
        if table.startswith(_TABLES) and kind != "ModifyTable" and (kind == "Seq Scan" or whole):
            found.append(f"{kind} on {table}")
        if kind in ("Hash Join", "Merge Join"):
            found.append(kind)
    return found


def _indexes(plan: dict[str, Any]) -> set[str]:
    return {node["Index Name"] for node in _nodes(plan) if "Index Name" in node}


async def _plan(connection: asyncpg.Connection, name: str, mode: str) -> dict[str, Any]:
    """The plan for these very values, or the one that a prepared statement keeps for any values."""
    values = _ARGUMENTS[name]
    if mode == "force_custom_plan":
        text = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {queries()[name]}", *values)
    else:
        await connection.execute(f"PREPARE {name}_plan AS {queries()[name]}")
        nothing = ", ".join(["NULL"] * len(values))
        text = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE {name}_plan ({nothing})")
    plan: dict[str, Any] = json.loads(text)[0]["Plan"]
    return plan


@pytest.mark.parametrize("statistics", ["none", "stale", "fresh"])
@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
async def test_every_hot_statement_walks_an_index(
    settings: PostgresSettings, admin: asyncpg.Connection, statistics: str, mode: str
) -> None:
    """Statistics: never gathered, gathered when the tables were empty, gathered now."""
    if statistics == "stale":
        await admin.execute("ANALYZE stream, event, idempotency, payload")
    await admin.execute(_FILL)
    if statistics == "fresh":
        await admin.execute("ANALYZE stream, event, idempotency, payload")
    arguments = connect_arguments(settings, role=QUERY)
    arguments["server_settings"] |= {"plan_cache_mode": mode}
    connection = await asyncpg.connect(**arguments)
    try:
        plans = {name: await _plan(connection, name, mode) for name in _ARGUMENTS}
    finally:
        await connection.close()

    assert {name: bad for name, plan in plans.items() if (bad := _bad_nodes(plan))} == {}
    sorted_by = {
        name
        for name in ("load", "walk", "walk_rare", "list_tenant", "due")
        for node in _nodes(plans[name])
        if node["Node Type"] == "Sort"
    }
    assert sorted_by == set()
    assert _indexes(plans["append"]) == {"stream_pkey"}
    assert _indexes(plans["walk_rare"]) == {"stream_rare"}


async def test_a_rare_state_is_found_where_statistics_know_another_one_alone(
    settings: PostgresSettings, admin: asyncpg.Connection
) -> None:
    """A walk by time would look at every job of the tenant before it has seen that none failed."""
    await admin.execute(_FILL)
    await admin.execute("UPDATE stream SET state = 'completed'")
    await admin.execute("ANALYZE stream")
    connection = await asyncpg.connect(**connect_arguments(settings, role=QUERY))
    try:
        plans = [await _plan(connection, "list_states", "force_generic_plan")]
        plans.append(await _plan(connection, "list_states", "force_custom_plan"))
    finally:
        await connection.close()
    assert {name for plan in plans for name in _indexes(plan)} == {"stream_by_state_and_time"}


async def _partitions_of(connection: asyncpg.Connection, name: str, *values: Any) -> set[str]:
    """The partitions that a prepared statement looks into for these values."""
    text = await connection.fetchval(f"EXPLAIN (FORMAT JSON, ANALYZE) {queries()[name]}", *values)
    found = (node.get("Relation Name", "") for node in _nodes(json.loads(text)[0]["Plan"]))
    return {table for table in found if table.startswith("event_")}


async def test_one_stream_is_looked_for_in_one_partition(settings: PostgresSettings, admin: asyncpg.Connection) -> None:
    await admin.execute(_FILL)
    stream_id = await admin.fetchval("SELECT stream_id FROM event_part_3 LIMIT 1")
    connection = await asyncpg.connect(**connect_arguments(settings, role=QUERY))
    try:
        for name, values in (("load", ([stream_id],)), ("events_of", (stream_id, 0, 10))):
            assert await _partitions_of(connection, name, *values) == {"event_part_3"}
        read = await _partitions_of(connection, "read", ["job"], 0, 0, 0, 10)
        assert {f"event_part_{nth}" for nth in range(PARTS)} <= read
    finally:
        await connection.close()


async def test_without_the_session_settings_a_plan_would_read_whole_tables(
    admin: asyncpg.Connection,
) -> None:
    """The hazard that the settings remove: it is real, so the test above is not idle."""
    await admin.execute("ANALYZE stream, event, idempotency, payload")
    await admin.execute(_FILL)
    await admin.execute("ANALYZE stream, event, idempotency, payload")
    batch = [an_append(n, expected=1) for n in range(5000)]

    text = await admin.fetchval(f"EXPLAIN (FORMAT JSON) {queries()['append']}", *to.given(batch))

    assert _bad_nodes(json.loads(text)[0]["Plan"]) != []


async def test_each_operation_is_one_statement(postgres_store: PostgresStore) -> None:
    """Counted as the driver sends them, after the first use, which also prepares."""
    wish = Reservation("acme", "k", an_id(1), "f", at(0))
    store = postgres_store

    async def all_operations(round_: int) -> None:
        await store.append([an_append(n + 100 * round_, events=3) for n in range(20)])
        await store.load([an_id(1)])
        await store.read(Position(), limit=10)
        await store.heads([an_id(1)])
        await store.list_heads(StreamFilter("acme"), limit=10)
        await store.due(at(0), limit=10)
        await store.reserve([wish])
        await store.save_cursor("relay", Position(1, 2, 3))
        lease = await store.take("relay", "one", 600.0)
        assert await store.save_cursor("relay", Position(1, 2, 3), lease)

    await all_operations(0)
    sent: list[str] = []
    connections = [
        holder._con  # the pool offers no public way to its connections
        for pool in (store._session._append_pool, store._session._query_pool, store._session._lead_pool)
        for holder in pool._holders  # type: ignore[attr-defined]
        if holder._con is not None
    ]
    for connection in connections:
        connection.add_query_logger(lambda record: sent.append(record.query.split("\n")[0]))
    await all_operations(1)

    assert sent == [
        *(f"-- name: {name}" for name in ("append", "load", "read", "heads", "list_tenant", "due", "reserve")),
        *(f"-- name: {name}" for name in ("save_cursor", "take_lease", "save_led_cursor")),
    ]


async def test_an_append_costs_one_transaction_and_notifies_nobody(
    postgres_store: PostgresStore, admin: asyncpg.Connection
) -> None:
    before = await admin.fetchval("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    await postgres_store.append([an_append(n, events=3) for n in range(50)])
    after = await admin.fetchval("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    events = await postgres_store.read(Position(), limit=1000)

    assert len({event.position.xid for event in events}) == 1
    assert before <= events[0].position.xid < after
    assert "notify" not in queries()["append"].lower()
    assert await admin.fetchval("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'event'::regclass") == 0
