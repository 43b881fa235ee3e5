"""`queuebit ops dlq` on a real Kafka and PostgreSQL, beside a group that reads; its letters are read by a client of others."""

from __future__ import annotations

import asyncio
import signal
import struct
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from confluent_kafka import Consumer, TopicPartition

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_contracts.channels import EXECUTIONS
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.events import JobStarted
from queuebit_devstack.stack import Stack
from queuebit_gateway.access.authentication import row_of
from queuebit_runtime.bus.dead_letters.burial import DeadLetters, hear_dead_letters
from queuebit_runtime.bus.dead_letters.outage import OutageLimit
from queuebit_runtime.bus.decoding import Item, Received, subscribe_decoded
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.settings import KafkaSettings
from queuebit_runtime.bus.partitioner import partition_of
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.clock import SystemClock
from queuebit_store.directory.keys import make_key
from tests.builders import NOW
from tests.contract.bus.bus_under_test import until
from tests.integration.operations.conftest import QUEUEBIT, Ops
from tests.integration.operations.world import World

GROUP = "control-plane"
BAD = b"not JSON"
PEPPER = "a pepper of sixteen letters"
FAST = ("--apply", "--json", "--stage-s", "0.2", "--settle-s", "2", "--rate", "50", "--reason", "mended")


def started(job: int, number: int, tenant: str = "acme") -> Outgoing:
    data = JobStarted(attempt_id=UUID(int=number), leg="classical", worker="w", started_at=NOW)
    envelope = Envelope(UUID(int=number), "/test", str(UUID(int=job)), NOW, data, tenant)
    return Outgoing(EXECUTIONS, str(UUID(int=job)).encode(), encode_data(data), encode_headers(envelope))


def bad(job: int, number: int, tenant: str = "acme") -> Outgoing:
    return started(job, number, tenant)._replace(value=BAD)


class Reading:
    """A group that reads executions, and what it took."""

    def __init__(self, bus: KafkaBus, limit: OutageLimit | None) -> None:
        self.bus = bus
        self.taken: list[tuple[int, int]] = []
        self.letters = DeadLetters(bus, group=GROUP, consumer="control-plane", clock=SystemClock(), limit=limit)
        hear_dead_letters(bus, [self.letters], GROUP)
        subscribe_decoded(bus, self._handle, topics=(EXECUTIONS,), group=GROUP, letters=self.letters)

    async def _handle(self, items: Sequence[Item]) -> None:
        for item in items:
            assert isinstance(item, Received)
            self.taken.append((item.envelope.job_id.int, item.envelope.id.int))

    def of(self, job: int) -> list[int]:
        return [number for each, number in self.taken if each == job]


@asynccontextmanager
async def reading(world: World, limit: OutageLimit | None = None) -> AsyncIterator[Reading]:
    bus = KafkaBus(KafkaSettings(world.stack.access(), namespace=world.namespace))
    made = Reading(bus, limit)
    await bus.start()
    try:
        yield made
    finally:
        await bus.stop(0)


def read_by_others(stack: Stack, topic: str, count: int) -> list[Any]:
    """The records of a topic, as a client that is none of ours reads them."""
    client = stack.client()
    consumer = Consumer(
        {
            "bootstrap.servers": ",".join(client["bootstrap_servers"]),
            "security.protocol": client["security_protocol"],
            "sasl.mechanism": client.get("sasl_mechanism", "PLAIN"),
            "sasl.username": client.get("sasl_plain_username", ""),
            "sasl.password": client.get("sasl_plain_password", ""),
            "group.id": "kafka-ui",
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    found: list[Any] = []
    try:
        while len(found) < count:
            found += [each for each in consumer.consume(count - len(found), 30) if each.error() is None]
    finally:
        consumer.close()
    return found


async def a_key(world: World, role: Any) -> Mapping[str, Any]:
    number = ["viewer", "operator"].index(role) + 1
    key = make_key(number, number)
    await world.store.add_tenant("acme", NOW)
    await world.store.add_key(row_of(key, PEPPER.encode(), "acme", role, NOW, None))
    return {"QUEUEBIT_API_KEY": key, "QUEUEBIT_PEPPER": PEPPER}


def assert_told(told: Mapping[str, Any], actor: str, edited: Mapping[str, Any]) -> None:
    """The operation says who edited which letter, why, and what of it, and not what it holds."""
    assert (told["verb"], told["state"], told["reason"], told["actor"]) == ("dlq edit", "done", "a typo", actor)
    assert told["arguments"] == {
        "letter": f"{GROUP}:0",
        "edited_from": edited["edited_from"],
        "original_event_id": str(UUID(int=11)),
        "event_id": edited["event_id"],
        "job": str(UUID(int=1)),
        "tenant": "acme",
        "changed": "value",
    }


async def test_a_letter_is_looked_at_edited_and_its_job_goes_on(ops: Ops, world: World, tmp_path: Path) -> None:
    """Given poison of one job and what follows it, then all can see it, those who may see what it holds, and an edit with a
    redrive makes the job whole, in order.
    """
    async with reading(world) as group:
        await world.bus.publish([started(1, 10), bad(1, 11), started(1, 12), started(2, 20)])
        await until(lambda: group.letters.total == 2 and group.of(2) == [20], "setting two aside")

        listed = await ops("dlq", "list", "--json")
        grouped = await ops("dlq", "groups", "--group", GROUP, "--json")
        shown = await ops("dlq", "show", f"{GROUP}:0", "--json")
        strangers = await ops("dlq", "show", f"{GROUP}:0", "--payload")
        viewers = await ops("dlq", "show", f"{GROUP}:0", "--payload", **await a_key(world, "viewer"))
        key = await a_key(world, "operator")
        seen = await ops("dlq", "show", f"{GROUP}:0", "--payload", "--json", **key)
        foreign = await asyncio.to_thread(read_by_others, world.stack, f"{world.namespace}.dlq.{GROUP}", 2)

        corrected = tmp_path / "value"
        corrected.write_bytes(started(1, 11).value)
        edit = ("dlq", "edit", f"{GROUP}:0", "--value-file", str(corrected), "--reason", "a typo", "--json")
        tried = await ops(*edit, **key)
        edited = await ops(*edit, "--apply", **key)
        again = await ops(*edit, "--apply", **key)
        redriven = await ops("dlq", "redrive", *FAST)
        await until(lambda: len(group.of(1)) == 3, "the job being whole")
        after = await ops("dlq", "list", "--json")
        history = await ops("dlq", "list", "--all", "--json")
        deed = await ops("operations", "show", edited.document["operation"], "--json")

    assert (listed.code, [(each["id"], each["state"]) for each in listed.document["letters"]]) == (
        1, [(f"{GROUP}:0", "open"), (f"{GROUP}:1", "waiting")],
    )  # fmt: skip
    assert BAD.decode() not in listed.out + shown.out
    assert {each["code"]: each["open"] for each in grouped.document["groups"]} == {"invalid_data": 1, "waits_behind": 1}
    assert shown.document["same_key"] == [f"{GROUP}:1"]
    assert (strangers.code, viewers.code, seen.code) == (4, 4, 0)
    assert "viewer" in viewers.err
    assert (seen.document["value"], seen.document["key"]) == (BAD.decode(), str(UUID(int=1)))
    headers = dict(foreign[0].headers())
    assert (foreign[0].key(), foreign[0].value()) == (str(UUID(int=1)).encode(), BAD)
    assert headers["__dlq.errors.topic"] == headers["kafka_dlt-original-topic"] == EXECUTIONS.encode()
    assert struct.unpack(">i", headers["kafka_dlt-original-partition"]) == (int(headers["__dlq.errors.partition"]),)
    assert struct.unpack(">q", headers["kafka_dlt-original-offset"]) == (int(headers["__dlq.errors.offset"]),)
    assert headers["kafka_dlt-original-consumer-group"] == headers["__dlq.errors.group"] == GROUP.encode()
    assert headers["ce_id"] == str(UUID(int=11)).encode()

    assert (tried.code, tried.document["sent_to"], edited.code, again.code) == (0, None, 0, 6)
    copy = UUID(edited.document["event_id"]).int
    assert (redriven.code, redriven.document["outcomes"]) == (0, {"redriven": 1})
    assert group.of(1) == [10, copy, 12]
    assert (after.code, after.document["letters"]) == (0, [])
    done = {each["id"]: each["done"] for each in history.document["letters"]}
    assert (done[f"{GROUP}:0"]["became"], done[f"{GROUP}:0"]["reason"]) == ("edited", "a typo")
    assert "(key " in done[f"{GROUP}:0"]["actor"]
    assert done[f"{GROUP}:1"]["became"] == "redriven"
    assert UUID(hex=done[f"{GROUP}:0"]["redrive"]) == UUID(edited.document["operation"])
    assert_told(deed.document, done[f"{GROUP}:0"]["actor"], edited.document)
    assert BAD.decode() not in deed.out


async def test_a_redrive_stops_when_letters_come_back_and_ends_in_quarantine(ops: Ops, world: World) -> None:
    """Given poison that stays poison, then each redrive brings it back once, and after so many it is not sent any more."""
    async with reading(world) as group:
        await world.bus.publish([bad(1, 11), started(1, 12), bad(2, 21, "other")])
        await until(lambda: group.letters.total == 3, "setting three aside")

        tried = await ops("dlq", "redrive", "--json")
        first = await ops("dlq", "redrive", "--skip-tenant", "other", *FAST, "--stage-s", "2")
        await until(lambda: group.letters.total == 5, "both coming back")
        second = await ops("dlq", "redrive", "--tenant", "acme", "--replays-max", "1", *FAST)
        held = await ops("dlq", "list", "--all", "--json")
        dropped = await ops("dlq", "drop", "--apply", "--json", "--tenant", "other", "--reason", "a test")
        audit = await ops("operations", "show", first.document["operation"], "--json")

    assert (tried.code, tried.document["state"], tried.document["targets"]) == (0, "frozen", 3)
    assert (first.code, first.document["state"], first.document["outcomes"]) == (
        7, "stopped", {"redriven": 1, "failed": 1},
    )  # fmt: skip
    assert first.document["arguments"]["held_back"] == "1"
    assert first.document["note"].startswith(f"1 came back, as {GROUP}:")
    assert (audit.document["reason"], audit.document["verb"]) == ("mended", "dlq redrive")
    assert (second.code, second.document["outcomes"]) == (0, {"quarantined": 1})
    states = [(each["event_id"][-2:], each["state"], each["replays"]) for each in held.document["letters"]]
    assert sorted(states) == [
        ("0b", "quarantined", 1), ("0b", "redriven", 0), ("0c", "redriven", 0), ("0c", "waiting", 0), ("15", "open", 0),
    ]  # fmt: skip
    assert (dropped.code, dropped.document["outcomes"]) == (0, {"dropped": 1})
    assert group.of(1) == []


async def test_a_redrive_that_was_killed_goes_on_and_keeps_each_job_in_order(ops: Ops, world: World) -> None:
    """Given a redrive that is killed between two records, when it is begun again, then each comes, each job in order."""
    jobs, each_has = range(1, 7), 4
    sent = [(job, 10 * job + number) for number in range(each_has) for job in jobs]
    async with reading(world) as group:
        await world.bus.publish([bad(job, 1000 + job) for job in jobs])
        await until(lambda: group.letters.total == len(jobs), "setting the poison aside")
        await world.bus.publish([started(job, number) for job, number in sent])
        await until(lambda: group.letters.total == len(jobs) + len(sent), "parking what follows")
        await ops("dlq", "drop", "--apply", "--code", "invalid_data", "--reason", "nobody needs it")
        frozen = await ops("dlq", "redrive", "--json", "--stage-s", "0.5", "--settle-s", "1")
        command = [QUEUEBIT, "ops", "operations", "resume", frozen.document["operation"], "--reason", "go on"]
        process = await asyncio.create_subprocess_exec(*command, env=dict(ops.env), stderr=DEVNULL, stdout=DEVNULL)
        await until(lambda: len(group.taken) >= 5, "some being sent")
        process.send_signal(signal.SIGKILL)
        await process.wait()
        before = len(group.taken)
        await world.bus.publish([started(job, 10 * job + 9) for job in jobs])
        too_early = await ops(*command[2:], "--json")
        await world.admin.execute("UPDATE lease SET expires_at = clock_timestamp() WHERE name LIKE 'operation/%'")
        rest = await ops(*command[2:], "--json")
        await until(lambda: set(sent) <= set(group.taken), "all being taken")
        last = await ops("dlq", "redrive", *FAST)
        await until(lambda: len(set(group.taken)) == len(sent) + len(jobs), "what came meanwhile being taken")

    assert before < len(sent)
    assert too_early.code == ExitCode.CONFLICT
    assert (rest.code, rest.document["state"], last.code) == (0, "done", 0)
    for job in jobs:
        expected = [*(number for each, number in sent if each == job), 10 * job + 9]
        assert list(dict.fromkeys(group.of(job))) == expected


async def test_a_group_that_pauses_goes_on_once_the_records_are_accepted(ops: Ops, world: World) -> None:
    """Given poison of more jobs than may fail alike, in one delivery, then none is set aside until somebody has looked."""
    together = [job for job in range(1, 100) if partition_of(bad(job, job).key, 4) == 0][:5]
    async with reading(world, OutageLimit(alike_max=3)) as group:
        await world.bus.publish([bad(job, 10 * job) for job in together])

        await until(lambda: bool(group.letters.held_by), "pausing")
        reason = await group.bus.probe()
        empty = await ops("dlq", "list", "--json")
        held_by = str(group.letters.held_by)
        accepted = await ops(
            "dlq", "accept", GROUP, held_by, "--apply", "--json", "--actor", "ann", "--reason", "they are garbage"
        )
        deed = await ops("operations", "show", accepted.document["operation"], "--json")
        await until(lambda: group.letters.total == 5, "setting all aside")

    assert reason is not None
    assert (reason.code, reason.about["jobs"]) == ("many_fail_alike", 5)
    assert (empty.code, empty.document["letters"], accepted.code) == (0, [], 0)
    told = deed.document
    assert (told["verb"], told["state"], told["actor"]) == ("dlq accept", "done", "ann")
    assert (told["reason"], told["arguments"]) == ("they are garbage", {"group": GROUP, "fingerprint": held_by})


async def test_verbs_say_what_is_wrong(ops: Ops, world: World) -> None:
    unknown = await ops("dlq", "list", "--group", "nobody")
    missing = await ops("dlq", "show", f"{GROUP}:99")
    no_id = await ops("dlq", "show", "nonsense")
    nothing = await ops("dlq", "redrive", "--json")
    no_reason = await ops("dlq", "redrive", "--apply")

    assert (unknown.code, missing.code, no_id.code) == (3, 3, 2)
    assert "result-validation" in unknown.err
    assert (nothing.code, nothing.document["targets"], no_reason.code) == (0, 0, 2)
