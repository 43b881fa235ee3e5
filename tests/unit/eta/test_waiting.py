"""Why a job has not ended: one code and one sentence for every way in which it can stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from queuebit_contracts import events as ev
from queuebit_domain.eta.waiting import why
from queuebit_domain.job.decide import decide
from queuebit_domain.job.state import Awaited, EndedJob, Held, LegStatus, NoJob, OpenJob, Resting, Spent, Working
from tests.builders import JOB_ID, NOW, a_submit, a_success

WORKING = Working(UUID(int=1), 1, NOW, NOW)


def a_job(*statuses: LegStatus) -> OpenJob:
    _, job = decide(NoJob(), a_submit(), NOW, JOB_ID)
    assert isinstance(job, OpenJob)
    (leg,) = [leg for leg in job.legs if leg.spec.leg == "primary-classical"]
    return replace(job, legs=tuple(leg._replace(status=status) for status in statuses))


@pytest.mark.parametrize(
    ("statuses", "code", "said"),
    [
        ((WORKING,), "queue", "waits in the queue for a worker"),
        ((replace(WORKING, started=True),), "running", "computes it, for 10 s at most"),
        ((replace(WORKING, started=True, execution=a_success()),), "checking", "is being checked"),
        ((Held(1, 7, "tenant", "held by ada: an audit", NOW),), "hold", "is held for it: held by ada: an audit."),
        ((Held(1, 0, "tenant", "fair_share: numbers", NOW, 2.0),), "fair_share", "waits for its turn"),
        ((Resting(1, NOW + timedelta(seconds=1)),), "retry", "is tried again at 03:04:06 UTC"),
        ((Spent("failed"),), "planning", "no attempt of it is out"),
        ((WORKING, replace(WORKING, started=True)), "running", "computes it"),
        ((replace(WORKING, started=True), Held(1, 7, "tenant", "why", NOW)), "hold", "is held for it"),
    ],
)
def test_every_way_to_stand_has_a_code_and_a_sentence(statuses: tuple[LegStatus, ...], code: str, said: str) -> None:
    found = why(a_job(*statuses))

    assert found is not None
    assert (found.code, said in found.detail) == (code, True), found


def test_a_plan_that_waits_for_a_person_says_for_whom_and_until_when() -> None:
    planned = ev.JobPlanned(plan="p", legs=(), policy_version="v", rule="r", reasons=(), inputs={}, sense="min")
    found = why(replace(a_job(WORKING), awaited=Awaited(planned, "d", NOW)))

    assert found is not None
    assert (found.code, found.detail) == (
        "approval",
        "It waits for somebody to allow its plan, until 2026-01-02 03:04 UTC.",
    )


def test_what_ended_or_was_never_heard_of_waits_for_nothing() -> None:
    assert why(NoJob()) is None
    assert why(EndedJob("completed", "f")) is None
