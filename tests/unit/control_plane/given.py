"""given(messages).when(message).then(events): the decider's specification."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from queuebit_contracts.events import Event, JobEvent
from queuebit_domain.holds.gate import OPEN, Gate
from queuebit_domain.job.decide import decide
from queuebit_domain.job.messages import Message
from queuebit_domain.job.state import Job, NoJob
from queuebit_domain.money.purse import NO_PURSE, Purse
from tests.builders import JOB_ID, NOW

E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class Story:
    """A job as it stands after what was told, and everything that happened."""

    job: Job
    events: tuple[JobEvent, ...] = ()

    def when(self, message: Message, now: datetime = NOW, gate: Gate = OPEN, purse: Purse = NO_PURSE) -> Story:
        """Tell the job something; the new story holds only what happened then."""
        decided, job = decide(self.job, message, now, JOB_ID, gate, purse)
        return Story(job, tuple(decided))

    @property
    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    def the(self, kind: type[E]) -> E:
        """The one event of that type."""
        (found,) = [event for event in self.events if isinstance(event, kind)]
        return found


def given(*told: Message | tuple[Message, datetime]) -> Story:
    """A job that was told these messages, at NOW or at the time beside each."""
    story = Story(NoJob())
    for each in told:
        message, now = each if isinstance(each, tuple) else (each, NOW)
        story = story.when(message, now)
    return story
