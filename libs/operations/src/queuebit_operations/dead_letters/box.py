"""The dead letters of a group and what became of each, as its topic tells it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from sys import intern
from typing import Any, Literal

from queuebit_runtime.bus.dead_letters.letter import Letter, Origin, letter_of, origin_of
from queuebit_runtime.bus.dead_letters.marks import Mark, mark_of
from queuebit_runtime.bus.dead_letters.open_letters import keeps_order
from queuebit_runtime.bus.port import Record

State = Literal["open", "waiting", "redriven", "dropped", "edited", "quarantined"]
OPEN: frozenset[State] = frozenset({"open", "waiting"})


@dataclass(frozen=True, slots=True)
class Kept:
    """A dead letter and the last that was done to it."""

    letter: Letter
    mark: Mark | None = None

    @property
    def state(self) -> State:
        """`waiting`: nothing is wrong with it itself, but with one before it."""
        if self.mark is None or self.mark.became == "accepted":
            return "open" if self.letter.behind is None else "waiting"
        return self.mark.became

    @property
    def open(self) -> bool:
        return self.state in OPEN

    @property
    def id(self) -> str:
        """How the command line names it."""
        return f"{self.letter.group}:{self.letter.offset}"

    @property
    def sequence(self) -> tuple[str, bytes]:
        """What it is in order with: the records of its key, where those follow one another."""
        topic = self.letter.origin.topic
        return topic, (self.letter.key or b"") if keeps_order(topic) else self.id.encode()

    def document(self) -> dict[str, Any]:
        """As JSON, without the payload."""
        letter, mark = self.letter, self.mark
        return {
            "id": self.id,
            "state": self.state,
            "origin": {
                "topic": letter.origin.topic,
                "partition": letter.origin.partition,
                "offset": letter.origin.offset,
            },
            "job_id": letter.named("ce_subject"),
            "event_id": letter.named("ce_id"),
            "tenant": letter.named("ce_tenant"),
            "type": letter.named("ce_type"),
            "code": letter.code,
            "detail": letter.detail,
            "remedy": letter.remedy,
            "fingerprint": letter.fingerprint,
            "error_type": letter.error_type,
            "error_at": letter.error_at,
            "first_failed_at": letter.first_failed_at,
            "failed_at": letter.failed_at,
            "replays": letter.replays,
            "behind": letter.behind,
            "bytes": len(letter.value or b""),
            "done": None
            if mark is None
            else {
                "became": mark.became,
                "actor": mark.actor,
                "reason": mark.reason,
                "at": mark.at.isoformat(),
                "redrive": mark.redrive,
            },
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters. Empty fields ask for nothing; only open ones, unless `every_state` or `quarantined` says more."""

    ids: tuple[str, ...] = ()
    fingerprints: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    every_state: bool = False
    quarantined: bool = False

    def includes(self, kept: Kept) -> bool:
        """Whether it is one of them."""
        letter = kept.letter
        asked = (
            (self.ids, kept.id),
            (self.fingerprints, letter.fingerprint),
            (self.tenants, letter.named("ce_tenant")),
            (self.topics, letter.origin.topic),
            (self.jobs, letter.named("ce_subject")),
            (self.types, letter.named("ce_type")),
            (self.codes, letter.code),
        )
        of_interest = self.every_state or kept.open or (self.quarantined and kept.state == "quarantined")
        return of_interest and all(not names or said in names for names, said in asked)


class Fates:
    """What became of each letter of a topic, without the letters: some three hundred bytes each, whatever they hold.

    First it hears the whole topic, then it tells of each record what it is. Of a record that was set aside twice, as after a
    crash, the last letter counts.
    """

    def __init__(self) -> None:
        self._newest: dict[Origin, int] = {}
        self._marks: dict[int, Mark] = {}
        self._replaced: set[int] = set()

    def hear(self, record: Record) -> None:
        """The next record of the topic."""
        if (mark := mark_of(record)) is not None:
            offset = None if mark.origin is None else self._newest.get(mark.origin)
            if offset is not None and mark.became != "accepted":
                self._marks[offset] = mark
            return
        said = {name: value or b"" for name, value in record.headers}
        origin = origin_of(said)
        if origin is None:
            return
        before = self._newest.get(origin)
        if before is not None and before not in self._marks:
            self._replaced.add(before)
        self._newest[origin._replace(topic=intern(origin.topic))] = record.offset

    def kept(self, record: Record) -> Kept | None:
        """The letter that the record is, with the last that was done to it; None for a mark, and for one that came again."""
        letter = None if record.offset in self._replaced else letter_of(record)
        return None if letter is None else Kept(letter, self._marks.get(record.offset))


def box_of(records: Sequence[Record]) -> list[Kept]:
    """The letters of a whole topic in the order in which they came."""
    fates = Fates()
    for record in records:
        fates.hear(record)
    return [kept for record in records if (kept := fates.kept(record)) is not None]


def in_sequence(kept: Sequence[Kept], chosen: Iterable[Kept]) -> list[Kept]:
    """The chosen ones with every open letter of their key, in the order in which the records lay: none overtakes another."""
    sequences = {each.sequence for each in chosen}
    whole = [each for each in kept if each.sequence in sequences and each.state in (*OPEN, "quarantined")]
    return sorted(
        whole, key=lambda each: (each.letter.origin.topic, each.letter.origin.partition, each.letter.first_offset)
    )
