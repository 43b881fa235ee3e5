"""Erasure: what is known of the data is remembered, its keys are destroyed, and then everything is looked through."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from queuebit_contracts.ids import uuid7
from queuebit_contracts.sealed_documents import keys_in, opened_value
from queuebit_operations.connections.bus import kafka_access, namespace_of
from queuebit_operations.connections.own import own_connection
from queuebit_operations.connections.store import postgres_settings
from queuebit_operations.erasing.proof import Proof, held_in, in_clear, search_files, search_store, search_topics
from queuebit_operations.erasing.store import StoreSearch
from queuebit_operations.erasing.witnesses import witnesses_of
from queuebit_operations.errors import NotThere
from queuebit_operations.records.kafka import opened_records
from queuebit_runtime.clock import SystemClock
from queuebit_store.artifacts.opening import PLACE as ARTIFACTS
from queuebit_store.keys.opening import ring_over
from queuebit_store.keys.port import Keys, SubjectKey
from queuebit_store.keys.ring import MASTER_KEY_VARIABLE, REMEMBERED_S

MARGIN = timedelta(minutes=10)
"""So much earlier than the first key records may say they were written: clocks differ."""


class KeyStore(Keys, Protocol):
    """The keys, and the store's clock."""

    async def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where to erase, and whom."""

    env: Mapping[str, str]
    tenant: str
    subject: str
    logs: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a subject before anything is destroyed."""

    keys: Sequence[SubjectKey]
    jobs: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done, and how it was proved. `witnesses`: so many pieces of the data were looked for."""

    subject: str
    tenant: str
    destroyed: Sequence[UUID]
    jobs: int
    witnesses: int
    took_s: float
    proof: Proof

    @property
    def words(self) -> str:
        """For people, and for the record."""
        places = len(self.proof.looked)
        found = sum(each.found for each in self.proof.looked) + len(self.proof.in_clear)
        return (
            f"{len(self.destroyed)} keys destroyed, {self.jobs} jobs without data; {self.witnesses} pieces of it looked for in"
            f" {places} places, {found} found; {self.took_s:.1f} s"
        )

    @property
    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "subject": self.subject,
            "tenant": self.tenant,
            "keys_destroyed": [str(each) for each in self.destroyed],
            "jobs": self.jobs,
            "witnesses": self.witnesses,
            "took_s": round(self.took_s, 3),
            "proved": self.proof.clean,
            "places": [asdict(each) for each in self.proof.looked],
            "in_clear": self.proof.in_clear,
            "not_looked": self.proof.not_looked,
        }


async def found_of(store: KeyStore, place: Place) -> Found:
    """Raises NotThere where the subject never had a key."""
    keys = await store.keys_of_subject(place.tenant, place.subject)
    if not keys:
        raise NotThere(
            f"No job of {place.tenant} was ever sealed for the subject {place.subject}.",
            remedy="Name it as the label data_subject of its jobs does.",
        )
    jobs = await store.sealed_jobs([key.key_id for key in keys])
    async with own_connection(postgres_settings(place.env)) as connection:
        return Found(keys, await StoreSearch(connection).made_from(jobs, place.tenant))


async def erased(store: KeyStore, place: Place, found: Found) -> Erased:
    """Destroy, wait until no process remembers a key, and look through everything. Raises InvalidSettings, StoreError and
    BusError.
    """
    clock = SystemClock()
    began_s = clock.monotonic_s()
    async with own_connection(postgres_settings(place.env)) as connection:
        search = StoreSearch(connection)
        texts = await _witnesses(store, search, place, found, clock)
        destroyed = await store.destroy_keys(place.tenant, place.subject, await store.now())
        await search.vacuum_keys()
        await clock.sleep(REMEMBERED_S)
        proof = Proof(in_clear=in_clear(await search.events_of(found.jobs)))
        if texts:
            proof.looked += [each async for each in search_store(search, texts)]
    if texts:
        await _search_elsewhere(place, texts, min(key.created_at for key in found.keys) - MARGIN, proof)
    else:
        proof.not_looked.append("anything: nothing is left that could be looked for, or nothing of it was distinctive")
    took_s = clock.monotonic_s() - began_s
    return Erased(place.subject, place.tenant, destroyed, len(found.jobs), len(texts), took_s, proof)


async def _witnesses(
    store: KeyStore, search: StoreSearch, place: Place, found: Found, clock: SystemClock
) -> tuple[str, ...]:
    """Pieces of what the jobs asked and were answered, as far as it can still be opened."""
    file = place.env.get(MASTER_KEY_VARIABLE)
    if not file:
        raise NotThere(
            f"{MASTER_KEY_VARIABLE} is not set, so that nothing could be looked for.",
            remedy="Set it as the services have it.",
        )
    mint = lambda: uuid7(int(clock.now().timestamp() * 1000), 0)  # noqa: E731 - no key is made here
    ring = ring_over(store, Path(file), monotonic_s=clock.monotonic_s, mint=mint)
    said = [data for _, _, _, data in await search.events_of(found.jobs)]
    keys = await ring.of_ids({key for data in said for key in keys_in(data)})
    if not any(keys.values()):
        return ()
    return witnesses_of(held for data in said for held in held_in(opened_value(data, keys)))


async def _search_elsewhere(place: Place, texts: Sequence[str], since: datetime, proof: Proof) -> None:
    async with opened_records(kafka_access(place.env), namespace_of(place.env)) as records:
        proof.looked += [each async for each in search_topics(records, texts, since)]
    artifacts = place.env.get(ARTIFACTS, "")
    if artifacts.startswith("s3://"):
        proof.not_looked.append(
            f"{artifacts}: no artifact of a subject's data is ever kept, but a bucket is not read here"
        )
    elif artifacts:
        proof.looked.append(await asyncio.to_thread(search_files, "artifacts", Path(artifacts), texts))
    for folder in place.logs:
        proof.looked.append(await asyncio.to_thread(search_files, "logs", folder, texts))
    if not place.logs:
        proof.not_looked.append("logs: name their folders with --logs")
