"""What the store keeps of a job beside its events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from queuebit_contracts.events import JobCompleted
from queuebit_contracts.facts import Completed, read_fact
from queuebit_contracts.jobs import TERMINAL_STATES
from queuebit_contracts.streams import JOB, REFUSAL
from queuebit_domain.job.codec import fold
from queuebit_domain.job.evolve import ended
from queuebit_domain.job.state import Job, OpenJob
from queuebit_domain.job.summary import ATTRIBUTES, summary_of
from queuebit_store.heads.projection import HeadProjection
from queuebit_store.log.port import FoldedEvent
from queuebit_store.ports import Head

COMPLETED: Final = JobCompleted.__name__


def head_of(job: Job) -> Head:
    """The head that goes with the job. Raises AssertionError for NoJob, which has no stream."""
    return Head(*summary_of(job))


def _folded(events: Sequence[FoldedEvent]) -> Head:
    """The head after the events. Of the last event of most jobs, which holds the whole answer, only the lane is of interest."""
    *before, last = events
    if last.type == COMPLETED:
        job = fold(before)
        fact = read_fact(last.type, last.schema_version, last.data)
        if isinstance(job, OpenJob) and isinstance(fact, Completed) and last.version == len(events):
            return head_of(ended(job, "completed", fact.ran.lane))
    return head_of(fold(events))


HEADS: Final = tuple(
    HeadProjection(category, ATTRIBUTES, frozenset(TERMINAL_STATES), _folded) for category in (JOB, REFUSAL)
)
"""The heads of each category that is ours. A refusal is a job that ended when it began."""
