"""The attempts of a job view: what a worker reported, what the validator made of it, what it cost."""

from __future__ import annotations

from queuebit_client.document import document_of
from queuebit_client.honesty.job import report_of
from queuebit_contracts.jobs import Cost, Usage
from queuebit_gateway.read_model.explain import explain
from queuebit_gateway.read_model.models import JobView
from queuebit_gateway.read_model.stories import Story
from queuebit_gateway.read_model.view import Happened
from tests.builders import JOB_ID, a_failure, a_refusal, a_start, a_submit, a_success, a_verdict, at
from tests.unit.control_plane.given import given

EVIDENCE = {"shots": 100, "feasible_fraction": 1.0, "best_raw_objective": 6, "best_raw_count": 25, "placebo_best": 4}
DOUBT = "worse_than_baseline: objective 4, heuristic 6"
PRIMARY, BASELINE = "primary-simulator", "baseline-classical"


def viewed(*messages: object) -> tuple[JobView, list[Happened]]:
    """The view after these messages, through the control plane's own decisions, and the story behind it."""
    story, happened = given(), []
    for second, message in enumerate(messages):
        story = story.when(message, at(second))  # type: ignore[arg-type]
        happened += [(event, at(second)) for event in story.events]
    told = [Happened(version, when, event) for version, (event, when) in enumerate(happened, 1)]
    read = Story(JOB_ID)
    read.tell(told, 0)
    return read.view(JOB_ID, "acme", with_plan=False), told


def test_an_attempt_shows_its_evidence_verdict_cost_and_usage() -> None:
    done = a_success(
        PRIMARY, evidence=EVIDENCE, provenance={"counts_fingerprint": "c0ffee"}, objective=6, bound=None,
        usage=Usage(wall_s=1.5, shots=100), cost=Cost(amount="0.10", currency="USD"),
    )  # fmt: skip
    view, _ = viewed(a_submit("auto"), done, a_verdict(PRIMARY, bound=6, gap=0.0))

    attempt = next(each for each in view.attempts if each.leg == PRIMARY)
    assert (attempt.role, attempt.evidence, attempt.counts_fingerprint) == ("primary", EVIDENCE, "c0ffee")
    assert (attempt.objective, attempt.bound, attempt.gap, attempt.proven_optimal) == (6, 6, 0.0, True)
    assert (attempt.cost, attempt.usage) == (Cost(amount="0.10", currency="USD"), Usage(wall_s=1.5, shots=100))
    assert attempt.confidence is not None
    assert (attempt.confidence.value, attempt.reasons) == (1.0, ("recomputed",))
    assert view.plan is not None
    assert view.plan.sense == "max"


def test_the_leg_at_work_that_has_come_farthest_says_where_the_job_stands() -> None:
    working = (a_submit("auto"), a_start(PRIMARY), a_success(BASELINE))
    checked = (a_submit("auto"), a_success(BASELINE), a_verdict(BASELINE))

    assert viewed(*working)[0].state == "validating"
    assert viewed(*checked)[0].state == "queued"


def test_a_claim_is_shown_until_it_is_checked_and_refusals_and_failures_keep_what_they_used() -> None:
    claimed, _ = viewed(a_submit(), a_success(objective=5))
    refused, _ = viewed(a_submit(), a_success(usage=Usage(wall_s=2.0)), a_refusal())
    failed, _ = viewed(a_submit(), a_failure(usage=Usage(wall_s=3.0)))

    assert (claimed.attempts[0].objective, claimed.attempts[0].gap, claimed.attempts[0].confidence) == (5, None, None)
    assert (refused.attempts[0].state, refused.attempts[0].usage.wall_s) == ("rejected", 2.0)
    assert refused.attempts[0].reasons == a_refusal().reasons
    assert (failed.attempts[0].state, failed.attempts[0].usage.wall_s, failed.attempts[0].evidence) == (
        "failed",
        3.0,
        {},
    )


def test_the_honesty_report_is_made_of_the_view() -> None:
    view, _ = viewed(
        a_submit("auto"),
        a_success(PRIMARY, evidence=EVIDENCE),
        a_verdict(PRIMARY),
        a_success(BASELINE),
        a_verdict(BASELINE),
    )

    found = report_of(document_of(view))

    assert found["winner"]["leg"] == PRIMARY
    assert (found["winner"]["credit"], found["winner"]["tied_with"]) == ("circuit", [BASELINE])
    assert found["attempts"][0]["p_opt"]["value"] == 0.25
    assert (found["attempts"][0]["placebo_objective"], found["attempts"][0]["placebo_matched"]) == (4, False)


def test_explain_tells_why_an_answer_needs_review_and_what_followed() -> None:
    review = a_verdict(PRIMARY, verdict="needs_review", objective=4, reasons=(DOUBT,))
    view, story = viewed(a_submit("simulator"), a_success(PRIMARY, objective=4), review)

    told = {entry.event: entry.text for entry in explain(view, story).timeline}

    assert told["ResultValidated"] == f"Checked: needs_review, objective 4, confidence 1. {DOUBT}"
    assert told["FallbackTaken"].endswith(f"(exhausted): its answer needs review: {DOUBT}")
    assert view.answer is None
