"""How large a record may be on each topic, with room for headers and for the reason in a dead letter."""

from __future__ import annotations

from queuebit_contracts.channels import RECORD_BYTES_MAX, is_dead_letter
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.errors import RecordTooLarge

HEADER_BYTES_MAX = 256 * 1024
BATCH_BYTES_MAX = RECORD_BYTES_MAX + 4 * HEADER_BYTES_MAX
"""The largest batch that any topic takes."""


def topic_bytes_max(topic: str) -> int:
    """The size that a topic takes: a dead letter is larger than the record that it keeps."""
    return RECORD_BYTES_MAX + HEADER_BYTES_MAX * (2 if is_dead_letter(topic) else 1)


def check_size(record: Outgoing) -> None:
    """Raises RecordTooLarge, before anything is sent."""
    size = len(record.key) + len(record.value)
    if size > RECORD_BYTES_MAX or len(record.headers) > 50:
        size += sum(len(name) + len(value) + 8 for name, value in record.headers)
        limit = topic_bytes_max(record.topic) - 1024
        if size > limit:
            raise RecordTooLarge(f"The record for {record.topic} has {size} bytes; the topic takes {limit}.")
