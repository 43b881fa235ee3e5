"""What can be wrong, by name: each check belongs to an invariant, and a finding to a check."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

CHECKS: dict[str, tuple[str, str]] = {
    "version_gap": ("I2", "The versions of a stream do not run from 1 without a gap."),
    "events_without_head": ("I2", "A stream has events and no head, so that no list shows it."),
    "head_without_events": ("I2", "A stream has a head and no events."),
    "unreadable_event": ("I2", "A stored event cannot be read."),
    "illegal_transition": ("I2", "An event does not follow from the state before it."),
    "after_end": ("I2", "Something happened to a job after it had ended."),
    "head_version": ("I7", "The version of a head is not that of its last event."),
    "head_differs": ("I7", "A head is not what folding its events gives."),
    "projection_differs": ("I7", "A row of a projection is not what folding the events gives."),
    "projection_stopped": ("I7", "A projection stands still before an event that it cannot take."),
    "head_times": ("I7", "The times of a head are not those of its first and last event."),
    "duplicate_event_id": ("I5", "Two events have the same id."),
    "told_twice": ("I5", "One attempt was answered or judged twice."),
    "foreign_attempt": (
        "I12",
        "An attempt is not the next of its leg, or its id is not the one that follows from the job.",
    ),
    "submission_without_attempt": ("I12", "Something was handed in at a provider for an attempt that no job has made."),
    "attempt_without_job": ("I12", "An attempt is kept at a provider that no job has made."),
    "submission_overdue": ("I13", "The moment of a submission has passed, and nobody has looked at it."),
    "attempt_overdue": ("I13", "The moment of a kept attempt has passed, and nobody has looked at it."),
    "breaker_stuck": ("I13", "A backend is not to be asked for longer than a breaker may stay open."),
    "two_live_submissions": ("I12", "Two submissions of one attempt are on their way at once."),
    "answer_differs": ("I5", "A completed job has another answer than the one that was judged."),
    "foreign_tenant": ("I14", "An event belongs to another tenant or category than its stream."),
    "position_order": ("I4", "The order of all events is not the order of the versions of a stream."),
    "epoch_ahead": ("I9", "An event was written in an epoch that has not begun."),
    "future_transaction": (
        "I6",
        "An event has a transaction id that was not given out: the store was restored from a dump.",
    ),
    "cursor_ahead": ("I8", "A reader's cursor stands behind the last event: it will miss what comes next."),
    "not_relayed": ("I13", "An event waits for the relay for longer than it may."),
    "timer_overdue": ("I13", "The moment of a job has passed, and nobody has looked at it."),
    "key_of_another_job": ("I1", "An idempotency key stands for a job of other content than it was taken for."),
    "not_published": ("I3", "An event lies before the relay's cursor and is not on its topic."),
    "not_committed": ("I3", "A record on a topic of the relay is no stored event."),
    "published_differs": ("I3", "A record is not, byte for byte, the event that is stored."),
    "published_elsewhere": ("I3", "An event is on a topic where it does not belong."),
    "published_out_of_order": (
        "I4",
        "A reader who forgets repeats sees the events of a job in another order than they happened.",
    ),
    "kafka_ahead": (
        "I3",
        "Kafka holds later versions of a job than the store: the store was restored to an earlier point.",
    ),
    "not_decided": ("I1", "A question was accepted and read, and nothing was decided about it."),
    "offset_beyond_end": (
        "I8",
        "A group has committed offsets that the topic does not have: it will miss what comes next.",
    ),
    "unread_gone": ("I8", "Records that a group has not read are gone from the topic."),
    "archive_differs": ("I2", "A month that lies in files is not what was taken out of the log."),
    "archive_unfinished": ("I2", "A month was taken out of the log, and its heads and keys are there still."),
    "unreadable_record": ("I3", "What lies on a topic cannot be unpacked, so that nobody can say what it is."),
    "applied_though_set_aside": (
        "I10",
        "A record lies open among the dead letters, and was applied after it was set aside.",
    ),
    "applied_twice": ("I11", "A record that was sent again was applied twice."),
    "nothing_checked": ("I15", "There was nothing to check."),
}
"""The name of each check, the invariant that it belongs to, and what it means when it finds something."""

EXAMPLES_MAX = 20


class Finding(NamedTuple):
    """One thing that is wrong. `subject` is the job or the place; `detail` what of it."""

    check: str
    subject: str
    detail: str


class Findings:
    """How often each check found something, and the first examples: bounded, however much is wrong."""

    def __init__(self, examples_max: int = EXAMPLES_MAX) -> None:
        self.counts: Counter[str] = Counter()
        self._examples: dict[str, list[Finding]] = {}
        self._examples_max = examples_max

    def add(self, finding: Finding) -> None:
        self.counts[finding.check] += 1
        some = self._examples.setdefault(finding.check, [])
        if len(some) < self._examples_max:
            some.append(finding)

    def merge(self, other: Findings) -> None:
        """Add those of another."""
        self.counts.update(other.counts)
        for check, some in other._examples.items():
            mine = self._examples.setdefault(check, [])
            mine += some[: self._examples_max - len(mine)]

    def __bool__(self) -> bool:
        return bool(self.counts)

    def document(self) -> list[dict[str, Any]]:
        """The findings as JSON, in the order of the checks."""
        return [
            {
                "check": check,
                "invariant": invariant,
                "meaning": meaning,
                "count": self.counts[check],
                "examples": [{"subject": each.subject, "detail": each.detail} for each in self._examples[check]],
            }
            for check, (invariant, meaning) in CHECKS.items()
            if self.counts[check]
        ]
