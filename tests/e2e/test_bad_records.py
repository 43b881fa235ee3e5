"""Bad records on the topics: each is told or set aside with the reason, and the stream goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from queuebit_contracts import channels
from queuebit_contracts import events as ev
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.ids import refusal_id_of
from queuebit_devstack.credentials import TENANT
from queuebit_runtime.bus.dead_letters.headers import PLACE
from tests.builders import BEST_SIDE, a_problem, a_request, a_verdict, at
from tests.e2e.harness import Platform, clock, eventually, ids, trivial


def data(**request: Any) -> bytes:
    problem = {"kind": "maxcut", "version": 1, "statement": dict(a_problem().statement)}
    return json.dumps({"request": {"tenant": TENANT, "problem": problem, **request}}).encode()


def statement(**changes: Any) -> dict[str, Any]:
    return {"problem": {"kind": "maxcut", "statement": {**a_problem().statement, **changes}}}


def problem(**changes: Any) -> dict[str, Any]:
    return {"problem": {"kind": "maxcut", "statement": {}, **changes}}


AT = "/request/problem"
REFUSED = {
    "not JSON": (b"{", "invalid_data", ""),
    "no request": (b"{}", "invalid_data", "/request"),
    "unknown tenant": (data(tenant="nobody"), "unknown_tenant", "/request/tenant"),
    "unknown kind": (data(**problem(kind="sudoku")), "unknown_kind", f"{AT}/kind"),
    "unknown version": (data(**problem(version=9)), "unknown_kind", f"{AT}/version"),
    "missing field": (data(**problem(statement={"nodes": 3})), "invalid_statement", f"{AT}/statement/edges"),
    "wrong field": (data(**statement(nodes="six")), "invalid_statement", f"{AT}/statement/nodes"),
    "too large": (data(**statement(nodes=20_001)), "invalid_statement", f"{AT}/statement/nodes"),
    "NaN": (data(**statement(edges=[[0, 1, float("nan")]])), "invalid_statement", f"{AT}/statement/edges/0/2"),
    "infinity": (data(**statement(edges=[[0, 1, float("inf")]])), "invalid_statement", f"{AT}/statement/edges/0/2"),
    "deadline in the past": (data(deadline=at(0).isoformat()), "deadline_in_the_past", "/request/deadline"),
    "unknown field": (data(colour="red"), "invalid_data", "/request/colour"),
}
WHOSE = {case: "unknown" for case, (_, code, _) in REFUSED.items() if code == "invalid_data"} | {
    "unknown tenant": "nobody"
}
"""Data that cannot be read names no tenant, and the envelopes of these name none either."""


@pytest.mark.parametrize("case", REFUSED)
async def test_a_question_that_cannot_be_taken_is_refused_with_field_and_remedy(queuebit: Platform, case: str) -> None:
    value, code, field = REFUSED[case]
    event_id = ids.mint()
    envelope = Envelope(event_id, "/upstream", "", clock.now(), ev.JobSubmitted(request=a_request(tenant=TENANT)))

    await (await queuebit.send(channels.SUBMITTED, encode_headers(envelope), value))
    refused = refusal_id_of(WHOSE.get(case, TENANT), "/upstream", event_id)
    (outcome,) = await queuebit.outcomes([refused])
    (sound,) = await queuebit.publish(trivial(1))
    await queuebit.outcomes([sound])

    assert isinstance(outcome, ev.JobRejected)
    assert (outcome.code, outcome.field, outcome.cause_id) == (code, field, event_id)
    assert outcome.remedy


async def test_a_repeated_key_with_other_content_is_refused_and_the_job_goes_on(queuebit: Platform) -> None:
    key = str(ids.mint())
    (first,) = await queuebit.publish([a_request(tenant=TENANT)], key=key)
    other = ev.JobSubmitted(request=a_request(tenant=TENANT, tier="batch"), idempotency_key=key)
    envelope = Envelope(ids.mint(), "/upstream", "", clock.now(), other)

    await (await queuebit.send(channels.SUBMITTED, encode_headers(envelope), encode_data(envelope.data)))
    (refusal,) = await queuebit.outcomes([refusal_id_of(TENANT, "/upstream", envelope.id)])

    assert isinstance(refusal, ev.JobRejected)
    assert refusal.code == "idempotency_key_reused"
    assert refusal.conflicting_job_id is not None
    (outcome,) = await queuebit.outcomes([refusal.conflicting_job_id])
    assert isinstance(outcome, ev.JobCompleted)
    assert first is not None


POISON = {
    "no envelope": ([], b"hello"),
    "no value": ([("ce_specversion", b"1.0")], None),
    "unknown type": ([("ce_specversion", b"1.0"), ("ce_type", b"io.queuebit.JobDreamt.v1")], b"{}"),
}


@pytest.mark.parametrize("case", POISON)
@pytest.mark.parametrize(
    ("topic", "group"),
    [
        (channels.SUBMITTED, "control-plane"),
        (channels.EXECUTIONS, "result-validation"),
        (channels.queued("classical", "interactive"), "classical-solver.interactive"),
        (channels.queued("quantum", "interactive"), "quantum-adapter.interactive"),
    ],
)
async def test_poison_goes_to_the_dead_letters_with_the_reason(
    queuebit: Platform, case: str, topic: str, group: str
) -> None:
    headers, value = POISON[case]
    letters = channels.dead_letter(group)

    sent = await (await queuebit.send(topic, headers, value, key=case))

    place = (topic.encode(), str(sent.partition).encode(), str(sent.offset).encode())

    def found() -> list[dict[str, bytes]]:
        headers_of_all = [dict(record.headers) for record in queuebit.letters.get(letters, [])]
        return [each for each in headers_of_all if tuple(each[name] for name in PLACE) == place]

    await eventually(found, f"{case} arrives in {letters}")
    (sound,) = await queuebit.publish(trivial(1))
    await queuebit.outcomes([sound])
    (letter,) = found()
    assert letter["qb_error_detail"]
    assert letter["qb_error_remedy"]


async def test_an_event_of_the_wrong_type_on_a_topic_is_set_aside(queuebit: Platform) -> None:
    envelope = Envelope(
        ids.mint(), "/upstream", str(ids.mint()), clock.now(), a_verdict(answer_fingerprint=str(BEST_SIDE))
    )

    sent = await (await queuebit.send(channels.SUBMITTED, encode_headers(envelope), encode_data(envelope.data)))

    def found() -> list[Any]:
        return [
            record
            for record in queuebit.letters.get(channels.dead_letter("control-plane"), [])
            if dict(record.headers)["__dlq.errors.offset"] == str(sent.offset).encode()
            and dict(record.headers)["qb_error_code"] == b"unknown_type"
        ]

    await eventually(found, "the stray verdict is set aside")
