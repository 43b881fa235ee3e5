"""The desk: messages about jobs in, events in the store out. Load, decide, append, and again where somebody was faster."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from queuebit_contracts.envelope import encode_data
from queuebit_contracts.ids import derive_id
from queuebit_contracts.jobs import is_past
from queuebit_control_plane.errors import Contended
from queuebit_control_plane.job.decide import decide, refusal_of
from queuebit_control_plane.job.messages import Message, Refuse, Submit
from queuebit_control_plane.job.state import EndedJob, Job, NoJob, OpenJob
from queuebit_control_plane.job.view import fold, head_of
from queuebit_runtime import semconv
from queuebit_runtime.bus import Record
from queuebit_runtime.clock import Clock
from queuebit_runtime.metrics import Metric
from queuebit_runtime.telemetry import SILENT, Telemetry
from queuebit_store.errors import InvalidBatch
from queuebit_store.ports import Append, NewEvent, StreamStore

APPEND_ATTEMPTS_MAX = 5
CACHE_JOBS_MAX = 20_000
_UNKNOWN = (-1, NoJob(), None)


class Told(NamedTuple):
    """One message about one job. `tenant` is the sender's; `cause_id` and `traceparent` go onto the events that follow.

    Events of a message without a traceparent, such as one of the alarm, belong to the trace of the job's first event.
    """

    job_id: UUID
    message: Message
    cause_id: UUID
    tenant: str = ""
    traceparent: str | None = None
    record: Record | None = None


def log_fields(told: Told) -> dict[str, str]:
    """What a log line about the message carries beside its text."""
    fields = {"job_id": str(told.job_id), "message_id": str(told.cause_id)}
    return {**fields, "tenant": told.tenant} if told.tenant else fields


@dataclass(frozen=True, slots=True)
class Spoiled:
    """A message that could not be decided on, whatever state the job was in: it must not stop the others."""

    told: Told
    error: Exception


@dataclass(slots=True)
class _Work:
    """A job within one batch: where it stood, where it stands, and what happened between.

    `refused`: submissions in conflict with it, which count only once it is known to stand there.
    """

    version: int
    job: Job
    tenant: str
    told: list[Told]
    cached: bool
    began_at: datetime | None = None
    trace: str | None = None
    events: list[NewEvent] = field(default_factory=list)
    refused: tuple[Told, ...] = ()


class Desk:
    """Serialises the decisions of this instance on each job; other instances are kept apart by the expected version of each
    append.
    """

    def __init__(
        self,
        store: StreamStore,
        clock: Clock,
        *,
        appended: Callable[[], None],
        telemetry: Telemetry = SILENT,
    ) -> None:
        """`appended` is called after every append that changed something."""
        self._store = store
        self._telemetry = telemetry
        self._clock = clock
        self._appended = appended
        self._busy: set[UUID] = set()
        self._freed = asyncio.Event()
        self._cache: OrderedDict[UUID, tuple[int, Job, str | None]] = OrderedDict()

    async def handle(self, told: Sequence[Told]) -> list[Spoiled]:
        """Decide on each message in order and make what follows durable.

        Returns the messages that cannot be decided on; nothing of their jobs was appended. Raises Contended or
        StoreUnavailable, both transient.
        """
        jobs = {each.job_id for each in told}
        while not self._busy.isdisjoint(jobs):
            self._freed.clear()
            await self._freed.wait()
        self._busy |= jobs
        try:
            spoiled: list[Spoiled] = []
            waiting: Sequence[Told] = told
            for _ in range(APPEND_ATTEMPTS_MAX):
                waiting = await self._round(waiting, spoiled, first=waiting is told)
                if not waiting:
                    return spoiled
            raise Contended(f"{len(waiting)} messages met other writers {APPEND_ATTEMPTS_MAX} times")
        finally:
            self._busy -= jobs
            self._freed.set()

    async def _round(self, told: Sequence[Told], spoiled: list[Spoiled], *, first: bool) -> list[Told]:
        """Decide and append once; returns what must be decided again."""
        now = self._clock.now()
        works = await self._open(told, spoiled, now if first else None)
        again: list[Told] = []
        for job_id, work in works.items():
            try:
                for each in work.told:
                    _decide(job_id, work, each, now)
            except Exception as error:
                spoiled.extend(Spoiled(each, error) for each in work.told)
                work.events.clear()
                self._cache.pop(job_id, None)
            else:
                if first and work.cached and not work.events:
                    # Another instance may have moved the job on: what is remembered may change nothing, never ignore.
                    self._cache.pop(job_id, None)
                    again.extend(work.told)
                elif not work.events:
                    again.extend(work.refused)
        changed = [(job_id, work) for job_id, work in works.items() if work.events]
        appended = await self._append(changed, spoiled)
        for (job_id, work), passed in zip(changed, appended, strict=True):
            if passed is None:
                self._cache.pop(job_id, None)
            elif passed:
                again.extend(work.refused)
                self._remember(job_id, work, work.version + len(work.events))
                if self._telemetry.on and isinstance(work.job, EndedJob):
                    self._measure(work, work.job, now)
            else:
                self._cache.pop(job_id, None)
                again.extend(work.told)
        return again

    async def _open(self, told: Sequence[Told], spoiled: list[Spoiled], trusting: datetime | None) -> dict[UUID, _Work]:
        """The jobs that the messages are about.

        With `trusting`, the moment, a submission that is not in the cache and in time is taken to be new: the append finds
        out if it is not. One that is late is looked up, as its refusal would be appended elsewhere and find out nothing.
        """
        works: dict[UUID, _Work] = {}
        unknown: list[UUID] = []
        for each in told:
            work = works.get(each.job_id)
            if work is None:
                version, job, trace = self._cache.get(each.job_id, _UNKNOWN)
                if version < 0:
                    unknown.append(each.job_id)
                works[each.job_id] = work = _Work(
                    max(version, 0), job, each.tenant, [], trace=trace, cached=version >= 0
                )
            work.told.append(each)
        missing = [job_id for job_id in unknown if trusting is None or not _looks_new(works[job_id], trusting)]
        if missing:
            found = await self._store.load(missing)
            for job_id in missing:
                stored = found.get(job_id, [])
                work = works[job_id]
                try:
                    work.version, work.job = len(stored), fold(stored)
                except Exception as error:
                    spoiled.extend(Spoiled(each, error) for each in works.pop(job_id).told)
                else:
                    work.trace = stored[0].traceparent if stored else None
                    self._remember(job_id, work, work.version)
        for work in works.values():
            if isinstance(work.job, OpenJob):
                work.tenant, work.began_at = work.job.request.tenant, work.job.submitted_at
        return works

    async def _append(self, changed: Sequence[tuple[UUID, _Work]], spoiled: list[Spoiled]) -> list[bool | None]:
        """One statement for all; where the store refuses the batch as a whole, one by one, to find which. None: refused."""
        if not changed:
            return []
        batch = [
            Append(
                stream_id=job_id,
                tenant=work.tenant,
                expected_version=work.version,
                events=tuple(work.events),
                head=head_of(work.job),
            )
            for job_id, work in changed
        ]
        try:
            appended: list[bool | None] = [*await self._store.append(batch)]
        except InvalidBatch as error:
            if len(changed) == 1:
                spoiled.extend(Spoiled(each, error) for each in changed[0][1].told)
                return [None]
            return [(await self._append([each], spoiled))[0] for each in changed]
        except BaseException:
            for job_id, _ in changed:
                self._cache.pop(job_id, None)
            raise
        self._appended()
        self._telemetry.count(Metric.APPENDED, sum(len(each.events) for each in batch))
        return appended

    def _measure(self, work: _Work, ended: EndedJob, now: datetime) -> None:
        labels = {semconv.JOB_STATE: ended.state}
        self._telemetry.count(Metric.JOBS_ENDED, labels=labels)
        duration_s = (now - work.began_at).total_seconds() if work.began_at else 0.0
        self._telemetry.observe(Metric.JOB_DURATION, duration_s, labels)

    def _remember(self, job_id: UUID, work: _Work, version: int) -> None:
        self._cache[job_id] = (version, work.job, work.trace)
        self._cache.move_to_end(job_id)
        while len(self._cache) > CACHE_JOBS_MAX:
            self._cache.popitem(last=False)


def _looks_new(work: _Work, now: datetime) -> bool:
    message = work.told[0].message
    if isinstance(message, Submit):
        return not is_past(message.event.request.deadline, now)
    return isinstance(message, Refuse)


def _decide(job_id: UUID, work: _Work, told: Told, now: datetime) -> None:
    """Decide one message within the batch; a conflicting submission turns into a refusal."""
    message = told.message
    if isinstance(message, Submit):
        refusal = refusal_of(work.job, message, now)
        if refusal is not None:
            refusal = refusal.model_copy(update={"cause_id": told.cause_id})
            stream_id = derive_id(told.cause_id, "rejected")
            refused = Told(stream_id, Refuse(refusal), told.cause_id, told.tenant, told.traceparent)
            work.refused = (*work.refused, refused)
            return
    decided, work.job = decide(work.job, message, now, job_id)
    if work.version == 0 and not work.events:
        work.tenant, work.trace = told.tenant, told.traceparent
    trace = told.traceparent or work.trace
    for version, event in enumerate(decided, start=work.version + len(work.events) + 1):
        event_id = derive_id(job_id, f"event:{version}")
        data = encode_data(event).decode()
        work.events.append(
            NewEvent(event_id, type(event).__name__, event.schema_version, data, now, told.cause_id, trace)
        )
