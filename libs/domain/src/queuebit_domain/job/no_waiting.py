"""Questions that are answered now or not at all: `queue: never` refuses what would wait, with how long that takes."""

from __future__ import annotations

from datetime import datetime

from queuebit_contracts import events as ev
from queuebit_contracts.jobs import QUEUE_PARAM
from queuebit_contracts.origin import whole_origin
from queuebit_domain.job import routing
from queuebit_domain.job.messages import Submit
from queuebit_domain.job.plans import SHADOW
from queuebit_domain.release.shares import Order, Queue, Shares, Wait
from queuebit_domain.release.steps import in_steps_s

NEVER = "never"


def would_wait(message: Submit, shares: Shares, now: datetime) -> ev.JobRejected | None:
    """The refusal of a question that wants no waiting, where every way of answering it would wait; None where one need not."""
    event = message.event
    request = event.request
    if request.params.get(QUEUE_PARAM) != NEVER:
        return None
    planned = message.planned or routing.plan(message.inputs)
    waits: list[tuple[Queue, Wait]] = []
    for leg in planned.legs:
        if leg.starts or leg.role == SHADOW:
            continue
        queue, facts = Queue(leg.lane, request.tier), message.inputs
        order = Order(request.tenant, queue, request.problem.kind, facts.variables, facts.terms, leg.budget_s)
        found = shares.wait(order, now)
        if found is None:
            return None
        waits.append((queue, found))
    if not waits:
        return None
    queue, wait = min(waits, key=lambda each: shares.ahead_s(each[0]))
    about_s = in_steps_s(shares.ahead_s(queue) + wait.expected_s)
    return ev.JobRejected(
        code="would_wait",
        field=f"/request/params/{QUEUE_PARAM}",
        detail=f"It would be answered in about {about_s:g} s, and wants no waiting. {wait.reason}",
        remedy=f"Submit it again in about {about_s:g} s, or without {QUEUE_PARAM}: {NEVER}.",
        cause_id=message.job_id,
        retry_after_s=about_s,
        origin=whole_origin(event.origin, event.idempotency_key, request),
    )
