"""Messages as other people's libraries write them: what CloudEvents allow is read, and what is wrong is named."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts.channels import RECORD_BYTES_MAX
from queuebit_contracts.envelope import (
    Envelope,
    decode,
    decode_data,
    encode_data,
    encode_headers,
    from_structured,
    to_structured,
)
from queuebit_contracts.errors import ContractError, InvalidData, MalformedEnvelope
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.outcomes import OutcomeReported
from queuebit_contracts.structured import BATCH_BYTES_MAX, BATCH_EVENTS_MAX, split_batch
from tests.builders import JOB_ID, NOW, a_request

SENT = Envelope(
    UUID("01900000-0000-7000-8000-000000000001"), "/orders", str(JOB_ID), NOW, JobSubmitted(request=a_request()), "acme"
)
VALUE = encode_data(SENT.data)
HEADERS = dict(encode_headers(SENT))
DOCUMENT = to_structured(SENT)
CLOUDEVENTS = {"content-type": b"application/cloudevents+json"}


def structured(headers: dict[str, bytes] | None = None, **changes: Any) -> Envelope:
    document = {name: value for name, value in {**DOCUMENT, **changes}.items() if value is not None}
    return decode(CLOUDEVENTS if headers is None else headers, json.dumps(document).encode())


def refused(headers: dict[str, bytes], value: bytes) -> tuple[type[ContractError], list[str]]:
    with pytest.raises(ContractError) as caught:
        decode(headers, value)
    assert caught.value.remedy
    return type(caught.value), [field.pointer for field in caught.value.fields]


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": b"application/cloudevents+json"},
        {"content-type": b"application/cloudevents+json; charset=utf-8"},
        {"content-type": b"Application/CloudEvents+JSON;charset=UTF-8;profile=x"},
        {"content-type": b"application/cloudevents"},
        {"Content-Type": b"application/cloudevents+json"},
        {"content-type": b"application/json"},
        {},
        {"x-request-id": b"\xff\xfe"},
        {**HEADERS, "content-type": b"application/cloudevents+json"},
    ],
    ids=lambda headers: str(dict(list(headers.items())[:2])),
)
def test_structured_mode_is_known_by_its_content_type_or_by_the_lack_of_attributes(headers: dict[str, bytes]) -> None:
    assert structured(headers) == SENT


@pytest.mark.parametrize(
    "headers",
    [
        {name.upper(): value for name, value in HEADERS.items()},
        {f"Ce_{name[3:]}" if name[:3] == "ce_" else "Content-Type": value for name, value in HEADERS.items()},
        {**HEADERS, "content-type": b"application/json; charset=utf-8"},
        {**HEADERS, "content-type": b"\xff"},
        {**HEADERS, "x-trace": b"\xff\xfe", "b3": b"\x80", "partition": b""},
        {**HEADERS, "traceparent": b"\xff"},
        {**HEADERS, "ce_dataschema": b"\xff", "ce_datacontenttype": b"application/json"},
        {**HEADERS, "CE_ID": b"another", "Ce_Tenant": b"another"},
        {**HEADERS, "ce_specversion": b"1.1"},
    ],
    ids=range(9),
)
def test_names_are_read_in_any_case_and_what_is_foreign_is_passed_over(headers: dict[str, bytes]) -> None:
    assert decode(headers, VALUE) == SENT


def test_no_value_of_a_header_is_percent_decoded() -> None:
    """The Kafka binding says UTF-8, and nothing of percent signs, unlike the binding for HTTP."""
    read = decode({**HEADERS, "ce_source": "/caf%C3%A9/é".encode()}, VALUE)
    assert read.source == "/caf%C3%A9/é"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-01t00:00:00z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T00:00:00.123456789Z", datetime(2026, 1, 1, microsecond=123456, tzinfo=UTC)),
        ("2026-01-01T02:00:00+02:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_every_time_of_rfc_3339_is_read(text: str, time: datetime) -> None:
    assert structured(time=text).time == time
    assert decode({**HEADERS, "ce_time": text.encode()}, VALUE).time == time


def test_a_message_without_a_time_has_that_of_its_record() -> None:
    """Given no time, then the record's counts; where that is not known either, the time is missing."""
    untimed = {name: value for name, value in HEADERS.items() if name != "ce_time"}
    document = json.dumps({name: value for name, value in DOCUMENT.items() if name != "time"}).encode()

    for headers, value, field in ((untimed, VALUE, "/ce_time"), (CLOUDEVENTS, document, "/time")):
        read = decode(headers, value, timestamp_ms=1_767_225_600_000)
        assert read == SENT._replace(time=datetime(2026, 1, 1, tzinfo=UTC))
        for unknown in (0, -1, 10**18):
            with pytest.raises(MalformedEnvelope) as caught:
                decode(headers, value, timestamp_ms=unknown)
            assert [each.pointer for each in caught.value.fields] == [field]


@pytest.mark.parametrize(
    "changes",
    [
        {"data": None, "data_base64": base64.b64encode(VALUE).decode()},
        {"data": VALUE.decode()},
        {"specversion": "1.1"},
        {"time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json; charset=utf-8"},
        {"dataschema": ["odd"], "partitionkey": 7, "extra": {"a": 1}},
    ],
    ids=["base64", "text", "1.1", "datacontenttype", "extensions"],
)
def test_data_and_attributes_are_read_however_the_sdks_write_them(changes: dict[str, Any]) -> None:
    read = structured(**changes)
    assert read._replace(time=NOW) == SENT


@pytest.mark.parametrize(
    ("changes", "error", "pointer"),
    [
        ({"data_base64": base64.b64encode(VALUE).decode()}, MalformedEnvelope, "/data_base64"),
        ({"data": None, "data_base64": "???"}, MalformedEnvelope, "/data_base64"),
        ({"data": None, "data_base64": "e30="}, InvalidData, "/request"),
        ({"data": None, "data_base64": base64.b64encode(b"\xff").decode()}, InvalidData, ""),
        ({"data": None}, InvalidData, ""),
        ({"data": {"request": {}}}, InvalidData, "/request/tenant"),
        ({"data": "{"}, InvalidData, ""),
        ({"specversion": "0.3"}, MalformedEnvelope, "/specversion"),
        ({"specversion": "2.0"}, MalformedEnvelope, "/specversion"),
        ({"specversion": 1}, MalformedEnvelope, "/specversion"),
        ({"id": True}, MalformedEnvelope, "/id"),
        ({"id": ["x"]}, MalformedEnvelope, "/id"),
        ({"time": 7}, MalformedEnvelope, "/time"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], error: type[ContractError], pointer: str) -> None:
    document = {name: value for name, value in {**DOCUMENT, **changes}.items() if value is not None}
    kind, fields = refused(CLOUDEVENTS, json.dumps(document).encode())
    assert (kind, fields[0]) == (error, pointer)


@pytest.mark.parametrize("kind", [b"avro", b"xml", b"protobuf; charset=utf-8"])
def test_another_event_format_is_named(kind: bytes) -> None:
    headers = {"content-type": b"application/cloudevents+" + kind}
    assert refused(headers, b"{}") == (MalformedEnvelope, ["/content-type"])


@pytest.mark.parametrize(
    "value",
    [
        b"[" * 500,
        b'{"id": ' + b"9" * 480 + b"}",
        b'{"data": ' + b"[" * 200 + b"]" * 200 + b"}",
        b'{"id": "\\ud800"}',
        b'\xef\xbb\xbf{"id": 1}',
        b'{"data_base64": "' + b"A" * RECORD_BYTES_MAX,
        b'{"streamversion": ' + b"9" * 4_000_000 + b"}",
    ],
    ids=range(7),
)
def test_no_value_costs_more_than_a_refusal(value: bytes) -> None:
    with pytest.raises(MalformedEnvelope):
        from_structured(value)


@pytest.mark.parametrize(
    "value",
    [
        b"{}",
        b"[",
        b"7",
        json.dumps([DOCUMENT] * (BATCH_EVENTS_MAX + 1)).encode(),
        b'["' + b"x" * BATCH_BYTES_MAX + b'"]',
    ],
    ids=["object", "cut", "number", "many", "large"],
)
def test_what_is_no_batch_of_a_bounded_size_is_no_batch(value: bytes) -> None:
    assert split_batch(value) is None
    headers = {"content-type": b"application/cloudevents-batch+json; charset=utf-8"}
    assert refused(headers, value) == (MalformedEnvelope, ["/content-type"])


def test_a_batch_is_split_exactly() -> None:
    value = b'[{"a": 1180591620717411303425}, 7, "x"]'
    assert split_batch(value) == [b'{"a":1180591620717411303425}', b"7", b'"x"']
    assert split_batch(b"[]") == []


@pytest.mark.parametrize("flag", [True, False, "3"])
@pytest.mark.parametrize("field", ["budget_s", "latency_budget_s", "seed"])
def test_neither_a_flag_nor_a_text_is_a_number_of_a_request(field: str, flag: object) -> None:
    """Given a writer that says yes where a number stands, then nothing is made of it, and the field is named."""
    request = {**DOCUMENT["data"]["request"], field: flag}
    said = json.dumps({**DOCUMENT, "data": {"request": request}}).encode()

    assert refused(CLOUDEVENTS, said) == (InvalidData, [f"/request/{field}"])


@pytest.mark.parametrize("flag", [True, False, "3"])
def test_neither_a_flag_nor_a_text_is_what_an_answer_came_to(flag: object) -> None:
    with pytest.raises(InvalidData) as caught:
        decode_data(OutcomeReported, json.dumps({"acted": True, "objective": flag}).encode())

    assert {field.pointer.split("/")[1] for field in caught.value.fields} == {"objective"}


@pytest.mark.parametrize("number", [3, 3.0, -2.5, 2**70])
def test_whole_and_broken_numbers_are_what_an_answer_came_to(number: float) -> None:
    said = decode_data(OutcomeReported, json.dumps({"acted": True, "objective": number}).encode())

    assert isinstance(said, OutcomeReported)
    assert (said.objective, type(said.objective)) == (number, type(number))
