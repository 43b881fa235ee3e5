"""A dead letter: the record as it came, and headers that say what is wrong, where it lay and who could not read it. Pure."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from queuebit_contracts.channels import Service, dead_letter
from queuebit_contracts.errors import ContractError
from queuebit_runtime.bus.dead_letters import headers as h
from queuebit_runtime.bus.dead_letters.fingerprint import Fingerprint, fingerprint_of
from queuebit_runtime.bus.port import Outgoing, Record

TEXT_MAX = 2000
HEAD_BYTES = 64 * 1024
_INT, _LONG = struct.Struct(">i"), struct.Struct(">q")


class Origin(NamedTuple):
    """Where a record lay that a group could not read."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}@{self.offset}"


class WaitsBehind(ContractError):
    """Nothing is wrong with the record: it waits behind a dead letter of the same key."""

    code = "waits_behind"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter as it is read. `key`, `value` and `headers` are the record's own.

    `offset` is the letter's own place on its topic. `behind`: the letter that it waits for, where nothing is wrong with it
    itself. `redrive`: the one that it failed again in. `first_failed_at`, `first_offset` and `replays` count from its first
    failure on.
    """

    topic: str
    partition: int
    offset: int
    origin: Origin
    group: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    code: str
    detail: str
    remedy: str
    fingerprint: str
    error_type: str
    error_at: str
    failed_at: str
    first_failed_at: str
    first_offset: int
    replays: int
    redrive: str | None
    behind: str | None

    def named(self, name: str) -> str | None:
        """A header of the record as text."""
        value = dict(self.headers).get(name)
        return None if value is None else value.decode("utf-8", "replace")


def dead_letter_of(
    record: Record,
    error: ContractError,
    consumer: Service,
    group: str,
    now: datetime,
    *,
    cause: BaseException | None = None,
) -> Outgoing:
    """The dead letter of a record that `group` of the service `consumer` could not take. `cause`: what was raised, where
    `error` only tells it.
    """
    return _letter(record, error, fingerprint_of(cause or error), consumer, group, now, {})


def parked(record: Record, behind: Origin, consumer: Service, group: str, now: datetime) -> Outgoing:
    """A record that waits behind the dead letter of the same key."""
    waits = WaitsBehind(
        f"It waits behind {behind}, a dead letter of the same key.",
        remedy="Redrive or drop that one: this one follows it.",
    )
    return _letter(record, waits, fingerprint_of(waits), consumer, group, now, {h.BEHIND: str(behind).encode()})


def cut(letter: Outgoing) -> Outgoing:
    """A dead letter that its topic does not take: with the head of the value, and without the record's own headers but its
    envelope.
    """
    kept = [(name, value[:TEXT_MAX]) for name, value in letter.headers if name in h.OF_A_LETTER or name[:3] == "ce_"]
    size = (h.CUT, str(len(letter.value)).encode())
    return letter._replace(key=letter.key[:TEXT_MAX], value=letter.value[:HEAD_BYTES], headers=[*kept, size])


def letter_of(record: Record) -> Letter | None:
    """Read a record of a topic of dead letters; None for one that is none, such as a mark, which names no place."""
    said = {name: value or b"" for name, value in record.headers}
    origin = origin_of(said)
    if origin is None:
        return None
    nulls = _text(said, h.NULLS).split(",")
    failed_at = _text(said, h.FAILED_AT)
    return Letter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        origin=origin,
        group=_text(said, h.GROUP),
        key=None if "key" in nulls else record.key,
        value=None if "value" in nulls else record.value,
        headers=tuple((name, value) for name, value in record.headers if name not in h.OURS),
        code=_text(said, h.CODE),
        detail=_text(said, h.DETAIL),
        remedy=_text(said, h.REMEDY),
        fingerprint=_text(said, h.FINGERPRINT),
        error_type=_text(said, h.ERROR_TYPE),
        error_at=_text(said, h.ERROR_AT),
        failed_at=failed_at,
        first_failed_at=_text(said, h.FIRST_FAILED_AT) or failed_at,
        first_offset=origin.offset if (first := number_in(said, h.FIRST_OFFSET)) is None else first,
        replays=number_in(said, h.REPLAYS) or 0,
        redrive=_text(said, h.REDRIVE) or None,
        behind=_text(said, h.BEHIND) or None,
    )


def origin_of(said: Mapping[str, bytes]) -> Origin | None:
    """The place that the headers of a dead letter name."""
    partition, offset = number_in(said, h.PARTITION), number_in(said, h.OFFSET)
    if h.TOPIC not in said or partition is None or offset is None:
        return None
    return Origin(_text(said, h.TOPIC), partition, offset)


def number_in(said: Mapping[str, bytes], name: str) -> int | None:
    """A number in a header; None where there is none."""
    text = _text(said, name)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _text(said: Mapping[str, bytes], name: str) -> str:
    return said.get(name, b"").decode("utf-8", "replace")


def header_of(record: Record, name: str) -> str | None:
    """A header as text, the last of that name; None where it is missing."""
    found = [value for each, value in record.headers if each == name and value is not None]
    return found[-1].decode("utf-8", "replace") if found else None


def _letter(
    record: Record,
    error: ContractError,
    fingerprint: Fingerprint,
    consumer: Service,
    group: str,
    now: datetime,
    more: Mapping[str, bytes],
) -> Outgoing:
    failed_at = now.astimezone(UTC).isoformat().replace("+00:00", "Z")
    text = {
        h.TOPIC: record.topic,
        h.PARTITION: str(record.partition),
        h.OFFSET: str(record.offset),
        h.GROUP: group,
        h.DELIVERIES: "1",
        h.MESSAGE: error.detail[:TEXT_MAX],
        h.SPRING_TOPIC: record.topic,
        h.SPRING_TIMESTAMP_TYPE: "CreateTime",
        h.SPRING_GROUP: group,
        h.SPRING_CLASS: fingerprint.error_type,
        h.SPRING_MESSAGE: error.detail[:TEXT_MAX],
        h.CODE: error.code,
        h.DETAIL: error.detail[:TEXT_MAX],
        h.REMEDY: error.remedy[:TEXT_MAX],
        h.ERROR_TYPE: fingerprint.error_type,
        h.ERROR_AT: fingerprint.at,
        h.FINGERPRINT: fingerprint.id,
        h.CONSUMER: consumer,
        h.FAILED_AT: failed_at,
    }
    nulls = [name for name, value in (("key", record.key), ("value", record.value)) if value is None]
    if nulls:
        text[h.NULLS] = ",".join(nulls)
    carried = {name: value or b"" for name, value in record.headers if name in h.SENT_AGAIN}
    reason = {
        **{name: value.encode() for name, value in text.items()},
        h.SPRING_PARTITION: _INT.pack(record.partition),
        h.SPRING_OFFSET: _LONG.pack(record.offset),
        h.SPRING_TIMESTAMP: _LONG.pack(record.timestamp_ms),
        h.FIRST_FAILED_AT: failed_at.encode(),
        h.FIRST_OFFSET: str(record.offset).encode(),
        **carried,
        **more,
    }
    kept = [(name, value or b"") for name, value in record.headers if name not in h.OURS]
    return Outgoing(dead_letter(group), record.key or b"", record.value or b"", [*kept, *reason.items()])
