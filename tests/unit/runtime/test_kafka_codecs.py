"""What others read is packed so that any client can unpack it; what only our services read, as the operator says."""

from __future__ import annotations

import pytest
from aiokafka.record.default_records import DefaultRecordBatch  # type: ignore[import-untyped]

from queuebit_contracts.channels import BY_TOPIC
from queuebit_runtime.bus_kafka import KafkaBus, KafkaSettings
from queuebit_runtime.kafka_access import Codec, KafkaAccess

NONE, GZIP, ZSTD = 0, 1, 4
PUBLIC = {"jobs.completed", "jobs.failed", "jobs.lifecycle"}


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
