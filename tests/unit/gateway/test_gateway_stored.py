"""Stored events as text: what cannot be read is shown as it is, what can be read loses nothing but its statement."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from queuebit_gateway.read_model.jobs import structured, structured_json
from queuebit_store.ports import StoredEvent

JOB_ID = UUID("01890000-0000-7000-8000-00000000000a")
HEAD = (
    '{"specversion":"1.0","id":"01890000-0000-7000-8000-00000000000b","source":"/queuebit/control-plane",'
    '"type":"io.queuebit.JobQueued.v1","subject":"01890000-0000-7000-8000-00000000000a","time":"2030-01-01T00:00:00Z",'
    '"datacontenttype":"application/json","tenant":"acme","streamversion":3,'
)
TRIMMED = '"trimmed":["/problem/statement"],'


def _stored(data: str) -> StoredEvent:
    return StoredEvent(
        epoch=1,
        xid=1,
        seq=1,
        stream_id=JOB_ID,
        version=3,
        id=UUID("01890000-0000-7000-8000-00000000000b"),
        type="JobQueued",
        schema_version=1,
        time=datetime(2030, 1, 1, tzinfo=UTC),
        tenant="acme",
        causation_id=None,
        traceparent=None,
        data=data,
    )


@pytest.mark.parametrize(
    "data",
    ['{"x":1' + "0" * 9999 + "}", '{"x":' + "[" * 100_000 + "]" * 100_000 + "}", '{"x":  1e400}', "7", "null", "{}"],
    ids=["digits", "depth", "spaces", "number", "null", "nothing"],
)
def test_shows_as_it_is_what_has_nothing_to_take(data: str) -> None:
    for compact in (False, True):
        assert structured_json(JOB_ID, _stored(data), compact=compact) == f'{HEAD}"data":{data}}}'


@pytest.mark.parametrize(
    "rest",
    ["9" * 400, "-" + "9" * 30, "0.1", '"\\ud800"', '"\u00fc"'],
    ids=["400 digits", "30 digits", "fraction", "half", "word"],
)
def test_takes_the_statement_and_keeps_the_rest(rest: str) -> None:
    event = _stored(f'{{"problem":{{"kind":"a","statement":{{"n":1}}}},"x":{rest}}}')

    assert (
        structured_json(JOB_ID, event, compact=True)
        == f'{HEAD}{TRIMMED}"data":{{"problem":{{"kind":"a"}},"x":{rest}}}}}'
    )


def test_a_large_integer_is_no_float() -> None:
    event = _stored('{"x":123456789012345678901234567890}')
    assert structured(JOB_ID, event, compact=False)["data"] == {"x": 123456789012345678901234567890}
