"""How large a record may be on each topic, with room for headers and for the reason in a dead letter."""

from __future__ import annotations

from collections.abc import Iterable

from queuebit_contracts.channels import RECORD_BYTES_MAX, is_dead_letter
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.errors import RecordTooLarge

HEADER_BYTES_MAX = 256 * 1024
BATCH_BYTES_MAX = RECORD_BYTES_MAX + 4 * HEADER_BYTES_MAX
"""The largest batch that any topic takes."""
HEADERS_SEEN_MAX = 50
"""The room for headers holds so many of ours without a look."""


def topic_bytes_max(topic: str) -> int:
    """The size that a topic takes: a dead letter is larger than the record that it keeps."""
    return RECORD_BYTES_MAX + HEADER_BYTES_MAX * (2 if is_dead_letter(topic) else 1)


def check_sizes(records: Iterable[Outgoing]) -> None:
    """Raises RecordTooLarge, before anything is sent. Of all but a few records it is seen at once that they are small."""
    for record in records:
        _, key, value, headers = record
        if len(key) + len(value) > RECORD_BYTES_MAX or len(headers) > HEADERS_SEEN_MAX:
            check_size(record)


def check_size(record: Outgoing) -> None:
    """As `check_sizes`, of one record."""
    size = len(record.key) + len(record.value)
    if size > RECORD_BYTES_MAX or len(record.headers) > HEADERS_SEEN_MAX:
        size += sum(len(name) + len(value) + 8 for name, value in record.headers)
        limit = topic_bytes_max(record.topic) - 1024
        if size > limit:
            raise RecordTooLarge(f"The record for {record.topic} has {size} bytes; the topic takes {limit}.")
