"""What each bulk verb on jobs does with a step of its targets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from uuid import UUID

from queuebit_contracts.jobs import BACKEND_PARAM, Lane, ParamValue
from queuebit_contracts.operators import Parent
from queuebit_domain.holds.codec import fold_holds
from queuebit_domain.holds.gate import Gate
from queuebit_domain.holds.register import NO_HOLDS, REGISTER_ID
from queuebit_domain.job.codec import fold
from queuebit_domain.job.label import label
from queuebit_domain.job.messages import Cancel, Message, Recall, Reprioritise, Reroute
from queuebit_domain.job.priority import waits_for_its_turn
from queuebit_domain.job.rerouting import why_not_rerouted
from queuebit_domain.job.state import EndedJob, Job, OpenJob
from queuebit_operations.bulk.operation import FAILED, Operation
from queuebit_operations.bulk.runner import Act, Step
from queuebit_operations.errors import BadArgument, OperationsError
from queuebit_operations.jobs.again import Changes, again_id, rerun
from queuebit_operations.jobs.moving import Mover, Moves
from queuebit_operations.jobs.suspects import DONE, invalidating
from queuebit_operations.jobs.telling import MISSING, NOTHING, Jobs, Skip, append_of, tell
from queuebit_runtime.clock import Clock
from queuebit_store.ports import StoredEvent

INVALIDATE, CANCEL, RERUN, RECALL = "jobs invalidate", "jobs cancel", "jobs rerun", "jobs recall"
REPRIORITISE, REROUTE = "jobs reprioritise", "jobs reroute"
ASKED, ASKED_BEFORE = "asked again", "asked again before"
NOT_ASKED = "not asked again"
CONTENDED = "others kept changing the job"


def act_of(
    verb: str,
    store: Moves,
    clock: Clock,
    operation_id: UUID,
    *,
    backends: Mapping[Lane, frozenset[str]] | None = None,
) -> Act:
    """What the verb does. `backends`: those that each lane has, where they are known. Raises BadArgument where the verb is none
    of ours.
    """
    acts: dict[str, Callable[..., Awaitable[Step]]] = {
        INVALIDATE: _invalidate,
        CANCEL: _cancel,
        RERUN: _rerun,
        RECALL: partial(_recall, backends),
        REPRIORITISE: _reprioritise,
        REROUTE: _reroute,
    }
    if verb not in acts:
        raise BadArgument(f"{verb!r} cannot be run from here.", remedy="Give the verb itself.")
    return partial(acts[verb], store, clock, operation_id)


async def _invalidate(
    store: Jobs, clock: Clock, operation_id: UUID, targets: Sequence[str], operation: Operation
) -> Step:
    ids = [UUID(each) for each in targets]
    requeue = operation.arguments.get("requeue") == "yes"
    again: dict[UUID, UUID] = {}
    asked: dict[UUID, str] = {}
    if requeue:
        asked = await _ask_again(store, clock, operation_id, ids, operation, only=_counts_still, instead=True)
        again = {job_id: again_id(job_id, operation_id) for job_id in ids if asked[job_id] in (ASKED, ASKED_BEFORE)}
    outcomes = await tell(
        store, clock, ids, invalidating(operation, operation_id, again), done=DONE, cause_id=operation_id
    )
    return _with_unasked(_step(outcomes), asked)


async def _cancel(store: Jobs, clock: Clock, operation_id: UUID, targets: Sequence[str], operation: Operation) -> Step:
    def say(_job_id: UUID, job: Job, stored: Sequence[StoredEvent]) -> Message | Skip:
        if isinstance(job, EndedJob):
            return Skip(f"{job.state} before")
        return Cancel(stored[0].tenant, operation.actor, operation.reason)

    outcomes = await tell(store, clock, [UUID(each) for each in targets], say, done="cancelled", cause_id=operation_id)
    return _step(outcomes)


async def _recall(
    backends: Mapping[Lane, frozenset[str]] | None,
    store: Jobs,
    clock: Clock,
    operation_id: UUID,
    targets: Sequence[str],
    _: Operation,
) -> Step:
    holds = NO_HOLDS
    while stored := await store.events_of(REGISTER_ID, after_version=holds.version):
        holds = fold_holds(stored, holds)

    def say(_job_id: UUID, job: Job, _stored: Sequence[StoredEvent]) -> Message | Skip:
        return Recall() if isinstance(job, OpenJob) else Skip("ended before")

    ids = [UUID(each) for each in targets]
    return _step(await tell(store, clock, ids, say, done="recalled", cause_id=operation_id, gate=Gate(holds, backends)))


async def _reprioritise(
    store: Jobs, clock: Clock, operation_id: UUID, targets: Sequence[str], operation: Operation
) -> Step:
    priority = int(operation.arguments["priority"])

    def say(_job_id: UUID, job: Job, _stored: Sequence[StoredEvent]) -> Message | Skip:
        if isinstance(job, OpenJob) and waits_for_its_turn(job):
            return Reprioritise(priority, operation.actor, operation.reason)
        return _not_waiting(job)

    ids = [UUID(each) for each in targets]
    return _step(await tell(store, clock, ids, say, done="reprioritised", cause_id=operation_id))


async def _reroute(
    store: Moves, clock: Clock, operation_id: UUID, targets: Sequence[str], operation: Operation
) -> Step:
    ids = [UUID(each) for each in targets]
    backend = operation.arguments.get("to_backend")
    mover = None if backend is None else await Mover.opened(store, clock, ids, operation, backend)

    def say(_job_id: UUID, job: Job, stored: Sequence[StoredEvent]) -> Message | Skip:
        if not (isinstance(job, OpenJob) and waits_for_its_turn(job)):
            return _not_waiting(job)
        if mover is not None:
            return mover.say(job, stored)
        lane: Lane = operation.arguments["lane"]  # type: ignore[assignment]
        why_not = why_not_rerouted(job, lane, clock.now())
        return Skip(f"refused, {why_not}") if why_not else Reroute(lane, operation.actor, operation.reason)

    return _step(await tell(store, clock, ids, say, done="rerouted", cause_id=operation_id))


def _not_waiting(job: Job) -> Skip:
    state = label(job)
    return Skip(f"refused, it is {'held by an operator' if state == 'held' else state}")


async def _rerun(store: Jobs, clock: Clock, operation_id: UUID, targets: Sequence[str], operation: Operation) -> Step:
    return _step(await _ask_again(store, clock, operation_id, [UUID(each) for each in targets], operation))


async def _ask_again(
    store: Jobs,
    clock: Clock,
    operation_id: UUID,
    ids: Sequence[UUID],
    operation: Operation,
    *,
    only: Callable[[Job], bool] = lambda _job: True,
    instead: bool = False,
) -> dict[UUID, str]:
    """Make a job of each that asks the same again, `instead` of it or beside it. A job of that id is the one that was made
    before a crash.
    """
    found = await store.load(ids)
    backend = operation.arguments.get("to_backend")
    params: dict[str, ParamValue] = {BACKEND_PARAM: backend} if backend else {}
    changes = Changes(lane=operation.arguments.get("lane"), params=params)  # type: ignore[arg-type]
    outcomes: dict[UUID, str] = {job_id: MISSING for job_id in ids if job_id not in found}
    appends = {}
    for job_id, stored in found.items():
        if not only(fold(stored)):
            outcomes[job_id] = NOTHING
            continue
        parent = Parent(
            job_id=job_id,
            version=len(stored),
            role="rerun",
            actor=operation.actor,
            reason=operation.reason,
            operation=operation_id,
        )
        new_id, now = again_id(job_id, operation_id), clock.now()
        try:
            events, job = rerun(stored, new_id, now, parent, changes, instead=instead)
        except OperationsError as error:
            outcomes[job_id] = f"{FAILED}: {error.detail}"
            continue
        appends[job_id] = append_of(new_id, stored[0].tenant, 0, events, job, clock, operation_id, store.epoch)
    passed = await store.append(list(appends.values())) if appends else []
    for job_id, ok in zip(appends, passed, strict=True):
        outcomes[job_id] = ASKED if ok else ASKED_BEFORE
    return outcomes


def _counts_still(job: Job) -> bool:
    return isinstance(job, EndedJob) and job.state == "completed" and not job.suspect


def _with_unasked(step: Step, asked: Mapping[UUID, str]) -> Step:
    """The step, with what is suspect now and could not be asked again as an outcome of its own, and why."""
    outcomes, failures = dict(step.outcomes), dict(step.failures)
    for job_id, outcome in asked.items():
        failed, _, why = outcome.partition(": ")
        if failed == FAILED and outcomes[str(job_id)] == DONE:
            outcomes[str(job_id)] = f"{DONE}, {NOT_ASKED}"
            failures[str(job_id)] = f"{NOT_ASKED}: {why}"
    return Step(outcomes, failures, step.stop)


def _step(outcomes: dict[UUID, str]) -> Step:
    failures = {
        str(job_id): outcome.partition(": ")[2] or CONTENDED
        for job_id, outcome in outcomes.items()
        if outcome.partition(": ")[0] == FAILED
    }
    return Step({str(job_id): outcome.partition(": ")[0] for job_id, outcome in outcomes.items()}, failures)
