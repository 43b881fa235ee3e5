"""An answer that needs review: the plan falls back, or it is passed over, and the reason is told either way."""

from __future__ import annotations

from queuebit_contracts import events as ev
from tests.builders import a_failure, a_submit, a_success, a_verdict
from tests.unit.control_plane.given import given

DOUBT = "worse_than_baseline: objective 4, heuristic 6"
PRIMARY = "primary-simulator"


def test_why_it_needs_review_is_told_with_the_fallback_and_once_at_the_end() -> None:
    review = a_verdict(PRIMARY, verdict="needs_review", objective=4, reasons=(DOUBT,))
    story = given(a_submit("simulator"), a_success(PRIMARY)).when(review)
    assert story.names == ["ResultValidated", "FallbackTaken", "JobQueued"]
    taken = story.the(ev.FallbackTaken)
    assert (taken.from_leg, taken.to_leg, taken.trigger, taken.reason) == (
        PRIMARY, "fallback-classical", "exhausted", f"its answer needs review: {DOUBT}",
    )  # fmt: skip

    completed = story.when(a_success("fallback-classical")).when(a_verdict("fallback-classical")).the(ev.JobCompleted)

    assert (completed.leg, completed.verdict) == ("fallback-classical", "accepted")
    assert [DOUBT in reason for reason in completed.reasons].count(True) == 1


def test_where_no_leg_is_left_it_is_the_answer_and_says_why_it_needs_review() -> None:
    review = a_verdict(PRIMARY, verdict="needs_review", objective=4, reasons=(DOUBT,))
    story = given(a_submit("simulator"), a_success(PRIMARY), review, a_failure("fallback-classical", code="no_backend"))

    completed = story.when(a_failure("fallback-rule", code="no_backend")).the(ev.JobCompleted)

    assert (completed.leg, completed.verdict) == (PRIMARY, "needs_review")
    assert DOUBT in completed.reasons


def test_a_leg_that_is_passed_over_beside_an_accepted_one_is_named_with_its_reason() -> None:
    review = a_verdict(PRIMARY, verdict="needs_review", objective=9, reasons=(DOUBT,))
    story = given(a_submit("auto"), a_success(PRIMARY), review, a_success("baseline-classical"))

    completed = story.when(a_verdict("baseline-classical", objective=6)).the(ev.JobCompleted)

    assert (completed.leg, completed.verdict) == ("baseline-classical", "accepted")
    assert completed.reasons[-1] == f"{PRIMARY} 9 needs review: {DOUBT}"
