"""Two control planes decide on the same messages at once, as after a rebalance: one is right, and the other finds out.

Both have loaded and decided before either appends. Nothing may be paid twice, counted twice or left undone by whoever loses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts.backends import BackendCapabilities
from queuebit_contracts.events import BackendStatusReported
from queuebit_contracts.ids import attempt_id_of, uuid7
from queuebit_contracts.jobs import Cost, Ran
from queuebit_control_plane.handler import CommandHandler
from queuebit_control_plane.money.treasurer import Treasurer
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.job.messages import Cancel, Message
from queuebit_domain.release.shares import Shares
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_store.budgets.port import Budget, PriceRow
from queuebit_store.ports import Append
from tests.builders import a_submit, a_success, a_verdict
from tests.contract.store.conftest import OpenSession
from tests.fakes.clocks import StoppedClock
from tests.fakes.telemetry import Listener
from tests.unit.control_plane.handling import a_command

LEG = "primary-quantum"
COST = "0.5"
START = datetime(2026, 1, 2, tzinfo=UTC)
JOBS = [uuid7(int(START.timestamp() * 1000), nth) for nth in range(1, 5)]
"""One is expected to cost 1.324 at most, so that three of them fit a budget of 4."""
CAN = BackendCapabilities(
    shots_max=1, circuits_max=1, noise="", exact=False, estimates=True, repeats=False, annealer=False,
    recovery="token", lag_s=1,
)  # fmt: skip
OUT = ["JobSubmitted", "JobPlanned", "BudgetReserved", "JobQueued"]
UNPAID = ["JobSubmitted", "JobPlanned", "BudgetExhausted", "FallbackTaken", "JobQueued"]


class Meeting:
    """A session whose next append waits until that of the other is there too, and until what it comes `after` is done."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.meet: asyncio.Barrier | None = None
        self.after: asyncio.Event | None = None
        self.done = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    async def append(self, batch: Sequence[Append]) -> Sequence[bool]:
        if (meet := self.meet) is not None:
            self.meet = None
            await meet.wait()
        if (after := self.after) is not None:
            self.after = None
            await after.wait()
        found: Sequence[bool] = await self._session.append(batch)
        self.done.set()
        return found


@dataclass
class Plane:
    """A control plane, and what it counts."""

    session: Meeting
    ears: Listener = field(default_factory=Listener)
    shares: Shares = field(default_factory=Shares)
    told: list[None] = field(default_factory=list)

    def __post_init__(self) -> None:
        clock, lanes = StoppedClock(), Lanes()
        status = BackendStatusReported(backend="qpu", lane="quantum", available=True, capabilities=CAN)
        lanes.report(status, clock.now())
        self.handler = CommandHandler(
            self.session,  # type: ignore[arg-type]
            clock,
            appended=lambda: self.told.append(None),
            treasurer=Treasurer(self.session, lanes, clock),
            shares=self.shares,
            telemetry=self.ears,
        )

    async def hear(self, told: Sequence[tuple[UUID, Message]]) -> None:
        assert await self.handler.handle([a_command(message, job_id) for job_id, message in told]) == []

    @property
    def appended(self) -> float:
        return self.ears.counts[Metric.APPENDED, ()]

    @property
    def out(self) -> int:
        return sum(len(each.counts) and sum(each.counts.values()) for each in self.shares._out.values())


async def both(open_session: OpenSession, limit: str = "4") -> tuple[Plane, Plane]:
    left, right = Plane(Meeting(await open_session())), Plane(Meeting(await open_session()))
    budget = Budget("acme", "production", "USD", "total", Decimal(limit))
    await left.session.grant(budget, START, actor="ann", reason="the year")
    await left.session.set_price(PriceRow("qpu", "USD", Decimal("0.30"), Decimal("0.001"), Decimal(0)))
    return left, right


async def at_once(
    left: Plane,
    right: Plane,
    one: Sequence[tuple[UUID, Message]],
    other: Sequence[tuple[UUID, Message]] | None = None,
    *,
    first: Plane | None = None,
) -> None:
    """Both decide before either appends; then `first` does, or whoever is quicker."""
    left.session.meet = right.session.meet = asyncio.Barrier(2)
    if first is not None:
        first.session.done.clear()
        (right if first is left else left).session.after = first.session.done
    await asyncio.gather(left.hear(one), right.hear(one if other is None else other))


async def names(plane: Plane) -> list[list[str]]:
    found = await plane.session.load(JOBS)
    return [[event.type for event in found.get(job_id, ())] for job_id in JOBS]


async def account(plane: Plane) -> tuple[Decimal, Decimal, Decimal]:
    (row,) = await plane.session.accounts()
    assert row.limit == row.left + row.reserved + row.posted
    return row.left, row.reserved, row.posted


def asked() -> list[tuple[UUID, Message]]:
    return [(job_id, a_submit("quantum", job_id, quantum_available=True)) for job_id in JOBS]


def answered(job_id: UUID) -> list[tuple[UUID, Message]]:
    attempt_id = attempt_id_of(job_id, LEG, 1)
    ran = Ran(lane="quantum", method="qaoa", backend="qpu")
    success = a_success(LEG, attempt_id=attempt_id, ran=ran, cost=Cost(amount=COST))
    return [(job_id, success), (job_id, a_verdict(LEG, attempt_id=attempt_id))]


async def test_what_both_take_at_once_is_one_job_and_paid_and_counted_once(open_session: OpenSession) -> None:
    left, right = await both(open_session)

    await at_once(left, right, asked())

    assert await names(left) == [OUT, OUT, OUT, UNPAID]
    assert await account(left) == (Decimal("0.028"), Decimal("3.972"), Decimal(0))
    assert left.appended + right.appended == sum(map(len, await names(left)))
    assert left.out + right.out == len(JOBS), "each attempt is out by the one that let it out"
    assert len(left.told) + len(right.told) == 1, "and only that one has something to publish"


async def test_an_answer_that_both_hear_ends_its_job_once_and_is_settled_once(open_session: OpenSession) -> None:
    left, right = await both(open_session)
    await left.hear(asked())
    told = [each for job_id in JOBS[:3] for each in answered(job_id)]

    await at_once(left, right, told)
    await asyncio.gather(left.hear(told), right.hear(told))

    stories = await names(left)
    assert [each.count("JobCompleted") for each in stories] == [1, 1, 1, 0]
    assert [each.count("BudgetSettled") for each in stories] == [1, 1, 1, 0]
    assert await account(left) == (Decimal("2.500"), Decimal(0), Decimal("1.500"))
    ends = (Metric.JOBS_ENDED, ("completed",))
    assert left.ears.counts[ends] + right.ears.counts[ends] == 3
    assert left.appended + right.appended == sum(map(len, stories))


@pytest.mark.parametrize("first", ["answer", "withdrawal"])
async def test_who_loses_looks_again_and_decides_on_what_stands_then(open_session: OpenSession, first: str) -> None:
    """Given an answer for the one and a withdrawal for the other, then the job has one end, and its money one fate."""
    left, right = await both(open_session)
    job_id = JOBS[0]
    await left.hear(asked()[:1])
    await right.hear([(job_id, Cancel("globex", "eve", "none of hers"))])
    withdrawn: list[tuple[UUID, Message]] = [(job_id, Cancel("acme", "bob", "no need"))]

    await at_once(left, right, answered(job_id), withdrawn, first=left if first == "answer" else right)
    await left.hear(answered(job_id))

    (story, *_) = await names(left)
    ends = [each for each in story if each in ("JobCompleted", "JobCancelled")]
    assert ends == ["JobCompleted" if first == "answer" else "JobCancelled"]
    assert story.count("BudgetSettled") == 1
    assert await account(left) == (Decimal("3.500"), Decimal(0), Decimal("0.500"))
    assert left.appended + right.appended == len(story)
