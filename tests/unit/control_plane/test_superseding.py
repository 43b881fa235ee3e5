"""A question from upstream that takes the place of a job's: that job may be on its way on another partition."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.ids import job_id_of, uuid7
from queuebit_control_plane.inbound import superseding
from queuebit_control_plane.inbound.admission import admitted_before
from queuebit_control_plane.inbound.reading import Question, admitted_or_refused
from queuebit_control_plane.inbound.superseding import PATIENCE_S, POLL_S, WAITED_FOR_MAX, Superseded
from queuebit_domain.job.codec import read_event
from queuebit_runtime.bus.decoding import Received, read
from queuebit_runtime.bus.port import Record
from queuebit_store.log.new_events import new_events
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import Append, Head
from tests.builders import NOW, a_submit
from tests.fakes.moved_clock import MovedClock
from tests.unit.control_plane.aside_plane import Plane, a_plane, asked

OTHER = uuid7(1, 99)


def a_question(number: int, supersedes: UUID | None, tenant: str = "acme") -> Question:
    sent = asked(number, tenant, supersedes=supersedes)
    item = read(Record(sent.topic, 0, number, sent.key, sent.value, tuple(sent.headers)), refusals=False, replays=False)
    assert isinstance(item, Received)
    asked_event = item.envelope.data
    assert isinstance(asked_event, ev.JobSubmitted)
    return Question(item, admitted_before(item) or admitted_or_refused(item.envelope, asked_event.request))


class CountingStore(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.looks: list[int] = []

    async def heads(self, stream_ids, *, tenant=None):  # type: ignore[no-untyped-def]
        self.looks.append(len(stream_ids))
        return await super().heads(stream_ids, tenant=tenant)


async def comes(store: MemoryStore, job_id: UUID = OTHER, tenant: str = "acme") -> None:
    new = new_events(job_id, 0, [a_submit(job_id=job_id).event], NOW)
    assert await store.append([Append(job_id, tenant, 0, new, Head("queued"))]) == [True]


def refusals(questions: list[Question]) -> list[ev.JobRejected | None]:
    return [each.outcome if isinstance(each.outcome, ev.JobRejected) else None for each in questions]


async def test_who_names_nobody_or_a_job_that_is_there_waits_for_nothing() -> None:
    store, clock = CountingStore(), MovedClock()
    plain, named = a_question(1, None), a_question(2, OTHER)
    assert await Superseded(store, clock).checked([plain]) == [plain]
    assert store.looks == []
    await comes(store)

    assert await Superseded(store, clock).checked([plain, named]) == [plain, named]
    assert store.looks == [1]


async def test_a_job_that_is_on_its_way_is_waited_for_and_one_that_does_not_come_is_named() -> None:
    store, clock = CountingStore(), MovedClock()
    superseded = Superseded(store, clock)
    first, second = a_question(1, OTHER), a_question(2, uuid7(1, 98))
    waiting = [asyncio.ensure_future(superseded.checked([each])) for each in (first, second)]
    await clock.advance(1.0)
    assert not any(each.done() for each in waiting)
    await comes(store)

    await clock.advance(POLL_S)
    assert waiting[0].done()
    assert not waiting[1].done()
    await clock.advance(PATIENCE_S)

    assert await waiting[0] == [first]
    (refused,) = refusals(await waiting[1])
    assert refused is not None
    assert (refused.code, refused.field, refused.cause_id) == (
        "superseded_not_found",
        "/supersedes",
        second.received.envelope.id,
    )
    assert str(uuid7(1, 98)) in refused.detail
    assert len(store.looks) <= 2 + PATIENCE_S / POLL_S + 1, "all that wait are one look"


async def test_the_jobs_of_others_are_not_there() -> None:
    store, clock = MemoryStore(), MovedClock()
    await comes(store, tenant="globex")

    (refused,) = refusals(await Superseded(store, clock).checked([a_question(1, OTHER)]))

    assert refused is not None


async def test_only_so_many_are_waited_for() -> None:
    store, clock = MemoryStore(), MovedClock()
    superseded = Superseded(store, clock)
    many = [a_question(nth, uuid7(2, nth)) for nth in range(WAITED_FOR_MAX)]
    waiting = asyncio.ensure_future(superseded.checked(many))
    await clock.advance(1.0)

    (refused,) = refusals(await superseded.checked([a_question(900, OTHER)]))

    assert refused is not None
    assert not waiting.done()
    await clock.advance(PATIENCE_S)
    assert None not in refusals(await waiting)
    await comes(store)
    assert refusals(await superseded.checked([a_question(901, OTHER)])) == [None], "then there is room again"


async def test_questions_that_all_name_one_job_count_each() -> None:
    """Given many records that are not done, as all wait for a job that never comes; then the next waits no more."""
    store, clock = MemoryStore(), MovedClock()
    superseded = Superseded(store, clock)
    waiting = asyncio.ensure_future(superseded.checked([a_question(nth, OTHER) for nth in range(WAITED_FOR_MAX)]))
    await clock.advance(1.0)

    more = asyncio.ensure_future(superseded.checked([a_question(900, OTHER)]))
    await clock.advance(0.0)

    assert more.done()
    assert None not in refusals(await more)
    await clock.advance(PATIENCE_S)
    assert None not in refusals(await waiting)


async def test_the_control_plane_takes_both_whichever_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(superseding, "PATIENCE_S", 60.0)
    async with a_plane() as plane:
        plane.pool.open()
        key = uuid7(1, 1)
        job_id = job_id_of("acme", key)

        await plane.send(asked(2, supersedes=job_id))
        await plane.until(lambda: bool(plane.pool.runs))
        await plane.send(asked(1, idempotency_key=str(key)))
        await plane.until(lambda: plane.jobs("acme") == 2)
        await plane.quiet()

        assert _superseding(plane) == {job_id}


def _superseding(plane: Plane) -> set[UUID | None]:
    events = [read_event(stored[0]) for stored in plane.store.database.events.values()]
    return {each.supersedes for each in events if isinstance(each, ev.JobSubmitted) and each.supersedes}
