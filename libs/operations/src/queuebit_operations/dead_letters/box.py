"""A dead letter and what became of it, and which of them are wanted. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from queuebit_runtime.bus.dead_letters.letter import Letter
from queuebit_runtime.bus.dead_letters.marks import Mark
from queuebit_runtime.bus.dead_letters.open_letters import keeps_order

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
        return id_of(self.letter)

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


def id_of(letter: Letter) -> str:
    """How the command line names it."""
    return f"{letter.group}:{letter.offset}"


def letter_named(id: str) -> tuple[str, int]:
    """The group and the offset of an id of ours."""
    group, _, offset = id.rpartition(":")
    return group, int(offset)


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
        of_interest = self.every_state or kept.open or (self.quarantined and kept.state == "quarantined")
        return of_interest and self.names(kept.letter)

    @property
    def names_all(self) -> bool:
        """Whether every letter is one of them, whatever it says: only what became of it counts."""
        asked = (self.ids, self.fingerprints, self.tenants, self.topics, self.jobs, self.types, self.codes)
        return not any(asked)

    def names(self, letter: Letter) -> bool:
        """Whether it is one of them, whatever became of it."""
        asked = (
            (self.ids, id_of(letter)),
            (self.fingerprints, letter.fingerprint),
            (self.tenants, letter.named("ce_tenant")),
            (self.topics, letter.origin.topic),
            (self.jobs, letter.named("ce_subject")),
            (self.types, letter.named("ce_type")),
            (self.codes, letter.code),
        )
        return all(not names or said in names for names, said in asked)


OPEN_ONES = Wanted()
"""All that are open."""
