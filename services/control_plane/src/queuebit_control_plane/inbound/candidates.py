"""The earlier answers that questions name, to compete for the job: read from the streams of their jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.candidates import CANDIDATE_PARAM
from queuebit_contracts.sealed import SUBJECT_LABEL
from queuebit_domain.job.cached import Candidate
from queuebit_domain.job.codec import fold, read_event
from queuebit_domain.job.state import EndedJob
from queuebit_problems.admission import Admitted
from queuebit_store.ports import StoredEvent, StreamStore

ANSWER_BYTES_MAX: Final = 256 * 1024
"""A larger answer does not compete: it stands in the plan and in the work order."""
STREAMS_BYTES_MAX: Final = 8 * 1024 * 1024
"""So much of earlier jobs is in memory at once, and no larger job is read."""
NO_ANSWER: Final = "there is no such job of yours, or it has no answer"
NO_JOB: Final = f"params.{CANDIDATE_PARAM} is no id of a job"


class _Told(NamedTuple):
    """The last answer of a job, and to which statement it was given."""

    kind: str
    problem_fingerprint: str
    at: datetime
    answer: Mapping[str, Any]


class Candidates:
    """Costs two statements a batch in which a question names an earlier answer, one more for each 8 MiB of earlier jobs, and
    nothing else any.
    """

    def __init__(self, store: StreamStore) -> None:
        self._store = store

    async def of(self, admitted: Sequence[Admitted]) -> list[Candidate | str]:
        """For each question, all of which name one, the answer that may compete, or why none does. Raises StoreUnavailable."""
        ids = [_named(each) for each in admitted]
        rows = await self._store.heads([*{each for each in ids if each is not None}])
        completed = [job_id for job_id, row in rows.items() if row.head.state == "completed"]
        sizes = await self._store.bytes_of(completed) if completed else {}
        told: dict[UUID, _Told | str] = {}
        for step in _steps(completed, sizes):
            told |= {job_id: _told(stored) for job_id, stored in (await self._store.load(step)).items()}
        owners = {job_id: row.tenant for job_id, row in rows.items()}
        return [
            NO_JOB
            if job_id is None
            else _for(
                each, job_id, told.get(job_id, NO_ANSWER) if owners.get(job_id) == each.request.tenant else NO_ANSWER
            )
            for each, job_id in zip(admitted, ids, strict=True)
        ]


def _named(admitted: Admitted) -> UUID | None:
    """The job that is named; None where a gateway of before admitted the question, to which this was a parameter like any."""
    told = admitted.request.params[CANDIDATE_PARAM]
    try:
        return UUID(told if isinstance(told, str) else "")
    except ValueError:
        return None


def _steps(job_ids: Sequence[UUID], sizes: Mapping[UUID, int]) -> Iterator[list[UUID]]:
    """As many jobs at a time as may be in memory at once."""
    step: list[UUID] = []
    total = 0
    for job_id in job_ids:
        size = sizes.get(job_id, 0)
        if size > STREAMS_BYTES_MAX:
            continue
        if step and total + size > STREAMS_BYTES_MAX:
            yield step
            step, total = [], 0
        step.append(job_id)
        total += size
    if step:
        yield step


def _told(stored: Sequence[StoredEvent]) -> _Told | str:
    """The last answer of the job, or why it may not compete."""
    try:
        job, events = fold(stored), [read_event(each) for each in stored]
    except Exception:
        # Whatever it is: the new job does not need it.
        return "what is stored of its job cannot be read"
    asked = events[0]
    place = max(nth for nth, each in enumerate(events) if isinstance(each, ev.JobCompleted | ev.JobImproved))
    answered = events[place]
    assert isinstance(asked, ev.JobSubmitted)
    assert isinstance(answered, ev.JobCompleted | ev.JobImproved)
    if SUBJECT_LABEL in asked.request.labels:
        return "it is the data of a subject"
    if isinstance(job, EndedJob) and job.suspect:
        return "it is suspect"
    if answered.verdict != "accepted":
        return "it needs review"
    if len(stored[place].data) > ANSWER_BYTES_MAX:
        return f"it has more than {ANSWER_BYTES_MAX // 1024} KiB"
    fingerprint = asked.admission.problem_fingerprint if asked.admission is not None else ""
    return _Told(asked.request.problem.kind, fingerprint, stored[place].time, answered.answer)


def _for(admitted: Admitted, job_id: UUID, told: _Told | str) -> Candidate | str:
    if isinstance(told, str):
        return f"of job {job_id}, {told}"
    request = admitted.request
    if SUBJECT_LABEL in request.labels:
        return "this job is about the data of a subject"
    if told.kind != request.problem.kind:
        return f"job {job_id} is of the kind {told.kind}"
    same = told.problem_fingerprint == admitted.admission.problem_fingerprint
    return Candidate(job_id, told.at, same, told.answer)
