"""Steps back: what a job named to be undone is asked for once."""

from __future__ import annotations

from queuebit_contracts import events as ev
from queuebit_contracts.compensations import Cause
from queuebit_contracts.ids import derive_id
from queuebit_domain.job.draft import Draft
from queuebit_domain.job.state import EndedJob


def compensate(draft: Draft, *causes: Cause) -> None:
    """Ask for what the job named for one of the causes and was not asked for before. The job has ended."""
    job = draft.job
    assert isinstance(job, EndedJob)
    for each in job.compensations:
        cause = next((cause for cause in causes if cause in each.on), None)
        if cause is not None:
            draft.add(
                ev.CompensationRequested(
                    compensation_id=derive_id(draft.job_id, f"compensation:{each.name}"),
                    name=each.name,
                    cause=cause,
                    command=each.command,
                    data=each.data,
                    origin=job.origin,
                )
            )
