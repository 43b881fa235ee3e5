"""Data of a subject at the door of the gateway: opened for its tenant alone, wherever its tokens stand."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import TypeAdapter

from queuebit_contracts.compensations import (
    COMPENSATIONS_BYTES_MAX,
    COMPENSATIONS_MAX,
    Compensation,
    Compensations,
)
from queuebit_contracts.events import ResultValidated
from queuebit_contracts.jobs import STATEMENT_BYTES_MAX, Confidence, ConfidencePart, JobRequest, Problem
from queuebit_contracts.model import copy_with
from queuebit_contracts.sagas import NO_SAGA, Saga
from queuebit_contracts.sealed import SUBJECT_LABEL, sealed_mapping, sealed_text, sealed_verdict
from queuebit_contracts.statement_text import StatementText
from queuebit_domain.job.limits import Limits
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.payloads import PLAIN_BYTES_MAX, Payloads
from queuebit_store.keys.ring import KeyRing, MasterKeys
from queuebit_store.memory import MemoryStore
from queuebit_store.memory_state.database import MemoryDatabase
from tests.contract.store.builders import at

JOB = UUID(int=7)


@pytest.fixture
def ring() -> KeyRing:
    store = MemoryStore(MemoryDatabase(lambda: 0.0))
    masters = MasterKeys({"2026": b"m" * 32})
    return KeyRing(store, masters, monotonic_s=lambda: 0.0, random=os.urandom, mint=uuid4)


def asked(bytes_: int) -> JobRequest:
    statement = StatementText(b'{"nodes":"' + b"1" * (bytes_ - 12) + b'"}')
    problem = Problem.model_construct(kind="maxcut", statement=statement)
    return JobRequest.model_construct(tenant="acme", problem=problem, labels={SUBJECT_LABEL: "p-17"})


async def told(payloads: Payloads, document: Any, tenant: str) -> Any:
    return json.loads(await payloads.opened(json.dumps(document), tenant))


async def test_it_is_opened_for_its_tenant_and_for_nobody_else_who_got_hold_of_a_token(ring: KeyRing) -> None:
    key, payloads = await ring.of_subject("acme", "p-17"), Payloads(ring)
    theirs = {"answer": sealed_mapping({"side": [0, 1]}, key), "labels": {"note": sealed_text("Wilhelmine", key)}}

    assert await told(payloads, theirs, "acme") == {"answer": {"side": [0, 1]}, "labels": {"note": "Wilhelmine"}}
    for _ in ("asked", "remembered"):
        assert await told(payloads, theirs, "umbra") == {"answer": {"$redacted": True}, "labels": {"note": "redacted"}}


async def test_whoever_reads_it_without_a_reason_is_told_that_it_is_masked(ring: KeyRing) -> None:
    key, payloads = await ring.of_subject("acme", "p-17"), Payloads(ring)
    quoted = sealed_text("node 9 is none", key)
    document = {"answer": sealed_mapping({"side": [0, 1]}, key), "reasons": [f"main: {quoted}", "plain"], "n": 3}

    masked = {"answer": {"$masked": True}, "reasons": ["main: masked", "plain"], "n": 3}
    assert json.loads(await payloads.masked(json.dumps(document), "acme")) == masked
    gone = {"answer": {"$redacted": True}, "reasons": ["main: redacted", "plain"], "n": 3}
    assert json.loads(await payloads.masked(json.dumps(document), "umbra")) == gone
    assert await payloads.masked('{"a": 1}', "acme") == '{"a": 1}'


async def test_texts_that_quote_what_is_sealed_are_opened_too(ring: KeyRing) -> None:
    key, payloads = await ring.of_subject("acme", "p-17"), Payloads(ring)
    one, other = sealed_text("edge [0, 9] is none", key), sealed_text("node 9 is none", key)
    reasons = [f"main: answer rejected, {one}; {other}", "main: $sealed:v1.x", "$sealed:"]

    opened = ["main: answer rejected, edge [0, 9] is none; node 9 is none", *reasons[1:]]
    assert await told(payloads, {"reasons": reasons}, "acme") == {"reasons": opened}
    gone = ["main: answer rejected, redacted; redacted", *reasons[1:]]
    assert await told(payloads, {"reasons": reasons}, "umbra") == {"reasons": gone}


async def test_no_text_of_a_verdict_is_in_clear_and_its_tenant_reads_each(ring: KeyRing) -> None:
    key = await ring.of_subject("acme", "p-17")
    part = ConfidencePart(
        name="value", value=1.0, weight=1.0, detail="how far from 0.271828182846, computed from the state"
    )
    verdict = ResultValidated(
        attempt_id=JOB, leg="main", verdict="accepted", confidence=Confidence(value=1.0, parts=(part,)),
        reasons=("value 0.271828182846",), problem_fingerprint="p", answer_fingerprint="plain",
    )  # fmt: skip

    sealed = sealed_verdict(verdict, "sealed", key).model_dump(mode="json")

    assert "0.2718" not in json.dumps(sealed)
    plain = verdict.model_dump(mode="json") | {"answer_fingerprint": "sealed"}
    assert await told(Payloads(ring), sealed, "acme") == plain


async def test_a_statement_that_no_record_could_carry_sealed_is_refused_before_a_key_is_held(ring: KeyRing) -> None:
    payloads = Payloads(ring)
    with pytest.raises(Refusal) as caught:
        payloads.check(asked(PLAIN_BYTES_MAX + 1), at(1))
    assert (caught.value.problem.code, [each.pointer for each in caught.value.errors]) == (
        "invalid_statement",
        ["/problem/statement"],
    )

    largest = asked(PLAIN_BYTES_MAX)
    payloads.check(largest, at(1))
    sealed = (await payloads.sealed(largest, NO_SAGA, JOB))[0].problem.statement
    assert isinstance(sealed, StatementText)
    assert STATEMENT_BYTES_MAX - 1000 < len(sealed.text) <= STATEMENT_BYTES_MAX


@pytest.mark.parametrize(("more_s", "taken"), [(0, True), (1, False)])
def test_a_job_that_may_be_open_when_its_data_has_ended_is_not_taken(ring: KeyRing, more_s: int, taken: bool) -> None:
    now = at(1)
    last = now + timedelta(days=30, seconds=more_s)
    begins = last - timedelta(seconds=Limits.of("scheduled").deadline_s)

    for wanted, said in (
        ({"deadline": last}, "invalid_request /deadline"),
        ({"tier": "scheduled", "params": {"not_before": begins.isoformat()}}, "invalid_request /params/not_before"),
    ):
        assert refused(Payloads(ring, 30), open_for(wanted), now) == (None if taken else said)
        assert refused(Payloads(ring), open_for(wanted), now) is None
        assert refused(Payloads(ring, 30), copy_with(open_for(wanted), labels={}), now) is None


def open_for(wanted: dict[str, Any]) -> JobRequest:
    problem = Problem(kind="maxcut", statement={"nodes": 2, "edges": [[0, 1]]})
    return JobRequest(tenant="acme", problem=problem, labels={SUBJECT_LABEL: "p-17"}, **wanted)


def refused(payloads: Payloads, request: JobRequest, now: datetime) -> str | None:
    """The code and the field that are named, where it is refused."""
    try:
        payloads.check(request, now)
    except Refusal as refusal:
        return f"{refusal.problem.code} {refusal.errors[0].pointer}"
    return None


async def test_what_steps_back_say_is_sealed_and_opened_with_the_rest(ring: KeyRing) -> None:
    payloads = Payloads(ring)
    slot = Compensation(name="release-slot", command="com.acme.ReleaseSlot", data={"patient": "Wilhelmine"})
    bare = Compensation(name="tell", command="com.acme.Tell")

    _, sealed = await payloads.sealed(asked(20), Saga((slot, bare)), JOB)

    assert sealed.compensations is not None
    document = {"compensations": [each.model_dump(mode="json") for each in sealed.compensations]}
    assert "Wilhelmine" not in json.dumps(document)
    assert [each["command"] for each in document["compensations"]] == [slot.command, bare.command]
    plain = [each.model_dump(mode="json") for each in (slot, bare)]
    assert await told(payloads, document, "acme") == {"compensations": plain}


async def test_the_longest_steps_back_fit_sealed_as_well(ring: KeyRing) -> None:
    """Given commands as long as any may be, then whoever reads them sealed takes them too."""
    longest = [{"name": f"a{n}", "command": "c", "data": {"n": "x" * 1950}} for n in range(COMPENSATIONS_MAX)]
    plain = TypeAdapter(Compensations).validate_python(longest)
    _, sealed = await Payloads(ring).sealed(asked(20), Saga(plain), JOB)

    assert sealed.compensations is not None
    document = [each.model_dump(mode="json") for each in sealed.compensations]
    assert len(json.dumps(document)) > COMPENSATIONS_BYTES_MAX
    assert TypeAdapter(Compensations).validate_python(document) == sealed.compensations
