"""What the official Python SDK of CloudEvents writes is read: of both generations, in every mode that they have for Kafka."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import orjson
import pytest
from cloudevents.core.bindings import kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1 import kafka as kafka_v1
from cloudevents.v1.http import CloudEvent as CloudEventV1

from queuebit_contracts.envelope import Envelope, decode, encode_data, encode_headers, to_structured
from queuebit_contracts.events import JobSubmitted
from tests.builders import JOB_ID, NOW, a_request

SENT = Envelope(
    UUID("01900000-0000-7000-8000-000000000001"), "/orders", str(JOB_ID), NOW, JobSubmitted(request=a_request()), "acme"
)
DATA: dict[str, Any] = orjson.loads(encode_data(SENT.data))
ATTRIBUTES = {name: value for name, value in to_structured(SENT).items() if name not in ("data", "datacontenttype")}
JSON = {"datacontenttype": "application/json"}


def new(data: Any, *, typed: bool = True) -> CloudEvent:
    return CloudEvent({**ATTRIBUTES, "time": NOW, **(JSON if typed else {})}, data)


def old(data: Any, *, typed: bool = True) -> CloudEventV1:
    return CloudEventV1({**ATTRIBUTES, **(JSON if typed else {})}, data)


WRITERS: dict[str, Callable[[], Any]] = {
    "binary": lambda: kafka.to_binary(new(DATA), JSONFormat()),
    "binary, no content type": lambda: kafka.to_binary(new(DATA, typed=False), JSONFormat()),
    "structured": lambda: kafka.to_structured(new(DATA), JSONFormat()),
    "structured, no content type": lambda: kafka.to_structured(new(DATA, typed=False), JSONFormat()),
    "structured, bytes": lambda: kafka.to_structured(new(orjson.dumps(DATA)), JSONFormat()),
    "version 1, binary": lambda: kafka_v1.to_binary(old(DATA)),
    "version 1, structured": lambda: kafka_v1.to_structured(old(DATA)),
    "version 1, structured, no content type": lambda: kafka_v1.to_structured(old(DATA, typed=False)),
    "version 1, structured, bytes": lambda: kafka_v1.to_structured(old(orjson.dumps(DATA))),
    "version 1, structured, text": lambda: kafka_v1.to_structured(old(DATA), data_marshaller=orjson.dumps),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_what_the_sdk_writes_is_read(writer: str) -> None:
    message = WRITERS[writer]()
    headers: Mapping[str, bytes] = message.headers
    value = message.value if isinstance(message.value, bytes) else message.value.encode()

    assert decode(headers, value) == SENT


def test_the_sdk_reads_what_queuebit_writes() -> None:
    message = kafka.KafkaMessage(dict(encode_headers(SENT)), str(JOB_ID).encode(), encode_data(SENT.data))

    event = kafka.from_kafka(message, JSONFormat())

    assert event.get_data() == DATA
    assert {name: event.get_attributes().get(name) for name in ATTRIBUTES} == {**ATTRIBUTES, "time": NOW}
