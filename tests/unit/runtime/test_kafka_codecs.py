"""What others read is packed so that any client can unpack it; what only our services read, as the operator says."""

from __future__ import annotations

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder  # type: ignore[import-untyped]
from aiokafka.record.default_records import DefaultRecordBatch  # type: ignore[import-untyped]

from queuebit_contracts.channels import BY_TOPIC
from queuebit_runtime.access.settings import Codec, KafkaAccess
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.gzip import GzipBatchBuilder
from queuebit_runtime.bus.kafka.settings import KafkaSettings

NONE, GZIP, ZSTD = 0, 1, 4
PUBLIC = {"jobs.completed", "jobs.failed", "jobs.invalidated", "jobs.compensations", "jobs.lifecycle"}


def codec_of(settings: KafkaSettings, topic: str, size_bytes: int = 1000) -> int:
    """The number in the attributes of a batch as it goes out."""
    batch = KafkaBus(settings)._make_batch(topic, size_bytes)
    assert batch.append(timestamp=None, key=b"k", value=b"x" * size_bytes, headers=[])
    batch.close()
    read = DefaultRecordBatch(bytes(batch._build()))
    return int(read.compression_type)


@pytest.mark.parametrize("topic", sorted(BY_TOPIC))
def test_public_topics_need_no_additions_in_any_language(topic: str) -> None:
    assert codec_of(KafkaSettings(KafkaAccess()), topic) == (GZIP if topic in PUBLIC else ZSTD)


@pytest.mark.parametrize(
    ("public", "own", "expected"), [("none", "gzip", (NONE, GZIP)), ("zstd", "none", (ZSTD, NONE))]
)
def test_both_are_settings(public: Codec, own: Codec, expected: tuple[int, int]) -> None:
    settings = KafkaSettings(KafkaAccess(), compression=own, compression_public=public)
    assert (codec_of(settings, "jobs.completed"), codec_of(settings, "jobs.executions")) == expected


@pytest.mark.parametrize("topic", ["jobs.lifecycle", "jobs.large"])
def test_what_is_larger_than_a_batch_goes_as_it_is(topic: str) -> None:
    """Packing megabytes would hold the event loop."""
    assert codec_of(KafkaSettings(KafkaAccess()), topic, 3_000_000) == NONE


@pytest.mark.parametrize("count", [1, 2, 300])
def test_a_batch_in_gzip_holds_the_same_records(count: int) -> None:
    records = [(b"key %d" % number, b"value " * number, [("name", b"%d" % number)]) for number in range(count)]
    plain, packed = BatchBuilder(1 << 20, NONE), GzipBatchBuilder(1 << 20)
    for batch in (plain, packed):
        for key, value, headers in records:
            assert batch.append(timestamp=7, key=key, value=value, headers=headers)
        batch._set_producer_state(11, 3, 5)

    sent, smaller = bytes(plain._build()), bytes(packed._build())

    read = DefaultRecordBatch(smaller)
    assert read.validate_crc()
    assert (read.producer_id, read.producer_epoch, read.base_sequence) == (11, 3, 5)
    assert [(each.key, each.value, each.headers, each.timestamp) for each in read] == [
        (each.key, each.value, each.headers, each.timestamp) for each in DefaultRecordBatch(sent)
    ]
    assert len(smaller) <= len(sent)


def test_what_gzip_does_not_make_smaller_goes_as_it_is() -> None:
    batch = GzipBatchBuilder(1 << 20)
    batch.append(timestamp=None, key=None, value=b"\x00", headers=[])

    assert DefaultRecordBatch(bytes(batch._build())).compression_type == NONE
