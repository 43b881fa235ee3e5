"""Kafka's own locks on a real broker: who may write and read what, and everything else is denied.

The tables below are written by hand, not taken from the channel table: they say what is believed about it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka import errors as kafka
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]
from pydantic import SecretStr

from queuebit_contracts.channels import BY_TOPIC
from queuebit_runtime.access.admin import apply_rules
from queuebit_runtime.access.login import refusal
from queuebit_runtime.access.rules import Rule, access_rules
from queuebit_runtime.access.settings import KafkaAccess, access_env, client_options
from queuebit_runtime.bus.kafka.bus import KafkaBus
from queuebit_runtime.bus.kafka.settings import KafkaSettings
from queuebit_runtime.errors import AccessDenied, LoginRefused
from tests.contract.bus.bus_under_test import Collector, reads, say
from tests.integration.runtime.locked_kafka import (
    CLASSICAL,
    CONTROL,
    DOWNSTREAM,
    GATEWAY,
    PRINCIPALS,
    QUANTUM,
    STRANGER,
    UPSTREAM,
    VALIDATION,
    Locked,
)  # fmt: skip

TIERS = ("interactive", "batch", "scheduled")

WRITERS: dict[str, set[str]] = {
    "jobs.submitted": {UPSTREAM},
    "jobs.admitted": {GATEWAY},
    "jobs.large": {GATEWAY, CONTROL},
    **{f"jobs.queued.quantum.{tier}": {CONTROL} for tier in TIERS},
    **{f"jobs.queued.classical.{tier}": {CONTROL} for tier in TIERS},
    "jobs.executions": {QUANTUM, CLASSICAL},
    "jobs.validations": {VALIDATION},
    "jobs.completed": {CONTROL},
    "jobs.failed": {CONTROL},
    "jobs.invalidated": {CONTROL},
    "jobs.compensations": {CONTROL},
    "jobs.lifecycle": {CONTROL},
    "backends.status": {QUANTUM},
    "control.commands": {GATEWAY, CONTROL},
    "jobs.decisions": {GATEWAY, CONTROL},
    "jobs.outcomes": {GATEWAY, UPSTREAM, DOWNSTREAM},
    "dlq.control-plane": {CONTROL},
    "dlq.control-plane.large": {CONTROL},
    "dlq.control-plane.relay": {CONTROL},
    **{f"dlq.quantum-adapter.{tier}": {QUANTUM} for tier in TIERS},
    **{f"dlq.classical-solver.{tier}": {CLASSICAL} for tier in TIERS},
    "dlq.result-validation": {VALIDATION},
}
READERS: dict[str, set[str]] = {
    "jobs.submitted": {CONTROL},
    "jobs.admitted": {CONTROL},
    "jobs.large": {CONTROL},
    **{f"jobs.queued.quantum.{tier}": {QUANTUM} for tier in TIERS},
    **{f"jobs.queued.classical.{tier}": {CLASSICAL} for tier in TIERS},
    "jobs.executions": {CONTROL, VALIDATION},
    "jobs.validations": {CONTROL},
    "jobs.completed": {DOWNSTREAM},
    "jobs.failed": {DOWNSTREAM},
    "jobs.invalidated": {DOWNSTREAM},
    "jobs.compensations": {DOWNSTREAM},
    "jobs.lifecycle": {DOWNSTREAM},
    "backends.status": {CONTROL},
    "control.commands": {CONTROL, QUANTUM, CLASSICAL},
    "jobs.decisions": {CONTROL},
    "jobs.outcomes": {CONTROL},
    "dlq.control-plane": {CONTROL},
    "dlq.control-plane.large": {CONTROL},
    "dlq.control-plane.relay": set(),
    **{f"dlq.quantum-adapter.{tier}": {QUANTUM} for tier in TIERS},
    **{f"dlq.classical-solver.{tier}": {CLASSICAL} for tier in TIERS},
    "dlq.result-validation": {VALIDATION},
}
GROUPS: dict[str, set[str]] = {
    "control-plane": {CONTROL},
    "quantum-adapter.batch": {QUANTUM},
    "classical-solver.interactive": {CLASSICAL},
    "result-validation": {VALIDATION},
    "gateway": {GATEWAY},
    "downstream": {DOWNSTREAM},
    "downstream-billing": {DOWNSTREAM},
    "anything": set(),
}


async def writes(locked: Locked, user: str) -> set[str]:
    """The topics that the user can write to; each refusal must be the broker's."""
    done = set()
    async with AIOKafkaProducer(**client_options(locked.access(user)), acks="all") as producer:
        for topic in BY_TOPIC:
            try:
                await producer.send_and_wait(locked.topic(topic), b"{}", key=b"k", partition=0)
                done.add(topic)
            except kafka.TopicAuthorizationFailedError:
                pass
    return done


async def reads_of(locked: Locked, user: str) -> set[str]:
    """The topics that the user can read; each holds a record, and each refusal must be the broker's."""
    done = set()
    for topic in BY_TOPIC:
        options = client_options(locked.access(user))
        consumer = AIOKafkaConsumer(locked.topic(topic), **options, auto_offset_reset="earliest")
        try:
            await consumer.start()
            await asyncio.wait_for(consumer.getone(), 60)
            done.add(topic)
        except kafka.TopicAuthorizationFailedError:
            pass
        finally:
            await consumer.stop()
    return done


async def test_each_principal_writes_and_reads_what_it_is_for_and_nothing_else(locked: Locked) -> None:
    assert set(WRITERS) == set(READERS) == set(BY_TOPIC)
    # As the broker's owner, so that there is something to read everywhere.
    assert await writes(locked, "admin") == set(BY_TOPIC)
    written = dict(zip(PRINCIPALS, await asyncio.gather(*(writes(locked, user) for user in PRINCIPALS)), strict=True))
    read = dict(zip(PRINCIPALS, await asyncio.gather(*(reads_of(locked, user) for user in PRINCIPALS)), strict=True))

    assert {topic: {user for user in PRINCIPALS if topic in written[user]} for topic in BY_TOPIC} == WRITERS
    assert {topic: {user for user in PRINCIPALS if topic in read[user]} for topic in BY_TOPIC} == READERS


async def test_each_group_belongs_to_its_principal(locked: Locked) -> None:
    """Where a group stands can be asked by its owner only, and so be changed."""

    async def groups_of(user: str) -> set[str]:
        done = set()
        admin = AIOKafkaAdminClient(**client_options(locked.access(user)))
        await admin.start()
        try:
            for group in GROUPS:
                try:
                    await admin.list_consumer_group_offsets(locked.topic(group))
                    done.add(group)
                except kafka.GroupAuthorizationFailedError:
                    pass
        finally:
            await admin.close()
        return done

    found = dict(zip(PRINCIPALS, await asyncio.gather(*(groups_of(user) for user in PRINCIPALS)), strict=True))
    assert {group: {user for user in PRINCIPALS if group in found[user]} for group in GROUPS} == GROUPS


@pytest.mark.parametrize("user", [UPSTREAM, DOWNSTREAM, STRANGER])
@pytest.mark.parametrize("topic", ["jobs.executions", "jobs.validations", "jobs.completed", "control.commands"])
async def test_an_outsider_cannot_say_what_a_job_came_to(locked: Locked, user: str, topic: str) -> None:
    """As a usual producer does it: idempotent, all acknowledged."""
    refused = (kafka.TopicAuthorizationFailedError, kafka.ClusterAuthorizationFailedError)
    with pytest.raises(refused):
        async with AIOKafkaProducer(**client_options(locked.access(user)), enable_idempotence=True) as producer:
            await producer.send_and_wait(locked.topic(topic), b"{}", key=b"k")


async def test_the_rules_are_set_once_and_setting_them_again_changes_nothing(locked: Locked) -> None:
    assert ", of which new 0; withdrawn 0" not in locked.said
    assert ", of which new 0; withdrawn 0" in locked.said_again
    assert "every topic is there" in locked.said_again


@pytest.mark.parametrize("broadcast", [False, True])
async def test_a_bus_without_the_right_to_read_says_so_instead_of_asking_for_ever(
    locked: Locked, broadcast: bool
) -> None:
    bus = KafkaBus(KafkaSettings(locked.access(UPSTREAM), locked.namespace))
    bus.subscribe(reads(Collector(), topic="jobs.completed", group="downstream", broadcast=broadcast))
    with pytest.raises(AccessDenied) as caught:
        await asyncio.wait_for(bus.start(), 60)
    assert caught.value.transient
    assert "topics --acls" in (caught.value.remedy or "")


async def test_a_bus_without_the_right_to_write_goes_on_with_what_it_may(locked: Locked) -> None:
    bus = KafkaBus(KafkaSettings(locked.access(UPSTREAM), locked.namespace))
    await bus.start()
    try:
        for _ in range(2):
            await bus.publish([say("a", "{}")])
            with pytest.raises(AccessDenied):
                await bus.publish([say("a", "{}", topic="jobs.validations")])
        await bus.publish([say("a", "{}")])
    finally:
        await bus.stop()


async def test_a_right_that_is_taken_away_and_given_back_needs_no_restart(locked: Locked) -> None:
    """Given a running bus, when the table no longer lets it write, then it is refused; when it does again, it goes on."""
    rules = access_rules(locked.namespace)
    lost = Rule(UPSTREAM, "write", "topic", locked.topic("jobs.submitted"))
    bus = KafkaBus(KafkaSettings(locked.access(UPSTREAM), locked.namespace))
    await bus.start()
    try:
        await bus.publish([say("a", "{}")])
        # Another principal keeps the topic in the table.
        others = [Rule("admin" if rule == lost else rule.principal, *astuple(rule)[1:]) for rule in rules]
        admin = locked.stack.access()
        assert await asyncio.to_thread(apply_rules, admin, [*others, Rule(UPSTREAM, "write", "topic", "none")]) == (
            2,
            1,
        )
        await eventually(bus, AccessDenied)
        assert await asyncio.to_thread(apply_rules, admin, rules) == (1, 0)
        await eventually(bus, None)
    finally:
        await bus.stop()


async def eventually(bus: KafkaBus, error: type[Exception] | None) -> None:
    """Publish until the broker has learned the new rules, and that is what comes of it."""
    deadline = time.monotonic() + 60
    while True:
        try:
            await bus.publish([say("a", "{}")])
            found = None
        except AccessDenied as refused:
            found = type(refused)
        if found == error:
            return
        assert time.monotonic() < deadline, f"publishing gives {found}, not {error}"
        await asyncio.sleep(0.05)


def wrong(access: KafkaAccess) -> dict[str, KafkaAccess]:
    plain = KafkaAccess(kafka=access.kafka)
    return {
        "the user gateway": access.model_copy(update={"kafka_password": SecretStr("guessed")}),
        "the user nobody": access.model_copy(update={"kafka_username": "nobody"}),
        "a client without a user": plain,
    }


@pytest.mark.parametrize("who", ["the user gateway", "the user nobody", "a client without a user"])
async def test_who_is_not_known_is_not_let_in_and_that_is_told_from_a_dead_broker(locked: Locked, who: str) -> None:
    access = wrong(locked.access(GATEWAY))[who]
    with pytest.raises(LoginRefused, match=who) as caught:
        await KafkaBus(KafkaSettings(access)).start()
    assert not caught.value.transient
    assert "guessed" not in str(caught.value)
    assert await refusal(KafkaAccess(kafka="127.0.0.1:1")) is None


async def test_a_service_with_a_wrong_password_ends_at_once_and_names_the_variables(
    locked: Locked, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("guessed")
    access = locked.access(VALIDATION).model_copy(update={"kafka_password": None, "kafka_password_file": file})
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "queuebit_result_validation"),
        env={**os.environ, **access_env(access)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 120)
    lines: list[dict[str, Any]] = [json.loads(line) for line in output.decode().splitlines() if line.startswith("{")]
    assert process.returncode == 8, output.decode()
    (said,) = [str(line) for line in lines if "cannot start" in str(line)]
    assert "does not let the user result-validation in" in said
    assert "QUEUEBIT_KAFKA_PASSWORD" in said
    assert "guessed" not in output.decode()
