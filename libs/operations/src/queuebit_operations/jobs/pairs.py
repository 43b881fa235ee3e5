"""Jobs and those that ask the same again, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_domain.job.codec import fold, read_event
from queuebit_domain.job.label import label
from queuebit_operations.jobs.comparing import Finding, compare
from queuebit_operations.jobs.differing import Difference, differences, identical
from queuebit_operations.jobs.suspects import ANSWERS
from queuebit_operations.jobs.telling import Jobs
from queuebit_store.ports import StoredEvent

PAGE = 200


@dataclass(frozen=True, slots=True)
class Pair:
    """Two jobs and how the second stands to the first; `pending` and `unanswered` where there is nothing to compare. `differs`:
    how the second was run otherwise; `repeated`: whether it gave the same bit by bit.
    """

    first: UUID
    second: UUID
    finding: Finding | Literal["pending", "unanswered"]
    detail: str
    backends: tuple[str, str] = ("", "")
    differs: tuple[Difference, ...] = ()
    repeated: bool = False

    @property
    def fine(self) -> bool:
        """Whether the second job has an answer that is not worse."""
        return self.finding not in ("pending", "unanswered", "worse")


async def compare_pairs(store: Jobs, pairs: Sequence[tuple[UUID, UUID]]) -> list[Pair]:
    """Each pair compared, read a page at a time."""
    found: list[Pair] = []
    for at in range(0, len(pairs), PAGE):
        page = pairs[at : at + PAGE]
        stories = await store.load([job_id for pair in page for job_id in pair])
        found += [_pair(first, second, stories.get(first, []), stories.get(second, [])) for first, second in page]
    return found


def _pair(first: UUID, second: UUID, before: Sequence[StoredEvent], after: Sequence[StoredEvent]) -> Pair:
    answers = _answer(before), _answer(after)
    if answers[1] is None:
        state = label(fold(after)) if after else "not there"
        ended = state in ("failed", "cancelled", "expired", "rejected", "not there")
        return Pair(first, second, "unanswered" if ended else "pending", f"it is {state}")
    if answers[0] is None:
        return Pair(first, second, "unanswered", "the first has no answer to compare with")
    planned = next((event for event in map(read_event, before) if isinstance(event, ev.JobPlanned)), None)
    compared = compare(answers[0], answers[1], planned.sense if planned else None)
    backends = answers[0].ran.backend, answers[1].ran.backend
    one, other = _execution(before, answers[0]), _execution(after, answers[1])
    if one is None or other is None:
        return Pair(first, second, compared.finding, compared.detail, backends)
    found = tuple(differences(one, other))
    return Pair(first, second, compared.finding, compared.detail, backends, found, identical(one, other))


def _execution(stored: Sequence[StoredEvent], answer: ev.JobCompleted) -> ev.ExecutionSucceeded | None:
    """What gave the answer that counts."""
    for each in stored:
        if each.type == ev.ExecutionSucceeded.__name__:
            event = read_event(each)
            if isinstance(event, ev.ExecutionSucceeded) and event.attempt_id == answer.attempt_id:
                return event
    return None


def _answer(stored: Sequence[StoredEvent]) -> ev.JobCompleted | None:
    """The answer that counts: of the completion, or of the last improvement."""
    completed: ev.JobCompleted | None = None
    for each in stored:
        if each.type not in ANSWERS:
            continue
        event = read_event(each)
        if isinstance(event, ev.JobCompleted):
            completed = event
        elif isinstance(event, ev.JobImproved) and completed is not None:
            completed = completed.model_copy(
                update={
                    "answer": event.answer,
                    "objective": event.objective,
                    "ran": event.ran,
                    "leg": event.leg,
                    "attempt_id": event.attempt_id,
                }
            )
    return completed
