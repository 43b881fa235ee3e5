"""A month of the log gets its partition while its events are being appended: they come too early, and are not at fault."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from queuebit_store.errors import StoreUnavailable
from queuebit_store.partitions.port import Partition
from queuebit_store.postgres import PostgresStore
from tests.contract.store.builders import an_append

LATER = Partition("event_2031_01", datetime(2031, 1, 1, tzinfo=UTC), datetime(2031, 2, 1, tzinfo=UTC))
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'event_elsewhere'::regclass"


async def test_an_append_that_meets_the_birth_of_its_partition_is_to_be_tried_again(
    postgres_store: PostgresStore, admin: asyncpg.Connection[asyncpg.Record]
) -> None:
    question = an_append(1)._replace(stream_id=UUID(int=LATER.from_id.int + 1))
    birth = admin.transaction()
    await birth.start()
    await admin.execute("SELECT add_event_partition($1, $2, $3)", LATER.name, LATER.since, LATER.until)
    appending = asyncio.create_task(postgres_store.append([question]))
    while not await admin.fetchval(WAITING):
        assert not appending.done()
        await asyncio.sleep(0.01)
    await birth.commit()

    with pytest.raises(StoreUnavailable, match="violates partition constraint"):
        await appending
    assert await postgres_store.append([question]) == [True]
