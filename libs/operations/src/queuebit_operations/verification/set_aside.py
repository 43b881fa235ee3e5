"""What the control plane set aside against what is stored: nothing of it is applied while it lies open, and what was sent again
is applied once. Pure, and bounded.

Here is judged what can be told afterwards, of topics whose records of one key follow one another and are ours alone: whoever
asks a question may ask it again, under any id. That no record that fails is passed over, and that nothing is taken behind one
of its key, shows in no store: the tests of dead letters hold it, and the simulation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from uuid import UUID

from queuebit_contracts.channels import BY_TOPIC, MEETING
from queuebit_contracts.ids import uuid_from
from queuebit_operations.scan.port import EventRow, Stream
from queuebit_operations.verification.findings import Finding
from queuebit_runtime.bus.dead_letters.letter import Letter, Origin, letter_of
from queuebit_runtime.bus.dead_letters.marks import Mark, mark_of
from queuebit_runtime.bus.dead_letters.open_letters import keeps_order
from queuebit_runtime.bus.port import Record

LETTERS_MAX = 100_000
"""So many are looked at, the newest of them."""
CLOCKS_APART = timedelta(seconds=5)
"""So much may the clocks of the database and of a control plane differ."""


@dataclass(slots=True)
class _Kept:
    """A dead letter, without what it holds. `cause`: the id of its record, which stands on the events that followed from it.
    `since`: from when on it was there, whichever clock is ahead.
    """

    place: str
    cause: UUID
    since: datetime
    mark: Mark | None = None

    @property
    def open(self) -> bool:
        return self.mark is None or not self.mark.settles

    @property
    def sent_again(self) -> bool:
        return self.mark is not None and self.mark.became == "redriven"


class SetAside:
    """First it hears of all letters and marks, then it looks at the jobs that have some."""

    def __init__(self) -> None:
        self._letters: dict[Origin, tuple[UUID, _Kept]] = {}
        self._jobs: dict[UUID, list[_Kept]] = {}

    def hear(self, records: Sequence[Record]) -> None:
        """The next records of a topic of dead letters."""
        for record in records:
            if (letter := letter_of(record)) is not None:
                self._put(letter)
            elif (mark := mark_of(record)) is not None and mark.origin in self._letters:
                kept = self._letters[mark.origin][1]
                # What was put into quarantine, or accepted, may be settled later, and never the other way round.
                kept.mark = mark if kept.open else kept.mark

    def settle(self) -> None:
        """All was heard."""
        for job_id, kept in self._letters.values():
            self._jobs.setdefault(job_id, []).append(kept)

    def has(self, stream_id: UUID) -> bool:
        """Whether anything of a job was set aside."""
        return stream_id in self._jobs

    def look_at(self, stream: Stream, before: datetime) -> Iterator[Finding]:
        """What is wrong with a job. Of a redrive that goes on, marks may be missing of what it sent after `before`."""
        for kept in self._jobs.get(stream.stream_id, ()):
            followed = [event for event in stream.events if event.causation_id == kept.cause]
            if kept.open:
                late = next((event for event in followed if kept.since < event.recorded_at < before), None)
                if late is not None:
                    detail = f"version {late.version} follows from {kept.place}, which was set aside before and is open"
                    yield Finding("applied_though_set_aside", str(stream.stream_id), detail)
            if kept.sent_again and (times := _decisions(followed, stream.events)) > 1:
                detail = f"{kept.place} was sent again, and decided on {times} times"
                yield Finding("applied_twice", str(stream.stream_id), detail)

    def _put(self, letter: Letter) -> None:
        topic = letter.origin.topic
        if not keeps_order(topic) or BY_TOPIC[topic].broadcast:
            return  # Of what every process hears, one may take what another cannot.
        try:
            subject = letter.named("ce_subject") if topic in MEETING else (letter.key or b"").decode()
            job_id = uuid_from(subject or "")
            cause = uuid_from(letter.named("ce_id") or "")
            since = datetime.fromisoformat(letter.failed_at).astimezone(UTC) + CLOCKS_APART
        except (ValueError, OverflowError):
            return  # It names no job: no event of one follows from it.
        self._letters.pop(letter.origin, None)
        self._letters[letter.origin] = job_id, _Kept(str(letter.origin), cause, since)
        if len(self._letters) > LETTERS_MAX:
            del self._letters[next(iter(self._letters))]


def _decisions(followed: Sequence[EventRow], events: Sequence[EventRow]) -> int:
    """How many decisions events came from: those of one stand behind one another, and have one moment."""
    if not followed:
        return 0
    causes = {event.causation_id for event in followed}
    return sum(cause in causes for (cause, _), _ in groupby(events, key=lambda event: (event.causation_id, event.time)))
