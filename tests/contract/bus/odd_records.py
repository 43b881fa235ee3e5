"""Batches that no decent client sends, and that the broker takes."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.producer.message_accumulator import BatchBuilder  # type: ignore[import-untyped]
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy  # type: ignore[import-untyped]

from queuebit_runtime.access.settings import KafkaAccess, client_options
from queuebit_runtime.bus.port import Outgoing

BATCH_BYTES = 1 << 20
SNAPPY, ZSTD = 2, 4


class OddName(str):
    """A header's name that is not UTF-8."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff\xfe"


def builder(*, compression: int = 0) -> _DefaultRecordBatchBuilderPy:
    """The client's own builder in Python: its compiled one takes no names but str."""
    return _DefaultRecordBatchBuilderPy(2, compression, False, -1, -1, -1, BATCH_BYTES)


async def publish_batch(
    access: KafkaAccess, topic: str, partition: int, records: Sequence[Outgoing], *, compression: int = 0
) -> None:
    """As one batch into one partition, past the bus."""
    producer = AIOKafkaProducer(**client_options(access))
    await producer.start()
    try:
        batch: BatchBuilder = producer.create_batch()
        batch._builder = builder(compression=compression)
        for record in records:
            assert batch.append(timestamp=None, key=record.key, value=record.value, headers=record.headers)
        await (await producer.send_batch(batch, topic, partition=partition))
    finally:
        await producer.stop()
