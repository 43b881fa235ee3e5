"""Sending dead letters again: to the topic, the partition and with the headers that they came with."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from queuebit_operations.dead_letters.box import Kept
from queuebit_runtime.access.settings import KafkaAccess, client_options
from queuebit_runtime.bus.dead_letters import headers as h
from queuebit_runtime.bus.dead_letters.marks import Mark, mark_record
from queuebit_runtime.bus.kafka.errors import wrapped
from queuebit_runtime.bus.record_size import BATCH_BYTES_MAX


def headers_again(
    kept: Kept, redrive: str, put_in: Mapping[str, bytes], *, edited: bool = False
) -> list[tuple[str, bytes]]:
    """The headers with which a letter is sent again: its own with `put_in`, how often it was sent, and where it lay."""
    letter = kept.letter
    said = {
        # What waited behind another has not been tried by that.
        h.REPLAYS: str(letter.replays + (letter.behind is None)).encode(),
        h.REDRIVE: redrive.encode(),
        h.FIRST_FAILED_AT: letter.first_failed_at.encode(),
        h.FIRST_OFFSET: str(letter.first_offset).encode(),
        **({h.EDITED_FROM: str(letter.origin).encode()} if edited else {}),
    }
    return [*(each for each in letter.headers if each[0] not in put_in), *put_in.items(), *said.items()]


class LetterSender:
    """Writes to the topics of letters, and what became of each beside the letter. `async with` connects."""

    def __init__(self, access: KafkaAccess, namespace: str) -> None:
        self._prefix = f"{namespace}." if namespace else ""
        self._producer = AIOKafkaProducer(
            **client_options(access),
            client_id="queuebit-ops",
            acks="all",
            enable_idempotence=True,
            max_request_size=BATCH_BYTES_MAX,
        )

    async def __aenter__(self) -> LetterSender:
        """Raises BusError."""
        try:
            await self._producer.start()
        except (KafkaError, OSError) as error:
            await self._producer.stop()
            raise wrapped(error) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._producer.stop()

    async def send(
        self, kept: Kept, redrive: str, *, value: bytes | None = None, headers: dict[str, bytes] | None = None
    ) -> int:
        """The record as it was, or with another `value` and other `headers`. Its offset, once all replicas have it. Raises
        BusError.
        """
        letter = kept.letter
        edited = value is not None or headers is not None
        try:
            sent = await self._producer.send_and_wait(
                self._prefix + letter.origin.topic,
                letter.value if value is None else value,
                key=letter.key,
                partition=letter.origin.partition,
                headers=headers_again(kept, redrive, headers or {}, edited=edited),
            )
        except (KafkaError, OSError) as error:
            raise wrapped(error) from error
        return int(sent.offset)

    async def mark(self, mark: Mark, group: str) -> None:
        """Say what became of a letter. Raises BusError."""
        record = mark_record(mark, group)
        try:
            await self._producer.send_and_wait(
                self._prefix + record.topic, record.value, key=record.key, headers=record.headers, partition=0
            )
        except (KafkaError, OSError) as error:
            raise wrapped(error) from error
