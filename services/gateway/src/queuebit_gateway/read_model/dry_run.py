"""What would become of a question: the plan that the domain makes of it now, when an answer may be there, and what it costs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from pydantic import AwareDatetime, Field

from queuebit_contracts.backends import BackendView
from queuebit_contracts.candidates import CANDIDATE_PARAM
from queuebit_contracts.events import JobPlanned, JobSubmitted, ProblemSize
from queuebit_contracts.ids import uuid7
from queuebit_contracts.jobs import AmountText, CurrencyCode, JobRequest, Lane, Leg, Tier
from queuebit_contracts.model import Model, copy_with
from queuebit_contracts.regions import is_allowed, regions_of
from queuebit_domain.job import routing
from queuebit_domain.job.asked import inputs_of, requested
from queuebit_domain.job.decide import decide
from queuebit_domain.job.limits import Limits
from queuebit_domain.job.messages import Submit
from queuebit_domain.job.state import NoJob, OpenJob
from queuebit_domain.paths.choosing import Cohort, path_of
from queuebit_domain.paths.cohort import drawn, overlaid
from queuebit_domain.paths.state import Path
from queuebit_domain.policy.default import DEFAULT
from queuebit_domain.policy.facts import Facts, FactValue, with_told
from queuebit_domain.policy.tables import Policy
from queuebit_gateway.read_model.models import PlanView
from queuebit_gateway.read_model.plan_view import Progress, plan_view
from queuebit_problems.admission import Admitted

_NOTHING_YET = Progress((), (), None, False)
_PAID: frozenset[Lane] = frozenset({"quantum"})
"""Lanes whose backends may charge for an attempt."""


_NO_PATHS: Mapping[Cohort, Path] = MappingProxyType({})


class Eta(Model):
    """When an answer may be there, in seconds from now. `expected_s`: what the legs that start at once took lately on the
    backends of their lanes, or may take at most where nothing is known of them. `at_most_s`: then the job has ended, answered
    or not.
    """

    expected_s: float
    at_most_s: float
    at_most_at: AwareDatetime
    basis: tuple[str, ...] = Field(description="What the figures come from, leg by leg.")


class CostForecast(Model):
    """What it will cost. `amount` is None where a provider charges and no price is known beforehand."""

    amount: AmountText | None
    currency: CurrencyCode | None
    detail: str


class DryRun(Model):
    """A question that would be taken, and what would become of it now. Nothing was stored."""

    object: Literal["dry_run"] = "dry_run"
    kind: str
    tier: Tier
    lane: str
    fingerprint: str = Field(description="Equal for equal questions.")
    size: ProblemSize
    plan: PlanView
    eta: Eta
    cost: CostForecast


def dry_run(
    admitted: Admitted,
    backends: Sequence[BackendView],
    now: datetime,
    policy: Policy,
    paths: Mapping[Cohort, Path] = _NO_PATHS,
) -> DryRun:
    """Plan the question as the control plane would with these backends, this policy and these paths at this moment. What only
    it can know is not known: how many jobs a path measures just now, and which earlier answer may compete.
    """
    request, found = admitted.request, admitted.admission
    usable = [each for each in backends if each.state == "available"]
    planned, _ = planned_now(admitted, backends, now, policy, paths)
    return DryRun(
        kind=request.problem.kind,
        tier=request.tier,
        lane=request.lane,
        fingerprint=admitted.fingerprint,
        size=found.size,
        plan=plan_view(_with_candidate(planned, request), _NOTHING_YET, with_plan=True),
        eta=_eta(request, planned.legs, usable, now),
        cost=_cost(planned.legs),
    )


def _with_candidate(planned: JobPlanned, request: JobRequest) -> JobPlanned:
    if CANDIDATE_PARAM not in request.params:
        return planned
    told = f"The answer of job {request.params[CANDIDATE_PARAM]} competes where it may: that is seen when the job is planned."
    return copy_with(planned, reasons=(*planned.reasons, told))


def planned_now(
    admitted: Admitted,
    backends: Sequence[BackendView],
    now: datetime,
    policy: Policy,
    paths: Mapping[Cohort, Path] = _NO_PATHS,
) -> tuple[JobPlanned, OpenJob]:
    """The plan of the question, and the job as it would stand."""
    request, found = admitted.request, admitted.admission
    usable = [each for each in backends if each.state == "available"]
    there, takes = {each.lane for each in usable}, {each.lane for each in usable if _takes(each, request)}
    inputs = inputs_of(
        request,
        found,
        quantum_available="quantum" in takes,
        simulator_available="simulator" in takes,
        quantum_barred="quantum" in there - takes,
    )
    made = None
    if policy is not DEFAULT:
        inputs = with_told(inputs, _told(admitted, usable, now, policy))
        made = routing.plan(inputs, policy)
    if paths:
        known = made or routing.plan(inputs, policy)
        made = _measured(known, admitted, inputs, policy, paths, {each.lane for each in usable}) or made
    job_id = uuid7(round(now.timestamp() * 1000), 0)
    event = JobSubmitted(request=request, fingerprint=admitted.fingerprint, admission=found)
    events, job = decide(NoJob(), Submit(job_id, event, inputs, made), now, job_id)
    assert isinstance(job, OpenJob)
    return next(each for each in events if isinstance(each, JobPlanned)), job


def _takes(backend: BackendView, request: JobRequest) -> bool:
    regions = regions_of(request.params)
    return not backend.region_named if regions is None else is_allowed(backend.region, regions)


def _measured(
    planned: JobPlanned,
    admitted: Admitted,
    facts: Facts,
    policy: Policy,
    paths: Mapping[Cohort, Path],
    lanes: Collection[Lane],
) -> JobPlanned | None:
    """The plan with what a path adds to it; None where none does."""
    path = path_of(paths, facts, planned, policy, lanes.__contains__)
    if path is None:
        return None
    draw = drawn(path, admitted.request.tenant, admitted.admission.problem_fingerprint, 0)
    return None if draw is None else overlaid(planned, path, draw, facts.budget_s)


def _told(admitted: Admitted, usable: Sequence[BackendView], now: datetime, policy: Policy) -> Mapping[str, FactValue]:
    """What the policy asks beyond what is known of every job."""
    request = admitted.request
    told = requested(
        policy,
        tenant=request.tenant,
        tier=request.tier,
        deadline=request.deadline,
        latency_budget_s=request.latency_budget_s,
        problem_fingerprint=admitted.admission.problem_fingerprint,
        now=now,
    )
    quantum = [each for each in usable if each.lane == "quantum"]
    probed = [each.drift.drifted for each in quantum if each.drift is not None]
    known: dict[str, FactValue] = {
        "quantum_queue": min((each.queue_length for each in quantum if each.queue_length is not None), default=None),
        "quantum_qubits_max": max((each.qubits_max for each in quantum if each.qubits_max is not None), default=None),
        "calibration_age_s": min(
            (each.calibration_age_s for each in quantum if each.calibration_age_s is not None), default=None
        ),
        "quantum_drifted": sum(probed) if probed else None,
    }
    return told | {name: value for name, value in known.items() if name in policy.reads}


def _eta(request: JobRequest, legs: Sequence[Leg], usable: Sequence[BackendView], now: datetime) -> Eta:
    deadline = request.deadline or now + timedelta(seconds=Limits.of(request.tier).deadline_s)
    at_most_s = (deadline - now).total_seconds()
    taken = [_taken(leg, usable) for leg in legs if not leg.starts and leg.role != "shadow"]
    return Eta(
        expected_s=min(at_most_s, max((seconds for seconds, _ in taken), default=0.0)),
        at_most_s=at_most_s,
        at_most_at=deadline,
        basis=tuple(text for _, text in taken),
    )


def _taken(leg: Leg, usable: Sequence[BackendView]) -> tuple[float, str]:
    """How long a leg takes, and from what that is known."""
    known = [
        (each.runs.turnaround_s_median, each)
        for each in usable
        if each.lane == leg.lane and each.runs is not None and each.runs.turnaround_s_median is not None
    ]
    if not known:
        return leg.budget_s, f"{leg.leg}: its budget of {leg.budget_s:g} s; nothing is known of how long it takes."
    seconds, best = min(known, key=lambda pair: pair[0])
    assert best.runs is not None
    return seconds, f"{leg.leg}: the median of the last {best.runs.count} attempts on {best.name}, {seconds:g} s."


def _cost(legs: Sequence[Leg]) -> CostForecast:
    charged = [leg.leg for leg in legs if leg.lane in _PAID]
    if not charged:
        return CostForecast(amount="0", currency="USD", detail="No leg of the plan runs where anybody charges for it.")
    later = "" if any(not leg.starts for leg in legs if leg.lane in _PAID) else ", if the legs before give no answer"
    return CostForecast(
        amount=None,
        currency=None,
        detail=f"What the provider charges for {', '.join(charged)}{later}; no price is known beforehand.",
    )
