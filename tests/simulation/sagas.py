"""Steps back in the simulation: some questions name what is to be undone, or the job whose place their answers take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any
from uuid import UUID

from queuebit_contracts import channels
from queuebit_contracts import events as ev
from queuebit_contracts.compensations import CAUSES, Compensation
from queuebit_contracts.ids import derive_id, job_id_of, time_ordered_key
from queuebit_contracts.sealed import token_of
from queuebit_domain.job.codec import read_event
from queuebit_store.ports import StoredEvent
from tests.simulation.history import History
from tests.simulation.plan import Ask, Plan


def with_sagas(random: Random, plan: Plan) -> Plan:
    """The plan with a saga for some of its questions: the same for all that is one question."""
    sagas: dict[tuple[str, str, str], dict[str, Any]] = {}
    for ask in plan.asks:
        if ask.identity not in sagas:
            sagas[ask.identity] = _drawn(random, ask, plan.asks)
    return replace(plan, asks=tuple(replace(ask, saga=sagas[ask.identity]) for ask in plan.asks))


def _drawn(random: Random, ask: Ask, asks: Sequence[Ask]) -> dict[str, Any]:
    named = [
        Compensation(
            name=f"step-{nth}", on=tuple(random.sample(CAUSES, 1 + nth)), command="com.acme.Undo", data={"n": nth}
        )
        for nth in range(random.choice((0, 0, 1, 3)))
    ]
    saga: dict[str, Any] = {"compensations": [each.model_dump(mode="json") for each in named]} if named else {}
    before = [
        job_id_of(each.tenant, key)
        for each in asks
        if each.tenant == ask.tenant and each.identity != ask.identity and (key := time_ordered_key(each.key or ""))
    ]
    # Over HTTP a job that is not there yet is refused at the door.
    over_http = any(each.entrance == "http" for each in asks if each.identity == ask.identity)
    if before and not over_http and random.random() < 0.5:
        saga["supersedes"] = str(random.choice(before))
    return saga


def undone_once(history: History) -> Iterator[str]:
    """What a job named is asked for once where one of its causes came to pass, and not else; an answer takes the place of
    another as was asked; and what was asked for is published under one id.
    """
    stored_ids: set[str] = set()
    for stream_id, stored in history.stories().items():
        events = [read_event(each) for each in stored]
        if isinstance(events[0], ev.JobSubmitted):
            yield from _of_one(history, stream_id, events[0], events)
        stored_ids |= {str(each.id) for each in stored if each.type == "CompensationRequested"}
    published = {dict(record.headers)["ce_id"].decode() for record in history.broker.records(channels.COMPENSATIONS)}
    if published != stored_ids:
        yield f"of {len(stored_ids)} steps back {len(published)} were published"


def _of_one(history: History, job_id: UUID, asked: ev.JobSubmitted, events: Sequence[ev.JobEvent]) -> Iterator[str]:
    happened = {type(event) for event in events}
    causes = {"cancelled": ev.JobCancelled, "invalidated": ev.JobInvalidated, "superseded": ev.JobSuperseded}
    came = {cause for cause, event in causes.items() if event in happened}
    due = Counter(
        derive_id(job_id, f"compensation:{each.name}") for each in asked.compensations or () if came & {*each.on}
    )
    told = Counter(event.compensation_id for event in events if isinstance(event, ev.CompensationRequested))
    if told != due:
        yield f"{job_id} ({sorted(came)}) asked for {sorted(told.values())} steps back of {len(due)}"
    if any(token_of(each.data) for each in asked.compensations or ()):
        yield f"{job_id} names no subject, and its steps back are sealed"
    wanted = asked.supersedes if ev.JobCompleted in happened else None
    claims = [event.superseded_job_id for event in events if isinstance(event, ev.SupersessionRequested)]
    if claims != ([] if wanted is None else [wanted]):
        yield f"{job_id} takes the place of {claims}, where {wanted} was asked"
    if wanted is not None and wanted != job_id:
        claimed = next(each for each in history.stories()[job_id] if each.type == "SupersessionRequested")
        yield from _taken(history.stories().get(wanted, []), wanted, claimed)


def _taken(stored: Sequence[StoredEvent], wanted: UUID, claimed: StoredEvent) -> Iterator[str]:
    """A job that was completed, or was on its way, gives its place up once; one that came later, or has no answer, keeps it."""
    names = [each.type for each in stored]
    times = names.count("JobSuperseded")
    was_there = "JobCompleted" in names and stored[0].position < claimed.position
    if times > 1 or (was_there and times == 0):
        yield f"{wanted} gave its place up {times} times, to {claimed.stream_id}"
