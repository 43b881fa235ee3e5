"""Records as the ledger keeps them: an order as it came, an outcome as it will be told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from queuebit_contracts.envelope import Envelope, decode
from queuebit_runtime.bus.port import Outgoing


@dataclass(frozen=True, slots=True)
class ToldAs:
    """As whose an attempt tells of itself when its order is forgotten."""

    job: str
    tenant: str | None
    leg: str
    traceparent: str | None = None

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, data: bytes) -> ToldAs:
        return cls(**json.loads(data))


def packed(headers: Iterable[tuple[str, bytes]], value: bytes) -> bytes:
    """One line of headers, then the value as it is."""
    return json.dumps([[name, text.decode()] for name, text in headers]).encode() + b"\n" + value


def order_of(data: bytes) -> Envelope:
    """The order that was packed. Raises what `decode` raises where it is of a version that is not known."""
    return decode(*_parts(data))


def record_of(data: bytes, topic: str, key: bytes) -> Outgoing:
    """The record that was packed."""
    headers, value = _parts(data)
    return Outgoing(topic, key, value, headers)


def _parts(data: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    line, _, value = data.partition(b"\n")
    return [(name, text.encode()) for name, text in json.loads(line)], value
