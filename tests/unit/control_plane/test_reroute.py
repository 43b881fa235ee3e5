"""Jobs that wait for their turn and go on by their plan elsewhere: what is given up, what follows, and what is refused."""

from __future__ import annotations

from uuid import UUID

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.jobs import Lane
from queuebit_control_plane.handler import CommandHandler
from queuebit_domain.job.decide import decide
from queuebit_domain.job.messages import Cancel, Reroute, Wake
from queuebit_domain.job.rerouting import why_not_rerouted
from queuebit_domain.job.state import IDLE, Job, NoJob, OpenJob, Spent, Working
from queuebit_domain.job.summary import summary_of
from queuebit_gateway.read_model.folding import Folding
from queuebit_store.memory import MemoryDatabase, MemoryStore
from tests.builders import JOB_ID, NOW, a_submit
from tests.fakes.clocks import StoppedClock
from tests.unit.control_plane.handling import a_command, names
from tests.unit.control_plane.planned import submitted
from tests.unit.control_plane.waiting_jobs import BEHIND, LATER, LEG, SIMULATOR, full, sent_before, waiting

TO_CLASSICAL = Reroute("classical", "ada", "the simulator is full for hours")


def open_after(job: Job, message: Reroute | Wake) -> tuple[list[ev.JobEvent], OpenJob]:
    events, after = decide(job, message, LATER, JOB_ID, shares=full())
    assert isinstance(after, OpenJob)
    return list(events), after


def test_what_waits_is_given_up_and_the_plan_goes_on_at_once() -> None:
    given_up, rerouted = open_after(waiting(), TO_CLASSICAL)
    reason = "rerouted to the classical lane by ada: the simulator is full for hours"
    summary = summary_of(rerouted)
    followed, after = open_after(rerouted, Wake())

    assert given_up == [
        ev.AttemptAbandoned(attempt_id=attempt_id_of(JOB_ID, LEG, 1), leg=LEG, reason=reason, begin_by=LATER),
    ]
    assert (summary.state, summary.wake_at, "waits" in summary.attributes) == ("planned", NOW, False)
    assert [leg.status for leg in rerouted.legs] == [Spent(f"{LEG}: {reason}"), IDLE]
    taken, queued = followed
    assert isinstance(taken, ev.FallbackTaken)
    assert (taken.from_leg, taken.to_leg, taken.reason) == (LEG, "fallback-classical", f"{LEG}: {reason}")
    assert isinstance(queued, ev.JobQueued)
    assert (queued.lane, queued.attempt_id) == ("classical", attempt_id_of(JOB_ID, "fallback-classical", 1))
    assert [type(leg.status) for leg in after.legs] == [Spent, Working]
    assert after.owed == ()


def test_it_is_not_let_go_at_the_turn_that_it_no_longer_waits_for_nor_rerouted_twice() -> None:
    """Given a job that is rerouted, when the turn that it waited for comes late, then its first leg is not sent; and asked once
    more, nothing follows.
    """
    _, rerouted = open_after(waiting(), TO_CLASSICAL)
    events, after = open_after(rerouted, Wake(turn=True))

    assert [type(each).__name__ for each in events] == ["FallbackTaken", "JobQueued"]
    assert [event.lane for event in events if isinstance(event, ev.JobQueued)] == ["classical"]
    assert decide(rerouted, TO_CLASSICAL, LATER, JOB_ID) == ([], rerouted)
    assert decide(after, TO_CLASSICAL, LATER, JOB_ID) == ([], after)


@pytest.mark.parametrize(
    ("job", "lane", "why_not"),
    [
        (waiting(), "quantum", "its plan goes to the classical lane next"),
        (waiting(), "simulator", "its plan goes to the classical lane next"),
        (waiting(submitted(SIMULATOR)), "classical", "its plan has nothing behind what waits"),
        (
            waiting(submitted(SIMULATOR, {"role": "baseline", "lane": "classical"}, BEHIND)),
            "classical",
            "another leg of it is at work or held",
        ),
        (sent_before(), "classical", "an attempt of it was out before"),
    ],
)
def test_what_its_plan_does_not_have_or_what_was_out_before_is_refused_and_nothing_changes(
    job: OpenJob, lane: Lane, why_not: str
) -> None:
    assert why_not_rerouted(job, lane, LATER) == why_not
    assert decide(job, Reroute(lane, "ada", "why"), LATER, JOB_ID) == ([], job)


def test_what_is_out_or_over_is_left_alone() -> None:
    _, out = decide(NoJob(), submitted(SIMULATOR, BEHIND), NOW, JOB_ID)
    _, over = decide(waiting(), Cancel("acme", "ada", "why"), NOW, JOB_ID)

    for job in (NoJob(), out, over):
        assert decide(job, TO_CLASSICAL, LATER, JOB_ID) == ([], job)


def test_a_job_of_the_usual_policy_that_asks_for_the_simulator_alone_stays_there() -> None:
    asked = waiting(a_submit("simulator"))
    alone = waiting(a_submit("simulator", alone=True))

    assert why_not_rerouted(asked, "classical", LATER) is None
    assert why_not_rerouted(alone, "classical", LATER) == "its plan has nothing behind what waits"


def test_whoever_looks_at_it_sees_no_leg_that_waits_any_more() -> None:
    folding, job = Folding(JOB_ID), NoJob()
    events = [*decide(job, submitted(SIMULATOR, BEHIND), NOW, JOB_ID, shares=full())[0]]
    for event in events:
        folding.apply(event, NOW)
    before = list(folding.held)
    for event in open_after(folding.job, TO_CLASSICAL)[0]:
        folding.apply(event, LATER)

    assert (before, folding.held) == ([LEG], {})


async def test_the_control_plane_goes_on_with_it() -> None:
    clock = StoppedClock()
    store = MemoryStore(MemoryDatabase(clock.monotonic_s))
    handler = CommandHandler(store, clock, appended=lambda: None, shares=full())
    await handler.handle([a_command(submitted(SIMULATOR, BEHIND))])
    await handler.handle([a_command(TO_CLASSICAL, cause=UUID(int=71))])
    await handler.handle([a_command(Wake(), cause=UUID(int=72))])

    assert await names(store) == [
        "JobSubmitted",
        "JobPlanned",
        "JobHeld",
        "AttemptAbandoned",
        "FallbackTaken",
        "JobQueued",
    ]
