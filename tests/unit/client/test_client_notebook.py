"""What a notebook shows of a job, its plan and its explanation: the same in HTML and in text, and nothing of it is code."""

from __future__ import annotations

from queuebit_client.reads import Explanation
from tests.unit.client.shown_jobs import AT, HOSTILE, ID, a_job


def test_a_job_is_told_in_a_few_lines() -> None:
    assert a_job(reasons=["proved"])._repr_mimebundle_()["text/plain"].splitlines() == [
        f"Job {ID}: maxcut",
        "  state           completed",
        "  verdict         accepted",
        "  objective       2",
        "  bound           2",
        "  gap             0",
        "  proved optimal  True",
        "  confidence      1 (optimality 1)",
        "  ran             enumeration on b (classical lane)",
        "  seconds         0.25",
        "  why             proved",
        "  answer          {'side': [0, 1]}",
    ]


def test_nothing_that_a_job_says_is_code_in_a_notebook() -> None:
    job = a_job(answer={"values": {HOSTILE: 1}})
    explanation = Explanation.model_validate(
        {
            "job_id": ID,
            "state": "completed",
            "summary": HOSTILE,
            "timeline": [
                {"version": 1, "at": AT, "since_start_s": 0, "since_previous_s": 0, "event": "E", "text": HOSTILE}
            ],
        }
    )
    assert job.plan is not None

    for shown in (job, job.plan, explanation):
        html = shown._repr_mimebundle_()["text/html"]
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_a_job_without_an_answer_says_why_and_a_large_answer_is_cut() -> None:
    failed = a_job(
        state="failed", answer=None, verdict=None, failure={"code": "late", "detail": "Too late.", "remedy": "Wait."}
    )

    assert "late: Too late. Wait." in failed._repr_mimebundle_()["text/plain"]
    assert "characters)" in a_job(answer={"side": [0] * 10_000})._repr_mimebundle_()["text/plain"]
    assert len(a_job(answer={"side": [0] * 10_000})._repr_mimebundle_()["text/html"]) < 3000
