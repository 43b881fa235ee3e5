"""A large statement is passed on as text: what comes out is what came in, and whoever reads it finds the same."""

from __future__ import annotations

import pickle
from typing import Any, ClassVar
from uuid import UUID

import orjson
import pytest

from queuebit_contracts.canonical import canonical_json, fingerprint
from queuebit_contracts.envelope import decode_data, encode_bare, encode_data
from queuebit_contracts.errors import InvalidData
from queuebit_contracts.event import Event
from queuebit_contracts.events import JobQueued, JobSubmitted
from queuebit_contracts.jobs import JobRequest, Problem
from queuebit_contracts.large import TEXT_BYTES_MIN, apart, problem_of, text_of
from queuebit_contracts.sealed import token_of
from queuebit_contracts.statement_text import PLACE, StatementText, statement_of

ITEMS = list(range(TEXT_BYTES_MIN // 4))


def submitted(statement: Any, **more: Any) -> bytes:
    request = {"tenant": "acme", "problem": {"kind": "maxcut", "version": 1, "statement": statement}}
    return orjson.dumps({"request": {**request, **more}, "idempotency_key": "a-key"})


@pytest.mark.parametrize(
    ("statement", "more"),
    [
        ({"items": ITEMS}, {}),
        ({"items": ITEMS, "text": 'ü "{}[]\\ '}, {"labels": {"a": '{"$text":0}'}, "params": {"b": '"statement":{'}}),
        ({"items": [PLACE, *ITEMS]}, {}),
    ],
    ids=["plain", "what looks like a mark", "a mark of its own"],
)
def test_a_large_statement_stays_text_and_is_written_as_it_came(statement: Any, more: Any) -> None:
    value = submitted(statement, **more)

    unread = decode_data(JobSubmitted, value, text=True)
    read = decode_data(JobSubmitted, value)

    problem = problem_of(unread)
    assert problem is not None
    assert isinstance(problem.statement, StatementText)
    assert statement_of(problem.statement) == statement
    assert orjson.loads(encode_data(unread)) == orjson.loads(encode_data(read))
    assert fingerprint(unread.request.problem) == fingerprint(read.request.problem)  # type: ignore[union-attr]


def test_integers_beyond_64_bits_stay_exact_in_text() -> None:
    value = submitted({"items": ITEMS, "wide": 0}).replace(b'"wide":0', b'"wide":%d' % 10**30)

    unread, read = decode_data(JobSubmitted, value, text=True), decode_data(JobSubmitted, value)

    assert canonical_json(unread) == canonical_json(read)


class OlderSubmitted(Event):
    """JobSubmitted as some release before might have had it."""

    type_name: ClassVar[str] = "JobSubmitted"
    request: JobRequest


class OlderExecution(Event):
    """ExecutionSucceeded, likewise."""

    type_name: ClassVar[str] = "ExecutionSucceeded"
    answer: dict[str, Any]
    problem: Problem


def test_what_is_written_as_an_older_version_carries_the_text_too() -> None:
    unread = decode_data(JobSubmitted, submitted({"items": ITEMS}), text=True)
    problem = problem_of(unread)
    assert problem is not None

    asked = encode_data(OlderSubmitted(request=unread.request))  # type: ignore[union-attr]
    ran = OlderExecution(answer={"a": PLACE}, problem=problem)

    assert orjson.loads(asked)["request"]["problem"]["statement"] == {"items": ITEMS}
    assert orjson.loads(encode_data(ran))["problem"]["statement"] == {"items": ITEMS}
    assert orjson.loads(encode_data(ran))["answer"] == {"a": PLACE}
    assert text_of(ran) is problem.statement
    assert orjson.loads(b"%bnull%b" % apart(ran, encode_bare(ran)))["problem"]["statement"] is None


def test_an_order_carries_the_text_on() -> None:
    unread = decode_data(JobSubmitted, submitted({"items": ITEMS}), text=True)
    problem = problem_of(unread)
    assert problem is not None
    order: dict[str, Any] = {
        "attempt_id": UUID(int=1), "leg": "a", "role": "primary", "lane": "classical", "number": 1,
        "tier": "batch", "problem": problem, "fingerprint": "f", "seed": 1, "budget_s": 1.0, "hint": {"$text": 0},
    }  # fmt: skip

    queued = pickle.loads(pickle.dumps(JobQueued.model_construct(**order)))  # noqa: S301

    written = orjson.loads(encode_data(queued))
    assert (written["problem"]["statement"], written["hint"]) == ({"items": ITEMS}, {"$text": 0})


@pytest.mark.parametrize(
    "value",
    [
        submitted(ITEMS),
        submitted({"items": ITEMS}, surprise=1),
        submitted({"items": ITEMS})[:-1],
    ],
    ids=["no object", "an unknown field", "no end"],
)
def test_what_is_refused_whole_is_refused_as_text(value: bytes) -> None:
    for text in (False, True):
        with pytest.raises(InvalidData):
            decode_data(JobSubmitted, value, text=text)


def test_the_last_of_two_statements_counts_as_everywhere() -> None:
    value = submitted({"items": ITEMS}).replace(b'"statement":{', b'"statement":{"items":[1]},"statement":{', 1)

    problem = problem_of(decode_data(JobSubmitted, value, text=True))

    assert problem is not None
    assert statement_of(problem.statement) == {"items": ITEMS}


def test_small_messages_are_read_whole() -> None:
    problem = problem_of(decode_data(JobSubmitted, submitted({"items": [1]}), text=True))
    assert problem is not None
    assert problem.statement == {"items": [1]}


@pytest.mark.parametrize("inner", [b'"\xff"', b"1e999999"])
def test_a_statement_that_only_looks_sealed_is_not_and_stops_nobody(inner: bytes) -> None:
    """Given a large statement of an outsider that begins like a sealed one and that nobody can read."""
    assert token_of(StatementText(b'{"$sealed":%b,"pad":"%b"}' % (inner, b"x" * 20_000))) is None
