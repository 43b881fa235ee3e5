"""The examples do what their page says, in each language whose runtime is here, against the real services."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]

from queuebit_contracts.envelope import decode, encode_data, encode_headers, from_structured, to_structured
from queuebit_contracts.ids import derive_id
from queuebit_devstack.credentials import TENANT
from queuebit_devstack.kafka_users import client_file
from queuebit_devstack.private import write_private
from queuebit_devstack.stack import Stack
from tests.e2e.examples import LANGUAGES, Example, built, ids, lines
from tests.e2e.harness import Platform, eventually

RECORDED = Path(__file__).parents[2] / "schemas" / "examples"
FOREIGN = ("x-trace", b"\xff\xfe")
Sent = tuple[list[tuple[str, bytes]], bytes]


@pytest.fixture(
    params=[pytest.param(each, marks=[] if each == "python" else [pytest.mark.contract]) for each in LANGUAGES]
)
def example(request: pytest.FixtureRequest) -> Example:
    return built(request.param)


def access_file(stack: Stack, user: str, folder: Path) -> str:
    """How `user` reaches Kafka: the file that the stack keeps for outsiders, else one of the same form."""
    kept = client_file(stack.data_dir, user)
    if stack.passwords_file is not None and kept.exists():
        return str(kept)
    access = stack.access(user)
    document: dict[str, object] = {
        "bootstrap_servers": access.kafka,
        "security_protocol": access.kafka_security_protocol,
    }
    if access.uses_sasl and access.kafka_password is not None:
        document["sasl_mechanism"] = access.kafka_sasl_mechanism
        document["sasl_plain_username"] = access.kafka_username
        document["sasl_plain_password"] = access.kafka_password.get_secret_value()
    path = folder / f"{user}.json"
    write_private(path, json.dumps(document))
    return str(path)


def orders(inbox: Path) -> dict[str, list[dict[str, Any]]]:
    """What was acted on, by order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in lines(inbox):
        found.setdefault(line["origin"].get("labels", {}).get("order", ""), []).append(line)
    return found


async def test_orders_become_answers_that_say_whose_they_are(
    queuebit: Platform, example: Example, tmp_path: Path
) -> None:
    """Given orders published twice, in every mode that the SDK has, then each is one job and its answer says which."""
    mine = [f"{example.language}-{number}" for number in range(4)]
    upstream = access_file(queuebit.stack, "upstream", tmp_path)
    downstream = access_file(queuebit.stack, "downstream", tmp_path)
    inbox = tmp_path / "inbox"
    letters = {topic: len(found) for topic, found in queuebit.letters.items()}
    await example.run("publish", upstream, TENANT, *mine[:2])
    await example.run("publish", upstream, TENANT, *mine[1:], "--structured")
    if example.language == "node":
        mine += ["node-4", "node-5"]
        await example.run("publish", upstream, TENANT, *mine[3:], "--batch")

    async with example.running("consume", downstream, str(inbox), f"--group=downstream-{example.language}"):
        await eventually(lambda: set(mine) <= set(orders(inbox)), f"every order of {example.language} is acted on")

    found = orders(inbox)
    assert {order: [(line["type"], line["objective"]) for line in found[order]] for order in mine} == {
        order: [("JobCompleted", 4)] for order in mine
    }
    assert {(found[order][0]["origin"]["event_id"], found[order][0]["origin"]["source"]) for order in mine} == {
        (order, "/orders") for order in mine
    }
    assert len({found[order][0]["job"] for order in mine}) == len(mine)
    assert {topic: len(found) for topic, found in queuebit.letters.items()} == letters


@pytest.fixture
def answers() -> list[Sent]:
    """Recorded ends of jobs as records: two in binary mode, the second with a header of somebody else, one structured."""
    recorded = [from_structured((RECORDED / f"{name}.v1.json").read_bytes()) for name in ("JobCompleted", "JobFailed")]
    records = [([*encode_headers(each), FOREIGN], encode_data(each.data)) for each in recorded]
    third = recorded[0]._replace(id=derive_id(recorded[0].id, "third"))
    records.append(([("content-type", b"application/cloudevents+json")], json.dumps(to_structured(third)).encode()))
    return records


async def test_repeats_are_passed_over_and_poison_is_set_aside(
    stack: Stack, example: Example, tmp_path: Path, answers: list[Sent]
) -> None:
    """Given repeats and poison in gzip, then each end is acted on once, also by a consumer that starts from the beginning."""
    topic = f"examples-{example.language}"
    access = access_file(stack, "admin", tmp_path)
    inbox = tmp_path / "inbox"
    poison = [([], b"\xff"), (answers[0][0], b"{"), ([("content-type", b"application/cloudevents+json")], b"[]")]
    names = [str(decode(headers, value).id) for headers, value in answers]
    admin = AIOKafkaAdminClient(**stack.client())
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    producer = AIOKafkaProducer(**stack.client(), compression_type="gzip")
    async with producer:
        for headers, value in [answers[0], *poison, answers[0], answers[1], answers[0]]:
            await producer.send_and_wait(topic, value, headers=headers, partition=0)
        await example.run("consume", access, str(inbox), "--group=one", f"--topics={topic}", "--until=2")
        first = ids(lines(inbox))
        await producer.send_and_wait(topic, answers[2][1], headers=answers[2][0], partition=0)
    await example.run("consume", access, str(inbox), "--group=two", f"--topics={topic}", "--until=3")

    assert (first, ids(lines(inbox))) == (names[:2], names)
    assert {(each["topic"], each["offset"]) for each in lines(tmp_path / "inbox.poison")} == {
        (topic, offset) for offset in (1, 2, 3)
    }
