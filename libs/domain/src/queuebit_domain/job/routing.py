"""From what a caller asked to the facts of a job, and from a policy's decision on them to the plan. It reads no clock.

Every fact that the policy may look at is recorded with the decision, so that `explain` can show it and a replay repeat it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from queuebit_contracts.candidates import Cached
from queuebit_contracts.events import JobPlanned
from queuebit_contracts.jobs import (
    FALLBACK_PARAM,
    TARGET_PARAM,
    Lane,
    LaneWish,
    Leg,
    ParamValue,
    Round,
    Thresholds,
    Tier,
)
from queuebit_contracts.model import copy_with
from queuebit_contracts.policy import Approval, Assignment, KindThresholds
from queuebit_domain.job.limits import Limits
from queuebit_domain.policy.compiling import sentence
from queuebit_domain.policy.default import DEFAULT
from queuebit_domain.policy.evaluation import Decision, evaluate
from queuebit_domain.policy.facts import Facts, recorded
from queuebit_domain.policy.opening import within_windows
from queuebit_domain.policy.tables import PlannedLeg, Policy, Rule

POLICY_VERSION = DEFAULT.version
RULES: tuple[Rule, ...] = DEFAULT.routing
REFINE_PARAM = "refine"
"""A job that says `refine: true` lets the classical solver go on from the quantum answer."""
BARRED = "No backend of the quantum lane states a region to which the job may go: none of them is given its data."
_ATTEMPTS_MAX: Mapping[Lane, int] = {"quantum": 2, "simulator": 2, "classical": 3, "rule": 3}


def wish_of(lane: LaneWish, params: Mapping[str, ParamValue]) -> LaneWish:
    """The lane that a job asks for: one that names a target of the simulator asks for the simulator."""
    return "simulator" if lane == "auto" and TARGET_PARAM in params else lane


def alone_of(params: Mapping[str, ParamValue]) -> bool:
    """Whether the answer of another lane is none: so it is of a target, unless the job says that it falls back."""
    return params.get(FALLBACK_PARAM, TARGET_PARAM not in params) is False


def budget_s_of(wish_s: float | None, tier: Tier) -> float:
    """The computing budget of each leg: as asked, else the tier's."""
    return wish_s if wish_s is not None else Limits.of(tier).budget_s


@lru_cache(maxsize=1024)
def plan(inputs: Facts, policy: Policy = DEFAULT) -> JobPlanned:
    """The decision for a job, with the rule that made it, every fact that it could read, and a mark for each condition."""
    decision = evaluate(policy, inputs)
    rule = decision.rule
    measured = _measured(decision, inputs)
    planned = JobPlanned(
        plan=rule.plan,
        legs=(
            *_legs(decision.legs, inputs, rule, policy.thresholds(inputs.kind)),
            *(leg for leg, _ in measured),
        ),
        sense=inputs.sense,
        policy_version=policy.version,
        rule=rule.name,
        reasons=(
            sentence(rule.reason, inputs),
            *(sentence(guard.reason, inputs) for guard in decision.guards),
            *((BARRED,) if inputs.quantum_barred else ()),
        ),
        inputs=recorded(inputs),
        trace=decision.trace,
        policy_digest=policy.digest,
        propensity=rule.propensity,
        experiments=tuple(assignment for _, assignment in measured) or None,
        thresholds=_thresholds(policy.thresholds(inputs.kind)),
        approval=_approval(decision, inputs, policy.thresholds(inputs.kind)),
    )
    return within_windows(planned, policy.document, inputs.tier)


def leg_of(planned: PlannedLeg, inputs: Facts, rule: Rule, number: int = 1) -> Leg:
    """The leg as the plan states it. `number`: which one it is of its role and lane."""
    which = "" if number == 1 else str(number)
    return Leg(
        leg=f"{_first(planned)}{which}-{planned.lane}",
        role=planned.role,
        lane=planned.lane,
        budget_s=planned.budget_s or inputs.budget_s,
        attempts_max=planned.attempts_max or _ATTEMPTS_MAX[planned.lane],
        reason="Taken when the legs before it give no accepted answer in time."
        if planned.starts
        else sentence(rule.reason, inputs),
        starts=planned.starts,
        params=dict(planned.params) if planned.params else None,
        seed_shift=planned.seed_shift,
        after_end=planned.after_end,
        advises=planned.advises or None,
        patience=planned.patience,
        cached=Cached() if planned.cached else None,
    )


def _first(planned: PlannedLeg) -> str:
    return "cached" if planned.cached else planned.role


def _thresholds(told: KindThresholds | None) -> Thresholds | None:
    if told is None or (told.min_gain_ppm is None and told.anomalous_gain_ppm is None):
        return None
    return Thresholds(min_gain_ppm=told.min_gain_ppm, anomalous_gain_ppm=told.anomalous_gain_ppm)


def _approval(decision: Decision, inputs: Facts, thresholds: KindThresholds | None) -> Approval | None:
    """What the plan waits for, with the one that is taken where nobody decides: no guard forbids its legs either."""
    asked = decision.approver
    if asked is None:
        return None
    denied = {lane for guard in decision.guards for lane in guard.deny}
    rule = Rule(asked.name, "", asked.legs, f"Nobody of {asked.role} decided in time.")
    open_ = [leg for leg in asked.legs if leg.lane not in denied and not leg.cached]
    legs = [] if rule.needs & denied else open_
    return Approval(
        row=asked.name,
        role=asked.role,
        reason=sentence(asked.reason, inputs),
        quorum=asked.quorum,
        expires_s=asked.expires_s,
        otherwise=asked.otherwise if legs else None,
        legs=tuple(_legs(legs, inputs, rule, thresholds)),
    )


def _legs(
    planned_legs: Sequence[PlannedLeg], inputs: Facts, rule: Rule, thresholds: KindThresholds | None
) -> list[Leg]:
    seen: Counter[tuple[str, str]] = Counter()
    legs: list[Leg] = []
    trusted = thresholds.min_confidence if thresholds else None
    for planned in planned_legs:
        if planned.cached and inputs.cached_age_s is None:
            continue
        seen[_first(planned), planned.lane] += 1
        leg = leg_of(planned, inputs, rule, seen[_first(planned), planned.lane])
        if planned.round is not None:
            after = Round(after=legs[-1].leg, cost_max=planned.round.cost_max, min_gain_ppm=planned.round.min_gain_ppm)
            leg = copy_with(leg, round=after, reason=f"The next round of {after.after}, as long as it is worth it.")
        legs.append(leg if trusted is None else copy_with(leg, min_confidence=trusted))
    return legs


def _measured(decision: Decision, inputs: Facts) -> list[tuple[Leg, Assignment]]:
    """The legs that experiments add, numbered behind those of the plan."""
    seen: Counter[tuple[str, str]] = Counter((leg.role, leg.lane) for leg in decision.legs)
    found = []
    for experiment in decision.experiments:
        planned = experiment.leg
        seen[planned.role, planned.lane] += 1
        rule = Rule(experiment.name, "", (), experiment.reason)
        leg = leg_of(planned, inputs, rule, seen[planned.role, planned.lane])
        found.append((leg, Assignment(row=experiment.name, leg=leg.leg, propensity=experiment.propensity)))
    return found
