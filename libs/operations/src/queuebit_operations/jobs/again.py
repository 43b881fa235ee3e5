"""A job made from another: asked again as it was, or gone on from one of its versions with something changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from queuebit_contracts import events as ev
from queuebit_contracts.alike import seed_that_ran
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.errors import field_errors
from queuebit_contracts.ids import attempt_id_of, derive_id, uuid7
from queuebit_contracts.jobs import FALLBACK_PARAM, TARGET_PARAM, Cost, JobRequest, LaneWish, ParamValue, Tier, Usage
from queuebit_contracts.operators import Parent
from queuebit_contracts.regions import REGIONS_PARAM
from queuebit_domain.job.cached import with_candidate
from queuebit_domain.job.codec import read_event
from queuebit_domain.job.evolve import evolve
from queuebit_domain.job.routing import REFINE_PARAM, alone_of, budget_s_of, plan, wish_of
from queuebit_domain.job.state import Job, NoJob
from queuebit_domain.policy.facts import facts_in
from queuebit_operations.errors import BadArgument, InConflict
from queuebit_store.ports import StoredEvent

_ATTEMPTS = (ev.JobStarted, ev.ExecutionProgressed, ev.ExecutionSucceeded, ev.ExecutionFailed,
             ev.ResultValidated, ev.ResultRejected)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Changes:
    """What is asked otherwise. A `deadline` of before is not kept: it would have passed."""

    lane: LaneWish | None = None
    tier: Tier | None = None
    budget_s: float | None = None
    seed: int | None = None
    deadline: datetime | None = None
    params: Mapping[str, ParamValue] = field(default_factory=dict)

    @property
    def of_the_plan(self) -> bool:
        """Whether the plan must be made anew."""
        return (
            self.lane is not None
            or self.tier is not None
            or self.budget_s is not None
            or bool({REFINE_PARAM, FALLBACK_PARAM, TARGET_PARAM} & set(self.params))
        )


def again_id(job_id: UUID, operation_id: UUID) -> UUID:
    """The job that an operation makes of another: the same one, however often it is made."""
    return derive_id(operation_id, f"again:{job_id}")


def child_id(now: datetime, random_74: int) -> UUID:
    """The id of a fork."""
    return uuid7(int(now.timestamp() * 1000), random_74)


def rerun(
    stored: Sequence[StoredEvent],
    new_id: UUID,
    now: datetime,
    parent: Parent,
    changes: Changes,
    *,
    instead: bool = False,
) -> tuple[list[ev.JobEvent], Job]:
    """The very same question with the seed that ran, planned as it was planned; or on another lane or backend. `instead`: see
    `fork`.
    """
    kept = (
        changes if changes.seed is not None else replace(changes, seed=_seed_of([read_event(each) for each in stored]))
    )
    return fork(stored, 1, new_id, now, parent, kept, keep_plan=not changes.of_the_plan, instead=instead)


def _seed_of(told: Sequence[ev.JobEvent]) -> int | None:
    """That of the first attempt; where another job's run gave the answer that counts, as it would have been in that job."""
    orders = {event.attempt_id: event for event in told if isinstance(event, ev.JobQueued)}
    if not orders:
        return None
    seed = next(iter(orders.values())).seed
    counts = {event.attempt_id for event in told if isinstance(event, ev.JobCompleted)}
    for event in told:
        if isinstance(event, ev.ExecutionSucceeded) and event.attempt_id in counts & orders.keys():
            order = orders[event.attempt_id]
            return seed + seed_that_ran(order, event) - order.seed
    return seed


def fork(
    stored: Sequence[StoredEvent],
    version: int,
    new_id: UUID,
    now: datetime,
    parent: Parent,
    changes: Changes,
    *,
    keep_plan: bool = False,
    instead: bool = False,
) -> tuple[list[ev.JobEvent], Job]:
    """The events of the new job, and the job as it stands behind them: what had happened by `version` and is over, with new ids
    and at no cost, for it was paid for. What was out then is let out anew. Raises BadArgument and InConflict.

    `instead`: its answer is to count in the place of the other's, so that it is undone by the same commands, and no earlier
    answer competes, as that may be what is wrong; else it neither undoes what is the other job's nor takes a place.
    """
    told = [read_event(each) for each in stored]
    begun = told[0]
    if not isinstance(begun, ev.JobSubmitted):
        raise InConflict(
            "The job was refused: there is nothing to go on from.", remedy="Submit a question that can be taken."
        )
    if not 1 <= version <= len(told):
        raise BadArgument(f"The job has the versions 1 to {len(told)}.", remedy="See: queuebit ops replay inspect JOB")
    planned_at = next((place for place, event in enumerate(told, 1) if isinstance(event, ev.JobPlanned)), None)
    if planned_at is None:
        raise InConflict("The job was never planned.", remedy="Submit it again.")
    planned = told[planned_at - 1]
    assert isinstance(planned, ev.JobPlanned)
    past = version if not (changes.of_the_plan or version < planned_at) else 1
    if changes.of_the_plan and version >= planned_at:
        raise BadArgument(
            f"The plan was made at version {planned_at}: a lane, tier or budget cannot change behind it.",
            remedy="Fork before it: --at 1",
        )
    request = _request(begun.request, changes)
    submitted = begun.model_copy(
        update={
            "request": request,
            "idempotency_key": None,
            "fingerprint": fingerprint(request),
            "parent": parent,
            "compensations": begun.compensations if instead else None,
            "supersedes": None,
        }
    )
    planned = planned.model_copy(update={"approval": None})  # Whoever makes a job of another has decided.
    if instead and any(leg.cached is not None for leg in planned.legs):
        planned = with_candidate(planned, "the job stands in for one whose answer is suspect", 0.0, alone=False)
    made: list[ev.JobEvent] = [submitted, planned if past > 1 or keep_plan else _planned(planned, request)]
    made += _history(told[planned_at:past], new_id)
    job: Job = NoJob()
    for event in made:
        job = evolve(job, event, now, new_id)
    return made, job


def _request(asked: JobRequest, changes: Changes) -> JobRequest:
    allowed = asked.params.get(REGIONS_PARAM)
    if allowed is not None and changes.params.get(REGIONS_PARAM, allowed) != allowed:
        raise BadArgument(
            f"The job says where its data may go: {allowed}.",
            remedy=f"Leave {REGIONS_PARAM} out: whoever made the job alone may say otherwise, by asking anew.",
        )
    update: dict[str, Any] = {"deadline": changes.deadline, "params": {**asked.params, **changes.params}}
    for name in ("lane", "tier", "budget_s", "seed"):
        value = getattr(changes, name)
        if value is not None:
            update[name] = value
    # The problem is passed on as it is: a large statement is text, of which a dump knows nothing.
    as_it_was = {**asked.model_dump(exclude={"problem"}), "problem": asked.problem}
    try:
        return JobRequest.model_validate({**as_it_was, **update})
    except ValidationError as error:
        wrong = "; ".join(f"{each.pointer.lstrip('/')}: {each.detail}" for each in field_errors(error))
        raise BadArgument(f"What is changed cannot be asked: {wrong}.", remedy="See --help.") from None


def _planned(before: ev.JobPlanned, request: JobRequest) -> ev.JobPlanned:
    """By the policy of the release, from the facts that were weighed then."""
    return plan(
        facts_in(before.inputs)._replace(
            wish=wish_of(request.lane, request.params),
            tier=request.tier,
            budget_s=budget_s_of(request.budget_s, request.tier),
            refine=request.params.get(REFINE_PARAM) is True,
            alone=alone_of(request.params),
        )
    )


def _history(told: Sequence[ev.JobEvent], new_id: UUID) -> list[ev.JobEvent]:
    """What is over of the attempts: an answer with its verdict, a failure, a rejection; and the fallbacks that were taken."""
    run = {event.attempt_id for event in told if isinstance(event, ev.ExecutionSucceeded | ev.ExecutionFailed)}
    over = run & {
        event.attempt_id
        for event in told
        if isinstance(event, ev.ExecutionFailed | ev.ResultRejected | ev.ResultValidated)
    }
    numbers = {event.attempt_id: (event.leg, event.number) for event in told if isinstance(event, ev.JobQueued)}
    ids = {old: attempt_id_of(new_id, *place) for old, place in numbers.items() if old in over}
    kept: list[ev.JobEvent] = []
    for event in told:
        if isinstance(event, ev.FallbackTaken):
            kept.append(event)
        elif isinstance(event, (ev.JobQueued, *_ATTEMPTS)) and event.attempt_id in ids:
            update: dict[str, Any] = {"attempt_id": ids[event.attempt_id]}
            if isinstance(event, ev.ExecutionSucceeded | ev.ExecutionFailed):
                update |= {"cost": Cost(), "usage": Usage()}
            kept.append(event.model_copy(update=update))
    return kept
