"""Which connection a record goes over: a broker takes what comes on one in its order."""

from __future__ import annotations

from collections.abc import Sequence

from queuebit_runtime.access.settings import KafkaAccess
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.settings import KafkaSettings
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.bus.slots import LARGE_BYTES


class Noting:
    """Notes which topics it publishes to."""

    def __init__(self) -> None:
        self.topics: list[str] = []

    async def publish(self, records: Sequence[Outgoing]) -> None:
        self.topics += [record.topic for record in records]


def of(topic: str, size: int) -> Outgoing:
    return Outgoing(topic, b"k", b"x" * size, [])


async def test_what_is_large_goes_over_a_connection_of_its_own_whatever_its_topic() -> None:
    bus = KafkaBus(KafkaSettings(access=KafkaAccess(kafka="127.0.0.1:1")))
    small, large = Noting(), Noting()
    bus._publisher, bus._large_publisher = small, large  # type: ignore[assignment]

    await bus.publish([of("jobs.lifecycle", LARGE_BYTES), of("jobs.completed", 1)])
    await bus.publish([of("jobs.queued.classical.batch", 1), of("jobs.lifecycle", LARGE_BYTES + 1)])
    await bus.publish([])

    assert small.topics == ["jobs.lifecycle", "jobs.completed"]
    assert large.topics == ["jobs.queued.classical.batch", "jobs.lifecycle"], "one call stays in order"
