"""What a batch must satisfy before any adapter takes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from queuebit_store.errors import InvalidBatch
from queuebit_store.ports import Append

BATCH_STREAMS_MAX = 10_000
VERSION_MAX = 2**31 - 1


def check_batch(batch: Sequence[Append]) -> None:
    """Raise InvalidBatch for a stream named twice, an append without events, a version out of range, or too many streams."""
    if len(batch) > BATCH_STREAMS_MAX:
        raise InvalidBatch(f"A batch of {len(batch)} streams; at most {BATCH_STREAMS_MAX} are allowed.")
    if len({append.stream_id for append in batch}) < len(batch):
        ((twice, _),) = Counter(append.stream_id for append in batch).most_common(1)
        raise InvalidBatch(f"The stream {twice} is in the batch twice.")
    for append in batch:
        if not append.events:
            raise InvalidBatch(f"The append to the stream {append.stream_id} has no events.")
        if not 0 <= append.expected_version <= VERSION_MAX - len(append.events):
            raise InvalidBatch(f"The expected version {append.expected_version} is out of range.")
