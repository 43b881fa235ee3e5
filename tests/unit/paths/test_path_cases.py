"""What a job tells a path: an answer that was there before, or is somebody else's work, makes no pair."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_domain.job.codec import read_event
from queuebit_domain.paths.cases import Told, case_of
from queuebit_store.memory import MemoryDatabase, MemoryStore
from tests.unit.paths.given import T0
from tests.unit.paths.measured_jobs import answer, plan_job


@pytest.mark.parametrize(
    ("evidence", "reused"),
    [({"from_job": "a job"}, True), ({"from_attempt": "an attempt"}, True), ({"status": "FEASIBLE"}, False)],
)
async def test_whose_work_an_answer_is(evidence: dict[str, Any], reused: bool) -> None:
    store = MemoryStore(MemoryDatabase(lambda: 0.0))
    job_id = await plan_job(store, 1, T0)
    await answer(store, job_id, "primary-classical", 3, T0, **evidence)

    case = case_of(job_id, [Told(each.time, read_event(each)) for each in (await store.load([job_id]))[job_id]], 1)

    assert case is not None
    assert case.base is not None
    assert case.base.reused == reused
