"""Did a store come back from a copy, and no epoch was begun? Then ids would be said twice. Seen by what Kafka was told last."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from queuebit_contracts.channels import LIFECYCLE
from queuebit_operations.inspection.epochs import EPOCHS_MAX, epoch_of
from queuebit_operations.records.port import Records, Span
from queuebit_operations.scan.port import Marks
from queuebit_operations.verification.archived import Gone
from queuebit_runtime.bus.port import Record

LOOK_BACK = 5
"""So many records of each partition are looked at, the last ones: those after the copy stand behind all before it."""


class Known(Protocol):
    """What is asked of the store."""

    async def marks(self) -> Marks: ...
    async def event_id(self, stream_id: UUID, version: int) -> UUID | None: ...


async def told_and_lost(records: Records, store: Known, gone: Gone) -> UUID | None:
    """A job of which Kafka was told an event of the store's own epoch, or of a later one, that the store does not hold, nor an
    archive: its ids would be given out again. None where all is held that was told last. Services may run meanwhile. Raises
    BusError, and what the store raises.
    """
    spans = await records.spans([LIFECYCLE])
    ends = {place: Span(max(span.begin, span.end - LOOK_BACK), span.end) for place, span in spans.items()}
    told: list[Record] = []
    async for some in records.read(ends):
        told += some
    epochs = range((await store.marks()).epoch, EPOCHS_MAX + 1)
    for record in told:
        if epoch_of(record, epochs) == 0:
            continue
        said = {name: (value or b"").decode() for name, value in record.headers}
        job_id, version = UUID(said["ce_subject"]), int(said["ce_streamversion"])
        if not gone.has(said["ce_subject"].encode()) and await store.event_id(job_id, version) != UUID(said["ce_id"]):
            return job_id
    return None
