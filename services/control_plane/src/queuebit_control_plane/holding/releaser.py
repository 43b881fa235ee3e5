"""The releaser: jobs that nothing holds any more go on, and those behind an eased hold in their turn, the oldest first."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from queuebit_contracts.ids import derive_id
from queuebit_control_plane.errors import Contended
from queuebit_control_plane.handler import CommandHandler, InboundCommand, log_fields
from queuebit_control_plane.holding.gatekeeper import Gatekeeper
from queuebit_domain.holds.gate import Asking, Gate
from queuebit_domain.holds.register import CATEGORY, HEAD_STATE, LIFTED_BY, OPERATOR, REGISTER_ID, Hold, lift
from queuebit_domain.job.codec import fold
from queuebit_domain.job.messages import Wake
from queuebit_domain.job.state import Held, OpenJob
from queuebit_domain.job.summary import ALSO_HELD, UNTIL, WAITS
from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import wait_event
from queuebit_store.errors import StoreUnavailable
from queuebit_store.leadership.port import Lease
from queuebit_store.log.new_events import new_events
from queuebit_store.ports import Append, Head, Place, StoredEvent, StreamRow, StreamStore

log = logging.getLogger(__name__)

SWEEP_INTERVAL_S = 30.0
"""So often is everything that is held looked at again, whether a hold was lifted or not."""
STEP_BYTES_MAX = 8 * 1024 * 1024
"""So much of held jobs is in memory at once, or one job: questions and answers may be of megabytes each."""
SETTLED_S = 5.0
"""For so long after a hold was lifted, jobs may come to be held that were decided on before."""
HEAD = Head(HEAD_STATE)


class Leads(Protocol):
    """Whether this process leads: one releases, so that a rate is one rate."""

    @property
    def lease(self) -> Lease | None: ...


class Releaser:
    """Sweeps over the jobs that are held, a page at a time. Two that both believe to lead release twice as fast."""

    def __init__(
        self,
        store: StreamStore,
        handler: CommandHandler,
        gatekeeper: Gatekeeper,
        lead: Leads,
        clock: Clock,
        *,
        turns: bool = False,
        poll_interval_s: float = 0.25,
        page_max: int = 200,
    ) -> None:
        """`turns`: those that wait for their turn are woken in it, elsewhere; where no lane has a window any more, here."""
        self._store = store
        self._handler = handler
        self._gatekeeper = gatekeeper
        self._lead = lead
        self._clock = clock
        self._turns = turns
        self._poll_interval_s = poll_interval_s
        self._page_max = page_max
        self._undecidable: set[UUID] = set()
        self._version = 0
        self._changed_at_s = self._swept_at_s = float("-inf")
        self._place: Place | None = None
        self._whole = False
        """Whether this sweep looks at everything that is held; else it ends where an eased hold lets no more through."""
        self._waiting: Counter[int] = Counter()
        self._allowances = Allowances(clock)

    async def run(self, stop: asyncio.Event) -> None:
        """Release until `stop`."""
        while not stop.is_set():
            try:
                more = self._lead.lease is not None and await self.step()
            except (StoreUnavailable, Contended) as error:
                log.warning("what is held waits on: %s", error)
                more = False
            if not more:
                await wait_event(stop, self._clock, self._poll_interval_s)

    async def step(self) -> bool:
        """Look at the next page of what is held, where it is time to; True when there may be more at once."""
        gate = await self._gatekeeper.gate()
        now_s = self._clock.monotonic_s()
        if gate.holds.version != self._version:
            self._version, self._changed_at_s, self._place = gate.holds.version, now_s, None
        if self._place is None and not self._begin(gate, now_s):
            return False
        rows = await self._store.held_heads(self._place, limit=self._page_max)
        out_of_turn = await self._wake(rows, gate)
        if len(rows) == self._page_max and (self._whole or not out_of_turn):
            self._place = rows[-1].place
            return True
        self._place = None
        if len(rows) < self._page_max:
            self._swept_at_s = now_s if self._whole else self._swept_at_s
            await self._lift_eased(gate)
        return False

    def _begin(self, gate: Gate, now_s: float) -> bool:
        """Begin a sweep, where there is reason for one."""
        self._waiting.clear()
        settling = now_s <= self._changed_at_s + SETTLED_S
        self._whole = settling or now_s >= self._swept_at_s + SWEEP_INTERVAL_S
        return self._whole or any(hold.rate_per_s is not None for hold in gate.holds.holds)

    async def _wake(self, rows: Sequence[StreamRow], gate: Gate) -> bool:
        """Wake those of a page that may go on; whether some of it must wait for their turn."""
        asking = [row for row in rows if row.stream_id not in self._undecidable and not self._waits_alone(row)]
        free: list[StreamRow] = []
        for row in asking:
            if gate.closed and gate.on_job(_asked(row), eased=True) is not None:
                self._wait(gate.eased_over(_asked(row)))
            else:
                free.append(row)
        sizes = await self._store.bytes_of([row.stream_id for row in free]) if free else {}
        turns = [await self._wake_some(some, gate) for some in in_steps(free, sizes, STEP_BYTES_MAX)]
        return sum(turns) < len(free)

    def _waits_alone(self, row: StreamRow) -> bool:
        """Whether nothing holds the job back but that it waits for its turn, in which it is woken, or for a moment, at which it
        is.
        """
        about = row.head.attributes
        if UNTIL in about:
            return True
        return self._turns and WAITS in about and ALSO_HELD not in about

    async def _wake_some(self, rows: Sequence[StreamRow], gate: Gate) -> int:
        """Wake as many of these as may go on; how many that were."""
        turns = await self._in_turn(rows, gate) if gate.closed else [row.stream_id for row in rows]
        commands = [InboundCommand(each, Wake(eased=True), derive_id(each, "release")) for each in turns]
        if commands:
            for each in await self._handler.handle(commands):
                log.error("a job cannot be released", exc_info=each.error, extra=log_fields(each.command))
                self._undecidable.add(each.command.job_id)
        return len(turns)

    async def _in_turn(self, rows: Sequence[StreamRow], gate: Gate) -> list[UUID]:
        """Those whose holds are gone, and of those behind eased holds as many as each may let through now."""
        found = await self._store.load([row.stream_id for row in rows])
        turns: list[UUID] = []
        for row in rows:
            try:
                behind = _behind(found.get(row.stream_id, ()), _asked(row), gate)
            except Exception as error:
                # Whatever it is: the others must not wait for it.
                log.error("a held job cannot be read", exc_info=error, extra={"job_id": str(row.stream_id)})
                self._undecidable.add(row.stream_id)
                continue
            if behind.stopped:
                self._wait(gate.eased_over(_asked(row)))
            if self._allowances.take(behind.eased):
                turns.append(row.stream_id)
            else:
                self._wait(behind.eased)
        return turns

    def _wait(self, eased: Sequence[Hold]) -> None:
        self._waiting.update(hold.number for hold in eased)

    async def _lift_eased(self, gate: Gate) -> None:
        """Lift an eased hold behind which a sweep to the end found nothing waiting."""
        if self._clock.monotonic_s() <= self._changed_at_s + SETTLED_S:
            return
        for hold in gate.holds.holds:
            if hold.rate_per_s is not None and not self._waiting[hold.number]:
                events = lift(gate.holds, hold, actor=LIFTED_BY, reason="Nothing waits behind it any more.")
                version = gate.holds.version
                new = new_events(REGISTER_ID, version, events, self._clock.now())
                await self._store.append([Append(REGISTER_ID, OPERATOR, version, new, HEAD, category=CATEGORY)])
                self._allowances.forget(hold)
                return


def in_steps(rows: Sequence[StreamRow], sizes: Mapping[UUID, int], bytes_max: int) -> Iterator[Sequence[StreamRow]]:
    """The rows in their order, as many at a time as have so many bytes together, or one."""
    step: list[StreamRow] = []
    total = 0
    for row in rows:
        size = sizes.get(row.stream_id, 0)
        if step and total + size > bytes_max:
            yield step
            step, total = [], 0
        step.append(row)
        total += size
    if step:
        yield step


class Allowances:
    """How many jobs each eased hold may let through now: its rate, and at most a second's worth that was not used."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left: dict[int, tuple[float, float]] = {}

    def take(self, holds: Sequence[Hold]) -> bool:
        """Whether all of the holds let one more through now; only then is it counted."""
        left = {hold.number: self._left_of(hold) for hold in holds}
        lets = all(each >= 1.0 for each in left.values())
        now_s = self._clock.monotonic_s()
        self._left |= {number: (each - 1.0 if lets else each, now_s) for number, each in left.items()}
        return lets

    def _left_of(self, hold: Hold) -> float:
        rate_per_s = hold.rate_per_s or 0.0
        now_s = self._clock.monotonic_s()
        left, at_s = self._left.get(hold.number, (1.0, now_s))
        return min(max(1.0, rate_per_s), left + (now_s - at_s) * rate_per_s)

    def forget(self, hold: Hold) -> None:
        """The hold is over."""
        self._left.pop(hold.number, None)


class _Behind(NamedTuple):
    """The eased holds that a job passes when it is woken, and whether another hold stops a leg of it all the same."""

    eased: Sequence[Hold]
    stopped: bool


def _behind(stored: Sequence[StoredEvent], asking: Asking, gate: Gate) -> _Behind:
    """What is recorded may be another hold than those that stop the job now."""
    job = fold(stored)
    stopped = False
    eased: dict[int, Hold] = {}
    for leg in job.legs if isinstance(job, OpenJob) else ():
        if not isinstance(leg.status, Held):
            continue
        if gate.on_leg(asking, leg.spec.lane, eased=True) is not None:
            stopped = True
            continue
        for hold in (gate.holds.numbered(leg.status.hold), gate.on_leg(asking, leg.spec.lane)):
            if hold is not None and hold.rate_per_s is not None:
                eased[hold.number] = hold
    return _Behind([eased[number] for number in sorted(eased)], stopped)


def _asked(row: StreamRow) -> Asking:
    return Asking(row.stream_id, row.tenant, row.head.attributes["kind"], row.head.attributes["tier"])
