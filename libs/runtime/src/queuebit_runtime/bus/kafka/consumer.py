"""The consumer that waits for records as long as its reader says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition  # type: ignore[import-untyped]
from aiokafka.errors import ConsumerStoppedError  # type: ignore[import-untyped]
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage

from queuebit_runtime.bus.delivery import Member
from queuebit_runtime.bus.kafka.twins import guard_instance

RawBatch = tuple[ConsumerRecord, ...]


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """`poll_wait_ms`: how long one poll waits for records. `empty_pause_ms`: what FastStream sleeps after an empty one.
    `stall_s`: after so long without any movement the bus is not healthy.
    """

    poll_wait_ms: int = 1000
    empty_pause_ms: int = 1
    commit_interval_s: float = 0.1
    commit_timeout_s: float = 5.0
    rebalance_drain_s: float = 3.0
    full_wait_s: float = 0.5
    stall_s: float = 120.0


class PacedBy(Protocol):
    """What the consumer asks of its reader."""

    loop: asyncio.Task[Any] | None
    refused_since_s: float | None

    @property
    def settings(self) -> ReadSettings: ...

    @property
    def member(self) -> Member: ...

    @property
    def assigned(self) -> asyncio.Event: ...

    async def may_read(self) -> bool: ...

    async def look_back(self) -> None: ...

    def broken_by(self, error: Exception) -> bool: ...

    def taken(self, instance: str, by: str) -> None: ...


async def pass_parser(message: RawBatch) -> KafkaMessage:
    """The batch as it came: no header is decoded and no body is copied."""
    return KafkaMessage(message, b"", correlation_id="-", message_id="-", consumer=FAKE_CONSUMER)


async def pass_decoder(message: KafkaMessage) -> Any:
    return message.raw_message


class PatientConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """Waits for records as long as its reader says, not as long as FastStream pauses after an empty poll; takes no more than
    there is room for; and takes nothing before the reader knows its partitions.
    """

    _reader: PacedBy | None = None

    def subscribe(self, topics: Any = (), pattern: Any = None, listener: Any = None) -> None:
        """FastStream hands over the reader as its rebalance listener, before it starts the consumer."""
        self._reader = listener
        super().subscribe(topics=topics, pattern=pattern, listener=listener)

    async def start(self) -> None:
        await super().start()
        assert self._reader is not None
        if self._group_id is not None and self._group_instance_id is not None:
            guard_instance(self, self._group_instance_id, partial(self._reader.taken, self._group_instance_id))

    def standing(self, partition: TopicPartition) -> tuple[int | None, int]:
        """The end of the partition, as the last answer told it, and where we read it; None while nothing is known."""
        state = self._subscription.subscription.assignment.state_value(partition)
        end = state.highwater
        return (end, state.position) if end is not None and state.has_valid_position else (None, 0)

    async def getmany(
        self,
        *partitions: TopicPartition,
        timeout_ms: int = 0,  # noqa: ARG002
        max_records: int | None = None,  # noqa: ARG002
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        reader = self._reader
        assert reader is not None
        reader.loop = asyncio.current_task()
        if not await reader.may_read():
            return {}
        try:
            await reader.look_back()
            found: dict[TopicPartition, list[ConsumerRecord]] = await super().getmany(
                *partitions, timeout_ms=reader.settings.poll_wait_ms, max_records=max(1, reader.member.room)
            )
        except ConsumerStoppedError:
            raise
        except Exception as error:
            if reader.broken_by(error):
                return {}
            raise
        reader.refused_since_s = None
        if found:
            await reader.assigned.wait()
        return found
