"""The client's consumer, set as a subscription of ours needs it."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]

from queuebit_runtime.access.settings import client_options
from queuebit_runtime.bus.kafka.settings import KafkaSettings
from queuebit_runtime.bus.port import Subscription


def make_consumer(settings: KafkaSettings, subscription: Subscription, instance: str | None) -> AIOKafkaConsumer:
    """A consumer that is not started. `instance`: its id where its membership is static."""
    return AIOKafkaConsumer(
        **client_options(settings.access),
        client_id=settings.client_id,
        group_id=None if subscription.broadcast else settings.prefix + subscription.group,
        group_instance_id=instance,
        auto_offset_reset="latest" if subscription.broadcast and not subscription.from_start else "earliest",
        isolation_level="read_committed",
        enable_auto_commit=False,
        max_poll_records=subscription.batch_max,
        metadata_max_age_ms=int(settings.metadata_age_max_s * 1000),
        session_timeout_ms=int(settings.session_timeout_s * 1000),
        heartbeat_interval_ms=int(settings.heartbeat_interval_s * 1000),
        fetch_max_bytes=settings.fetch_bytes_max,
        fetch_max_wait_ms=settings.quiet_wait_ms if subscription.broadcast else settings.fetch_wait_ms,
        consumer_timeout_ms=settings.prefetch_wait_ms,
    )
