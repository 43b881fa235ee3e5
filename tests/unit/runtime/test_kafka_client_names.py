"""What the bus takes of its clients that they do not promise: there in the versions that are allowed, and no others are."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from inspect import signature
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]
from aiokafka.client import AIOKafkaClient  # type: ignore[import-untyped]
from aiokafka.consumer.group_coordinator import GroupCoordinator  # type: ignore[import-untyped]
from aiokafka.producer.message_accumulator import BatchBuilder, MessageBatch  # type: ignore[import-untyped]
from aiokafka.protocol.fetch import FetchRequest, FetchResponse_v11  # type: ignore[import-untyped]

PROJECT = Path(__file__).parents[3] / "libs" / "runtime" / "pyproject.toml"
CHECKED = {"aiokafka": "0.14"}
"""The series for which the names below were read. Another one: read decision 0032 and the client's source, then change it."""


def names_in(function: object) -> set[str]:
    """Every name that the code of a function mentions."""
    code = function.__code__  # type: ignore[attr-defined]
    return {*code.co_names, *code.co_varnames}


@pytest.mark.parametrize("client", CHECKED)
def test_only_versions_that_were_read_are_allowed(client: str) -> None:
    requirements = tomllib.loads(PROJECT.read_text())["project"]["dependencies"]
    (bounds,) = [found[1] for each in requirements if (found := re.match(rf"{client}\[\w+\](.*)", each))]
    major, minor = CHECKED[client].split(".")

    assert bounds.split(",")[-1] == f"<{major}.{int(minor) + 1}"
    assert version(client).rsplit(".", 1)[0] == CHECKED[client]


def test_an_answer_of_a_fetch_ends_with_its_bytes_and_tells_the_aborted_before() -> None:
    """What is read again is taken from the answer by its place."""
    newest = FetchResponse_v11.SCHEMA
    (topics,) = [field for name, field in zip(newest.names, newest.fields, strict=True) if name == "topics"]
    (partitions,) = [field for field in topics.array_of.fields if hasattr(field, "array_of")]
    names = partitions.array_of.names
    assert list(names[:5]) == ["partition", "error_code", "highwater_offset", "last_stable_offset", "log_start_offset"]
    assert (names[5], names[-1]) == ("aborted_transactions", "message_set")
    assert list(signature(FetchRequest.__init__).parameters)[1:6] == [
        "max_wait_time", "min_bytes", "max_bytes", "isolation_level", "topics",
    ]  # fmt: skip


def test_a_batch_is_built_once_and_kept() -> None:
    assert {"_builder", "_buffer"} <= names_in(BatchBuilder._build)
    assert list(signature(BatchBuilder._build).parameters) == ["self"]
    assert "_build" in names_in(MessageBatch.get_data_buffer)


def test_a_member_sends_to_its_group_through_its_client() -> None:
    assert {"_client", "send", "coordinator_dead"} <= names_in(GroupCoordinator._send_req)
    assert list(signature(AIOKafkaClient.send).parameters) == ["self", "node_id", "request", "group"]
    assert {"_coordinator", "_client"} <= names_in(AIOKafkaConsumer.__init__)
    assert {"member_id", "group_id"} <= names_in(GroupCoordinator.__init__)
    assert list(signature(GroupCoordinator.reset_generation).parameters) == ["self"]
