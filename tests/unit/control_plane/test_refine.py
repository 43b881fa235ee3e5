"""The plan `refine`: the classical solver goes on from the quantum answer; and hints, which every later leg gets."""

from __future__ import annotations

from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_domain.job.messages import Wake
from tests.builders import BEST_SIDE, a_failure, a_submit, a_success, a_verdict, at
from tests.unit.control_plane.given import Story, given

SIDE = [0, 1, 0, 1, 1, 1]


def sampled(objective: int = 4, verdict: str = "accepted") -> Story:
    """The simulator gave an answer without a proof."""
    answer = {"side": SIDE}
    execution = a_success("primary-simulator", answer=answer, objective=objective, bound=None, proven_optimal=False)
    checked = a_verdict(
        "primary-simulator",
        verdict=verdict,
        objective=objective,
        bound=None,
        gap=None,
        proven_optimal=False,
        answer_fingerprint=fingerprint(answer),
    )
    return given(a_submit("simulator", refine=verdict == "accepted"), execution).when(checked)


def test_the_classical_solver_starts_from_the_quantum_answer() -> None:
    story = sampled()

    assert story.names == ["ResultValidated", "FallbackTaken", "JobQueued"]
    assert story.the(ev.FallbackTaken).trigger == "refine"
    order = story.the(ev.JobQueued)
    assert (order.leg, order.hint) == ("fallback-classical", {"side": SIDE})


def test_the_better_of_both_completes_the_job_and_no_other_leg_is_taken() -> None:
    execution = sampled().when(a_success("fallback-classical"))
    story = Story(execution.job).when(a_verdict("fallback-classical"))

    assert story.names == ["ResultValidated", "JobCompleted"]
    completed = story.the(ev.JobCompleted)
    assert (completed.leg, completed.objective, completed.answer) == ("fallback-classical", 6, {"side": BEST_SIDE})


def test_the_quantum_answer_stands_when_the_refinement_fails_or_takes_too_long() -> None:
    failed = sampled().when(a_failure("fallback-classical", code="problem_unsupported"))
    assert (failed.names[-1], failed.the(ev.JobCompleted).leg) == ("JobCompleted", "primary-simulator")

    late = sampled().when(Wake(), at(61))
    assert (late.names, late.the(ev.JobCompleted).leg) == (["AttemptAbandoned", "JobCompleted"], "primary-simulator")


def test_a_proved_answer_is_not_refined() -> None:
    story = given(a_submit("simulator", refine=True), a_success("primary-simulator")).when(
        a_verdict("primary-simulator")
    )

    assert story.names == ["ResultValidated", "JobCompleted"]


def test_a_fallback_gets_the_answer_that_needs_review_as_a_hint() -> None:
    story = sampled(verdict="needs_review")

    assert (story.the(ev.FallbackTaken).trigger, story.the(ev.JobQueued).hint) == ("exhausted", {"side": SIDE})
