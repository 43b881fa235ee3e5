"""The open letters of a group as its topic tells them: some thirty bytes each, however large they are, and kept on the topic
itself from time to time, so that a start reads what came since.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import NamedTuple

from pydantic_core import from_json, to_json

from queuebit_contracts.channels import BY_TOPIC, DAY_MS
from queuebit_contracts.events import JobSubmitted
from queuebit_runtime.bus.dead_letters import headers as h
from queuebit_runtime.bus.dead_letters.letter import Origin, header_of, number_in, origin_of
from queuebit_runtime.bus.dead_letters.marks import Mark, mark_of
from queuebit_runtime.bus.port import Outgoing, Record

SENT_AGAIN_MAX = 10_000
"""Of so many keys it is remembered where their records were sent again to."""
KEPT_EVERY = 5_000
"""After so many records the topic gets another copy of what is open."""
OF_OPEN = 40
"""Where more is open than so many times that, the next copy waits for this part of it, so that copies take no more than it."""
KEPT_EVERY_MAX = 10 * KEPT_EVERY
READ_LAST = (4 * KEPT_EVERY, 3 * KEPT_EVERY_MAX)
"""So many records a start reads first, and so many where that tells too little: the last copy is among them, unless nobody was
there to write one.
"""
FORMAT = 1
PART_BYTES = 512 * 1024
_PLACE = b"checkpoint"

_TABLES = """
CREATE TABLE letter (
    sequence INTEGER, partition INTEGER, offset INTEGER, first_offset INTEGER, redrive TEXT, day INTEGER,
    PRIMARY KEY (sequence, partition, offset)
) WITHOUT ROWID;
CREATE TABLE sent_again (sequence INTEGER PRIMARY KEY, offset INTEGER, heard INTEGER) WITHOUT ROWID;
CREATE INDEX sent_again_heard ON sent_again (heard);
CREATE TABLE accepted (fingerprint TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_OPEN = """
INSERT INTO letter VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET first_offset = excluded.first_offset, redrive = excluded.redrive, day = excluded.day
"""
_SENT_AGAIN = """
INSERT INTO sent_again VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET offset = max(offset, excluded.offset), heard = excluded.heard
"""
_FORGET_OLDEST = """
DELETE FROM sent_again WHERE sequence = (SELECT sequence FROM sent_again ORDER BY heard LIMIT 1)
"""


class Waiting(NamedTuple):
    """An open letter: the redrive that it failed again in, and where its record lay when it failed first."""

    redrive: str | None
    first_offset: int


def waiting_of(record: Record, origin: Origin) -> Waiting:
    """Of a record that lay at `origin`, or its letter."""
    first = number_in({name: value or b"" for name, value in record.headers}, h.FIRST_OFFSET)
    return Waiting(header_of(record, h.REDRIVE), origin.offset if first is None else first)


def keeps_order(topic: str) -> bool:
    """Whether records of one key follow one another: not where each asks a question or reports something of its own, nor where
    outsiders choose the key.
    """
    channel = BY_TOPIC.get(topic)
    return channel is not None and not channel.upstream_writes and JobSubmitted not in channel.messages


@dataclass(frozen=True, slots=True)
class Part:
    """One record of a copy: `at`: it holds what all records before that offset tell."""

    id: str
    at: int
    number: int
    count: int
    data: bytes


class OpenLetters:
    """A fold over the records of a topic of dead letters, in their order."""

    def __init__(self) -> None:
        self._table = _empty()
        self._count = 0
        self._sent_again = 0
        self.accepted: set[str] = set()
        """The fingerprints of failures that are no outage, however many there are: somebody has looked."""
        self.heard_until = 0
        """The offset behind the last record that was heard."""
        self.since_copy = 0
        """How many letters and marks were heard since the last copy."""

    @property
    def some(self) -> bool:
        """Whether any key has to be looked at."""
        return bool(self._count or self._sent_again)

    @property
    def count(self) -> int:
        """How many letters are open that others wait behind, or may."""
        return self._count

    def hear(self, record: Record) -> Origin | None:
        """The next record of the topic; the place of the record whose letter it is, or that it settles."""
        self.heard_until = record.offset + 1
        if part_of(record) is not None:
            self.since_copy = 0
            return None
        self.since_copy += 1
        mark = mark_of(record)
        if mark is not None:
            self._settled(mark, record.offset)
            return mark.origin if mark.settles else None
        said = {name: value or b"" for name, value in record.headers}
        origin = origin_of(said)
        if origin is None or not keeps_order(origin.topic):
            return origin
        waiting = waiting_of(record, origin)
        row = (sequence_number(origin.topic, record.key or b""), origin.partition, origin.offset)
        self._count += not self._there(row)
        self._table.execute(_OPEN, (*row, waiting.first_offset, waiting.redrive, record.timestamp_ms // DAY_MS))
        return origin

    def of(self, topic: str, key: bytes) -> dict[Origin, Waiting]:
        """The open letters of a key."""
        if not self._count:
            return {}
        found = self._table.execute(
            "SELECT partition, offset, redrive, first_offset FROM letter WHERE sequence = ?",
            (sequence_number(topic, key),),
        )
        return {Origin(topic, row[0], row[1]): Waiting(row[2], row[3]) for row in found}

    def sent_again_to(self, topic: str, key: bytes) -> int:
        """Where the last of the key lies that was sent again; 0 where none was."""
        if not self._sent_again:
            return 0
        row = self._table.execute(
            "SELECT offset FROM sent_again WHERE sequence = ?", (sequence_number(topic, key),)
        ).fetchone()
        return 0 if row is None else int(row[0])

    def copied(self) -> bytes:
        """All that is known, as the topic keeps it."""
        return self._table.serialize()

    def take(self, copy: bytes, at: int, *, since_day: int) -> None:
        """Know what a copy tells, and nothing else, without the letters that retention has taken since. Raises ValueError where
        it is none of ours.
        """
        table = _empty()
        try:
            table.deserialize(copy)
            if table.execute("PRAGMA user_version").fetchone() != (FORMAT,):
                raise ValueError("a copy of another format")
            table.execute("DELETE FROM letter WHERE day < ?", (since_day,))
            self._count = table.execute("SELECT count(*) FROM letter").fetchone()[0]
            self._sent_again = table.execute("SELECT count(*) FROM sent_again").fetchone()[0]
            self.accepted = {row[0] for row in table.execute("SELECT fingerprint FROM accepted")}
        except sqlite3.Error as error:
            raise ValueError("no copy that can be read") from error
        self._table, self.heard_until, self.since_copy = table, at, 0

    def _there(self, row: tuple[int, int, int]) -> bool:
        found = self._table.execute("SELECT 1 FROM letter WHERE sequence = ? AND partition = ? AND offset = ?", row)
        return found.fetchone() is not None

    def _settled(self, mark: Mark, heard: int) -> None:
        if mark.became == "accepted" and mark.fingerprint is not None:
            self._table.execute("INSERT OR IGNORE INTO accepted VALUES (?)", (mark.fingerprint,))
            self.accepted.add(mark.fingerprint)
        if not mark.settles or mark.origin is None:
            return
        sequence = sequence_number(mark.origin.topic, mark.key)
        self._count -= self._table.execute(
            "DELETE FROM letter WHERE sequence = ? AND partition = ? AND offset = ?",
            (sequence, mark.origin.partition, mark.origin.offset),
        ).rowcount
        if mark.sent_at_offset is not None:
            known = self._table.execute("SELECT 1 FROM sent_again WHERE sequence = ?", (sequence,)).fetchone()
            self._table.execute(_SENT_AGAIN, (sequence, mark.sent_at_offset, heard))
            self._sent_again += known is None
            if self._sent_again > SENT_AGAIN_MAX:
                self._table.execute(_FORGET_OLDEST)
                self._sent_again -= 1


def _empty() -> sqlite3.Connection:
    table = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    table.executescript(f"{_TABLES} PRAGMA user_version = {FORMAT};")
    return table


def sequence_number(topic: str, key: bytes) -> int:
    """A topic and a key as one number. Of a million keys two have the same once in fifty million times; then one waits that
    need not.
    """
    return int.from_bytes(blake2b(topic.encode() + b"\0" + key, digest_size=8).digest(), "big", signed=True)


def parts_of(copy: bytes, at: int, topic: str) -> list[Outgoing]:
    """A copy as records of the topic."""
    packed = zlib.compress(copy, 1)
    name = sha256(packed).hexdigest()
    starts = range(0, len(packed), PART_BYTES)
    return [
        Outgoing(
            topic,
            _PLACE,
            packed[start : start + PART_BYTES],
            [
                (h.MARK, h.CHECKPOINT),
                (h.PART, to_json({"id": name, "at": at, "number": number, "count": len(starts)})),
                ("content-type", b"application/octet-stream"),
            ],
        )
        for number, start in enumerate(starts)
    ]


def part_of(record: Record) -> Part | None:
    """Read a record of the topic; None for one that is no part of a copy."""
    said = dict(record.headers)
    if said.get(h.MARK) != h.CHECKPOINT or h.TOPIC in said:
        return None
    try:
        document = from_json(said.get(h.PART) or b"")
        return Part(
            str(document["id"]),
            int(document["at"]),
            int(document["number"]),
            int(document["count"]),
            record.value or b"",
        )
    except (ValueError, TypeError, KeyError):
        return None


def copies_in(records: Sequence[Record]) -> Iterator[tuple[int, bytes]]:
    """The whole copies among them, those that tell most first: up to where each tells, and what."""
    found: dict[str, dict[int, Part]] = {}
    for record in records:
        if (part := part_of(record)) is not None:
            found.setdefault(part.id, {})[part.number] = part
    whole = [parts for parts in found.values() if len(parts) == next(iter(parts.values())).count]
    for parts in sorted(whole, key=lambda each: -each[0].at):
        packed = b"".join(parts[number].data for number in sorted(parts))
        if sha256(packed).hexdigest() == parts[0].id:
            yield parts[0].at, zlib.decompress(packed)
