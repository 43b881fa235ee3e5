"""Events of the contracts as what is appended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from queuebit_contracts.envelope import encode_data
from queuebit_contracts.event import Event
from queuebit_contracts.ids import FIRST_EPOCH, stored_id_of
from queuebit_contracts.registry import name_of
from queuebit_store.log.port import NewEvent


def new_events(
    stream_id: UUID,
    version: int,
    events: Sequence[Event],
    at: datetime,
    *,
    causation_id: UUID | None = None,
    epoch: int = FIRST_EPOCH,
) -> tuple[NewEvent, ...]:
    """What follows in the stream after `version`. The same events in the same place get the same ids, in whoever's hands.
    `epoch`: that of the store, where the events are published.
    """
    return tuple(
        NewEvent(
            stored_id_of(stream_id, place, epoch),
            name_of(type(event)),
            event.schema_version,
            encode_data(event).decode(),
            at,
            causation_id,
        )
        for place, event in enumerate(events, start=version + 1)
    )
