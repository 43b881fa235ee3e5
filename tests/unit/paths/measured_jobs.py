"""Jobs in which a path took part, as they stand in the store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.ids import attempt_id_of, uuid7
from queuebit_contracts.jobs import Cost, Lane, Leg, Ran
from queuebit_contracts.paths import PathDraw, PathEvent, PathKey, PathRegistered
from queuebit_domain.paths.cohort import CATEGORY, HEAD_STATE, OPERATOR, path_id_of
from queuebit_store.log.new_events import new_events
from queuebit_store.ports import Append, EventLog, Head
from tests.builders import a_request, a_verdict
from tests.unit.paths.given import registered

KEY = PathKey(kind="maxcut", size_band="xs", tier="interactive", version="0123456789abcdef")
PATH_ID = path_id_of(KEY)
PAID = Cost(amount="0.50", currency="EUR")


def a_registration(**changes: Any) -> PathRegistered:
    return registered(**{"key": KEY, **changes})


async def append_to_path(store: EventLog, at: datetime, *events: PathEvent, path_id: UUID = PATH_ID) -> None:
    version = len(await store.events_of(path_id))
    new = new_events(path_id, version, events, at)
    assert await store.append([Append(path_id, OPERATOR, version, new, Head(HEAD_STATE), category=CATEGORY)]) == [True]


def a_leg(name: str, role: Any, lane: Lane) -> Leg:
    return Leg(leg=name, role=role, lane=lane, budget_s=10.0, attempts_max=2, reason="why", starts=())


def a_plan(measured: bool = True, **changes: Any) -> ev.JobPlanned:
    classical = a_leg("primary-classical", "primary", "classical")
    shadow = a_leg("path-quantum", "shadow", "quantum")
    draw = PathDraw(
        path_id=changes.pop("path_id", PATH_ID),
        stage="shadow",
        leg="path-quantum" if measured else None,
        measured=measured,
        propensity=0.5,
        problem=changes.pop("drawn", None),
    )
    return ev.JobPlanned(
        plan="classical_only",
        legs=(classical, shadow) if measured else (classical,),
        sense="min",
        policy_version="routing/2",
        rule="otherwise-classical",
        reasons=("why",),
        inputs={},
        path=draw,
        **changes,
    )


def job_id_at(nth: int, at: datetime) -> UUID:
    return uuid7(int(at.timestamp() * 1000), nth)


async def plan_job(store: EventLog, nth: int, at: datetime, *, measured: bool = True, **changes: Any) -> UUID:
    """A job that is asked, planned, and whose legs are out."""
    job_id = job_id_at(nth, at)
    drawn, path_id = changes.pop("drawn", None), changes.pop("path_id", PATH_ID)
    request = a_request(problem={"kind": "maxcut", "statement": {"nth": changes.pop("problem", nth)}}, **changes)
    planned = a_plan(measured, drawn=drawn, path_id=path_id)
    events: list[ev.Event] = [ev.JobSubmitted(request=request, fingerprint="f"), planned]
    events += [
        ev.JobQueued(
            attempt_id=attempt_id_of(job_id, leg.leg, 1),
            leg=leg.leg,
            role=leg.role,
            lane=leg.lane,
            number=1,
            tier="interactive",
            problem=request.problem,
            fingerprint=fingerprint(request.problem),
            seed=1,
            budget_s=10.0,
        )
        for leg in planned.legs
    ]
    await _append(store, job_id, 0, events, at)
    return job_id


async def answer(store: EventLog, job_id: UUID, leg: str, objective: float, at: datetime, **evidence: Any) -> None:
    """The leg answers, and the validator says what that is worth."""
    lane: Lane = leg.rpartition("-")[2]  # type: ignore[assignment]
    attempt_id = attempt_id_of(job_id, leg, 1)
    execution = ev.ExecutionSucceeded(
        attempt_id=attempt_id,
        leg=leg,
        lane=lane,
        ran=Ran(lane=lane, method="any", backend="any"),
        answer={"side": [0]},
        objective=objective,
        started_at=at,
        finished_at=at,
        cost=PAID if lane == "quantum" else Cost(),
        evidence=evidence,
    )
    verdict = a_verdict(leg, attempt_id=attempt_id, objective=objective, bound=None, proven_optimal=False)
    await _append(store, job_id, len(await store.events_of(job_id)), [execution, verdict], at)


async def both_answer(store: EventLog, job_id: UUID, path: float, base: float, at: datetime) -> None:
    await answer(store, job_id, "path-quantum", path, at + timedelta(seconds=1), placebo_best=base)
    await answer(store, job_id, "primary-classical", base, at + timedelta(seconds=2))


async def _append(store: EventLog, job_id: UUID, version: int, events: list[ev.Event], at: datetime) -> None:
    new = new_events(job_id, version, events, at)
    assert await store.append([Append(job_id, "acme", version, new, Head("queued"))]) == [True]
