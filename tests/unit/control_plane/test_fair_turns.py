"""Jobs whose tenant has its share out wait for their turn, and are woken in it: what is recorded, listed and forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.events import JobRejected
from queuebit_contracts.ids import attempt_id_of, uuid7
from queuebit_contracts.operators import HoldEased, HoldReleased, JobHeld
from queuebit_control_plane.handler import CommandHandler
from queuebit_control_plane.holding.gatekeeper import Gatekeeper
from queuebit_control_plane.holding.releaser import Releaser
from queuebit_control_plane.release.waker import Waker
from queuebit_domain.holds.gate import Gate
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.holds.register import Holds, evolve_holds
from queuebit_domain.job.decide import decide
from queuebit_domain.job.messages import Cancel, Wake
from queuebit_domain.job.state import NoJob, OpenJob
from queuebit_domain.job.summary import summary_of
from queuebit_domain.release.hearing import heard
from queuebit_domain.release.shares import Order, Queue, Shares
from queuebit_store.leadership.port import Lease
from queuebit_store.memory import MemoryDatabase, MemoryStore
from tests.builders import JOB_ID, NOW, a_start, a_submit, a_success, a_verdict
from tests.fakes.clocks import StoppedClock
from tests.unit.control_plane.handling import CAUSE, WHOLE, a_command, names
from tests.unit.control_plane.handling import refusal as refused
from tests.unit.control_plane.holding import a_hold, store_holds
from tests.unit.control_plane.planned import PRIMARY, submitted

LANE = Queue("classical", "interactive")


def full(tenant: str = "acme") -> Shares:
    """A lane whose window the tenant has out."""
    shares = Shares({"classical": 1.0})
    shares.let_out(UUID(int=1), UUID(int=1), Order(tenant, LANE, "tsp", 10_000, 10_000, 1.0), NOW)
    return shares


def decided(
    shares: Shares, job: OpenJob | None = None, gate: Gate | None = None, *, turn: bool = False
) -> Sequence[ev.Event]:
    message = a_submit() if job is None else Wake(turn=turn)
    events, after = decide(job or NoJob(), message, NOW, JOB_ID, gate or Gate(), shares=shares)
    heard(shares, after, JOB_ID, "acme", events, NOW)
    return events


def waiting(shares: Shares) -> OpenJob:
    _, job = decide(NoJob(), a_submit(), NOW, JOB_ID, shares=shares)
    assert isinstance(job, OpenJob)
    return job


def test_it_waits_and_says_why_once_and_goes_when_it_is_its_turn() -> None:
    shares = full()
    (*_, held) = decided(shares)
    job = waiting(shares)
    again, turn = decided(shares, job), decided(shares, job, turn=True)

    assert held == JobHeld(
        leg="primary-classical",
        lane="classical",
        number=1,
        hold=0,
        scope="tenant",
        value="acme",
        actor="control-plane",
        reason="fair_share: acme has 1 s of work not begun on the classical lane (interactive), "
        "and about 1 s are let out at once.",
        expected_s=held.expected_s if isinstance(held, JobHeld) else None,
    )
    assert again == []
    assert [type(each).__name__ for each in turn] == ["JobQueued"]
    assert turn[0].attempt_id == attempt_id_of(JOB_ID, "primary-classical", 1)  # type: ignore[attr-defined]


def test_its_head_says_for_what_it_waits_and_nothing_of_that_where_an_operator_holds_it() -> None:
    shares = full()
    summary = summary_of(waiting(shares))
    holds = evolve_holds(Holds(), a_hold("tenant", "acme"), NOW)
    _, held = decide(waiting(shares), Wake(turn=True), NOW, JOB_ID, Gate(holds), shares=shares)

    assert (summary.state, summary.attributes["waits"]) == ("held", "classical/interactive")
    assert float(summary.attributes["waits_s"]) > 0
    about = summary_of(held)
    assert (about.state, "waits" in about.attributes) == ("held", False)


def test_what_an_operator_lets_go_waits_for_its_turn_like_the_others() -> None:
    shares = full()
    holds = evolve_holds(Holds(), a_hold("tenant", "acme"), NOW)
    _, held = decide(NoJob(), a_submit(), NOW, JOB_ID, Gate(holds), shares=shares)
    lifted = Gate(evolve_holds(holds, HoldReleased(hold=1, actor="a", reason="r"), NOW))
    events, _ = decide(held, Wake(eased=True), NOW, JOB_ID, lifted, shares=shares)

    assert [(type(each).__name__, getattr(each, "hold", None)) for each in events] == [("JobHeld", 0)]


def test_what_an_eased_hold_let_through_does_not_go_back_behind_it_at_its_turn() -> None:
    """Given a job that came to wait for its turn when an eased hold let it through, then it goes at its turn; one that waited
    for its turn before there was the hold waits for the hold, too.
    """
    shares, placed = full(), evolve_holds(Holds(), a_hold("tenant", "acme"), NOW - timedelta(seconds=9))
    _, held = decide(NoJob(), a_submit(), NOW, JOB_ID, Gate(placed), shares=shares)
    gate = Gate(evolve_holds(placed, HoldEased(hold=1, rate_per_s=1.0, actor="a", reason="r"), NOW))
    _, passed = decide(held, Wake(eased=True), NOW, JOB_ID, gate, shares=shares)
    later = evolve_holds(Holds(), a_hold("tenant", "acme"), NOW + timedelta(seconds=9))
    after = Gate(evolve_holds(later, HoldEased(hold=1, rate_per_s=1.0, actor="a", reason="r"), NOW))

    events = [decide(passed, Wake(turn=True), NOW, JOB_ID, each, shares=shares)[0] for each in (gate, after)]
    assert [[(type(each).__name__, getattr(each, "hold", None)) for each in some] for some in events] == [
        [("JobQueued", None)],
        [("JobHeld", 1)],
    ]


def test_others_of_the_same_tenant_wait_behind_it_and_those_of_another_do_not() -> None:
    shares = full()
    decided(shares)
    shares.ended(UUID(int=1), 0.1, NOW)

    assert shares.wait(Order("acme", LANE, "maxcut", 6, 6, 1.0), NOW) is not None
    assert shares.wait(Order("globex", LANE, "maxcut", 6, 6, 1.0), NOW) is None


class _Lead:
    def __init__(self, leads: bool = True) -> None:
        self.lease = Lease("relay", "one", 1, 3.0) if leads else None


class _At:
    def __init__(self, shares: Shares, *, leads: bool = True) -> None:
        self.clock = StoppedClock()
        self.store = MemoryStore(MemoryDatabase(self.clock.monotonic_s))
        self.shares = shares
        handler = CommandHandler(self.store, self.clock, appended=lambda: None, shares=shares)
        self.handler = handler
        self.waker = Waker(self.store, handler, shares, _Lead(leads), self.clock)

    async def submit(self, nth: int, tenant: str = "acme") -> UUID:
        job_id = uuid7(int(NOW.timestamp() * 1000), nth)
        asked = a_command(a_submit(job_id=job_id, tenant=tenant), job_id, cause=UUID(int=nth + 1))
        assert await self.handler.handle([asked._replace(tenant=tenant)]) == []
        return job_id


async def test_the_oldest_goes_first_and_the_others_when_there_is_room() -> None:
    at = _At(full())
    jobs = [await at.submit(nth) for nth in range(3)]
    none = await at.waker.step()
    still = [await names(at.store, job_id) for job_id in jobs]
    at.shares.ended(UUID(int=1), None, NOW)
    while await at.waker.step():
        pass

    assert none
    assert [each[-1] for each in still] == ["JobHeld"] * 3
    assert [(await names(at.store, job_id))[-2:] for job_id in jobs] == [["JobHeld", "JobQueued"]] * 3
    assert at.shares.wait(Order("acme", LANE, "maxcut", 6, 6, 0.001), NOW) is None


async def test_tenants_late_in_the_alphabet_have_their_turn_when_more_wait_than_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Given more lines than one look takes, of which the first ones never get shorter, then the others go too."""
    monkeypatch.setattr("queuebit_control_plane.release.waker.LINES_MAX", 2)
    tenants = ["a", "b", "c", "d", "e"]
    shares = Shares({"classical": 1.0})
    for nth, tenant in enumerate(tenants):
        shares.let_out(UUID(int=nth + 1), UUID(int=nth + 1), Order(tenant, LANE, "tsp", 10_000, 10_000, 1.0), NOW)
    at = _At(shares)
    jobs = {tenant: await at.submit(nth, tenant) for nth, tenant in enumerate(tenants)}
    held = [(await names(at.store, job_id))[-1] for job_id in jobs.values()]
    for nth, tenant in enumerate(tenants):
        if tenant not in ("a", "b"):
            shares.ended(UUID(int=nth + 1), None, NOW)
    for _ in tenants:
        assert await at.waker.step()
    last = [(await names(at.store, job_id))[-1] for job_id in jobs.values()]

    assert held == ["JobHeld"] * 5
    assert last == ["JobHeld", "JobHeld", "JobQueued", "JobQueued", "JobQueued"]
    assert shares.wait(Order("a", LANE, "maxcut", 6, 6, 1.0), NOW) is not None


async def test_who_does_not_lead_wakes_nobody_and_knows_who_waits() -> None:
    at = _At(full())
    await at.submit(1)
    other = Waker(at.store, at.handler, shares := Shares({"classical": 100.0}), _Lead(leads=False), at.clock)
    await other.step()

    assert await names(at.store, uuid7(int(NOW.timestamp() * 1000), 1)) == ["JobSubmitted", "JobPlanned", "JobHeld"]
    assert shares.wait(Order("acme", LANE, "maxcut", 6, 6, 1.0), NOW) is not None


async def test_what_ended_elsewhere_is_out_no_more_and_what_goes_on_is() -> None:
    """Given an attempt that is out, of a job that ended in another process, then its place is free within seconds; while its
    job goes on, it is not.
    """
    shares = Shares({"classical": 1.0})
    at = _At(shares)
    first = await at.submit(1)
    shares.ended(attempt_id_of(first, "primary-classical", 1), None, NOW)
    large = Order("acme", LANE, "tsp", 10_000, 10_000, 1.0)
    shares.let_out(attempt_id_of(first, "primary-classical", 1), first, large, NOW)
    second = await at.submit(2)
    at.clock.moment = NOW + timedelta(seconds=3)
    for _ in range(3):
        await at.waker.step()
    while_it_goes_on = (await names(at.store, second))[-1]
    elsewhere = CommandHandler(at.store, at.clock, appended=lambda: None)
    await elsewhere.handle([a_command(Cancel("acme", "ada", "why"), first)])
    at.clock.moment = NOW + timedelta(seconds=6)
    for _ in range(3):
        await at.waker.step()

    assert while_it_goes_on == "JobHeld"
    assert (await names(at.store, second))[-1] == "JobQueued"


async def test_who_wants_no_waiting_is_refused_with_how_long_it_would_be_and_answered_where_there_is_room() -> None:
    at = _At(full())
    impatient = a_submit(params={"queue": "never"})
    await at.handler.handle([a_command(impatient)])
    (refusal,) = await at.store.events_of(refused(CAUSE))
    told = JobRejected.model_validate_json(refusal.data)
    at.shares.ended(UUID(int=1), None, NOW)
    await at.handler.handle([a_command(impatient, cause=UUID(int=77))])

    assert (told.code, told.field) == ("would_wait", "/request/params/queue")
    assert told.retry_after_s == 2.0
    assert told.detail.startswith("It would be answered in about 2 s, and wants no waiting. fair_share: acme has 1 s")
    assert await names(at.store) == ["JobSubmitted", "JobPlanned", "JobQueued"]


async def test_who_does_not_mind_waiting_waits() -> None:
    at = _At(full())
    await at.handler.handle([a_command(a_submit())])

    assert (await names(at.store))[-1] == "JobHeld"


async def test_what_waits_for_a_lane_that_has_no_window_any_more_goes() -> None:
    """Given a job that waits, when the control plane starts again with windows for other lanes alone, then it goes; and the
    waker of everybody does not stop at it.
    """
    at = _At(full())
    job_id = await at.submit(1)
    others = Shares({"quantum": 1.0})
    handler = CommandHandler(at.store, at.clock, appended=lambda: None, shares=others)
    await Waker(at.store, handler, others, _Lead(), at.clock).step()

    assert (await names(at.store, job_id))[-2:] == ["JobHeld", "JobQueued"]


async def test_what_waits_when_all_windows_are_taken_away_goes_too() -> None:
    at = _At(full())
    job_id = await at.submit(1)
    handler = CommandHandler(at.store, at.clock, appended=lambda: None)
    gatekeeper = Gatekeeper(at.store, Lanes(), at.clock)
    await Releaser(at.store, handler, gatekeeper, _Lead(), at.clock, turns=True).step()
    in_turn = await names(at.store, job_id)
    await Releaser(at.store, handler, gatekeeper, _Lead(), at.clock).step()

    assert in_turn[-1] == "JobHeld"
    assert (await names(at.store, job_id))[-2:] == ["JobHeld", "JobQueued"]


async def test_an_operator_who_holds_one_lane_takes_from_no_leg_on_another_its_turn() -> None:
    """Given a job with a leg on a held lane and one that waits for its turn on another, then the second goes in its turn, and
    the first when it is let go.
    """
    at = _At(full())
    await store_holds(at.store, a_hold("lane", "quantum", why="pause"))
    gatekeeper = Gatekeeper(at.store, Lanes(), at.clock)
    handler = CommandHandler(at.store, at.clock, appended=lambda: None, shares=at.shares, gate=gatekeeper.gate)
    both = submitted(PRIMARY, {"role": "baseline", "lane": "quantum"})
    await handler.handle([a_command(both)])
    before = await names(at.store)
    at.shares.ended(UUID(int=1), None, NOW)
    await Waker(at.store, handler, at.shares, _Lead(), at.clock).step()
    in_turn = await names(at.store)
    await store_holds(at.store, HoldReleased(hold=1, actor="a", reason="r"))
    at.clock.moment = NOW + timedelta(seconds=1)
    await Releaser(at.store, handler, gatekeeper, _Lead(), at.clock, turns=True).step()

    assert before == ["JobSubmitted", "JobPlanned", "JobHeld", "JobHeld"]
    assert in_turn == [*before, "JobQueued"]
    assert await names(at.store) == [*in_turn, "JobQueued"]


async def test_a_question_that_became_a_job_is_not_refused_when_it_is_repeated_and_would_wait_now() -> None:
    """Given a job that was answered, when its question comes again, by itself or under the same key, and others of its tenant
    wait, then nothing follows; and of a job that is open nothing that comes with the repeat is lost.
    """
    at = _At(Shares({"classical": 1.0}))
    impatient = a_submit(params={"queue": "never"})
    await at.handler.handle([a_command(each) for each in (impatient, a_success(), a_verdict())])
    other, going = CommandHandler(at.store, at.clock, appended=lambda: None, shares=full()), uuid7(7, 7)
    asked = a_submit(params={"queue": "never"}, job_id=going)
    await at.handler.handle([a_command(asked, going, UUID(int=78))])
    await other.handle([a_command(impatient), a_command(impatient, cause=UUID(int=77))])
    await other.handle([a_command(asked, going, UUID(int=78)), a_command(Cancel("acme", "ada", "why"), going)])

    assert await names(at.store) == WHOLE
    assert (await names(at.store, going))[-1] == "JobCancelled"
    assert [await at.store.events_of(refused(each)) for each in (CAUSE, UUID(int=77), UUID(int=78))] == [[], [], []]


async def test_who_wants_no_waiting_is_not_refused_for_ever_by_what_ended_elsewhere() -> None:
    at = _At(full())
    await at.handler.handle([a_command(a_submit(params={"queue": "never"}))])
    before = await names(at.store)
    at.clock.moment = NOW + timedelta(seconds=3)
    await at.waker.step()
    await at.handler.handle([a_command(a_submit(params={"queue": "never"}), cause=UUID(int=77))])

    assert (before, (await names(at.store))[-1]) == ([], "JobQueued")


def test_what_began_and_ended_at_once_leaves_no_trace_beside_what_began_before_it_ended() -> None:
    """Given the same two events heard together and one by one, then the same is out afterwards."""
    began, ended = a_start(), a_success()
    together, apart = Shares(), Shares()
    for shares in (together, apart):
        for attempt_id, job_id in ((ended.attempt_id, JOB_ID), (UUID(int=1), UUID(int=1))):
            shares.let_out(attempt_id, job_id, Order("acme", LANE, "tsp", 10, 10, 1.0), NOW)

    heard(together, NoJob(), JOB_ID, "acme", [began, ended], NOW)
    heard(apart, NoJob(), JOB_ID, "acme", [began], NOW)
    heard(apart, NoJob(), JOB_ID, "acme", [ended], NOW)

    assert (together.out_s(), together.ahead_s(LANE)) == (apart.out_s(), apart.ahead_s(LANE))
    assert together.out_s() == {("classical", "interactive", "acme"): pytest.approx(0.0015)}
    assert together.old_flights(NOW, 9).keys() == {1}


def test_that_another_attempt_ended_next_hides_no_beginning() -> None:
    began, ended = a_start("primary-classical", 2), a_success("primary-classical", 1)
    together, apart = Shares(), Shares()
    for shares in (together, apart):
        for attempt_id in (began.attempt_id, ended.attempt_id):
            shares.let_out(attempt_id, JOB_ID, Order("acme", LANE, "tsp", 10, 10, 1.0), NOW)

    heard(together, NoJob(), JOB_ID, "acme", [began, ended], NOW)
    heard(apart, NoJob(), JOB_ID, "acme", [began], NOW)
    heard(apart, NoJob(), JOB_ID, "acme", [ended], NOW)

    assert (together.out_s(), together.ahead_s(LANE)) == (apart.out_s(), apart.ahead_s(LANE))
