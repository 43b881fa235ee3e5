"""Taking a question, once: check it, hold its key, publish it, and only then say so."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from queuebit_contracts.channels import ADMITTED, CONTROL, DECISIONS, LARGE, REPORTED
from queuebit_contracts.commands import CancelJob, DecidePlan
from queuebit_contracts.data import Data
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.errors import FieldError
from queuebit_contracts.events import JobSubmitted, OutcomeReported
from queuebit_contracts.ids import derive_id, job_id_of, time_ordered_key
from queuebit_contracts.jobs import JobRequest, is_past
from queuebit_contracts.origin import NO_ORIGIN, Origin
from queuebit_contracts.sealed import SUBJECT_LABEL
from queuebit_gateway.batching import Batcher
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.questions import NO_TERMS, Keyed, Terms, in_turns
from queuebit_gateway.read_model.jobs import Jobs
from queuebit_gateway.read_model.payloads import Payloads
from queuebit_gateway.read_model.view import Accepted, accepted_of, question_in_short
from queuebit_gateway.read_model.watching import SOURCE, submitted_event_id
from queuebit_problems.admission import Admitted
from queuebit_runtime.bus.port import Bus, Outgoing
from queuebit_runtime.clock import Clock
from queuebit_runtime.ids import Ids
from queuebit_runtime.processes.bounded_work import LARGE_BYTES
from queuebit_store.ports import Reservation, StreamRow, StreamStore

PUBLISHED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Taken:
    """The question as it was taken. `replayed`: the key was held before, so `job_id` is the job of the first time; then `row`
    may tell how it stands.
    """

    accepted: Accepted
    replayed: bool
    row: StreamRow | None = None


class Submitter:
    """Takes questions and cancellations. Concurrent ones share a call to the store and a call to the bus."""

    def __init__(
        self, store: StreamStore, bus: Bus, jobs: Jobs, clock: Clock, ids: Ids, payloads: Payloads | None = None
    ) -> None:
        """`payloads` seals the data of subjects before it is published; absent, none of it is taken."""
        self._store = store
        self._bus = bus
        self._jobs = jobs
        self._clock = clock
        self._ids = ids
        self._payloads = payloads or Payloads()
        self._reserving: Batcher[Reservation, tuple[Reservation, bool]] = Batcher(self._reserve)
        self._sending: Batcher[Outgoing, None] = Batcher(self._send)
        self._publishing: dict[UUID, asyncio.Task[None]] = {}
        self._published: OrderedDict[UUID, None] = OrderedDict()
        self._last_created_at: datetime | None = None

    async def submit(
        self,
        admitted: Admitted,
        key: str,
        traceparent: str | None,
        origin: Origin = NO_ORIGIN,
        terms: Terms = NO_TERMS,
    ) -> Taken:
        """Take the question of this key. Returns when the bus has it; raises Refusal, StoreError or BusError.

        A repeat finds the key held. It publishes again where the job has no events yet and this process has not published it,
        so a crash between holding the key and publishing loses nothing; readers know the repeat by its id.
        """
        self._payloads.check(admitted.request, self._clock.now())
        wanted, late = self._wanted(admitted, key, origin), self._is_late(admitted)
        if late and not await self.asked_before(wanted.tenant, key):
            raise _too_late()
        held, first = await self._reserving.offer(wanted)
        if held.fingerprint != admitted.fingerprint:
            raise _reused(held.stream_id)
        accepted = _accepted(held, wanted)
        if first or not await self._known(held.stream_id, admitted.fingerprint):
            await self._publish(held, admitted, traceparent, origin, terms)
            self._jobs.remember(accepted)
        return Taken(accepted, replayed=not first)

    async def submit_all(self, questions: Sequence[Keyed], traceparent: str | None) -> list[Taken | Refusal]:
        """Take many of one tenant, each for itself: one statement holds their keys, and they are published together. Raises
        StoreError or BusError: then nobody knows which were taken, and all can be sent again.
        """
        wanted = [self._wanted(each.admitted, each.key, each.origin) async for each in in_turns(questions)]
        fates: dict[int, Taken | Refusal] = {}
        for nth, each in enumerate(questions):
            try:
                self._payloads.check(each.admitted.request, self._clock.now())
            except Refusal as refusal:
                fates[nth] = refusal
                continue
            if self._is_late(each.admitted) and not await self.asked_before(wanted[nth].tenant, each.key):
                fates[nth] = _too_late()
        asked = [nth for nth in range(len(questions)) if nth not in fates]
        held = dict(zip(asked, await self._reserve([wanted[nth] for nth in asked]), strict=True)) if asked else {}
        again = [reservation.stream_id for reservation, first in held.values() if not first]
        rows = await self._store.heads(again) if again else {}
        publishing = []
        async for nth, (reservation, first) in in_turns(list(held.items())):
            question, row = questions[nth], rows.get(reservation.stream_id)
            admitted = question.admitted
            if reservation.fingerprint != admitted.fingerprint or _is_other(row, admitted.fingerprint):
                fates[nth] = _reused(reservation.stream_id)
                continue
            accepted = _accepted(reservation, wanted[nth])
            fates[nth] = Taken(accepted, replayed=not first, row=row)
            if row is None:
                publish = self._publish(reservation, admitted, traceparent, question.origin, question.terms)
                publishing.append(asyncio.ensure_future(publish))
                self._jobs.remember(accepted)
        await asyncio.gather(*publishing)
        return [fates[nth] for nth in range(len(questions))]

    async def cancel(
        self, job_id: UUID, tenant: str, command: CancelJob, traceparent: str | None, key: str | None
    ) -> None:
        """Ask the control plane to cancel. Returns when the bus has it; a repeat with the same key has the same event id."""
        envelope = Envelope(
            id=derive_id(job_id, f"CancelJob:{key}", tenant) if key else self._ids.mint(),
            source=SOURCE,
            subject=str(job_id),
            time=self._clock.now(),
            data=command,
            tenant=tenant,
            traceparent=traceparent,
        )
        await self._sending.offer(_record(CONTROL, job_id, envelope))

    async def decide_plan(self, job_id: UUID, tenant: str, command: DecidePlan, traceparent: str | None) -> None:
        """Tell the control plane what somebody says to a plan. Returns when the bus has it; saying it twice is one event."""
        said = f"DecidePlan:{command.digest}:{command.granted}:{command.actor}"
        await self._say(DECISIONS, job_id, derive_id(job_id, said, tenant), tenant, command, traceparent)

    async def report_outcome(self, job_id: UUID, tenant: str, event: OutcomeReported, traceparent: str | None) -> None:
        """Tell the control plane what acting on an answer brought. Returns when the bus has it."""
        assert event.report_id is not None
        await self._say(REPORTED, job_id, event.report_id, tenant, event, traceparent)

    async def _say(
        self, topic: str, job_id: UUID, event_id: UUID, tenant: str, data: Data, traceparent: str | None
    ) -> None:
        now = self._clock.now()
        envelope = Envelope(event_id, SOURCE, str(job_id), now, data, tenant=tenant, traceparent=traceparent)
        await self._sending.offer(_record(topic, job_id, envelope))

    def _wanted(self, admitted: Admitted, key: str, origin: Origin) -> Reservation:
        request, ordered = admitted.request, time_ordered_key(key)
        job_id = job_id_of(request.tenant, ordered) if ordered else self._ids.mint()
        question = question_in_short(request, origin)
        return Reservation(request.tenant, key, job_id, admitted.fingerprint, self._created_at(), question)

    def _is_late(self, admitted: Admitted) -> bool:
        return is_past(admitted.request.deadline, self._clock.now())

    async def asked_before(self, tenant: str, key: str) -> bool:
        """Whether a question with this key was taken through any door, perhaps a moment ago: it is answered as then."""
        if await self._store.holder(tenant, key) is not None:
            return True
        return (ordered := time_ordered_key(key)) is not None and await self._known(job_id_of(tenant, ordered))

    async def _known(self, job_id: UUID, content: str | None = None) -> bool:
        """Whether the job has events. Raises Refusal where it came through another door with other content."""
        row = (await self._store.heads([job_id])).get(job_id)
        if content is not None and _is_other(row, content):
            raise _reused(job_id)
        return row is not None

    def _created_at(self) -> datetime:
        """Now, and never the same moment twice: a reservation that comes back equal is the one that was made."""
        now = self._clock.now()
        if self._last_created_at is not None and now <= self._last_created_at:
            now = self._last_created_at + timedelta(microseconds=1)
        self._last_created_at = now
        return now

    async def _reserve(self, wanted: Sequence[Reservation]) -> list[tuple[Reservation, bool]]:
        """Hold the keys; for each what holds, and whether it was this very request that took it."""
        firsts: dict[tuple[str, str], Reservation] = {}
        for one in wanted:
            firsts.setdefault((one.tenant, one.key), one)
        held = dict(zip(firsts, await self._store.reserve(list(firsts.values())), strict=True))
        return [
            (held[place], firsts[place] is one and held[place] == one)
            for one in wanted
            for place in [(one.tenant, one.key)]
        ]

    async def _publish(
        self, held: Reservation, admitted: Admitted, traceparent: str | None, origin: Origin, terms: Terms
    ) -> None:
        """Publish the question, unless this process has done so; concurrent repeats share one publication."""
        job_id = held.stream_id
        if job_id in self._published:
            return
        task = self._publishing.get(job_id)
        if task is None:
            if SUBJECT_LABEL in admitted.request.labels:
                sending = self._send_sealed(held, admitted, traceparent, origin, terms)
            else:
                sending = self._sending.offer(_question(held, admitted, admitted.request, traceparent, origin, terms))
            task = asyncio.create_task(sending)
            task.add_done_callback(lambda done: self._settled(job_id, done))
            self._publishing[job_id] = task
        await asyncio.shield(task)

    async def _send_sealed(
        self, held: Reservation, admitted: Admitted, traceparent: str | None, origin: Origin, terms: Terms
    ) -> None:
        """Seal the question, then publish it. Raises StoreError or BusError."""
        request, saga = await self._payloads.sealed(admitted.request, terms.saga, held.stream_id)
        await self._sending.offer(_question(held, admitted, request, traceparent, origin, terms._replace(saga=saga)))

    def _settled(self, job_id: UUID, task: asyncio.Task[None]) -> None:
        self._publishing.pop(job_id, None)
        if task.cancelled() or task.exception() is not None:
            return
        self._published[job_id] = None
        if len(self._published) > PUBLISHED_MAX:
            self._published.popitem(last=False)

    async def _send(self, records: Sequence[Outgoing]) -> list[None]:
        await self._bus.publish(records)
        return [None] * len(records)


def _accepted(held: Reservation, wanted: Reservation) -> Accepted:
    """What was taken: as it is kept, or as it is asked now where a key was held by another door, which keeps nothing."""
    accepted = accepted_of(held) or accepted_of(replace(held, question=wanted.question))
    assert accepted is not None
    return accepted


def _is_other(row: StreamRow | None, content: str) -> bool:
    return row is not None and row.head.attributes["fingerprint"] != content


def _too_late() -> Refusal:
    return Refusal("deadline_past", errors=(FieldError("/deadline", "deadline_past", "has passed"),))


def _reused(job_id: UUID) -> Refusal:
    return Refusal(
        "idempotency_key_reused",
        "This Idempotency-Key already stands for a job with other content.",
        errors=(FieldError("header:Idempotency-Key", "idempotency_key_reused", "was used for other content"),),
        job_id=job_id,
    )


def _question(
    held: Reservation,
    admitted: Admitted,
    request: JobRequest,
    traceparent: str | None,
    origin: Origin,
    terms: Terms,
) -> Outgoing:
    """The record that asks it, with the request as it may be read by others."""
    job_id = held.stream_id
    event = JobSubmitted(
        request=request,
        idempotency_key=held.key,
        fingerprint=admitted.fingerprint,
        admission=admitted.admission,
        origin=origin,
        requested_by=terms.by,
        quote=terms.quote,
        compensations=terms.saga.compensations,
        supersedes=terms.saga.supersedes,
    )
    envelope = Envelope(
        id=submitted_event_id(job_id),
        source=SOURCE,
        subject=str(job_id),
        time=held.created_at,
        data=event,
        tenant=held.tenant,
        traceparent=traceparent,
    )
    record = _record(ADMITTED, job_id, envelope)
    return record._replace(topic=LARGE) if len(record.value) > LARGE_BYTES else record


def _record(topic: str, job_id: UUID, envelope: Envelope) -> Outgoing:
    return Outgoing(topic, str(job_id).encode(), encode_data(envelope.data), encode_headers(envelope))
