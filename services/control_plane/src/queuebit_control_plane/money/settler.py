"""The settler: money that is set aside for legs of which nobody will say any more what they cost.

What is set aside never ends by the clock. A leg that ended while its attempt was out, because the job was cancelled, say, or
the attempt was lost, may still be paid for at the provider: the ledger of submissions knows. Once nothing of the leg lives
there, what was set aside counts as spent where something was handed in, and is released else, when nobody may begin the
attempt any more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.ids import derive_id, lineage_id_of
from queuebit_contracts.money import THRESHOLDS_PERCENT
from queuebit_control_plane.errors import Contended
from queuebit_control_plane.handler import CommandHandler, InboundCommand, log_fields
from queuebit_domain.job.codec import fold, read_event
from queuebit_domain.job.messages import Settle
from queuebit_domain.job.state import EndedJob, Held, LegState, OpenJob, Resting, Working
from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import wait_event
from queuebit_store.budgets.port import Budgets, OpenReservation
from queuebit_store.errors import StoreUnavailable
from queuebit_store.leadership.port import Lease
from queuebit_store.ports import StoredEvent, StreamStore

log = logging.getLogger(__name__)

INTERVAL_S = 10.0
GRACE_S = 60.0
"""So long after it ended somebody may still report what a leg cost."""
PAGE = 1000


class Leads(Protocol):
    @property
    def lease(self) -> Lease | None: ...


class Store(StreamStore, Budgets, Protocol):
    """Jobs and the ledger."""


class Settler:
    """Looks now and then at what is set aside, in the process that leads."""

    def __init__(self, store: Store, handler: CommandHandler, lead: Leads, clock: Clock) -> None:
        self._store = store
        self._handler = handler
        self._lead = lead
        self._clock = clock
        self._after: OpenReservation | None = None
        """Where the next look goes on: many that are old and live hide none behind them."""

    async def run(self, stop: asyncio.Event) -> None:
        """Settle until `stop`."""
        while not stop.is_set():
            try:
                if self._lead.lease is not None:
                    await self.step()
            except (StoreUnavailable, Contended) as error:
                log.warning("money that is set aside waits on: %s", error)
            await wait_event(stop, self._clock, INTERVAL_S)

    async def step(self) -> int:
        """Settle what can be; how many legs that were. And tell which budgets have passed a threshold."""
        now = self._clock.now()
        found = await self._store.open_reservations(after=self._after, limit=PAGE)
        self._after = found[-1] if len(found) == PAGE else None
        due = [each for each in found if each.since <= now - timedelta(seconds=GRACE_S)]
        commands = await self._settled(due, now) if due else []
        for each in await self._handler.handle(commands) if commands else ():
            log.error("money cannot be settled", exc_info=each.error, extra=log_fields(each.command))
        for row in await self._store.tell_thresholds(THRESHOLDS_PERCENT):
            log.warning("the budget %s has used %s %% of %s %s", row.account, row.told, row.limit, row.currency)
        return len(commands)

    async def _settled(self, due: Sequence[OpenReservation], now: datetime) -> list[InboundCommand]:
        jobs = await self._store.load(sorted({each.stream_id for each in due}))
        over = [each for each in due if _is_over(jobs.get(each.stream_id, ()), each.leg, now)]
        lineages = {(each.stream_id, each.leg): lineage_id_of(each.stream_id, each.leg) for each in over}
        sent = await self._store.sent_for(list(lineages.values())) if lineages else {}
        commands: list[InboundCommand] = []
        for each in over:
            lineage = lineages[each.stream_id, each.leg]
            handed_in = sent.get(lineage)
            if handed_in or (handed_in is not None and _nobody_begins(jobs[each.stream_id], each.leg, now)):
                cause = derive_id(each.attempt_id, "settle")
                commands.append(InboundCommand(each.stream_id, Settle(each.leg, handed_in), cause))
        return _one_a_job(commands)


def _is_over(stored: Sequence[StoredEvent], leg: str, now: datetime) -> bool:
    """Whether the leg has ended for so long that its attempts have said what they had to say."""
    if not stored or stored[-1].time > now - timedelta(seconds=GRACE_S):
        return False
    job = fold(stored)
    if isinstance(job, EndedJob) and job.later is not None:
        deadline = job.later.deadline
        return not any(each.spec.leg == leg and _goes_on(each, deadline) for each in job.later.legs)
    if not isinstance(job, OpenJob):
        return True
    return not any(each.spec.leg == leg and isinstance(each.status, Working | Resting | Held) for each in job.legs)


def _goes_on(leg: LegState, deadline: datetime) -> bool:
    """Whether the leg does when its job has ended. What is held back then, or rests until the deadline, goes on no further."""
    status = leg.status
    return isinstance(status, Working) or (isinstance(status, Resting) and status.until < deadline)


def _nobody_begins(stored: Sequence[StoredEvent], leg: str, now: datetime) -> bool:
    """Whether it is too late to begin any attempt of the leg that was ordered."""
    events = [read_event(each) for each in stored if each.type == ev.JobQueued.__name__]
    orders = [each for each in events if isinstance(each, ev.JobQueued) and each.leg == leg]
    return all(each.begin_by is not None and each.begin_by < now for each in orders)


def _one_a_job(commands: Sequence[InboundCommand]) -> list[InboundCommand]:
    """The others of a job follow the next time."""
    found: dict[UUID, InboundCommand] = {}
    for each in commands:
        found.setdefault(each.job_id, each)
    return list(found.values())
