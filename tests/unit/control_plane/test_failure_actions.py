"""What a plan does about a failed attempt: the same again, on another backend, smaller, or the next leg."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import Lane
from queuebit_domain.job.limits import DEGRADED_MAX, REROUTES_MAX
from queuebit_domain.job.messages import Wake
from queuebit_domain.job.state import OpenJob
from queuebit_domain.job.timers import next_wake
from tests.builders import a_failure, a_submit, at
from tests.unit.control_plane.given import Story, given

LEG = "primary-simulator"


def a_failed(number: int = 1, **changes: Any) -> ev.ExecutionFailed:
    return a_failure(LEG, number, **{"code": "backend_unavailable", **changes})


def moment(story: Story) -> datetime:
    until = next_wake(story.job)
    assert until is not None
    return until


def opened(story: Story) -> OpenJob:
    assert isinstance(story.job, OpenJob)
    return story.job


def released(story: Story) -> ev.JobQueued:
    """The order that follows the rest."""
    return story.when(Wake(), moment(story)).the(ev.JobQueued)


def test_what_the_attempt_says_counts_before_what_the_code_says() -> None:
    story = given(a_submit("simulator")).when(a_failed(action="fail_fast"))

    assert story.names == ["ExecutionFailed", "FallbackTaken", "JobQueued"]


def test_a_retry_is_the_same_again_after_what_was_asked_for() -> None:
    story = given(a_submit("simulator")).when(a_failed(action="retry", backend="one", retry_after_s=9.0))

    assert next_wake(story.job) == at(9)
    order = released(story)
    assert (order.leg, order.number, order.not_on, order.degraded) == (LEG, 2, None, None)


def test_rerouted_it_goes_at_once_and_never_back() -> None:
    story = given(a_submit("simulator"))
    for number in range(1, REROUTES_MAX + 1):
        story = story.when(a_failed(number, action="reroute", backend=f"backend-{number}"))
        order = story.the(ev.JobQueued)
        assert (order.leg, order.number, order.not_on) == (
            LEG,
            number + 1,
            tuple(f"backend-{each}" for each in range(1, number + 1)),
        )

    last = story.when(a_failed(REROUTES_MAX + 1, action="reroute", backend="one more"))
    assert last.names == ["ExecutionFailed", "FallbackTaken", "JobQueued"]


def test_only_what_is_repeated_counts_as_a_try() -> None:
    """Given a leg that was rerouted and made smaller, then it is still tried as often as it was asked for."""
    story = given(a_submit("simulator"))
    story = story.when(a_failed(1, action="reroute", backend="one")).when(a_failed(2, action="degrade"))
    leg = next(leg for leg in opened(story).legs if leg.spec.leg == LEG)
    assert leg.spec.attempts_max > 1

    for number in range(3, leg.spec.attempts_max + 2):
        story = story.when(a_failed(number, action="retry"))
        assert story.names == ["ExecutionFailed"]
        assert released(story).number == number + 1
        story = story.when(Wake(), moment(story))

    last = story.when(a_failed(leg.spec.attempts_max + 2, action="retry"))
    assert last.names == ["ExecutionFailed", "FallbackTaken", "JobQueued"]


def test_what_is_lost_on_its_last_try_is_abandoned_for_it_may_be_paid() -> None:
    story = given(a_submit("quantum", alone=True, deadline=at(8 * 86_400)))
    told, first = [], None
    while "JobFailed" not in story.names:
        story = story.when(Wake(), moment(story))
        told += story.names
        first = first or story.names

    assert first == ["ExecutionFailed"], "a further try finds what the first handed in"
    assert told[-3:] == ["ExecutionFailed", "AttemptAbandoned", "JobFailed"]
    assert told.count("AttemptAbandoned") == 1
    assert story.the(ev.AttemptAbandoned).attempt_id == story.the(ev.ExecutionFailed).attempt_id
    assert story.the(ev.JobFailed).reasons[-1].endswith("The worker stopped before it answered.")


def test_where_nobody_says_from_where_there_is_nowhere_to_go() -> None:
    story = given(a_submit("simulator")).when(a_failed(action="reroute"))

    assert story.names == ["ExecutionFailed", "FallbackTaken", "JobQueued"]


def test_it_is_made_smaller_step_by_step_and_not_for_ever() -> None:
    story = given(a_submit("simulator"))
    for number in range(1, DEGRADED_MAX + 1):
        story = story.when(a_failed(number, code="memory_exhausted", action="degrade"))
        assert (story.the(ev.JobQueued).number, story.the(ev.JobQueued).degraded) == (number + 1, number)

    last = story.when(a_failed(DEGRADED_MAX + 1, code="memory_exhausted", action="degrade"))
    assert last.names == ["ExecutionFailed", "FallbackTaken", "JobQueued"]


@pytest.mark.parametrize("code", ["memory_exhausted", "problem_unsupported"])
def test_where_the_attempt_says_nothing_the_table_does(code: str) -> None:
    assert given(a_submit("simulator")).when(a_failed(code=code)).names == [
        "ExecutionFailed",
        "FallbackTaken",
        "JobQueued",
    ]


class TestSignsOfLife:
    """An attempt that waits at a provider promises when it is heard of next."""

    def a_sign(self, next_within_s: float | None) -> ev.ExecutionProgressed:
        attempt = a_failed().attempt_id
        return ev.ExecutionProgressed(
            attempt_id=attempt, leg=LEG, elapsed_s=1.0, queue_position=3, wait_s=600.0, next_within_s=next_within_s
        )

    def a_story(self, next_within_s: float | None) -> Story:
        submitted = a_submit("simulator", alone=True, deadline=at(8 * 86_400))
        return given(submitted, (self.a_sign(next_within_s), at(1)))

    def test_it_is_not_lost_before_the_next_was_due(self) -> None:
        story = self.a_story(3_600.0)

        assert story.when(Wake(), at(3_890)).events == ()
        assert story.when(Wake(), at(3_902)).the(ev.ExecutionFailed).code is FailureCode.WORKER_LOST

    def test_without_a_promise_the_budget_counts(self) -> None:
        assert self.a_story(None).when(Wake(), at(312)).the(ev.ExecutionFailed).code is FailureCode.WORKER_LOST

    def test_nobody_may_promise_for_ever(self) -> None:
        lost = self.a_story(1e9).when(Wake(), at(7 * 3_600)).the(ev.ExecutionFailed)

        assert lost.code is FailureCode.WORKER_LOST

    def test_a_week_of_signs_keeps_it(self) -> None:
        story = self.a_story(3_600.0)
        for hour in range(1, 24 * 7):
            story = story.when(Wake(), at(hour * 3_600)).when(self.a_sign(3_600.0), at(hour * 3_600 + 1))
            assert story.names == ["ExecutionProgressed"]


@pytest.mark.parametrize("lane", ["quantum", "simulator"])
def test_a_job_that_wants_no_other_lane_waits_for_its_own_and_fails_with_it(lane: Lane) -> None:
    story = given(a_submit(lane, alone=True))
    assert story.when(Wake(), at(120)).events == ()

    assert story.when(a_failure(f"primary-{lane}", code="no_backend")).names == ["ExecutionFailed", "JobFailed"]
