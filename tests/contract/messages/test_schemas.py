"""What is committed under `schemas/` is what the code says, and every version ever shipped is still read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from queuebit_contracts.channels import BY_TOPIC
from queuebit_contracts.envelope import from_structured, to_structured
from queuebit_contracts.registry import REGISTRY
from queuebit_workbench.schemas import documents

SCHEMAS = Path(__file__).parents[3] / "schemas"
EXAMPLES = SCHEMAS / "examples"
SHIPPED = SCHEMAS / "shipped"
RECORDED = sorted(EXAMPLES.glob("*.json"))


def test_the_committed_files_are_what_the_models_say() -> None:
    committed = {
        path.relative_to(SCHEMAS).as_posix(): path.read_text()
        for path in SCHEMAS.rglob("*.json")
        if path.parent not in (EXAMPLES, SHIPPED)
    }

    assert committed == documents(EXAMPLES), "run `make schemas` and commit what it wrote"


def test_no_recorded_example_was_changed_or_removed() -> None:
    rows = (line.split("  ") for line in (EXAMPLES / "checksums.txt").read_text().splitlines())
    listed = {name: checksum for checksum, name in rows}

    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in RECORDED} == listed


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_example_is_still_read_and_says_the_same(path: Path) -> None:
    recorded = json.loads(path.read_bytes())

    assert to_structured(from_structured(path.read_bytes())) == recorded


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_example_fits_its_schema(path: Path) -> None:
    recorded = json.loads(path.read_bytes())
    name = recorded["type"].removeprefix("io.queuebit.")
    assert path.stem.split("+")[0] == name
    (schema,) = [found for found in SCHEMAS.glob(f"*/{name}.json") if found.parent not in (EXAMPLES, SHIPPED)]

    Draft202012Validator(json.loads(schema.read_text())).validate(recorded["data"])


def test_every_message_has_an_example() -> None:
    assert {path.stem.split("+")[0] for path in RECORDED} == {
        name.removeprefix("io.queuebit.") for name in REGISTRY.known
    }


def test_asyncapi_refers_to_what_is_there() -> None:
    document = json.loads((SCHEMAS / "asyncapi.json").read_text())

    def check(node: Any) -> None:
        if isinstance(node, dict):
            target = node.get("$ref")
            if isinstance(target, str) and target.startswith("#/"):
                found: Any = document
                for part in target[2:].split("/"):
                    found = found[part]
            elif isinstance(target, str):
                assert (SCHEMAS / target).is_file(), target
            for value in node.values():
                check(value)
        elif isinstance(node, list):
            for value in node:
                check(value)

    check(document)
    assert document["asyncapi"] == "3.0.0"
    assert set(document["channels"]) == set(BY_TOPIC)


def test_a_newer_field_in_an_event_does_not_stop_an_older_reader() -> None:
    recorded = json.loads((EXAMPLES / "JobCompleted.v1.json").read_bytes())
    newer = {**recorded, "data": {**recorded["data"], "added_later": {"x": 1}}}

    assert to_structured(from_structured(orjson.dumps(newer))) == recorded
