"""How the store keeps an event of a job: its JSON, and apart from it a statement that is large."""

from __future__ import annotations

from typing import Final

from queuebit_contracts.data import Data
from queuebit_contracts.envelope import encode_data
from queuebit_contracts.large import apart, carries
from queuebit_store.ports import Payload

PAYLOAD_BYTES_MIN: Final = 65_536
"""Smaller statements stay in their events: storing one apart costs a statement of SQL a piece, and one more when it is read."""


def stored_form(event: Data) -> tuple[str, Payload | None]:
    """The data of the event, and its payload where it has one."""
    parts = apart(event, PAYLOAD_BYTES_MIN) if carries(type(event)) else None
    if parts is None:
        return encode_data(event).decode(), None
    around, at, statement = parts
    return around.decode(), Payload(len(around[:at].decode()), statement)
