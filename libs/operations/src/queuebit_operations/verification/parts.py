"""What each share of a store found and looked at, and what all of them together say. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from queuebit_operations.scan.port import Selection
from queuebit_operations.verification.findings import Finding, Findings
from queuebit_operations.verification.questions import undecided
from queuebit_operations.verification.share import Parts


@dataclass(slots=True)
class Counts:
    """What was looked at."""

    streams: int = 0
    events: int = 0
    reservations: int = 0
    submissions: int = 0
    attempts: int = 0
    records: int = 0
    replays: int = 0
    questions: int = 0
    groups: int = 0
    archived: int = 0
    rows: int = 0

    def add(self, other: Counts) -> None:
        """What another share has looked at too. Keys, submissions and groups are read by each, and are the same ones."""
        for name in ("streams", "events", "records", "replays", "questions", "archived", "rows"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("reservations", "submissions", "attempts", "groups"):
            setattr(self, name, max(getattr(self, name), getattr(other, name)))


@dataclass(slots=True)
class Verified:
    """What verify found, and how much it looked at."""

    findings: Findings = field(default_factory=Findings)
    counts: Counts = field(default_factory=Counts)

    def add(self, other: Verified) -> None:
        """What was found beside it."""
        self.findings.merge(other.findings)
        self.counts.add(other.counts)

    def document(self) -> dict[str, Any]:
        counts = self.counts
        return {
            "ok": not self.findings,
            "checked": {name: getattr(counts, name) for name in counts.__slots__},
            "findings": self.findings.document(),
        }


@dataclass(slots=True)
class Part:
    """What one share found by itself, and what others must know to settle the rest."""

    findings: Findings = field(default_factory=Findings)
    counts: Counts = field(default_factory=Counts)
    open_questions: list[tuple[bytes, Finding]] = field(default_factory=list)
    refused: set[UUID] = field(default_factory=set)
    set_aside: set[bytes] = field(default_factory=set)
    without_attempt: dict[UUID, Finding] = field(default_factory=dict)
    read: Parts = field(default_factory=dict)
    """How the share parted each topic."""
    seen: Parts = field(default_factory=dict)
    """How each can be parted, by the records that it met."""


def settled(parts: Sequence[Part], selection: Selection) -> Verified:
    """What all shares together say."""
    result = Verified()
    refused = set[UUID]().union(*(part.refused for part in parts))
    set_aside = set[bytes]().union(*(part.set_aside for part in parts))
    for part in parts:
        result.findings.merge(part.findings)
        result.counts.add(part.counts)
        for finding in undecided(part.open_questions, refused, set_aside):
            result.findings.add(finding)
    nowhere = set(parts[0].without_attempt).intersection(*(part.without_attempt for part in parts[1:]))
    for key, finding in parts[0].without_attempt.items():
        if key in nowhere:
            result.findings.add(finding)
    if result.counts.events == 0:
        detail = "there are no events; check QUEUEBIT_NAMESPACE"
        result.findings.add(Finding("nothing_checked", selection.words(), detail))
    return result
