"""Many jobs through the core: cut into calls, each with a key, the fates in order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from queuebit_client.batches import parts
from queuebit_client.core import Core
from queuebit_client.errors import BadAnswer, InvalidRequest
from queuebit_client.steps import Call, Emit, Reply

SUMMARY = {
    "id": "01890000-0000-7000-8000-000000000000", "state": "submitted", "kind": "maxcut", "tier": "interactive",
    "lane": "auto", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "version": 0,
}  # fmt: skip
PROBLEM = {"code": "invalid_request", "detail": "/budget_s: is negative.", "remedy": "Correct the named fields."}


def _answered(bodies: list[dict[str, Any]], line_of: Any) -> tuple[list[Any], list[dict[str, Any]]]:
    """What the core emits where a server answers each job by `line_of`, and the batches that it sent."""
    steps = Core().submit_all(bodies)
    emitted: list[Any] = []
    sent: list[dict[str, Any]] = []
    answer: Any = None
    while True:
        try:
            step = steps.send(answer)
        except StopIteration:
            return emitted, sent
        answer = None
        if isinstance(step, Emit):
            emitted.append(step.item)
            continue
        assert isinstance(step, Call)
        assert (step.method, step.path) == ("POST", "/v1/batches")
        sent.append(json.loads(step.body or b""))
        data = [line_of(job) for job in sent[-1]["jobs"]]
        answer = Reply(200, {}, json.dumps({"data": data}).encode())


def test_more_than_a_thousand_jobs_are_several_calls_and_each_has_a_key() -> None:
    bodies = [{"seed": nth} for nth in range(2500)]

    fates, sent = _answered(bodies, lambda job: {"status": 202, "job": {**SUMMARY, "version": job["seed"] % 7}})

    assert [len(each["jobs"]) for each in sent] == [1000, 1000, 500]
    assert [fate.nth for fate in fates] == list(range(2500))
    keys = [job["idempotency_key"] for each in sent for job in each["jobs"]]
    assert keys == [fate.key for fate in fates]
    assert len(set(keys)) == 2500


def test_a_refused_job_is_an_error_of_its_own() -> None:
    bodies = [{"seed": 1, "idempotency_key": "a"}, {"seed": 2, "idempotency_key": "b"}]

    fates, _ = _answered(
        bodies,
        lambda job: {"status": 202, "job": SUMMARY} if job["seed"] == 1 else {"status": 422, "problem": PROBLEM},
    )

    assert [(fate.key, fate.job is not None, fate.error and fate.error.code) for fate in fates] == [
        ("a", True, None),
        ("b", False, "invalid_request"),
    ]
    assert isinstance(fates[1].error, InvalidRequest)


def test_large_jobs_are_cut_by_size() -> None:
    found = list(parts((str(nth), b"x" * 1_500_000) for nth in range(5)))
    assert [len(each) for each in found] == [2, 2, 1]


def test_an_answer_that_lacks_jobs_is_none() -> None:
    steps = Core().submit_all([{"seed": 1}])
    assert isinstance(next(steps), Call)
    with pytest.raises(BadAnswer):
        steps.send(Reply(200, {}, b'{"data": []}'))
