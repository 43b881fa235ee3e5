"""Records are read strictly: what is wrong is named, with the remedy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuebit_contracts.channels import RECORD_BYTES_MAX
from queuebit_contracts.commands import CancelJob
from queuebit_contracts.data import Data
from queuebit_contracts.envelope import (
    Envelope,
    decode,
    encode_data,
    encode_headers,
    from_structured,
    rfc3339,
    to_structured,
)
from queuebit_contracts.errors import ContractError, InvalidData, MalformedEnvelope, UnknownType
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.registry import REGISTRY
from tests.builders import JOB_ID, NOW, a_request, a_success, a_verdict

DATA: list[Data] = [JobSubmitted(request=a_request()), a_success(), a_verdict(), CancelJob(actor="ada")]


def an_envelope(**changes: Any) -> Envelope:
    values: dict[str, Any] = {
        "id": UUID("01900000-0000-7000-8000-000000000001"),
        "source": "/test",
        "subject": str(JOB_ID),
        "time": NOW,
        "data": DATA[0],
        "tenant": "acme",
        **changes,
    }
    return Envelope(**values)


@pytest.mark.parametrize("data", DATA, ids=lambda data: type(data).__name__)
def test_what_is_written_is_read(data: Any) -> None:
    sent = an_envelope(data=data, version=7, traceparent="00-" + "1" * 32 + "-" + "2" * 16 + "-01", replay_id="r1")

    assert decode(encode_headers(sent), encode_data(data)) == sent
    assert from_structured(orjson.dumps(to_structured(sent))) == sent


def test_structured_mode_is_recognised_by_its_content_type() -> None:
    sent = an_envelope()

    assert (
        decode([("content-type", b"application/cloudevents+json; charset=utf-8")], orjson.dumps(to_structured(sent)))
        == sent
    )


def test_any_text_is_an_id_and_the_same_text_gives_the_same_id() -> None:
    headers = dict(encode_headers(an_envelope()))
    first, again = (decode({**headers, "ce_id": b"order-4711"}, encode_data(DATA[0])).id for _ in range(2))
    other = decode({**headers, "ce_id": b"order-4711", "ce_source": b"/else"}, encode_data(DATA[0])).id

    assert first == again != other
    assert first.version == 8


@pytest.mark.parametrize(
    ("changes", "error", "pointer"),
    [
        ({"ce_specversion": None}, MalformedEnvelope, "/ce_specversion"),
        ({"ce_specversion": b"0.3"}, MalformedEnvelope, "/ce_specversion"),
        ({"ce_id": None}, MalformedEnvelope, "/ce_id"),
        ({"ce_source": b""}, MalformedEnvelope, "/ce_source"),
        ({"ce_time": b"yesterday"}, MalformedEnvelope, "/ce_time"),
        ({"ce_time": b"2026-01-01T00:00:00"}, MalformedEnvelope, "/ce_time"),
        ({"ce_type": None}, MalformedEnvelope, "/ce_type"),
        ({"ce_type": b"io.queuebit.JobSubmitted.v99"}, UnknownType, "/ce_type"),
        ({"ce_streamversion": b"-1"}, MalformedEnvelope, "/ce_streamversion"),
        ({"ce_subject": b"\xff"}, MalformedEnvelope, "/ce_subject"),
    ],
)
def test_a_bad_header_is_named(changes: dict[str, bytes | None], error: type[ContractError], pointer: str) -> None:
    headers = {
        name: value for name, value in {**dict(encode_headers(an_envelope())), **changes}.items() if value is not None
    }

    with pytest.raises(error) as caught:
        decode(headers, encode_data(DATA[0]))

    assert caught.value.remedy
    assert [field.pointer for field in caught.value.fields] == [pointer]


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        (b"{", ""),
        (b"[]", ""),
        (b"{}", "/request"),
        (b'{"request": {"tenant": "Not A Name", "problem": {"kind": "maxcut", "statement": {}}}}', "/request/tenant"),
        (b'{"request": {"tenant": "t", "problem": {"kind": "maxcut", "statement": 3}}}', "/request/problem/statement"),
        (
            b'{"request": {"tenant": "t", "lane": "warp", "problem": {"kind": "maxcut", "statement": {}}}}',
            "/request/lane",
        ),
        (
            b'{"request": {"tenant": "t", "budget_s": NaN, "problem": {"kind": "a", "statement": {}}}}',
            "/request/budget_s",
        ),
        (
            b'{"request": {"tenant": "t", "budget_s": -1, "problem": {"kind": "a", "statement": {}}}}',
            "/request/budget_s",
        ),
        (
            b'{"request": {"tenant": "t", "surprise": 1, "problem": {"kind": "a", "statement": {}}}}',
            "/request/surprise",
        ),
    ],
)
def test_bad_data_is_named_without_its_value(value: bytes, pointer: str) -> None:
    with pytest.raises(InvalidData) as caught:
        decode(encode_headers(an_envelope()), value)

    assert caught.value.fields[0].pointer == pointer
    assert "Not A Name" not in str(caught.value)


def test_no_value_and_too_much_value_are_refused() -> None:
    headers = encode_headers(an_envelope())
    for value in (None, b" " * (RECORD_BYTES_MAX + 1)):
        with pytest.raises(MalformedEnvelope):
            decode(headers, value)


@given(st.binary(max_size=200), st.dictionaries(st.text(max_size=20), st.binary(max_size=40), max_size=6))
def test_any_bytes_are_read_or_refused(value: bytes, headers: dict[str, bytes]) -> None:
    with pytest.raises(ContractError):
        decode({**dict(encode_headers(an_envelope())), **headers, "ce_type": b"io.queuebit.ResultValidated.v1"}, value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3),
    )
)
def test_any_structured_json_is_read_or_refused(document: Any) -> None:
    with pytest.raises(ContractError):
        from_structured(
            orjson.dumps({"specversion": "1.0", "type": document, "id": document, "data": document}, default=str)
        )


def test_every_type_has_one_name_and_utc_times_end_in_z() -> None:
    assert len(REGISTRY.known) == len({known.model for known in REGISTRY.known.values()})
    headers = dict(encode_headers(an_envelope(time=datetime(2026, 1, 1, tzinfo=UTC))))
    assert headers["ce_time"] == b"2026-01-01T00:00:00Z"


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)))
def test_times_are_written_in_utc_to_the_microsecond(time: datetime) -> None:
    written = rfc3339(time).decode()

    assert written.endswith("Z")
    assert datetime.fromisoformat(written) == time.astimezone(UTC)
    assert written == time.astimezone(UTC).isoformat().replace("+00:00", "Z")
