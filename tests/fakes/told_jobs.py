"""Random jobs that hear anything, as chunks of events to append: the same for the same random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of, uuid7
from queuebit_contracts.jobs import Cost, Money, Usage
from queuebit_control_plane.heads import head_of
from queuebit_domain.job.decide import decide
from queuebit_domain.job.messages import Cancel, Message, Wake
from queuebit_domain.job.state import Job, NoJob, OpenJob
from queuebit_domain.job.timers import next_wake
from queuebit_store.log.new_events import new_events
from queuebit_store.ports import Append
from tests.builders import NOW, a_failure, a_refusal, a_submit, a_success, a_verdict

LANES = ("auto", "quantum", "simulator", "classical", "rule")
TENANTS = ("acme", "other", "third")


def told_jobs(random: Random, jobs: int) -> Iterator[Append]:
    """Chunks of the streams of so many jobs, those of each in order, mixed among each other."""
    waiting = [list(_one(random, number)) for number in range(jobs)]
    while any(waiting):
        story = random.choice([each for each in waiting if each])
        yield story.pop(0)


def _one(random: Random, number: int) -> Iterator[Append]:
    now = NOW + timedelta(hours=random.randrange(72))
    job_id = uuid7(int(now.timestamp() * 1000), number + 1)
    tenant = random.choice(TENANTS)
    job: Job = NoJob()
    version = 0
    labels = {"team": random.choice(("red", "blue"))}
    message: Message = a_submit(random.choice(LANES), job_id=job_id, tenant=tenant, labels=labels)  # type: ignore[arg-type]
    for _ in range(random.randint(1, 25)):
        now = _later(random, job, now)
        decided, job = decide(job, message, now, job_id)
        if decided:
            head = head_of(job)
            yield Append(job_id, tenant, version, new_events(job_id, version, list(decided), now), head)
            version += len(decided)
        message = _anything(random, job, tenant, job_id)


def _later(random: Random, job: Job, now: datetime) -> datetime:
    if isinstance(job, OpenJob) and random.random() < 0.2:
        return max(now, next_wake(job) or now)
    return now + timedelta(seconds=random.random() * 100)


def _anything(random: Random, job: Job, tenant: str, job_id: UUID) -> Message:
    if not isinstance(job, OpenJob) or random.random() < 0.1:
        return random.choice((Wake(), Cancel(tenant, "ada", "")))
    leg = random.choice(job.legs).spec.leg
    attempt_id = attempt_id_of(job_id, leg, random.choice((1, 1, 1, 2)))
    spent: dict[str, Any] = {
        "usage": Usage(wall_s=random.random(), shots=random.randrange(100)),
        "cost": Cost(amount="0.10", currency="EUR", further=(Money(amount="2", currency="USD"),)),
    }
    started = ev.JobStarted(attempt_id=attempt_id, leg=leg, worker="w", started_at=NOW)
    return random.choice(
        (
            started,
            started,
            a_success(leg, attempt_id=attempt_id, **spent),
            a_verdict(leg, attempt_id=attempt_id, verdict=random.choice(("accepted", "needs_review"))),
            a_failure(leg, attempt_id=attempt_id, code=random.choice(("worker_lost", "no_answer_found")), **spent),
            a_refusal(leg).model_copy(update={"attempt_id": attempt_id}),
            Wake(),
        )
    )
