"""Accepted questions against what was decided: whatever was read of the entrances is a job, a refusal, or set aside. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from queuebit_contracts import channels
from queuebit_contracts.ids import uuid_from
from queuebit_operations.records.port import Place
from queuebit_operations.verification.archived import Gone
from queuebit_operations.verification.findings import Finding
from queuebit_runtime.bus.port import Record
from queuebit_runtime.processes.bounded_work import LARGE_BYTES

GROUPS = {channels.ADMITTED: "control-plane", channels.LARGE: "control-plane.large"}
"""The entrances whose questions name their job, and the group that reads each. What comes from upstream may name any job or
none, so that nobody else can say what became of it.
"""
SOURCE = channels.source_of("gateway").encode()


class Questions:
    """Knows what was decided, and looks up what was accepted. `committed`: what the groups have read, by group and place."""

    def __init__(self, committed: Mapping[str, Mapping[Place, int]], gone: Gone) -> None:
        self._gone = gone
        self._read = {
            place: offset
            for topic, group in GROUPS.items()
            for place, offset in committed.get(group, {}).items()
            if place.topic == topic
        }
        self.jobs: set[UUID] = set()
        self.causes: set[UUID] = set()
        """What was refused, and what brought a stream about."""
        self.refused: set[UUID] = set()
        """What brought a refusal about: it may be a question about a job of another share."""
        self.set_aside: set[bytes] = set()
        """Ids of what the control plane could not read."""
        self.open: list[tuple[bytes, Finding]] = []
        """Questions that are no job here, by their ids."""
        self.asked = 0

    def look_up(self, records: Sequence[Record]) -> None:
        """Keep what was read and is no job here."""
        for record in records:
            headers = dict(record.headers)
            read = self._read.get(Place(record.topic, record.partition), 0)
            if record.offset >= read or headers.get("ce_source") != SOURCE or "ce_replayid" in headers:
                continue
            if record.topic != channels.LARGE and len(record.value or b"") > LARGE_BYTES:
                continue  # It went on to the topic of the large ones, where its copy counts.
            self.asked += 1
            event_id = headers.get("ce_id", b"")
            subject = headers.get("ce_subject", b"")
            if not (_id(subject) in self.jobs or _id(event_id) in self.causes or self._gone.has(subject)):
                detail = f"the question at {record.topic}/{record.partition}@{record.offset}"
                self.open.append((event_id, Finding("not_decided", subject.decode(errors="replace"), detail)))


def undecided(
    open_: Iterable[tuple[bytes, Finding]], refused: Collection[UUID], set_aside: Collection[bytes]
) -> Iterator[Finding]:
    """Of what is open in some share, what was refused in none, nor set aside."""
    for event_id, finding in open_:
        if _id(event_id) not in refused and event_id not in set_aside:
            yield finding


def _id(text: bytes) -> UUID | None:
    try:
        return uuid_from(text.decode())
    except ValueError:
        return None
