"""Unpacking what the broker keeps, also where the client library cannot: one odd record must not stop its partition.

The broker takes any bytes as a header's name, and more that aiokafka does not read. Here a batch is unpacked record by record,
leniently. Layout of batches and records: https://kafka.apache.org/documentation/#messageformat
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from typing import NamedTuple

from aiokafka import ConsumerRecord, TopicPartition, codec  # type: ignore[import-untyped]
from aiokafka.errors import CorruptRecordException, UnsupportedCodecError  # type: ignore[import-untyped]
from aiokafka.record.util import calc_crc32c, decode_varint  # type: ignore[import-untyped]

from queuebit_contracts.channels import RECORD_BYTES_MAX
from queuebit_runtime.bus.port import UNREADABLE
from queuebit_runtime.bus.record_size import HEADER_BYTES_MAX

_HEAD = struct.Struct(">qiibIhiqqqhii")
_LENGTH_OVERHEAD = 12
_CRC_COVERS_FROM = 21
_MAGIC = 2
_CODEC, _APPEND_TIME, _TRANSACTIONAL, _CONTROL = 0x07, 0x08, 0x10, 0x20
"""What the bits of a batch's attributes mean."""


class Batch(NamedTuple):
    """A record batch of format 2 as the broker keeps it."""

    raw: bytes
    base_offset: int
    last_delta: int
    attributes: int
    first_ms: int
    max_ms: int
    producer_id: int
    records: int

    @property
    def next_offset(self) -> int:
        return self.base_offset + self.last_delta + 1

    def hidden(self, aborted: Collection[tuple[int, int]]) -> bool:
        """Whether nobody reads it: a marker, or of a transaction among the aborted, each a producer and its first offset."""
        if self.attributes & _CONTROL:
            return True
        return bool(self.attributes & _TRANSACTIONAL) and any(
            producer_id == self.producer_id and first <= self.base_offset for producer_id, first in aborted
        )


class Reread(NamedTuple):
    """What lies in a partition from an offset on, as far as some bytes go, and where to go on."""

    records: tuple[ConsumerRecord, ...]
    next_offset: int


def read_leniently(
    data: bytes, place: TopicPartition, wanted: int, aborted: Collection[tuple[int, int]] = ()
) -> Reread:
    """Every record from the offset `wanted` on that a reader of what is committed would get. Raises CorruptRecordException for
    what cannot be trusted, and UnsupportedCodecError where this installation is not complete.
    """
    records: list[ConsumerRecord] = []
    next_offset = wanted
    for batch in batches(data):
        if batch.next_offset <= wanted:
            continue
        if not batch.hidden(aborted):
            records.extend(each for each in unpacked(batch, place, wanted) if each.offset >= wanted)
        next_offset = batch.next_offset
    return Reread(tuple(records), next_offset)


def read_past(
    data: bytes, place: TopicPartition, wanted: int, end: int, aborted: Collection[tuple[int, int]] = ()
) -> Reread:
    """The same for who only looks, and must come to an end: a batch that cannot be trusted, or that nothing here unpacks, is
    passed over with one stand-in. Where it does not say credibly how far it goes, that stands for all up to the offset `end`.
    """
    records: list[ConsumerRecord] = []
    at = wanted
    for batch, wrong in _framed(data):
        if not wrong and batch.next_offset <= at:
            continue
        try:
            if wrong:
                raise CorruptRecordException(wrong)
            if not batch.hidden(aborted):
                records += [each for each in unpacked(batch, place, at) if each.offset >= at]
            at = batch.next_offset
        except (CorruptRecordException, UnsupportedCodecError) as error:
            records.append(_stand_in(batch, place, at, batch.raw, error))
            at = batch.next_offset if at < batch.next_offset <= end else end
        if at >= end:
            break
    if data and at == wanted:
        nowhere = Batch(data, wanted, 0, 0, 0, 0, -1, 0)
        records.append(_stand_in(nowhere, place, wanted, data, CorruptRecordException("no whole batch")))
        at = end
    return Reread(tuple(records), at)


def batches(data: bytes) -> Iterator[Batch]:
    """The whole batches that the data begins with. Raises CorruptRecordException for one that cannot be trusted: its checksum
    is wrong, or its format is another.
    """
    for batch, wrong in _framed(data):
        if wrong:
            raise CorruptRecordException(wrong)
        yield batch


def _framed(data: bytes) -> Iterator[tuple[Batch, str]]:
    """The whole batches that the data begins with, and why one cannot be trusted, if so."""
    at = 0
    while len(data) - at >= _HEAD.size:
        base, length, _, magic, crc, attributes, delta, first_ms, max_ms, producer_id, _, _, count = _HEAD.unpack_from(
            data, at
        )
        raw = data[at : at + _LENGTH_OVERHEAD + length]
        if len(raw) < _LENGTH_OVERHEAD + length:
            return
        batch = Batch(raw, base, delta, attributes, first_ms, max_ms, producer_id, count)
        if magic != _MAGIC or len(raw) < _HEAD.size:
            yield batch, f"a batch of format {magic} with {len(raw)} bytes"
        elif calc_crc32c(memoryview(raw)[_CRC_COVERS_FROM:]) != crc:
            yield batch, f"a batch whose checksum is wrong, from offset {base}"
        else:
            yield batch, ""
        if len(raw) < _HEAD.size:
            return
        at += len(raw)


def unpacked(batch: Batch, place: TopicPartition, wanted: int) -> Iterator[ConsumerRecord]:
    """Every record of a batch, in order; a stand-in for one that cannot be read, and one, not before the offset `wanted`, for
    all that lie behind a broken frame. Raises UnsupportedCodecError where this installation is not complete.
    """
    offset, end = batch.base_offset, batch.next_offset
    try:
        data = _decompressed(batch)
    except UnsupportedCodecError:
        raise
    except Exception as error:
        yield _stand_in(batch, place, max(offset, wanted), batch.raw, error)
        return
    at = 0
    for _ in range(batch.records):
        try:
            length, start = decode_varint(data, at)
            body = data[start : start + length]
            if length < 0 or len(body) < length:
                raise CorruptRecordException(f"a record of {length} bytes, where {len(data) - start} are left")
        except Exception as error:
            yield _stand_in(batch, place, max(offset, wanted), data[at:], error)
            return
        at = start + length
        try:
            record = _record(batch, place, body)
            if not offset <= record.offset < end:
                raise CorruptRecordException(f"a record at {record.offset}, which is not from {offset} to {end - 1}")
        except Exception as error:
            record = _stand_in(batch, place, offset, body, error)
        offset = record.offset + 1
        yield record


def _decompressed(batch: Batch) -> bytes:
    packed = batch.raw[_HEAD.size :]
    number = batch.attributes & _CODEC
    if number == 0:
        return packed
    decoders = {
        1: (codec.has_gzip, codec.gzip_decode),
        2: (codec.has_snappy, codec.snappy_decode),
        3: (codec.has_lz4, codec.lz4_decode),
        4: (codec.has_zstd, codec.zstd_decode),
    }
    there, decode = decoders.get(number, (lambda: False, None))
    if not there():
        raise UnsupportedCodecError(f"Nothing here unpacks codec {number}.")
    return bytes(decode(packed))


def _record(batch: Batch, place: TopicPartition, body: bytes) -> ConsumerRecord:
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
    time_ms = batch.max_ms if batch.attributes & _APPEND_TIME else batch.first_ms + delta_ms
    return _told(batch, place, batch.base_offset + delta, time_ms, key, value, headers)


def _bytes(body: bytes, at: int) -> tuple[bytes | None, int]:
    length, at = decode_varint(body, at)
    if length < 0:
        return None, at
    if at + length > len(body):
        raise CorruptRecordException(f"a field of {length} bytes, where {len(body) - at} are left")
    return body[at : at + length], at + length


def _stand_in(batch: Batch, place: TopicPartition, offset: int, raw: bytes, error: Exception) -> ConsumerRecord:
    why = f"{type(error).__name__}: {error}"[:500].encode("utf-8", "replace")
    return _told(batch, place, offset, batch.max_ms, None, raw[:RECORD_BYTES_MAX], [(UNREADABLE, why)])


def _told(
    batch: Batch,
    place: TopicPartition,
    offset: int,
    time_ms: int,
    key: bytes | None,
    value: bytes | None,
    headers: list[tuple[str, bytes | None]],
) -> ConsumerRecord:
    time_type = int(bool(batch.attributes & _APPEND_TIME))
    sizes = (-1 if key is None else len(key), -1 if value is None else len(value))
    return ConsumerRecord(
        place.topic, place.partition, offset, time_ms, time_type, key, value, None, *sizes, tuple(headers)
    )
