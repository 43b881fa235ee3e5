"""The flags and the connections of the verbs about dead letters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from queuebit_operations.bulk.recorded import Deed
    from queuebit_operations.dead_letters.box import Wanted
    from queuebit_operations.dead_letters.reading import LetterReader
    from queuebit_operations.dead_letters.sending import LetterSender
    from queuebit_runtime.clock import Clock

Group = Annotated[
    list[str] | None,
    typer.Option("--group", metavar="GROUP", help="Only this consumer group; repeatable. Absent: all."),
]
Fingerprint = Annotated[
    list[str] | None, typer.Option("--fingerprint", help="Only those that fail so; `groups` names them; repeatable.")
]
Tenant = Annotated[list[str] | None, typer.Option("--tenant", help="Only records of this tenant; repeatable.")]
Topic = Annotated[list[str] | None, typer.Option("--topic", help="Only records from this topic; repeatable.")]
Job = Annotated[list[str] | None, typer.Option("--job", metavar="JOB", help="Only records of this job; repeatable.")]
Type = Annotated[
    list[str] | None, typer.Option("--type", metavar="TYPE", help="Only this CloudEvents type; repeatable.")
]
Code = Annotated[
    list[str] | None, typer.Option("--code", help="Only errors of this code, as invalid_data; repeatable.")
]
Id = Annotated[list[str] | None, typer.Option("--id", metavar="GROUP:OFFSET", help="Only this one; repeatable.")]
Letter = Annotated[str, typer.Argument(metavar="GROUP:OFFSET", help="The id of a dead letter, as `list` shows it.")]
Apply = Annotated[bool, typer.Option("--apply/--dry-run", help="Do it; else only say what would be done.")]
Quarantined = Annotated[
    bool, typer.Option("--quarantined", help="Also what is in quarantine; to redrive it, raise --replays-max too.")
]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which open dead letters a verb is about."""

    group: Group = None
    id_: Id = None
    fingerprint: Fingerprint = None
    tenant: Tenant = None
    topic: Topic = None
    job: Job = None
    type_: Type = None
    code: Code = None
    quarantined: Quarantined = False

    def wanted(self) -> Wanted:
        """What the flags select."""
        return wanted(
            self.id_,
            self.fingerprint,
            self.tenant,
            self.topic,
            self.job,
            self.type_,
            self.code,
            quarantined=self.quarantined,
        )


def wanted(
    ids: list[str] | None = None,
    fingerprints: list[str] | None = None,
    tenants: list[str] | None = None,
    topics: list[str] | None = None,
    jobs: list[str] | None = None,
    types: list[str] | None = None,
    codes: list[str] | None = None,
    *,
    every_state: bool = False,
    quarantined: bool = False,
) -> Wanted:
    """What the flags select."""
    from queuebit_operations.dead_letters.box import Wanted

    return Wanted(
        tuple(ids or ()),
        tuple(fingerprints or ()),
        tuple(tenants or ()),
        tuple(topics or ()),
        tuple(jobs or ()),
        tuple(types or ()),
        tuple(codes or ()),
        every_state,
        quarantined,
    )


@asynccontextmanager
async def recorded_deed(
    verb: str, about: Mapping[str, object], actor: str, reason: str
) -> AsyncIterator[tuple[Deed, Clock]]:
    """What is done inside is an operation in the store of the environment, with who and why. Raises StoreUnavailable."""
    import os

    from queuebit_operations.bulk.recorded import recorded
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import opened_store
    from queuebit_runtime.ids import SystemIds

    async with opened_store(os.environ) as store:
        clock = await store_time(store)
        async with recorded(store, clock, SystemIds(clock).mint(), verb, about, actor=actor, reason=reason) as deed:
            yield deed, clock


async def key_that_sees() -> str:
    """The id of the API key of the environment. Raises NotAllowed where its role does not see payloads."""
    import os

    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.store import postgres_settings
    from queuebit_operations.dead_letters.payloads import require_sight
    from queuebit_store.postgres import PostgresStore

    store = await PostgresStore.open(postgres_settings(os.environ))
    try:
        return await require_sight(store, os.environ, (await store_time(store)).now())
    finally:
        await store.close()


@asynccontextmanager
async def opened_reader() -> AsyncIterator[LetterReader]:
    """Connected to the Kafka of the environment. Raises BusError."""
    import os

    from queuebit_operations.collector import calm
    from queuebit_operations.connections.bus import kafka_access, namespace_of
    from queuebit_operations.dead_letters.reading import LetterReader
    from queuebit_operations.records.kafka import opened_records

    async with opened_records(kafka_access(os.environ), namespace_of(os.environ)) as records:
        with calm():
            yield LetterReader(records)


def a_sender() -> LetterSender:
    """To be entered."""
    import os

    from queuebit_operations.connections.bus import kafka_access, namespace_of
    from queuebit_operations.dead_letters.sending import LetterSender

    return LetterSender(kafka_access(os.environ), namespace_of(os.environ))
