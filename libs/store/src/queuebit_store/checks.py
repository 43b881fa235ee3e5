"""What a batch must satisfy before any adapter takes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from queuebit_store.errors import InvalidBatch
from queuebit_store.log.port import Append

BATCH_STREAMS_MAX = 10_000
VERSION_MAX = 2**31 - 1
INDEXED_BYTES_MAX = 2600
"""The texts of one index row together: PostgreSQL takes 2704 bytes, with ids and headers (a third of a page of a B-tree)."""
_SURELY_SHORT = INDEXED_BYTES_MAX // 4


def check_batch(batch: Sequence[Append]) -> None:
    """Raise InvalidBatch for a stream named twice, an append without events, a version out of range, names too long to be
    indexed, or too many streams.
    """
    if len(batch) > BATCH_STREAMS_MAX:
        raise InvalidBatch(f"A batch of {len(batch)} streams; at most {BATCH_STREAMS_MAX} are allowed.")
    if len({append.stream_id.int for append in batch}) < len(batch):
        ((twice, _),) = Counter(append.stream_id for append in batch).most_common(1)
        raise InvalidBatch(f"The stream {twice} is in the batch twice.")
    for append in batch:
        if not append.events:
            raise InvalidBatch(f"The append to the stream {append.stream_id} has no events.")
        if not 0 <= append.expected_version <= VERSION_MAX - len(append.events):
            raise InvalidBatch(f"The expected version {append.expected_version} is out of range.")
        tenant, category, state = append.tenant, append.category, append.head.state
        if len(tenant) + len(category) + len(state) > _SURELY_SHORT:
            check_indexed(tenant, category, state)


def check_key(tenant: str, key: str) -> None:
    """Raise InvalidBatch for an idempotency key that cannot be held: too long, with U+0000, or no Unicode text."""
    if "\x00" in tenant or "\x00" in key:
        raise InvalidBatch("A tenant or an idempotency key holds the character U+0000.")
    check_indexed(tenant, key)


def check_indexed(*texts: str) -> None:
    """Raise InvalidBatch for texts that fit into no index row together, or are no Unicode text."""
    try:
        size = sum(len(text.encode()) for text in texts)
    except UnicodeEncodeError:
        raise InvalidBatch("A text holds half of a surrogate pair, which is no character.") from None
    if size > INDEXED_BYTES_MAX:
        raise InvalidBatch(f"Texts to be indexed together have {size} bytes; at most {INDEXED_BYTES_MAX} are allowed.")
