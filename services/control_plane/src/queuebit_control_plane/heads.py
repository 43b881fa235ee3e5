"""What the store keeps of a job beside its events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.facts import FACTS, Completed, Planned, read_fact
from queuebit_contracts.jobs import ENDS, TERMINAL_STATES, JobState
from queuebit_contracts.streams import JOB, REFUSAL
from queuebit_domain.job.codec import fold, read_event
from queuebit_domain.job.evolve import ended
from queuebit_domain.job.state import Job, OpenJob
from queuebit_domain.job.summary import ATTRIBUTES, summary_of
from queuebit_store.heads.projection import HeadProjection
from queuebit_store.log.port import FoldedEvent
from queuebit_store.ports import Head

_STATES: Final[Mapping[str, JobState]] = {name: state for state, name in ENDS.items() if state != "rejected"}
"""The states of jobs that were begun and have ended, by the events that end them."""
_BEGUN: Final = JobSubmitted.__name__


def head_of(job: Job) -> Head:
    """The head that goes with the job. Raises AssertionError for NoJob, which has no stream."""
    return Head(*summary_of(job))


def _folded(events: Sequence[FoldedEvent]) -> Head:
    """The head after the events. That of a job that has ended hangs on how it began and how it ended: of all that is between,
    and of the answer, no more is read than facts, which costs an eighth.
    """
    head = _of_ended(events) if events[-1].type in _STATES and len(events) > 1 else None
    return head_of(fold(events)) if head is None else head


def _of_ended(events: Sequence[FoldedEvent]) -> Head | None:
    """None where the story is not the usual one: then all of it is read."""
    first, *between, last = events
    job = fold((first,))
    for event in between:
        if event.type in FACTS:
            if event.type in _STATES or event.type == _BEGUN:
                return None
            told = read_fact(event.type, event.schema_version, event.data)
            if isinstance(told, Planned) and any(leg.after_end for leg in told.legs):
                return None
        else:
            read_event(event)
    fact = read_fact(last.type, last.schema_version, last.data)
    if not isinstance(job, OpenJob) or last.version != len(events):
        return None
    return head_of(ended(job, _STATES[last.type], fact.ran.lane if isinstance(fact, Completed) else None))


HEADS: Final = tuple(
    HeadProjection(category, ATTRIBUTES, frozenset(TERMINAL_STATES), _folded) for category in (JOB, REFUSAL)
)
"""The heads of each category that is ours. A refusal is a job that ended when it began."""
