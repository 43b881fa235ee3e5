"""A broker that is there and does not answer: waits are bounded and told, nothing ends, and all goes on when it does."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from queuebit_contracts.channels import BY_TOPIC, SUBMITTED
from queuebit_devstack.external import External
from queuebit_devstack.stack import Stack, start_stack
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.settings import KafkaSettings, ReadSettings
from queuebit_runtime.bus.kafka.topics import ensure_topics
from queuebit_runtime.bus.port import BusError
from queuebit_runtime.service.readiness import Reason
from queuebit_runtime.service.service import EXIT_TAKEN
from tests.contract.bus.bus_under_test import Collector, reads, say, until
from tests.freezing import freeze, thaw

STALL_S = 4.0
WAIT_S = 60.0


@pytest.fixture
async def kafka(tmp_path: Path) -> AsyncIterator[Stack]:
    """A broker of its own, as it is frozen."""
    async with await start_stack(tmp_path, external=External(), postgres=False, remove=True) as stack:
        yield stack


async def told(bus: KafkaBus, code: str | None) -> Reason | None:
    """Ask as a service does, until the answer has this code."""
    deadline = time.monotonic() + WAIT_S
    while (found := await bus.probe()) is not None or code is not None:
        if found is not None and found.code == code:
            break
        assert time.monotonic() < deadline, f"the probe says {found}, never {code}"
        await asyncio.sleep(0.1)
    return found


async def publish_until_taken(bus: KafkaBus, value: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            return await bus.publish([say("a", value)])
        except BusError:
            assert time.monotonic() < deadline, "nothing is published after the thaw"
            await asyncio.sleep(0.1)


async def test_a_frozen_broker_is_told_no_publish_waits_for_ever_and_reading_goes_on_after_it(kafka: Stack) -> None:
    await ensure_topics(kafka.access(), channels=[BY_TOPIC[SUBMITTED]])
    seen = Collector()
    settings = KafkaSettings(
        kafka.access(),
        session_timeout_s=6,
        publish_timeout_s=1.0,
        read=ReadSettings(stall_s=STALL_S, commit_timeout_s=1.0),
    )
    bus = KafkaBus(settings)
    bus.subscribe(reads(seen))
    await bus.start()
    try:
        await bus.publish([say("a", "before")])
        await until(lambda: seen.values == [b"before"])
        assert await told(bus, None) is None

        await freeze(kafka, "kafka-1")
        with pytest.raises(BusError, match="did not acknowledge it within 1 s") as first:
            await bus.publish([say("a", "unknown")])
        with pytest.raises(BusError, match="acknowledged nothing for"):
            await bus.publish([say("a", "refused at once")])
        down = await told(bus, "kafka_down")
        frozen_until = time.monotonic() + 2 * STALL_S
        while time.monotonic() < frozen_until:
            assert bus.stuck() is None
            assert await bus.probe() is not None
        thaw(kafka, "kafka-1")

        assert first.value.transient
        assert down is not None
        assert down.detail == f"No Kafka broker answers ({kafka.kafka})."
        assert await told(bus, None) is None
        await publish_until_taken(bus, "after")
        await until(lambda: b"after" in seen.values)
        assert bus.stuck() is None
        places = [(each.partition, each.offset) for each in seen.records]
        assert len(set(places)) == len(places)
        assert {b"before", b"after"} <= set(seen.values) <= {b"before", b"unknown", b"after"}
    finally:
        await bus.stop(0)


MEMBER = """
import sys
from queuebit_contracts.channels import SUBMITTED
from queuebit_runtime.bus.port import Subscription
from queuebit_runtime.service.service import run_service
async def handle(delivery): delivery.done_all()
async def build(service): service.bus.subscribe(Subscription((SUBMITTED,), "twins", handle))
sys.exit(run_service("member", build))
"""


async def test_of_two_live_processes_with_one_instance_id_the_fenced_one_ends_and_says_what_to_do(stack: Stack) -> None:
    """Given a member, when a second process starts with its instance id, then the first ends, and the other reads on, also
    where the first is started again and waits for its place.
    """
    namespace = f"test-{uuid4().hex[:12]}"
    await ensure_topics(stack.access(), namespace, channels=[BY_TOPIC[SUBMITTED]])
    own = {"QUEUEBIT_NAMESPACE": namespace, "QUEUEBIT_GROUP_INSTANCE": "only-one", "QUEUEBIT_LOG_FORMAT": "text"}
    own["QUEUEBIT_SESSION_TIMEOUT_S"] = "6"
    members = []

    async def begins(env: Mapping[str, str]) -> asyncio.subprocess.Process:
        env = {**os.environ, **stack.env(), **own, **env}
        members.append(
            await asyncio.create_subprocess_exec(sys.executable, "-c", MEMBER, env=env, stderr=asyncio.subprocess.PIPE)
        )
        return members[-1]

    try:
        first = await begins({})
        await line_of(first, "member is ready")
        second = await begins({})
        await line_of(second, "member is ready")
        said = await line_of(first, "Another live process took the group instance id")
        code = await asyncio.wait_for(first.wait(), WAIT_S)
        again = await begins({"QUEUEBIT_GROUP_INSTANCE_WAITS": "true"})
        await line_of(again, "is held by another")
        code_again = await asyncio.wait_for(again.wait(), WAIT_S)
        assert second.returncode is None
    finally:
        for member in members:
            if member.returncode is None:
                member.terminate()
                await member.wait()
    assert (code, code_again) == (EXIT_TAKEN, EXIT_TAKEN)
    assert "only-one.0 of group" in said
    assert "QUEUEBIT_GROUP_INSTANCE" in said
    assert second.returncode == 0


async def line_of(process: asyncio.subprocess.Process, words: str) -> str:
    """The next line of its log that has these words."""
    assert process.stderr is not None
    async with asyncio.timeout(WAIT_S):
        while line := (await process.stderr.readline()).decode():
            if words in line:
                return line
    raise AssertionError(f"it never said: {words}")
