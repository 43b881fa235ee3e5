"""The relay and one stored event that no record can carry: a dead letter in its place, and the others go on in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

import pytest

from queuebit_contracts.channels import RECORD_BYTES_MAX
from queuebit_contracts.ids import uuid7
from queuebit_control_plane.relay.dead_letters import HEAD_BYTES
from queuebit_control_plane.relay.relay import CURSOR
from queuebit_runtime.bus.port import Outgoing, RecordTooLarge
from queuebit_runtime.bus.record_size import check_size
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import Append, Head, NewEvent, Position
from tests.builders import JOB_ID, NOW
from tests.fakes.buses import CollectingBus
from tests.fakes.clocks import StoppedClock
from tests.unit.control_plane.relaying import a_relay, stepped

OTHER = uuid7(5, 5)
DEAD, LIFECYCLE, COMPLETED = "dlq.control-plane.relay", "jobs.lifecycle", "jobs.completed"
ORDER = '{"attempt_id":"a","leg":"l","role":"primary","lane":"%s","number":1,"tier":"%s","problem":{"n":%s}}'
Place = tuple[str, str, int]


class StrictBus(CollectingBus):
    """Takes what the publisher takes, up to `limit` bytes of value, as a broker with a limit of its own does."""

    def __init__(self, limit: int = RECORD_BYTES_MAX) -> None:
        super().__init__()
        self.limit = limit

    async def publish(self, records: Sequence[Outgoing]) -> None:
        for record in records:
            check_size(record)
        if any(len(record.value) > self.limit for record in records):
            raise RecordTooLarge
        await super().publish(records)


async def stored(*events: tuple[UUID, str, str]) -> MemoryStore:
    """A store that holds these (job, type, data), each behind the one before it."""
    store, versions = MemoryStore(), dict[UUID, int]()
    for number, (job_id, name, data) in enumerate(events):
        version = versions.get(job_id, 0)
        versions[job_id] = version + 1
        event = NewEvent(uuid7(1, number), name, 1, data, NOW)
        head = Head("open")
        assert await store.append([Append(job_id, "acme", version, (event,), head)]) == [True]
    return store


def places(bus: CollectingBus) -> list[Place]:
    return [(r.topic, r.key.decode(), int(dict(r.headers)["ce_streamversion"])) for r in bus.records]


def the_dead(bus: CollectingBus) -> list[tuple[Outgoing, dict[str, bytes]]]:
    return [(record, dict(record.headers)) for record in bus.records if record.topic == DEAD]


async def relayed(store: MemoryStore, bus: CollectingBus) -> None:
    """One step, and nothing is left to do."""
    relay = a_relay(store, bus, StoppedClock())
    await stepped(relay)
    await relay.save(force=True)
    assert await store.read(await store.load_cursor(CURSOR), limit=1) == []
    assert await store.load_cursor(CURSOR) != Position()


@pytest.mark.parametrize("data", [ORDER, "{ " + ORDER[1:]], ids=["as we write it", "as others write it"])
@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 5000, "1" + "0" * 400 + ".5", "1e999"])
async def test_an_order_with_a_number_of_any_size_goes_where_it_belongs(data: str, number: str) -> None:
    store, bus = await stored((JOB_ID, "JobQueued", data % ("quantum", "batch", number))), StrictBus()

    await relayed(store, bus)

    job = str(JOB_ID)
    assert places(bus) == [("jobs.queued.quantum.batch", job, 1), (LIFECYCLE, job, 1)]


async def test_what_stands_in_a_problem_decides_on_no_lane() -> None:
    inner = ORDER % ("quantum", "batch", "1")
    store, bus = await stored((JOB_ID, "JobQueued", ORDER % ("classical", "interactive", inner))), StrictBus()

    await relayed(store, bus)

    assert places(bus)[0][0] == "jobs.queued.classical.interactive"


@pytest.mark.parametrize(
    "data",
    [
        ORDER % ("underwater", "batch", "1"),
        ORDER % ("quantum", "never", "1"),
        '{"lane":null,"tier":null}',
        '{"lane":["quantum"],"tier":{}}',
        "{}",
        "[]",
        "7",
    ],
    ids=["lane", "tier", "null", "nested", "empty", "list", "number"],
)
async def test_an_order_that_belongs_nowhere_leaves_a_dead_letter_and_holds_up_no_other(
    data: str, caplog: pytest.LogCaptureFixture
) -> None:
    rows = ((OTHER, "JobPlanned", "{}"), (JOB_ID, "JobPlanned", "{}"), (JOB_ID, "JobQueued", data))
    store, bus = await stored(*rows, (JOB_ID, "JobStarted", "{}"), (OTHER, "JobCompleted", "{}")), StrictBus()

    with caplog.at_level(logging.ERROR):
        await relayed(store, bus)

    job, other = str(JOB_ID), str(OTHER)
    assert places(bus) == [
        (LIFECYCLE, other, 1),
        (LIFECYCLE, job, 1),
        (DEAD, job, 2),
        (LIFECYCLE, job, 3),
        (COMPLETED, other, 2),
        (LIFECYCLE, other, 2),
    ]
    ((record, headers),) = the_dead(bus)
    assert (record.value, headers["qb_error_code"]) == (data.encode(), b"unreadable_event")
    assert f"JobQueued of job {job}, version 2".encode() in headers["qb_error_detail"]
    assert (headers["qb_consumer"], headers["qb_failed_at"]) == (b"control-plane", b"2026-01-02T03:04:05Z")
    ((said, at_job),) = [(each.getMessage(), vars(each)["job_id"]) for each in caplog.records]
    assert (said, at_job) == ("version 2 of a job cannot be published", job)


@pytest.mark.parametrize("limit", [RECORD_BYTES_MAX, 200_000], ids=["our limit", "the broker's limit"])
async def test_a_record_too_large_leaves_a_dead_letter_with_its_head_and_holds_up_no_other(
    limit: int, caplog: pytest.LogCaptureFixture
) -> None:
    large = '{"answer":"' + "x" * (limit + 600_000) + '"}'
    rows = [(OTHER, "JobPlanned", "{}"), (JOB_ID, "JobPlanned", "{}"), (JOB_ID, "JobCompleted", large)]
    store, bus = await stored(*rows, (OTHER, "JobStarted", "{}"), (JOB_ID, "JobStarted", "{}")), StrictBus(limit)

    with caplog.at_level(logging.ERROR):
        await relayed(store, bus)

    job, other = str(JOB_ID), str(OTHER)
    assert places(bus) == [
        (LIFECYCLE, other, 1),
        (LIFECYCLE, job, 1),
        (LIFECYCLE, other, 2),
        (DEAD, job, 2),
        (DEAD, job, 2),
        (LIFECYCLE, job, 3),
    ]
    assert [(headers["__dlq.errors.topic"], headers["qb_error_code"]) for _, headers in the_dead(bus)] == [
        (b"jobs.completed", b"record_too_large"),
        (b"jobs.lifecycle", b"record_too_large"),
    ]
    assert {record.value for record, _ in the_dead(bus)} == {large[:HEAD_BYTES].encode()}
    assert {headers["ce_type"] for _, headers in the_dead(bus)} == {b"io.queuebit.JobCompleted.v1"}
    assert ["version 2 of a job cannot be published to" in each.getMessage() for each in caplog.records] == [True, True]
    assert {vars(each)["job_id"] for each in caplog.records} == {job}


async def test_a_broker_that_takes_not_even_the_dead_letter_holds_up_nobody() -> None:
    rows = ((JOB_ID, "JobPlanned", '{"much":"' + "x" * 99 + '"}'), (JOB_ID, "JobStarted", "{}"))
    store, bus = await stored(*rows), StrictBus(limit=50)

    await relayed(store, bus)

    assert places(bus) == [(LIFECYCLE, str(JOB_ID), 2)]


async def test_a_failure_among_the_halves_publishes_all_again() -> None:
    large = '{"answer":"' + "x" * 2 * HEAD_BYTES + '"}'
    store, bus = await stored((JOB_ID, "JobPlanned", "{}"), (JOB_ID, "JobStarted", large)), StrictBus(HEAD_BYTES)
    stop = asyncio.Event()

    class Impatient(StoppedClock):
        async def sleep(self, delay_s: float) -> None:
            await asyncio.sleep(0)
            if not await store.read(await store.load_cursor(CURSOR), limit=1):
                stop.set()

    bus.failures = 1
    async with asyncio.timeout(30.0):
        await a_relay(store, bus, Impatient(), save_interval_s=0.0).run(stop)

    assert places(bus) == [(LIFECYCLE, str(JOB_ID), 1), (DEAD, str(JOB_ID), 2)]
