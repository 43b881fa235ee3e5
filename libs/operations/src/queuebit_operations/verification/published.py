"""The store against the topics of the relay. Pure, and bounded: about four hundred bytes of memory an event.

What is stored is noted first, then each record is looked up. A record is told from an event by a hash of all that both say:
key, type, subject, version, tenant and value. Whoever forgets repeats must see the events of a job in the order of their
versions.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from uuid import UUID

from queuebit_contracts import channels
from queuebit_operations.records.port import Place, Span
from queuebit_operations.records.relayed import RELAYED, SOURCE, topics_of_event
from queuebit_operations.scan.port import EventRow
from queuebit_operations.verification.archived import Gone
from queuebit_operations.verification.findings import Finding
from queuebit_runtime.bus.dead_letters.headers import EDITED_FROM
from queuebit_runtime.bus.port import Record
from queuebit_store.ports import Position

LETTERS = channels.dead_letter(channels.UNPUBLISHED)
"""What the relay could not publish."""
_BITS = {topic: 1 << at for at, topic in enumerate(RELAYED)}
_LOW = (1 << 64) - 1
CLOCKS_APART_S = timedelta(seconds=5).total_seconds()
"""So much may the clocks of the database and of the broker differ."""


class Published:
    """Notes what is stored, then looks every record up. `cursor`: up to where the relay says that it published."""

    def __init__(self, cursor: Position, gone: Gone) -> None:
        """`gone`: whose events are out of the log, and of whose records nothing can be said."""
        self._cursor = cursor
        self._gone = gone
        self._at: dict[int, int] = {}
        self._of: tuple[UUID, bytes] = (UUID(int=0), b"")
        """The stream of the last event, and what a record calls it."""
        self._streams: list[UUID] = []
        self._digests = array("q")
        self._versions = array("i")
        self._wanted = array("H")
        self._seen = array("H")
        self._recorded_s = array("d")
        self._relayed = bytearray()
        self._jobs: dict[bytes, int] = {}
        self._last: dict[tuple[str, bytes], int] = {}
        self._first_s: dict[Place, float] = {}
        self.records = 0
        self.replays = 0

    @property
    def events(self) -> int:
        """How many events were noted."""
        return len(self._digests)

    def note(self, event: EventRow) -> Finding | None:
        """Remember a stored event; a finding where its id is taken."""
        key = event.id.int & _LOW
        if key in self._at:
            return Finding("duplicate_event_id", str(event.stream_id), f"version {event.version} has the id {event.id}")
        self._at[key] = len(self._digests)
        if event.version == 1 or event.stream_id != self._of[0]:
            self._of = (event.stream_id, str(event.stream_id).encode())
        stream_id, subject = self._of
        self._streams.append(stream_id)
        self._digests.append(_digest_of_event(event, subject))
        self._versions.append(event.version)
        self._wanted.append(_bits_of(topics_of_event(event.type, event.data)))
        self._seen.append(0)
        self._recorded_s.append(event.recorded_at.timestamp())
        self._relayed.append((event.epoch, event.xid, event.seq) <= self._cursor)
        self._jobs[subject] = max(event.version, self._jobs.get(subject, 0))
        return None

    def look_up(self, records: Sequence[Record]) -> Iterator[Finding]:
        """What is wrong with records of the relay's topics. Its dead letters stand for what cannot be published."""
        for record in records:
            headers = dict(record.headers)
            place = Place(record.topic, record.partition)
            if place not in self._first_s:
                self._first_s[place] = record.timestamp_ms / 1000
            if channels.is_dead_letter(record.topic):
                if record.topic == LETTERS:
                    self._excuse(headers)
            elif "ce_replayid" in headers:
                self.replays += 1
            elif EDITED_FROM in headers:
                # What an operator wrote in the place of a dead letter, under an id that no event has.
                continue
            elif headers.get("ce_source") == SOURCE:
                self.records += 1
                yield from self._look_up(record, headers)

    def missing(self, spans: Mapping[Place, Span], oldest_s: float) -> Iterator[Finding]:
        """What the relay says that it published, and is not there. Retention may have taken what is older than the topic, or
        than `oldest_s`; nobody can say that it was not there.
        """
        kept_since_s = {topic: self._kept_since_s(topic, spans, oldest_s) for topic in RELAYED}
        for at, seen in enumerate(self._seen):
            lacking = self._wanted[at] & ~seen
            if lacking and self._relayed[at]:
                recorded_s = self._recorded_s[at]
                topics = [topic for topic in RELAYED if lacking & _BITS[topic] and recorded_s >= kept_since_s[topic]]
                if topics:
                    detail = f"version {self._versions[at]} is not on {', '.join(topics)}"
                    yield Finding("not_published", str(self._streams[at]), detail)

    def late(self, before_s: float) -> Iterator[Finding]:
        """Events that the relay has not come to, and were stored before that moment."""
        for at, relayed in enumerate(self._relayed):
            if not relayed and self._recorded_s[at] < before_s:
                yield Finding("not_relayed", str(self._streams[at]), f"version {self._versions[at]} waits")

    def _kept_since_s(self, topic: str, spans: Mapping[Place, Span], oldest_s: float) -> float:
        """From when on all of a topic is still there."""
        kept_since_s = oldest_s
        for place, span in spans.items():
            if place.topic == topic and span.begin > 0:
                first_s = self._first_s.get(place, float("inf"))
                kept_since_s = max(kept_since_s, first_s + CLOCKS_APART_S)
        return kept_since_s

    def _look_up(self, record: Record, headers: Mapping[str, bytes]) -> Iterator[Finding]:
        subject = headers.get("ce_subject", b"")
        name = subject.decode(errors="replace")
        version = _number(headers.get("ce_streamversion", b""))
        where = f"{record.topic}/{record.partition}@{record.offset}"
        at = self._at.get(key_of(headers.get("ce_id", b"")))
        if at is None:
            stored = self._jobs.get(subject, 0)
            if self._gone.has(subject):
                return
            if 0 < stored < version:
                yield Finding("kafka_ahead", name, f"version {version} at {where}, the store ends with {stored}")
            else:
                yield Finding("not_committed", name, f"version {version} at {where}")
            return
        if self._digests[at] != _digest_of_record(record, headers):
            yield Finding("published_differs", name, f"version {version} at {where}")
        bit = _BITS[record.topic]
        if not self._wanted[at] & bit:
            yield Finding("published_elsewhere", name, f"version {version} at {where}")
        if not self._seen[at] & bit:
            self._seen[at] |= bit
            last = self._last.get((record.topic, subject), 0)
            if version < last:
                yield Finding("published_out_of_order", name, f"version {version} at {where} comes after {last}")
            else:
                self._last[record.topic, subject] = version

    def _excuse(self, headers: Mapping[str, bytes]) -> None:
        at = self._at.get(key_of(headers.get("ce_id", b"")))
        if at is not None:
            self._seen[at] = self._wanted[at]


def key_of(event_id: bytes) -> int:
    """The last 64 bits of an id as a header has it; -1 for what is none."""
    try:
        return int(event_id[19:23] + event_id[24:], 16)
    except ValueError:
        return -1


def _number(text: bytes) -> int:
    return int(text) if text.isdigit() else 0


def _digest_of_event(event: EventRow, subject: bytes) -> int:
    version = b"%d" % event.version
    return hash(
        (
            subject,
            subject,
            version,
            _name_of(event.type, event.schema_version),
            event.tenant.encode(),
            event.data.encode(),
        )
    )


@cache
def _name_of(type_: str, schema_version: int) -> bytes:
    return f"io.queuebit.{type_}.v{schema_version}".encode()


@cache
def _bits_of(topics: tuple[str, ...]) -> int:
    return sum(_BITS[topic] for topic in topics)


def _digest_of_record(record: Record, headers: Mapping[str, bytes]) -> int:
    get = headers.get
    return hash(
        (record.key, get("ce_subject"), get("ce_streamversion"), get("ce_type"), get("ce_tenant"), record.value)
    )
