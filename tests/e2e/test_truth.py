"""What is believed is true, on the real stack: which question is which, whose it is, and what nobody wants any more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_contracts import channels
from queuebit_contracts import events as ev
from queuebit_contracts.envelope import Envelope as Sent
from queuebit_contracts.envelope import decode, encode_data, encode_headers
from queuebit_contracts.ids import refusal_id_of
from queuebit_contracts.origin import Origin
from queuebit_devstack.credentials import TENANT
from tests.builders import a_request
from tests.e2e.harness import Platform, clock, eventually, ids, trivial

CANCELLED = 14


async def ask(
    queuebit: Platform, name: str, *, source: str = "/shop", time: bytes | None = None, **request: Any
) -> UUID:
    """Send a question without a key, as any SDK does; gives the id that stands for the event."""
    event = ev.JobSubmitted(request=a_request(**{"tenant": TENANT, **request}))
    sent = Sent(ids.mint(), source, "order 17", clock.now(), event, given_id=name, correlation_id="c-1")
    headers = [("ce_time", time) if each[0] == "ce_time" and time else each for each in encode_headers(sent)]
    value = encode_data(event)
    await (await queuebit.send(channels.SUBMITTED, headers, value))
    return decode(headers, value).id


def ends_of(queuebit: Platform, name: str) -> list[Any]:
    """The ends of all questions with this event id."""
    return [
        end
        for ends in queuebit.ended.values()
        for end in ends[:1]
        if (origin := getattr(end, "origin", None)) is not None and origin.event_id == name
    ]


async def passed(queuebit: Platform) -> None:
    """Everything that was sent before has been decided on: what is sent after it, on each partition, has ended."""
    await queuebit.outcomes(await queuebit.publish(trivial(20)))


async def test_an_event_is_one_job_whatever_its_time_and_the_end_says_whose_it_is(queuebit: Platform) -> None:
    name = f"order-{ids.mint()}"
    for time in (None, b"1969-07-20T20:17:40Z", b"9999-12-31T23:59:59Z"):
        for source in ("/shop", "/shop/other"):
            await ask(queuebit, name, source=source, time=time, labels={"team": "a"})

    await eventually(lambda: len(ends_of(queuebit, name)) >= 2, "both jobs end")
    await passed(queuebit)

    origins = [end.origin for end in ends_of(queuebit, name)]
    expected = Origin(event_id=name, subject="order 17", correlation_id="c-1", labels={"team": "a"})
    assert sorted(origins, key=lambda each: each.source or "") == [
        expected.model_copy(update={"source": source}) for source in ("/shop", "/shop/other")
    ]


async def test_a_new_tenant_is_known_at_once_and_a_refused_question_stays_refused(queuebit: Platform) -> None:
    tenant, name = f"t{ids.mint().hex[-12:]}", f"first-{ids.mint()}"
    event_id = await ask(queuebit, name, tenant=tenant)
    (refusal,) = await queuebit.outcomes([refusal_id_of(tenant, "/shop", event_id)])
    assert isinstance(refusal, ev.JobRejected)
    assert (refusal.code, refusal.origin and refusal.origin.event_id) == ("unknown_tenant", name)

    await queuebit.store.add_tenant(tenant, clock.now())
    second = f"second-{ids.mint()}"
    await ask(queuebit, second, tenant=tenant)
    await ask(queuebit, name, tenant=tenant)
    await eventually(lambda: bool(ends_of(queuebit, second)), "the first question of the new tenant ends")
    await passed(queuebit)

    assert [type(end) for end in ends_of(queuebit, second)] == [ev.JobCompleted]
    assert ends_of(queuebit, name) == [refusal]


async def test_what_is_cancelled_while_its_worker_is_down_is_never_begun(queuebit: Platform) -> None:
    await queuebit.supervisor.kill("classical_solver")
    job_ids = await queuebit.publish(trivial(CANCELLED))
    attempts: set[UUID] = set()
    async with AsyncQueuebit(queuebit.url, queuebit.api_key) as client:
        for job_id in job_ids:
            while (await client.get(job_id)).state not in ("queued", "cancelled"):
                pass
            await client.cancel(job_id, reason="changed my mind")
    outcomes = await queuebit.outcomes(job_ids)
    for events in (await queuebit.store.load(job_ids)).values():
        attempts |= {UUID(orjson.loads(each.data)["attempt_id"]) for each in events if each.type == "JobQueued"}

    topic = queuebit.prefix + channels.EXECUTIONS
    async with AIOKafkaConsumer(topic, **queuebit.stack.client(), auto_offset_reset="latest") as consumer:
        for place in consumer.assignment():
            await consumer.position(place)
        await queuebit.supervisor.restart("classical_solver")
        await passed(queuebit)
        ends = await consumer.end_offsets(consumer.assignment())
        seen: list[Any] = []
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                seen += [decode(record.headers, record.value).data for record in records]

    assert {type(outcome) for outcome in outcomes} == {ev.JobCancelled}
    assert len(attempts) == CANCELLED
    assert sum(isinstance(each, ev.ExecutionSucceeded) for each in seen) >= 20
    assert [each for each in seen if each.attempt_id in attempts] == []


async def test_what_was_taken_is_shown_by_a_new_gateway_while_no_control_plane_runs(queuebit: Platform) -> None:
    await queuebit.supervisor.kill("control_plane")
    request = a_request(tenant=TENANT, seed=202).model_dump(mode="json", exclude_none=True, exclude={"tenant"})
    async with AsyncQueuebit(queuebit.url, queuebit.api_key) as client:
        taken = await client.submit_body(request, key=f"no-uuid-{ids.mint()}")
    await queuebit.supervisor.kill("gateway")
    await queuebit.supervisor.restart("gateway")
    async with AsyncQueuebit(queuebit.url, queuebit.api_key) as client:
        shown = await client.get(taken.id)
    await queuebit.supervisor.restart("control_plane")
    (outcome,) = await queuebit.outcomes([taken.id])

    assert (shown.id, shown.state, shown.kind, shown.version) == (taken.id, "submitted", "maxcut", 0)
    assert isinstance(outcome, ev.JobCompleted)
