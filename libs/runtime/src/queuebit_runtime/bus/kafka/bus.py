"""The bus on Apache Kafka: aiokafka speaks the protocol, what is done and committed goes by our own rules.

Batches, explicit offsets of the contiguous prefix, `earliest`, `read_committed`; drain, commit and fence before a partition is
given away.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]
from aiokafka.producer.message_accumulator import BatchBuilder  # type: ignore[import-untyped]

from queuebit_contracts.channels import BY_TOPIC
from queuebit_runtime.access.login import ensure_believed, told_apart
from queuebit_runtime.access.settings import Codec, client_options
from queuebit_runtime.bus.holds import Holds
from queuebit_runtime.bus.kafka.consumer import make_consumer
from queuebit_runtime.bus.kafka.errors import wrapped
from queuebit_runtime.bus.kafka.gzip import GzipBatchBuilder
from queuebit_runtime.bus.kafka.probe import KafkaProbe
from queuebit_runtime.bus.kafka.publishing import Publisher
from queuebit_runtime.bus.kafka.reading import Reader
from queuebit_runtime.bus.kafka.rereading import reread
from queuebit_runtime.bus.kafka.settings import KafkaSettings
from queuebit_runtime.bus.kafka.twins import Claim
from queuebit_runtime.bus.port import BusError, Outgoing, Subscription
from queuebit_runtime.bus.record_size import BATCH_BYTES_MAX
from queuebit_runtime.bus.slots import LARGE_BYTES
from queuebit_runtime.clock import Clock, SystemClock
from queuebit_runtime.service.readiness import Reason
from queuebit_runtime.waiting import end_task

STALLED_S = 5.0
"""Records that wait so long for their acknowledgement mean that nothing flows."""

CODEC_NUMBERS: dict[Codec, int] = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
"""As a batch of the protocol names them."""


class KafkaBus:
    """One member: its subscriptions and its way to publish. `fraction` gives the jitter of pauses."""

    def __init__(
        self, settings: KafkaSettings, *, clock: Clock | None = None, fraction: Callable[[], float] = lambda: 0.5
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._fraction = fraction
        self._subscriptions: list[Subscription] = []
        self._readers: list[Reader] = []
        self._publisher, self._large_publisher = self._make_publisher(), self._make_publisher()
        self._probe = KafkaProbe(settings.access.kafka, self._clock)
        self._running = False
        self._holds = Holds()

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Large records, and what is published with them, have a producer of their own: a broker takes what comes on one
        connection in its order, and small records would wait for them.
        """
        large = any(len(record.value) > LARGE_BYTES for record in records)
        await (self._large_publisher if large else self._publisher).publish(records)

    def subscribe(self, subscription: Subscription) -> None:
        assert not self._running, "subscribe before start"
        self._subscriptions.append(subscription)

    async def start(self) -> None:
        """Raises BusError when Kafka does not answer; may be called again then. Raises LoginRefused when it answers, and does
        not let us in, and InstanceTaken where another living process has our instance id and keeps it.
        """
        try:
            await ensure_believed(self._settings.access)
            await self._publisher.start()
            await self._large_publisher.start()
            await self._start_reading()
        except (KafkaError, OSError, BusError) as error:
            await self._abort()
            raise await told_apart(wrapped(error), self._settings.access) from error
        except BaseException:
            await self._abort()
            raise
        self._probe.answered()
        self._running = True

    async def stop(self, drain_s: float = 10.0) -> None:
        """Publishing works until everything is drained, as handlers in flight publish."""
        self._running = False
        await asyncio.gather(*(reader.drain(drain_s) for reader in self._readers))
        await self._abort()

    async def crash(self) -> None:
        """Fault, for tests: end with no drain and no commit. The group learns of it as of a member that leaves."""
        self._running = False
        for reader in self._readers:
            await reader.drop()
        await self._abort()

    def healthy(self) -> bool:
        return self._running and all(reader.healthy() for reader in self._readers)

    def stuck(self) -> BusError | None:
        if not self._running:
            return BusError("The bus does not run.")
        if self._probe.silent:
            for reader in self._readers:
                reader.liveness.excuse()
        return next((error for reader in self._readers if (error := reader.stuck()) is not None), None)

    async def probe(self) -> Reason | None:
        client = self._publisher.client
        found = await self._probe.ask(client) if client is not None and self._running else None
        if found is None:
            await asyncio.gather(*(reader.look_ahead() for reader in self._readers))
        stalled_s = max(self._publisher.stalled_for_s(), self._large_publisher.stalled_for_s())
        if found is None and stalled_s >= STALLED_S:
            detail = f"Kafka answers, but has acknowledged nothing of what waits for {stalled_s:.0f} s."
            return Reason("kafka_stalled", detail, {"stalled_s": round(stalled_s, 1)})
        return found or self._holds.first

    def hold(self, group: str, reason: Reason | None) -> None:
        self._holds.say(group, reason)

    def lags(self) -> Mapping[tuple[str, str], int]:
        found: Counter[tuple[str, str]] = Counter()
        for reader in self._readers:
            for (topic, _), count in reader.lags().items():
                found[reader.member.subscription.group, topic] += count
        return found

    def gone(self) -> Mapping[tuple[str, str], int]:
        found: Counter[tuple[str, str]] = Counter()
        for reader in self._readers:
            for topic, count in reader.gone().items():
                found[reader.member.subscription.group, topic] += count
        return found

    async def _abort(self) -> None:
        self._probe.end()
        await asyncio.gather(*(reader.end() for reader in self._readers))
        self._readers.clear()
        await asyncio.gather(self._publisher.stop(), self._large_publisher.stop())

    async def _start_reading(self) -> None:
        settings = self._settings
        read_again = partial(reread, settings.access)
        starting: list[asyncio.Task[None]] = []
        for subscription in self._subscriptions:
            reader = Reader(subscription, settings.prefix, settings.read, self._clock, self._fraction, read_again)
            self._readers.append(reader)
            claim = self._claim(subscription)
            consumer = make_consumer(settings, subscription, None if claim is None else claim.instance)
            starting.append(asyncio.create_task(reader.start(consumer, claim)))
        try:
            await asyncio.gather(*starting)
        finally:
            for task in starting:
                await end_task(task)

    def _claim(self, subscription: Subscription) -> Claim | None:
        """Unique within the group, as one process may hold several subscriptions of it."""
        settings = self._settings
        if settings.group_instance_id is None or subscription.broadcast:
            return None
        instance = f"{settings.group_instance_id}.{self._subscriptions.index(subscription)}"
        return Claim(instance, settings.session_timeout_s, waits=settings.group_instance_waits)

    def _make_publisher(self) -> Publisher:
        settings = self._settings
        return Publisher(
            self._make_producer,
            self._make_batch,
            settings.prefix,
            clock=self._clock,
            timeout_s=settings.publish_timeout_s,
        )

    def _make_producer(self) -> AIOKafkaProducer:
        settings = self._settings
        return AIOKafkaProducer(
            **client_options(settings.access),
            client_id=settings.client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=settings.max_batch_bytes,
            max_request_size=BATCH_BYTES_MAX,
            metadata_max_age_ms=int(settings.metadata_age_max_s * 1000),
            request_timeout_ms=int(settings.request_timeout_s * 1000),
        )

    def _make_batch(self, topic: str, first_bytes: int) -> BatchBuilder:
        """A record larger than a batch is alone in it and goes as it is: packing it would hold the event loop."""
        settings = self._settings
        if first_bytes >= settings.max_batch_bytes:
            return BatchBuilder(settings.max_batch_bytes, CODEC_NUMBERS["none"])
        public = topic in BY_TOPIC and BY_TOPIC[topic].public
        codec = settings.compression_public if public else settings.compression
        if codec == "gzip":
            return GzipBatchBuilder(settings.max_batch_bytes)
        return BatchBuilder(settings.max_batch_bytes, CODEC_NUMBERS[codec])
