"""Questions that are answered now or not at all: `queue: never` refuses what would wait, with how long that takes."""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import itemgetter

from queuebit_contracts import events as ev
from queuebit_contracts.jobs import NEVER, QUEUE_PARAM
from queuebit_contracts.origin import whole_origin
from queuebit_domain.job import routing
from queuebit_domain.job.beginning import closed
from queuebit_domain.job.limits import Limits
from queuebit_domain.job.messages import Submit
from queuebit_domain.job.plans import SHADOW
from queuebit_domain.release.shares import Order, Queue, Shares
from queuebit_domain.release.steps import in_steps_s


def would_wait(message: Submit, shares: Shares | None, now: datetime) -> ev.JobRejected | None:
    """The refusal of a question that wants no waiting, where every way of answering it would wait; None where one need not.

    Without `shares` nobody waits for a turn, but for a window all the same.
    """
    event = message.event
    request = event.request
    if request.params.get(QUEUE_PARAM) != NEVER:
        return None
    planned = message.planned or routing.plan(message.inputs)
    deadline = request.deadline or now + timedelta(seconds=Limits.of(request.tier).deadline_s)
    waits: list[tuple[float, str]] = []
    for leg in planned.legs:
        if leg.starts or leg.role == SHADOW:
            continue
        shut = closed(request, leg, deadline, now)
        if shut is not None:
            waits.append(((shut.until - now).total_seconds(), shut.reason))
            continue
        if shares is None:
            return None
        queue, facts = Queue(leg.lane, request.tier), message.inputs
        order = Order(request.tenant, queue, request.problem.kind, facts.variables, facts.terms, leg.budget_s)
        found = shares.wait(order, now)
        if found is None:
            return None
        waits.append((shares.ahead_s(queue) + found.expected_s, found.reason))
    if not waits:
        return None
    seconds, reason = min(waits, key=itemgetter(0))
    about_s = in_steps_s(seconds)
    return ev.JobRejected(
        code="would_wait",
        field=f"/request/params/{QUEUE_PARAM}",
        detail=f"It would be answered in about {about_s:g} s, and wants no waiting. {reason}",
        remedy=f"Submit it again in about {about_s:g} s, or without {QUEUE_PARAM}: {NEVER}.",
        cause_id=message.job_id,
        retry_after_s=about_s,
        origin=whole_origin(event.origin, event.idempotency_key, request),
    )
