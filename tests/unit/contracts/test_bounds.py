"""What one record may hold: whatever is too long or too large is named, cut or ignored, and never passed on."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import orjson
import pytest

from queuebit_contracts.envelope import Envelope, decode, decode_data, encode_data, encode_headers, from_structured
from queuebit_contracts.envelope import to_structured as structured
from queuebit_contracts.errors import InvalidData, MalformedEnvelope
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.jobs import is_tenant_name
from queuebit_control_plane.handler import InboundCommand
from queuebit_control_plane.inbound.admission import refuse
from queuebit_control_plane.inbound.reading import rejection_of
from queuebit_problems.admission import admit
from queuebit_problems.errors import InvalidStatement
from queuebit_runtime.bus.port import Record
from tests.builders import JOB_ID, NOW, a_request

CAUSE = UUID("01900000-0000-7000-8000-000000000001")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SENT = Envelope(CAUSE, "/test", str(JOB_ID), NOW, JobSubmitted(request=a_request()), "acme")
NINES = 10**400 - 1
STRUCTURED = [("content-type", b"application/cloudevents+json")]


def data(**changes: Any) -> bytes:
    request = {"tenant": "acme", "problem": {"kind": "maxcut", "statement": {}}, **changes.pop("request", {})}
    return json.dumps({"request": request, **changes}).encode()


def refused(value: bytes) -> InvalidData:
    with pytest.raises(InvalidData) as caught:
        decode_data(JobSubmitted, value)
    return caught.value


@pytest.mark.parametrize("number", [NINES, -NINES, 2**63, -(2**63) - 1, float("inf"), float("nan")])
@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_a_number_that_not_every_reader_keeps_is_no_parameter(mode: str, number: float) -> None:
    value = data(request={"params": {"a": number}})
    headers = encode_headers(SENT)
    if mode == "structured":
        headers = STRUCTURED
        value = json.dumps({**structured(SENT), "data": json.loads(value)}).encode()

    with pytest.raises(InvalidData) as caught:
        decode(headers, value)

    assert [field.pointer for field in caught.value.fields] == ["/request/params/a"]
    assert caught.value.remedy


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), True, 0.5, 1.0, -1e308, "x" * 1000, ""])
def test_a_parameter_is_kept_as_it_is_written(value: Any) -> None:
    document = {**structured(SENT), "data": json.loads(data(request={"params": {"a": value}}))}

    binary = decode(encode_headers(SENT), data(request={"params": {"a": value}}))
    (kept,) = binary.data.request.params.values()  # type: ignore[union-attr]

    assert (type(kept), kept) == (type(value), value)
    assert from_structured(json.dumps(document).encode()) == binary
    assert orjson.loads(encode_data(binary.data))["request"]["params"] == {"a": value}


@pytest.mark.parametrize("value", [None, [1], {"b": 1}, "x" * 1001])
def test_a_parameter_that_is_none_is_named_once(value: Any) -> None:
    error = refused(data(request={"params": {"a": value}}))
    assert [field.pointer for field in error.fields] == ["/request/params/a"]


@pytest.mark.parametrize("name", ["seed", "budget_s", "latency_budget_s", "deadline"])
def test_no_number_of_a_request_is_beyond_what_is_finite(name: str) -> None:
    assert refused(data(request={name: NINES})).fields[0].pointer == f"/request/{name}"


@pytest.mark.parametrize("number", [NINES, 2**70])
@pytest.mark.parametrize("kind", ["number_partitioning", "maxcut", "qubo"])
def test_no_statement_holds_a_number_beyond_what_is_finite(kind: str, number: int) -> None:
    statement = {
        "number_partitioning": {"numbers": [1, number]},
        "maxcut": {"nodes": 2, "edges": [[0, 1, number]]},
        "qubo": {"variables": 1, "terms": [[0, 0, 1]], "offset": number},
    }[kind]
    asked = decode_data(JobSubmitted, data(request={"problem": {"kind": kind, "statement": statement}}))
    assert isinstance(asked, JobSubmitted)

    with pytest.raises(InvalidStatement):
        admit(asked.request)


def test_structured_mode_keeps_a_statement_exact() -> None:
    value = data(request={"problem": {"kind": "maxcut", "statement": {"nodes": 2**70 + 1}}})

    read = from_structured(json.dumps({**structured(SENT), "data": json.loads(value)}).encode())

    assert read == decode(encode_headers(SENT), value)


@pytest.mark.parametrize("key", ["", "a b", "a\x1fb", "a\x00", "k\n", "é", "x" * 256, "x" * 10_000])
def test_an_idempotency_key_is_short_and_visible(key: str) -> None:
    assert [field.pointer for field in refused(data(idempotency_key=key)).fields] == ["/idempotency_key"]


def test_a_long_name_is_cut_where_it_is_told() -> None:
    error = refused(data(request={"~" * 2_500_000: 1, **{f"x{number}": 1 for number in range(100)}}))
    rejection = rejection_of(CAUSE, error)

    assert rejection.field.startswith("/request/~0~0")
    assert rejection.field.endswith("…")
    assert (len(error.fields), len(rejection.field)) == (20, 200)
    assert len(encode_data(rejection)) < 5_000


def test_what_a_kind_says_is_cut() -> None:
    rejection = rejection_of(CAUSE, InvalidStatement("x" * 3_000_000, remedy="y" * 3_000_000))
    assert (len(rejection.detail), len(rejection.remedy)) == (2000, 2000)


@pytest.mark.parametrize("tenant", ["x" * 10_000, "x" * 64, "a\x1fb", "a\x00", "Acme", "acme\n", ""])
def test_the_tenant_of_a_refusal_is_a_name_or_unknown(tenant: str) -> None:
    rejection = rejection_of(CAUSE, refused(b"{}"))
    record = Record("jobs.submitted", 0, 0, b"", b"{}", ())
    question = Envelope(CAUSE, "/a", "", NOW, JobSubmitted(request=a_request()))

    def a_command(name: str) -> InboundCommand:
        return refuse(question, rejection, name, record)

    assert not is_tenant_name(tenant)
    assert (a_command(tenant).tenant, a_command("acme").tenant) == ("unknown", "acme")


def pointers(headers: list[tuple[str, bytes]], value: bytes) -> list[str]:
    with pytest.raises(MalformedEnvelope) as caught:
        decode(headers, value)
    return [field.pointer for field in caught.value.fields]


@pytest.mark.parametrize("name", ["id", "source", "subject", "tenant", "type", "time", "replayid"])
def test_a_long_attribute_is_named(name: str) -> None:
    document = {**structured(SENT), name: "x" * 1025}

    assert pointers([*encode_headers(SENT), (f"ce_{name}", b"x" * 1025)], data()) == [f"/ce_{name}"]
    assert pointers(STRUCTURED, json.dumps(document).encode()) == [f"/{name}"]


def test_other_headers_may_be_long() -> None:
    assert decode([*encode_headers(SENT), ("tracestate", b"x" * 5000)], encode_data(SENT.data)) == SENT


def test_a_long_stream_version_is_named() -> None:
    document = {**structured(SENT), "streamversion": NINES}

    assert pointers([*encode_headers(SENT), ("ce_streamversion", b"9" * 5000)], data()) == ["/ce_streamversion"]
    assert pointers(STRUCTURED, json.dumps(document).encode()) == ["/streamversion"]


@pytest.mark.parametrize(
    "trace", ["", "x" * 55, "00-" + "0" * 52, f"{TRACE}\x1f", f"{TRACE[:-1]}\x00", TRACE.upper(), TRACE * 80_000]
)
def test_what_is_no_traceparent_is_ignored(trace: str) -> None:
    sound = SENT._replace(traceparent=TRACE)
    odd = SENT._replace(traceparent=trace)

    for sent, kept in ((sound, sound), (odd, SENT)):
        assert decode(encode_headers(sent), encode_data(sent.data)) == kept
        assert from_structured(orjson.dumps(structured(sent))) == kept


def test_media_types_are_the_same_in_capitals() -> None:
    headers = [("content-type", b"Application/CloudEvents+JSON; charset=UTF-8")]
    assert decode(headers, orjson.dumps(structured(SENT))) == SENT
