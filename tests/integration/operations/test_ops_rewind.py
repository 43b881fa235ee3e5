"""`queuebit ops replay rewind` on a real Kafka: a group goes back, never forward, and never while somebody reads."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from queuebit_contracts import channels
from queuebit_operations.records.kafka import opened_records
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.settings import KafkaSettings
from queuebit_runtime.bus.partitioner import partition_of
from queuebit_runtime.bus.port import Delivery, Outgoing, Subscription
from queuebit_runtime.clock import SystemClock
from tests.integration.operations.conftest import Ops
from tests.integration.operations.world import World

TOPIC = channels.EXECUTIONS
PARTITION = partition_of(b"key", channels.BY_TOPIC[TOPIC].partitions)

APPLY = ("--apply", "--reason", "a test")


async def committed(world: World) -> int:
    async with opened_records(world.stack.access(), world.namespace) as records:
        offsets = (await records.committed())["control-plane"]
        return next(offset for place, offset in offsets.items() if (place.topic, place.partition) == (TOPIC, PARTITION))


async def test_a_group_goes_back_and_nowhere_else(ops: Ops, world: World) -> None:
    before = SystemClock().now() - timedelta(seconds=1)
    for number in range(5):
        await world.bus.publish([Outgoing(TOPIC, b"key", str(number).encode(), [])])
    await world.commit("control-plane", TOPIC, 5, PARTITION)
    later = (SystemClock().now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    shown = await ops("replay", "rewind", "--to", before.isoformat(), "--json")
    stood = await committed(world)
    forward = await ops("replay", "rewind", "--to", later, *APPLY, "--json")
    done = await ops("replay", "rewind", "--to", before.isoformat(), *APPLY, "--json")
    unknown = await ops("replay", "rewind", "--to", later, "--group", "nobody")

    move = {"topic": TOPIC, "partition": PARTITION, "from": 5, "to": 0}
    assert shown.document == {"groups": [{"group": "control-plane", "records": 5, "moves": [move]}], "done": False}
    assert (stood, forward.document["groups"][0]["moves"]) == (5, [])
    assert (done.code, done.document["groups"][0]["moves"], await committed(world)) == (0, [move], 0)
    assert unknown.code == 3


async def test_what_the_control_plane_read_large_goes_back_with_the_rest(ops: Ops, world: World) -> None:
    before = SystemClock().now() - timedelta(seconds=1)
    large = partition_of(b"key", channels.BY_TOPIC[channels.LARGE].partitions)
    for topic, partition in ((TOPIC, PARTITION), (channels.LARGE, large)):
        await world.bus.publish([Outgoing(topic, b"key", b"1", [])])
        await world.commit("control-plane.large" if topic == channels.LARGE else "control-plane", topic, 1, partition)

    done = await ops("replay", "rewind", "--to", before.isoformat(), *APPLY, "--json")

    assert [(each["group"], each["records"]) for each in done.document["groups"]] == [
        ("control-plane", 1),
        ("control-plane.large", 1),
    ]


async def test_a_group_that_reads_is_left_alone(ops: Ops, world: World) -> None:
    before = SystemClock().now() - timedelta(seconds=1)
    await world.bus.publish([Outgoing(TOPIC, b"key", b"1", [])])
    await world.commit("control-plane", TOPIC, 1, PARTITION)
    seen = asyncio.Event()
    reader = KafkaBus(KafkaSettings(world.stack.access(), namespace=world.namespace))

    async def on_delivery(delivery: Delivery) -> None:
        delivery.done_all()
        seen.set()

    reader.subscribe(Subscription((TOPIC,), "control-plane", on_delivery))
    await reader.start()
    try:
        await world.bus.publish([Outgoing(TOPIC, b"key", b"2", [])])
        await asyncio.wait_for(seen.wait(), 60)
        said = await ops("replay", "rewind", "--to", before.isoformat(), *APPLY, "--wait-s", "0")
    finally:
        await reader.stop()

    assert said.code == 6
    assert "has 1 members" in said.err
