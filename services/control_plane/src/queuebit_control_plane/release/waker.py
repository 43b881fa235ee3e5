"""The waker: looks who waits for a turn, and lets those of each tenant go as its share of the lane becomes free: the highest
priority first, and of the same one the oldest.

Every process looks who waits, so that new jobs of a tenant queue up behind its older ones, wherever they are decided on. One
wakes, who leads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Protocol, cast
from uuid import UUID

from queuebit_contracts.ids import derive_id
from queuebit_contracts.jobs import LANES, TERMINAL_STATES, Lane, Tier
from queuebit_control_plane.errors import Contended
from queuebit_control_plane.handler import CommandHandler, InboundCommand, log_fields
from queuebit_control_plane.holding.releaser import STEP_BYTES_MAX, in_steps
from queuebit_domain.job.messages import Wake
from queuebit_domain.job.summary import WAITS, WAITS_S
from queuebit_domain.release.overload import RELIEFS
from queuebit_domain.release.shares import Queue, Shares
from queuebit_domain.release.turns import Turns, Waiting
from queuebit_runtime.clock import Clock
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import SILENT, Telemetry
from queuebit_runtime.waiting import wait_event
from queuebit_store.errors import StoreUnavailable
from queuebit_store.leadership.port import Lease
from queuebit_store.ports import FIRST_LINE, Line, StreamRow, StreamStore

log = logging.getLogger(__name__)

EACH_MAX = 100
"""So many of each tenant, queue and priority are looked at: more go next time, which is soon."""
LINES_MAX = 500
"""So many tenants, queues and priorities are looked at: the next ones the next time, and from the beginning again behind the
last.
"""
AT_ONCE_MAX = 200
BUSY_INTERVAL_S = 0.05
POLL_INTERVAL_S = 0.25
OLD = timedelta(seconds=2)
"""What is out for so long may have been answered elsewhere, and is looked up."""
LOOK_UP_MAX = 500
NOT_OUT = TERMINAL_STATES | {"held", "planned"}


class Leads(Protocol):
    """Whether this process leads."""

    @property
    def lease(self) -> Lease | None: ...


class Waker:
    """Runs in every control plane whose lanes have windows."""

    def __init__(
        self,
        store: StreamStore,
        handler: CommandHandler,
        shares: Shares,
        lead: Leads,
        clock: Clock,
        telemetry: Telemetry = SILENT,
    ) -> None:
        self._telemetry = telemetry
        self._store = store
        self._handler = handler
        self._shares = shares
        self._lead = lead
        self._clock = clock
        self._turns: Turns[UUID] = Turns(shares.weight)
        self._undecidable: set[UUID] = set()
        self._after = FIRST_LINE
        self._round = Round()

    async def run(self, stop: asyncio.Event) -> None:
        """Let jobs go in their turns until `stop`."""
        while not stop.is_set():
            waits = False
            try:
                waits = await self.step()
            except (StoreUnavailable, Contended) as error:
                log.warning("what waits for its turn waits on: %s", error)
            await wait_event(stop, self._clock, BUSY_INTERVAL_S if waits else POLL_INTERVAL_S)

    async def step(self) -> bool:
        """Let go whose turn it is; whether anybody waits. Raises StoreUnavailable or Contended."""
        rows = [row for row in await self._look() if row.stream_id not in self._undecidable]
        waiting = _by_queue(rows)
        known = self._round.seen(waiting, whole=self._after == FIRST_LINE)
        self._shares.still_waiting(known, self._clock.now())
        self._show()
        if known or self._shares.pressed:
            # Who wants no waiting is refused, and waits nowhere.
            self._shares.pressed = await self._look_up()
        if waiting and self._lead.lease is not None:
            by_id = {row.stream_id: row for row in rows}
            turns = [
                by_id[job_id]
                for queue, by_tenant in waiting.items()
                for job_id in self._whose(queue, by_tenant, known[queue])
            ]
            bytes_of = await self._store.bytes_of([row.stream_id for row in turns]) if turns else {}
            for some in in_steps(turns, bytes_of, STEP_BYTES_MAX):
                await self._wake(some)
        return bool(known)

    def _show(self) -> None:
        if self._telemetry.on:
            now = self._clock.now()
            levels: dict[tuple[str, ...], float] = {
                (lane,): float(RELIEFS.index(self._shares.relief(lane, now))) for lane in LANES
            }
            self._telemetry.show(Metric.RELEASE_RELIEF, levels)

    async def _look(self) -> list[StreamRow]:
        """The next of those that wait, from the beginning again where there are no more."""
        rows = await self._store.waiting_heads(self._after, each=EACH_MAX, lines=LINES_MAX)
        lines = list(dict.fromkeys(Line(row.tenant, row.head.attributes[WAITS]) for row in rows))
        self._after = lines[-1] if len(lines) >= LINES_MAX else FIRST_LINE
        return rows

    def _whose(
        self, queue: Queue, waiting: Mapping[str, Sequence[Waiting[UUID]]], known: Collection[str]
    ) -> list[UUID]:
        more_s: dict[str, float] = {}
        now = self._clock.now()

        def fits(tenant: str, expected_s: float) -> bool:
            has_room = self._shares.has_room(queue, tenant, more_s, expected_s, now)
            if has_room:
                more_s[tenant] = more_s.get(tenant, 0.0) + expected_s
            return has_room

        return [job_id for _, job_id in self._turns.take(queue, waiting, fits, AT_ONCE_MAX, known)]

    async def _wake(self, rows: Sequence[StreamRow]) -> None:
        commands = [InboundCommand(row.stream_id, Wake(turn=True), derive_id(row.stream_id, "turn")) for row in rows]
        for each in await self._handler.handle(commands):
            log.error("a job cannot be let go", exc_info=each.error, extra=log_fields(each.command))
            self._undecidable.add(each.command.job_id)

    async def _look_up(self) -> bool:
        """Forget what is out here and ended: another process was told of its end. Whether there is more to look up."""
        now = self._clock.now()
        old = self._shares.old_flights(now - OLD, LOOK_UP_MAX)
        heads = await self._store.heads(list({flight.job_id for flight in old.values()})) if old else {}
        for number, flight in old.items():
            row = heads.get(flight.job_id)
            if row is None or row.head.state in NOT_OUT:
                self._shares.forget(number)
            else:
                self._shares.keep(number, now)
        return len(old) == LOOK_UP_MAX


class Round:
    """Who waits, on each queue: seen since the last time that all were looked at, or in the round before that."""

    def __init__(self) -> None:
        self._before: dict[Queue, frozenset[str]] = {}
        self._now: dict[Queue, frozenset[str]] = {}

    def seen(self, waiting: Mapping[Queue, Mapping[str, object]], *, whole: bool) -> dict[Queue, frozenset[str]]:
        """All who are known to wait, with these. `whole`: with them the round is over, and the next one begins."""
        for queue, tenants in waiting.items():
            self._now[queue] = self._now.get(queue, frozenset()) | frozenset(tenants)
        if whole:
            self._before, self._now = self._now, {}
            return dict(self._before)
        queues = {*self._before, *self._now}
        return {each: self._before.get(each, frozenset()) | self._now.get(each, frozenset()) for each in queues}


def _by_queue(rows: Sequence[StreamRow]) -> dict[Queue, dict[str, list[Waiting[UUID]]]]:
    """By queue and tenant, the highest priority first, and the oldest of each."""
    found: dict[Queue, dict[str, list[Waiting[UUID]]]] = {}
    for row in sorted(rows, key=_priority, reverse=True):
        attributes = row.head.attributes
        lane, tier, *_ = attributes[WAITS].split("/")
        queue = Queue(cast(Lane, lane), cast(Tier, tier))
        one = Waiting(row.stream_id, float(attributes.get(WAITS_S, "0")))
        found.setdefault(queue, {}).setdefault(row.tenant, []).append(one)
    return found


def _priority(row: StreamRow) -> int:
    _, _, *told = row.head.attributes[WAITS].split("/")
    return int(told[0]) if told else 0
