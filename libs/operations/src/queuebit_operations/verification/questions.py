"""Accepted questions against what was decided: whatever was read of the entrances is a job, a refusal, or set aside. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from queuebit_contracts import channels
from queuebit_contracts.ids import uuid_from
from queuebit_operations.records.port import Place
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

    def __init__(self, committed: Mapping[str, Mapping[Place, int]]) -> None:
        self._read = {
            place: offset
            for topic, group in GROUPS.items()
            for place, offset in committed.get(group, {}).items()
            if place.topic == topic
        }
        self.jobs: set[UUID] = set()
        self.causes: set[UUID] = set()
        """What was refused, and what brought a stream about."""
        self.set_aside: set[bytes] = set()
        """Ids of what the control plane could not read."""
        self.asked = 0

    def look_up(self, records: Sequence[Record]) -> Iterator[Finding]:
        """What was read and not decided about."""
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
            if not (_id(subject) in self.jobs or _id(event_id) in self.causes or event_id in self.set_aside):
                detail = f"the question at {record.topic}/{record.partition}@{record.offset}"
                yield Finding("not_decided", subject.decode(errors="replace"), detail)


def _id(text: bytes) -> UUID | None:
    try:
        return uuid_from(text.decode())
    except ValueError:
        return None
