"""How large parts of events lie in PostgreSQL: in pieces, each in a transaction of its own, before the event that has them."""

from __future__ import annotations

import asyncpg
import pytest

from queuebit_store.connections.migrations import migrate, shipped
from queuebit_store.log.payloads import PART_BYTES
from queuebit_store.ports import Append, Payload, Position
from queuebit_store.postgres import PostgresSettings, PostgresStore
from tests.contract.store.builders import a_head, an_append, an_event, an_id

TEXT = b'"' + b"x" * (3 * PART_BYTES) + b'"'
DATA = '{"statement": null}'
_BY_SQL = "SELECT event_data(stream_id, data, payload_at, payload_hash) AS data FROM event ORDER BY seq"
WHOLE = f'{{"statement": {TEXT.decode()}}}'


def _large(stream: int, *, expected: int = 0, events: int = 1) -> Append:
    payload = Payload(14, TEXT)
    made = [an_event(expected + n, data=DATA)._replace(payload=payload) for n in range(events)]
    return Append(an_id(stream), "acme", expected, tuple(made), a_head())


def _statements(store: PostgresStore) -> list[str]:
    """The names of the statements that are sent from now on."""
    sent: list[str] = []
    session = store._session
    for pool in (session._append_pool, session._large_pool, session._query_pool):
        for holder in pool._holders:  # type: ignore[attr-defined]
            if holder._con is not None:
                holder._con.add_query_logger(lambda record: sent.append(record.query.split("\n")[0].split()[-1]))
    return sent


async def test_no_transaction_stores_more_than_a_piece(
    postgres_store: PostgresStore, admin: asyncpg.Connection
) -> None:
    await postgres_store.append([_large(1)])
    sent = _statements(postgres_store)

    await postgres_store.append([_large(2, events=3), an_append(3)])

    assert sent == ["kept_payloads", *["keep_payload"] * 4, "append"]
    pieces = await admin.fetch(
        "SELECT length(data) AS size, xmin::text AS xid FROM payload WHERE stream_id = $1", an_id(2)
    )
    assert [piece["size"] for piece in pieces] == [PART_BYTES] * 3 + [2]
    assert len({piece["xid"] for piece in pieces}) == 4
    assert await admin.fetchval("SELECT max(length(data::text)) FROM event") == len(DATA)


async def test_what_a_stream_has_is_not_stored_again(postgres_store: PostgresStore, admin: asyncpg.Connection) -> None:
    await postgres_store.append([_large(1)])
    sent = _statements(postgres_store)

    await postgres_store.append([_large(1, expected=1)])

    assert sent == ["kept_payloads", "append"]
    assert await admin.fetchval("SELECT count(*) FROM payload") == 4


async def test_a_payload_that_was_begun_is_finished(postgres_store: PostgresStore, admin: asyncpg.Connection) -> None:
    """As a process leaves it that ends on the way, or two that store the same at once."""
    await postgres_store.append([_large(1)])
    await admin.execute("DELETE FROM payload WHERE part > 1")

    await postgres_store.append([_large(1, expected=1)])

    assert [event.data for event in await postgres_store.read(Position(), limit=9)] == [WHOLE] * 2


async def test_an_event_whose_payload_is_gone_comes_without_and_says_so(
    postgres_store: PostgresStore, admin: asyncpg.Connection
) -> None:
    await postgres_store.append([_large(1), an_append(2)])
    await admin.execute("DELETE FROM payload")

    found = await postgres_store.read(Position(), limit=9)

    assert [(event.data, event.payload_hash is None) for event in found] == [(DATA, False), ("{}", True)]
    assert [row["data"] for row in await admin.fetch(_BY_SQL)] == [DATA, "{}"]


async def test_who_reads_by_sql_gets_whole_events_too(postgres_store: PostgresStore, admin: asyncpg.Connection) -> None:
    await postgres_store.append([_large(1), an_append(2)])

    assert [row["data"] for row in await admin.fetch(_BY_SQL)] == [WHOLE, "{}"]


@pytest.mark.parametrize("apart", [False, True])
async def test_a_store_with_events_goes_on_as_before_until_the_post_migration(
    empty_settings: PostgresSettings, apart: bool
) -> None:
    """What ran before 0005 cannot read an event without its payload."""
    await migrate(empty_settings, migrations=[one for one in shipped() if one.name < "0005"])
    path = {"search_path": f'"{empty_settings.namespace}"'}
    connection = await asyncpg.connect(empty_settings.url, server_settings=path)
    try:
        await connection.execute(
            "INSERT INTO event (epoch, stream_id, version, schema_version, event_id, time, category, tenant, environment,"
            " type, data) VALUES (1, $1, 1, 1, $1, now(), 'job', 'acme', 'default', 'JobPlanned', '{}')",
            an_id(9),
        )
        await migrate(empty_settings, post=apart)

        async with await PostgresStore.open(empty_settings) as store:
            await store.append([_large(1)])
            found = await store.read(Position(), limit=9)

        assert [event.data for event in found] == ["{}", WHOLE]
        assert await connection.fetchval("SELECT count(*) FROM payload") == (4 if apart else 0)
    finally:
        await connection.close()
