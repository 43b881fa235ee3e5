"""What can be read, what is refused and what is poison."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from queuebit_contracts.channels import CONTROL, EXECUTIONS, SUBMITTED
from queuebit_contracts.commands import CancelJob
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers, to_structured
from queuebit_contracts.errors import InvalidData
from queuebit_contracts.events import JobStarted, JobSubmitted
from queuebit_contracts.jobs import JobRequest, Problem
from queuebit_runtime.bus.dead_letters.burial import DeadLetters
from queuebit_runtime.bus.decoding import Received, Refused, sort_out
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Record
from tests.fakes.moved_clock import START, MovedClock

QUESTION = Envelope(
    id=UUID(int=1),
    source="/upstream",
    subject=str(UUID(int=2)),
    time=datetime(2026, 1, 1, tzinfo=UTC),
    data=JobSubmitted(request=JobRequest(tenant="acme", problem=Problem(kind="maxcut", statement={"nodes": 2}))),
    tenant="acme",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
)
STARTED = JobStarted(attempt_id=UUID(int=3), leg="classical", worker="w", started_at=START)


def a_record(envelope: Envelope = QUESTION, topic: str = SUBMITTED, **changes: Any) -> Record:
    values = {"headers": tuple(encode_headers(envelope)), "value": encode_data(envelope.data), **changes}
    return Record(topic, 0, 0, b"key", values["value"], values["headers"])


def sorted_out(record: Record, **options: bool) -> tuple[object, str | None]:
    """The item, and the code of the dead letter."""
    clock = MovedClock()
    letters = DeadLetters(MemoryBus(MemoryBroker(clock)), group="control-plane", consumer="control-plane", clock=clock)
    items, dead = sort_out([record], letters, **options)
    code = dict(dead[0].headers)["qb_error_code"].decode() if dead else None
    return (items[0] if items else None), code


def test_it_receives_what_keeps_its_contract() -> None:
    record = a_record()
    assert sorted_out(record) == (Received(QUESTION, record), None)


def test_it_receives_structured_mode_too() -> None:
    record = a_record(
        headers=(("content-type", b"application/cloudevents+json"),), value=orjson.dumps(to_structured(QUESTION))
    )
    assert sorted_out(record) == (Received(QUESTION, record), None)


@pytest.mark.parametrize("structured", [False, True])
def test_it_tells_a_question_whose_data_is_not_valid_from_poison(structured: bool) -> None:
    """Given a sound envelope around unsound data, then who asked can be told, if the subscriber wants to."""
    record = a_record(value=b'{"request": {}}')
    if structured:
        document = {**to_structured(QUESTION), "data": {"request": {"seed": 0}}}
        value = orjson.dumps(document).replace(b'"seed":0', b'"seed":1' + b"0" * 400)
        record = a_record(headers=(("content-type", b"Application/CloudEvents+JSON; charset=utf-8"),), value=value)
    item, code = sorted_out(record, refusals=True)
    assert code is None
    assert isinstance(item, Refused)
    assert isinstance(item.error, InvalidData)
    assert (item.id, item.source, item.subject, item.time, item.tenant, item.traceparent, item.record) == (
        QUESTION.id,
        QUESTION.source,
        QUESTION.subject,
        QUESTION.time,
        QUESTION.tenant,
        QUESTION.traceparent,
        record,
    )
    assert {field.pointer for field in item.error.fields} - {"/request/seed"} == {"/request/tenant", "/request/problem"}
    assert sorted_out(record) == (None, "invalid_data")


def without(name: str) -> tuple[tuple[str, bytes], ...]:
    return tuple(each for each in encode_headers(QUESTION) if each[0] != name)


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (a_record(headers=()), "malformed_envelope"),
        (a_record(headers=without("ce_id")), "malformed_envelope"),
        (a_record(headers=without("ce_time"), value=b"{}"), "malformed_envelope"),
        (a_record(headers=(*without("ce_type"), ("ce_type", b"io.queuebit.JobSubmitted.v9"))), "unknown_type"),
        (a_record(headers=(*without("ce_source"), ("ce_source", b"\xff"))), "malformed_envelope"),
        (a_record(value=None), "malformed_envelope"),
        (a_record(value=b"{"), "invalid_data"),
        (a_record(topic=EXECUTIONS), "unknown_type"),
        (a_record(Envelope(UUID(int=1), "/s", "not an id", START, STARTED), EXECUTIONS), "malformed_envelope"),
        (
            a_record(Envelope(UUID(int=1), "/s", str(UUID(int=2)), START, CancelJob(actor="x")), CONTROL),
            "malformed_envelope",
        ),
    ],
)
def test_it_puts_aside_what_it_cannot_read(record: Record, code: str) -> None:
    assert sorted_out(record) == (None, code)


def test_a_question_with_an_unsound_envelope_is_poison_even_where_refusals_are_wanted() -> None:
    headers = (*without("ce_time"), ("ce_time", b"yesterday"))
    assert sorted_out(a_record(headers=headers, value=b"{}"), refusals=True) == (None, "malformed_envelope")


def test_it_ignores_replays_unless_asked() -> None:
    record = a_record(headers=(*encode_headers(QUESTION), ("ce_replayid", b"r1")))
    assert sorted_out(record) == (None, None)
    item, _ = sorted_out(record, replays=True)
    assert isinstance(item, Received)
    assert item.envelope.replay_id == "r1"
    structured = {**to_structured(QUESTION), "replayid": "r1"}
    hidden = a_record(headers=(("content-type", b"application/cloudevents+json"),), value=orjson.dumps(structured))
    assert sorted_out(hidden) == (None, None)
