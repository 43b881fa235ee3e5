"""What lets the log be spread over servers by stream: every unique key of it contains the stream."""

from __future__ import annotations

import asyncpg

from queuebit_store.postgres import PostgresSettings, PostgresStore

UNIQUE_KEYS = """
SELECT t.relname AS relation, i.relname AS name, array_agg(a.attname::text ORDER BY a.attname) AS columns
FROM pg_index x
JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (x.indkey)
WHERE x.indisunique AND n.nspname = $1
GROUP BY t.relname, i.relname
"""
LOG = {"stream", "event", "event_elsewhere", "payload"}
"""And the months of the log."""
IN_ORDER = "_in_order"
"""The order of a log is that of one server; it is not asked of several."""


async def test_every_unique_key_of_streams_and_events_contains_the_stream(
    postgres_store: PostgresStore, settings: PostgresSettings, admin: asyncpg.Connection[asyncpg.Record]
) -> None:
    del postgres_store
    found = await admin.fetch(UNIQUE_KEYS, settings.namespace)
    by_stream = [row for row in found if row["relation"] in LOG or row["relation"].startswith("event_2")]

    assert {row["relation"] for row in by_stream} >= LOG
    without = [(row["relation"], row["name"]) for row in by_stream if "stream_id" not in row["columns"]]
    assert [each for each in without if not each[1].endswith(IN_ORDER)] == []
