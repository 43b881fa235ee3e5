"""One item of a batch that the store refuses: it alone is set aside or refused, and what is transient comes again whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.envelope import Envelope
from queuebit_contracts.ids import job_id_of, refusal_id_of, uuid7
from queuebit_control_plane.handler import CommandHandler
from queuebit_control_plane.inbound.admission import Intake
from queuebit_control_plane.inbound.subscriptions import Consumer
from queuebit_control_plane.inbound.superseding import Superseded
from queuebit_control_plane.inbound.tenants import Tenants
from queuebit_domain.holds.lanes import Lanes
from queuebit_runtime.bus.decoding import Received
from queuebit_runtime.bus.port import Outgoing, Record, RecordTooLarge
from queuebit_runtime.processes.bounded_work import inline
from queuebit_store.errors import (
    InvalidBatch,
    SchemaMismatch,
    StatementRefused,
    StoreError,
    StoreFailed,
    StoreUnavailable,
)
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import Append, Reservation
from tests.builders import JOB_ID, NOW, a_request, a_submit
from tests.fakes.buses import CollectingBus
from tests.fakes.clocks import StoppedClock
from tests.fakes.deliveries import Batch
from tests.unit.control_plane.handling import WHOLE, a_command, a_handler, names

OTHER = uuid7(5, 5)
ABOUT_ONE: list[StoreError] = [InvalidBatch("beyond a limit (54000)."), StoreFailed("says no (XX000).")]
ABOUT_ALL: list[StoreError] = [StoreUnavailable("away"), SchemaMismatch("old"), StatementRefused("no right (42501).")]
KIND = pytest.mark.parametrize("error", ABOUT_ONE, ids=lambda error: error.code)
ALIKE = pytest.mark.parametrize("error", ABOUT_ALL, ids=lambda error: error.code)


class Picky(MemoryStore):
    """Refuses every batch with one stream or one key in it."""

    def __init__(self, error: StoreError, *, stream: UUID | None = None, key: str | None = None) -> None:
        super().__init__()
        self.error, self.stream, self.key = error, stream, key

    async def append(self, batch: Sequence[Append]) -> list[bool]:
        if any(each.stream_id == self.stream for each in batch):
            raise self.error
        return await super().append(batch)

    async def reserve(self, wanted: Sequence[Reservation]) -> list[Reservation]:
        if any(each.key == self.key for each in wanted):
            raise self.error
        return await super().reserve(wanted)


def asked(number: int, key: str | None, **header: bytes) -> Received:
    """A submission over Kafka, with a key of the sender's."""
    data = ev.JobSubmitted(request=a_request(), idempotency_key=key)
    envelope = Envelope(uuid7(9, number), "/upstream", "", NOW, data, traceparent="00-trace")
    return Received(envelope, Record("jobs.submitted", 0, number, b"k", b"v", tuple(header.items())))


async def a_consumer(store: MemoryStore, bus: CollectingBus) -> Consumer:
    await store.add_tenant("acme", NOW)
    clock, lanes = StoppedClock(), Lanes()
    intake, superseded = Intake(store, Tenants(store), lanes), Superseded(store, clock)
    return Consumer(bus, a_handler(store, clock), intake, lanes, clock, inline(), superseded)


@KIND
async def test_a_job_that_cannot_be_stored_is_spoiled_and_the_others_go_on(error: StoreError) -> None:
    store = Picky(error, stream=JOB_ID)
    more = uuid7(6, 6)

    undecidable = await a_handler(store).handle(
        [a_command(a_submit(job_id=OTHER), OTHER), a_command(a_submit()), a_command(a_submit(job_id=more), more)]
    )

    assert [(each.command.job_id, each.error) for each in undecidable] == [(JOB_ID, error)]
    assert [await names(store, job_id) for job_id in (OTHER, JOB_ID, more)] == [WHOLE[:3], [], WHOLE[:3]]


@ALIKE
async def test_what_is_no_fault_of_one_is_raised_and_nothing_is_spoiled(error: StoreError) -> None:
    handler: CommandHandler = a_handler(Picky(error, stream=JOB_ID))

    with pytest.raises(type(error)):
        await handler.handle([a_command(a_submit()), a_command(a_submit(job_id=OTHER), OTHER)])


@KIND
async def test_a_key_that_cannot_be_held_is_refused_and_the_others_become_jobs(
    error: StoreError, caplog: pytest.LogCaptureFixture
) -> None:
    store, bus = Picky(error, key="bad"), CollectingBus()
    items = [asked(1, "good"), asked(2, "bad"), asked(3, "fine")]
    delivery = Batch(items)

    await (await a_consumer(store, bus)).on_messages(items, delivery)

    held = store.database.reservations
    assert [await names(store, held["acme", key].stream_id) for key in ("good", "fine")] == [WHOLE[:3]] * 2
    refused = refusal_id_of("acme", "/upstream", items[1].envelope.id)
    assert set(store.database.streams) == {refused, *(one.stream_id for one in held.values())}
    (stored,) = (await store.load([refused]))[refused]
    rejection = ev.JobRejected.model_validate_json(stored.data)
    assert (rejection.code, rejection.field, stored.tenant) == ("idempotency_key_invalid", "/idempotency_key", "acme")
    assert error.detail in caplog.text
    assert (delivery.finished, bus.records) == ([1, 2, 3], [])


@ALIKE
async def test_keys_are_asked_for_again_where_none_of_them_is_at_fault(error: StoreError) -> None:
    store, items = Picky(error, key="b"), [asked(1, "a"), asked(2, "b")]
    delivery = Batch(items)

    with pytest.raises(type(error)):
        await (await a_consumer(store, CollectingBus())).on_messages(items, delivery)

    assert (delivery.finished, store.database.streams) == ([], {})


def dead(bus: CollectingBus) -> dict[str, Any]:
    (record,) = bus.records
    return {"topic": record.topic, "value": record.value, **dict(record.headers)}


@KIND
async def test_the_dead_letter_of_what_cannot_be_stored_names_the_reason(error: StoreError) -> None:
    bus, items = CollectingBus(), [asked(1, str(JOB_ID)), asked(2, "good")]
    bad = job_id_of("acme", JOB_ID)
    store = Picky(error, stream=bad)
    consumer = await a_consumer(store, bus)
    delivery = Batch(items)

    await consumer.on_messages(items, delivery)

    letter = dead(bus)
    assert (letter["topic"], letter["value"], letter["__dlq.errors.offset"]) == ("dlq.control-plane", b"v", b"1")
    assert f"{bad}: {type(error).__name__}: {error.detail}".encode() in letter["qb_error_detail"]
    assert delivery.finished == [1, 2]


async def test_a_dead_letter_too_large_is_cut_and_keeps_its_reason() -> None:
    class Strict(CollectingBus):
        async def publish(self, records: Sequence[Outgoing]) -> None:
            if any(len(value) > 9000 for each in records for _, value in each.headers):
                raise RecordTooLarge
            await super().publish(records)

    bus, items = Strict(), [asked(1, str(JOB_ID), ce_source=b"s" * 10_000, more=b"x" * 10_000)]
    store = Picky(ABOUT_ONE[0], stream=job_id_of("acme", JOB_ID))
    consumer = await a_consumer(store, bus)
    delivery = Batch(items)

    await consumer.on_messages(items, delivery)

    letter = dead(bus)
    assert (letter["ce_source"], "more" in letter, letter["__dlq.errors.offset"]) == (b"s" * 2000, False, b"1")
    assert (letter["qb_error_code"], delivery.finished) == (b"invalid_data", [1])
