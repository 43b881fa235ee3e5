"""schemas/asyncapi.json is valid AsyncAPI 3.0 to tools that we did not write, and its examples fit what it says of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from queuebit_contracts.channels import CHANNELS
from queuebit_contracts.envelope import decode
from tests.contract.documents.outside import HERE, SCHEMAS, NodeTools

ASYNCAPI = SCHEMAS / "asyncapi.json"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ASYNCAPI.read_text())
    return found


def test_every_example_fits_its_headers_and_its_payload_and_is_read(document: dict[str, Any]) -> None:
    components = document["components"]
    for name, message in components["messages"].items():
        traits = components["messageTraits"]["cloudEvent"]
        headers = message.get("headers") or traits["headers"]
        for example in message["examples"]:
            Draft7Validator(headers).validate(example["headers"])
            if file := message["payload"].get("$ref"):
                Draft202012Validator(json.loads((SCHEMAS / file).read_text())).validate(example["payload"])
                read = decode(
                    [(key, value.encode()) for key, value in example["headers"].items()],
                    json.dumps(example["payload"]).encode(),
                )
                assert read.type == name


def test_every_writer_and_reader_has_an_operation_and_neighbours_too(document: dict[str, Any]) -> None:
    ours = {
        f"{service}.{action}.{channel.topic}"
        for channel in CHANNELS
        for action, services in (("send", channel.writers), ("receive", channel.readers))
        for service in services
    }
    neighbours = {f"downstream.receive.jobs.{name}" for name in ("completed", "failed", "invalidated", "lifecycle")}

    told = {"upstream.send.jobs.submitted", "upstream.send.jobs.outcomes", "downstream.send.jobs.outcomes"}

    assert set(document["operations"]) == ours | neighbours | told


@pytest.mark.contract
def test_spectral_finds_nothing_in_asyncapi(node_tools: NodeTools) -> None:
    done = node_tools.run(
        "spectral", "lint", "--ruleset", "spectral-asyncapi.yaml", "--fail-severity", "hint", str(ASYNCAPI)
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.contract
def test_the_official_parser_finds_nothing_but_that_there_is_a_newer_version(
    node_tools: NodeTools, document: dict[str, Any]
) -> None:
    done = node_tools.script(HERE / "parse_asyncapi.cjs", str(ASYNCAPI))
    said = json.loads(done.stdout)

    assert {each["code"] for each in said["diagnostics"]} == {"asyncapi-latest-version"}, said
    assert said["operations"] == sorted(document["operations"])
    assert said["withoutExamples"] == []
