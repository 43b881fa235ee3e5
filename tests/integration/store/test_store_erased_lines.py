"""Whose data is erased: the jobs that were sealed, and what operators made from them."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import orjson

from queuebit_operations.erasing.store import StoreSearch
from queuebit_store.postgres import PostgresSettings, PostgresStore
from tests.contract.store.builders import an_append, an_event, an_id


async def _made(store: PostgresStore, number: int, parent: UUID | None, tenant: str = "acme") -> None:
    said = {} if parent is None else {"parent": {"job_id": str(parent)}}
    event = an_event(number, data=orjson.dumps(said).decode())
    assert await store.append([an_append(number, tenant=tenant)._replace(events=(event,))]) == [True]


async def test_jobs_that_were_made_from_sealed_ones_are_found_through_all_that_stand_between(
    postgres_store: PostgresStore, settings: PostgresSettings, admin: asyncpg.Connection
) -> None:
    await _made(postgres_store, 1, None)
    await _made(postgres_store, 2, an_id(1))
    await _made(postgres_store, 3, an_id(2))
    await _made(postgres_store, 4, an_id(9))
    await _made(postgres_store, 5, None)
    await _made(postgres_store, 6, an_id(1), tenant="globex")
    await admin.execute(f'SET search_path TO "{settings.namespace}"')
    search = StoreSearch(admin)

    assert await search.made_from([an_id(1)], "acme") == [an_id(1), an_id(2), an_id(3)]
    assert await search.made_from([an_id(5), an_id(7)], "acme") == [an_id(5), an_id(7)]
    assert await search.made_from([], "acme") == []
