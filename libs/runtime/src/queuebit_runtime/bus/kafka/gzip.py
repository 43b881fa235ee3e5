"""Record batches packed with gzip at a price that a busy event loop can pay: the client's own packer takes the slowest level.

Source of the layout: Kafka's message format, record batch version 2.
"""

from __future__ import annotations

import struct

from aiokafka.producer.message_accumulator import BatchBuilder  # type: ignore[import-untyped]
from aiokafka.record.util import calc_crc32c  # type: ignore[import-untyped]
from isal import isal_zlib

PLAIN, GZIP = 0, 1
"""Numbers of codecs in the attributes of a batch."""
_LEVEL = 1
_WINDOW = 31
"""The largest window, and the header of a gzip file."""

_LENGTH = struct.Struct(">i")
_CRC = struct.Struct(">I")
_ATTRIBUTES = struct.Struct(">h")
_LENGTH_AT, _CRC_AT, _ATTRIBUTES_AT, _RECORDS_AT = 8, 17, 21, 61


class GzipBatchBuilder(BatchBuilder):  # type: ignore[misc]
    """A batch whose records are packed when it is sent; one that would not become smaller goes as it is."""

    _buffer: bytearray | None

    def __init__(self, batch_size: int) -> None:
        super().__init__(batch_size, PLAIN)

    def _build(self) -> bytearray:
        if self._buffer is None:
            self._buffer = packed(super()._build())
        return self._buffer


def packed(batch: bytearray) -> bytearray:
    """The same batch with its records in gzip, its length, attributes and checksum made anew."""
    packer = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _WINDOW)
    records = packer.compress(memoryview(batch)[_RECORDS_AT:]) + packer.flush()
    if len(records) >= len(batch) - _RECORDS_AT:
        return batch
    found = bytearray(batch[:_RECORDS_AT])
    found += records
    (attributes,) = _ATTRIBUTES.unpack_from(found, _ATTRIBUTES_AT)
    _ATTRIBUTES.pack_into(found, _ATTRIBUTES_AT, attributes | GZIP)
    _LENGTH.pack_into(found, _LENGTH_AT, len(found) - _LENGTH_AT - _LENGTH.size)
    _CRC.pack_into(found, _CRC_AT, calc_crc32c(memoryview(found)[_ATTRIBUTES_AT:]))
    return found
