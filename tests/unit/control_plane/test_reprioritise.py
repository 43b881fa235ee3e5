"""Jobs that wait for their turn with another priority: what is recorded, who goes first, and who is left alone."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of, uuid7
from queuebit_contracts.operators import PRIORITY_MAX, PRIORITY_MIN, HoldEased, JobHeld
from queuebit_control_plane.handler import CommandHandler
from queuebit_control_plane.release.waker import Waker
from queuebit_domain.eta.waiting import Why, why
from queuebit_domain.holds.gate import Gate
from queuebit_domain.holds.register import Holds, evolve_holds
from queuebit_domain.job.decide import decide
from queuebit_domain.job.messages import Cancel, Reprioritise, Wake
from queuebit_domain.job.state import Held, NoJob, OpenJob
from queuebit_domain.job.summary import summary_of
from queuebit_domain.job.words import in_words
from queuebit_domain.release.shares import Order, Queue, Shares
from queuebit_store.leadership.port import Lease
from queuebit_store.memory import MemoryDatabase, MemoryStore
from tests.builders import JOB_ID, NOW, a_failure, a_submit
from tests.fakes.clocks import StoppedClock
from tests.unit.control_plane.handling import a_command, names
from tests.unit.control_plane.holding import a_hold

LANE = Queue("classical", "interactive")
LEG = "primary-classical"
LATER = NOW + timedelta(seconds=5)
FIRST = Reprioritise(5, "ada", "a customer waits")


def full(tenant: str = "acme") -> Shares:
    """A lane whose window the tenant has out."""
    shares = Shares({"classical": 1.0})
    shares.let_out(UUID(int=1), UUID(int=1), Order(tenant, LANE, "tsp", 10_000, 10_000, 1.0), NOW)
    return shares


def waiting(shares: Shares | None = None) -> OpenJob:
    _, job = decide(NoJob(), a_submit(), NOW, JOB_ID, shares=shares or full())
    assert isinstance(job, OpenJob)
    return job


def first_of(job: OpenJob) -> OpenJob:
    """The job when it goes before the others."""
    _, after = decide(job, FIRST, LATER, JOB_ID)
    assert isinstance(after, OpenJob)
    return after


def test_who_waits_for_its_turn_says_its_new_priority_with_who_gave_it_and_why() -> None:
    job = waiting()
    events, after = decide(job, FIRST, LATER, JOB_ID)
    before = job.legs[0].status
    assert isinstance(before, Held)

    assert events == [
        JobHeld(
            leg=LEG,
            lane="classical",
            number=1,
            hold=0,
            scope="tenant",
            value="acme",
            actor="ada",
            reason="a customer waits",
            expected_s=before.expected_s,
            priority=5,
        )
    ]
    assert isinstance(after, OpenJob)
    reason = f"{LEG}: priority 5 by ada: a customer waits"
    assert after.legs[0].status == Held(1, 0, "tenant", reason, NOW, before.expected_s)
    assert why(after) == Why("fair_share", f"It waits for its turn on the classical lane: {reason}", NOW)
    assert in_words(events[0]) == f"Attempt 1 of {LEG} waits with priority 5, says ada: a customer waits"


def test_its_head_says_the_priority_and_that_of_all_others_is_not_said() -> None:
    job = waiting()
    first = first_of(job)
    _, again = decide(first, Reprioritise(0, "ada", "it was answered by phone"), LATER, JOB_ID)
    _, last = decide(first, Reprioritise(PRIORITY_MIN, "ada", "no hurry"), LATER, JOB_ID)

    told = [summary_of(each).attributes["waits"] for each in (job, first, again, last)]
    assert told == [
        "classical/interactive",
        "classical/interactive/+5",
        "classical/interactive",
        "classical/interactive/-9",
    ]


def test_the_same_priority_once_more_says_nothing_and_it_goes_at_its_turn_as_ever() -> None:
    first = first_of(waiting())
    events, _ = decide(first, Wake(turn=True), LATER, JOB_ID, shares=full())
    (queued,) = events

    assert decide(first, FIRST, LATER, JOB_ID) == ([], first)
    assert decide(first, Wake(), LATER, JOB_ID, shares=full()) == ([], first)
    assert isinstance(queued, ev.JobQueued)
    assert queued.attempt_id == attempt_id_of(JOB_ID, LEG, 1)


def test_its_next_attempt_waits_with_the_same_priority() -> None:
    """Given an attempt that failed after its job was put first, when the lane is full again, then the next one is first too."""
    _, out = decide(first_of(waiting()), Wake(turn=True), LATER, JOB_ID, shares=full())
    _, resting = decide(out, a_failure(code="backend_unavailable"), LATER, JOB_ID)
    shares, later = full(), LATER + timedelta(seconds=3)
    events, after = decide(resting, Wake(), later, JOB_ID, shares=shares)

    (held,) = events
    assert isinstance(held, JobHeld)
    assert (held.number, held.priority, held.actor) == (2, 5, "control-plane")
    assert held.reason.startswith("fair_share: ")
    assert isinstance(after, OpenJob)
    assert isinstance(status := after.legs[0].status, Held)
    assert (status.since, status.reason) == (later, f"{LEG}: held by control-plane: {held.reason}")


def test_what_is_out_or_held_by_an_operator_or_over_is_left_alone() -> None:
    _, out = decide(NoJob(), a_submit(), NOW, JOB_ID)
    gate = Gate(evolve_holds(Holds(), a_hold("tenant", "acme"), NOW))
    _, held = decide(NoJob(), a_submit(), NOW, JOB_ID, gate)
    _, over = decide(waiting(), Cancel("acme", "ada", "why"), NOW, JOB_ID)

    for job in (NoJob(), out, held, over):
        assert decide(job, FIRST, LATER, JOB_ID) == ([], job)


def test_a_hold_that_it_has_not_passed_stops_it_whatever_its_priority() -> None:
    """Given a job that waited before an eased hold was placed, when it is put first after that, then it has passed no hold."""
    placed = evolve_holds(Holds(), a_hold("tenant", "acme"), NOW + timedelta(seconds=2))
    gate = Gate(evolve_holds(placed, HoldEased(hold=1, rate_per_s=1.0, actor="a", reason="r"), LATER))
    events, _ = decide(first_of(waiting()), Wake(turn=True), LATER, JOB_ID, gate, shares=full())

    assert [(type(each).__name__, getattr(each, "hold", None)) for each in events] == [("JobHeld", 1)]


class _Lead:
    lease = Lease("relay", "one", 1, 3.0)


class _At:
    """A control plane on whose lane everything waits."""

    def __init__(self, *tenants: str) -> None:
        self.clock = StoppedClock()
        self.store = MemoryStore(MemoryDatabase(self.clock.monotonic_s))
        self.shares = Shares({"classical": 1.0})
        for nth, tenant in enumerate(tenants, 1):
            order = Order(tenant, LANE, "tsp", 10_000, 10_000, 1.0)
            self.shares.let_out(UUID(int=nth), UUID(int=nth), order, NOW)
        self.handler = CommandHandler(self.store, self.clock, appended=lambda: None, shares=self.shares)
        self.waker = Waker(self.store, self.handler, self.shares, _Lead(), self.clock)
        self.went: list[UUID] = []

    async def submit(self, nth: int, tenant: str = "acme") -> UUID:
        job_id = uuid7(int(NOW.timestamp() * 1000) + nth, nth)
        asked = a_command(a_submit(job_id=job_id, tenant=tenant), job_id, cause=UUID(int=nth + 1))
        assert await self.handler.handle([asked._replace(tenant=tenant)]) == []
        return job_id

    async def prioritise(self, job_id: UUID, priority: int) -> None:
        wish = a_command(Reprioritise(priority, "ada", "why"), job_id, cause=UUID(int=900 + priority))
        assert await self.handler.handle([wish]) == []

    async def turn_by_turn(self, jobs: list[UUID]) -> list[UUID]:
        """Let one go at a time, and end it; the jobs in the order in which they went."""
        self.shares.ended(UUID(int=1), None, NOW)
        went: list[UUID] = []
        for _ in range(20):
            waits = await self.waker.step()
            for job_id in jobs:
                if job_id not in went and (await names(self.store, job_id))[-1] == "JobQueued":
                    went.append(job_id)
            if not waits:
                break
        return went


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queuebit_control_plane.release.waker.AT_ONCE_MAX", 1)


@pytest.mark.usefixtures("one_at_a_time")
async def test_the_highest_priority_goes_first_and_of_the_same_one_the_oldest() -> None:
    at = _At("acme")
    jobs = [await at.submit(nth) for nth in range(5)]
    for nth, priority in ((1, PRIORITY_MIN), (3, PRIORITY_MAX), (4, PRIORITY_MAX)):
        await at.prioritise(jobs[nth], priority)

    assert await at.turn_by_turn(jobs) == [jobs[3], jobs[4], jobs[0], jobs[2], jobs[1]]


@pytest.mark.usefixtures("one_at_a_time")
async def test_who_is_put_first_takes_no_turn_from_another_tenant() -> None:
    """Given two tenants that wait, when all of one are put first, then the other has every second turn still."""
    at = _At("acme", "globex")
    jobs = {
        tenant: [await at.submit(10 * place + nth, tenant) for nth in range(3)]
        for place, tenant in enumerate(("acme", "globex"))
    }
    for job_id in jobs["acme"]:
        await at.prioritise(job_id, PRIORITY_MAX)
    at.shares.ended(UUID(int=2), None, NOW)
    went = await at.turn_by_turn([*jobs["acme"], *jobs["globex"]])

    assert ["acme" if each in jobs["acme"] else "globex" for each in went] == ["acme", "globex"] * 3
