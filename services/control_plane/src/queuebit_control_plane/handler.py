"""The command handler: messages about jobs in, events in the store out. Load, decide, append, and once more after a race."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from queuebit_contracts.streams import JOB, REFUSAL
from queuebit_contracts.writing import TODAY, Writing
from queuebit_control_plane.errors import Contended
from queuebit_control_plane.heads import head_of
from queuebit_control_plane.measures import measure_ends
from queuebit_control_plane.money.treasurer import Till, Treasurer
from queuebit_control_plane.remembered import Kept, Remembered, weight_of
from queuebit_control_plane.work import InboundCommand as InboundCommand
from queuebit_control_plane.work import Work
from queuebit_control_plane.work import log_fields as log_fields
from queuebit_domain.holds.gate import OPEN, Gate
from queuebit_domain.job.codec import fold
from queuebit_domain.job.messages import Refuse
from queuebit_domain.job.state import EndedJob, OpenJob
from queuebit_domain.release.shares import Shares
from queuebit_runtime.clock import Clock
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import SILENT, Telemetry
from queuebit_store.errors import StoreError
from queuebit_store.ports import Append, StoredEvent, StreamStore

APPEND_ATTEMPTS_MAX = 5
AskGate = Callable[[], Awaitable[Gate]]


async def always_open() -> Gate:
    """The gate where nobody holds anything back."""
    return OPEN


@dataclass(frozen=True, slots=True)
class Undecidable:
    """A message that could not be decided on, whatever state the job was in: it must not stop the others."""

    command: InboundCommand
    error: Exception


class CommandHandler:
    """Serialises the decisions of this instance on each job; other instances are kept apart by the expected version of each
    append.
    """

    def __init__(
        self,
        store: StreamStore,
        clock: Clock,
        *,
        appended: Callable[[], None],
        gate: AskGate = always_open,
        treasurer: Treasurer | None = None,
        shares: Shares | None = None,
        writing: Writing = TODAY,
        telemetry: Telemetry = SILENT,
    ) -> None:
        """`appended` is called after every append that changed something. `gate` says what operators hold back, `treasurer`
        what may be spent, `shares` how much of each lane tenants may have out, `writing` in which version events are written.
        """
        self._shares = shares
        self._writing = writing
        self._gate = gate
        self._treasurer = treasurer
        self._store = store
        self._telemetry = telemetry
        self._clock = clock
        self._appended = appended
        self._busy: set[int] = set()
        """The numbers of the jobs: an id itself is hashed and compared in Python, several times a message."""
        self._freed = asyncio.Event()
        self._remembered = Remembered()

    async def handle(self, commands: Sequence[InboundCommand]) -> list[Undecidable]:
        """Decide on each message in order and make what follows durable.

        Returns the messages that cannot be decided on, or not be stored; nothing of their jobs was appended. Raises Contended
        or StoreUnavailable, both transient, and what the store says of every batch alike, such as SchemaMismatch.
        """
        jobs = {each.job_id.int for each in commands}
        while not self._busy.isdisjoint(jobs):
            self._freed.clear()
            await self._freed.wait()
        self._busy |= jobs
        try:
            undecidable: list[Undecidable] = []
            waiting: Sequence[InboundCommand] = commands
            for _ in range(APPEND_ATTEMPTS_MAX):
                waiting = await self._round(waiting, undecidable, trusting=waiting is commands)
                if not waiting:
                    return undecidable
            raise Contended(f"{len(waiting)} messages met other writers {APPEND_ATTEMPTS_MAX} times")
        finally:
            self._busy -= jobs
            self._freed.set()

    async def _round(
        self, commands: Sequence[InboundCommand], undecidable: list[Undecidable], *, trusting: bool
    ) -> list[InboundCommand]:
        """Decide and append once; returns what must be decided again. `trusting`: see `_open`."""
        gate = await self._gate()
        now = self._clock.now()
        again: list[InboundCommand] = []
        changed: list[Work] = []
        works = await self._open(commands, undecidable, now if trusting else None)
        till = await self._till(works, fresh=not trusting)
        for work in works:
            try:
                for each in work.commands:
                    if till is None:
                        work.decide(each, now, gate, shares=self._shares)
                    else:
                        before = len(work.charges)
                        purse = till.purse(work.tenant)
                        work.decide(each, now, gate, purse, self._shares)
                        # What it sets aside is gone for those behind it.
                        till.take(work.charges[before:])
            except Exception as error:
                self._overtaken(work)
                undecidable.extend(Undecidable(each, error) for each in work.commands)
            else:
                if work.decided:
                    changed.append(work)
                elif work.cached or not work.known:
                    # Another instance may have moved the job on: what is remembered or taken for new may change nothing, never
                    # ignore.
                    again.extend(work.commands)
                else:
                    again.extend(work.refused)
                    self._settled(work)
        changed = self._written(changed, undecidable, now)
        ended: list[tuple[Work, EndedJob]] = []
        for work, passed in zip(changed, await self._append(changed, undecidable), strict=True):
            if passed:
                again.extend(work.refused)
                self._settled(work)
                if type(work.job) is EndedJob and not work.had_ended:
                    ended.append((work, work.job))
            else:
                self._overtaken(work)
                if passed is not None:
                    again.extend(work.commands)
        if self._telemetry.on:
            measure_ends(self._telemetry, ended, now)
        return again

    def _written(self, changed: Sequence[Work], undecidable: list[Undecidable], now: datetime) -> list[Work]:
        """Those of which what was decided can be written."""
        written: list[Work] = []
        for work in changed:
            try:
                work.write(now, self._writing, self._store.epoch)
            except Exception as error:
                self._overtaken(work)
                undecidable.extend(Undecidable(each, error) for each in work.commands)
            else:
                written.append(work)
        return written

    async def _till(self, works: Collection[Work], *, fresh: bool) -> Till | None:
        """What may be spent; None where nothing of this is paid for."""
        if self._treasurer is None or not await self._treasurer.look():
            return None
        may_charge = self._treasurer.may_charge
        tenants = {work.tenant for work in works if work.may_spend(may_charge)}
        return await self._treasurer.till(sorted(tenants), fresh=fresh) if tenants else None

    async def _open(
        self, commands: Sequence[InboundCommand], undecidable: list[Undecidable], trusting: datetime | None
    ) -> Collection[Work]:
        """The jobs that the messages are about, out of the cache: only what went well puts one back.

        With `trusting`, the moment, a submission that is not in the cache and in time is taken to be new: the append finds
        out if it is not. One that is late is looked up, as its refusal would be appended elsewhere and find out nothing.
        """
        works: dict[int, Work] = {}
        unknown: list[Work] = []
        for each in commands:
            number = each.job_id.int
            work = works.get(number)
            if work is not None:
                work.commands.append(each)
                continue
            works[number] = work = Work(each.job_id, each.tenant, [each])
            remembered = self._remembered.take(each.job_id)
            if remembered is None:
                unknown.append(work)
            else:
                work.cached = True
                work.stands(*remembered)
        missing = [work for work in unknown if trusting is None or not work.looks_new(trusting)]
        if missing:
            rivals = [each.rival_id for work in missing for each in work.commands if each.rival_id is not None]
            found = await self._store.load([*(work.job_id for work in missing), *rivals])
            for work in missing:
                stored = found.get(work.job_id, [])
                work.commands = [_against(each, found) for each in work.commands if not _ended_elsewhere(each, found)]
                work.tenant = stored[0].tenant if stored else work.tenant
                try:
                    held = sum(weight_of(event.type, len(event.data)) for event in stored)
                    work.stands(len(stored), fold(stored), stored[0].traceparent if stored else None, held)
                    work.tenant = stored[0].tenant if stored else work.tenant
                except Exception as error:
                    undecidable.extend(Undecidable(each, error) for each in works.pop(work.job_id.int).commands)
        return works.values()

    async def _append(self, changed: Sequence[Work], undecidable: list[Undecidable]) -> list[bool | None]:
        """One statement for all; where the store refuses it for what may be one of them, one by one, to find which.

        None: refused.
        """
        if not changed:
            return []
        batch = [
            Append(
                work.job_id,
                work.tenant,
                work.version,
                work.events,
                head_of(work.job),
                category=JOB if work.rejection is None else REFUSAL,
                rival_id=work.rival_id,
                charges=tuple(work.charges),
            )
            for work in changed
        ]
        try:
            appended: list[bool | None] = [*await self._store.append(batch)]
        except StoreError as error:
            if error.transient or not error.of_one:
                raise
            if len(changed) == 1:
                undecidable.extend(Undecidable(each, error) for each in changed[0].commands)
                return [None]
            return [(await self._append([each], undecidable))[0] for each in changed]
        if any(appended):
            self._appended()
            count = sum(len(each.events) for each, passed in zip(batch, appended, strict=True) if passed)
            self._telemetry.count(Metric.APPENDED, count)
        return appended

    def _overtaken(self, work: Work) -> None:
        """Nothing of what was decided has happened: what was let out by it is not out."""
        if self._shares is not None:
            for attempt_id in work.let_out:
                self._shares.forget(attempt_id.int)

    def _settled(self, work: Work) -> None:
        """Count what came late, and keep a job that goes on: little is said to one that ended, and that is looked up."""
        if work.late:
            self._telemetry.count(Metric.LATE_EXECUTIONS, work.late)
        if type(work.job) is OpenJob:
            version = work.version + len(work.events)
            self._remembered.keep(work.job_id, Kept(version, work.job, work.trace, work.size_bytes))


def _ended_elsewhere(command: InboundCommand, found: Mapping[UUID, Sequence[StoredEvent]]) -> bool:
    """Whether the very same question was refused, or became a job, before. A key may also stand for another event's job."""
    rival = () if command.rival_id is None else found.get(command.rival_id, ())
    return len(rival) > 0 and rival[0].causation_id == command.cause_id


def _against(command: InboundCommand, found: Mapping[UUID, Sequence[StoredEvent]]) -> InboundCommand:
    """A refusal beside the job of another question under the same key; else the job may not come to be meanwhile either."""
    return (
        command._replace(rival_id=None)
        if isinstance(command.message, Refuse) and command.rival_id in found
        else command
    )
