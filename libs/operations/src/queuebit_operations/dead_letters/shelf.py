"""The dead letters of a group in a table, without what they hold: as many as there are, in bounded memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from queuebit_operations.dead_letters.box import OPEN_ONES, Kept, Wanted
from queuebit_runtime.bus.dead_letters import headers as h
from queuebit_runtime.bus.dead_letters.letter import Origin, letter_of, number_in, origin_of
from queuebit_runtime.bus.dead_letters.marks import Became, Mark, mark_of
from queuebit_runtime.bus.dead_letters.open_letters import keeps_order, sequence_number
from queuebit_runtime.bus.port import Record

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -16384;
CREATE TABLE letter (
    letter INTEGER PRIMARY KEY, topic TEXT, partition INTEGER, at INTEGER, first_at INTEGER, key BLOB, sequence INTEGER,
    tenant TEXT, replays INTEGER, again INTEGER, named INTEGER
);
CREATE INDEX letter_by_place ON letter (topic, partition, at);
CREATE TABLE mark (
    letter INTEGER PRIMARY KEY, became TEXT, actor TEXT, reason TEXT, moment TEXT, sent_at INTEGER, fingerprint TEXT,
    redrive TEXT
);
CREATE TABLE chosen (sequence INTEGER PRIMARY KEY) WITHOUT ROWID;
BEGIN;
"""
_PUT = "INSERT INTO letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)"
_NEWEST = """
SELECT letter FROM letter WHERE topic = ? AND partition = ? AND at = ? AND letter < ? ORDER BY letter DESC LIMIT 1
"""
"""Of a record that was set aside twice, as after a crash."""
_SETTLE = "INSERT OR REPLACE INTO mark VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_MARK = "SELECT became, actor, reason, moment, sent_at, fingerprint, redrive FROM mark WHERE letter = ?"
_IN_SEQUENCE = """
SELECT letter, sequence, became, tenant, replays FROM letter LEFT JOIN mark USING (letter)
WHERE again = 0 AND (became IS NULL OR became = 'quarantined') AND sequence IN (SELECT sequence FROM chosen)
ORDER BY topic, partition, first_at
"""
_WANTED = """
SELECT letter FROM letter LEFT JOIN mark USING (letter)
WHERE named = 1 AND again = 0 AND (:every_state OR became IS NULL OR (:quarantined AND became = 'quarantined')) ORDER BY letter
"""
_SAME_KEY = """
SELECT letter FROM letter WHERE sequence = (SELECT sequence FROM letter WHERE letter = ?) ORDER BY letter
"""
_SENT_FROM = """
SELECT letter FROM letter JOIN mark USING (letter)
WHERE topic = ? AND partition = ? AND first_at = ? AND became = 'redriven' AND redrive = ? ORDER BY letter DESC LIMIT 1
"""


class Lying(NamedTuple):
    """Where the record of a letter lay, how often it was sent again, and the last that was done to it."""

    origin: Origin
    key: bytes
    replays: int
    mark: Mark | None

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be done: one in quarantine keeps its place."""
        return self.mark is not None and self.mark.settles


class Standing(NamedTuple):
    """What is known of a letter that may be sent again."""

    letter: int
    sequence: int
    quarantined: bool
    tenant: str | None
    replays: int


class Shelf:
    """First it hears the whole topic, then it tells of each letter what became of it, and which of them are wanted. Of a record
    that was set aside twice, as after a crash, the last letter counts. The table is a file of its own where it is large, and
    goes with it.
    """

    def __init__(self, wanted: Wanted = OPEN_ONES) -> None:
        self._wanted = wanted
        self._table = sqlite3.connect("", isolation_level=None)
        self._table.executescript(_TABLES)
        self._marks = 0
        self._again = 0
        self._by_first_place = False
        self.end = -1
        """The offset of the last record that was heard."""

    def hear(self, records: Sequence[Record]) -> None:
        """The next records of the topic."""
        for record in records:
            said = {name: value or b"" for name, value in record.headers}
            origin = origin_of(said)
            if origin is not None:
                self._put(record, origin, said, named=self._wanted.names_all or self._names(record))
            elif (mark := mark_of(record)) is not None:
                self._settle(mark, record.offset)
            self.end = record.offset

    def kept(self, record: Record) -> Kept | None:
        """The letter that the record is, with the last that was done to it; None for a mark, and for one that came again."""
        letter = None if self._came_again(record.offset) else letter_of(record)
        return None if letter is None else Kept(letter, self._mark_of(letter.offset, letter.origin, letter.key or b""))

    def find(self, letter: int) -> Lying | None:
        """A letter; None where there is none of that offset, or it came again."""
        found = self._one(
            "SELECT topic, partition, at, key, replays FROM letter WHERE letter = ? AND again = 0", letter
        )
        if found is None:
            return None
        origin, key = Origin(*found[:3]), found[3]
        return Lying(origin, key, found[4], self._mark_of(letter, origin, key))

    def same_key(self, letter: int) -> list[int]:
        """The letters that are in order with one, itself among them."""
        return [row[0] for row in self._table.execute(_SAME_KEY, (letter,))]

    def wanted(self) -> Iterator[int]:
        """The letters that are wanted, in the order in which they came."""
        asked = {"every_state": self._wanted.every_state, "quarantined": self._wanted.quarantined}
        return (row[0] for row in self._table.execute(_WANTED, asked))

    def choose(self, letters: Iterable[int]) -> None:
        """Let `in_sequence` give what is in order with these."""
        self._table.executemany(
            "INSERT OR IGNORE INTO chosen SELECT sequence FROM letter WHERE letter = ?", ((each,) for each in letters)
        )

    def in_sequence(self) -> Iterator[Standing]:
        """The chosen ones with every open letter of their key, in the order in which the records lay: none overtakes one."""
        for letter, sequence, became, tenant, replays in self._table.execute(_IN_SEQUENCE):
            yield Standing(letter, sequence, became is not None, tenant, replays)

    def sent_from(self, origin: Origin, first_at: int, redrive: str) -> int | None:
        """The letter that a redrive sent, of a record that lay first at that offset."""
        if not self._by_first_place:
            self._table.execute("CREATE INDEX letter_by_first_place ON letter (topic, partition, first_at)")
            self._by_first_place = True
        found = self._one(_SENT_FROM, origin.topic, origin.partition, first_at, redrive)
        return None if found is None else int(found[0])

    def _names(self, record: Record) -> bool:
        letter = letter_of(record)
        return letter is not None and self._wanted.names(letter)

    def _put(self, record: Record, origin: Origin, said: dict[str, bytes], *, named: bool) -> None:
        first = number_in(said, h.FIRST_OFFSET)
        key = b"" if b"key" in said.get(h.NULLS, b"").split(b",") else record.key or b""
        alone = b"%d" % record.offset
        sequence = sequence_number(origin.topic, key if keeps_order(origin.topic) else alone)
        tenant = said.get("ce_tenant")
        self._table.execute(
            _PUT,
            (
                record.offset,
                *origin,
                origin.offset if first is None else first,
                key,
                sequence,
                None if tenant is None else tenant.decode("utf-8", "replace"),
                number_in(said, h.REPLAYS) or 0,
                named,
            ),
        )
        before = self._one(_NEWEST, *origin, record.offset)
        if before is not None and self._one("SELECT 1 FROM mark WHERE letter = ?", *before) is None:
            self._table.execute("UPDATE letter SET again = 1 WHERE letter = ?", before)
            self._again += 1

    def _settle(self, mark: Mark, heard: int) -> None:
        if mark.origin is None or mark.became == "accepted":
            return
        newest = self._one(_NEWEST, *mark.origin, heard)
        if newest is None:
            return
        self._table.execute(
            _SETTLE,
            (
                *newest,
                mark.became,
                mark.actor,
                mark.reason,
                mark.at.isoformat(),
                mark.sent_at_offset,
                mark.fingerprint,
                mark.redrive,
            ),
        )
        self._marks += 1

    def _mark_of(self, letter: int, origin: Origin, key: bytes) -> Mark | None:
        found = self._one(_MARK, letter) if self._marks else None
        if found is None:
            return None
        became, actor, reason, moment, sent_at, fingerprint, redrive = found
        at = datetime.fromisoformat(moment)
        return Mark(cast(Became, became), actor, reason, at, origin, key, sent_at, fingerprint, redrive)

    def _came_again(self, letter: int) -> bool:
        return self._again > 0 and self._one("SELECT 1 FROM letter WHERE letter = ? AND again = 1", letter) is not None

    def _one(self, statement: str, *values: Any) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self._table.execute(statement, values).fetchone()
        return found


def box_of(records: Sequence[Record]) -> list[Kept]:
    """The letters of a whole topic in the order in which they came."""
    shelf = Shelf()
    shelf.hear(records)
    return [kept for record in records if (kept := shelf.kept(record)) is not None]
