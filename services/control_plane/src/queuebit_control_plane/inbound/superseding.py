"""Questions from upstream that take the place of another job's: that job is waited for a moment, as it may be on its way on
another partition, and the question is refused where it does not come. One that is not there would never hear of it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_control_plane.inbound.admission import believed
from queuebit_control_plane.inbound.reading import Question
from queuebit_problems.admission import Admitted
from queuebit_runtime.bus.decoding import Received
from queuebit_runtime.clock import Clock
from queuebit_store.ports import StreamStore

PATIENCE_S = 5.0
POLL_S = 0.25
WAITED_FOR_MAX = 256
"""So many questions wait at once, whichever jobs they name: each is a record that is not done, of which the bus holds only so
many before it brings no more of anything. Of more it is said at once that their jobs are not there.
"""


class Superseded:
    """Looks for the jobs whose place is to be taken: all that are waited for at a time are one look at the store."""

    def __init__(self, store: StreamStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting = 0
        self._waited_for: Counter[UUID] = Counter()
        self._owners: dict[UUID, str] = {}
        self._looking: asyncio.Task[None] | None = None

    async def checked(self, questions: Sequence[Question]) -> list[Question]:
        """The questions, those refused that name no job of their tenant. Raises StoreUnavailable."""
        named = {id(each): job_id for each in questions if (job_id := _named(each)) is not None}
        if not named:
            return [*questions]
        wanted = {*named.values()}
        owners = {job_id: row.tenant for job_id, row in (await self._store.heads([*wanted])).items()}
        missing = wanted - owners.keys()
        waiting = sum(job_id in missing for job_id in named.values())
        if waiting and self._waiting + waiting <= WAITED_FOR_MAX:
            owners |= await self._waited(missing, waiting)
        return [each if _is_there(each, named.get(id(each)), owners) else _refused(each) for each in questions]

    async def _waited(self, missing: set[UUID], questions: int) -> dict[UUID, str]:
        """Those of the jobs that came to be meanwhile, each with its tenant."""
        self._waiting += questions
        self._waited_for.update(missing)
        end_s = self._clock.monotonic_s() + PATIENCE_S
        try:
            while not missing <= self._owners.keys() and self._clock.monotonic_s() < end_s:
                if self._looking is None or self._looking.done():
                    self._looking = asyncio.ensure_future(self._look())
                await asyncio.shield(self._looking)
            return {job_id: self._owners[job_id] for job_id in missing & self._owners.keys()}
        finally:
            self._waiting -= questions
            self._waited_for -= Counter(missing)
            for job_id in missing - self._waited_for.keys():
                self._owners.pop(job_id, None)

    async def _look(self) -> None:
        await self._clock.sleep(POLL_S)
        found = await self._store.heads([*self._waited_for])
        self._owners |= {job_id: row.tenant for job_id, row in found.items() if job_id in self._waited_for}


def is_to_be_checked(item: Received) -> bool:
    """Whether it names a job whose place it takes, and nobody has looked for that job yet: the gateway does."""
    return isinstance(item.envelope.data, ev.JobSubmitted) and (
        item.envelope.data.supersedes is not None and not believed(item.record)
    )


def _named(question: Question) -> UUID | None:
    """The job to be looked for. What is refused anyway needs none."""
    asked = question.received.envelope.data
    assert isinstance(asked, ev.JobSubmitted)
    if not is_to_be_checked(question.received) or not isinstance(question.outcome, Admitted):
        return None
    return asked.supersedes


def _is_there(question: Question, job_id: UUID | None, owners: dict[UUID, str]) -> bool:
    asked = question.received.envelope.data
    assert isinstance(asked, ev.JobSubmitted)
    return job_id is None or owners.get(job_id) == asked.request.tenant


def _refused(question: Question) -> Question:
    asked, envelope = question.received.envelope.data, question.received.envelope
    assert isinstance(asked, ev.JobSubmitted)
    return question._replace(
        outcome=ev.JobRejected(
            code="superseded_not_found",
            field="/supersedes",
            detail=f"There is no job {asked.supersedes} of yours, nor did it come within {PATIENCE_S:g} s.",
            remedy="Submit that job first, and this one as a new event once it was taken; or leave `supersedes` out.",
            cause_id=envelope.id,
        )
    )
