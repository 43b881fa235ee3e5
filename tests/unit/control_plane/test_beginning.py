"""Jobs that may not begin yet: what they wait for, who wakes them, and what goes before a window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.events import JobRejected
from queuebit_contracts.model import copy_with
from queuebit_contracts.operators import JobHeld
from queuebit_contracts.windows import Window
from queuebit_control_plane.handler import CommandHandler
from queuebit_domain.eta.waiting import Why, why
from queuebit_domain.holds.gate import Gate
from queuebit_domain.job import routing
from queuebit_domain.job.decide import decide
from queuebit_domain.job.messages import Cancel, Submit, Wake
from queuebit_domain.job.no_waiting import would_wait
from queuebit_domain.job.state import Job, NoJob, OpenJob
from queuebit_domain.job.summary import summary_of
from queuebit_domain.job.words import in_words
from queuebit_domain.release.shares import Order, Queue, Shares
from queuebit_store.memory import MemoryDatabase, MemoryStore
from tests.builders import JOB_ID, a_submit
from tests.fakes.clocks import StoppedClock
from tests.unit.control_plane.handling import CAUSE, a_command, refusal
from tests.unit.control_plane.handling import names as stored_names
from tests.unit.control_plane.holding import a_hold, holds

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NIGHT = datetime(2026, 6, 1, 20, tzinfo=UTC)
"""22:00 in Berlin."""
NIGHTS = Window(opens="22:00", closes="06:00", zone="Europe/Berlin", reason="Then it is cheap.")
LEG = "primary-classical"


def in_windows(*windows: Window, lane: str = "classical", **changes: Any) -> Submit:
    """A job whose legs on that lane have these windows, as a policy would give them."""
    asked = a_submit(**{"tier": "batch"} | changes)
    planned = routing.plan(asked.inputs)
    legs = tuple(copy_with(leg, windows=windows) if leg.lane == lane else leg for leg in planned.legs)
    return Submit(asked.job_id, asked.event, asked.inputs, copy_with(planned, legs=legs))


def submitted(asked: Submit, **how: Any) -> tuple[Sequence[ev.JobEvent], OpenJob]:
    events, job = decide(NoJob(), asked, NOON, JOB_ID, **how)
    assert isinstance(job, OpenJob)
    return events[2:], job


def names(events: Sequence[ev.JobEvent]) -> list[str]:
    return [type(each).__name__ for each in events]


def woken(job: Job, at: datetime, **how: Any) -> list[str]:
    return names(decide(job, Wake(), at, JOB_ID, **how)[0])


def test_what_may_not_begin_yet_waits_for_the_moment_and_says_why() -> None:
    (held,), job = submitted(in_windows(NIGHTS))

    reason = "window: the classical lane opens at 2026-06-01 22:00 Europe/Berlin. Then it is cheap."
    assert held == JobHeld(
        leg=LEG,
        lane="classical",
        number=1,
        hold=0,
        scope="lane",
        value="classical",
        actor="control-plane",
        reason=reason,
        until=NIGHT,
    )
    told = f"It waits until 2026-06-01 20:00 UTC: {LEG}: held by control-plane: {reason}"
    assert why(job) == Why("window", told, NOON, NIGHT)
    assert in_words(held) == f"Attempt 1 of {LEG} waits until 2026-06-01 20:00 UTC: {reason}"


def test_time_wakes_it_and_nobody_looks_at_it_before() -> None:
    _, job = submitted(in_windows(NIGHTS))
    head = summary_of(job)

    assert (head.state, head.wake_at, head.attributes["until"]) == ("held", NIGHT, NIGHT.isoformat())
    assert woken(job, NIGHT - timedelta(seconds=1)) == []
    assert woken(job, NIGHT) == ["JobQueued"]


def test_nothing_of_a_job_begins_before_it_says_and_its_patience_begins_then() -> None:
    _, job = submitted(a_submit(params={"not_before": "2026-06-01T22:00:00+02:00"}, latency_budget_s=100.0))

    waits = why(job)
    assert waits is not None
    assert (waits.code, waits.until) == ("not_before", NIGHT)
    assert waits.detail.startswith("It waits until 2026-06-01 20:00 UTC: "), "by no other clock"
    assert job.latency_due_at == NIGHT + timedelta(seconds=100)
    assert job.deadline == NIGHT + timedelta(seconds=job.limits.deadline_s)
    assert woken(job, NIGHT - timedelta(seconds=1)) == []
    assert woken(job, NIGHT) == ["JobQueued"]


@pytest.mark.parametrize("said", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "tonight"])
def test_what_is_no_moment_that_can_be_reckoned_with_keeps_no_job_from_being_decided(said: str) -> None:
    """Given what an admission took that knew no bounds, then the job begins; it is no dead letter."""
    events, _ = submitted(a_submit(params={"not_before": said}))

    assert names(events) == ["JobQueued"]


def test_what_is_only_measured_begins_no_earlier_than_the_job_but_waits_for_no_window() -> None:
    asked = in_windows(NIGHTS, params={"not_before": "2026-06-01T15:00:00Z"})
    assert asked.planned is not None
    shadow = copy_with(asked.planned.legs[0], leg="shadow", role="shadow")
    planned = copy_with(asked.planned, legs=(*asked.planned.legs, shadow))
    begins = NOON + timedelta(hours=3)
    events, job = submitted(Submit(asked.job_id, asked.event, asked.inputs, planned))

    assert [(each.leg, each.until) for each in events if isinstance(each, JobHeld)] == [
        (LEG, NIGHT),
        ("shadow", begins),
    ]
    assert woken(job, begins - timedelta(seconds=1)) == []
    (out,), _ = decide(job, Wake(), begins, JOB_ID)
    assert isinstance(out, ev.JobQueued)
    assert out.leg == "shadow"


def test_a_job_with_both_begins_when_both_allow_it() -> None:
    for said, begins in (("2026-06-01T21:30:00Z", "2026-06-01T21:30"), ("2026-06-01T15:00:00Z", "2026-06-01T20:00")):
        _, job = submitted(in_windows(NIGHTS, params={"not_before": said}))
        waits = why(job)
        assert waits is not None
        assert waits.until == datetime.fromisoformat(begins).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("deadline", "goes"),
    [
        (NIGHT + timedelta(seconds=20), NIGHT),
        (NIGHT + timedelta(seconds=19), NIGHT - timedelta(seconds=1)),
        (NOON + timedelta(seconds=20), NOON),
    ],
    ids=["just in time", "too late by a second", "at once"],
)
def test_the_deadline_goes_before_a_window(deadline: datetime, goes: datetime) -> None:
    """Given a budget of ten seconds, then it goes when twenty are left."""
    events, job = submitted(in_windows(NIGHTS, deadline=deadline))

    if goes == NOON:
        assert names(events) == ["JobQueued"]
    else:
        assert woken(job, goes - timedelta(microseconds=1)) == []
        assert woken(job, goes) == ["JobQueued"]


def test_who_states_no_patience_has_that_of_the_tier_from_when_the_job_may_begin() -> None:
    _, job = submitted(in_windows(NIGHTS))
    _, stated = submitted(in_windows(NIGHTS, latency_budget_s=600.0))

    assert job.latency_due_at == NIGHT + timedelta(seconds=job.limits.latency_budget_s)
    assert stated.latency_due_at == NOON + timedelta(seconds=600)


def test_at_the_end_of_its_patience_it_goes_on_another_lane_that_is_open() -> None:
    asked = in_windows(NIGHTS, lane="quantum", quantum_available=True, qubits=6, latency_budget_s=600.0)
    asked = Submit(asked.job_id, asked.event, asked.inputs, _quantum_first(asked.planned))
    _, job = submitted(asked)

    assert woken(job, NOON + timedelta(seconds=599)) == []
    assert woken(job, NOON + timedelta(seconds=600)) == ["FallbackTaken", "JobQueued"]


def test_what_goes_late_before_its_deadline_leaves_time_for_what_comes_behind_it() -> None:
    """Given ten minutes in all and a lane that opens at night, then it goes when twenty seconds are left, and what is behind it
    when ten are: the patience of its tier would end after the deadline.
    """
    asked = in_windows(NIGHTS, lane="quantum", quantum_available=True, qubits=6, tier="interactive")
    asked = Submit(asked.job_id, asked.event, asked.inputs, _quantum_first(asked.planned))
    _, job = submitted(asked)
    events, out = decide(job, Wake(), NOON + timedelta(seconds=580), JOB_ID)

    assert names(events) == ["JobQueued"]
    assert woken(out, NOON + timedelta(seconds=589)) == []
    assert woken(out, NOON + timedelta(seconds=590)) == ["FallbackTaken", "JobQueued"]


def _quantum_first(planned: ev.JobPlanned | None) -> ev.JobPlanned:
    """The plan as one that begins on the quantum lane in a window and has the classical one behind it."""
    assert planned is not None
    first = copy_with(
        planned.legs[0], leg="primary-quantum", lane="quantum", role="primary", starts=(), windows=(NIGHTS,)
    )
    behind = copy_with(
        planned.legs[0],
        leg="fallback-classical",
        lane="classical",
        role="fallback",
        starts=("failed", "latency_budget"),
        windows=None,
    )
    return copy_with(planned, legs=(first, behind))


def test_an_operator_and_its_share_come_after_the_window_as_ever() -> None:
    shares = Shares({"classical": 1.0})
    order = Order("acme", Queue("classical", "batch"), "tsp", 10_000, 10_000, 1.0)
    shares.let_out(UUID(int=1), UUID(int=1), order, NOON)
    gate = Gate(holds(a_hold("lane", "classical")))
    _, job = submitted(in_windows(NIGHTS), shares=shares)

    (first,), turn = decide(job, Wake(), NIGHT, JOB_ID, shares=shares)
    (held,), _ = decide(job, Wake(), NIGHT, JOB_ID, gate, shares=shares)
    assert isinstance(first, JobHeld)
    assert isinstance(held, JobHeld)
    assert (first.until, first.expected_s is not None) == (None, True)
    assert (held.hold, held.until) == (1, None)
    assert woken(turn, NIGHT + timedelta(hours=9), shares=shares) == ["JobHeld"], "the window has closed meanwhile"
    assert names(decide(turn, Wake(turn=True), NIGHT, JOB_ID, shares=shares)[0]) == ["JobQueued"]


def test_who_is_cancelled_while_it_waits_has_ended() -> None:
    _, job = submitted(in_windows(NIGHTS))

    assert names(decide(job, Cancel("acme", "ada", "not wanted"), NOON, JOB_ID)[0]) == ["JobCancelled"]


def test_who_wants_no_waiting_is_refused_with_when_it_opens() -> None:
    refused = would_wait(in_windows(NIGHTS, params={"queue": "never"}), Shares(), NOON)
    open_ = would_wait(in_windows(NIGHTS, params={"queue": "never"}), Shares(), NIGHT)

    assert refused is not None
    assert refused.retry_after_s == 50_000, "eight hours, in steps"
    assert "the classical lane opens at 2026-06-01 22:00 Europe/Berlin" in refused.detail
    assert open_ is None


async def test_who_wants_no_waiting_waits_for_no_window_either_where_nobody_waits_for_turns() -> None:
    clock = StoppedClock()
    clock.moment = NOON
    store = MemoryStore(MemoryDatabase(clock.monotonic_s))
    handler = CommandHandler(store, clock, appended=lambda: None)
    assert await handler.handle([a_command(in_windows(NIGHTS, params={"queue": "never"}))]) == []
    (refused,) = await store.events_of(refusal(CAUSE))
    clock.moment = NIGHT
    assert await handler.handle([a_command(in_windows(NIGHTS, params={"queue": "never"}), cause=UUID(int=7))]) == []

    assert JobRejected.model_validate_json(refused.data).code == "would_wait"
    assert await stored_names(store) == ["JobSubmitted", "JobPlanned", "JobQueued"]
