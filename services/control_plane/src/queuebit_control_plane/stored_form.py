"""How the store keeps an event of a job: its JSON, and apart from it a statement that is large."""

from __future__ import annotations

from typing import Final

from queuebit_contracts.data import Data
from queuebit_contracts.envelope import encode_bare
from queuebit_contracts.large import apart, carries
from queuebit_store.log.port import PLACE
from queuebit_store.ports import Payload

PAYLOAD_BYTES_MIN: Final = 65_536
"""Smaller statements stay in their events: storing one apart costs a statement of SQL a piece, and one more when it is read."""


def stored_form(event: Data) -> tuple[str, Payload | None]:
    """The data of the event, and its payload where it has one."""
    encoded = encode_bare(event)
    parts = apart(event, encoded) if carries(type(event)) else None
    if parts is None:
        return encoded.decode(), None
    if len(parts.statement) < PAYLOAD_BYTES_MIN:
        return parts.whole.decode(), None
    before = parts.before.decode()
    return f"{before}{PLACE}{parts.behind.decode()}", Payload(len(before), parts.statement)
