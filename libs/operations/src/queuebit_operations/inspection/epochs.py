"""Which epochs Kafka has heard of: what a store must pass that comes back from a copy, perhaps for the second time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from queuebit_contracts.channels import LIFECYCLE
from queuebit_contracts.ids import stored_id_of
from queuebit_operations.records.port import Records, Span
from queuebit_operations.records.relayed import SOURCE
from queuebit_runtime.bus.port import Record

LOOK_BACK = 100
"""So many records of each partition are looked at, the last ones: there a later epoch stands behind an earlier one."""
EPOCHS_MAX = 200
"""A record of a later epoch than this is not known for what it is."""


async def newest_epoch_told(records: Records) -> int:
    """The last epoch of which the relay has published anything; 0 where it cannot be seen that it ever did."""
    spans = await records.spans([LIFECYCLE])
    ends = {place: Span(max(span.begin, span.end - LOOK_BACK), span.end) for place, span in spans.items()}
    newest = 0
    async for some in records.read(ends):
        newest = max(newest, *(epoch_of(each, range(newest, EPOCHS_MAX + 1)) for each in some), 0)
    return newest


def epoch_of(record: Record, epochs: Iterable[int]) -> int:
    """In which of these epochs the event of the record was stored: its id follows from job, version and epoch. 0 for none."""
    headers: Mapping[str, bytes] = dict(record.headers)
    if headers.get("ce_source") != SOURCE:
        return 0
    try:
        job_id, version = UUID(headers["ce_subject"].decode()), int(headers["ce_streamversion"])
        event_id = UUID(headers["ce_id"].decode())
    except (KeyError, ValueError):
        return 0
    return next((each for each in epochs if each and stored_id_of(job_id, version, each) == event_id), 0)
