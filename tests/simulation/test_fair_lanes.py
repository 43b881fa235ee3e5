"""A flood that comes all at once onto a lane that its tenant has had alone, with workers that take orders as the real ones do.
By counts of virtual time: the other tenant's p95 stays within twice its quiet value, whatever is queued up before its workers.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.channels import queued
from queuebit_contracts.envelope import Envelope
from queuebit_domain.release.shares import Shares
from queuebit_runtime.bus.port import Record
from queuebit_runtime.worker.orders import Orders, Work
from queuebit_runtime.worker.reports import Report
from queuebit_store.projections.port import ReadEvent
from tests.simulation.lanes import RUN_S, Lane, p95
from tests.simulation.virtual import BEGIN, run_virtual

TOPIC = queued("classical", "batch")
JOBS, FLOOD = 12, 300
"""The flood is more than the lane does in the time of the others, and its rest stays undone."""


class Given:
    """A delivery that nobody takes back."""

    def __init__(self, *records: Record) -> None:
        self.records = records

    def done(self, record: Record) -> None: ...

    def done_all(self) -> None: ...

    def wanted(self, record: Record) -> bool:
        return record in self.records


@dataclass
class WorkersOwn(Lane):
    """The lane, whose workers hold what was let out, and take of it in the order that they have."""

    orders: Orders = field(default_factory=Orders)
    begun: dict[UUID, Work] = field(default_factory=dict)

    def put(self, stored: ReadEvent, order: ev.JobQueued) -> None:
        about = str(stored.stream_id)
        cause = Envelope(
            order.attempt_id, "/queuebit/control-plane", about, BEGIN, order, tenant=self.submitted[stored.stream_id][0]
        )
        work = Work(order, Report(cause, "classical-solver"), large=True)
        record = Record(TOPIC, 0, stored.seq, b"", b"", ())
        work.claims.append((Given(record), record))
        self.orders.add(work)

    def take(self) -> tuple[UUID, ev.JobQueued] | None:
        work = self.orders.next_large()
        if work is None:
            return None
        self.begun[work.order.attempt_id] = work
        return UUID(work.report.job), work.order

    def done_with(self, order: ev.JobQueued) -> None:
        self.orders.finish(self.begun.pop(order.attempt_id))


def lived(lane: Lane, *, flood: bool) -> Lane:
    """The flood hands in all that it has; then the other asks for one job after the other."""

    async def main() -> Lane:
        await lane.run()
        floods = asyncio.ensure_future(lane.ask("flood", FLOOD, 0.0)) if flood else None
        await lane.clock.sleep(2.0)
        await lane.ask("small", JOBS, 1.7)
        if floods is not None:
            await floods
        while lane.asked["small"] > len(lane.took_s.get("small", ())):
            await lane.clock.sleep(0.1)
            lane.check()
        lane.submitted = {job: about for job, about in lane.submitted.items() if about[0] == "small"}
        await lane.ended()
        return lane

    return run_virtual(main())


@pytest.mark.parametrize("shares", [True, False], ids=["with windows", "without"])
def test_a_flood_at_once_at_most_doubles_what_the_other_waits(shares: bool) -> None:
    quiet = lived(WorkersOwn(Shares() if shares else None), flood=False)
    loud = lived(WorkersOwn(Shares() if shares else None), flood=True)

    assert p95(quiet.took_s["small"]) < 1.2 * RUN_S
    assert p95(loud.took_s["small"]) <= 2 * p95(quiet.took_s["small"])
    assert max(loud.took_s["small"]) <= 2 * max(quiet.took_s["small"])
    assert len(loud.took_s["small"]) == JOBS


def test_in_one_order_behind_the_window_of_who_was_alone_it_would_be_more() -> None:
    """What the workers' own turns are for: what was let out onto a lane that nobody shared stands before the other's first."""
    loud = lived(Lane(Shares()), flood=True)

    assert max(loud.took_s["small"]) > 2 * 1.2 * RUN_S


def test_what_waits_for_one_moment_begins_then_and_goes_by_shares() -> None:
    """Given many jobs of one tenant and a few of another that are not to begin before a moment: nothing does, timers wake them,
    and the few do not wait for the many. Each was held for the moment once.
    """
    opens = BEGIN + timedelta(seconds=20)

    async def main() -> WorkersOwn:
        lane = WorkersOwn(Shares())
        await lane.run()
        await lane.ask("flood", 60, 0.0, not_before=opens.isoformat())
        await lane.ask("small", 4, 0.0, not_before=opens.isoformat())
        await lane.ended()
        return lane

    lane = run_virtual(main())
    stories = [list(events) for events in lane.store.database.events.values()]
    queued = [each.time for story in stories for each in story if each.type == "JobQueued"]
    held = [sum('"until":"' in each.data for each in story if each.type == "JobHeld") for story in stories]

    assert (len(queued), min(queued) >= opens, min(queued) < opens + timedelta(seconds=1)) == (64, True, True)
    assert held == [1] * 64
    assert max(lane.took_s["small"]) < 20 + 4 * RUN_S + 3 * RUN_S
    assert max(lane.took_s["flood"]) < 20 + 1.2 * 64 * RUN_S / 2
