"""Unpacking what Kafka brings, also where the client library cannot: one odd record must not stop its partition.

aiokafka reads a header's name strictly as UTF-8, while the broker takes any bytes; and an error while it unpacks loses what
the same poll had taken from other partitions. So a batch that it gives up on is unpacked here, record by record, leniently.
Only such a batch costs anything. Layout of a record: https://kafka.apache.org/documentation/#record
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from typing import Any

from aiokafka import ConsumerRecord  # type: ignore[import-untyped]
from aiokafka.consumer import fetcher  # type: ignore[import-untyped]
from aiokafka.errors import CorruptRecordException, UnsupportedCodecError  # type: ignore[import-untyped]
from aiokafka.record.default_records import (  # type: ignore[import-untyped]
    _DefaultRecordBatchPy,
    _DefaultRecordPy,
)
from aiokafka.record.util import decode_varint  # type: ignore[import-untyped]

from queuebit_contracts.channels import RECORD_BYTES_MAX
from queuebit_runtime.bus.record_size import HEADER_BYTES_MAX

UNREADABLE = "qb_unreadable"
"""The header of a stand-in: why nothing could be read. Its value is the bytes as the broker keeps them, and no header of an
envelope is on it, so that whoever reads envelopes buries it.
"""

_HEAD = struct.Struct(">qiib")
_LENGTH_OVERHEAD = 12
_BATCH_BYTES_MIN = _DefaultRecordBatchPy.HEADER_STRUCT.size
_MAGIC_MIN = 2

_log = logging.getLogger(__name__)


def use_patient_records() -> None:
    """From now on the client's fetcher unpacks with the classes below. It names its own, and has no other seam."""
    assert issubclass(PatientRecords, fetcher.PartitionRecords)
    fetcher.MemoryRecords = KeptRecords
    fetcher.PartitionRecords = PatientRecords


class KeptRecords(fetcher.MemoryRecords):  # type: ignore[misc]
    """The client's own, which reads batches fast, and the bytes that it reads; `seen` of them lie behind an odd batch."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.data = data
        self.seen = 0


class PatientRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    """The client's own, which goes on leniently with a batch that it cannot unpack.

    Raises CorruptRecordException for a batch whose checksum is wrong (nothing in it can be trusted, and reading it again may
    help) and UnsupportedCodecError where this installation is not complete.
    """

    next_fetch_offset: int
    _records_iterator: Iterator[ConsumerRecord]

    def __next__(self) -> ConsumerRecord:
        while True:
            try:
                return next(self._records_iterator)
            except (StopIteration, UnsupportedCodecError):
                raise
            except Exception as error:
                self._records_iterator = self._go_on(self._failed_batch(error), error)

    def _failed_batch(self, error: Exception) -> bytes:
        """The batch that the next record lies in. Raises the error where there is none, or its checksum is wrong."""
        records: KeptRecords = self._records
        while len(records.data) - records.seen >= _BATCH_BYTES_MIN:
            _, length, _, magic = _HEAD.unpack_from(records.data, records.seen)
            end = records.seen + _LENGTH_OVERHEAD + length
            batch = records.data[records.seen : end]
            if not _BATCH_BYTES_MIN <= len(batch) == _LENGTH_OVERHEAD + length or magic < _MAGIC_MIN:
                break
            records.seen = end
            opened = _DefaultRecordBatchPy(batch)
            if opened.next_offset > self.next_fetch_offset:
                if not opened.validate_crc():
                    break
                return batch
        raise error

    def _go_on(self, raw: bytes, error: Exception) -> Iterator[ConsumerRecord]:
        """What is left of the batch, which the client has taken already, then those behind it in the ordinary way."""
        batch = _DefaultRecordBatchPy(raw)
        _log.warning(
            "%s/%d@%d could not be unpacked (%s); its batch is read leniently.",
            self._tp.topic,
            self._tp.partition,
            self.next_fetch_offset,
            type(error).__name__,
        )
        for record in unpacked(batch, raw, self.next_fetch_offset):
            if not batch.is_control_batch and record.offset >= self.next_fetch_offset:
                self.next_fetch_offset = record.offset + 1
                yield self._consumer_record(self._tp, record)
        self.next_fetch_offset = batch.next_offset
        yield from self._unpack_records()


def unpacked(batch: Any, raw: bytes, wanted: int) -> Iterator[_DefaultRecordPy]:
    """Every record of a batch, in order; a stand-in for one that cannot be read, and one, not before the offset `wanted`, for
    all that lie behind a broken frame.
    """
    offset, end = batch.base_offset, batch.next_offset
    try:
        batch._maybe_uncompress()
    except UnsupportedCodecError:
        raise
    except Exception as error:
        yield _stand_in(batch, max(offset, wanted), raw, error)
        return
    data, at = bytes(batch._buffer), batch._pos
    for _ in range(batch._num_records):
        try:
            length, start = decode_varint(data, at)
            body = data[start : start + length]
            if length < 0 or len(body) < length:
                raise CorruptRecordException(f"a record of {length} bytes, where {len(data) - start} are left")
        except Exception as error:
            yield _stand_in(batch, max(offset, wanted), data[at:], error)
            return
        at = start + length
        try:
            record = _record(batch, body)
            if not offset <= record.offset < end:
                raise CorruptRecordException(f"a record at {record.offset}, which is not from {offset} to {end - 1}")
        except Exception as error:
            record = _stand_in(batch, offset, body, error)
        offset = record.offset + 1
        yield record


def _record(batch: Any, body: bytes) -> _DefaultRecordPy:
    delta_ms, at = decode_varint(body, 1)
    delta, at = decode_varint(body, at)
    key, at = _bytes(body, at)
    value, at = _bytes(body, at)
    count, at = decode_varint(body, at)
    headers: list[tuple[str, bytes | None]] = []
    size = 0
    for _ in range(count):
        raw_name, at = _bytes(body, at)
        said, at = _bytes(body, at)
        name = (raw_name or b"").decode("utf-8", "backslashreplace")
        size += len(name) + len(said or b"") + 8
        if size > HEADER_BYTES_MAX:
            # An odd name grows fourfold here; the dead letter must hold it.
            raise CorruptRecordException(f"more than {HEADER_BYTES_MAX} bytes of headers")
        headers.append((name, said))
    time_ms = batch.max_timestamp if batch.timestamp_type else batch.first_timestamp + delta_ms
    return _DefaultRecordPy(batch.base_offset + delta, time_ms, batch.timestamp_type, key, value, headers)


def _bytes(body: bytes, at: int) -> tuple[bytes | None, int]:
    length, at = decode_varint(body, at)
    if length < 0:
        return None, at
    if at + length > len(body):
        raise CorruptRecordException(f"a field of {length} bytes, where {len(body) - at} are left")
    return body[at : at + length], at + length


def _stand_in(batch: Any, offset: int, raw: bytes, error: Exception) -> _DefaultRecordPy:
    why = f"{type(error).__name__}: {error}"[:500].encode("utf-8", "replace")
    return _DefaultRecordPy(
        offset, batch.max_timestamp, batch.timestamp_type, None, raw[:RECORD_BYTES_MAX], [(UNREADABLE, why)]
    )
