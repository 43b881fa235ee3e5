"""What the bus takes of its clients that they do not promise: there in the versions that are allowed, and no others are."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from importlib.metadata import version
from inspect import signature
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]
from aiokafka.consumer import fetcher  # type: ignore[import-untyped]
from aiokafka.consumer.group_coordinator import GroupCoordinator  # type: ignore[import-untyped]
from aiokafka.producer.message_accumulator import BatchBuilder, MessageBatch  # type: ignore[import-untyped]
from aiokafka.record.default_records import _DefaultRecordBatchPy  # type: ignore[import-untyped]
from faststream.kafka import KafkaBroker
from faststream.kafka.configs.broker import KafkaBrokerConfig
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage

from queuebit_runtime.bus.kafka.unpacking import PatientRecords

PROJECT = Path(__file__).parents[3] / "libs" / "runtime" / "pyproject.toml"
CHECKED = {"aiokafka": "0.14", "faststream": "0.7"}
"""The series for which the names below were read. Another one: read decision 0029 and the client's source, then change it."""


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


def test_the_fetcher_unpacks_with_the_classes_that_its_module_names() -> None:
    assert {"MemoryRecords", "PartitionRecords"} <= names_in(fetcher.Fetcher._proc_fetch_request)
    (own,) = PatientRecords.__bases__
    assert {"_records_iterator", "next_fetch_offset", "_tp"} <= names_in(own.__init__)
    assert {"_unpack_records", "_consumer_record"} <= set(vars(own))
    batch = names_in(_DefaultRecordBatchPy.__init__) | names_in(_DefaultRecordBatchPy._maybe_uncompress)
    assert {"_buffer", "_pos", "_num_records"} <= batch


def test_a_batch_is_built_once_and_kept() -> None:
    assert {"_builder", "_buffer"} <= names_in(BatchBuilder._build)
    assert list(signature(BatchBuilder._build).parameters) == ["self"]
    assert "_build" in names_in(MessageBatch.get_data_buffer)


def test_a_member_sends_to_its_group_through_one_function() -> None:
    assert list(signature(GroupCoordinator._send_req).parameters) == ["self", "request"]
    assert {"_coordinator", "_group_id", "_group_instance_id", "_subscription"} <= names_in(AIOKafkaConsumer.__init__)


def test_a_broker_makes_its_consumers_with_the_builder_of_its_settings() -> None:
    assert "builder" in {each.name for each in fields(KafkaBrokerConfig)}
    assert KafkaBroker("nowhere:1").config.broker_config.builder.func is AIOKafkaConsumer  # type: ignore[attr-defined]
    message = KafkaMessage((), b"", correlation_id="-", message_id="-", consumer=FAKE_CONSUMER)
    assert message.committed is not None, "nothing acknowledges it but we"
