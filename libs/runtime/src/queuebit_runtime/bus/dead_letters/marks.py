"""What became of a dead letter: a record on the same topic, behind it, so that whoever reads the topic knows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast, get_args

from pydantic_core import from_json, to_json

from queuebit_contracts.channels import dead_letter
from queuebit_runtime.bus.dead_letters import headers as h
from queuebit_runtime.bus.dead_letters.letter import Origin
from queuebit_runtime.bus.port import Outgoing, Record

Became = Literal["redriven", "dropped", "edited", "quarantined", "accepted"]


@dataclass(frozen=True, slots=True)
class Mark:
    """What `actor` did, and why. `sent_at_offset`: where the record lies now on the topic that it came from.

    `accepted` is about no letter but a `fingerprint`: many jobs fail alike, and that is how it is.
    """

    became: Became
    actor: str
    reason: str
    at: datetime
    origin: Origin | None = None
    key: bytes = b""
    sent_at_offset: int | None = None
    fingerprint: str | None = None
    redrive: str | None = None

    @property
    def settles(self) -> bool:
        """Whether nobody need wait for the letter any more. One in quarantine keeps its place."""
        return self.became in ("redriven", "dropped", "edited")


def mark_record(mark: Mark, group: str) -> Outgoing:
    """The record of a mark, with the key of its letter."""
    document = {
        "actor": mark.actor,
        "reason": mark.reason,
        "at": mark.at.astimezone(UTC),
        "origin": None if mark.origin is None else list(mark.origin),
        "sent_at_offset": mark.sent_at_offset,
        "fingerprint": mark.fingerprint,
        "redrive": mark.redrive,
    }
    headers = [(h.MARK, mark.became.encode()), ("content-type", b"application/json")]
    return Outgoing(dead_letter(group), mark.key, to_json(document), headers)


def mark_of(record: Record) -> Mark | None:
    """Read a record of a topic of dead letters; None for one that is no mark of a kind that we know: a letter, which names the
    place of its record, is none, whatever else that said.
    """
    said_of_it = dict(record.headers)
    became = (said_of_it.get(h.MARK) or b"").decode("utf-8", "replace")
    if became not in get_args(Became) or h.TOPIC in said_of_it:
        return None
    try:
        said = from_json(record.value or b"")
        origin = said["origin"]
        return Mark(
            became=cast(Became, became),
            actor=str(said["actor"]),
            reason=str(said["reason"]),
            at=datetime.fromisoformat(said["at"]),
            origin=None if origin is None else Origin(str(origin[0]), int(origin[1]), int(origin[2])),
            key=record.key or b"",
            sent_at_offset=said.get("sent_at_offset"),
            fingerprint=said.get("fingerprint"),
            redrive=said.get("redrive"),
        )
    except (ValueError, TypeError, KeyError, IndexError):
        return None
