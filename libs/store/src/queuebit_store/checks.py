"""What a batch must satisfy before any adapter takes it."""

from __future__ import annotations

from collections.abc import Sequence

from queuebit_store.errors import InvalidBatch
from queuebit_store.ports import Append

BATCH_STREAMS_MAX = 10_000
VERSION_MAX = 2**31 - 1


def check_batch(batch: Sequence[Append]) -> None:
    """Raise InvalidBatch for a stream named twice, an append without events, a version out of range, or too many streams."""
    if len(batch) > BATCH_STREAMS_MAX:
        raise InvalidBatch(f"A batch of {len(batch)} streams; at most {BATCH_STREAMS_MAX} are allowed.")
    seen = set()
    for append in batch:
        if append.stream_id in seen:
            raise InvalidBatch(f"The stream {append.stream_id} is in the batch twice.")
        seen.add(append.stream_id)
        if not append.events:
            raise InvalidBatch(f"The append to the stream {append.stream_id} has no events.")
        if not 0 <= append.expected_version <= VERSION_MAX - len(append.events):
            raise InvalidBatch(f"The expected version {append.expected_version} is out of range.")
