"""The store against the topics of the relay. Pure, and bounded: about four hundred bytes of memory an event.

What is stored is noted first, then each record is looked up. A record is told from an event by a hash of all that both say:
key, type, subject, version, tenant and value. Whoever forgets repeats must see the events of a job in the order of their
versions.
"""

from __future__ import annotations

from array import array
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from queuebit_contracts import channels
from queuebit_operations.records.port import Place, Span
from queuebit_operations.records.relayed import QUEUED, RELAYED, SOURCE, topics_of_event
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
        self._last: dict[Place, dict[bytes, int]] = {}
        """The last version of each job on each partition: nobody is promised any order among several."""
        self._first_s: dict[Place, float] = {}
        self.records = 0
        self.replays = 0

    @property
    def events(self) -> int:
        """How many events were noted."""
        return len(self._digests)

    @property
    def jobs(self) -> Container[bytes]:
        """The jobs whose events were noted, as records call them."""
        return self._jobs

    def note(self, event: EventRow) -> Finding | None:
        """Remember a stored event; a finding where its id is taken."""
        key, version = event.id.int & _LOW, event.version
        at = len(self._digests)
        if self._at.setdefault(key, at) != at:
            return Finding("duplicate_event_id", str(event.stream_id), f"version {version} has the id {event.id}")
        if version == 1 or event.stream_id != self._of[0]:
            self._of = (event.stream_id, str(event.stream_id).encode())
        stream_id, subject = self._of
        self._streams.append(stream_id)
        self._digests.append(_digest_of_event(event, subject))
        self._versions.append(version)
        self._wanted.append(_bits_of_type(event.type) or _bits_of(topics_of_event(event.type, event.data)))
        self._seen.append(0)
        self._recorded_s.append(event.recorded_at.timestamp())
        self._relayed.append(event[:3] <= self._cursor)
        if version > self._jobs.get(subject, 0):
            self._jobs[subject] = version
        return None

    def look_up(self, records: Sequence[Record]) -> Iterator[Finding]:
        """What is wrong with records of the relay's topics, in the order of each partition. Its dead letters stand for what
        cannot be published.
        """
        for (topic, partition), some in groupby(records, key=itemgetter(0, 1)):
            if topic == LETTERS:
                self._excuse(some)
            elif not channels.is_dead_letter(topic):
                yield from self._look_up(Place(topic, partition), some)

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

    def _look_up(self, place: Place, records: Iterable[Record]) -> Iterator[Finding]:
        last, bit = self._last.setdefault(place, {}), _BITS.get(place.topic, 0)
        at_of, digests, wanted, seen = self._at, self._digests, self._wanted, self._seen
        for record in records:
            if place not in self._first_s:
                self._first_s[place] = record.timestamp_ms / 1000
            headers = dict(record.headers)
            if "ce_replayid" in headers:
                self.replays += 1
                continue
            if headers.get("ce_source") != SOURCE or EDITED_FROM in headers:
                # The second: what an operator wrote in the place of a dead letter, under an id that no event has.
                continue
            self.records += 1
            at = at_of.get(key_of(headers.get("ce_id", b"")))
            if at is None:
                yield from self._unknown(record, headers)
                continue
            if digests[at] != _digest_of_record(record, headers):
                yield _found("published_differs", record, headers)
            if not wanted[at] & bit:
                yield _found("published_elsewhere", record, headers)
            if not seen[at] & bit:
                seen[at] |= bit
                subject, version = headers.get("ce_subject", b""), _version_of(headers)
                before = last.get(subject, 0)
                if version < before:
                    yield _found("published_out_of_order", record, headers, f"comes after {before}")
                else:
                    last[subject] = version

    def _unknown(self, record: Record, headers: Mapping[str, bytes]) -> Iterator[Finding]:
        subject = headers.get("ce_subject", b"")
        stored = self._jobs.get(subject, 0)
        if self._gone.has(subject):
            return
        if 0 < stored < _version_of(headers):
            yield _found("kafka_ahead", record, headers, f"the store ends with {stored}", ", ")
        else:
            yield _found("not_committed", record, headers)

    def _excuse(self, letters: Iterable[Record]) -> None:
        for letter in letters:
            at = self._at.get(key_of(dict(letter.headers).get("ce_id", b"")))
            if at is not None:
                self._seen[at] = self._wanted[at]


def _found(check: str, record: Record, headers: Mapping[str, bytes], more: str = "", joined_by: str = " ") -> Finding:
    """What is wrong with a record, and where that lies."""
    where = f"version {_version_of(headers)} at {record.topic}/{record.partition}@{record.offset}"
    subject = headers.get("ce_subject", b"").decode(errors="replace")
    return Finding(check, subject, f"{where}{joined_by}{more}" if more else where)


def key_of(event_id: bytes) -> int:
    """The last 64 bits of an id as a header has it; -1 for what is none."""
    try:
        return int(event_id[19:23] + event_id[24:], 16)
    except ValueError:
        return -1


def _version_of(headers: Mapping[str, bytes]) -> int:
    text = headers.get("ce_streamversion", b"")
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
def _bits_of_type(name: str) -> int:
    """0 for an event that goes by what it says."""
    return 0 if name == QUEUED else _bits_of(topics_of_event(name, ""))


@cache
def _bits_of(topics: tuple[str, ...]) -> int:
    return sum(_BITS[topic] for topic in topics)


def _digest_of_record(record: Record, headers: Mapping[str, bytes]) -> int:
    get = headers.get
    # An older relay keys a work order by its job, a newer one may by what it asks.
    key = get("ce_subject") if record.topic in channels.MEETING else record.key
    return hash((key, get("ce_subject"), get("ce_streamversion"), get("ce_type"), get("ce_tenant"), record.value))
