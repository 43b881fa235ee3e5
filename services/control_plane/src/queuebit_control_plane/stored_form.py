"""How the store keeps an event of a job: its JSON, and apart from it a statement that is large."""

from __future__ import annotations

from typing import Final

from queuebit_contracts.data import Data
from queuebit_contracts.envelope import encode_bare
from queuebit_contracts.large import apart, carries, text_of, with_text
from queuebit_store.log.port import PLACE
from queuebit_store.ports import Payload

PAYLOAD_BYTES_MIN: Final = 65_536
"""Smaller statements stay in their events: storing one apart costs a statement of SQL a piece, and one more when it is read."""


def stored_form(event: Data) -> tuple[str, Payload | None]:
    """The data of the event, and its payload where it has one."""
    encoded = encode_bare(event)
    statement = text_of(event) if carries(type(event)) else None
    if statement is None:
        return encoded.decode(), None
    if len(statement.text) < PAYLOAD_BYTES_MIN:
        return with_text(event, encoded, statement).decode(), None
    before, behind = apart(event, encoded)
    told = before.decode()
    return f"{told}{PLACE}{behind.decode()}", Payload(len(told), statement.text)
